"""REST of calls: a triage system enters and follows, a provider's system answers."""

import uuid
from typing import Any

import pytest
from django.utils import timezone

from tests.apps.referrals.rest import System, problem_of
from tests.factories.calls import PATIENT, Night, make_night
from wijkspil.calls.models import Call, CallPatient
from wijkspil.core.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def night() -> Night:
    """Make a night that is now."""
    return make_night(at=timezone.now())


def body(**changes: Any) -> dict[str, Any]:
    """Return a call as a triage system sends it."""
    return {
        "callerKind": "triage-nurse",
        "callerName": "Triagist",
        "callerPhone": "070 555 0911",
        "postcode": "2512AB",
        "reason": "catheter",
        "urgency": "30",
        "patient": {
            "name": PATIENT.name,
            "address": PATIENT.address,
            "keySafe": PATIENT.key_safe,
            "treatmentLimit": "no-hospital",
        },
        **changes,
    }


def test_two_systems_play_a_whole_call(night: Night) -> None:
    triage = System(night.post)
    nursing = System(night.teams[0].organization)
    checked = triage.post("/call-checks", body(patient=None)).json()["items"]
    assert [item["personName"] for item in checked][:2] == ["N. Acht 1", "N. Acht 2"]
    assert not Call.objects.exists()

    sent = triage.post("/calls", body())
    assert sent.status_code == 201, sent.content
    number = sent.json()["number"]
    assert sent.json()["status"] == "alerted"
    assert PATIENT.name not in sent.content.decode()

    seen = nursing.get(f"/calls/{number}").json()
    assert (seen["postcode"], len(seen["alerts"])) == ("2512", 1)
    problem_of(nursing.get(f"/calls/{number}/patient"), 403)
    problem_of(nursing.get(f"/calls/{number}/key-safe"), 403)

    accepted = nursing.post(f"/calls/{number}/accept", {"expectedMinutes": 9})
    assert accepted.json()["status"] == "accepted"
    assert accepted.json()["postcode"] == "2512AB"
    patient = nursing.get(f"/calls/{number}/patient").json()
    assert (patient["name"], patient["treatmentLimit"]) == (
        PATIENT.name,
        "no-hospital",
    )
    assert "keySafe" not in patient
    opened = nursing.get(f"/calls/{number}/key-safe").json()
    assert opened == {"keySafe": PATIENT.key_safe}
    assert AuditEvent.objects.filter(purpose="call.key-safe").count() == 1

    nursing.post(f"/calls/{number}/leave", {})
    nursing.post(f"/calls/{number}/arrive")
    nursing.post(f"/calls/{number}/check-in")
    done = nursing.post(
        f"/calls/{number}/finish", {"outcome": "helped", "careMinutes": 20}
    ).json()
    assert (done["status"], done["careMinutes"]) == ("done", 20)
    assert triage.get(f"/calls/{number}").json()["status"] == "done"


def test_the_same_key_enters_a_call_once(night: Night) -> None:
    triage, key = System(night.post), str(uuid.uuid4())
    first = triage.post("/calls", body(), key=key)
    again = triage.post("/calls", body(), key=key)
    assert first.json() == again.json()
    assert Call.objects.count() == 1


def test_declining_and_cancelling(night: Night) -> None:
    triage = System(night.post)
    number = triage.post("/calls", body()).json()["number"]
    nursing = System(night.teams[0].organization)
    declined = nursing.post(f"/calls/{number}/decline", {"reason": "busy"}).json()
    assert declined["status"] == "alerted"
    names = [a["personName"] for a in triage.get(f"/calls/{number}").json()["alerts"]]
    assert names == ["N. Acht 1", "N. Acht 2"]
    problem_of(nursing.post(f"/calls/{number}/accept", {}), 409)
    cancelled = triage.post(f"/calls/{number}/cancel", {"reason": "not-needed"})
    assert cancelled.json()["status"] == "cancelled"


def test_the_client_may_follow(night: Night) -> None:
    triage = System(night.post)
    number = triage.post("/calls", body(patient=None)).json()["number"]
    problem_of(triage.get(f"/calls/{number}/patient"), 404)
    triage.post(f"/calls/{number}/patient", body()["patient"])
    assert CallPatient.objects.get().name == PATIENT.name


def test_strangers_do_not_know_of_it(night: Night) -> None:
    number = System(night.post).post("/calls", body()).json()["number"]
    stranger = System(night.teams[2].organization)
    for path in ("", "/patient", "/key-safe"):
        problem_of(stranger.get(f"/calls/{number}{path}"), 404)
    problem_of(stranger.post(f"/calls/{number}/accept", {}), 404)
    problem_of(stranger.post(f"/calls/{number}/cancel", {"reason": "gp"}), 404)
    problem_of(System(night.post).get("/calls/N-000000"), 404)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"postcode": "99"}, ""),
        ({"postcode": "9999ZZ"}, ""),
        ({"reason": "dance"}, "reason"),
        ({"urgency": 30.5}, "urgency"),
        ({"callerPhone": "geen"}, "callerPhone"),
        ({"callerName": " "}, "callerName"),
        ({"tasks": ["fly"]}, "tasks"),
        ({"note": "x" * 301}, "note"),
        ({"note": "a\0b"}, "note"),
        ({"patient": {"name": "", "address": ""}}, "name"),
        ({"patient": {"name": "A", "address": "B", "phone": "x"}}, "phone"),
        (
            {"patient": {"name": "A", "address": "B", "birthDate": "1800-01-01"}},
            "birthDate",
        ),
        ({"unknown": 1}, "unknown"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(
    night: Night, changes: dict[str, Any], name: str
) -> None:
    answer = System(night.post).post("/calls", body(**changes))
    assert 400 <= answer.status_code < 500, answer.content
    said = answer.content.decode()
    assert name in said
    assert not Call.objects.exists()


def test_a_malformed_body_is_refused(night: Night) -> None:
    triage = System(night.post)
    for text in ("{", "[]", '"x"', "null"):
        assert 400 <= triage.post("/calls", text).status_code < 500
    assert not Call.objects.exists()


def test_a_nurse_who_cannot_come_after_all_gives_it_back(night: Night) -> None:
    triage = System(night.post)
    number = triage.post("/calls", body()).json()["number"]
    first = System(night.teams[0].organization)
    first.post(f"/calls/{number}/accept", {"expectedMinutes": 9})
    reason = {"reason": "busy"}
    answer = first.post(f"/calls/{number}/give-back", reason)
    assert answer.status_code == 200, answer.content
    assert triage.get(f"/calls/{number}").json()["status"] == "alerted"
    problem_of(first.get(f"/calls/{number}/patient"), 403)
    problem_of(triage.post(f"/calls/{number}/give-back", {"reason": "mood"}), 400)
