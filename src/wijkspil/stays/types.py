"""The words of stays."""
