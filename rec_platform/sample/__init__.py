"""Invented files in the shape of IMDb's."""
