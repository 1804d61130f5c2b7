"""The words of calls."""
