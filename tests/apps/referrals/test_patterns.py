"""What repeats shows on the region's screen, and to the provider itself first."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.answers import answer, make_providers
from tests.factories.referrals import AT
from wijkspil.accounts.types import Role
from wijkspil.core.periods import Period
from wijkspil.referrals.models import RequestEvent
from wijkspil.referrals.selectors.contribution import (
    AGAINST_OWN_ROOM,
    GIVEN_BACK,
    LATE_FIRST_VISIT,
    SILENCE,
    Rule,
    Tally,
    count_tallies,
    find_patterns,
    list_own_patterns,
    list_patterns,
)

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en"}
NAMES = {1: "One", 2: "Two", 3: "Three"}
RULE = Rule(SILENCE)


def found_in(tallies: dict[int, Tally], rule: Rule = RULE) -> list[int]:
    return [p.organization_id for p in find_patterns(rule, tallies, NAMES)]


def test_three_times_and_more_than_twice_the_others_is_a_pattern() -> None:
    assert found_in({1: Tally(3, 10), 2: Tally(1, 10), 3: Tally(1, 10)}) == [1]


def test_twice_is_no_pattern_and_neither_is_exactly_double() -> None:
    assert found_in({1: Tally(2, 2), 2: Tally(0, 10)}) == []
    assert found_in({1: Tally(4, 10), 2: Tally(2, 10)}) == []


def test_what_everybody_does_is_no_pattern() -> None:
    assert found_in({1: Tally(9, 10), 2: Tally(8, 10), 3: Tally(9, 10)}) == []


def test_a_large_provider_is_compared_with_the_others_not_with_itself() -> None:
    assert found_in({1: Tally(300, 1000), 2: Tally(1, 10)}) == [1]


def test_without_others_there_is_nothing_to_compare() -> None:
    assert found_in({1: Tally(10, 10)}) == []
    assert found_in({1: Tally(10, 10), 2: Tally(0, 0)}) == []


def test_a_provider_that_is_no_longer_in_the_region_is_left_out() -> None:
    assert found_in({9: Tally(10, 10), 2: Tally(0, 10)}) == []


@given(st.dictionaries(st.sampled_from([1, 2, 3]), st.integers(0, 20), min_size=1))
def test_no_more_is_found_with_a_stricter_rule(times: dict[int, int]) -> None:
    tallies = {pk: Tally(n, 20) for pk, n in times.items()}
    strict = Rule(SILENCE, least=5, times=3.0)
    assert set(found_in(tallies, strict)) <= set(found_in(tallies))


def test_the_thresholds_are_data() -> None:
    providers = make_providers(2)
    answer(providers, 0, yes=8, silent=2)
    answer(providers, 1, yes=10)
    assert list_patterns(providers.region.pk, at=AT) == []
    [one] = list_patterns(providers.region.pk, at=AT, rules=[Rule(SILENCE, least=2)])
    assert (one.rule.kind, one.own, one.others) == (SILENCE, Tally(2, 10), Tally(0, 10))


def test_each_kind_is_counted_from_what_happened() -> None:
    providers = make_providers(1)
    team = providers.teams[0]
    answer(providers, 0, yes=2, no=3, silent=1, against=2)
    on_time, late = providers.request(), providers.request()
    visit = on_time.first_visit_on
    evening = AT.replace(year=visit.year, month=visit.month, day=visit.day, hour=22)
    events = [
        (on_time, "care-started", evening, {}),  # 23.00 local: still that day
        (late, "care-started", evening + timedelta(hours=2), {}),  # the next day
        (late, "reopened", evening, {"reason": "team-stops"}),
        (on_time, "reopened", evening, {"reason": "changed-need"}),
    ]
    for request, kind, at, detail in events:
        RequestEvent.objects.create(
            request=request, kind=kind, at=at, service=team, detail=detail
        )
    found = count_tallies(
        providers.region.pk, Period(AT - timedelta(days=28), AT + timedelta(days=7))
    )
    pk = team.organization_id
    assert {kind: counts[pk] for kind, counts in found.items()} == {
        AGAINST_OWN_ROOM: Tally(2, 6),
        SILENCE: Tally(1, 6),
        GIVEN_BACK: Tally(1, 2),
        LATE_FIRST_VISIT: Tally(1, 2),
    }


def test_what_is_older_than_the_rule_is_forgotten() -> None:
    providers = make_providers(2)
    answer(providers, 0, no=5, against=5, at=AT - timedelta(days=27))
    answer(providers, 1, yes=5)
    assert list_patterns(providers.region.pk, at=AT) == []


def test_the_region_reads_what_to_talk_about_without_blame() -> None:
    providers = make_providers(5, at=timezone.now())
    answer(providers, 0, yes=2, no=6, against=5)
    for n in range(1, 5):
        answer(providers, n, yes=8, no=2)
    page = (
        providers.person(Role.COORDINATOR)
        .browser()
        .get("/eerlijk-aandeel/", headers=ENGLISH)
    )
    [talk] = page.context["talks"]
    assert talk.name == providers.teams[0].organization.name
    assert "5 times in 28 days, of 8 (62 %)" in talk.fact
    assert talk.compared == "The other providers together: 0 %."
    assert talk.advice.startswith("Talk about it")


def test_a_provider_reads_its_own_pattern_with_how_to_mend_it() -> None:
    providers = make_providers(5, at=timezone.now())
    answer(providers, 0, yes=2, no=6, against=5)
    for n in range(1, 5):
        answer(providers, n, yes=8, no=2)
    pages = [
        providers.manager(n).browser().get("/eerlijk-aandeel/", headers=ENGLISH)
        for n in (0, 1)
    ]
    [talk] = pages[0].context["talks"]
    assert talk.advice.startswith("Set the room right")
    assert pages[1].context["talks"] == []


def test_among_few_providers_an_own_pattern_is_compared_with_nothing() -> None:
    for silent_other in (0, 30):
        providers = make_providers(2)
        answer(providers, 0, yes=5, silent=4)
        answer(providers, 1, yes=5, silent=silent_other)
        [one] = list_own_patterns(
            providers.region.pk, providers.teams[0].organization_id, at=AT
        )
        assert (one.own, one.others) == (Tally(4, 9), None)
