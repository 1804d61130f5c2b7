"""Scenarios: who supposed what and why, who sees it, and what cannot be."""

import pytest

from tests.apps.directory.at_once import at_once
from tests.apps.insight.workshop import ADOPTION, make_own, make_workshop
from tests.factories.insight import AT, make_region
from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.core.errors import NotPermitted
from wijkspil.insight.engine_io.projection import list_parameters, list_shipped
from wijkspil.insight.errors import InvalidScenario, NotNow, UnknownScenario
from wijkspil.insight.models import Scenario
from wijkspil.insight.scenario_wording import say_parameter, say_range, say_shipped
from wijkspil.insight.selectors.scenarios import get_scenario, list_scenarios
from wijkspil.insight.services.scenarios import (
    Closing,
    ScenarioGiven,
    Supposed,
    change_scenario,
    copy_scenario,
    delete_scenario,
    ensure_base_scenario,
    make_scenario,
    share_scenario,
)

pytestmark = pytest.mark.django_db
WHY = "Omdat het kan."


def test_a_changed_value_keeps_who_set_it_when_and_why() -> None:
    made = make_region()
    row = make_own(made)
    assert row.overrides == {
        ADOPTION: {
            "low": 0.6,
            "high": 0.7,
            "why": "Twee aanbieders tekenden.",
            "set_by": made.analyst.actor.label,
            "set_at": AT.isoformat(),
        }
    }
    assert row.owner_id == made.analyst.user.pk
    assert not row.is_shared


@pytest.mark.parametrize(
    ("name", "supposed", "words"),
    [
        (ADOPTION, Supposed(0.6, 0.7, " "), "Say in a sentence why"),
        (ADOPTION, Supposed(0.7, 0.6, WHY), "lowest value first"),
        (ADOPTION, Supposed(0.6, 1.7, WHY), "give values from 0 to"),
        (ADOPTION, Supposed(float("nan"), 0.7, WHY), "lowest value first"),
        ("dispenser.colour", Supposed(0.6, 0.7, WHY), "no|not a value"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_what_can(
    name: str, supposed: Supposed, words: str
) -> None:
    made = make_region()
    with pytest.raises(InvalidScenario, match=words) as refused:
        make_own(made, overrides={name: supposed})
    assert refused.value.field == name
    assert not Scenario.objects.exists()


def test_a_base_that_is_not_shipped_is_refused() -> None:
    made = make_region()
    with pytest.raises(InvalidScenario, match="choose one of"):
        make_own(made, base="moon", overrides={})


def test_a_value_that_stays_keeps_its_reason_and_one_as_in_the_base_goes() -> None:
    made = make_region()
    row = make_own(made)
    later = AT.replace(year=2027)
    base = next(p for p in list_parameters(row.base) if p.name == "absence")
    changed = change_scenario(
        actor=made.analyst.actor,
        scenario_id=row.pk,
        given=ScenarioGiven(
            name="Anders",
            base=row.base,
            overrides={
                ADOPTION: Supposed(0.6, 0.7),
                "absence": Supposed(base.low, base.high),
            },
        ),
        at=later,
    )
    assert changed.overrides == row.overrides
    assert changed.name == "Anders"
    emptied = change_scenario(
        actor=made.analyst.actor,
        scenario_id=row.pk,
        given=ScenarioGiven(name="Leeg", base=row.base),
        at=later,
    )
    assert emptied.overrides == {}


def test_a_practice_that_stops_must_exist_and_stop_in_a_year_ahead() -> None:
    workshop = make_workshop()
    practice = workshop.practices[0]
    row = make_own(workshop.made, closing=[Closing(practice.pk, 2028)])
    assert row.closing == [{"service": practice.pk, "year": 2028}]
    for closing, words in (
        (Closing(practice.pk, 2020), "give a year from 2026"),
        (Closing(10**9, 2028), "no GP practice"),
    ):
        with pytest.raises(InvalidScenario, match=words):
            make_own(workshop.made, closing=[closing])


def test_a_scenario_is_its_makers_until_it_is_shared() -> None:
    made = make_region()
    row = make_own(made)
    other = made.insurer
    with pytest.raises(UnknownScenario):
        get_scenario(row.pk, reader_id=other.user.pk)
    assert list_scenarios([made.region.pk], reader_id=other.user.pk) == []
    with pytest.raises(UnknownScenario):
        copy_scenario(actor=other.actor, scenario_id=row.pk, at=AT)
    share_scenario(actor=made.analyst.actor, scenario_id=row.pk, is_shared=True, at=AT)
    assert get_scenario(row.pk, reader_id=other.user.pk) == row
    with pytest.raises(NotNow, match="Make a copy"):
        change_scenario(
            actor=other.actor,
            scenario_id=row.pk,
            given=ScenarioGiven(name="Van mij"),
            at=AT,
        )
    with pytest.raises(NotNow):
        delete_scenario(actor=other.actor, scenario_id=row.pk)
    copied = copy_scenario(actor=other.actor, scenario_id=row.pk, at=AT)
    assert copied.overrides == row.overrides
    assert (copied.owner_id, copied.is_shared) == (other.user.pk, False)


def test_the_maker_who_lost_the_role_changes_nothing() -> None:
    made = make_region()
    row = make_own(made)
    gone = Actor(user_id=made.analyst.user.pk, grants=(Grant(Role.RESIDENT),))
    for act in (
        lambda: share_scenario(actor=gone, scenario_id=row.pk, is_shared=True, at=AT),
        lambda: delete_scenario(actor=gone, scenario_id=row.pk),
        lambda: copy_scenario(actor=gone, scenario_id=row.pk, at=AT),
    ):
        with pytest.raises(NotPermitted):
            act()


@pytest.mark.parametrize("role", list(Role))
def test_only_some_roles_make_scenarios_and_only_in_their_region(role: Role) -> None:
    made = make_region()
    person = made.analyst.user

    def act(region_id: int) -> Scenario:
        actor = Actor(
            user_id=person.pk, grants=(Grant(role, region_id=made.region.pk),)
        )
        return make_scenario(
            actor=actor, region_id=region_id, given=ScenarioGiven(name="Iets"), at=AT
        )

    if role in (Role.ANALYST, Role.COORDINATOR, Role.INSURER):
        assert act(made.region.pk).pk
    else:
        with pytest.raises(NotPermitted):
            act(made.region.pk)
    with pytest.raises(NotPermitted):
        act(made.zorgkantoor.pk)


def test_the_reference_of_a_region_is_made_once_and_changed_by_nobody() -> None:
    made = make_region()
    base = ensure_base_scenario(region_id=made.region.pk, at=AT)
    assert ensure_base_scenario(region_id=made.region.pk, at=AT) == base
    assert base.is_shared
    with pytest.raises(NotNow):
        delete_scenario(actor=made.analyst.actor, scenario_id=base.pk)


@pytest.mark.django_db(transaction=True)
def test_two_who_make_the_reference_at_once_make_one() -> None:
    region_id = make_region().region.pk
    made = at_once(
        *[lambda: ensure_base_scenario(region_id=region_id, at=AT) for _ in range(4)]
    )
    assert len({row.pk for row in made}) == 1
    assert Scenario.objects.count() == 1


def test_every_parameter_and_shipped_scenario_has_words() -> None:
    for key, title, _words in list_shipped():
        assert say_shipped(key, "engine")[0] not in ("engine", key), title
        for each in list_parameters(key):
            assert say_parameter(each.name) != each.name, each.name
            assert "share" not in say_range(each.low, each.high, each.unit)
