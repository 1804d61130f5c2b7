"""Invented lists, wishes and rounds for a demo."""

from wijkspil.registrations.fictional.course import (
    RegistrationsMade,
    make_lists_wishes_rounds,
)
from wijkspil.registrations.fictional.removal import delete_fictional_registrations

__all__ = [
    "RegistrationsMade",
    "delete_fictional_registrations",
    "make_lists_wishes_rounds",
]
