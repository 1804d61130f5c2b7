"""Residents and desks over HTTP: each page, its next step, what it keeps to itself."""

import re
from datetime import timedelta
from html import unescape
from http import HTTPStatus
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.apps.registrations.residents import (
    ADULT,
    CHILD,
    MAIL,
    PARTNER,
    SECRETS,
    confirmed,
    started,
)
from tests.factories.accounts import MembershipFactory
from tests.factories.directory import ContactPointFactory
from tests.factories.registrations import GpRegion, make_gp_region, publish
from wijkspil.accounts.types import Role
from wijkspil.communications.services.delivering import deliver_next
from wijkspil.core.models import AuditEvent
from wijkspil.core.private_links import LinkSecrets
from wijkspil.registrations.models import Move, Wish
from wijkspil.registrations.selectors.wishes import count_consents
from wijkspil.registrations.services.consent import make_member_link
from wijkspil.registrations.services.household import resident_of
from wijkspil.registrations.types import (
    LIVE_WISHES,
    Answer,
    Consent,
    ListReason,
    ListStatus,
    MoveStatus,
    WishStatus,
)
from wijkspil.registrations.wish_wording import say_standing

pytestmark = pytest.mark.django_db


@pytest.fixture
def region() -> GpRegion:
    return make_gp_region(practices=4, at=timezone.now() - timedelta(hours=1))


def get(path: str, client: Client | None = None, **query: Any) -> str:
    answer = (client or Client()).get(path, query)
    assert answer.status_code == HTTPStatus.OK, answer.status_code
    return str(answer.content.decode())


def opened(told: LinkSecrets) -> Client:
    """Return a browser in which the link was opened with its code."""
    client = Client()
    answer = client.post(
        reverse("registrations:follow", args=[told.token]), {"code": told.code}
    )
    assert answer.status_code == HTTPStatus.FOUND, answer.content.decode()
    return client


def page_of(told: LinkSecrets, client: Client) -> str:
    return get(reverse("registrations:follow", args=[told.token]), client)


def url(name: str, told: LinkSecrets, *more: int) -> str:
    return reverse(f"registrations:follow-{name}", args=[told.token, *more])


class TestFind:
    def test_the_first_page_asks_only_for_a_postcode(self) -> None:
        page = get(reverse("registrations:find"))
        assert page.count("<input") - page.count('type="hidden"') >= 1
        assert 'name="postcode"' in page

    def test_each_practice_has_its_state_and_one_next_step(
        self, region: GpRegion
    ) -> None:
        now = region.at
        first, second, third, fourth = region.practices
        publish(first, at=now)
        publish(second, at=now, status=ListStatus.CLOSED, reason=ListReason.STAFF)
        publish(third, at=now, status=ListStatus.LIMITED, postcodes=["9711"])
        page = get(reverse("registrations:find"), postcode="2512AB")
        register = reverse("registrations:register", args=[first.pk])
        assert f"{register}?postcode=2512AB" in page
        assert f"keuze={second.pk}" in page
        assert f"keuze={third.pk}" in page
        assert f"keuze={fourth.pk}" not in page
        assert "wordt" not in re.findall(r"<h1[^>]*>(.*?)</h1>", page)[0]

    def test_a_name_is_shown_as_text_and_a_silent_practice_with_its_number(
        self, region: GpRegion
    ) -> None:
        odd = region.practices[0]
        odd.name = "<b>Praktijk & Zoon"
        odd.save()
        ContactPointFactory(
            service=odd, value="0119-023537", audience="resident", system="phone"
        )
        page = get(reverse("registrations:find"), postcode="2512AB")
        assert "&lt;b&gt;Praktijk &amp; Zoon" in page
        assert "<b>Praktijk" not in page
        assert 'href="tel:' in page

    def test_without_any_room_the_page_leads_to_a_wish_and_further(
        self, region: GpRegion
    ) -> None:
        for practice in region.practices:
            publish(practice, at=region.at, status=ListStatus.CLOSED)
        page = get(reverse("registrations:find"), postcode="2512AB")
        assert f"{reverse('registrations:wish')}?postcode=2512AB" in page
        assert "NZa" in page

    @pytest.mark.parametrize("postcode", ["12", "9999ZZ", "\0", "' OR 1=1"])
    def test_a_postcode_that_is_not_known_is_told_in_place(
        self, region: GpRegion, postcode: str
    ) -> None:
        answer = Client().get(reverse("registrations:find"), {"postcode": postcode})
        assert answer.status_code in (HTTPStatus.OK, HTTPStatus.UNPROCESSABLE_ENTITY)
        assert 'name="postcode"' in answer.content.decode()

    def test_a_practice_tells_what_its_list_says(self, region: GpRegion) -> None:
        publish(region.practices[0], at=region.at, status=ListStatus.CLOSED)
        path = reverse("registrations:practice", args=[region.practices[0].pk])
        assert "Huisartsen Nummer 1" in get(path)
        assert f"keuze={region.practices[0].pk}" in get(path, postcode="2512AB")

    def test_a_practice_that_is_none_is_not_found(self) -> None:
        path = reverse("registrations:practice", args=[987654])
        assert Client().get(path).status_code == HTTPStatus.NOT_FOUND

    def test_systems_get_the_same_over_rest(self, region: GpRegion) -> None:
        publish(region.practices[0], at=region.at, places_per_month=3)
        answer = Client().get("/api/v1/gp-practices", {"postcode": "2512AB"})
        body = answer.json()
        assert [one["id"] for one in body["items"]] == [
            one.pk for one in region.practices
        ]
        first = body["items"][0]
        assert (first["nextStep"], first["gpList"]["placesLeftThisMonth"]) == (
            "register",
            3,
        )
        assert body["items"][1]["gpList"] is None

    def test_the_rest_answer_keeps_to_its_schema(self, region: GpRegion) -> None:
        from wijkspil.registrations.api import GpPracticesOut

        publish(
            region.practices[0],
            at=region.at,
            status=ListStatus.LIMITED,
            postcodes=["2512"],
            most_of_band={"85+": 2},
        )
        body = Client().get("/api/v1/gp-practices", {"postcode": "2512AB"}).json()
        GpPracticesOut.model_validate(body)

    def test_rest_refuses_a_bad_postcode_with_the_field(self) -> None:
        answer = Client().get("/api/v1/gp-practices", {"postcode": "12"})
        assert answer.status_code == HTTPStatus.BAD_REQUEST
        assert answer.json()["invalidParams"][0]["name"] == "postcode"

    def test_the_page_takes_few_queries_however_many_practices(
        self, region: GpRegion, django_assert_max_num_queries: Any
    ) -> None:
        for practice in region.practices:
            publish(practice, at=region.at, most_of_band={})
        with django_assert_max_num_queries(3):
            get(reverse("registrations:find"), postcode="2512AB")


class TestMake:
    def steps(self, client: Client, region: GpRegion, **first: str) -> str:
        """Walk the first steps and return the address of the last."""
        answer = client.get(
            reverse("registrations:wish"),
            {"postcode": "2512AB", "stap": "1", "reden": "no-gp"} | first,
        )
        assert answer.status_code == HTTPStatus.FOUND
        page = get(answer["Location"], client)
        for practice in region.practices[:2]:
            links = re.findall(r'href="([^"]+)"', page)
            add = next(
                one.replace("&amp;", "&")
                for one in links
                if one.endswith(f"keuze={practice.pk}") and "keuzes" in one
            )
            page = get(add, client)
        links = [
            one.replace("&amp;", "&") for one in re.findall(r'href="([^"]+)"', page)
        ]
        return str(next(one for one in links if "huishouden" in one))

    def fill(self, **changes: str) -> dict[str, str]:
        return {
            "aantal": "1",
            "name_1": ADULT.name,
            "birth_date_1": "1980-05-24",
            "kind": "email",
            "email": MAIL,
        } | changes

    def test_a_wish_is_made_in_steps_and_confirmed_with_the_code(
        self, region: GpRegion
    ) -> None:
        client = Client()
        last = self.steps(client, region)
        answer = client.post(last, self.fill(), follow=True)
        page = answer.content.decode()
        wish = Wish.objects.get()
        assert wish.number in page
        code = re.search(r"gp-code\">(\d{3}) (\d{3})<", page)
        assert code is not None
        deliver_next(at=timezone.now() + timedelta(minutes=1))
        link = re.search(r"(/huisarts/volg/\S+/)", str(mail.outbox[0].body))
        assert link is not None
        assert "".join(code.groups()) not in str(mail.outbox[0].body)
        client.post(link[1], {"code": "".join(code.groups())})
        wish.refresh_from_db()
        assert wish.status == WishStatus.WAITING
        assert list(
            wish.choices.order_by("rank").values_list("service_id", flat=True)
        ) == [one.pk for one in region.practices[:2]]

    def test_the_code_is_shown_once(self, region: GpRegion) -> None:
        client = Client()
        client.post(self.steps(client, region), self.fill(), follow=True)
        again = client.get(reverse("registrations:wish-made"))
        assert again.status_code == HTTPStatus.FOUND

    def test_adding_a_row_keeps_what_was_typed(self, region: GpRegion) -> None:
        client = Client()
        last = self.steps(client, region)
        page = client.post(last, self.fill(erbij="1")).content.decode()
        assert ADULT.name in page
        assert 'name="name_2"' in page
        assert not Wish.objects.exists()

    def test_a_mistake_is_told_beside_its_field_and_nothing_is_lost(
        self, region: GpRegion
    ) -> None:
        client = Client()
        answer = client.post(self.steps(client, region), self.fill(email="nergens"))
        page = answer.content.decode()
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert ADULT.name in page
        assert "nergens" in page
        assert not Wish.objects.exists()

    def test_who_has_a_gp_says_which_one(self, region: GpRegion) -> None:
        client = Client()
        answer = client.get(
            reverse("registrations:wish"),
            {"postcode": "2512AB", "stap": "1", "reden": "moved"},
        )
        assert "huidig" in answer["Location"]
        page = get(answer["Location"] + "&q=Nummer+3", client)
        assert f"nu={region.practices[2].pk}" in page
        assert "nu=0" in page

    def test_where_there_is_room_somebody_registers_without_a_wish_list(
        self, region: GpRegion
    ) -> None:
        publish(region.practices[0], at=region.at)
        client = Client()
        path = reverse("registrations:register", args=[region.practices[0].pk])
        answer = client.get(path, {"postcode": "2512AB", "stap": "1", "reden": "no-gp"})
        assert "huishouden" in answer["Location"]
        page = client.post(answer["Location"], self.fill(), follow=True)
        wish = Wish.objects.get()
        assert wish.is_direct
        link = re.search(r"(/huisarts/volg/[^\"]+/)\"", page.content.decode())
        code = re.search(r"gp-code\">(\d{3}) (\d{3})<", page.content.decode())
        assert link is not None
        assert code is not None
        client.post(link[1], {"code": "".join(code.groups())})
        move = Move.objects.get()
        assert (move.to_service, move.household_answer) == (
            region.practices[0],
            Answer.YES,
        )

    def test_a_condition_that_is_not_met_is_told_before_anything_is_typed(
        self, region: GpRegion
    ) -> None:
        publish(
            region.practices[0],
            at=region.at,
            status=ListStatus.LIMITED,
            only_with_member=True,
        )
        path = reverse("registrations:register", args=[region.practices[0].pk])
        sent = {"postcode": "2512AB", "stap": "1", "reden": "no-gp"}
        answer = Client().get(path, sent)
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert Client().get(path, sent | {"lid": "on"}).status_code == HTTPStatus.FOUND

    def test_a_list_that_was_closed_leads_back_to_the_practice(
        self, region: GpRegion
    ) -> None:
        publish(region.practices[0], at=region.at, status=ListStatus.CLOSED)
        path = reverse("registrations:register", args=[region.practices[0].pk])
        assert Client().get(path)["Location"].startswith("/huisarts/praktijk/")

    @pytest.mark.parametrize("name", ["wish-current", "wish-choices", "wish-household"])
    def test_who_comes_in_halfway_begins_at_the_first_step(self, name: str) -> None:
        answer = Client().get(reverse(f"registrations:{name}"))
        assert answer["Location"].startswith("/huisarts/wens/")


class TestFollow:
    @pytest.mark.parametrize("status", WishStatus.values)
    def test_every_state_says_where_it_stands_and_what_comes_next(
        self, region: GpRegion, status: str
    ) -> None:
        wish, told = confirmed(region, at=timezone.now(), members=[ADULT, PARTNER])
        wish.members.update(consent=Consent.AGREED, consent_at=timezone.now())
        Wish.objects.filter(pk=wish.pk).update(status=status)
        wish.refresh_from_db()
        closed = unescape(page_of(told, Client()))
        standing = say_standing(
            wish, consents=count_consents(wish), move=None, round_=None
        )
        assert standing.next_step in closed
        assert "<form" in closed  # the code, to go on
        assert not any(secret in closed for secret in SECRETS)
        if status == WishStatus.DRAFT:
            return
        page = unescape(page_of(told, opened(told)))
        once_open = say_standing(
            wish,
            consents=count_consents(wish),
            move=None,
            round_=None,
            is_open=True,
        )
        assert once_open.next_step in page
        assert "Fill in your code" not in page
        if status in LIVE_WISHES:
            assert url("withdraw", told) in page
            assert "NZa" in page
        elif status != WishStatus.PLACED:
            assert "/huisarts/?postcode=" in page

    def test_a_proposal_state_without_anything_open_still_has_a_next_step(
        self, region: GpRegion
    ) -> None:
        wish, told = confirmed(region, at=timezone.now())
        Wish.objects.filter(pk=wish.pk).update(status=WishStatus.PROPOSED)
        assert "wp-answer" in page_of(told, Client())

    def test_the_link_alone_names_nobody_and_no_practice(
        self, region: GpRegion
    ) -> None:
        _wish, told = confirmed(region, at=timezone.now(), members=[ADULT, PARTNER])
        page = page_of(told, Client())
        for secret in (*SECRETS, MAIL, "Huisartsen Nummer", "2512AB"):
            assert secret not in page

    def test_with_the_code_it_shows_all_and_logs_that_it_did(
        self, region: GpRegion
    ) -> None:
        wish, told = confirmed(region, at=timezone.now(), members=[ADULT, PARTNER])
        page = page_of(told, opened(told))
        assert ADULT.name in page
        assert MAIL in page
        assert AuditEvent.objects.filter(
            entity_type="household", entity_id=wish.number, purpose="page.wish"
        ).exists()

    def test_a_wrong_code_opens_nothing_and_five_close_it(
        self, region: GpRegion
    ) -> None:
        _wish, told = confirmed(region, at=timezone.now())
        path = reverse("registrations:follow", args=[told.token])
        wrong = "000000" if told.code != "000000" else "000001"
        client = Client()
        for _time in range(5):
            answer = client.post(path, {"code": wrong})
            assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert client.post(path, {"code": told.code}).status_code == 422
        assert ADULT.name not in page_of(told, client)

    @pytest.mark.parametrize(
        ("name", "more"),
        [
            ("choices", ()),
            ("answer", ()),
            ("withdraw", ()),
            ("member", ()),
            ("reconfirm", ()),
            ("register", (1,)),
            ("member-link", (2,)),
            ("member-out", (2,)),
        ],
    )
    def test_without_the_code_nothing_can_be_done(
        self, region: GpRegion, name: str, more: tuple[int, ...]
    ) -> None:
        wish, told = confirmed(region, at=timezone.now(), members=[ADULT, PARTNER])
        before = list(Wish.objects.values())
        for client in (Client(), region.managers[0].browser()):
            answer = client.post(url(name, told, *more), {"reason": "other"})
            assert answer.status_code == HTTPStatus.FOUND
            assert answer["Location"].endswith(f"/huisarts/volg/{told.token}/")
        assert list(Wish.objects.values()) == before
        assert wish.members.count() == 2

    @pytest.mark.parametrize("name", ["follow", "follow-choices", "consent"])
    def test_a_wrong_token_is_not_found(self, region: GpRegion, name: str) -> None:
        confirmed(region, at=timezone.now())
        path = reverse(f"registrations:{name}", args=["x" * 32])
        assert Client().get(path).status_code == HTTPStatus.NOT_FOUND

    def test_the_code_of_one_wish_opens_no_other(self, region: GpRegion) -> None:
        now = timezone.now()
        _one, first = confirmed(region, at=now)
        _other, second = confirmed(region, at=now, members=[PARTNER])
        page = page_of(second, opened(first))
        assert PARTNER.name not in page

    def test_pages_behind_a_link_are_kept_nowhere(self, region: GpRegion) -> None:
        _wish, told = confirmed(region, at=timezone.now())
        answer = opened(told).get(reverse("registrations:follow", args=[told.token]))
        assert "no-store" in answer["Cache-Control"]
        assert "noindex" in answer["X-Robots-Tag"]

    def test_closing_hides_the_rest_on_this_device(self, region: GpRegion) -> None:
        _wish, told = confirmed(region, at=timezone.now())
        client = opened(told)
        client.post(reverse("registrations:follow-close", args=[told.token]))
        assert ADULT.name not in page_of(told, client)

    def test_practices_are_changed_and_the_place_in_line_is_kept(
        self, region: GpRegion
    ) -> None:
        wish, told = confirmed(region, at=timezone.now())
        client = opened(told)
        page = get(url("choices", told), client)
        assert "Huisartsen Nummer 1" in page
        save = f"{url('choices', told)}?keuze={region.practices[2].pk}"
        assert client.post(save).status_code == HTTPStatus.FOUND
        after = Wish.objects.get(pk=wish.pk)
        assert after.waiting_since == wish.waiting_since
        assert [one.service_id for one in after.choices.all()] == [
            region.practices[2].pk
        ]

    def test_an_empty_list_is_refused_and_the_old_one_stays(
        self, region: GpRegion
    ) -> None:
        wish, told = confirmed(region, at=timezone.now())
        opened(told).post(f"{url('choices', told)}?keuze=")
        assert wish.choices.count() == 2

    def test_somebody_stops_with_a_reason(self, region: GpRegion) -> None:
        wish, told = confirmed(region, at=timezone.now())
        client = opened(told)
        assert client.post(url("withdraw", told), {}).status_code == 422
        client.post(url("withdraw", told), {"reason": "found"})
        wish.refresh_from_db()
        assert wish.status == WishStatus.WITHDRAWN

    def test_somebody_who_still_looks_presses_once(self, region: GpRegion) -> None:
        now = timezone.now()
        _wish, told = confirmed(region, at=now)
        Wish.objects.update(reconfirm_until=timezone.localdate(now))
        client = opened(told)
        assert url("reconfirm", told) in page_of(told, client)
        client.post(url("reconfirm", told))
        assert url("reconfirm", told) not in page_of(told, client)

    def test_a_lost_link_gives_the_same_page_to_who_guesses(
        self, region: GpRegion
    ) -> None:
        wish, _told = confirmed(region, at=timezone.now() - timedelta(days=1))
        path = reverse("registrations:follow-start")
        pages = [
            re.sub(r"\d{3} \d{3}", "", answer.content.decode())
            for answer in (
                Client().post(path, {"number": wish.number, "birth_date": born})
                for born in ("1999-01-01", "1980-05-24")
            )
        ]
        strip = re.compile(r'csrf[^>]*>|name="csrfmiddlewaretoken"[^>]*>')
        assert strip.sub("", pages[0]) == strip.sub("", pages[1])
        while deliver_next(at=timezone.now() + timedelta(minutes=1)):
            pass
        assert len(mail.outbox) == 2  # the first one, and the new link


class TestProposal:
    def proposed(self, region: GpRegion) -> tuple[Wish, Move, LinkSecrets, Client]:
        now = timezone.now()
        wish, told = confirmed(region, at=now)
        Wish.objects.filter(pk=wish.pk).update(status=WishStatus.PROPOSED)
        move = Move.objects.create(
            wish=wish,
            to_service=region.practices[0],
            choice_rank=1,
            size=1,
            load=1000,
            status=MoveStatus.PROPOSED,
            proposed_at=now,
            answer_by=now + timedelta(days=5),
            effective_on=now.date().replace(day=15),
        )
        return wish, move, told, opened(told)

    def test_it_says_which_practice_and_asks_once(self, region: GpRegion) -> None:
        _wish, _move, told, client = self.proposed(region)
        page = page_of(told, client)
        assert "Huisartsen Nummer 1" in page
        assert f"{url('answer', told)}?antwoord=ja" in page
        assert "Huisartsen Nummer 1" not in page_of(told, Client())

    def test_yes_is_asked_once_more_and_then_kept(self, region: GpRegion) -> None:
        _wish, move, told, client = self.proposed(region)
        page = get(url("answer", told), client, antwoord="ja")
        assert "Huisartsen Nummer 1" in page
        move.refresh_from_db()
        assert move.household_answer == Answer.NONE
        client.post(url("answer", told), {"antwoord": "ja", "voorstel": str(move.pk)})
        move.refresh_from_db()
        assert move.household_answer == Answer.YES

    def test_no_asks_a_reason_and_keeps_the_place_in_line(
        self, region: GpRegion
    ) -> None:
        wish, move, told, client = self.proposed(region)
        sent = {"antwoord": "nee", "voorstel": str(move.pk)}
        assert client.post(url("answer", told), sent).status_code == 422
        client.post(url("answer", told), sent | {"reason": "too-far"})
        wish.refresh_from_db()
        move.refresh_from_db()
        assert (wish.status, move.status) == (WishStatus.WAITING, MoveStatus.DECLINED)

    def test_an_answer_to_a_proposal_that_changed_is_not_taken(
        self, region: GpRegion
    ) -> None:
        _wish, move, told, client = self.proposed(region)
        client.post(url("answer", told), {"antwoord": "ja", "voorstel": "1"})
        move.refresh_from_db()
        assert move.household_answer == Answer.NONE

    def test_without_a_proposal_there_is_nothing_to_answer(
        self, region: GpRegion
    ) -> None:
        _wish, told = confirmed(region, at=timezone.now())
        answer = opened(told).get(url("answer", told))
        assert answer.status_code == HTTPStatus.FOUND

    def test_room_that_came_free_is_taken_from_the_page(self, region: GpRegion) -> None:
        wish, told = confirmed(region, at=timezone.now())
        publish(region.practices[1], at=region.at)
        client = opened(told)
        path = url("register", told, region.practices[1].pk)
        assert path in page_of(told, client)
        client.post(path)
        wish.refresh_from_db()
        assert wish.status == WishStatus.PROPOSED


class TestMembers:
    def test_a_member_answers_by_an_own_link_and_code(self, region: GpRegion) -> None:
        wish, told = confirmed(
            region, at=timezone.now(), members=[ADULT, PARTNER, CHILD]
        )
        client = opened(told)
        client.post(url("member-link", told, 2))
        page = page_of(told, client)
        link = re.search(r"http://[^<]*(/huisarts/lid/[^<]+/)", page)
        code = re.search(r"gp-code\">(\d{6})<", page)
        assert link is not None
        assert code is not None
        assert "/huisarts/lid/" not in page_of(told, client)  # once
        partner = Client()
        assert PARTNER.name not in get(link[1], partner)
        partner.post(link[1], {"code": code[1]})
        assert PARTNER.name in get(link[1], partner)
        partner.post(link[1], {"agrees": "yes"})
        wish.refresh_from_db()
        assert wish.status == WishStatus.WAITING

    def test_an_answer_without_the_code_is_not_taken(self, region: GpRegion) -> None:
        wish, _told = confirmed(region, at=timezone.now(), members=[ADULT, PARTNER])
        told = make_member_link(
            actor=resident_of(wish), wish_id=wish.pk, row=2, at=timezone.now()
        )
        path = reverse("registrations:consent", args=[told.token])
        assert Client().post(path, {"agrees": "yes"}).status_code == 422
        assert wish.members.get(row=2).consent == Consent.PENDING

    def test_the_link_of_a_member_opens_no_wish(self, region: GpRegion) -> None:
        wish, _told = confirmed(region, at=timezone.now(), members=[ADULT, PARTNER])
        told = make_member_link(
            actor=resident_of(wish), wish_id=wish.pk, row=2, at=timezone.now()
        )
        path = reverse("registrations:follow", args=[told.token])
        assert Client().get(path).status_code == HTTPStatus.NOT_FOUND

    def test_an_objection_leaves_the_choice_to_who_asked(
        self, region: GpRegion
    ) -> None:
        wish, told = confirmed(region, at=timezone.now(), members=[ADULT, PARTNER])
        wish.members.filter(row=2).update(
            consent=Consent.OBJECTED, consent_at=timezone.now()
        )
        client = opened(told)
        assert url("member-out", told, 2) in page_of(told, client)
        client.post(url("member-out", told, 2))
        wish.refresh_from_db()
        assert (wish.status, wish.size) == (WishStatus.WAITING, 1)

    def test_somebody_is_added_from_the_page(self, region: GpRegion) -> None:
        wish, told = confirmed(region, at=timezone.now())
        client = opened(told)
        get(url("member", told), client)
        bad = client.post(
            url("member", told), {"name": "X", "birth_date": "2999-01-01"}
        )
        assert bad.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        client.post(
            url("member", told), {"name": CHILD.name, "birth_date": "2019-09-09"}
        )
        assert wish.members.count() == 2


class TestDesk:
    def desk(self, region: GpRegion) -> Client:
        membership = MembershipFactory(
            role=Role.REFERRER, organization=region.practices[0].organization
        )
        client = Client()
        client.force_login(membership.user)
        return client

    def written(self, region: GpRegion, client: Client, **changes: str) -> Wish:
        query = f"postcode=2512AB&reden=no-gp&nu=0&keuze={region.practices[1].pk}"
        path = f"{reverse('registrations:wish-household')}?{query}&hulp=ja"
        sent = {
            "aantal": "2",
            "name_1": ADULT.name,
            "birth_date_1": "1980-05-24",
            "name_2": PARTNER.name,
            "birth_date_2": "1979-01-02",
            "kind": "desk",
        }
        answer = client.post(path, sent | changes)
        assert answer.status_code == HTTPStatus.FOUND, answer.content.decode()
        wish = Wish.objects.get()
        assert answer["Location"] == reverse(
            "registrations:help-wish", args=[wish.number]
        )
        return wish

    def test_a_desk_writes_down_a_wish_and_hands_over_link_and_code(
        self, region: GpRegion
    ) -> None:
        client = self.desk(region)
        wish = self.written(region, client)
        path = reverse("registrations:help-wish", args=[wish.number])
        page = get(path, client)
        assert re.search(r"/huisarts/volg/[^<]+/", page)
        assert "/huisarts/volg/" not in get(path, client)  # once
        assert wish.number in get(reverse("registrations:help"), client)
        assert ADULT.name not in get(reverse("registrations:help"), client)

    def test_a_desk_records_the_yes_of_who_is_there_and_answers_for_them(
        self, region: GpRegion
    ) -> None:
        client = self.desk(region)
        wish = self.written(region, client)
        client.post(
            reverse("registrations:help-member-says", args=[wish.number, 2]),
            {"agrees": "yes"},
        )
        wish.refresh_from_db()
        assert wish.status == WishStatus.WAITING
        publish(region.practices[1], at=region.at)
        client.post(
            reverse(
                "registrations:help-register",
                args=[wish.number, region.practices[1].pk],
            )
        )
        wish.refresh_from_db()
        assert wish.status == WishStatus.PROPOSED

    @pytest.mark.parametrize(
        "name", ["choices", "answer", "withdraw", "member", "link"]
    )
    def test_another_desk_does_not_know_of_it(
        self, region: GpRegion, name: str
    ) -> None:
        wish = self.written(region, self.desk(region))
        other = MembershipFactory(
            role=Role.REFERRER, organization=region.practices[2].organization
        )
        client = Client()
        client.force_login(other.user)
        path = reverse(f"registrations:help-{name}", args=[wish.number])
        assert client.post(path).status_code == HTTPStatus.NOT_FOUND

    def test_a_desk_does_not_open_what_people_did_themselves(
        self, region: GpRegion
    ) -> None:
        wish, _told = confirmed(region, at=timezone.now())
        path = reverse("registrations:help-wish", args=[wish.number])
        assert self.desk(region).get(path).status_code == HTTPStatus.NOT_FOUND

    def test_who_may_not_help_gets_no_helping_form(self, region: GpRegion) -> None:
        path = reverse("registrations:wish-household")
        query = "postcode=2512AB&reden=no-gp&nu=0&keuze=1&hulp=ja"
        for client in (Client(), region.managers[0].browser()):
            answer = client.get(f"{path}?{query}")
            assert answer.status_code in (HTTPStatus.FOUND, HTTPStatus.FORBIDDEN)

    def test_an_empty_desk_says_what_to_do(self, region: GpRegion) -> None:
        page = get(reverse("registrations:help"), self.desk(region))
        assert f"{reverse('registrations:wish')}?hulp=ja" in page


def test_a_draft_is_confirmed_by_the_code_on_its_page(region: GpRegion) -> None:
    wish, told = started(region, at=timezone.now())
    opened(told)
    wish.refresh_from_db()
    assert wish.status == WishStatus.WAITING
