"""Invented requests on the areas that are loaded: draw them, and play their course."""
