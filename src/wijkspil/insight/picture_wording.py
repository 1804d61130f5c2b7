"""How the picture says its figures: values, periods, and the answer in sentences.

Pure: figures in, text out, in the active language. No sentence without a figure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from wijkspil.insight.catalogue import INDICATORS
from wijkspil.insight.selectors.picture import Shown
from wijkspil.insight.types import Indicator
from wijkspil.ui.charts.frame import say_change, say_interval, say_value

#: A gap of fewer hours a week is none: less than a visit a day.
_NONE_HOURS = 2.0


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer first: a title, whether a person should look, and the proof."""

    title: str
    tone: str
    sentences: tuple[str, ...]


def say_unit(indicator: Indicator) -> str:
    """Return the unit in the active language."""
    return str(indicator.unit)


def say_figure(indicator: Indicator, value: float | None) -> str:
    """Return a value with its unit; empty when there is none."""
    if value is None:
        return ""
    return say_value(value, indicator.decimals, say_unit(indicator))


def say_difference(indicator: Indicator, value: float) -> str:
    """Return how much more or less, in the unit of the indicator."""
    return say_change(value, indicator.decimals, say_unit(indicator))


def say_bounds(indicator: Indicator, row: Shown) -> str:
    """Return the 80 % interval, empty without one."""
    return say_interval(row.low, row.high, indicator.decimals)


def say_period(valid_from: date, valid_until: date) -> str:
    """Return "november 2026", "2035", or the first and last day."""
    days = (valid_until - valid_from).days
    if valid_from.day == 1 and valid_until.day == 1 and days in range(28, 32):
        return date_format(valid_from, "F Y")
    if (valid_from.month, valid_from.day, days in (365, 366)) == (1, 1, True):
        return str(valid_from.year)
    return _("%(first)s to %(last)s") % {
        "first": date_format(valid_from, "j F Y"),
        "last": date_format(valid_until - timedelta(days=1), "j F Y"),
    }


def say_why_missing(indicator: Indicator, row: Shown | None) -> str:
    """Return why there is no value."""
    if row is None:
        return _("not counted here")
    if row.is_withheld:
        return _(
            "withheld: counted over fewer than %(count)s, which could tell of a person"
        ) % {"count": max(indicator.smallest, 1)}
    return _("not known")


def make_answer(
    name: str,
    *,
    now: Mapping[str, Shown],
    within: Sequence[Shown],
    later: Mapping[str, Shown],
    later_within: Sequence[Shown],
    year: int,
) -> Answer | None:
    """Return where care falls short now and in ``year``, and how sure that is.

    ``now`` and ``later`` are figures of the area by indicator; the others hold
    ``gap_hours`` and ``gap_share`` of what lies in it. None without figures.
    """
    gap = now.get("gap_hours")
    if gap is None or gap.value is None:
        return None
    sentences = []
    share = now.get("gap_share")
    is_short = gap.value > _NONE_HOURS
    if is_short and share is not None and share.value is not None:
        sentences.append(
            _("That is %(share)s of what is needed.")
            % {"share": _said("gap_share", share.value)}
        )
    worst = _worst(within)
    if worst is not None:
        sentences.append(
            _("The gap is largest in %(name)s: %(hours)s.")
            % {"name": worst.area_name, "hours": _said("gap_hours", worst.value)}
        )
    sentences += _later(later, later_within, year)
    title = (
        _("%(name)s is %(hours)s short now")
        if is_short
        else _("%(name)s has as much care as it needs now")
    ) % {"name": name, "hours": _said("gap_hours", gap.value)}
    tone = "limited" if is_short or _is_short_later(later) else "good"
    return Answer(title, tone, tuple(sentences))


def _later(later: Mapping[str, Shown], within: Sequence[Shown], year: int) -> list[str]:
    gap, chance = later.get("gap_hours"), later.get("gap_chance")
    if gap is None or gap.value is None:
        return [_("What comes was not computed yet.")]
    indicator = INDICATORS["gap_hours"]
    said = {
        "year": year,
        "hours": say_figure(indicator, abs(gap.value)),
        "bounds": say_bounds(indicator, gap),
    }
    sentences = [
        (
            _("In %(year)s %(hours)s are expected to be short if nothing new is done.")
            if gap.value > _NONE_HOURS
            else _("In %(year)s no care is expected to be short.")
        )
        % said
    ]
    if gap.low is not None and gap.high is not None:
        words = (
            _(
                "In 8 of 10 computed futures it lies between %(low)s left and "
                "%(high)s short."
            )
            if gap.low < 0 < gap.high
            else _(
                "In 8 of 10 computed futures that lies between %(low)s and %(high)s."
            )
        )
        low = abs(gap.low) if gap.low < 0 < gap.high else gap.low
        sentences.append(
            words
            % {
                "low": say_value(low, indicator.decimals),
                "high": say_value(gap.high, indicator.decimals),
            }
        )
    if chance is not None and chance.value is not None:
        sentences.append(
            _("The chance that there is less care than needed is then %(chance)s.")
            % {"chance": _said("gap_chance", chance.value)}
        )
    worst = _worst(within)
    if worst is not None:
        sentences.append(
            _("Then it is largest in %(name)s: %(hours)s.")
            % {"name": worst.area_name, "hours": _said("gap_hours", worst.value)}
        )
    return sentences


def _worst(rows: Sequence[Shown]) -> Shown | None:
    """Return where most hours are short; None when nowhere."""
    gaps = [
        row
        for row in rows
        if row.indicator == "gap_hours"
        and row.value is not None
        and not row.part_of_day
    ]
    worst = max(gaps, key=lambda row: row.value or 0.0, default=None)
    if worst is None or (worst.value or 0.0) <= _NONE_HOURS:
        return None
    return worst


def _is_short_later(later: Mapping[str, Shown]) -> bool:
    gap = later.get("gap_hours")
    return gap is not None and (gap.value or 0.0) > _NONE_HOURS


def _said(code: str, value: float | None) -> str:
    return say_figure(INDICATORS[code], value)
