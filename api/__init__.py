"""The site and its API; app.py is the table of contents."""
