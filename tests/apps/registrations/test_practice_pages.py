"""The pages of a practice over HTTP: what is next, list, round, households, work."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.apps.directory.signing_in import browser_of
from tests.apps.registrations import test_lists
from tests.apps.registrations.test_lists import make_move
from tests.factories.directory import AreaFactory
from tests.factories.registrations import GpRegion, make_gp_region, make_wish, publish
from wijkspil.accounts.types import Role
from wijkspil.core.models import AuditEvent
from wijkspil.core.sealing import seal
from wijkspil.registrations.models import Move, PracticeList, Round, RoundPractice
from wijkspil.registrations.policies import first_allowed_day
from wijkspil.registrations.types import MoveStatus, RoundStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def now() -> datetime:
    return timezone.now()


@pytest.fixture
def region(now: datetime) -> GpRegion:
    return make_gp_region(at=now - timedelta(hours=1))


@pytest.fixture
def browser(region: GpRegion) -> Client:
    return sign_in(region, 0)


def sign_in(region: GpRegion, number: int) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(region.managers[number].user)
    return client


def page(name: str, *args: object) -> str:
    return reverse(f"registrations:{name}", args=args)


def text_of(response: Any) -> str:
    return " ".join(response.content.decode().split())


def make_round(of: GpRegion, **changes: Any) -> Round:
    """Make a round with time for everybody, counted from today."""
    on = first_allowed_day(timezone.localdate() + timedelta(days=45))
    return test_lists.make_round(of, **({"effective_on": on} | changes))


def name_members(move: Move, *names: str) -> None:
    for member, name in zip(move.wish.members.order_by("row"), names, strict=True):
        member.identity = seal(json.dumps({"name": name, "birth_date": "1980-05-24"}))
        member.save()


def executed(region: GpRegion, **changes: Any) -> Move:
    today = timezone.localdate()
    values: dict[str, Any] = {
        "status": MoveStatus.EXECUTED,
        "household_answer": "yes",
        "practice_answer": "yes",
        "work_on": today,
        "record_on": today + timedelta(days=8),
        "effective_on": date(2027, 2, 3),
        "closed_at": region.at,
    }
    return make_move(region, **(values | changes))


class TestHome:
    def test_a_new_practice_is_asked_for_its_list_first(self, browser: Client) -> None:
        text = text_of(browser.get(page("practice-home")))
        assert "Say whether your list is open" in text
        assert "has not said whether it takes new patients" in text

    def test_households_that_wait_come_before_anything_else(
        self, region: GpRegion, browser: Client
    ) -> None:
        publish(region.practices[0], at=region.at)
        make_round(region)
        make_move(region, to=0, people=2)
        text = text_of(browser.get(page("practice-home")))
        assert "1 household waits for your answer" in text
        assert "Together 2 people." in text
        assert "Ronde december" in text

    def test_then_the_work_of_today_then_a_round_to_join(
        self, region: GpRegion, browser: Client
    ) -> None:
        publish(region.practices[0], at=region.at)
        make_round(region)
        move = executed(region, to=0)
        assert "Work of today: 1 person" in text_of(browser.get(page("practice-home")))
        Move.objects.filter(pk=move.pk).update(worked_at=timezone.now())
        text = text_of(browser.get(page("practice-home")))
        assert "Does your practice join Ronde december?" in text

    def test_with_nothing_to_do_it_says_so(
        self, region: GpRegion, browser: Client
    ) -> None:
        publish(region.practices[0], at=region.at)
        assert "Nothing to do now" in text_of(browser.get(page("practice-home")))

    def test_a_list_of_long_ago_is_asked_about_and_one_press_renews_it(
        self, region: GpRegion, browser: Client, now: datetime
    ) -> None:
        publish(region.practices[0], at=now - timedelta(days=120))
        assert "Is this still true?" in text_of(browser.get(page("practice-home")))
        executed(region, to=0, people=2, worked_at=now)
        answer = browser.post(page("practice-still", region.practices[0].pk))
        assert answer.status_code == 302
        # Two people were registered since: nobody has to count them.
        told = list(PracticeList.objects.order_by("valid_from"))
        assert [row.people for row in told] == [2300, 2302]
        assert "Nothing to do now" in text_of(browser.get(page("practice-home")))

    def test_who_keeps_two_practices_sees_both(self, region: GpRegion) -> None:
        second = region.practices[1]
        second.organization = region.practices[0].organization
        second.save()
        text = text_of(sign_in(region, 0).get(page("practice-home")))
        assert "Huisartsen Nummer 1" in text
        assert "Huisartsen Nummer 2" in text


class TestList:
    GIVEN = {"status": "open", "places_per_month": "12", "people": "2310"}

    def test_a_list_is_published_and_read_in_public_words(
        self, region: GpRegion, browser: Client
    ) -> None:
        url = page("practice-list", region.practices[0].pk)
        answer = browser.post(url, self.GIVEN, follow=True)
        text = text_of(answer)
        assert "Published. Everybody sees it from now." in text
        assert "Takes new patients." in text
        assert "12 places left this month." in text

    def test_conditions_are_kept_and_the_form_is_filled_in_as_it_was(
        self, region: GpRegion, browser: Client
    ) -> None:
        url = page("practice-list", region.practices[0].pk)
        given = {
            "status": "limited",
            "reason": "full",
            "postcodes": "2512, 2513 ab",
            "most_minutes": "15",
            "most_3": "2",
            "load_per_month": "12.5",
            "work_per_day": "4",
            "people": "2000",
        }
        assert browser.post(url, given).status_code == 302
        row = PracticeList.objects.get()
        assert row.postcodes == ["2512", "2513AB"]
        assert row.most_of_band == {"85+": 2}
        assert (row.load_per_month, row.work_per_day) == (12_500, 4)
        executed(region, to=0, people=3, closed_at=timezone.now())
        form = browser.get(url).context["form"]
        assert form["postcodes"].value() == "2512, 2513AB"
        # Three people were registered since: nobody has to count them.
        assert form["people"].value() == 2003

    def test_what_is_wrong_is_said_beside_its_field_and_kept(
        self, region: GpRegion, browser: Client
    ) -> None:
        url = page("practice-list", region.practices[0].pk)
        answer = browser.post(url, {"status": "closed", "people": "2000"})
        assert answer.status_code == 422
        assert "Say why." in text_of(answer)
        assert answer.context["form"]["people"].value() == "2000"
        assert not PracticeList.objects.exists()

    def test_what_held_before_is_shown(self, region: GpRegion, browser: Client) -> None:
        url = page("practice-list", region.practices[0].pk)
        browser.post(url, {"status": "closed", "reason": "staff"})
        browser.post(url, self.GIVEN)
        text = text_of(browser.get(url))
        assert "Closed for now, too few staff" in text

    @pytest.mark.parametrize("role", [Role.REFERRER, Role.COORDINATOR])
    def test_other_roles_do_not_come_in(self, region: GpRegion, role: Role) -> None:
        organization = region.practices[0].organization
        client = browser_of(role, organization=organization)
        for url in (
            page("practice-home"),
            page("practice-list", region.practices[0].pk),
            page("proposals", region.practices[0].pk),
            page("work-list", region.practices[0].pk),
            page("work-export", region.practices[0].pk),
        ):
            assert client.get(url).status_code == 403, url

    def test_another_practice_does_not_come_in_and_a_visitor_signs_in(
        self, region: GpRegion
    ) -> None:
        move = make_move(region, to=0)
        round_ = make_round(region)
        pk = region.practices[0].pk
        urls = [
            page("practice-list", pk),
            page("practice-round", pk, round_.pk),
            page("proposals", pk),
            page("answer", move.pk),
            page("work-list", pk),
            page("work-export", pk),
        ]
        other = sign_in(region, 1)
        for url in urls:
            assert other.get(url).status_code in (403, 404), url
            assert Client().get(url).status_code in (302, 403), url
        for url in (
            page("practice-still", pk),
            page("practice-leave", pk, round_.pk),
            page("work-tick", pk),
            page("answer", move.pk),
        ):
            answer = other.post(url, {"answer": "yes", "move": str(move.pk)})
            assert answer.status_code in (403, 404), url
        move.refresh_from_db()
        assert move.practice_answer == ""


class TestRound:
    def test_the_promise_stands_in_the_numbers_of_the_practice(
        self, region: GpRegion, browser: Client
    ) -> None:
        publish(region.practices[0], at=region.at, status="closed", people=2300)
        make_wish(region, choices=[0], current=1, people=7)
        make_wish(region, choices=[1], current=0, people=2)
        row = make_round(region)
        url = page("practice-round", region.practices[0].pk, row.pk)
        text = text_of(browser.get(url))
        assert "Swapping costs you no place: your list does not grow." in text
        assert "2,300 people" in text
        assert "7 people" in text
        assert "fewer than 5 people" in text
        answer = browser.post(
            url, {"free_places": "3", "max_inflow": "20", "free_load": "6.5"}
        )
        assert answer.status_code == 302
        joined = RoundPractice.objects.get()
        assert (joined.free_places, joined.max_inflow) == (3, 20)
        assert joined.free_load == 6500
        text = text_of(browser.get(url))
        assert "your list grows by at most 3 people." in text
        assert "2,303 people" in text
        assert "(then at least 17 people leave)" in text
        browser.post(page("practice-leave", region.practices[0].pk, row.pk))
        assert not RoundPractice.objects.exists()

    def test_a_wrong_number_is_said_beside_its_field(
        self, region: GpRegion, browser: Client
    ) -> None:
        row = make_round(region)
        url = page("practice-round", region.practices[0].pk, row.pk)
        answer = browser.post(url, {"free_places": "-1"})
        assert answer.status_code == 422
        assert answer.context["form"].errors["free_places"]

    def test_after_publishing_the_exact_numbers_stand_there(
        self, region: GpRegion, browser: Client
    ) -> None:
        row = make_round(
            region,
            status=RoundStatus.PUBLISHED,
            answer_by=timezone.now() + timedelta(days=9),
            passes=1,
        )
        RoundPractice.objects.create(
            round=row,
            service=region.practices[0],
            people_before=2300,
            joined_by_name="P",
            joined_at=region.at,
        )
        make_move(region, to=0, origin=1, people=3, round=row)
        make_move(region, to=1, origin=0, people=4, round=row)
        url = page("practice-round", region.practices[0].pk, row.pk)
        answer = browser.get(url)
        assert answer.context["balance"]["change"] == "−1"
        assert "2,299 people" in text_of(answer)

    def test_a_round_of_elsewhere_is_not_there(
        self, region: GpRegion, browser: Client
    ) -> None:
        other = AreaFactory(region=True, purpose="gp-out-of-hours")
        row = make_round(region, region=other)
        url = page("practice-round", region.practices[0].pk, row.pk)
        assert browser.get(url).status_code == 404


class TestHouseholds:
    def test_several_are_answered_at_once(
        self, region: GpRegion, browser: Client
    ) -> None:
        row = make_round(region)
        moves = [make_move(region, to=0, round=row, people=n) for n in (1, 2, 3)]
        url = page("proposals", region.practices[0].pk)
        text = text_of(browser.get(url))
        assert "3 households wait for your answer" in text
        assert "Choose at least one" in text_of(browser.post(url, follow=True))
        chosen = {"move": [moves[0].pk, moves[2].pk, "nonsense"]}
        text = text_of(browser.post(url, chosen, follow=True))
        assert "You said yes to 2 households." in text
        answers = [one.practice_answer for one in Move.objects.order_by("pk")]
        assert answers == ["yes", "", "yes"]

    def test_a_household_is_shown_without_who_until_they_say_yes(
        self, region: GpRegion, browser: Client
    ) -> None:
        move = make_move(region, to=0, origin=1, people=2, round=make_round(region))
        name_members(move, "Anna Jansen", "Bram Jansen")
        url = page("answer", move.pk)
        text = text_of(browser.get(url))
        assert "Anna" not in text
        assert "2 people of 0–64 years" in text
        assert "Huisartsen Nummer 2" in text
        assert not AuditEvent.objects.filter(entity_type="household").exists()
        Move.objects.update(household_answer="yes")
        assert "Anna Jansen" in text_of(browser.get(url))
        event = AuditEvent.objects.get(entity_type="household")
        assert (event.purpose, event.entity_id) == ("page.move", move.wish.number)
        # The list of all households names nobody.
        listed = browser.get(page("proposals", region.practices[0].pk))
        assert "Anna" not in text_of(listed)

    def test_yes_to_who_registers_directly_puts_them_on_the_work_list(
        self, region: GpRegion, browser: Client
    ) -> None:
        move = make_move(region, to=0, household_answer="yes")
        answer = browser.post(page("answer", move.pk), {"answer": "yes"}, follow=True)
        assert "They have a place with you." in text_of(answer)
        move.refresh_from_db()
        assert move.status == MoveStatus.EXECUTED

    def test_no_takes_a_reason_that_is_never_health(
        self, region: GpRegion, browser: Client
    ) -> None:
        move = make_move(region, to=0, round=make_round(region))
        url = page("answer", move.pk)
        answer = browser.post(url, {"answer": "no"})
        assert answer.status_code == 422
        assert "Choose the reason: they read it." in text_of(answer)
        assert browser.post(url, {"answer": "no", "reason": "ill"}).status_code == 422
        # Nobody knows yet who they are.
        assert browser.post(url, {"answer": "no", "reason": "trust"}).status_code == 422
        answer = browser.post(url, {"answer": "no", "reason": "emergency"})
        assert answer.status_code == 302
        move.refresh_from_db()
        assert (move.status, move.practice_reason) == ("refused", "emergency")
        assert "You said no:" in text_of(browser.get(url))

    def test_a_proposal_that_is_over_says_so(
        self, region: GpRegion, browser: Client
    ) -> None:
        move = make_move(
            region,
            to=0,
            round=make_round(region),
            answer_by=timezone.now() - timedelta(minutes=1),
        )
        url = page("answer", move.pk)
        assert "The time to answer is over" in text_of(browser.get(url))
        answer = browser.post(url, {"answer": "yes"}, follow=True)
        assert "The time to answer is over." in text_of(answer)


class TestWork:
    def test_the_work_list_tells_who_what_where_and_when(
        self, region: GpRegion, browser: Client
    ) -> None:
        coming = executed(region, to=0, origin=1, people=2)
        going = executed(region, to=2, origin=0)
        name_members(coming, "Anna Jansen", "Bram Jansen")
        name_members(going, "Cor Smit")
        text = text_of(browser.get(page("work-list", region.practices[0].pk)))
        for said in ("Anna Jansen", "Bram Jansen", "Cor Smit", "24-05-1980"):
            assert said in text
        assert "from Huisartsen Nummer 2" in text
        assert "to Huisartsen Nummer 3" in text
        logged = AuditEvent.objects.filter(purpose="page.work-list")
        assert {event.entity_id for event in logged} == {
            coming.wish.number,
            going.wish.number,
        }

    def test_the_file_has_one_row_for_each_person_and_runs_nothing(
        self, region: GpRegion, browser: Client
    ) -> None:
        move = executed(region, to=0, origin=1, people=2)
        name_members(move, "=HYPERLINK(1)", "Bram Jansen")
        executed(region, to=0, worked_at=timezone.now())
        answer = browser.get(page("work-export", region.practices[0].pk))
        assert "no-store" in answer["Cache-Control"]
        lines = answer.content.decode("utf-8-sig").splitlines()
        assert len(lines) == 3
        assert lines[0].split(";")[:4] == ["Working day", "What", "Household", "Name"]
        assert "'=HYPERLINK(1)" in lines[1]
        assert lines[2].endswith(
            "Bram Jansen;1980-05-24;Huisartsen Nummer 2;2027-02-03"
        )
        event = AuditEvent.objects.get(purpose="work-list.export")
        assert event.action == "export"

    def test_work_is_ticked_off_and_taken_back(
        self, region: GpRegion, browser: Client
    ) -> None:
        move = executed(region, to=0, origin=1)
        tick = page("work-tick", region.practices[0].pk)
        text = text_of(
            browser.post(tick, {"move": move.pk, "act": "done"}, follow=True)
        )
        assert "1 household is done." in text
        assert "Everything is done" in text
        assert "Done lately (1)" in text
        browser.post(tick, {"move": move.pk, "act": "undo"})
        move.refresh_from_db()
        assert move.worked_at is None
        assert "Choose at least one" in text_of(browser.post(tick, follow=True))

    def test_work_that_is_late_stands_out(
        self, region: GpRegion, browser: Client
    ) -> None:
        executed(region, to=0, work_on=timezone.localdate() - timedelta(days=1))
        text = text_of(browser.get(page("work-list", region.practices[0].pk)))
        assert "Should have been done" in text

    def test_without_names_the_number_stands_there(
        self, region: GpRegion, browser: Client
    ) -> None:
        move = executed(region, to=0, people=2)
        text = text_of(browser.get(page("work-list", region.practices[0].pk)))
        assert f"{move.wish.number}: 2 people" in text
