"""The teams that can be asked, as text: often more than a dozen on a page."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from django.template.defaultfilters import floatformat
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from wijkspil.ui.markup import (
    draw_badge,
    draw_button,
    draw_card,
    draw_freshness,
    draw_icon,
    draw_moment,
    draw_room,
)
from wijkspil.ui.moments import say_reported


@dataclass(frozen=True)
class TeamCard:
    """A team that can be asked, as the page tells it."""

    service_id: int
    name: str
    organization_name: str
    is_own: bool
    is_known: bool
    is_preferred: bool
    km: float | None
    room: str
    reported_at: datetime | None
    is_room_known: bool
    warnings: Sequence[str]


def draw_team(team: TeamCard, *, who_url: str, at: datetime) -> SafeString:
    """Return a team as a card; ``who_url`` is where the request goes on."""
    where = [] if team.organization_name == team.name else [team.organization_name]
    if team.km is not None:
        where.append(_("%(km)s km") % {"km": floatformat(team.km, 1)})
    badges = [draw_room("room" if team.is_room_known else "unknown")]
    if team.is_own:
        badges.append(draw_badge(_("Team of this wijk"), tone="info", icon="home"))
    if team.is_known:
        words = _("Cares for the client already")
        badges.append(draw_badge(words, tone="info", icon="check"))
    if team.is_preferred:
        words = _("Preferred by the client")
        badges.append(draw_badge(words, tone="info", icon="heart"))
    room = team.room[:1].upper() + team.room[1:]
    said = (
        draw_moment(team.reported_at, say_reported(team.reported_at, at))
        if team.reported_at
        else None
    )
    stale = said is not None and not team.is_room_known
    warnings = "".join(
        f'<p class="ra-warning">{draw_icon("warning")}<span>{escape(line)}</span></p>'
        for line in team.warnings
    )
    button = draw_button(
        _("I called, they take it"),
        kind_class="utrecht-button--subtle",
        url=f"{who_url}?gebeld={team.service_id}",
        icon="phone",
        small=True,
        describes=team.name,
    )
    content = (
        f'<p class="wp-soft">{escape(" · ".join(where))}</p>\n'
        f'<p class="wp-row">{"".join(badges)}</p>\n'
        f"{f'<p>{escape(room)}</p>' if team.is_room_known else ''}\n"
        f"<p>{draw_freshness(said, stale=stale)}</p>\n{warnings}\n<p>{button}</p>"
    )
    return draw_card(SafeString(content), title=team.name, level=3)
