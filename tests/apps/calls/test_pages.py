"""The pages over HTTP: enter, follow, answer with one thumb, report, settle."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from tests.factories.calls import (
    PATIENT,
    Night,
    bring_to,
    make_night,
    open_alerts,
    start,
)
from tests.factories.referrals import make_person
from wijkspil.accounts.types import Role
from wijkspil.calls.models import BreakGlass, Call, CallPatient
from wijkspil.calls.types import CallStatus
from wijkspil.core.models import AuditEvent

pytestmark = pytest.mark.django_db
S = CallStatus
NEED = {
    "caller_kind": "triage-nurse",
    "postcode": "2512 ab",
    "reason": "catheter",
    "urgency": "30",
    "note": "Achterom",
    "caller_name": "T. Riage",
    "caller_phone": "070 555 0911",
}
WHO = {
    "name": PATIENT.name,
    "address": PATIENT.address,
    "allergies": PATIENT.allergies,
    "key_safe": PATIENT.key_safe,
    "treatment_limit": "no-hospital",
    "basis": "agreed",
}


@pytest.fixture
def night() -> Night:
    """Make a night that is now."""
    return make_night(at=timezone.now())


def text_of(answer: Any) -> str:
    """Return a page as text."""
    text: str = answer.content.decode()
    return text


def english(client: Client) -> Client:
    """Read the page in English."""
    client.cookies["django_language"] = "en"
    return client


class TestEntering:
    def test_looking_shows_who_can_come_and_stores_nothing(self, night: Night) -> None:
        browser = english(night.triage.browser())
        answer = browser.post("/oproep/triage", NEED)
        text = text_of(answer)
        assert answer.status_code == 200
        for number in (1, 2, 3):
            assert f"N. Acht {number}" in text
            assert f"06 5550 010{number}" in text.replace("&nbsp;", " ")
        assert not Call.objects.exists()

    def test_pressing_a_nurse_alerts_her_with_the_client_stored_apart(
        self, night: Night
    ) -> None:
        browser = english(night.triage.browser())
        answer = browser.post(
            "/oproep/triage", {**NEED, **WHO, "duty": night.duties[1].pk}
        )
        call = Call.objects.get()
        assert answer["Location"] == f"/oproep/{call.number}/"
        assert [a.person_name for a in open_alerts(call)] == ["N. Acht 2"]
        page = text_of(browser.get(answer["Location"]))
        assert "N. Acht 2" in page
        assert PATIENT.name not in page
        shown = text_of(browser.post(f"/oproep/{call.number}/wie"))
        assert PATIENT.name in shown
        assert "4711" not in shown

    def test_what_nobody_touched_is_not_known_rather_than_yes(
        self, night: Night
    ) -> None:
        browser = english(night.triage.browser())
        page = text_of(browser.post("/oproep/triage", NEED))
        assert page.count('<option value="unknown" selected>') == 3
        assert '<option value="yes" selected>' not in page
        browser.post("/oproep/triage", {**NEED, **WHO, "duty": "next"})
        stored = CallPatient.objects.get()
        assert stored.medication_list_present == stored.order_present == "unknown"

    def test_the_number_to_call_back_is_remembered(self, night: Night) -> None:
        browser = night.triage.browser()
        browser.post("/oproep/triage", {**NEED, "duty": "next"})
        assert "070 555 0911" in text_of(browser.get("/oproep/huisartsenpost"))

    def test_the_post_types_its_own_code_and_hears_of_112(self, night: Night) -> None:
        browser = english(night.triage.browser())
        need = {k: v for k, v in NEED.items() if k not in ("urgency", "caller_kind")}
        refused = browser.post("/oproep/huisartsenpost", {**need, "triage_code": "U1"})
        assert refused.status_code == 422
        assert "112" in text_of(refused)
        browser.post(
            "/oproep/huisartsenpost", {**need, "triage_code": "U2", "duty": "next"}
        )
        call = Call.objects.get()
        assert (call.urgency, call.caller_kind) == ("15", "out-of-hours-post")

    def test_the_alarm_center_gives_its_alarm_number(self, night: Night) -> None:
        need = {k: v for k, v in NEED.items() if k != "caller_kind"}
        browser = english(night.triage.browser())
        browser.post(
            "/oproep/alarmcentrale",
            {**need, **WHO, "alarm_number": "AL-77812", "duty": "next"},
        )
        call = Call.objects.get()
        shown = text_of(browser.post(f"/oproep/{call.number}/wie"))
        assert "AL-77812" in shown

    @pytest.mark.parametrize(
        ("wrong", "word"),
        [
            ({"postcode": "99"}, "postcode"),
            ({"postcode": "9999ZZ"}, "9999"),
            ({"reason": "dance"}, "Choose"),
            ({"urgency": ""}, "Choose"),
            ({"caller_phone": "geen"}, "phone number"),
            ({"own_provider": "Bestaat Niet"}, "No provider"),
            ({"name": "Alleen een naam"}, "house number"),
            ({"note": "x" * 301}, "300"),
            ({"phone": "abc", **{k: WHO[k] for k in ("name", "address")}}, "phone"),
        ],
    )
    def test_what_is_wrong_is_named_and_nobody_is_alerted(
        self, night: Night, wrong: dict[str, str], word: str
    ) -> None:
        browser = english(night.triage.browser())
        answer = browser.post("/oproep/triage", {**NEED, "duty": "next", **wrong})
        assert answer.status_code == 422
        assert word in text_of(answer)
        assert not Call.objects.exists()

    def test_nobody_on_duty_still_hands_the_call_to_the_coordinator(
        self, night: Night
    ) -> None:
        browser = english(night.triage.browser())
        for duty in night.duties:
            duty.delete()
        assert "Nobody can come now" in text_of(browser.post("/oproep/triage", NEED))
        browser.post("/oproep/triage", {**NEED, "duty": "next"})
        assert Call.objects.get().status == S.HANDED_ON
        desk = text_of(english(night.coordinator.browser()).get("/oproepen/regio/"))
        assert "1 call runs" in desk

    @pytest.mark.parametrize("path", ["/oproep/", "/oproep/triage"])
    def test_who_does_not_enter_calls_is_told_so(self, night: Night, path: str) -> None:
        assert night.nurses[0].browser().get(path).status_code == 403


class TestFollowing:
    def test_an_open_page_hears_only_what_is_new(self, night: Night) -> None:
        browser = english(night.triage.browser())
        call = start(night, at=timezone.now())
        page = text_of(browser.get(f"/oproep/{call.number}/"))
        seen = page.split("?seen=")[1].split('"')[0]
        renewal = {"HX-Request": "true"}
        path = f"/oproep/{call.number}/?seen="
        same = browser.get(path + seen, headers=renewal)
        changed = browser.get(f"{path}0-0", headers=renewal)
        assert (same.status_code, changed.status_code) in {(204, 200), (200, 200)}
        assert AuditEvent.objects.filter(purpose="call.caller").count() == 0

    def test_an_open_page_whose_session_is_over_asks_anew(self, night: Night) -> None:
        call = start(night, at=timezone.now())
        for path in (f"/oproep/{call.number}/", "/oproepen/", "/oproepen/regio/"):
            answer = Client().get(path, headers={"HX-Request": "true"})
            assert answer["HX-Refresh"] == "true"

    def test_by_phone_and_choosing_another_and_stopping(self, night: Night) -> None:
        browser = english(night.triage.browser())
        call = start(night, at=timezone.now())
        base = f"/oproep/{call.number}"
        assert "N. Acht 3" in text_of(browser.get(f"{base}/alarmeren"))
        browser.post(f"{base}/alarmeren", {"duty": night.duties[2].pk})
        alerts = open_alerts(call)
        assert len(alerts) == 2
        browser.post(f"{base}/komt", {"alert": alerts[1].pk})
        browser.post(f"{base}/onderweg")
        browser.post(f"{base}/veilig")
        call.refresh_from_db()
        assert (call.status, call.nurse_name) == (S.ON_THE_WAY, "N. Acht 3")
        assert browser.get(f"{base}/stoppen").status_code == 200
        assert browser.post(f"{base}/stoppen", {"reason": "x"}).status_code == 422
        browser.post(f"{base}/stoppen", {"reason": "emergency"})
        call.refresh_from_db()
        assert call.status == S.CANCELLED
        assert "112 was called" in text_of(browser.get(f"{base}/"))

    def test_the_client_may_follow_later(self, night: Night) -> None:
        browser = english(night.triage.browser())
        call = start(night, at=timezone.now(), patient=None)
        path = f"/oproep/{call.number}/client"
        assert browser.post(path, {"name": "Alleen"}).status_code == 422
        assert browser.post(path, WHO).status_code == 302
        assert PATIENT.name in text_of(browser.post(f"/oproep/{call.number}/wie"))

    def test_a_colleague_follows_and_a_stranger_does_not(self, night: Night) -> None:
        call = start(night, at=timezone.now())
        path = f"/oproep/{call.number}/"
        stranger = make_person(Role.TRIAGE, name="S. Tranger", at=timezone.now())
        assert night.colleague.browser().get(path).status_code == 200
        assert stranger.browser().get(path).status_code == 404
        assert stranger.browser().post(f"{path}komt").status_code == 404


class TestTheNurse:
    def test_a_whole_call_with_one_thumb(self, night: Night) -> None:
        call = start(night, at=timezone.now())
        thumb = english(night.nurses[0].browser())
        base = f"/oproepen/{call.number}"
        waiting = text_of(thumb.get("/oproepen/"))
        assert "1 call waits for your answer" in waiting
        for word in (PATIENT.name, PATIENT.address, "2512AB"):
            assert word not in waiting
            assert word not in text_of(thumb.get(f"{base}/"))
        assert thumb.post(f"{base}/ga")["Location"] == f"{base}/"
        page = text_of(thumb.get(f"{base}/"))
        for word in (
            PATIENT.name,
            PATIENT.address,
            "Do not resuscitate, not to hospital",
            "Pleisterlijm",
            "I leave now",
        ):
            assert word in page, word
        assert "4711" not in page
        assert "4711" in text_of(thumb.post(f"{base}/sleutel"))
        thumb.post(f"{base}/vertrek")
        thumb.post(f"{base}/ben-er")
        thumb.post(f"{base}/veilig")
        assert thumb.post(f"{base}/klaar", {"report": "x"}).status_code == 422
        thumb.post(
            f"{base}/klaar",
            {"outcome": "helped", "report": "Gewisseld.", "care_minutes": "25"},
        )
        call.refresh_from_db()
        assert (call.status, call.care_minutes) == (S.DONE, 25)
        assert "4711" not in text_of(thumb.get(f"{base}/"))
        assert thumb.post(f"{base}/sleutel").status_code == 403
        thumb.post(f"{base}/klaar", {"report": "Gewisseld, maat 16."})
        call.refresh_from_db()
        assert call.report == "Gewisseld, maat 16."

    def test_who_cannot_come_presses_the_reason(self, night: Night) -> None:
        call = start(night, at=timezone.now())
        thumb = english(night.nurses[0].browser())
        page = text_of(thumb.get(f"/oproepen/{call.number}/kan-niet"))
        assert "Too far away" in page
        thumb.post(f"/oproepen/{call.number}/kan-niet", {"reason": "too-far"})
        assert [a.person_name for a in open_alerts(call)] == ["N. Acht 2"]

    def test_who_comes_second_goes_back_to_the_list(self, night: Night) -> None:
        call = bring_to(night, S.ALERTED)
        night_call = f"/oproepen/{call.number}/"
        first, second = night.nurses[0].browser(), night.nurses[2].browser()
        english(night.triage.browser()).post(
            f"/oproep/{call.number}/alarmeren", {"duty": night.duties[2].pk}
        )
        first.post(f"{night_call}ga")
        answer = english(second).post(f"{night_call}ga", follow=True)
        assert "Another nurse goes" in text_of(answer)
        assert PATIENT.name not in text_of(second.get(night_call))

    def test_an_open_page_hears_that_it_is_cancelled(self, night: Night) -> None:
        call = bring_to(night, S.ACCEPTED)
        thumb = night.nurses[0].browser()
        path = f"/oproepen/{call.number}/?seen=acceptedFalse"
        renewal = {"HX-Request": "true"}
        assert thumb.get(path, headers=renewal).status_code == 204
        night.triage.browser().post(
            f"/oproep/{call.number}/stoppen", {"reason": "mistake"}
        )
        assert thumb.get(path, headers=renewal)["HX-Refresh"] == "true"
        assert AuditEvent.objects.filter(purpose="call.nurse").count() == 0

    def test_emergency_access_after_two_days(self, night: Night) -> None:
        call = bring_to(night, S.DONE, at=night.at - timedelta(hours=3))
        Call.objects.update(started_at=timezone.now() - timedelta(hours=49))
        thumb = english(night.nurses[0].browser())
        base = f"/oproepen/{call.number}/"
        closed = text_of(thumb.get(base))
        assert PATIENT.name not in closed
        assert "Emergency access" in closed
        assert thumb.post(f"{base}noodtoegang", {"reason": "kort"}).status_code == 422
        thumb.post(f"{base}noodtoegang", {"reason": "Wond bloedt opnieuw, belt nu"})
        assert PATIENT.name in text_of(thumb.get(base))
        officer = english(night.privacy_officer.browser())
        listed = text_of(officer.get("/oproepen/noodtoegang/"))
        assert "Wond bloedt opnieuw, belt nu" in listed
        assert BreakGlass.objects.get().actor_name == "N. Acht 1"
        assert thumb.get("/oproepen/noodtoegang/").status_code == 403


class TestAfterwards:
    def test_the_own_team_reads_the_report(self, night: Night) -> None:
        bring_to(night, S.DONE, at=night.at - timedelta(hours=3))
        page = text_of(english(night.own_nurse.browser()).get("/oproepen/verslagen/"))
        assert "Katheter gewisseld." in page
        assert PATIENT.name in page
        assert night.triage.browser().get("/oproepen/verslagen/").status_code == 403

    def test_the_minutes_are_settled_as_page_and_file(self, night: Night) -> None:
        call = bring_to(night, S.DONE, at=night.at - timedelta(hours=3))
        assert call.done_at is not None
        month = f"{timezone.localtime(call.done_at):%Y-%m}"
        path = f"/oproepen/verrekening/?maand={month}"
        manager = english(night.managers[0].browser())
        assert night.own_team.organization.name in text_of(manager.get(path))
        answer = manager.get(f"/oproepen/verrekening/bestand?maand={month}")
        assert answer["Content-Type"].startswith("text/csv")
        [header, row] = text_of(answer).split()[:2]
        assert header.startswith("month,region,call")
        assert call.number in row
        other = text_of(english(night.managers[1].browser()).get(path))
        assert call.number not in other
        assert manager.get("/oproepen/verrekening/?maand=nu").status_code == 200

    def test_the_insurer_sees_totals_and_no_calls(self, night: Night) -> None:
        call = bring_to(night, S.DONE, at=night.at - timedelta(hours=3))
        assert call.done_at is not None
        insurer = make_person(
            Role.INSURER, name="I. Nsurer", at=night.at, region=night.region
        )
        browser = english(insurer.browser())
        month = f"{timezone.localtime(call.done_at):%Y-%m}"
        page = text_of(browser.get(f"/oproepen/verrekening/?maand={month}"))
        assert "fewer than 5" in page
        assert call.number not in page
        assert browser.get("/oproepen/verrekening/bestand").status_code == 403


@pytest.mark.parametrize("state", [s for s in S if s != S.NEW])
def test_every_page_stands_in_every_state(night: Night, state: CallStatus) -> None:
    now = night.at
    if state == S.CANCELLED:
        call = bring_to(night, S.ALERTED, at=now)
        night.triage.browser().post(
            f"/oproep/{call.number}/stoppen", {"reason": "mistake"}
        )
    else:
        call = bring_to(night, state, at=now)
    with translation.override("nl"):
        for person, paths in (
            (night.triage, ("/oproep/", f"/oproep/{call.number}/")),
            (night.coordinator, ("/oproepen/regio/", f"/oproep/{call.number}/")),
            (night.nurses[0], ("/oproepen/",)),
            (night.managers[0], ("/oproepen/", "/oproepen/verrekening/")),
        ):
            browser = person.browser()
            for path in paths:
                assert browser.get(path).status_code == 200, path
        nurse = night.nurses[0].browser().get(f"/oproepen/{call.number}/")
        assert nurse.status_code == (404 if state == S.HANDED_ON else 200)
