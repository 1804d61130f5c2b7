"""Errors of the calls context."""
