"""Who sees the client, when, and what is written of it."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection
from django.db.models import BinaryField, CharField, JSONField, Model, TextField

from tests.factories.calls import (
    AT,
    MINUTE,
    PATIENT,
    bring_to,
    make_night,
    start,
)
from wijkspil.accounts.types import Actor
from wijkspil.calls.errors import AccessIsOver, CallNotNow, InvalidCall, UnknownCall
from wijkspil.calls.models import BreakGlass, Call, CallPatient
from wijkspil.calls.services.alerts import give_back_call
from wijkspil.calls.services.calls import add_patient
from wijkspil.calls.services.course import write_report
from wijkspil.calls.services.disclosure import (
    ShownPatient,
    break_glass,
    list_emergency_access,
    show_key_safe,
    show_patient,
)
from wijkspil.calls.services.reports import send_morning_reports, show_reports
from wijkspil.calls.services.retention import remove_old_call_patients
from wijkspil.calls.types import CallStatus
from wijkspil.communications.models import Communication
from wijkspil.core.errors import Conflict, NotPermitted
from wijkspil.core.models import AuditEvent
from wijkspil.core.privacy import IMPERSONAL_FIELDS, PERSONAL_FIELDS
from wijkspil.core.sealing import seal, unseal

HOUR = timedelta(hours=1)
S = CallStatus
IDENTITY = (
    "Nachtzorgsma",
    "Hendrikje",
    "Sluipweg",
    "5550 0811",
    "1938",
    "AL-77812",
    "Pleisterlijm",
    "regenton",
    "4711",
)


def show(actor: Actor, call: Call, at: datetime) -> ShownPatient:
    """Show who the client is."""
    shown = show_patient(actor=actor, number=call.number, at=at)
    assert shown is not None
    return shown


def stored_models() -> list[type[Model]]:
    """Return every table a call is written in."""
    return [*apps.get_app_config("calls").get_models(), AuditEvent, Communication]


def read(purpose: str) -> int:
    """Count the showings of one purpose in the trail."""
    return AuditEvent.objects.filter(purpose=purpose).count()


@pytest.mark.django_db
class TestTheNurse:
    @pytest.mark.parametrize("state", [S.ACCEPTED, S.ON_THE_WAY, S.ARRIVED, S.DONE])
    def test_the_team_that_goes_sees_what_is_needed_to_act_safely(
        self, state: CallStatus
    ) -> None:
        night = make_night()
        call = bring_to(night, state)
        shown = show(night.nurses[0].actor, call, AT + 30 * MINUTE)
        assert (shown.name, shown.allergies) == (PATIENT.name, "Pleisterlijm")
        assert shown.treatment_limit == "no-hospital"
        assert (shown.medication_list_present, shown.order_present) == ("yes", "no")
        assert shown.can_open_key_safe is (state != S.DONE)
        assert read("call.nurse") == 1

    def test_before_accepting_nobody_alerted_sees_the_client(self) -> None:
        night = make_night()
        call = start(night)
        with pytest.raises(AccessIsOver):
            show(night.nurses[0].actor, call, AT)
        assert read("call.nurse") == 0

    def test_giving_back_closes_it(self) -> None:
        night = make_night()
        call = bring_to(night, S.ON_THE_WAY)
        nurse = night.nurses[0].actor
        give_back_call(actor=nurse, number=call.number, reason="ill", at=AT)
        with pytest.raises(AccessIsOver):
            show(nurse, call, AT)

    def test_it_is_open_for_48_hours_from_the_start_and_not_longer(self) -> None:
        night = make_night()
        call = bring_to(night, S.DONE)
        nurse = night.nurses[0].actor
        assert show(nurse, call, AT + 47 * HOUR).name == PATIENT.name
        for hours in (48, 49):
            with pytest.raises(AccessIsOver, match="48"):
                show(nurse, call, AT + hours * HOUR)

    def test_a_call_that_still_runs_after_48_hours_stays_open(self) -> None:
        night = make_night()
        call = bring_to(night, S.ARRIVED)
        assert show(night.nurses[0].actor, call, AT + 49 * HOUR).name == PATIENT.name

    def test_the_report_can_be_mended_as_long(self) -> None:
        night = make_night()
        call = bring_to(night, S.DONE)
        given: dict[str, Any] = {
            "actor": night.nurses[0].actor,
            "number": call.number,
            "report": "Katheter 16 geplaatst.",
        }
        write_report(**given, at=AT + 47 * HOUR)
        call.refresh_from_db()
        assert call.report == "Katheter 16 geplaatst."
        with pytest.raises(Conflict):
            write_report(**given, at=AT + 49 * HOUR)

    def test_teams_with_nothing_to_do_with_it_do_not_know_of_it(self) -> None:
        night = make_night()
        call = bring_to(night, S.ACCEPTED)
        with pytest.raises(UnknownCall):
            show(night.nurses[2].actor, call, AT)


@pytest.mark.django_db
class TestOthers:
    def test_the_caller_sees_what_was_typed_but_not_the_key_safe(self) -> None:
        night = make_night()
        call = start(night)
        for person in (night.triage, night.colleague):
            shown = show(person.actor, call, AT)
            assert (shown.has_key_safe, shown.can_open_key_safe) == (True, False)
            with pytest.raises(AccessIsOver):
                show_key_safe(actor=person.actor, number=call.number, at=AT)

    def test_the_coordinator_sees_it_only_while_having_it_in_hand(self) -> None:
        night = make_night()
        running = bring_to(night, S.ALERTED)
        with pytest.raises(AccessIsOver):
            show(night.coordinator.actor, running, AT)
        handed_on = bring_to(night, S.HANDED_ON)
        assert show(night.coordinator.actor, handed_on, AT).name == PATIENT.name

    def test_data_may_follow_while_the_nurse_gets_ready(self) -> None:
        night = make_night()
        call = bring_to(night, S.ACCEPTED, patient=None)
        nurse = night.nurses[0].actor
        assert show_patient(actor=nurse, number=call.number, at=AT) is None
        add_patient(
            actor=night.triage.actor, number=call.number, patient=PATIENT, at=AT
        )
        assert show(nurse, call, AT).address == "Sluipweg 33"


@pytest.mark.django_db
class TestTheKeySafe:
    @pytest.mark.parametrize("state", [S.ACCEPTED, S.ON_THE_WAY, S.ARRIVED])
    def test_it_is_open_during_the_call_and_each_showing_is_logged(
        self, state: CallStatus
    ) -> None:
        night = make_night()
        call = bring_to(night, state)
        nurse = night.nurses[0].actor
        for _time in range(2):
            opened = show_key_safe(actor=nurse, number=call.number, at=AT)
            assert opened == PATIENT.key_safe
        assert read("call.key-safe") == 2
        assert read("call.nurse") == 0

    @pytest.mark.parametrize("state", [S.ALERTED, S.DONE])
    def test_it_is_closed_before_and_after(self, state: CallStatus) -> None:
        night = make_night()
        call = bring_to(night, state)
        with pytest.raises(AccessIsOver):
            show_key_safe(actor=night.nurses[0].actor, number=call.number, at=AT)
        assert read("call.key-safe") == 0

    def test_the_database_never_holds_the_plain_text(self) -> None:
        night = make_night()
        start(night)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT convert_from(key_safe, 'UTF8') FROM calls_callpatient"
            )
            [(stored,)] = cursor.fetchall()
        assert "regenton" not in stored
        assert "4711" not in stored
        for model in stored_models():
            rows = repr(list(model._default_manager.values_list()))
            assert "regenton" not in rows, model
            assert "4711" not in rows, model

    def test_twice_the_same_text_looks_different(self) -> None:
        assert seal("code 1") != seal("code 1")
        assert unseal(seal("code 1")) == "code 1"

    def test_a_new_key_in_front_still_opens_the_old(self, settings: Any) -> None:
        old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
        settings.FIELD_KEYS = [old]
        sealed = seal("code 2")
        settings.FIELD_KEYS = [new, old]
        assert unseal(sealed) == "code 2"
        settings.FIELD_KEYS = [new]
        with pytest.raises(ImproperlyConfigured, match="WIJKSPIL_FIELD_KEYS"):
            unseal(sealed)

    def test_a_key_that_is_none_is_named(self, settings: Any) -> None:
        settings.FIELD_KEYS = ["too short"]
        with pytest.raises(ImproperlyConfigured, match="32 bytes"):
            seal("code 3")


@pytest.mark.django_db
class TestIdentityStaysApart:
    def test_only_the_table_of_patients_says_who_it_is(self) -> None:
        night = make_night()
        bring_to(night, S.DONE)
        found = {
            model.__name__
            for model in stored_models()
            if any(
                word in repr(list(model._default_manager.values_list()))
                for word in IDENTITY
            )
        }
        assert found == {"CallPatient"}

    def test_every_text_field_is_said_to_be_personal_or_not(self) -> None:
        texts = (CharField, TextField, JSONField, ArrayField, BinaryField)
        for model in apps.get_app_config("calls").get_models():
            table = f"calls.{model.__name__}"
            personal = set(PERSONAL_FIELDS.get(table, {}))
            impersonal = IMPERSONAL_FIELDS.get(table, frozenset())
            written = {f.name for f in model._meta.fields if isinstance(f, texts)}
            assert not personal & impersonal, table
            assert written <= personal | impersonal, table
            assert impersonal <= written, table

    def test_after_thirty_days_nobody_knows_who_it_was(self) -> None:
        night = make_night()
        call = bring_to(night, S.DONE)
        day = (AT + timedelta(days=30)).date()
        assert remove_old_call_patients(on=day - timedelta(days=1), at=AT) == 0
        assert remove_old_call_patients(on=day, at=AT) == 1
        assert remove_old_call_patients(on=day, at=AT) == 0
        call.refresh_from_db()
        assert (call.report, call.note, call.postcode) == ("", "", "2512")
        assert call.travel_minutes is not None
        assert read("retention") == 1

    def test_a_running_call_keeps_it(self) -> None:
        night = make_night()
        bring_to(night, S.ARRIVED)
        day = (AT + timedelta(days=60)).date()
        assert remove_old_call_patients(on=day, at=AT) == 0


@pytest.mark.django_db
class TestEmergencyAccess:
    REASON = "Cliënt belt terug over de wond van vannacht"

    def test_it_opens_for_an_hour_and_is_reported(self) -> None:
        night = make_night()
        call = bring_to(night, S.DONE)
        nurse = night.nurses[0].actor
        at = AT + 50 * HOUR
        glass = break_glass(actor=nurse, number=call.number, reason=self.REASON, at=at)
        assert glass.reported_at == at
        assert show(nurse, call, at + 59 * MINUTE).name == PATIENT.name
        with pytest.raises(AccessIsOver):
            show_key_safe(actor=nurse, number=call.number, at=at)
        with pytest.raises(AccessIsOver):
            show(nurse, call, at + 60 * MINUTE)
        [message] = Communication.objects.filter(topic="calls.glass-broken")
        assert message.to_user_id == night.privacy_officer.user.pk
        assert (read("call.break-glass"), read("call.glass")) == (1, 1)

    def test_it_opens_for_who_asked_and_nobody_else(self) -> None:
        night = make_night()
        call = bring_to(night, S.DONE)
        at = AT + 50 * HOUR
        break_glass(
            actor=night.nurses[0].actor, number=call.number, reason=self.REASON, at=at
        )
        with pytest.raises(AccessIsOver):
            show(night.managers[0].actor, call, at)

    @pytest.mark.parametrize("reason", ["", "nodig", "   kort    ", "\n" * 20])
    def test_a_reason_of_less_than_ten_characters_opens_nothing(
        self, reason: str
    ) -> None:
        night = make_night()
        call = bring_to(night, S.DONE)
        with pytest.raises(InvalidCall):
            break_glass(
                actor=night.nurses[0].actor,
                number=call.number,
                reason=reason,
                at=AT + 50 * HOUR,
            )
        assert not BreakGlass.objects.exists()

    def test_the_database_refuses_one_without_a_reason(self) -> None:
        night = make_night()
        call = bring_to(night, S.DONE)
        with pytest.raises(IntegrityError, match="glass_has_a_reason"):
            BreakGlass.objects.create(
                call=call, actor_name="x", reason="kort", at=AT, open_until=AT
            )

    def test_the_own_team_may_and_a_stranger_may_not(self) -> None:
        night = make_night()
        call = bring_to(night, S.DONE)
        at = AT + HOUR
        break_glass(
            actor=night.own_nurse.actor, number=call.number, reason=self.REASON, at=at
        )
        for stranger in (night.nurses[2], night.triage, night.coordinator):
            with pytest.raises(UnknownCall):
                break_glass(
                    actor=stranger.actor,
                    number=call.number,
                    reason=self.REASON,
                    at=at,
                )

    def test_what_is_open_is_not_broken_open(self) -> None:
        night = make_night()
        call = bring_to(night, S.ARRIVED)
        with pytest.raises(CallNotNow):
            break_glass(
                actor=night.nurses[0].actor,
                number=call.number,
                reason=self.REASON,
                at=AT,
            )

    def test_what_was_removed_cannot_be_opened(self) -> None:
        night = make_night()
        call = bring_to(night, S.DONE)
        CallPatient.objects.all().delete()
        with pytest.raises(CallNotNow):
            break_glass(
                actor=night.nurses[0].actor,
                number=call.number,
                reason=self.REASON,
                at=AT + 50 * HOUR,
            )

    def test_the_privacy_officer_reads_why(self) -> None:
        night = make_night()
        call = bring_to(night, S.DONE)
        break_glass(
            actor=night.nurses[0].actor,
            number=call.number,
            reason=self.REASON,
            at=AT + 50 * HOUR,
        )
        region = frozenset({night.region.pk})
        given: dict[str, Any] = {"is_everywhere": False, "at": AT}
        [row] = list_emergency_access(
            actor=night.privacy_officer.actor, region_ids=region, **given
        )
        assert (row.reason, row.actor_name) == (self.REASON, "N. Acht 1")
        assert read("page.emergency-access") == 1
        with pytest.raises(NotPermitted):
            list_emergency_access(
                actor=night.coordinator.actor, region_ids=region, **given
            )


@pytest.mark.django_db
class TestTheMorning:
    def test_the_own_team_hears_once_how_many_calls_there_were(self) -> None:
        night = make_night()
        calls = [bring_to(night, S.DONE), bring_to(night, S.DONE)]
        morning = AT + 4 * HOUR
        assert send_morning_reports(at=morning) == 1
        assert send_morning_reports(at=morning) == 0
        [message] = Communication.objects.filter(topic="calls.morning-report")
        assert message.params == {"calls": 2}
        assert message.to_service_id == night.own_team.pk
        reports = show_reports(
            actor=night.own_nurse.actor,
            service_ids={night.own_team.pk},
            organization_ids=set(),
            at=morning,
        )
        assert {r.call.number for r in reports} == {c.number for c in calls}
        assert {r.patient_name for r in reports} == {PATIENT.name}
        assert reports[0].call.report == "Katheter gewisseld."
        assert read("call.report") == 2

    def test_a_call_that_runs_is_told_the_next_time(self) -> None:
        night = make_night()
        bring_to(night, S.ARRIVED)
        assert send_morning_reports(at=AT + 4 * HOUR) == 0

    def test_another_team_reads_nothing(self) -> None:
        night = make_night()
        bring_to(night, S.DONE)
        reports = show_reports(
            actor=night.nurses[0].actor,
            service_ids={night.own_team.pk},
            organization_ids=set(),
            at=AT,
        )
        assert reports == []
