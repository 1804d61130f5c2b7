"""Errors of the stays context."""
