"""IMDb's files: what they look like, how they are fetched, how they are verified."""
