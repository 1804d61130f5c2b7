"""After the claim: every act in every state, by everybody; and what follows."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests.factories import stays as make
from tests.factories.directory import AreaFactory
from tests.factories.referrals import make_coordinator, make_person
from wijkspil.accounts.types import Actor, Role
from wijkspil.communications.models import Communication
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.core.states import draw_states
from wijkspil.stays.errors import InvalidStay, NoBasis, NotNow, UnknownStay
from wijkspil.stays.models import (
    BedClaim,
    BedReport,
    StayConsent,
    StayEvent,
    StayPatient,
    StayRequest,
    StaySearch,
)
from wijkspil.stays.permissions import can_see_stay, can_see_stay_patient
from wijkspil.stays.policies import TRANSITIONS, WHO, can
from wijkspil.stays.selectors.beds import get_newest_report
from wijkspil.stays.selectors.stays import find_seen_claim, get_stay, provider_target
from wijkspil.stays.services.asking import ask_coordinator, claim_bed, start_stay
from wijkspil.stays.services.course import (
    add_note,
    cancel_stay,
    change_planned_end,
    confirm_claim,
    end_stay,
    give_back,
    record_arrival,
    report_not_delivered,
    take_over,
)
from wijkspil.stays.services.disclosure import show_stay_patient
from wijkspil.stays.types import (
    CancelReason,
    ClaimStatus,
    ConsentGiven,
    ConsentGiver,
    EndReason,
    NotDeliveredGround,
    OwnerKind,
    Requester,
    StayConsentDecision,
    StayKind,
    StayStatus,
)

pytestmark = pytest.mark.django_db
S = ClaimStatus
KIND = StayKind.ELV_LOW


def make_claim(status: ClaimStatus) -> tuple[make.StayRegion, BedClaim]:
    """Make a claim in a state, through the services."""
    from wijkspil.stays.services.timers import run_timers

    region = make.make_region()
    make.promise(region, 2)
    taken = make.claim(region)
    at = region.at
    if status in (S.CONFIRMED, S.ARRIVED, S.ENDED):
        make.confirm(region, taken)
    if status in (S.ARRIVED, S.ENDED):
        make.arrive(region, taken)
    if status == S.ENDED:
        do("end", region, taken, region.nurse.actor)
    if status == S.NOT_DELIVERED:
        do("cannot deliver", region, taken, region.nurse.actor)
    if status == S.WITHDRAWN:
        do("give back", region, taken, region.referrer.actor)
    if status == S.RELEASED:
        run_timers(at=at + timedelta(hours=4))
    taken.refresh_from_db()
    assert taken.status == status
    return region, taken


def do(act: str, region: make.StayRegion, taken: BedClaim, actor: Actor) -> None:
    """Do an act on a stay, with ordinary values."""
    at = region.at + timedelta(hours=3)
    stay: dict[str, Any] = {"actor": actor, "stay_id": taken.stay_id, "at": at}
    acts: dict[str, Callable[[], object]] = {
        "confirm": lambda: confirm_claim(
            arrives_at=at + timedelta(hours=1),
            planned_end=(at + timedelta(days=10)).date(),
            patient=make.PATIENT,
            consent=make.AGREED,
            **stay,
        ),
        "arrive": lambda: record_arrival(**stay),
        "change the end": lambda: change_planned_end(
            planned_end=(at + timedelta(days=20)).date(), **stay
        ),
        "end": lambda: end_stay(reason=EndReason.HOME, **stay),
        "cannot deliver": lambda: report_not_delivered(
            ground=NotDeliveredGround.OUTBREAK, **stay
        ),
        "give back": lambda: give_back(**stay),
    }
    acts[act]()


#: Whom each stands for in the table; None: somebody without a part in it.
PEOPLE: dict[str, str | None] = {
    "visitor": None,
    "who asked": "requester",
    "colleague": "requester",
    "system of who asked": "requester",
    "coordinator": "coordinator",
    "nurse of the place": "provider",
    "manager of the place": "provider",
    "system of the place": "provider",
    "nurse of another place": None,
    "manager of another place": None,
    "referrer of another practice": None,
    "coordinator elsewhere": None,
    "insurer of the region": None,
    "auditor": None,
    "administrator": None,
    "triage": None,
}


def people_of(region: make.StayRegion) -> dict[str, Actor]:
    """Return everybody around a stay."""

    def person(role: Role, **bound_to: Any) -> Actor:
        return make_person(role, name=str(role.label), **bound_to).actor

    found = {
        "visitor": Actor(),
        "who asked": region.referrer.actor,
        "colleague": region.colleague.actor,
        "system of who asked": region.system_of(region.practice),
        "coordinator": region.coordinator.actor,
        "nurse of the place": region.nurse.actor,
        "manager of the place": region.managers[0].actor,
        "system of the place": region.system_of(region.place.organization),
        "nurse of another place": region.nurses[1].actor,
        "manager of another place": region.managers[1].actor,
        "referrer of another practice": region.other_referrer.actor,
        "coordinator elsewhere": make_coordinator(AreaFactory(region=True)).actor,
        "insurer of the region": person(Role.INSURER, region=region.region),
        "auditor": person(Role.AUDITOR),
        "administrator": person(Role.ADMINISTRATOR, region=region.region),
        "triage": person(Role.TRIAGE, organization=region.practice),
    }
    assert set(found) == set(PEOPLE)
    return found


def stored() -> list[Any]:
    """Return every row of stays, to see that nothing changed."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (
            StayRequest,
            BedClaim,
            BedReport,
            StayPatient,
            StayConsent,
            StayEvent,
        )
    ]


ACTS = [act for act in TRANSITIONS if act != "time passes"]


class TestTheTable:
    def test_a_provider_has_no_act_to_decline(self) -> None:
        acts = {act for act, who in WHO.items() if "provider" in who}
        assert acts == {"arrive", "change the end", "end", "cannot deliver"}

    def test_every_act_has_somebody(self) -> None:
        assert set(WHO) == set(TRANSITIONS)

    def test_the_diagram_shows_every_state(self) -> None:
        drawn = draw_states(TRANSITIONS, ClaimStatus.HELD, first_act="claim")
        assert drawn.startswith("stateDiagram-v2")
        for status in S:
            assert status.name.lower() in drawn
        guide = Path(__file__).parents[3] / "docs/howto/temporary-stay.md"
        assert drawn in guide.read_text()

    @pytest.mark.parametrize("status", list(S))
    def test_who_is_not_named_is_refused_and_changes_nothing(
        self, status: ClaimStatus
    ) -> None:
        region, taken = make_claim(status)
        people = people_of(region)
        before = stored()
        for act, (who, actor) in itertools.product(ACTS, people.items()):
            if PEOPLE[who] in WHO[act]:
                continue
            with pytest.raises(NotPermitted):
                do(act, region, taken, actor)
        assert stored() == before

    @pytest.mark.parametrize("status", list(S))
    def test_what_the_state_does_not_allow_changes_nothing(
        self, status: ClaimStatus
    ) -> None:
        region, taken = make_claim(status)
        people = people_of(region)
        before = stored()
        for act, (who, actor) in itertools.product(ACTS, people.items()):
            if PEOPLE[who] in WHO[act] and not can(act, status):
                with pytest.raises(NotNow):
                    do(act, region, taken, actor)
        assert stored() == before

    @pytest.mark.parametrize(
        ("act", "status", "who"),
        [
            (act, status, who)
            for act in ACTS
            for status in TRANSITIONS[act]
            for who, part in PEOPLE.items()
            if part in WHO[act]
        ],
    )
    def test_who_is_named_can_do_it(
        self, act: str, status: ClaimStatus, who: str
    ) -> None:
        region, taken = make_claim(status)
        do(act, region, taken, people_of(region)[who])
        taken.refresh_from_db()
        assert taken.status == TRANSITIONS[act][status]

    @pytest.mark.parametrize("status", list(S))
    def test_who_the_client_is_stays_with_who_may_know(
        self, status: ClaimStatus
    ) -> None:
        region, taken = make_claim(status)
        stay = get_stay(taken.stay_id)
        seen = find_seen_claim(stay)
        target = provider_target(seen)
        is_given = status in (S.CONFIRMED, S.ARRIVED, S.ENDED)
        sees_stay = is_given or status == S.HELD
        for who, actor in people_of(region).items():
            part = PEOPLE[who]
            steers = part in ("requester", "coordinator")
            may = steers or (part == "provider" and is_given)
            assert can_see_stay_patient(actor, stay, seen, target) is may, who
            may_see = steers or (part == "provider" and sees_stay)
            assert can_see_stay(actor, stay, target) is may_see, who


class TestAsking:
    def test_a_stay_has_an_owner_and_a_date_from_the_start(self) -> None:
        region = make.make_region()
        make.promise(region)
        stay = make.ask(region)
        assert stay.status == StayStatus.OPEN
        assert stay.owner_id == region.referrer.user.pk
        assert stay.due_at == region.at + timedelta(hours=2)
        assert stay.requester_organization_id == region.practice.pk
        assert (stay.suggested, stay.decider) == (KIND, "gp")
        assert stay.rule.endswith("/watch")

    def test_without_a_bed_the_coordinator_has_it_at_once(self) -> None:
        region = make.make_region()
        stay = make.ask(region)
        assert stay.owner_kind == OwnerKind.COORDINATOR
        assert stay.owner_id == region.coordinator.user.pk
        message = Communication.objects.get(topic="stays.coordinator")
        assert message.to_user_id == region.coordinator.user.pk
        assert message.params == {"number": stay.number}

    def test_in_a_region_without_a_coordinator_who_asked_keeps_it(self) -> None:
        region = make.make_region(with_coordinator=False)
        stay = make.ask(region)
        assert stay.owner_kind == OwnerKind.REQUESTER
        assert stay.due_at is not None

    def test_every_search_is_counted_without_a_person(self) -> None:
        region = make.make_region()
        make.ask(region)
        make.promise(region, 2)
        make.ask(region)
        rows = list(StaySearch.objects.order_by("pk").values())
        assert [row["fitting"] for row in rows] == [0, 2]
        assert rows[1]["nearest_km"] == pytest.approx(3.3, abs=0.1)
        assert rows[0]["wijk_id"] == region.wijk.pk
        names = {field.name for field in StaySearch._meta.get_fields()}
        assert not names & {"postcode", "age", "requester", "stay", "note", "name"}

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"age": 130}, "age"),
            ({"age": -1}, "age"),
            ({"happened": "party"}, "happened"),
            ({"needs": ("sauna",)}, "needs"),
            ({"gender": "x"}, "gender"),
            ({"note": "x" * 301}, "note"),
            ({"answers": {"urgent": "soon"}}, "urgent"),
            ({"answers": {"mood": "good"}}, "answers"),
        ],
    )
    def test_a_wrong_value_is_refused_with_its_field(
        self, changes: dict[str, Any], field: str
    ) -> None:
        region = make.make_region()
        with pytest.raises(InvalidStay) as refusal:
            make.ask(region, **changes)
        assert list(refusal.value.fields) == [field]
        assert not StayRequest.objects.exists()

    @pytest.mark.parametrize("days", [-1, 61])
    def test_a_day_that_has_passed_or_is_far_ahead_is_refused(self, days: int) -> None:
        region = make.make_region()
        day = (region.at + timedelta(days=days)).date()
        with pytest.raises(InvalidStay, match="within 60 days"):
            make.ask(region, needed_on=day)

    @pytest.mark.parametrize("urgent", ["life", "hospital"])
    def test_no_bed_is_looked_for_when_the_hospital_comes_first(
        self, urgent: str
    ) -> None:
        region = make.make_region()
        with pytest.raises(NotNow):
            make.ask(region, answers=make.ELV_LOW | {"urgent": urgent})
        assert not StayRequest.objects.exists()

    def test_home_comes_first_unless_who_asks_says_otherwise(self) -> None:
        region = make.make_region()
        answers = make.ELV_LOW | {"home": "yes"}
        with pytest.raises(NotNow):
            start_stay(
                actor=region.referrer.actor,
                need=make.need(region, answers=answers),
                requester=Requester("R.", "070"),
                at=region.at,
            )
        make.promise(region)
        stay = make.ask(region, answers=answers)
        assert make.claim(region, stay).kind == KIND

    def test_nobody_asks_from_another_organization(self) -> None:
        region = make.make_region()
        with pytest.raises(NotPermitted):
            start_stay(
                actor=region.referrer.actor,
                need=make.need(region),
                requester=Requester("R.", "070", region.place.organization_id),
                at=region.at,
            )

    def test_a_visitor_or_an_insurer_does_not_ask(self) -> None:
        region = make.make_region()
        insurer = make_person(Role.INSURER, name="I.", region=region.region).actor
        for actor in (Actor(), insurer):
            with pytest.raises(NotPermitted):
                make.ask(region, actor=actor)

    def test_who_asks_can_be_called_back(self) -> None:
        region = make.make_region()
        with pytest.raises(InvalidStay) as refusal:
            start_stay(
                actor=region.referrer.actor,
                need=make.need(region),
                requester=Requester(" ", "\0"),
                at=region.at,
            )
        assert set(refusal.value.fields) == {"requester_name", "requester_phone"}

    def test_the_database_keeps_an_owner_and_a_date(self) -> None:
        region = make.make_region()
        stay = make.ask(region)
        stay.due_at = None
        with (
            pytest.raises(IntegrityError, match="owner_and_date"),
            transaction.atomic(),
        ):
            stay.save()


class TestClaiming:
    def test_the_provider_is_told_and_the_time_to_confirm_runs(self) -> None:
        region = make.make_region()
        make.promise(region)
        taken = make.claim(region)
        assert taken.hold_until == region.at + timedelta(hours=4)
        assert get_stay(taken.stay_id).due_at == taken.hold_until
        message = Communication.objects.get(topic="stays.claimed")
        assert message.to_service_id == region.place.pk

    def test_a_bed_that_does_not_fit_is_not_taken(self) -> None:
        region = make.make_region()
        make.promise(region)
        stay = make.ask(region, needs=("iv",))
        with pytest.raises(InvalidStay, match="infusion or pump"):
            make.claim(region, stay)
        newest = get_newest_report(region.place.pk, KIND)
        assert newest is not None
        assert newest.left == 1

    def test_one_stay_takes_one_bed(self) -> None:
        region = make.make_region()
        make.promise(region)
        make.promise(region, place=1)
        stay = make.ask(region)
        make.claim(region, stay)
        with pytest.raises(NotNow, match="taken already"):
            make.claim(region, stay, place=1)

    def test_nobody_else_claims_for_a_stay(self) -> None:
        region = make.make_region()
        make.promise(region)
        stay = make.ask(region)
        for actor in (region.other_referrer.actor, region.nurse.actor, Actor()):
            with pytest.raises(NotPermitted):
                claim_bed(
                    actor=actor,
                    stay_id=stay.pk,
                    service_id=region.place.pk,
                    kind=KIND,
                    at=region.at,
                )

    def test_a_closed_stay_takes_no_bed(self) -> None:
        region = make.make_region()
        make.promise(region)
        stay = make.ask(region)
        cancel_stay(
            actor=region.referrer.actor,
            stay_id=stay.pk,
            reason=CancelReason.HOME,
            at=region.at,
        )
        with pytest.raises(NotNow, match="closed"):
            make.claim(region, stay)

    def test_an_unknown_stay_or_service_is_not_found(self) -> None:
        region = make.make_region()
        with pytest.raises(UnknownStay):
            claim_bed(
                actor=region.referrer.actor,
                stay_id=0,
                service_id=region.place.pk,
                kind=KIND,
                at=region.at,
            )

    def test_a_coordinator_claims_for_who_asked(self) -> None:
        region = make.make_region()
        stay = make.ask(region)
        make.promise(region)
        claim_bed(
            actor=region.coordinator.actor,
            stay_id=stay.pk,
            service_id=region.place.pk,
            kind=KIND,
            at=region.at,
        )
        stay.refresh_from_db()
        assert stay.owner_id == region.coordinator.user.pk


class TestConfirming:
    def confirm(self, **changes: Any) -> None:
        region, taken = make_claim(S.HELD)
        self.region, self.taken = region, taken
        usual: dict[str, Any] = {
            "arrives_at": region.at + timedelta(hours=2),
            "planned_end": (region.at + timedelta(days=14)).date(),
            "patient": make.PATIENT,
            "consent": make.AGREED,
        }
        days: dict[str, Any] = {
            name: region.at + timedelta(days=value)
            for name, value in changes.items()
            if isinstance(value, int)
        }
        if "planned_end" in days:
            days["planned_end"] = days["planned_end"].date()
        confirm_claim(
            actor=region.referrer.actor,
            stay_id=taken.stay_id,
            at=region.at,
            **(usual | changes | days),
        )

    def test_identity_goes_to_the_provider_of_this_bed_and_is_logged(self) -> None:
        self.confirm()
        stay = get_stay(self.taken.stay_id)
        assert StayPatient.objects.get(stay=stay).name == make.PATIENT.name
        consent = StayConsent.objects.get(stay=stay)
        assert consent.service_id == self.region.place.pk
        trail = AuditEvent.objects.filter(entity_type="stay-patient")
        assert set(trail.values_list("purpose", "entity_id")) == {
            ("stay.confirm", stay.number),
            (f"release-to-service-{self.region.place.pk}", stay.number),
        }
        patient = show_stay_patient(
            actor=self.region.nurse.actor,
            stay_id=stay.pk,
            purpose="page.stay",
            at=self.region.at,
        )
        assert patient is not None
        assert trail.filter(purpose="page.stay").count() == 1

    def test_nothing_personal_is_in_a_message_or_the_timeline(self) -> None:
        self.confirm()
        told = str(list(Communication.objects.values())) + str(
            list(StayEvent.objects.values())
        )
        assert not any(text in told for text in make.TEXTS)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"arrives_at": -1}, "arrives_at"),
            ({"arrives_at": 4}, "arrives_at"),
            ({"planned_end": 0}, "planned_end"),
            ({"planned_end": 400}, "planned_end"),
            ({"patient": None}, "name"),
            ({"consent": ConsentGiven("maybe", "client")}, "decision"),
            ({"consent": ConsentGiven("agreed", "cat")}, "given_by"),
        ],
    )
    def test_a_wrong_value_is_refused_and_nothing_is_stored(
        self, changes: dict[str, Any], field: str
    ) -> None:
        with pytest.raises(InvalidStay) as refusal:
            self.confirm(**changes)
        assert list(refusal.value.fields) == [field]
        assert not StayPatient.objects.exists()
        assert not any(text in str(refusal.value) for text in make.TEXTS)

    @pytest.mark.parametrize("field", ["name", "address", "birth_date", "phone"])
    def test_a_client_is_told_in_full(self, field: str) -> None:
        from dataclasses import replace
        from datetime import date

        bad: dict[str, Any] = {field: " "}
        if field == "birth_date":
            bad = {field: date(2040, 1, 1)}
        if field == "phone":
            bad = {"phone": "", "contact_phone": ""}
        with pytest.raises(InvalidStay) as refusal:
            self.confirm(patient=replace(make.PATIENT, **bad))
        assert list(refusal.value.fields) == [field]

    def test_an_objection_stores_nothing(self) -> None:
        objected = ConsentGiven(StayConsentDecision.OBJECTED, ConsentGiver.CLIENT)
        with pytest.raises(NoBasis):
            self.confirm(consent=objected)
        assert not StayPatient.objects.exists()
        assert not StayConsent.objects.exists()

    def test_a_bed_that_comes_free_later_is_not_arrived_in_earlier(self) -> None:
        region = make.make_region()
        make.promise(region, from_on=(region.at + timedelta(days=2)).date())
        taken = make.claim(region)
        with pytest.raises(InvalidStay, match="free from 2026-11-19"):
            make.confirm(region, taken)

    def test_who_it_is_need_not_be_typed_again_for_another_bed(self) -> None:
        region, taken = make_claim(S.CONFIRMED)
        make.promise(region, place=1)
        do("cannot deliver", region, taken, region.nurse.actor)
        stay = get_stay(taken.stay_id)
        again = make.claim(region, stay, place=1)
        make.confirm(region, again, patient=None)
        assert StayConsent.objects.count() == 2
        # The first provider has no more to do with it.
        with pytest.raises(NotPermitted):
            show_stay_patient(
                actor=region.nurse.actor,
                stay_id=stay.pk,
                purpose="page.stay",
                at=region.at,
            )


class TestNotDelivered:
    def broken(self, **values: Any) -> tuple[make.StayRegion, BedClaim]:
        region, taken = make_claim(S.CONFIRMED)
        report_not_delivered(
            actor=region.nurse.actor,
            stay_id=taken.stay_id,
            at=region.at + timedelta(hours=1),
            **({"ground": NotDeliveredGround.OUTBREAK} | values),
        )
        taken.refresh_from_db()
        return region, taken

    def test_it_goes_to_the_coordinator_with_a_date(self) -> None:
        region, taken = self.broken()
        stay = get_stay(taken.stay_id)
        assert stay.status == StayStatus.OPEN
        assert stay.owner_id == region.coordinator.user.pk
        assert stay.due_at == region.at + timedelta(hours=5)
        topics = set(Communication.objects.values_list("topic", flat=True))
        assert {"stays.coordinator", "stays.not-delivered"} <= topics

    def test_it_counts_as_a_promise_not_kept(self) -> None:
        from wijkspil.stays.selectors.statistics import count_promises, count_region

        region, _taken = self.broken()
        span = {
            "since": region.at - timedelta(days=1),
            "until": region.at + timedelta(days=1),
        }
        assert count_promises(region.region.pk, **span) == (1, 1)
        figures = count_region(region.region.pk, **span)
        assert (figures.promised, figures.delivered, figures.broken) == (1, 0, 1)
        [provider] = figures.providers
        assert (provider.name, provider.broken) == ("Stichting Huize Duin 1", 1)
        assert figures.broken_lately[0].ground == NotDeliveredGround.OUTBREAK

    @pytest.mark.parametrize(("said", "left"), [(0, 0), (1, 1), (9, 1)])
    def test_the_beds_are_corrected_and_never_become_more(
        self, said: int, left: int
    ) -> None:
        region, _taken = self.broken(free_left=said)
        newest = get_newest_report(region.place.pk, KIND)
        assert newest is not None
        assert (newest.left, newest.source) == (left, "corrected")

    def test_a_ground_of_the_list_is_needed(self) -> None:
        with pytest.raises(InvalidStay, match="outbreak"):
            self.broken(ground="no reason")
        assert BedClaim.objects.get().status == S.CONFIRMED

    def test_the_database_asks_for_a_ground(self) -> None:
        _region, taken = self.broken()
        taken.ground = ""
        with pytest.raises(IntegrityError, match="has_ground"), transaction.atomic():
            taken.save()


class TestTheRest:
    def test_giving_back_frees_the_bed_at_once(self) -> None:
        region, taken = make_claim(S.HELD)
        do("give back", region, taken, region.referrer.actor)
        newest = get_newest_report(region.place.pk, KIND)
        assert newest is not None
        assert newest.left == 2
        assert make.claim(region, get_stay(taken.stay_id)).status == S.HELD

    def test_a_bed_given_back_after_a_newer_report_is_free_there(self) -> None:
        region, taken = make_claim(S.HELD)
        make.promise(region, 3, at=region.at + timedelta(hours=1))
        do("give back", region, taken, region.referrer.actor)
        newest = get_newest_report(region.place.pk, KIND)
        assert newest is not None
        assert (newest.free, newest.returned, newest.left) == (3, 1, 4)

    def test_a_bed_of_before_a_correction_does_not_come_back(self) -> None:
        region, taken = make_claim(S.HELD)
        other = make.claim(region)
        do("cannot deliver", region, other, region.nurse.actor)
        do("give back", region, taken, region.referrer.actor)
        newest = get_newest_report(region.place.pk, KIND)
        assert newest is not None
        assert newest.left == 0

    def test_a_bed_of_a_service_that_ended_does_not_come_back(self) -> None:
        region, taken = make_claim(S.HELD)
        region.place.is_active = False
        region.place.save()
        do("give back", region, taken, region.referrer.actor)
        assert get_stay(taken.stay_id).status == StayStatus.OPEN

    def test_closing_frees_the_bed_and_needs_a_reason(self) -> None:
        region, taken = make_claim(S.CONFIRMED)
        close: dict[str, Any] = {
            "actor": region.referrer.actor,
            "stay_id": taken.stay_id,
            "at": region.at + timedelta(hours=1),
        }
        with pytest.raises(InvalidStay):
            cancel_stay(reason="bored", **close)
        stay = cancel_stay(reason=CancelReason.HOME, **close)
        assert (stay.status, stay.due_at) == (StayStatus.CANCELLED, None)
        taken.refresh_from_db()
        assert taken.status == S.WITHDRAWN
        with pytest.raises(NotNow):
            cancel_stay(reason=CancelReason.HOME, **close)

    def test_who_is_there_cannot_be_cancelled(self) -> None:
        region, taken = make_claim(S.ARRIVED)
        with pytest.raises(NotNow):
            cancel_stay(
                actor=region.referrer.actor,
                stay_id=taken.stay_id,
                reason=CancelReason.HOME,
                at=region.at + timedelta(hours=3),
            )

    def test_on_arrival_the_provider_has_it_until_the_last_day(self) -> None:
        region, taken = make_claim(S.ARRIVED)
        stay = get_stay(taken.stay_id)
        assert stay.owner_kind == OwnerKind.PROVIDER
        assert stay.owner_name == region.place.name
        assert stay.due_at is not None
        # Half past seven in the evening in UTC is half past eight here: 20:00 local.
        assert stay.due_at.isoformat() == "2026-12-01T19:00:00+00:00"

    def test_the_end_closes_it_and_does_not_promise_the_bed(self) -> None:
        region, taken = make_claim(S.ENDED)
        stay = get_stay(taken.stay_id)
        assert (stay.status, stay.close_reason) == (StayStatus.ENDED, "home")
        newest = get_newest_report(region.place.pk, KIND)
        assert newest is not None
        assert newest.left == 1

    @pytest.mark.parametrize("days", [-1, 400])
    def test_another_last_day_lies_ahead(self, days: int) -> None:
        region, taken = make_claim(S.ARRIVED)
        with pytest.raises(InvalidStay, match="give a day from"):
            change_planned_end(
                actor=region.nurse.actor,
                stay_id=taken.stay_id,
                planned_end=(region.at + timedelta(days=days)).date(),
                at=region.at + timedelta(hours=5),
            )

    def test_who_asked_hands_an_open_stay_to_the_coordinator(self) -> None:
        region = make.make_region()
        make.promise(region)
        stay = make.ask(region)
        handed = ask_coordinator(
            actor=region.colleague.actor, stay_id=stay.pk, at=region.at
        )
        assert handed.owner_kind == OwnerKind.COORDINATOR
        make.claim(region, stay)
        with pytest.raises(NotNow):
            ask_coordinator(actor=region.referrer.actor, stay_id=stay.pk, at=region.at)

    def test_only_a_coordinator_of_the_region_takes_over(self) -> None:
        region = make.make_region()
        make.promise(region)
        stay = make.ask(region)
        with pytest.raises(NotPermitted):
            take_over(actor=region.referrer.actor, stay_id=stay.pk, at=region.at)
        taken = take_over(actor=region.coordinator.actor, stay_id=stay.pk, at=region.at)
        assert taken.owner_id == region.coordinator.user.pk

    def test_a_note_is_short_and_of_who_steers(self) -> None:
        region = make.make_region()
        stay = make.ask(region)
        for text in (" ", "x" * 301):
            with pytest.raises(InvalidStay):
                add_note(
                    actor=region.referrer.actor,
                    stay_id=stay.pk,
                    text=text,
                    at=region.at,
                )
        with pytest.raises(NotPermitted):
            add_note(actor=region.nurse.actor, stay_id=stay.pk, text="hi", at=region.at)
