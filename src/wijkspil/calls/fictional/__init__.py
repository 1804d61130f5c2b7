"""Unplanned calls of a fictional region."""
