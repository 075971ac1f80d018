"""The release and all that is read from it. Standard library only."""
