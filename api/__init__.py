"""The site and its API; app.py is its table of contents."""
