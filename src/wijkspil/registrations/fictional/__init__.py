"""Invented lists, wishes and rounds for a demo."""
