"""Errors of the communications context."""
