"""The rows of "Room in the region" as text: hundreds on a page, the same for all.

A row is kept by all that stands in it, so that of a region only the wijken are drawn
anew in which a team reported something else.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext

from wijkspil.core.kept import Kept
from wijkspil.directory.selectors.room_overview import WijkRoom
from wijkspil.ui.markup import shown
from wijkspil.ui.templatetags.ui import room, when

_KEPT = Kept(most=4096)


def draw_room_rows(rows: Sequence[WijkRoom], *, now: datetime) -> SafeString:
    """Return the wijken as rows of the table, in their order."""
    language = get_language()
    return SafeString(
        "".join(
            _KEPT.get((row, language), partial(_draw_row, row, now)) for row in rows
        )
    )


def _draw_row(row: WijkRoom, now: datetime) -> str:
    best = (
        room(row.best)
        if row.teams
        else f'<span class="wp-soft">{shown(gettext("no team"))}</span>'
    )
    counts = (
        (gettext("Teams"), row.teams),
        (pgettext("room for clients", "Room"), row.room),
        (pgettext("room for clients", "Limited"), row.limited),
        (pgettext("room for clients", "Full"), row.full),
        (pgettext("room for clients", "Unknown"), row.unknown),
    )
    numbers = "".join(
        f'<td class="wp-number" data-label="{shown(word)}">{shown(number)}</td>'
        for word, number in counts
    )
    return (
        f'<tr><th scope="row">{shown(row.name)}</th>'
        f'<td data-label="{shown(gettext("Municipality"))}">{shown(row.gemeente)}</td>'
        f'<td data-label="{shown(gettext("Best chance"))}"><span>{best}</span></td>'
        f'{numbers}<td data-label="{shown(gettext("Oldest report"))}">'
        f"<span>{_draw_age(row, now)}</span></td></tr>\n"
    )


def _draw_age(row: WijkRoom, now: datetime) -> str:
    if row.oldest_report_at is not None:
        return when(Context({"now": now}), row.oldest_report_at)
    if row.teams:
        words = shown(gettext("no report that counts"))
        return f'<span class="wp-soft">{words}</span>'
    return "–"
