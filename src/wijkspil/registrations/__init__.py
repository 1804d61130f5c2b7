"""Registrations: a place on a GP list; open lists, wishes, rounds, moves."""
