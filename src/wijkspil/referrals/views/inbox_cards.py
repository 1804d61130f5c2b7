"""The questions of the inbox as text: a page that asks again every 20 seconds."""

from datetime import datetime
from html import escape

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from wijkspil.referrals.selectors.inbox import AnsweredQuestion
from wijkspil.referrals.wording_inbox import Card, say_outcome, say_title
from wijkspil.ui.addresses import find_address
from wijkspil.ui.markup import (
    draw_badge,
    draw_button,
    draw_card,
    draw_facts,
    draw_icon,
    draw_moment,
)
from wijkspil.ui.moments import say_moment


def draw_question(card: Card, *, level: int, csrf_token: str) -> SafeString:
    """Return an open question as a card with its two buttons.

    ``level`` is that of its heading.
    """
    question = card.question
    fits = (
        draw_badge(_("Fits in your room"), tone="good", icon="room")
        if card.fits
        else draw_badge(_("Does not fit in your room"), tone="limited", icon="limited")
    )
    why = "".join(f"{escape(line)} " for line in card.reasons)
    if why:
        why = f"<p><strong>{escape(_('Why you'))}</strong><br>{why}</p>"
    number = _(
        "Request %(number)s. If you accept, you see at once who the client is."
    ) % {"number": question.number}
    accept_url = find_address("referrals:offer-accept", question.id)
    content = (
        f'<p class="wp-row">\n<span id="left-{question.id}">{draw_left(card)}</span>\n'
        f"{fits}</p>\n{draw_asked(card)}\n{why}\n"
        f'<form method="post" action="{accept_url}">\n'
        f'<input type="hidden" name="csrfmiddlewaretoken" value="{csrf_token}">\n'
        f'<div class="wp-actions">{_draw_acts(card)}</div>\n</form>\n'
        f'<p class="wp-soft wp-small">{escape(number)}</p>'
    )
    drawn = draw_card(
        SafeString(content), title=card.title, url="", level=level, tone="info"
    )
    return SafeString(f'<div class="wr-card">{drawn}</div>\n')


def draw_left(card: Card) -> SafeString:
    """Return how long there is to answer."""
    tone = "now" if card.is_hurry else "info"
    return draw_badge(card.left, tone=tone, icon="clock")


def draw_asked(card: Card) -> SafeString:
    """Return what is asked, as a list of facts."""
    facts = [
        (_("First visit"), f"<strong>{escape(_capitalized(card.when))}</strong>"),
        (_("Where"), escape(_capitalized(card.where))),
        (_("Client"), escape(_capitalized(card.client))),
        (_("Hours"), escape(card.hours)),
        (_("How soon"), f"{escape(card.urgency)}: {escape(card.why_now)}"),
    ]
    if card.question.profile.note:
        facts.append((_("Note"), escape(card.question.profile.note)))
    if card.warnings:
        icon = draw_icon("warning")
        lines = "<br>".join(f"{icon} {escape(line)}" for line in card.warnings)
        facts.append((_("Mind this"), lines))
    if card.question.is_open:
        room = [_capitalized(card.room_words)] if card.room_words else []
        lines = "<br>".join(escape(line) for line in [*room, *card.fit_words])
        facts.append((_("Your room"), lines))
    return draw_facts((label, SafeString(value)) for label, value in facts)


def _draw_acts(card: Card) -> str:
    accept = draw_button(
        _("Accept"),
        kind_class="utrecht-button--primary-action",
        icon="check",
        describes=card.title,
    )
    decline = draw_button(
        _("Decline"),
        kind_class="utrecht-button--secondary-action",
        url=find_address("referrals:offer-decline", card.question.id),
        describes=card.title,
    )
    return f"{accept}{decline}"


def draw_answered(question: AnsweredQuestion, *, team: str, at: datetime) -> SafeString:
    """Return a closed question as a line; ``team`` is empty where there is but one."""
    moment = question.answered_at
    by = f"{escape(team)}, " if team else ""
    return SafeString(
        f'<li><a href="{find_address("referrals:offer", question.id)}">'
        f'{escape(say_title(question.tasks))} <span class="wp-soft">'
        f"({question.number})</span></a><br>{escape(say_outcome(question))} "
        f'<span class="wp-soft wp-small">{by}'
        f"{draw_moment(moment, say_moment(moment, at))}</span></li>\n"
    )


def _capitalized(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}"
