"""From a gap to a plan: make a measure, move it on, and say what came of it.

Each act locks the measure and writes in one transaction; database triggers keep what
it was, with who changed it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

import pghistory
from django.db import transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.types import Actor, Target
from wijkspil.insight.errors import InvalidMeasure, NotNow
from wijkspil.insight.models import Measure
from wijkspil.insight.permissions import check_can_plan
from wijkspil.insight.policies import next_measure_status
from wijkspil.insight.selectors.plans import (
    find_newest_figure,
    lock_measure,
    measure_target,
)
from wijkspil.insight.selectors.scenarios import (
    find_done_run,
    get_base_run,
    get_figures_in_year,
    get_region_id,
    get_scenario,
)
from wijkspil.insight.types import MeasureStatus, OwnerKind

#: Nobody plans further ahead than what is projected.
LONGEST_AHEAD = timedelta(days=366 * 20)
LONGEST_BACK = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class MeasureGiven:
    """What is agreed. The expected effect is a change of the figure, in its unit.

    ``note`` says why; needed when an effect is given that no scenario gave.
    """

    region_id: int
    area_id: int
    indicator: str
    title: str
    owner_kind: str
    due_on: date
    owner_id: int | None = None
    note: str = ""
    expected_effect: float | None = None
    expected_low: float | None = None
    expected_high: float | None = None
    scenario_id: int | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What a scenario changes of a figure in a year; bounds of 8 of 10 futures."""

    value: float
    low: float | None
    high: float | None
    year: int


@contextmanager
def recorded(actor: Actor) -> Iterator[None]:
    """Run a change in one transaction, with its author in the history."""
    with (
        pghistory.context(user=actor.user_id, actor=actor.label),
        transaction.atomic(),
    ):
        yield


def make_measure(
    *, actor: Actor, given: MeasureGiven, at: datetime, is_fictional: bool = False
) -> Measure:
    """Propose a measure; the figure of now is kept as where it starts.

    Raises
    ------
    NotPermitted
        If the actor does not plan in the region.
    InvalidMeasure
        If a value cannot be.
    """
    check_can_plan(actor, Target(region_ids=frozenset({given.region_id})))
    given = _take_from_scenario(actor, given)
    _check(given, today=localdate(at))
    row = Measure(created_at=at, is_fictional=is_fictional)
    _fill(row, given)
    _keep_start(row)
    with recorded(actor):
        row.save()
    return row


def change_measure(
    *, actor: Actor, measure_id: int, given: MeasureGiven, at: datetime
) -> Measure:
    """Change what was agreed; region, area and indicator stay.

    Raises
    ------
    UnknownMeasure, NotPermitted, InvalidMeasure
        See ``make_measure``.
    NotNow
        If the measure is done or stopped.
    """
    with recorded(actor):
        row = lock_measure(measure_id)
        check_can_plan(actor, measure_target(row))
        if row.status in (MeasureStatus.DONE, MeasureStatus.STOPPED):
            raise NotNow(
                _("This measure is over. Take it up again before you change it.")
            )
        kept = (row.region_id, row.area_id, row.indicator)
        given = _take_from_scenario(actor, given)
        _check(given, today=localdate(at), was_due=row.due_on)
        _fill(row, given)
        row.region_id, row.area_id, row.indicator = kept
        row.save()
    return row


def set_measure_status(
    *, actor: Actor, measure_id: int, act: str, outcome: str = "", at: datetime
) -> Measure:
    """Move a measure on; ``act`` is one of ``policies.TRANSITIONS``.

    When it is agreed, the figure of that moment becomes where it starts. To stop or
    finish asks for words: what came of it, or why it stops.

    Raises
    ------
    UnknownMeasure, NotPermitted, NotNow
        As said elsewhere.
    InvalidMeasure
        If the words are missing.
    """
    words = _clean(outcome)
    with recorded(actor):
        row = lock_measure(measure_id)
        check_can_plan(actor, measure_target(row))
        row.status = next_measure_status(act, row.status)
        if act in ("finish", "stop"):
            if not words:
                raise InvalidMeasure(
                    _("Say in a sentence what came of it, or why it stops."),
                    field="outcome",
                )
            row.outcome = words
        if act == "agree":
            _keep_start(row)
            row.measured_effect = None
            row.measured_on = None
        row.save()
    if act == "finish":
        return take_measured_effect(actor=actor, measure_id=measure_id, at=at)
    return row


def take_measured_effect(*, actor: Actor, measure_id: int, at: datetime) -> Measure:
    """Keep the change of the figure since the start, when there is a newer one.

    The change is what was counted, not proof that the measure caused it.

    Raises
    ------
    UnknownMeasure, NotPermitted
        As said elsewhere.
    """
    with recorded(actor):
        row = lock_measure(measure_id)
        check_can_plan(actor, measure_target(row))
        if row.start_value is None:
            return row
        newest = find_newest_figure(row.area_id, row.indicator, after=row.start_on)
        if newest is None or newest.value is None:
            return row
        row.measured_effect = newest.value - row.start_value
        row.measured_on = newest.valid_from
        row.save()
    return row


def expect_effect(
    scenario_id: int, *, area_id: int, indicator: str, year: int
) -> Expected | None:
    """Return what a scenario changes against the base in an area and a year.

    Of the whole region future by future, so with an interval; of a part of it the
    difference of the means. None: the scenario says nothing of it.
    """
    done = find_done_run(scenario_id)
    if done is None:
        return None
    last = done.horizon_year
    wanted = min(max(year, done.asked_at.year + 1), last)
    region_id = get_region_id(scenario_id)
    if area_id == region_id:
        for row in (done.result.get("against_base") or {}).get("differences", ()):
            if row["indicator"] == indicator and row["year"] == wanted:
                return Expected(row["value"], row["low"], row["high"], wanted)
    base = get_base_run(region_id)
    if base is None:
        return None
    found = [
        get_figures_in_year(run.pk, indicator, wanted).get(area_id)
        for run in (done, base)
    ]
    after, before = (None if one is None else one.value for one in found)
    if after is None or before is None:
        return None
    return Expected(after - before, None, None, wanted)


# --- parts


def _take_from_scenario(actor: Actor, given: MeasureGiven) -> MeasureGiven:
    """Fill in the effect that a scenario gives, when none was typed."""
    if given.scenario_id is None:
        return given
    scenario = get_scenario(given.scenario_id, reader_id=actor.user_id)
    if scenario.region_id != given.region_id:
        raise InvalidMeasure(
            _("This scenario is of another region; choose one of this region."),
            field="scenario",
        )
    if given.expected_effect is not None:
        return given
    expected = expect_effect(
        scenario.pk,
        area_id=given.area_id,
        indicator=given.indicator,
        year=given.due_on.year,
    )
    if expected is None:
        raise InvalidMeasure(
            _(
                "This scenario says nothing of this figure here. Compute it first, or "
                "type the change you expect."
            ),
            field="scenario",
        )
    return replace(
        given,
        expected_effect=expected.value,
        expected_low=expected.low,
        expected_high=expected.high,
    )


def _keep_start(row: Measure) -> None:
    newest = find_newest_figure(row.area_id, row.indicator)
    row.start_value = None if newest is None else newest.value
    row.start_on = None if newest is None else newest.valid_from


def _fill(row: Measure, given: MeasureGiven) -> None:
    row.region_id = given.region_id
    row.area_id = given.area_id
    row.indicator = given.indicator
    row.title = _clean(given.title)[:200]
    row.note = _clean(given.note)
    row.owner_kind = given.owner_kind
    row.owner_id = given.owner_id
    row.due_on = given.due_on
    row.expected_effect = given.expected_effect
    row.expected_low = given.expected_low
    row.expected_high = given.expected_high
    row.scenario_id = given.scenario_id


def _check(given: MeasureGiven, *, today: date, was_due: date | None = None) -> None:
    if not _clean(given.title):
        raise InvalidMeasure(_("Say in a few words what will be done."), field="title")
    if given.owner_kind not in OwnerKind.values:
        raise InvalidMeasure(_("Choose whose this is."), field="owner_kind")
    if given.owner_kind == OwnerKind.PROVIDER and given.owner_id is None:
        raise InvalidMeasure(_("Choose which provider does it."), field="owner")
    earliest = min(today - LONGEST_BACK, was_due or today)
    if not earliest <= given.due_on <= today + LONGEST_AHEAD:
        raise InvalidMeasure(
            _("%(day)s: give a day between a year ago and twenty years ahead.")
            % {"day": given.due_on.isoformat()},
            field="due_on",
        )
    _check_effect(given)


def _check_effect(given: MeasureGiven) -> None:
    bounds = (given.expected_low, given.expected_high)
    if given.expected_effect is None:
        if bounds != (None, None):
            raise InvalidMeasure(
                _("Give the expected change itself too, or leave the bounds empty."),
                field="expected_effect",
            )
        return
    low, high = bounds
    if (low is None) != (high is None):
        raise InvalidMeasure(_("Give both bounds, or neither."), field="expected_low")
    if (
        low is not None
        and high is not None
        and not (low <= given.expected_effect <= high)
    ):
        raise InvalidMeasure(
            _("%(low)s, %(middle)s, %(high)s: give them from small to large.")
            % {"low": low, "middle": given.expected_effect, "high": high},
            field="expected_low",
        )
    if given.scenario_id is None and not _clean(given.note):
        raise InvalidMeasure(
            _("Say why you expect this, or take the effect from a scenario."),
            field="note",
        )


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()
