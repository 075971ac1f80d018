"""The resources on AWS."""
