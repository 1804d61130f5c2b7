"""The rows of the week of duties as text: a thousand links on a page.

Many duties begin and end at the same moments, so that what is said of a moment is
said once a page. Nothing outlives the page: it holds names of people.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from html import escape

from django.urls import reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from wijkspil.core.periods import Period
from wijkspil.directory.selectors.duty_week import (
    AreaGaps,
    AreaWeek,
    DayCell,
    DutyLine,
    Nobody,
    Shift,
    Week,
)
from wijkspil.directory.services.duty import LONGEST
from wijkspil.directory.wording import say_number, say_span
from wijkspil.ui.markup import draw_badge, shown
from wijkspil.ui.moments import say_clock
from wijkspil.ui.templatetags.ui import TONE_ICONS


class DutyGrid:
    """Draws duties and gaps for one reader, in the language of now.

    Parameters
    ----------
    care
        Of which care a gap is to be filled.
    may_edit
        Whether duties and gaps lead to where they can be changed.
    show_person
        Whether the reader may see who is on duty.
    """

    def __init__(self, *, care: str, may_edit: bool, show_person: bool) -> None:
        self._care = care
        self._may_edit = may_edit
        self._show_person = show_person
        self._clocks: dict[datetime, str] = {}
        self._queries: dict[Period, str] = {}
        self._someone = escape(_("on duty"))
        duty_url = reverse("directory:duty-change", args=[0])
        self._before_id, self._after_id = duty_url.rsplit("0", 1)
        self._fill_url = reverse("directory:duty-fill")

    def draw_areas(self, areas: Sequence[AreaWeek]) -> SafeString:
        """Return the areas of a week as parts of its table."""
        return SafeString("".join(self._area(area) for area in areas))

    def draw_ahead(
        self,
        areas: Sequence[AreaGaps],
        *,
        weeks: Sequence[Week],
        counts: Sequence[Sequence[int]],
        url_of: Callable[[Week], str],
    ) -> SafeString:
        """Return areas with their gaps of the coming weeks as rows of a table.

        ``counts``: per area the number of gaps in each week; ``url_of``: where the
        gaps of a week are.
        """
        heads = [(escape(week.code), escape(url_of(week))) for week in weeks]
        nobody, hours = shown(_("Hours with nobody at all")), shown(_("Hours of gap"))
        first = shown(_("First gap"))
        rows = []
        for area, numbers in zip(areas, counts, strict=True):
            in_weeks = "".join(
                f'<td class="wp-number" data-label="{code}">{_link(shown(n), url)}</td>'
                if n
                else f'<td class="wp-number" data-label="{code}">0</td>'
                for (code, url), n in zip(heads, numbers, strict=True)
            )
            rows.append(
                f'<tr><th scope="row">{escape(area.name)} '
                f'<span class="wp-soft wp-small">{escape(area.gemeente_name)}</span>'
                f'</th><td class="wp-number" data-label="{nobody}">'
                f'{_hours_nobody(area)}</td><td class="wp-number" '
                f'data-label="{hours}">{escape(say_number(area.hours, 1))}</td>'
                f'{in_weeks}<td data-label="{first}">{self._first_gap(area)}</td>'
                "</tr>\n"
            )
        return SafeString("".join(rows))

    def _first_gap(self, area: AreaGaps) -> str:
        gap = min(area.gaps, key=lambda gap: (gap.has_fallback, gap.period.start))
        words = escape(f"{say_span(gap.period)}: {say_gap(gap)}")
        if not self._may_edit:
            return words
        return _link(words, self._gap_url(gap, area.area_id))

    def _area(self, area: AreaWeek) -> str:
        name = f'<span class="wd-duty-area">{escape(area.name)}</span>'
        rows = []
        if area.gap_cells:
            cells = "".join(
                _cell(cell, (self._gap(gap, area.area_id) for gap in cell.gaps))
                for cell in area.gap_cells
            )
            rows.append(
                f'<tr class="wd-duty-gaps"><th scope="row">{name}</th>{cells}</tr>\n'
            )
            name = ""
        for line in area.lines:
            rows.append(self._line(line, name))
            name = ""
        return f"<tbody>\n{''.join(rows)}</tbody>"

    def _line(self, line: DutyLine, area_name: str) -> str:
        place = escape(_("number %(n)s") % {"n": shown(line.rank)})
        cells = "".join(
            _cell(cell, map(self._shift, cell.shifts)) for cell in line.cells
        )
        return (
            f'<tr><th scope="row">{area_name}<span class="wd-duty-line">'
            f"{escape(line.service_name)}, {place}</span></th>{cells}</tr>\n"
        )

    def _shift(self, shift: Shift) -> str:
        until = self._clock(shift.valid_until)
        if shift.is_continued:
            style = "wd-shift is-continued"
            time = escape(_("until %(time)s") % {"time": until})
        else:
            style = "wd-shift"
            time = escape(f"{self._clock(shift.valid_from)}–{until}")
        person = escape(shift.person_name) if self._show_person else self._someone
        if not self._may_edit:
            return f'<span class="{style}">{time} {person}</span>'
        return (
            f'<a class="{style}" href="{self._before_id}{shift.duty_id}'
            f'{self._after_id}">{time} {person}</a>'
        )

    def _gap(self, gap: Nobody, area_id: int) -> str:
        style = "wd-gap-block is-fallback" if gap.has_fallback else "wd-gap-block"
        words = f"{self._span(gap.period)} <b>{escape(say_gap(gap))}</b>"
        if not self._may_edit:
            return f'<span class="{style}">{words}</span>'
        return f'<a class="{style}" href="{self._gap_url(gap, area_id)}">{words}</a>'

    def _gap_url(self, gap: Nobody, area_id: int) -> str:
        """Return where this gap is filled, as it stands in a page."""
        period = gap.period
        query = self._queries.get(period)
        if query is None:
            start = localtime(period.start)
            end = min(localtime(period.end), start + LONGEST)
            query = self._queries[period] = urlencode(
                {
                    "zorg": self._care,
                    "valid_from": f"{start:%Y-%m-%dT%H:%M}",
                    "valid_until": f"{end:%Y-%m-%dT%H:%M}",
                }
            )
        return escape(f"{self._fill_url}?gebied={area_id}&{query}")

    def _span(self, period: Period) -> str:
        end = localtime(period.end)
        # A day ends at midnight, not at 0:00 of the next.
        is_midnight = end.hour == end.minute == 0
        until = "24:00" if is_midnight else self._clock(period.end)
        return escape(f"{self._clock(period.start)}–{until}")

    def _clock(self, moment: datetime) -> str:
        said = self._clocks.get(moment)
        if said is None:
            said = self._clocks[moment] = say_clock(moment)
        return said


def say_gap(gap: Nobody) -> str:
    """Say who answers in a gap, in a few words."""
    if gap.has_fallback:
        return _("only the region")
    return _("nobody in a part") if gap.is_partly else _("nobody")


def _hours_nobody(area: AreaGaps) -> str:
    hours = area.hours_nobody
    said = say_number(hours, 1)
    if hours > 0:
        return draw_badge(said, tone="now", icon=TONE_ICONS["now"])
    return escape(said)


def _link(words: str, url: str) -> str:
    return f'<a href="{url}">{words}</a>'


def _cell(cell: DayCell, blocks: Iterable[str]) -> str:
    return f'<td class="d{cell.day.isoweekday()}">{"".join(blocks)}</td>'
