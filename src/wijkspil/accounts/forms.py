"""Signing in, and searching the trail."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wijkspil.accounts.audit_trail import TrailFilter
from wijkspil.core.models import AuditEvent

ACTION_WORDS: dict[str, Any] = {
    AuditEvent.Action.READ: _("Seen"),
    AuditEvent.Action.CREATE: _("Added"),
    AuditEvent.Action.UPDATE: _("Changed"),
    AuditEvent.Action.DELETE: _("Removed"),
    AuditEvent.Action.SIGN_IN: _("Signed in"),
    AuditEvent.Action.SIGN_IN_FAILED: _("Sign-in failed"),
    AuditEvent.Action.EXPORT: _("Exported"),
}


class SignInForm(forms.Form):
    """E-mail address and password."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        error_messages={
            "required": _("Type your e-mail address."),
            "invalid": _("This is not an e-mail address. Write it as name@place.nl."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        error_messages={"required": _("Type your password.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class TrailForm(forms.Form):
    """What an auditor looks for."""

    q = forms.CharField(
        label=_("Name, thing or purpose"), required=False, max_length=100
    )
    action = forms.ChoiceField(
        label=_("What happened"),
        required=False,
        choices=[("", _("Everything")), *ACTION_WORDS.items()],
    )
    first_day = forms.DateField(
        label=_("From"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": _("Write the day as 2026-11-21.")},
    )
    last_day = forms.DateField(
        label=_("Up to and including"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": _("Write the day as 2026-11-21.")},
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it starts."""
        values: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = values.get("first_day"), values.get("last_day")
        if first and last and last < first:
            self.add_error("last_day", _("This day comes before the first day."))
        return values

    def wanted(self) -> TrailFilter:
        """Return the filter; what could not be read does not narrow."""
        values = self.cleaned_data
        return TrailFilter(
            words=values.get("q", ""),
            action=values.get("action", ""),
            first_day=values.get("first_day"),
            last_day=values.get("last_day"),
        )
