"""Plans: a gap becomes a measure with an owner, a date, and what came of it."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.apps.insight.workshop import (
    compute,
    compute_base,
    make_own,
    make_workshop,
)
from tests.factories.insight import (
    AT,
    FigureFactory,
    InsightRegion,
    make_region,
    make_region_with_figures,
)
from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.core.errors import NotPermitted
from wijkspil.insight.errors import InvalidMeasure, NotNow, UnknownMeasure
from wijkspil.insight.models import Measure
from wijkspil.insight.policies import TRANSITIONS
from wijkspil.insight.selectors.plans import (
    get_measure,
    is_overdue,
    list_changes,
    list_measures,
)
from wijkspil.insight.services.plans import (
    MeasureGiven,
    change_measure,
    expect_effect,
    make_measure,
    set_measure_status,
    take_measured_effect,
)
from wijkspil.insight.services.scenarios import delete_scenario
from wijkspil.insight.types import MeasureStatus, OwnerKind

pytestmark = pytest.mark.django_db


def given_for(made: InsightRegion, **changes: Any) -> MeasureGiven:
    """Return a measure for the first wijk that says all it must."""
    return replace(
        MeasureGiven(
            region_id=made.region.pk,
            area_id=made.wijken[0].pk,
            indicator="gap_hours",
            title="Avondteam in Zuid",
            owner_kind=OwnerKind.RESV,
            due_on=date(2027, 3, 1),
        ),
        **changes,
    )


def propose(made: InsightRegion, **changes: Any) -> Measure:
    return make_measure(
        actor=made.analyst.actor, given=given_for(made, **changes), at=AT
    )


def test_a_measure_keeps_the_figure_where_it_starts() -> None:
    row = propose(make_region_with_figures())
    assert (row.start_value, row.start_on) == (20.0, date(2026, 11, 1))
    assert row.status == MeasureStatus.PROPOSED


def test_without_a_figure_a_measure_starts_unknown() -> None:
    row = propose(make_region())
    assert (row.start_value, row.start_on) == (None, None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " \0"}, "title"),
        ({"owner_kind": "moon"}, "owner_kind"),
        ({"owner_kind": OwnerKind.PROVIDER}, "owner"),
        ({"due_on": date(1999, 1, 1)}, "due_on"),
        ({"due_on": date(2099, 1, 1)}, "due_on"),
        ({"expected_effect": -5.0}, "note"),
        ({"expected_low": -5.0}, "expected_effect"),
        ({"expected_effect": -5.0, "expected_low": -9.0, "note": "x"}, "expected_low"),
        (
            {
                "expected_effect": -5.0,
                "expected_low": -4.0,
                "expected_high": -1.0,
                "note": "x",
            },
            "expected_low",
        ),
    ],
)
def test_a_measure_that_says_too_little_is_refused(
    changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidMeasure) as refused:
        propose(make_region(), **changes)
    assert refused.value.field == field
    assert not Measure.objects.exists()


@pytest.mark.parametrize("role", list(Role))
def test_only_some_roles_plan_and_only_in_their_region(role: Role) -> None:
    made = make_region()
    actor = Actor(
        user_id=made.analyst.user.pk, grants=(Grant(role, region_id=made.region.pk),)
    )
    acts = [
        lambda: make_measure(actor=actor, given=given_for(made), at=AT),
        lambda: set_measure_status(
            actor=actor, measure_id=propose(made).pk, act="agree", at=AT
        ),
        lambda: change_measure(
            actor=actor, measure_id=propose(made).pk, given=given_for(made), at=AT
        ),
        lambda: take_measured_effect(actor=actor, measure_id=propose(made).pk, at=AT),
    ]
    for act in acts:
        if role in (Role.ANALYST, Role.COORDINATOR, Role.INSURER):
            assert act().pk
        else:
            with pytest.raises(NotPermitted):
                act()
    with pytest.raises(NotPermitted):
        make_measure(
            actor=actor, given=given_for(made, region_id=made.zorgkantoor.pk), at=AT
        )


@pytest.mark.parametrize("status", list(MeasureStatus))
@pytest.mark.parametrize("act", list(TRANSITIONS))
def test_an_act_is_done_in_the_states_of_the_table_only(
    act: str, status: MeasureStatus
) -> None:
    made = make_region()
    row = propose(made)
    Measure.objects.filter(pk=row.pk).update(status=status)
    after = TRANSITIONS[act].get(status)

    def do() -> Measure:
        return set_measure_status(
            actor=made.analyst.actor,
            measure_id=row.pk,
            act=act,
            outcome="Het liep.",
            at=AT,
        )

    if after is None:
        with pytest.raises(NotNow):
            do()
    else:
        assert do().status == after


def test_finishing_asks_what_came_of_it() -> None:
    made = make_region()
    row = propose(made)
    Measure.objects.filter(pk=row.pk).update(status=MeasureStatus.RUNNING)
    with pytest.raises(InvalidMeasure, match="what came of it"):
        set_measure_status(
            actor=made.analyst.actor, measure_id=row.pk, act="finish", at=AT
        )
    assert get_measure(row.pk).status == MeasureStatus.RUNNING


def test_the_counted_effect_is_of_a_later_period_only() -> None:
    made = make_region_with_figures()
    row = propose(made)
    same = take_measured_effect(actor=made.analyst.actor, measure_id=row.pk, at=AT)
    assert same.measured_effect is None
    FigureFactory(
        area=made.wijken[0],
        value=14.0,
        valid_from=date(2027, 3, 1),
        valid_until=date(2027, 4, 1),
    )
    took = take_measured_effect(actor=made.analyst.actor, measure_id=row.pk, at=AT)
    assert (took.measured_effect, took.measured_on) == (-6.0, date(2027, 3, 1))
    agreed = set_measure_status(
        actor=made.analyst.actor, measure_id=row.pk, act="agree", at=AT
    )
    # What is agreed starts from the figure of that moment.
    assert (agreed.start_value, agreed.measured_effect) == (14.0, None)


def test_a_withheld_figure_is_no_effect() -> None:
    made = make_region_with_figures()
    row = propose(made)
    FigureFactory(
        area=made.wijken[0],
        value=None,
        numerator=None,
        is_withheld=True,
        valid_from=date(2027, 3, 1),
        valid_until=date(2027, 4, 1),
    )
    took = take_measured_effect(actor=made.analyst.actor, measure_id=row.pk, at=AT)
    assert took.measured_effect is None


def test_the_effect_of_a_scenario_is_that_against_the_base_with_its_interval() -> None:
    made = make_workshop().made
    compute_base(made)
    scenario = make_own(made)
    with pytest.raises(InvalidMeasure, match="Compute it first"):
        propose(made, scenario_id=scenario.pk)
    run = compute(scenario)
    in_2030 = expect_effect(
        scenario.pk, area_id=made.region.pk, indicator="gap_hours", year=2030
    )
    assert in_2030 is not None
    stored = next(
        row
        for row in run.result["against_base"]["differences"]
        if (row["indicator"], row["year"]) == ("gap_hours", 2030)
    )
    assert (in_2030.value, in_2030.low) == (stored["value"], stored["low"])
    of_wijk = propose(made, scenario_id=scenario.pk, due_on=date(2030, 6, 1))
    assert of_wijk.expected_effect is not None
    assert in_2030.value < of_wijk.expected_effect < 0
    of_region = propose(
        made,
        scenario_id=scenario.pk,
        due_on=date(2030, 6, 1),
        area_id=made.region.pk,
    )
    assert of_region.expected_effect == in_2030.value
    assert of_region.expected_low == in_2030.low
    delete_scenario(actor=made.analyst.actor, scenario_id=scenario.pk)
    kept = get_measure(of_region.pk)
    assert (kept.scenario_id, kept.expected_effect) == (None, in_2030.value)


def test_a_scenario_of_another_region_gives_no_effect() -> None:
    made = make_region()
    scenario = make_own(made)
    type(scenario).objects.filter(pk=scenario.pk).update(region=made.zorgkantoor)
    with pytest.raises(InvalidMeasure, match="another region"):
        propose(made, scenario_id=scenario.pk)


def test_every_change_is_told_with_who_did_it() -> None:
    made = make_region()
    row = propose(made)
    change_measure(
        actor=made.insurer.actor,
        measure_id=row.pk,
        given=given_for(made, due_on=date(2027, 5, 1), area_id=made.wijken[1].pk),
        at=AT,
    )
    set_measure_status(actor=made.analyst.actor, measure_id=row.pk, act="agree", at=AT)
    changes = list_changes(row.pk)
    assert [(one.by, [f[0] for f in one.fields]) for one in changes] == [
        (made.analyst.actor.label, ["status"]),
        (made.insurer.actor.label, ["due_on"]),
        (made.analyst.actor.label, []),
    ]
    # Where the gap is does not change.
    assert get_measure(row.pk).area_id == made.wijken[0].pk


def test_a_measure_that_is_over_is_not_changed() -> None:
    made = make_region()
    row = propose(made)
    set_measure_status(
        actor=made.analyst.actor,
        measure_id=row.pk,
        act="stop",
        outcome="Geen geld.",
        at=AT,
    )
    with pytest.raises(NotNow, match="Take it up again"):
        change_measure(
            actor=made.analyst.actor,
            measure_id=row.pk,
            given=given_for(made),
            at=AT,
        )


def test_measures_are_listed_live_first_and_by_date() -> None:
    made = make_region()
    late = propose(made, title="Laat", due_on=date(2027, 9, 1))
    soon = propose(made, title="Snel", due_on=date(2026, 11, 18))
    over = propose(made, title="Klaar", due_on=date(2026, 11, 1))
    Measure.objects.filter(pk=over.pk).update(status=MeasureStatus.DONE)
    rows = list_measures([made.region.pk])
    assert [row.pk for row in rows] == [soon.pk, late.pk, over.pk]
    assert list_measures([made.zorgkantoor.pk]) == []
    on = date(2026, 11, 19)
    assert [is_overdue(row, on=on) for row in rows] == [True, False, False]


def test_a_measure_that_is_not_there_is_said() -> None:
    with pytest.raises(UnknownMeasure):
        get_measure(10**6)
