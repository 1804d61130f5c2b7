"""What of a call stays with whom: nothing in passing, and nothing after leaving."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from tests.apps.calls.test_api import body
from tests.apps.referrals.rest import System, problem_of
from tests.factories.calls import PATIENT, Night, bring_to, make_night, open_alerts
from tests.factories.referrals import Person
from wijkspil.accounts.models import Membership
from wijkspil.accounts.selectors import get_actor
from wijkspil.accounts.types import Actor
from wijkspil.calls.errors import UnknownCall
from wijkspil.calls.models import Call
from wijkspil.calls.services.alerts import alert_nurse
from wijkspil.calls.services.disclosure import show_patient
from wijkspil.calls.services.reports import show_reports
from wijkspil.calls.types import CallStatus
from wijkspil.core.models import IdempotencyRecord

pytestmark = pytest.mark.django_db
S = CallStatus


@pytest.fixture
def night() -> Night:
    """Make a night that is now."""
    return make_night(at=timezone.now())


def now_of(person: Person) -> Actor:
    """Return the person with the roles of this moment."""
    user_id = person.actor.user_id
    assert user_id is not None
    return get_actor(user_id=user_id, label=person.actor.label, at=timezone.now())


def reports_of(night: Night) -> list[Any]:
    """Return what the own team reads in the morning."""
    return show_reports(
        actor=night.own_nurse.actor,
        service_ids=[night.own_team.pk],
        organization_ids=[],
        at=night.at + timedelta(hours=4),
    )


class TestNothingInPassing:
    def test_what_is_kept_of_a_write_names_neither_client_nor_key_safe(
        self, night: Night
    ) -> None:
        triage = System(night.post)
        sent = triage.post("/calls", body(), key="k")
        again = triage.post("/calls", body(), key="k")
        assert again.json() == sent.json()
        triage.post(
            f"/calls/{sent.json()['number']}/patient", body()["patient"], key="k2"
        )
        for row in IdempotencyRecord.objects.values():
            kept = str({**row, "response_body": bytes(row["response_body"])})
            for secret in (PATIENT.name, PATIENT.address, PATIENT.key_safe):
                assert secret not in kept

    def test_showing_the_key_safe_keeps_no_answer(self, night: Night) -> None:
        call = bring_to(night, S.ACCEPTED)
        nursing = System(night.teams[0].organization)
        before = IdempotencyRecord.objects.count()
        answer = nursing.get(f"/calls/{call.number}/key-safe")
        assert answer.json() == {"keySafe": PATIENT.key_safe}
        assert "no-store" in answer["Cache-Control"]
        assert IdempotencyRecord.objects.count() == before

    def test_who_was_only_alerted_is_not_told_who_goes(self, night: Night) -> None:
        call = bring_to(night, S.ALERTED)
        alert_nurse(
            actor=night.triage.actor,
            number=call.number,
            duty_id=night.duties[1].pk,
            at=night.at,
        )
        first, second = (System(team.organization) for team in night.teams[:2])
        first.post(f"/calls/{call.number}/accept", {"alertId": open_alerts(call)[0].pk})
        seen = second.get(f"/calls/{call.number}").json()
        assert (seen["nurseName"], seen["nursePhone"]) == ("", "")
        assert (seen["nurseServiceId"], seen["ownerName"]) == (None, "")
        own = System(night.own_team.organization)
        for reader in (first, own, System(night.post)):
            seen = reader.get(f"/calls/{call.number}").json()
            assert (seen["nurseName"], seen["ownerName"]) == ("N. Acht 1",) * 2
        page = night.nurses[1].browser().get(f"/oproepen/{call.number}/")
        assert "Nachtteam 1" not in page.content.decode()
        assert "2512AB" not in page.content.decode()

    def test_why_a_nurse_cannot_come_is_asked_without_the_whole_postcode(
        self, night: Night
    ) -> None:
        call = bring_to(night, S.ALERTED)
        browser = night.nurses[0].browser()
        for address in ("kan-niet", "klaar", "noodtoegang"):
            page = browser.get(f"/oproepen/{call.number}/{address}")
            assert page.status_code == 200
            assert "2512AB" not in page.content.decode(), address


class TestAfterLeaving:
    def test_who_entered_it_and_has_left_knows_of_nothing(self, night: Night) -> None:
        call = bring_to(night, S.ACCEPTED)
        assert show_patient(
            actor=now_of(night.triage), number=call.number, at=timezone.now()
        )
        left = Membership.objects.filter(user_id=now_of(night.triage).user_id or 0)
        left.update(valid_until=timezone.now() - timedelta(seconds=1))
        with pytest.raises(UnknownCall):
            show_patient(
                actor=now_of(night.triage), number=call.number, at=timezone.now()
            )

    def test_the_own_team_reads_the_report_when_the_call_has_ended(
        self, night: Night
    ) -> None:
        call = bring_to(night, S.ARRIVED)
        assert reports_of(night) == []
        Call.objects.filter(pk=call.pk).delete()
        done = bring_to(night, S.DONE)
        (report,) = reports_of(night)
        assert (report.call.pk, report.patient_name) == (done.pk, PATIENT.name)


class TestWhatNobodyTypes:
    @pytest.mark.parametrize("number", ["%00", "N-%00", "%27;--", "%3Cscript%3E"])
    def test_a_number_of_nothing_is_not_found(self, night: Night, number: str) -> None:
        browser = night.nurses[0].browser()
        for address in (f"/oproepen/{number}/", f"/oproepen/{number}/klaar"):
            assert browser.get(address).status_code == 404
        problem_of(System(night.post).get(f"/calls/{number}"), 404)

    def test_a_number_is_read_as_people_type_it(self, night: Night) -> None:
        call = bring_to(night, S.ALERTED)
        typed = f"/oproepen/{call.number.lower()}/"
        assert night.nurses[0].browser().get(typed).status_code == 200

    @pytest.mark.parametrize("sent", ["9" * 5000, "-1", "²", "1e3", "\0"])
    def test_a_nurse_that_cannot_be_is_refused_in_words(
        self, night: Night, sent: str
    ) -> None:
        call = bring_to(night, S.ALERTED)
        browser = night.triage.browser()
        for address, field in (("alarmeren", "duty"), ("komt", "alert")):
            answer = browser.post(f"/oproep/{call.number}/{address}", {field: sent})
            assert answer.status_code in (302, 404)

    def test_a_note_and_a_report_run_nothing(self, night: Night) -> None:
        script = "<script>alert(1)</script>"
        call = bring_to(night, S.DONE, note=script)
        Call.objects.filter(pk=call.pk).update(report=script, caller_name=script)
        readers: list[tuple[Client, str]] = [
            (night.nurses[0].browser(), f"/oproepen/{call.number}/"),
            (night.nurses[0].browser(), "/oproepen/"),
            (night.triage.browser(), f"/oproep/{call.number}/"),
            (night.coordinator.browser(), "/oproepen/regio/"),
            (night.own_nurse.browser(), "/oproepen/verslagen/"),
        ]
        with translation.override("nl"):
            for browser, address in readers:
                answer = browser.get(address)
                assert answer.status_code == 200, address
                assert script not in answer.content.decode(), address
