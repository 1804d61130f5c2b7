"""Words for the log: what happened, to what, and where. ``{% load accounts %}``."""

from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

from wijkspil.accounts.forms import ACTION_WORDS
from wijkspil.core.models import AuditEvent

register = template.Library()

#: Kind of thing -> its word; what is not here is shown as it was written.
#: How the purpose of a call over FHIR begins; the interaction follows.
FHIR = "FHIR "
FHIR_WORDS = _("Asked by a system over FHIR: %(interaction)s")
ENTITY_WORDS: dict[str, Any] = {
    "machine-client": _("System that signs in"),
    "duty-period": _("Duty"),
    "duty-week": _("Duties of region and week"),
    "duty-calendar": _("Calendar address of duties"),
    "audit-trail": _("This log"),
    "sign-in-name": _("Account"),
    "healthcare-service": _("Service"),
    "organization": _("Organization"),
    "patient": _("Client of request"),
    "staged-patient": _("Client sent ahead"),
    "stay-patient": _("Client of stay"),
    "household": _("Household of wish"),
    "rehousing": _("Re-housing"),
    "routing-policy": _("Version of agreements"),
    "assignment-agreement": _("Agreement about assigning"),
    "webhook-endpoint": _("Connected system"),
    "call-patient": _("Client of call"),
    "key-safe": _("Key safe of call"),
    "emergency-access": _("Emergency access"),
    "settlement": _("Minutes of month"),
}
PURPOSE_WORDS: dict[str, Any] = {
    "page.who-helps": _("Page: who helps here now"),
    "page.sign-in": _("Page: sign in"),
    "page.audit-trail": _("Page: who saw what"),
    "page.service": _("Page: a service"),
    "page.history": _("Page: what changed"),
    "page.withdraw-duty": _("Page: withdraw a duty"),
    "page.request": _("Page: a request for care"),
    "duty.enter": _("Duty entered"),
    "duty.withdraw": _("Duty withdrawn"),
    "duty.change": _("Duty changed"),
    "duty.swap": _("Duties swapped between two persons"),
    "duty.import": _("Duties from a file"),
    "duty.repeat": _("Duties of a week repeated"),
    "duty.export": _("Duties taken along as a file"),
    "duty.calendar": _("Duties read by a calendar program"),
    "duty.calendar-address": _("Address for a calendar program"),
    "duty.undo": _("Change of a duty taken back"),
    "page.duty-week": _("Page: duties of a week"),
    "page.swap-duty": _("Page: swap a duty"),
    "page.change-duty": _("Page: change a duty"),
    "page.stay": _("Page: a temporary stay"),
    "stay.confirm": _("Confirmed that a client comes to a bed"),
    "api.stay-patient": _("Another system (API): who comes to a bed"),
    "page.wish": _("Page of the household, with link and code"),
    "page.wish-desk": _("Page of the desk that helped a household"),
    "page.consent": _("Page of a member of a household, with link and code"),
    "wish.start": _("Wish for a GP written down at a desk"),
    "wish.add-member": _("Somebody was added to a household"),
    "wish.leave-out": _("Somebody was left out of a household"),
    "wish.link": _("A new link for a household"),
    "request.submit": _("Sent with a request for care"),
    "fhir.patient": _("Another system (FHIR): who the client is"),
    "fhir.consent": _("Another system (FHIR): what was said to sharing"),
    "fhir.handover": _("Another system (FHIR): the hand-over"),
    "fhir.staged-patient": _("Another system (FHIR): a client sent ahead"),
    "offer.accepted": _("Page: a team has accepted"),
    "client-page": _("Page of the client, with link and code"),
    "client-link.renew": _("A new link for the client"),
    "mediation": _("Handed to the insurer"),
    "mediation-dossier": _("Dossier for the insurer"),
    "retention": _("The time to keep it is over"),
    "change-agreements": _("Agreements changed"),
    "policy.draft": _("Agreements: a draft was written"),
    "policy.propose": _("Agreements: proposed"),
    "policy.approve": _("Agreements: a party said yes"),
    "policy.refuse": _("Agreements: a party said no"),
    "policy.withdraw": _("Agreements: taken back"),
    "connect-system": _("Page: connected systems"),
    "api.responsible": _("Another system (API)"),
    "api.duties": _("Another system (API): duties"),
    "api.service-duties": _("Another system (API): duties of a service"),
    "api.patient": _("Another system (API): who the client is"),
    "api.acceptance": _("Another system (API): a team has accepted"),
    "call.nurses": _("Unplanned call: who can come"),
    "call.enter": _("Sent with an unplanned call"),
    "call.nurse": _("Unplanned call: the nurse who goes"),
    "call.caller": _("Unplanned call: who entered it"),
    "call.coordinator": _("Unplanned call: the coordinator who has it"),
    "call.key-safe": _("Unplanned call: how to get in"),
    "call.break-glass": _("Emergency access opened"),
    "call.glass": _("Emergency access"),
    "call.report": _("Report of the night, for the own team"),
    "call.settlement": _("Minutes to settle, taken out"),
    "page.emergency-access": _("Page: emergency access"),
    "page.rehousing-day": _("Page: households that move on a day"),
    "rehousing.load": _("The file of a practice that stops was read"),
    "rehousing.moved": _("Households were entered at their new practice"),
    "rehousing.undo": _("That a household was entered, was taken back"),
    "rehousing.export": _("List of a practice at a re-housing (CSV)"),
    "page.move": _("Page: a household proposed to a GP practice"),
    "page.work-list": _("Page: work list of a GP practice"),
    "work-list.export": _("Work list of a GP practice, taken along as a file"),
    "api.household": _("Another system (API): who comes to a GP practice"),
    "api.work": _("Another system (API): work list of a GP practice"),
}
#: Start of a purpose that ends in a number -> its words.
NUMBERED_PURPOSE_WORDS: dict[str, Any] = {
    "call-release-to-service-": _("Given to the nurse who goes, service %(id)s"),
    "release-to-service-": _("Given to the team that accepted, service %(id)s"),
    "region-": _("For region %(id)s"),
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
    head, dash, number = purpose.rpartition("-")
    if purpose.startswith(FHIR):
        return FHIR_WORDS % {"interaction": purpose.removeprefix(FHIR)}
    numbered = NUMBERED_PURPOSE_WORDS.get(head + dash)
    if numbered is not None and number.isdigit():
        return numbered % {"id": number}
    return PURPOSE_WORDS.get(purpose, purpose)
