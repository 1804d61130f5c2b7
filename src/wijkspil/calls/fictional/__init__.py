"""Invented calls for a demo, through the same services as the pages."""

from wijkspil.calls.fictional.course import make_calls

__all__ = ["make_calls"]
