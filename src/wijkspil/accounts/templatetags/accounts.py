"""Words for the log: what happened, to what, and where. ``{% load accounts %}``."""

from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

from wijkspil.accounts.forms import ACTION_WORDS
from wijkspil.core.models import AuditEvent

register = template.Library()

#: Kind of thing -> its word; what is not here is shown as it was written.
ENTITY_WORDS: dict[str, Any] = {
    "duty-period": _("Duty"),
    "audit-trail": _("This log"),
    "sign-in-name": _("Account"),
    "healthcare-service": _("Service"),
    "organization": _("Organization"),
}
PURPOSE_WORDS: dict[str, Any] = {
    "page.who-helps": _("Page: who helps here now"),
    "page.sign-in": _("Page: sign in"),
    "page.audit-trail": _("Page: who saw what"),
    "api.responsible": _("Another system (API)"),
}


@register.filter
def action_words(action: str) -> object:
    """Say what happened."""
    return ACTION_WORDS.get(action, action)


@register.filter
def thing_words(event: AuditEvent) -> str:
    """Say what it happened to; a digest says nothing to a person."""
    word = ENTITY_WORDS.get(event.entity_type, event.entity_type)
    if event.entity_type in {"sign-in-name", "audit-trail"}:
        return str(word)
    return f"{word} {event.entity_id}"


@register.filter
def purpose_words(purpose: str) -> object:
    """Say where it happened, or why."""
    return PURPOSE_WORDS.get(purpose, purpose)
