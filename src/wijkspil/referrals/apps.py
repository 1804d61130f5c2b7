"""Requests for district nursing, from the first question to care at home."""

from django.apps import AppConfig


class ReferralsConfig(AppConfig):
    """The referrals context."""

    name = "wijkspil.referrals"
    label = "referrals"
