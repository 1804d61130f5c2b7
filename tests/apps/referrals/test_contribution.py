"""A provider sees itself against the region; providers never see each other by name."""

import csv
import re
from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.accounts import MembershipFactory
from tests.factories.answers import Providers, answer, make_providers, take
from tests.factories.referrals import AT, make_person
from wijkspil.accounts.types import Role
from wijkspil.core.periods import Period
from wijkspil.referrals.selectors.contribution import (
    LEAST_TO_COMPARE,
    LEAST_TO_SPREAD,
    list_contributions,
    make_spread,
    relative_loads,
)

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en"}
PAGE, FILE = "/eerlijk-aandeel/", "/eerlijk-aandeel/bestand"
#: What each of six providers answered: yes, no, silent, against, minutes, clients.
FIGURES = [
    (8, 2, 0, 1, 30, 6),
    (5, 5, 1, 0, 45, 7),
    (9, 1, 2, 1, 10, 8),
    (3, 7, 0, 6, 90, 5),
    (6, 6, 3, 2, 200, 9),
    (7, 3, 1, 0, 60, 10),
]


def fill(providers: Providers, figures: Sequence[tuple[int, ...]]) -> None:
    for n, (yes, no, silent, against, minutes, clients) in enumerate(figures):
        answer(
            providers,
            n,
            yes=yes,
            no=no,
            silent=silent,
            against=against,
            minutes=minutes,
        )
        take(providers, n, clients, complexity=1 + clients / 10)


def everything_shown(providers: Providers, n: int) -> str:
    """Return page, file and interface of the n-th provider, without moments."""
    browser = providers.manager(n).browser()
    page = browser.get(PAGE, headers=ENGLISH).content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    lines = b"".join(browser.get(FILE, headers=ENGLISH)).decode()
    answered = browser.get(f"/api/v1/regions/{providers.region.pk}/contribution")
    assert answered.status_code == 200
    told = answered.json()
    for name in ("countedAt", "period", "regionId"):
        told.pop(name)
    file = [row[:8] for row in csv.reader(lines.splitlines(), delimiter=";")]
    words = re.sub(r"<time[^>]*>.*?</time>", "", main) + str(file) + str(told)
    return re.sub(r"(regio|aanbieder)=\d+", "", words)


# --- counting


def test_answers_and_clients_are_counted_per_provider() -> None:
    providers = make_providers(2)
    answer(providers, 0, yes=6, no=3, silent=1, against=2, minutes=40)
    take(providers, 0, 6, complexity=1.5)
    [first, second] = list_contributions(
        providers.region.pk, Period(AT - timedelta(weeks=13), AT)
    )
    assert (first.asked, first.accepted, first.declined, first.expired) == (10, 6, 3, 1)
    assert first.accepted_share == pytest.approx(0.6)
    assert first.against_share == pytest.approx(0.2)
    assert first.minutes == 40
    assert first.reasons == {"no-room": 3}
    assert (first.clients, first.free_places, first.load) == (6, 4, 9.0)
    assert first.load_per_place == pytest.approx(0.9)
    assert first.complexity == pytest.approx(1.5)
    assert (second.asked, second.accepted_share, second.minutes) == (0, None, None)


def test_the_period_is_half_open_and_questions_elsewhere_do_not_count() -> None:
    providers = make_providers(1)
    answer(providers, 0, yes=5)  # asked two days before AT
    offered = AT - timedelta(days=2)
    before = Period(offered - timedelta(weeks=1), offered)
    since = Period(offered, AT)
    assert list_contributions(providers.region.pk, before)[0].asked == 0
    assert list_contributions(providers.region.pk, since)[0].asked == 5
    assert list_contributions(make_providers(1).region.pk, since)[0].asked == 0


def test_too_few_answers_give_no_share() -> None:
    providers = make_providers(1)
    answer(providers, 0, yes=4)
    take(providers, 0, 4)
    [one] = list_contributions(providers.region.pk, Period(AT - timedelta(weeks=1), AT))
    assert one.accepted == 4
    assert [one.accepted_share, one.minutes, one.complexity, one.load_per_place] == [
        None
    ] * 4


def test_who_carries_twice_the_work_per_place_has_twice_the_share() -> None:
    providers = make_providers(2)
    take(providers, 0, 4)
    take(providers, 1, 4, complexity=2.0)
    found = relative_loads(
        list_contributions(providers.region.pk, Period(AT - timedelta(weeks=1), AT))
    )
    low, high = sorted(found.values())
    assert high == pytest.approx(2 * low)
    assert (low + high) / 2 == pytest.approx(1)  # equal places


# --- what a provider may see of the others


@given(st.floats(0, 1), st.lists(st.floats(0, 1), max_size=12))
def test_few_providers_are_not_told_apart(own: float, others: list[float]) -> None:
    spread = make_spread(own, others)
    n = len(others) + 1
    if n < LEAST_TO_COMPARE:
        assert (spread.median, spread.quartiles, spread.others) == (None, None, ())
    elif n < LEAST_TO_SPREAD:
        assert spread.median is not None
        assert (spread.quartiles, spread.others) == (None, ())
    else:
        assert list(spread.others) == sorted(spread.others)
        assert len(spread.others) == len(others)
    assert spread == make_spread(own, others[::-1])


def test_a_provider_sees_no_other_by_name_in_page_file_or_interface() -> None:
    providers = make_providers(6, at=timezone.now())
    fill(providers, FIGURES)
    shown = everything_shown(providers, 0)
    assert "middle one" in shown  # there is something to see
    for team in providers.teams[1:]:
        assert team.organization.name not in shown
        assert team.name not in shown
        assert team.organization.agb_code not in shown


def test_the_order_of_others_tells_nothing() -> None:
    shown = []
    for others in (FIGURES[1:], FIGURES[:0:-1]):
        providers = make_providers(6, at=timezone.now())
        fill(providers, [FIGURES[0], *others])
        shown.append(everything_shown(providers, 0))
    assert shown[0] == shown[1]


def test_of_two_providers_one_sees_the_same_whatever_the_other_did() -> None:
    shown = []
    for other in (FIGURES[3], (1, 0, 0, 0, 1, 0), (20, 0, 0, 0, 5, 30)):
        providers = make_providers(2, at=timezone.now())
        fill(providers, [FIGURES[0], other])
        shown.append(everything_shown(providers, 0))
    assert shown[0] == shown[1] == shown[2]


def test_a_region_of_two_tells_a_provider_no_counts_to_subtract_from() -> None:
    shown = []
    for other in (FIGURES[3], (20, 30, 0, 0, 5, 30)):
        providers = make_providers(2, at=timezone.now())
        fill(providers, [FIGURES[0], other])
        browser = providers.manager(0).browser()
        report = browser.get("/regiocijfers/", headers=ENGLISH).context["report"]
        shown.append((report.charts[1].bars, report.loads.bars, report.extremes))
    assert shown[0] == shown[1] == ([], [], "")


def test_who_may_compare_sees_all_by_name() -> None:
    providers = make_providers(6, at=timezone.now())
    fill(providers, FIGURES)
    for role in (Role.COORDINATOR, Role.INSURER, Role.AUDITOR):
        browser = providers.person(role).browser()
        page = browser.get(PAGE, headers=ENGLISH).content.decode()
        lines = b"".join(browser.get(FILE)).decode()
        told = browser.get(
            f"/api/v1/regions/{providers.region.pk}/contribution"
        ).content.decode()
        for team in providers.teams:
            for shown in (page, lines, told):
                assert team.organization.name in shown


@pytest.mark.parametrize("path", [PAGE, FILE])
def test_who_has_no_part_in_it_is_refused(path: str) -> None:
    providers = make_providers(1, at=timezone.now())
    for role in (
        Role.REFERRER,
        Role.ADMINISTRATOR,
        Role.TRIAGE,
        Role.DIRECTORY_EDITOR,
        Role.PRIVACY_OFFICER,
        Role.NURSE_REPRESENTATIVE,
    ):
        answered = providers.person(role).browser().get(path)
        assert answered.status_code == 403


def test_a_provider_cannot_ask_for_another_or_for_another_region() -> None:
    providers, elsewhere = (make_providers(2, at=timezone.now()) for _n in range(2))
    browser = providers.manager(0).browser()
    other = providers.teams[1].organization_id
    region = elsewhere.region.pk
    for path in (PAGE, FILE):
        assert browser.get(f"{path}?aanbieder={other}").status_code == 403
        assert browser.get(f"{path}?regio={region}").status_code == 403
    api = "/api/v1/regions"
    mine = f"{api}/{providers.region.pk}/contribution"
    assert browser.get(f"{mine}?organization={other}").status_code == 403
    assert browser.get(f"{api}/{region}/contribution").status_code == 403


def test_a_coordinator_elsewhere_who_belongs_to_a_provider_sees_no_names_here() -> None:
    providers, elsewhere = (make_providers(6, at=timezone.now()) for _n in range(2))
    fill(providers, FIGURES)
    both = providers.manager(0)
    MembershipFactory(user=both.user, role=Role.COORDINATOR, region=elsewhere.region)
    page = both.browser().get(f"{PAGE}?regio={providers.region.pk}").content.decode()
    assert providers.teams[1].organization.name not in page


def test_a_team_member_sees_the_share_of_its_own_organization() -> None:
    providers = make_providers(1, at=timezone.now())
    team = providers.teams[0]
    nurse = make_person(
        Role.TEAM_MEMBER,
        name="N. Urse",
        at=providers.at,
        service=team,
        organization=team.organization,
    )
    page = nurse.browser().get(PAGE, headers=ENGLISH)
    assert page.status_code == 200
    assert page.context["own"].organization_id == team.organization_id


def test_a_provider_that_was_asked_nothing_reads_that_too_little_is_known() -> None:
    providers = make_providers(1, at=timezone.now())
    page = providers.manager(0).browser().get(PAGE, headers=ENGLISH).content.decode()
    assert "Too few answers to say something." in page
    assert "Nothing repeats" in page


@pytest.mark.parametrize("weeks", ["0", "x", "99999999999999999999", "52"])
def test_another_period_than_offered_becomes_the_usual_one(weeks: str) -> None:
    providers = make_providers(1, at=timezone.now())
    page = providers.manager(0).browser().get(f"{PAGE}?weken={weeks}")
    assert page.context["asked"].weeks == 13


def test_a_name_that_is_a_formula_stays_a_text_in_the_file() -> None:
    providers = make_providers(1, at=timezone.now())
    organization = providers.teams[0].organization
    organization.name = "=1+1"
    organization.save()
    lines = b"".join(providers.person(Role.INSURER).browser().get(FILE)).decode()
    assert "'=1+1" in lines


def test_the_page_costs_the_same_queries_however_many_providers(
    django_assert_max_num_queries,
) -> None:
    providers = make_providers(8, at=timezone.now())
    fill(providers, FIGURES)
    coordinator = providers.person(Role.COORDINATOR).browser()
    with django_assert_max_num_queries(16):
        coordinator.get(PAGE)
    manager = providers.manager(0).browser()
    with django_assert_max_num_queries(18):
        manager.get(PAGE)
