"""The release, and everything that is read from it. Imports only the standard library."""
