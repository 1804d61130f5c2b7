"""Make, change, copy, share and delete what is supposed of the future of a region.

A scenario is a shipped base with overrides. Each override has an 80 % interval, who
set it, when and why; it is checked against what the engine allows. Nothing is computed
here; ``services.running`` does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import override as language

from wijkspil.accounts.types import Actor
from wijkspil.directory.selectors.gp_practices import list_gp_practices
from wijkspil.insight.engine_io.projection import (
    ScenarioParameter,
    list_parameters,
    list_shipped,
)
from wijkspil.insight.errors import InvalidScenario, NotNow
from wijkspil.insight.models import Scenario
from wijkspil.insight.permissions import can_make_scenario, check_can_make_scenario
from wijkspil.insight.selectors.scenarios import (
    BASE,
    find_base_scenario,
    get_scenario,
    lock_scenario,
    region_target,
    unknown_scenario,
)
from wijkspil.insight.services.plans import recorded

LONGEST_NAME = 120
#: Most practices that stop in one scenario.
MOST_CLOSING = 20
#: Years ahead in which a practice can be supposed to stop.
CLOSING_YEARS = 15
#: Two numbers of a form that differ less are the same.
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Supposed:
    """An interval somebody chose for a parameter, with the reason."""

    low: float
    high: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class Closing:
    """A GP practice (id of its service) that stops at the start of a year."""

    service_id: int
    year: int


@dataclass(frozen=True, slots=True)
class ScenarioGiven:
    """What a scenario is called, where it starts from and what it changes."""

    name: str
    base: str = BASE
    note: str = ""
    overrides: Mapping[str, Supposed] = field(default_factory=dict)
    closing: Sequence[Closing] = ()


def make_scenario(
    *,
    actor: Actor,
    region_id: int,
    given: ScenarioGiven,
    at: datetime,
    is_shared: bool = False,
    is_fictional: bool = False,
) -> Scenario:
    """Make a scenario of a region; it is the actor's own until it is shared.

    Raises
    ------
    NotPermitted
        If the actor makes no scenarios there.
    InvalidScenario
        With the first value that cannot be, and what can.
    """
    check_can_make_scenario(actor, region_target(region_id))
    _check_base(given.base)
    row = Scenario(
        region_id=region_id,
        base=given.base,
        owner_id=actor.user_id,
        is_shared=is_shared,
        created_at=at,
        is_fictional=is_fictional,
    )
    _fill(row, given, actor=actor, at=at)
    with recorded(actor):
        row.save()
    return row


def change_scenario(
    *, actor: Actor, scenario_id: int, given: ScenarioGiven, at: datetime
) -> Scenario:
    """Change name, note and values of one's own scenario.

    A value that stays as it was keeps who set it, when and why. What was computed
    before stays until it is computed again.

    Raises
    ------
    UnknownScenario
        If there is none, or it is somebody else's.
    NotPermitted, InvalidScenario
        See ``make_scenario``.
    """
    with recorded(actor):
        row = _lock_own(actor, scenario_id)
        _fill(row, given, actor=actor, at=at)
        row.save()
    return row


def copy_scenario(
    *, actor: Actor, scenario_id: int, name: str = "", at: datetime
) -> Scenario:
    """Make one's own copy of a scenario one can see; reasons go along.

    Raises
    ------
    UnknownScenario, NotPermitted
        As said elsewhere.
    """
    source = get_scenario(scenario_id, reader_id=actor.user_id)
    check_can_make_scenario(actor, region_target(source.region_id))
    wanted = _clean(name) or _("Copy of %(name)s") % {"name": source.name}
    row = Scenario(
        region_id=source.region_id,
        name=wanted[:LONGEST_NAME],
        note=source.note,
        base=source.base,
        overrides=source.overrides,
        closing=source.closing,
        owner_id=actor.user_id,
        created_at=at,
        changed_at=at,
    )
    with recorded(actor):
        row.save()
    return row


def share_scenario(
    *, actor: Actor, scenario_id: int, is_shared: bool, at: datetime
) -> Scenario:
    """Let everybody with insight in the region see it, or no longer.

    Raises
    ------
    UnknownScenario, NotPermitted
        As said elsewhere.
    """
    with recorded(actor):
        row = _lock_own(actor, scenario_id)
        row.is_shared = is_shared
        row.changed_at = at
        row.save(update_fields=["is_shared", "changed_at"])
    return row


def delete_scenario(*, actor: Actor, scenario_id: int) -> None:
    """Delete one's own scenario with all that was computed of it.

    A measure that leaned on it keeps its numbers.

    Raises
    ------
    UnknownScenario, NotPermitted
        As said elsewhere.
    """
    with recorded(actor):
        _lock_own(actor, scenario_id).delete()


def ensure_base_scenario(*, region_id: int, at: datetime) -> Scenario:
    """Return the reference of a region, made when it is not there yet.

    Two at once make one: the region is locked by its number.
    """
    found = find_base_scenario(region_id)
    if found is not None:
        return found
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_advisory_xact_lock(hashtext(%s))",
                [f"insight.base.{region_id}"],
            )
        found = find_base_scenario(region_id)
        if found is not None:
            return found
        with language("nl"):
            name, note = (
                _("Base"),
                _("Nothing special is done: what is agreed and known now goes on."),
            )
        return Scenario.objects.create(
            region_id=region_id,
            name=name,
            note=note,
            base=BASE,
            is_shared=True,
            created_at=at,
            changed_at=at,
        )


def can_change_scenario(actor: Actor, row: Scenario) -> bool:
    """Whether it is the actor's own and the role still allows it."""
    return (
        actor.user_id is not None
        and row.owner_id == actor.user_id
        and can_make_scenario(actor, region_target(row.region_id))
    )


# --- parts


def _lock_own(actor: Actor, scenario_id: int) -> Scenario:
    row = lock_scenario(scenario_id)
    if row.owner_id is None or row.owner_id != actor.user_id:
        if row.is_shared:
            raise NotNow(
                _("This scenario is not yours. Make a copy, and change that one.")
            )
        raise unknown_scenario(scenario_id)
    check_can_make_scenario(actor, region_target(row.region_id))
    return row


def _fill(row: Scenario, given: ScenarioGiven, *, actor: Actor, at: datetime) -> None:
    name = _clean(given.name)
    if not name:
        raise InvalidScenario(_("Give the scenario a name."), field="name")
    if len(name) > LONGEST_NAME:
        raise InvalidScenario(
            _("This name has %(n)s characters; give at most %(most)s.")
            % {"n": len(name), "most": LONGEST_NAME},
            field="name",
        )
    row.name = name
    row.note = _clean(given.note)
    row.overrides = _overrides_of(row, given.overrides, actor=actor, at=at)
    row.closing = _closing_of(given.closing, at=at)
    row.changed_at = at


def _overrides_of(
    row: Scenario,
    wanted: Mapping[str, Supposed],
    *,
    actor: Actor,
    at: datetime,
) -> dict[str, Any]:
    """Keep what differs from the base, with who set it, when and why."""
    parameters = {each.name: each for each in list_parameters(row.base)}
    kept: dict[str, Any] = {}
    for name in sorted(wanted):
        given = wanted[name]
        parameter = parameters.get(name)
        if parameter is None:
            raise InvalidScenario(
                _("%(name)s is not a value that can be supposed here.")
                % {"name": name},
                field=name,
            )
        check_interval(parameter, given)
        if is_as_in_base(parameter, given):
            continue
        before = (row.overrides or {}).get(name)
        why = _clean(given.why)
        if before and _is_same(before, given) and why in ("", before["why"]):
            kept[name] = before
            continue
        if not why:
            raise InvalidScenario(
                _("Say in a sentence why you suppose this; readers will ask."),
                field=name,
            )
        kept[name] = {
            "low": given.low,
            "high": given.high,
            "why": why,
            "set_by": actor.label,
            "set_at": at.isoformat(),
        }
    return kept


def check_interval(parameter: ScenarioParameter, given: Supposed) -> None:
    """Check that an interval can be.

    Raises
    ------
    InvalidScenario
        With the value, the range and what to do.
    """
    values = {"low": given.low, "high": given.high, "unit": parameter.unit}
    if not given.low <= given.high:
        raise InvalidScenario(
            _("%(low)s to %(high)s: give the lowest value first.") % values,
            field=parameter.name,
        )
    if given.low < parameter.least or given.high > parameter.most:
        raise InvalidScenario(
            _("%(low)s to %(high)s %(unit)s: give values from %(least)s to %(most)s.")
            % {
                **values,
                "least": f"{parameter.least:g}",
                "most": f"{parameter.most:g}",
            },
            field=parameter.name,
        )


def is_as_in_base(parameter: ScenarioParameter, given: Supposed) -> bool:
    """Whether an interval is what the base has."""
    return _near(given.low, parameter.low) and _near(given.high, parameter.high)


def _is_same(before: Mapping[str, Any], given: Supposed) -> bool:
    return _near(before["low"], given.low) and _near(before["high"], given.high)


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= _SAME * max(1.0, abs(one), abs(other))


def _closing_of(wanted: Sequence[Closing], *, at: datetime) -> list[dict[str, int]]:
    if len(wanted) > MOST_CLOSING:
        raise InvalidScenario(
            _("%(n)s practices: suppose at most %(most)s that stop.")
            % {"n": len(wanted), "most": MOST_CLOSING},
            field="closing",
        )
    first = localdate(at).year
    known = list_gp_practices([each.service_id for each in wanted], at=at)
    for each in wanted:
        if each.service_id not in known:
            raise InvalidScenario(
                _("There is no GP practice with number %(id)s.")
                % {"id": each.service_id},
                field="closing",
            )
        if not first <= each.year <= first + CLOSING_YEARS:
            raise InvalidScenario(
                _("%(year)s: give a year from %(first)s to %(last)s.")
                % {
                    "year": each.year,
                    "first": first,
                    "last": first + CLOSING_YEARS,
                },
                field="closing",
            )
    by_service = {each.service_id: each.year for each in wanted}
    return [
        {"service": service_id, "year": year}
        for service_id, year in sorted(by_service.items())
    ]


def _check_base(base: str) -> None:
    known = {key for key, _title, _words in list_shipped()}
    if base not in known:
        raise InvalidScenario(
            _("%(base)s is no scenario to start from; choose one of: %(known)s.")
            % {"base": base, "known": ", ".join(sorted(known))},
            field="base",
        )


def _clean(text: str) -> str:
    return text.replace("\0", "").strip()
