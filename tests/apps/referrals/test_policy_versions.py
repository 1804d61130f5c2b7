"""A region's agreements change by draft, proposal and the word of both parties."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.apps.directory.at_once import at_once
from tests.factories.directory import AreaFactory
from tests.factories.referrals import (
    AT,
    Person,
    PolicyVersionFactory,
    ReferralsWijk,
    agree,
    make_person,
    make_wijk,
)
from wijkspil.accounts.types import Role
from wijkspil.core.errors import NotPermitted
from wijkspil.directory.models import Coverage
from wijkspil.referrals.errors import InvalidRequest, NotNow
from wijkspil.referrals.models import PolicyApproval, PolicyVersion
from wijkspil.referrals.selectors.policy import Agreed, get_agreed
from wijkspil.referrals.selectors.policy_history import list_versions
from wijkspil.referrals.services.policy import (
    approve,
    propose,
    save_draft,
    withdraw_policy,
)
from wijkspil.referrals.types import PolicyStatus
from wijkspil.referrals.wording_agreements import list_differences

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en"}
CHANGE = "/regietafel/afspraken/wijzigen"
WHY = "Teams hebben te weinig tijd."


@dataclass(frozen=True)
class Table:
    """A wijk with everybody who decides on the agreements of its region."""

    wijk: ReferralsWijk
    nurses: Person
    referrers: Person

    @property
    def region_id(self) -> int:
        return self.wijk.region.pk

    def agreed(self, **terms: Any) -> Agreed:
        return replace(
            Agreed(
                region_id=self.region_id,
                reach_name="Meldpunt",
                reach_phone="070 123 4567",
            ),
            **terms,
        )

    def draft(self, *, at: datetime = AT, why: str = WHY, **terms: Any) -> int:
        row = save_draft(
            actor=self.wijk.coordinator.actor,
            region_id=self.region_id,
            agreed=self.agreed(**terms),
            why=why,
            at=at,
        )
        return row.pk

    def propose(
        self, policy_id: int, *, start: datetime | None = None, at: datetime = AT
    ) -> None:
        propose(
            actor=self.wijk.coordinator.actor,
            policy_id=policy_id,
            effective_from=start,
            at=at,
        )

    def say(
        self,
        who: Person,
        policy_id: int,
        *,
        agrees: bool = True,
        remark: str = "",
        at: datetime = AT,
    ) -> PolicyVersion:
        return approve(
            actor=who.actor, policy_id=policy_id, agrees=agrees, remark=remark, at=at
        )

    def agree(self, policy_id: int, *, at: datetime = AT) -> PolicyVersion:
        self.say(self.nurses, policy_id, at=at)
        return self.say(self.referrers, policy_id, at=at)


def make_table(at: datetime = AT) -> Table:
    wijk = make_wijk(at=at, teams=2)
    return Table(
        wijk,
        make_person(
            Role.NURSE_REPRESENTATIVE, name="V. Woord", at=at, region=wijk.region
        ),
        make_person(
            Role.REFERRER_REPRESENTATIVE, name="V. Wijzer", at=at, region=wijk.region
        ),
    )


@pytest.fixture
def table() -> Table:
    return make_table()


@pytest.fixture
def today() -> Table:
    return make_table(timezone.now())


# --- what no region can agree on

BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("answer_minutes_today", {"answer_minutes": {"today": 61}}, "at most 60"),
    ("answer_minutes_planned", {"answer_minutes": {"planned": 4321}}, "at most 4320"),
    (
        "coordinator_minutes_today",
        {"coordinator_minutes": {"today": 121}},
        "at most 120",
    ),
    ("teams_at_once_days", {"teams_at_once": {"days": 11}}, "from 1 to 10"),
    ("teams_at_once_days", {"teams_at_once": {"days": 0}}, "from 1 to 10"),
    ("min_residents", {"min_residents": 9}, "point at a person"),
    ("retention_days", {"retention_days": 29}, "from 30 to"),
    ("room_kept_days", {"room_kept_days": 43}, "from 0 to 42"),
    ("answer_hours", {"answer_hours": "never"}, "Choose when"),
    ("day_from", {"day_from": "early"}, "Write a time"),
    ("day_until", {"day_from": "10:30"}, "begins at 10:00 at the latest"),
    ("day_until", {"day_until": "15:59"}, "lasts 8 hours"),
    ("reach_name", {"reach_name": " "}, "day and night"),
    ("reach_phone", {"reach_phone": "bel maar"}, "not a phone number"),
    ("fallback_user_id", {"fallback_user_id": 2**31 - 1}, "a coordinator of"),
    (
        "weight_travel",
        {"ranking": {"weights": {"travel": 0}}},
        "Give one of these a weight",
    ),
]


@pytest.mark.parametrize(("field", "terms", "words"), BROKEN)
def test_a_national_rule_is_refused_with_its_own_words(
    table: Table, field: str, terms: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        table.draft(**terms)
    assert list(refused.value.fields) == [field]
    assert words in " ".join(refused.value.fields[field])
    assert not PolicyVersion.objects.exists()


def test_all_that_is_wrong_is_said_at_once(table: Table) -> None:
    with pytest.raises(InvalidRequest) as refused:
        table.draft(
            answer_minutes={"today": 61},
            min_residents=1,
            ranking={"weights": {"travel": 0}},
        )
    assert set(refused.value.fields) == {
        "answer_minutes_today",
        "min_residents",
        "weight_travel",
    }


def test_a_wijk_without_a_team_stops_the_draft(table: Table) -> None:
    Coverage.objects.all().delete()
    with pytest.raises(InvalidRequest, match="no wijk is left out") as refused:
        table.draft()
    assert list(refused.value.fields) == ["wijken"]


def test_a_region_without_a_coordinator_stops_the_draft(table: Table) -> None:
    admin = make_person(Role.ADMINISTRATOR, name="B. Heer")
    table.wijk.coordinator.user.memberships.all().delete()
    with pytest.raises(InvalidRequest, match="without an owner"):
        save_draft(
            actor=admin.actor,
            region_id=table.region_id,
            agreed=table.agreed(),
            why="",
            at=AT,
        )


def test_without_a_representative_nothing_is_proposed(table: Table) -> None:
    policy_id = table.draft()
    table.referrers.user.memberships.all().delete()
    with pytest.raises(InvalidRequest, match="Nobody speaks for the referrers") as no:
        table.propose(policy_id)
    assert list(no.value.fields) == ["parties"]


def test_a_proposal_says_why_and_what_differs(table: Table) -> None:
    agree(table.wijk, reach_name="Meldpunt", reach_phone="070 123 4567")
    with pytest.raises(InvalidRequest) as refused:
        table.propose(table.draft(why=""))
    assert set(refused.value.fields) == {"why", "terms"}


# --- in force at a moment


def test_a_version_holds_from_its_start_until_the_next(table: Table) -> None:
    first = table.draft(answer_minutes={"today": 50})
    table.propose(first)
    table.agree(first)
    later = AT + timedelta(days=10)
    second = table.draft(answer_minutes={"today": 60})
    table.propose(second, start=later)
    table.agree(second, at=AT + timedelta(days=1))

    def minutes(at: datetime) -> float:
        agreed = get_agreed(table.region_id, at=at)
        return agreed.time_to_answer("today") / timedelta(minutes=1)

    assert minutes(AT - timedelta(seconds=1)) == 45
    assert minutes(AT) == 50
    assert minutes(later - timedelta(seconds=1)) == 50
    assert minutes(later) == 60
    new, old = list_versions(table.region_id)
    assert (old.effective_until, new.effective_until) == (later, None)
    assert new.starts_after(AT)
    assert [v.number for v in (new, old) if v.holds_at(AT)] == [1]
    assert [v.number for v in (new, old) if v.holds_at(later)] == [2]


def test_approval_after_the_start_that_was_proposed_starts_at_once(
    table: Table,
) -> None:
    policy_id = table.draft()
    table.propose(policy_id, start=AT + timedelta(hours=1))
    late = AT + timedelta(days=3)
    assert table.agree(policy_id, at=late).effective_from == late


def test_one_that_starts_before_an_approved_one_is_refused(table: Table) -> None:
    first = table.draft(answer_minutes={"today": 50})
    table.propose(first, start=AT + timedelta(days=10))
    table.agree(first)
    second = table.draft(answer_minutes={"today": 60})
    for start in (None, AT + timedelta(days=9)):
        with pytest.raises(InvalidRequest, match="Give a moment after that"):
            table.propose(second, start=start)
    table.propose(second, start=AT + timedelta(days=11))


def test_differences_are_said_term_by_term(table: Table) -> None:
    table.draft(answer_minutes={"today": 60}, own_team_first=True)
    [version] = list_versions(table.region_id)
    lines = {
        (one.label, one.before, one.after)
        for one in list_differences(version.base, version.agreed, names={})
    }
    assert ("time to answer, at “Today”", "45", "60 minutes") in lines
    assert len(lines) == 3  # and whom referrers reach


def test_what_is_as_nationally_is_no_difference(table: Table) -> None:
    before, after = Agreed(), Agreed(answer_minutes={"today": 45})
    assert list_differences(before, after, names={}) == []


# --- who may do what


def test_only_the_coordinator_drafts_and_only_parties_approve(table: Table) -> None:
    wijk = table.wijk
    others = [wijk.referrer, wijk.nurses[0], wijk.managers[0], table.nurses]
    for person in others:
        with pytest.raises(NotPermitted):
            save_draft(
                actor=person.actor,
                region_id=table.region_id,
                agreed=table.agreed(),
                why=WHY,
                at=AT,
            )
    policy_id = table.draft()
    for person in others:
        with pytest.raises(NotPermitted):
            propose(actor=person.actor, policy_id=policy_id, effective_from=None, at=AT)
        with pytest.raises(NotPermitted):
            withdraw_policy(actor=person.actor, policy_id=policy_id, at=AT)
    table.propose(policy_id)
    for person in (wijk.coordinator, wijk.referrer, wijk.nurses[0]):
        with pytest.raises(NotPermitted):
            table.say(person, policy_id)
    elsewhere = make_person(
        Role.NURSE_REPRESENTATIVE, name="E. Lders", region=AreaFactory(region=True)
    )
    with pytest.raises(NotPermitted):
        table.say(elsewhere, policy_id)


def test_one_yes_changes_nothing_and_pressing_twice_is_one_word(table: Table) -> None:
    policy_id = table.draft(answer_minutes={"today": 60})
    table.propose(policy_id)
    for _press in range(2):
        row = table.say(table.nurses, policy_id)
    assert row.status == PolicyStatus.PROPOSED
    assert get_agreed(table.region_id, at=AT).version == 0
    for _press in range(2):
        row = table.say(table.referrers, policy_id)
    assert row.status == PolicyStatus.APPROVED
    assert PolicyApproval.objects.count() == 2


def test_changing_a_proposal_takes_back_what_was_said_to_it(table: Table) -> None:
    policy_id = table.draft()
    table.propose(policy_id)
    table.say(table.nurses, policy_id)
    assert table.draft() == policy_id  # the same again changes nothing
    assert PolicyApproval.objects.count() == 1
    assert table.draft(retention_days=100) == policy_id
    assert not PolicyApproval.objects.exists()
    assert PolicyVersion.objects.get().status == PolicyStatus.DRAFT


def test_a_no_needs_a_remark_and_ends_it(table: Table) -> None:
    policy_id = table.draft()
    table.propose(policy_id)
    with pytest.raises(InvalidRequest):
        table.say(table.referrers, policy_id, agrees=False)
    row = table.say(table.referrers, policy_id, agrees=False, remark="Te kort.")
    assert row.status == PolicyStatus.REFUSED
    with pytest.raises(NotNow):
        table.say(table.nurses, policy_id)


@pytest.mark.django_db(transaction=True)
def test_both_parties_at_once_give_one_approval() -> None:
    table = make_table()
    for number in range(3):
        policy_id = table.draft(retention_days=100 + number)
        table.propose(policy_id)
        done = at_once(
            *(
                partial(table.say, person, policy_id)
                for person in (table.nurses, table.referrers) * 2
            ),
        )
        assert not [one for one in done if isinstance(one, Exception)], done
        assert PolicyApproval.objects.filter(policy_id=policy_id).count() == 2
        assert get_agreed(table.region_id, at=AT).version == number + 1


@pytest.mark.django_db(transaction=True)
def test_two_of_one_party_at_once_give_one_word() -> None:
    table = make_table()
    second = make_person(
        Role.NURSE_REPRESENTATIVE, name="T. Weede", region=table.wijk.region
    )
    policy_id = table.draft()
    table.propose(policy_id)
    done = at_once(
        lambda: table.say(table.nurses, policy_id),
        lambda: table.say(second, policy_id, agrees=False, remark="Nee."),
    )
    refused = [one for one in done if isinstance(one, NotNow)]
    assert len(refused) == 1
    assert PolicyApproval.objects.count() == 1


# --- on the pages


def filled_in(browser: Client, **changes: object) -> dict[str, object]:
    """Return the form as a browser would send it back, with changes."""
    form = browser.get(CHANGE).context["form"]
    values: dict[str, object] = {}
    for bound in form:
        value = bound.value()
        if value in (None, False, []):
            continue
        values[bound.name] = (
            value.strftime("%H:%M") if hasattr(value, "strftime") else value
        )
    values |= {
        "reach_name": "Meldpunt",
        "reach_phone": "070 123 4567",
        "why": WHY,
    }
    return values | changes


def test_a_draft_is_made_proposed_and_approved_on_the_pages(today: Table) -> None:
    desk = today.wijk.coordinator.browser()
    sent = filled_in(desk, answer_minutes_today="60", own_team_first="on")
    answer = desk.post(CHANGE, sent)
    [row] = PolicyVersion.objects.all()
    page = f"/regietafel/afspraken/versies/{row.pk}/"
    assert (answer.status_code, answer["Location"]) == (302, page)
    assert row.terms == {
        "answer_minutes": {"today": 60},
        "own_team_first": True,
        "reach_name": "Meldpunt",
        "reach_phone": "070 123 4567",
    }
    assert "45</span>" in desk.get(page, headers=ENGLISH).content.decode()
    for _press in range(2):
        assert desk.post(f"{page}voorstellen", {}).status_code == 302
    for person in (today.nurses, today.referrers):
        browser = person.browser()
        assert "Give your word" in browser.get(page, headers=ENGLISH).content.decode()
        for _press in range(2):
            said = browser.post(f"{page}oordeel", {"agrees": "yes", "remark": ""})
            assert said.status_code == 302
        assert "Give your word" not in browser.get(page).content.decode()
    agreed = get_agreed(today.region_id, at=timezone.now())
    assert (agreed.version, agreed.own_team_first) == (1, True)
    text = desk.get("/regietafel/afspraken/", headers=ENGLISH).content.decode()
    assert "Nurses agreed (V. Woord)" in text
    assert "time to answer, at “Today”: 45 → 60 minutes" in text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("weight_travel", "11"),
        ("weight_travel", "nan"),
        ("travel_km", "0"),
        ("teams_at_once_today", "0"),
        ("teams_at_once_today", "11"),
        ("min_residents", ""),
        ("min_residents", "5"),
        ("answer_minutes_today", "61"),
        ("coordinator_minutes_week", "2881"),
        ("retention_days", "1"),
        ("day_from", "25:00"),
        ("day_until", "12:00"),
        ("reach_phone", "x"),
        ("reach_name", ""),
        ("unknown_room", "guess"),
        ("order_1", "height"),
        ("fallback_user_id", "1"),
    ],
)
def test_a_wrong_value_is_refused_beside_its_field_and_the_rest_is_kept(
    today: Table, field: str, value: str
) -> None:
    desk = today.wijk.coordinator.browser()
    sent = filled_in(desk, why="Dit blijft staan.", **{field: value})
    answer = desk.post(CHANGE, sent)
    assert answer.status_code == 422
    assert field in answer.context["form"].errors
    assert "Dit blijft staan." in answer.content.decode()
    assert not PolicyVersion.objects.exists()


def test_a_wijk_left_out_is_said_above_the_form(today: Table) -> None:
    desk = today.wijk.coordinator.browser()
    sent = filled_in(desk)
    Coverage.objects.all().delete()
    answer = desk.post(CHANGE, sent, headers=ENGLISH)
    assert answer.status_code == 422
    assert "no wijk is left out" in answer.content.decode()


def test_a_refusal_comes_back_as_a_draft_with_its_remark(today: Table) -> None:
    now = timezone.now()
    policy_id = today.draft(answer_minutes={"today": 60}, at=now)
    today.propose(policy_id, at=now)
    browser = today.nurses.browser()
    page = f"/regietafel/afspraken/versies/{policy_id}/"
    empty = browser.post(f"{page}oordeel", {"agrees": "no", "remark": ""})
    assert empty.status_code == 422
    assert "remark" in empty.context["judgement"].errors
    browser.post(f"{page}oordeel", {"agrees": "no", "remark": "Vrijdag is te kort."})
    desk = today.wijk.coordinator.browser()
    overview = desk.get("/regietafel/afspraken/").content.decode()
    assert "Vrijdag is te kort." in overview
    form = desk.get(CHANGE).context["form"]
    assert form.initial["answer_minutes_today"] == 60
    assert form.initial["why"] == WHY
    desk.post(CHANGE, filled_in(desk, answer_minutes_today="50"))
    assert [v.number for v in list_versions(today.region_id)] == [2, 1]


def test_values_the_form_does_not_ask_stay(today: Table) -> None:
    tiers = [0, 0, 0.1, 0.2, 1]
    PolicyVersionFactory(
        region=today.wijk.region, number=1, terms={"ranking": {"tier_values": tiers}}
    )
    desk = today.wijk.coordinator.browser()
    desk.post(CHANGE, filled_in(desk, answer_minutes_today="60"))
    row = PolicyVersion.objects.get(number=2)
    assert row.terms["ranking"] == {"tier_values": tiers}


def test_who_may_not_act_reads_and_is_refused(today: Table) -> None:
    policy_id = today.draft(at=timezone.now())
    page = f"/regietafel/afspraken/versies/{policy_id}/"
    nurse = today.wijk.nurses[0].browser()
    assert nurse.get(page).status_code == 200
    for act in ("proef", "voorstellen", "oordeel", "intrekken"):
        answer = nurse.post(f"{page}{act}", {"agrees": "yes"})
        assert answer.status_code == 403, act
    assert Client().get(page).status_code == 302
    assert nurse.get("/regietafel/afspraken/versies/0/").status_code == 404


def test_a_version_is_taken_back_after_asking(today: Table) -> None:
    policy_id = today.draft(at=timezone.now())
    desk = today.wijk.coordinator.browser()
    page = f"/regietafel/afspraken/versies/{policy_id}/intrekken"
    assert desk.get(page).status_code == 200
    for _press in range(2):
        assert desk.post(page).status_code == 302
    assert PolicyVersion.objects.get().status == PolicyStatus.WITHDRAWN
