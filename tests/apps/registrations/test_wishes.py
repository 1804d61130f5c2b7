"""A wish keeps its place, asks everybody, tells nobody, and ends when nobody asks."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from tests.apps.directory.at_once import at_once
from tests.apps.registrations.residents import (
    ADULT,
    BY_MAIL,
    CHILD,
    MAIL,
    PARTNER,
    SECRETS,
    confirmed,
    given,
    started,
)
from tests.factories.accounts import MembershipFactory
from tests.factories.registrations import AT, GpRegion, make_gp_region, publish
from wijkspil.accounts.selectors import get_actor
from wijkspil.accounts.types import VISITOR, Actor, Role
from wijkspil.communications.models import Communication, Delivery
from wijkspil.communications.services.delivering import deliver_next
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.core.private_links import WrongCode
from wijkspil.registrations.errors import InvalidRegistration, NotNow, UnknownWish
from wijkspil.registrations.models import Move, Wish, WishMember
from wijkspil.registrations.services.consent import (
    answer_consent,
    answer_consent_at_desk,
    leave_out_member,
    make_member_link,
)
from wijkspil.registrations.services.direct import register_directly
from wijkspil.registrations.services.household import read_member, resident_of
from wijkspil.registrations.services.moves import answer_for_practice
from wijkspil.registrations.services.retention import remove_old_households
from wijkspil.registrations.services.wish_timers import run_wish_timers
from wijkspil.registrations.services.wishes import (
    add_member,
    confirm_contact,
    edit_wish,
    find_wish_by_link,
    reconfirm_wish,
    renew_link,
    renew_link_at_desk,
    start_wish,
    withdraw_wish,
)
from wijkspil.registrations.types import (
    Answer,
    Consent,
    ContactGiven,
    ContactKind,
    ListStatus,
    MoveStatus,
    RefusalReason,
    WishReason,
    WishStatus,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def region() -> GpRegion:
    return make_gp_region(practices=4)


def household(region: GpRegion) -> Wish:
    """Return a wish of a couple with a child; the partner was not asked yet."""
    wish, _told = confirmed(region, members=[ADULT, PARTNER, CHILD])
    return wish


def agree(wish: Wish, row: int = 2, *, agrees: bool = True) -> Wish:
    told = make_member_link(actor=resident_of(wish), wish_id=wish.pk, row=row, at=AT)
    return answer_consent(token=told.token, agrees=agrees, at=AT)


class TestStart:
    def test_a_wish_counts_from_its_first_word_once_link_and_code_come_together(
        self, region: GpRegion
    ) -> None:
        wish, told = started(region)
        assert (wish.status, wish.priority_class) == (WishStatus.DRAFT, 0)
        wish = confirm_contact(
            token=told.token, code=told.code, at=AT + timedelta(hours=3)
        )
        assert (wish.status, wish.waiting_since) == (WishStatus.WAITING, AT)

    def test_a_wrong_code_confirms_nothing(self, region: GpRegion) -> None:
        wish, told = started(region)
        wrong = "000000" if told.code != "000000" else "000001"
        with pytest.raises(WrongCode):
            confirm_contact(token=told.token, code=wrong, at=AT)
        wish.refresh_from_db()
        assert wish.status == WishStatus.DRAFT

    def test_a_wrong_token_finds_nothing(self, region: GpRegion) -> None:
        started(region)
        with pytest.raises(UnknownWish):
            find_wish_by_link("x" * 32, at=AT)

    def test_confirming_twice_changes_nothing(self, region: GpRegion) -> None:
        wish, told = confirmed(region)
        confirm_contact(token=told.token, code=told.code, at=AT)
        assert wish.events.filter(kind="confirmed").count() == 1

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"postcode": "12"}, "postcode"),
            ({"postcode": "9999ZZ"}, "postcode"),
            ({"reason": "because"}, "reason"),
            ({"members": []}, "members"),
            ({"members": [ADULT, ADULT]}, "members"),
            ({"choices": []}, "choices"),
            ({"members": [CHILD]}, "by_guardian"),
        ],
    )
    def test_what_breaks_a_rule_is_told_beside_its_field(
        self, region: GpRegion, changes: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(InvalidRegistration) as refused:
            started(region, **changes)
        assert field in refused.value.fields
        assert not Wish.objects.exists()

    def test_the_own_practice_is_no_choice(self, region: GpRegion) -> None:
        own = region.practices[0].pk
        with pytest.raises(InvalidRegistration) as refused:
            started(
                region,
                reason=WishReason.MOVED,
                current_practice_id=own,
                choices=[own],
            )
        assert set(refused.value.fields) == {"choices"}

    def test_six_practices_are_one_too_many(self) -> None:
        region = make_gp_region(practices=6)
        with pytest.raises(InvalidRegistration):
            started(region, choices=[one.pk for one in region.practices])

    @pytest.mark.parametrize(
        ("kind", "value", "field"),
        [
            (ContactKind.EMAIL, "nowhere", "email"),
            (ContactKind.PHONE, "070 1234567", "phone"),
            (ContactKind.PHONE, "06 12", "phone"),
            (ContactKind.DESK, "", "kind"),
        ],
    )
    def test_an_address_that_cannot_be_reached_is_refused(
        self, region: GpRegion, kind: str, value: str, field: str
    ) -> None:
        with pytest.raises(InvalidRegistration) as refused:
            start_wish(
                actor=VISITOR,
                given=given(region),
                contact=ContactGiven(kind, value),
                at=AT,
            )
        assert set(refused.value.fields) == {field}

    def test_nobody_is_in_two_wishes_that_run(self, region: GpRegion) -> None:
        confirmed(region)
        _second, told = started(region)
        with pytest.raises(NotNow, match="already"):
            confirm_contact(token=told.token, code=told.code, at=AT)

    def test_after_stopping_the_same_person_can_start_anew(
        self, region: GpRegion
    ) -> None:
        wish, _told = confirmed(region)
        withdraw_wish(actor=resident_of(wish), wish_id=wish.pk, reason="other", at=AT)
        assert confirmed(region)[0].status == WishStatus.WAITING


class TestPrivacy:
    def test_the_database_cannot_read_who_it_is(self, region: GpRegion) -> None:
        household(region)
        with connection.cursor() as cursor:
            stored = ""
            for table in (
                "registrations_wish",
                "registrations_wishmember",
                "registrations_wishevent",
                "registrations_wishlink",
                "communications_communication",
                "communications_delivery",
                "procrastinate_jobs",
            ):
                cursor.execute(f"SELECT string_agg(t::text, ' ') FROM {table} t")
                (text,) = cursor.fetchone()
                stored += text or ""
        for secret in (*SECRETS, MAIL):
            assert secret not in stored

    def test_messages_say_nothing_of_who_where_or_why(self, region: GpRegion) -> None:
        wish, told = confirmed(region, members=[ADULT, PARTNER])
        withdraw_wish(actor=resident_of(wish), wish_id=wish.pk, reason="other", at=AT)
        while deliver_next(at=AT + timedelta(minutes=1)):
            pass
        said = " ".join(f"{one.subject} {one.body}" for one in mail.outbox)
        assert len(mail.outbox) == 2
        for secret in (*SECRETS, "2512", "Huisartsen Nummer", told.code):
            assert secret not in said

    def test_only_the_first_message_has_the_private_link(
        self, region: GpRegion
    ) -> None:
        _wish, told = confirmed(region, members=[ADULT, PARTNER])
        while deliver_next(at=AT + timedelta(minutes=1)):
            pass
        with_link = [one for one in mail.outbox if told.token in str(one.body)]
        assert with_link == mail.outbox[:1]
        assert told.token not in str(
            list(Communication.objects.values()) + list(Delivery.objects.values())
        )

    def test_a_lost_link_is_made_anew_for_who_knows_number_and_birth_date(
        self, region: GpRegion
    ) -> None:
        wish, old = confirmed(region)
        later = AT + timedelta(days=1)
        new = renew_link(number=wish.number, birth_date=ADULT.birth_date, at=later)
        assert new is not None
        assert find_wish_by_link(new.token, at=later) == wish
        with pytest.raises(UnknownWish):
            find_wish_by_link(old.token, at=later)

    def test_a_guess_at_the_birth_date_makes_no_link(self, region: GpRegion) -> None:
        wish, told = confirmed(region)
        assert (
            renew_link(number=wish.number, birth_date=date(1981, 1, 1), at=AT) is None
        )
        assert find_wish_by_link(told.token, at=AT) == wish

    def test_a_second_link_within_a_quarter_of_an_hour_is_not_made(
        self, region: GpRegion
    ) -> None:
        wish, _told = confirmed(region)
        ask: dict[str, Any] = {"number": wish.number, "birth_date": ADULT.birth_date}
        assert renew_link(**ask, at=AT + timedelta(days=1)) is not None
        again = AT + timedelta(days=1, minutes=5)
        assert renew_link(**ask, at=again) is None


class TestConsent:
    def test_the_household_waits_for_everybody_of_16_and_over(
        self, region: GpRegion
    ) -> None:
        wish = household(region)
        assert wish.status == WishStatus.CONSENT
        assert dict(wish.members.values_list("row", "consent")) == {
            1: Consent.AGREED,
            2: Consent.PENDING,
            3: Consent.AGREED,
        }
        assert agree(wish).status == WishStatus.WAITING

    def test_a_parent_asks_for_a_child_alone(self, region: GpRegion) -> None:
        wish, _told = confirmed(region, members=[CHILD], by_guardian=True)
        assert wish.status == WishStatus.WAITING

    def test_who_is_16_today_answers_for_themselves(self, region: GpRegion) -> None:
        born = AT.date().replace(year=AT.year - 16)
        sixteen = type(CHILD)("Dirk Zestienstra", born)
        younger = type(CHILD)("Els Vijftienstra", born + timedelta(days=1))
        wish, _told = confirmed(region, members=[ADULT, sixteen, younger])
        assert list(
            wish.members.order_by("row").values_list("consents_self", flat=True)
        ) == [True, True, False]

    def test_a_no_holds_the_wish_until_it_goes_on_without(
        self, region: GpRegion
    ) -> None:
        wish = agree(household(region), agrees=False)
        assert wish.status == WishStatus.CONSENT
        wish = leave_out_member(actor=resident_of(wish), wish_id=wish.pk, row=2, at=AT)
        assert (wish.status, wish.size, wish.load) == (WishStatus.WAITING, 2, 2000)
        assert not WishMember.objects.filter(wish=wish, row=2).exists()

    def test_who_asks_cannot_be_left_out(self, region: GpRegion) -> None:
        wish = household(region)
        with pytest.raises(NotNow):
            leave_out_member(actor=resident_of(wish), wish_id=wish.pk, row=1, at=AT)

    def test_a_yes_that_is_taken_back_takes_the_wish_out_of_the_line_for_now(
        self, region: GpRegion
    ) -> None:
        wish = agree(household(region))
        wish = agree(wish, agrees=False)
        assert wish.status == WishStatus.CONSENT
        wish = agree(wish)
        assert (wish.status, wish.waiting_since) == (WishStatus.WAITING, AT)

    def test_a_no_during_a_proposal_declines_it(self, region: GpRegion) -> None:
        publish(region.practices[0])
        wish = agree(household(region))
        move = register_directly(
            actor=resident_of(wish),
            wish_id=wish.pk,
            service_id=region.practices[0].pk,
            at=AT,
        )
        wish = agree(wish, agrees=False)
        move.refresh_from_db()
        assert (wish.status, move.status) == (WishStatus.CONSENT, MoveStatus.DECLINED)

    def test_the_first_member_answers_by_the_wish_itself(
        self, region: GpRegion
    ) -> None:
        wish = household(region)
        for row in (1, 3):
            with pytest.raises(NotNow):
                make_member_link(
                    actor=resident_of(wish), wish_id=wish.pk, row=row, at=AT
                )

    def test_only_the_desk_that_helped_writes_a_yes_down(
        self, region: GpRegion
    ) -> None:
        wish = household(region)
        with pytest.raises(NotPermitted):
            answer_consent_at_desk(
                actor=region.coordinator.actor,
                wish_id=wish.pk,
                row=2,
                agrees=True,
                at=AT,
            )


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_a_yes_and_a_no_at_once_leave_one_answer(self) -> None:
        wish = household(make_gp_region())
        told = make_member_link(actor=resident_of(wish), wish_id=wish.pk, row=2, at=AT)
        outcomes = at_once(
            *(
                lambda agrees=agrees: answer_consent(
                    token=told.token, agrees=agrees, at=AT
                )
                for agrees in (True, False)
            )
        )
        assert not [one for one in outcomes if isinstance(one, Exception)]
        wish.refresh_from_db()
        member = wish.members.get(row=2)
        agreed = member.consent == Consent.AGREED
        assert wish.status == (WishStatus.WAITING if agreed else WishStatus.CONSENT)

    def test_the_same_yes_twice_at_once_waits_once(self) -> None:
        wish = household(make_gp_region())
        told = make_member_link(actor=resident_of(wish), wish_id=wish.pk, row=2, at=AT)

        def say() -> Wish:
            return answer_consent(token=told.token, agrees=True, at=AT)

        at_once(say, say)
        wish.refresh_from_db()
        assert wish.status == WishStatus.WAITING
        assert wish.events.filter(kind="waits").count() == 1

    def test_two_for_the_last_place_give_one_place(self) -> None:
        region = make_gp_region()
        publish(region.practices[0], places_per_month=1)
        wishes = [
            confirmed(region, members=[one], reason=WishReason.NO_GP)[0]
            for one in (ADULT, PARTNER)
        ]
        outcomes = at_once(
            *(
                lambda wish=wish: register_directly(
                    actor=resident_of(wish),
                    wish_id=wish.pk,
                    service_id=region.practices[0].pk,
                    at=AT,
                )
                for wish in wishes
            )
        )
        assert [type(one).__name__ for one in outcomes].count("ListFull") == 1
        assert Move.objects.filter(status=MoveStatus.PROPOSED).count() == 1
        assert sorted(Wish.objects.values_list("status", flat=True)) == [
            "proposed",
            "waiting",
        ]

    def test_two_drafts_of_one_person_confirmed_at_once_give_one_wish(self) -> None:
        region = make_gp_region()
        told = [started(region)[1] for _time in range(2)]
        outcomes = at_once(
            *(
                lambda one=one: confirm_contact(token=one.token, code=one.code, at=AT)
                for one in told
            )
        )
        assert [type(one).__name__ for one in outcomes].count("NotNow") == 1
        assert Wish.objects.exclude(status=WishStatus.DRAFT).count() == 1

    def test_a_proposal_and_an_edit_at_once_never_leave_a_place_without_its_choice(
        self,
    ) -> None:
        region = make_gp_region(practices=3)
        publish(region.practices[0])
        wish, _told = confirmed(region)
        edit_wish_now: dict[str, Any] = {
            "actor": resident_of(wish),
            "wish_id": wish.pk,
            "choices": [region.practices[2].pk],
            "at": AT,
        }
        at_once(
            lambda: edit_wish(**edit_wish_now),
            lambda: register_directly(
                actor=resident_of(wish),
                wish_id=wish.pk,
                service_id=region.practices[0].pk,
                at=AT,
            ),
        )
        wish.refresh_from_db()
        moves = Move.objects.filter(wish=wish)
        chosen = set(wish.choices.values_list("service_id", flat=True))
        assert all(move.to_service_id in chosen for move in moves)
        assert (wish.status == WishStatus.PROPOSED) == moves.exists()


class TestEdit:
    def test_another_order_keeps_the_place_and_asks_nobody(
        self, region: GpRegion
    ) -> None:
        wish = agree(household(region))
        after = edit_wish(
            actor=resident_of(wish),
            wish_id=wish.pk,
            choices=[region.practices[1].pk, region.practices[0].pk],
            at=AT + timedelta(days=30),
        )
        assert (after.status, after.waiting_since) == (WishStatus.WAITING, AT)
        assert list(after.choices.order_by("rank").values_list("service_id")) == [
            (region.practices[1].pk,),
            (region.practices[0].pk,),
        ]

    def test_a_new_practice_asks_the_others_again_and_keeps_the_place(
        self, region: GpRegion
    ) -> None:
        wish = agree(household(region))
        after = edit_wish(
            actor=resident_of(wish),
            wish_id=wish.pk,
            choices=[region.practices[3].pk],
            at=AT + timedelta(days=30),
        )
        assert (after.status, after.waiting_since) == (WishStatus.CONSENT, AT)
        assert agree(after).status == WishStatus.WAITING

    def test_who_is_alone_adds_a_practice_and_waits_on(self, region: GpRegion) -> None:
        wish, _told = confirmed(region)
        after = edit_wish(
            actor=resident_of(wish),
            wish_id=wish.pk,
            choices=[region.practices[3].pk, region.practices[0].pk],
            at=AT,
        )
        assert after.status == WishStatus.WAITING

    def test_a_child_that_is_born_comes_along(self, region: GpRegion) -> None:
        wish, _told = confirmed(region)
        after = add_member(
            actor=resident_of(wish), wish_id=wish.pk, member=CHILD, at=AT
        )
        assert (after.status, after.size) == (WishStatus.WAITING, 2)

    def test_with_a_proposal_the_list_stands(self, region: GpRegion) -> None:
        publish(region.practices[0])
        wish, _told = confirmed(region, is_direct=True)
        assert wish.status == WishStatus.PROPOSED
        with pytest.raises(NotNow):
            edit_wish(
                actor=resident_of(wish),
                wish_id=wish.pk,
                choices=[region.practices[1].pk],
                at=AT,
            )


class TestDirect:
    def test_where_there_is_room_the_place_is_taken_with_the_confirmation(
        self, region: GpRegion
    ) -> None:
        publish(region.practices[0], places_per_month=1)
        wish, _told = confirmed(region, is_direct=True)
        move = Move.objects.get(wish=wish)
        assert (move.round, move.household_answer) == (None, Answer.YES)
        assert (wish.status, move.to_service) == (
            WishStatus.PROPOSED,
            region.practices[0],
        )

    def test_nothing_is_taken_before_the_address_is_confirmed(
        self, region: GpRegion
    ) -> None:
        publish(region.practices[0], places_per_month=1)
        started(region, is_direct=True)
        assert not Move.objects.exists()

    def test_who_comes_too_late_waits_like_any_other(self, region: GpRegion) -> None:
        publish(region.practices[0], places_per_month=1)
        confirmed(region, is_direct=True)
        second, _told = confirmed(region, is_direct=True, members=[PARTNER])
        assert (second.status, second.is_direct) == (WishStatus.WAITING, False)
        assert second.events.filter(kind="no-room-now").exists()

    def test_a_condition_that_is_not_met_gives_no_place(self, region: GpRegion) -> None:
        publish(region.practices[0], status=ListStatus.LIMITED, postcodes=["9711"])
        wish, _told = confirmed(region)
        with pytest.raises(InvalidRegistration, match="postcode"):
            register_directly(
                actor=resident_of(wish),
                wish_id=wish.pk,
                service_id=region.practices[0].pk,
                at=AT,
            )

    def test_who_has_somebody_there_registers_at_a_list_for_members(
        self, region: GpRegion
    ) -> None:
        publish(region.practices[0], status=ListStatus.LIMITED, only_with_member=True)
        wish, _told = confirmed(
            region, is_direct=True, member_at=[region.practices[0].pk]
        )
        assert wish.status == WishStatus.PROPOSED

    def test_a_practice_that_said_no_is_not_asked_again_by_itself(
        self, region: GpRegion
    ) -> None:
        publish(region.practices[0])
        wish, _told = confirmed(region, is_direct=True, members=[ADULT, PARTNER])
        wish = agree(wish)
        move = Move.objects.get(wish=wish)
        answer_for_practice(
            actor=region.managers[0].actor,
            move_id=move.pk,
            answer=Answer.NO,
            reason=RefusalReason.EMERGENCY,
            at=AT,
        )
        agree(wish, agrees=False)
        wish = agree(wish)
        assert wish.status == WishStatus.WAITING
        with pytest.raises(InvalidRegistration, match="said no"):
            register_directly(
                actor=resident_of(wish),
                wish_id=wish.pk,
                service_id=region.practices[0].pk,
                at=AT,
            )

    def test_when_the_practice_says_yes_the_household_has_its_place(
        self, region: GpRegion
    ) -> None:
        publish(region.practices[0])
        wish, _told = confirmed(region, is_direct=True)
        move = Move.objects.get(wish=wish)
        answer_for_practice(
            actor=region.managers[0].actor, move_id=move.pk, answer=Answer.YES, at=AT
        )
        wish.refresh_from_db()
        move.refresh_from_db()
        assert (wish.status, move.status) == (WishStatus.PLACED, MoveStatus.EXECUTED)


class TestYearly:
    def test_a_wish_is_asked_for_and_ends_after_a_year(self, region: GpRegion) -> None:
        wish, _told = confirmed(region)
        soon = AT + timedelta(days=336)
        assert run_wish_timers(at=soon).reminded == 1
        assert run_wish_timers(at=soon).reminded == 0
        assert run_wish_timers(at=AT + timedelta(days=365)).lapsed == 1
        wish.refresh_from_db()
        assert wish.status == WishStatus.LAPSED

    def test_who_still_looks_keeps_wish_and_place(self, region: GpRegion) -> None:
        wish, _told = confirmed(region)
        reconfirm_wish(
            actor=resident_of(wish), wish_id=wish.pk, at=AT + timedelta(days=340)
        )
        assert run_wish_timers(at=AT + timedelta(days=365)).lapsed == 0
        wish.refresh_from_db()
        assert (wish.status, wish.waiting_since) == (WishStatus.WAITING, AT)

    def test_a_draft_nobody_confirms_ends_after_a_week_and_is_forgotten(
        self, region: GpRegion
    ) -> None:
        wish, _told = started(region)
        late = AT + timedelta(days=7)
        assert run_wish_timers(at=late).lapsed == 1
        assert remove_old_households(on=late.date(), at=late) == 1
        assert read_member(wish.members.get()) is None

    def test_a_wish_with_a_proposal_does_not_lapse(self, region: GpRegion) -> None:
        publish(region.practices[0])
        wish, _told = confirmed(region, is_direct=True)
        assert run_wish_timers(at=AT + timedelta(days=400)).lapsed == 0
        wish.refresh_from_db()
        assert wish.status == WishStatus.PROPOSED


class TestEnd:
    def test_stopping_gives_an_open_place_back(self, region: GpRegion) -> None:
        publish(region.practices[0], places_per_month=1)
        wish, _told = confirmed(region, is_direct=True)
        withdraw_wish(actor=resident_of(wish), wish_id=wish.pk, reason="found", at=AT)
        wish.refresh_from_db()
        assert wish.status == WishStatus.WITHDRAWN
        other, _told = confirmed(region, is_direct=True, members=[PARTNER])
        assert other.status == WishStatus.PROPOSED

    def test_names_contact_and_links_go_after_the_time_to_keep_them(
        self, region: GpRegion
    ) -> None:
        wish, told = confirmed(region, members=[ADULT, PARTNER])
        withdraw_wish(actor=resident_of(wish), wish_id=wish.pk, reason="other", at=AT)
        late = AT + timedelta(days=90)
        assert remove_old_households(on=late.date() - timedelta(days=1), at=late) == 0
        assert remove_old_households(on=late.date(), at=late) == 1
        assert remove_old_households(on=late.date(), at=late) == 0
        wish.refresh_from_db()
        assert (wish.contact, wish.postcode) == (None, "2512")
        assert set(wish.members.values_list("identity", "key")) == {(None, "")}
        with pytest.raises(UnknownWish):
            find_wish_by_link(told.token, at=late)
        assert AuditEvent.objects.filter(
            entity_id=wish.number, action=AuditEvent.Action.DELETE
        ).exists()

    def test_a_wish_that_runs_is_never_forgotten(self, region: GpRegion) -> None:
        wish, _told = confirmed(region)
        Wish.objects.update(retain_until=AT.date())
        assert remove_old_households(on=AT.date(), at=AT) == 0
        assert read_member(wish.members.get()) == ADULT


class TestDesk:
    def helper(self, region: GpRegion) -> Actor:
        membership = MembershipFactory(
            role=Role.REFERRER, organization=region.practices[0].organization
        )
        return get_actor(user_id=membership.user_id, label=membership.user.name, at=AT)

    def helped(self, region: GpRegion, **changes: Any) -> tuple[Wish, Actor]:
        actor = self.helper(region)
        wish, _told = start_wish(
            actor=actor,
            given=given(region, **changes),
            contact=ContactGiven(ContactKind.DESK, ""),
            is_helped=True,
            helper_organization_id=region.practices[0].organization_id,
            at=AT,
        )
        return wish, actor

    def test_what_a_desk_writes_down_counts_at_once(self, region: GpRegion) -> None:
        wish, actor = self.helped(region)
        assert wish.status == WishStatus.WAITING
        assert wish.helper_id == actor.user_id

    def test_a_desk_writes_down_the_yes_of_who_stands_there(
        self, region: GpRegion
    ) -> None:
        wish, actor = self.helped(region, members=[ADULT, PARTNER])
        assert wish.status == WishStatus.CONSENT
        after = answer_consent_at_desk(
            actor=actor, wish_id=wish.pk, row=2, agrees=True, at=AT
        )
        assert after.status == WishStatus.WAITING

    def test_news_goes_to_the_desk_where_there_is_no_address(
        self, region: GpRegion
    ) -> None:
        wish, actor = self.helped(region, members=[ADULT, PARTNER])
        told = Communication.objects.filter(about=f"wish:{wish.number}")
        assert {one.to_user_id for one in told} == {actor.user_id}

    def test_who_has_no_desk_may_not_help(self, region: GpRegion) -> None:
        with pytest.raises(NotPermitted):
            start_wish(
                actor=VISITOR,
                given=given(region),
                contact=BY_MAIL,
                is_helped=True,
                at=AT,
            )

    def test_a_desk_makes_a_new_link_and_another_desk_does_not(
        self, region: GpRegion
    ) -> None:
        wish, actor = self.helped(region)
        told = renew_link_at_desk(actor=actor, wish_id=wish.pk, at=AT)
        assert find_wish_by_link(told.token, at=AT) == wish
        with pytest.raises(UnknownWish):
            renew_link_at_desk(actor=region.managers[1].actor, wish_id=wish.pk, at=AT)
