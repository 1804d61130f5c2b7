"""REST of requests with bad input: each wrong field is named, nothing is stored."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from django.utils.timezone import localdate
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.apps.referrals.rest import System, need_body, problem_of, request_body
from tests.factories.referrals import ReferralsWijk, make_wijk, place, send
from wijkspil.referrals.models import (
    Offer,
    Patient,
    RequestEvent,
    RoomCheck,
    ServiceRequest,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def wijk() -> ReferralsWijk:
    return make_wijk(at=timezone.now())


@pytest.fixture
def hospital(wijk: ReferralsWijk) -> System:
    return System(wijk.hospital)


def wrong_fields(answer: Any, status: int = 400) -> set[str]:
    body = problem_of(answer, status)
    return {param["name"].split(".")[-1] for param in body["invalidParams"]}


WRONG_NEEDS: list[tuple[dict[str, Any], str]] = [
    ({"postcode": "abc"}, "postcode"),
    ({"postcode": "2512AB\0"}, "postcode"),
    ({"postcode": "x" * 5000}, "postcode"),
    ({"postcode": 2512}, "postcode"),
    ({"postcode": None}, "postcode"),
    ({"postcode": "\ud800"}, "postcode"),
    ({"tasks": []}, "tasks"),
    ({"tasks": "stockings"}, "tasks"),
    ({"tasks": ["juggling"]}, "0"),
    ({"tasks": ["stockings"] * 51}, "tasks"),
    ({"tasks": {"stockings": True}}, "tasks"),
    ({"partsOfDay": []}, "partsOfDay"),
    ({"partsOfDay": ["teatime"]}, "0"),
    ({"firstVisitOn": "2020-01-01"}, "firstVisitOn"),
    ({"firstVisitOn": "2199-01-01"}, "firstVisitOn"),
    ({"firstVisitOn": "morgen"}, "firstVisitOn"),
    ({"firstVisitOn": "0000-00-00"}, "firstVisitOn"),
    ({"firstVisitOn": 10**20}, "firstVisitOn"),
    ({"urgency": "asap"}, "urgency"),
    ({"urgency": ["today"]}, "urgency"),
    ({"urgencyReason": ""}, "urgencyReason"),
    ({"age": -1}, "age"),
    ({"age": 121}, "age"),
    ({"age": 10**40}, "age"),
    ({"age": "old"}, "age"),
    ({"language": "klingon"}, "language"),
    ({"language": "n1"}, "language"),
    ({"insurer": "12345678901"}, "insurer"),
    ({"insurer": "ABCD"}, "insurer"),
    ({"careLaw": "jw"}, "careLaw"),
    ({"orderPresent": True}, "orderPresent"),
    ({"materialsPresent": "maybe"}, "materialsPresent"),
    ({"preferredOrganizationId": 999_999}, "preferredOrganizationId"),
    ({"preferredOrganizationId": 10**30}, "preferredOrganizationId"),
    ({"knownOrganizationId": -1}, "knownOrganizationId"),
    ({"refusedOrganizationIds": [999_999]}, "refusedOrganizationIds"),
    ({"refusedOrganizationIds": [2**63 - 1]}, "refusedOrganizationIds"),
    ({"refusedOrganizationIds": [0]}, "0"),
    ({"refusedOrganizationIds": list(range(1, 60))}, "refusedOrganizationIds"),
    ({"note": "x" * 501}, "note"),
    ({"note": "a\0b"}, "note"),
    ({"colour": "red"}, "colour"),
    ({"patient": {"name": "J."}}, "patient"),
]


@pytest.mark.parametrize(("change", "field"), WRONG_NEEDS)
def test_a_wrong_need_is_refused_at_its_field(
    wijk: ReferralsWijk, hospital: System, change: dict[str, Any], field: str
) -> None:
    checked = hospital.post("/room-checks", need_body(wijk, **change))
    assert field in wrong_fields(checked)
    asked = hospital.post("/requests", request_body(wijk, need=change))
    assert field in wrong_fields(asked)
    assert not RoomCheck.objects.exists()
    assert not ServiceRequest.objects.exists()


@pytest.mark.parametrize(
    ("part", "change", "field"),
    [
        ("requester", {"name": " "}, "name"),
        ("requester", {"phone": ""}, "phone"),
        ("requester", {"name": "x" * 121}, "name"),
        ("requester", {"kind": "friend"}, "kind"),
        ("requester", {"organizationId": 1}, "organizationId"),
        ("patient", {"name": ""}, "name"),
        ("patient", {"name": "a\0b"}, "name"),
        ("patient", {"name": "x" * 121}, "name"),
        ("patient", {"birthDate": "2999-01-01"}, "birthDate"),
        ("patient", {"birthDate": "1066-01-01"}, "birthDate"),
        ("patient", {"birthDate": "03-02-1943"}, "birthDate"),
        ("patient", {"address": ""}, "address"),
        ("patient", {"address": "x" * 201}, "address"),
        ("patient", {"phone": "", "representativePhone": ""}, "phone"),
        ("patient", {"bsn": "123456782"}, "bsn"),
        ("consent", {"decision": "perhaps"}, "decision"),
        ("consent", {"givenBy": "neighbor"}, "givenBy"),
        ("consent", None, "consent"),
        ("patient", "J. Jansen", "patient"),
        ("patient", [], "patient"),
        ("phoneAgreement", {"serviceId": 0}, "serviceId"),
        ("phoneAgreement", {"serviceId": 10**30}, "serviceId"),
        ("phoneAgreement", {"serviceId": 1, "spokeWith": "a\0"}, "spokeWith"),
        ("extra", 1, "extra"),
    ],
)
def test_a_wrong_part_is_refused_at_its_field(
    wijk: ReferralsWijk, hospital: System, part: str, change: Any, field: str
) -> None:
    answer = hospital.post("/requests", request_body(wijk, **{part: change}))
    assert field in wrong_fields(answer)
    assert not ServiceRequest.objects.exists()
    assert not Patient.objects.exists()


def test_every_wrong_field_of_all_parts_is_told_at_once(
    wijk: ReferralsWijk, hospital: System
) -> None:
    answer = hospital.post(
        "/requests",
        request_body(
            wijk,
            need={"firstVisitOn": "2020-01-01", "language": "n1"},
            requester={"name": ""},
            patient={"address": " "},
        ),
    )
    names = {param["name"] for param in problem_of(answer, 400)["invalidParams"]}
    assert names == {
        "need.firstVisitOn",
        "need.language",
        "requester.name",
        "patient.address",
    }


def test_an_unknown_postcode_is_not_found(
    wijk: ReferralsWijk, hospital: System
) -> None:
    for path, body in (
        ("/room-checks", need_body(wijk, postcode="9999ZZ")),
        ("/requests", request_body(wijk, need={"postcode": "9999ZZ"})),
    ):
        assert "postcode" in wrong_fields(hospital.post(path, body), 404)
    assert not ServiceRequest.objects.exists()


def test_what_is_no_json_is_refused(wijk: ReferralsWijk, hospital: System) -> None:
    for path in ("/room-checks", "/requests"):
        for body in ("", "{", "[]", '"x"', "null", "\0", "[" * 2000, '{"need": NaN}'):
            problem_of(hospital.post(path, body), 400)


WRONG_ACTS: list[tuple[str, Any, str]] = [
    ("withdrawal", {}, "reason"),
    ("withdrawal", {"reason": "because"}, "reason"),
    ("withdrawal", {"reason": None}, "reason"),
    ("cancellation", {"reason": "\0"}, "reason"),
    ("cancellation", {"reason": "mistake", "why": "x"}, "why"),
    ("reopening", {"reason": "died"}, "reason"),
    ("first-visit", {}, "firstVisitOn"),
    ("first-visit", {"firstVisitOn": "2020-01-01", "reason": "better"}, "firstVisitOn"),
    ("first-visit", {"firstVisitOn": "2199-01-01", "reason": "better"}, "firstVisitOn"),
    ("first-visit", {"firstVisitOn": "2030-01-01", "reason": "no-room"}, "reason"),
    ("need", {"tasks": [], "partsOfDay": ["morning"], "reason": "worse"}, "tasks"),
    (
        "need",
        {"tasks": ["sailing"], "partsOfDay": ["morning"], "reason": "worse"},
        "0",
    ),
    (
        "need",
        {
            "tasks": ["medication", "stockings"],
            "partsOfDay": ["morning"],
            "reason": "worse",
        },
        "tasks",
    ),
    ("pause", {"where": "at home"}, "where"),
    ("pause", {"where": "hospital", "homeOn": "2020-01-01"}, "homeOn"),
    ("phone-agreement", {}, "serviceId"),
    ("phone-agreement", {"serviceId": 999_999}, "serviceId"),
    ("phone-agreement", {"serviceId": 10**30}, "serviceId"),
    ("phone-agreement", {"serviceId": 1, "spokeWith": "x" * 121}, "spokeWith"),
]


@pytest.mark.parametrize(("act", "body", "field"), WRONG_ACTS)
def test_a_wrong_act_is_refused_at_its_field(
    wijk: ReferralsWijk, act: str, body: Any, field: str
) -> None:
    request = send(wijk)
    before = RequestEvent.objects.count()
    answer = System(wijk.practice).post(f"/requests/{request.number}/{act}", body)
    assert field in wrong_fields(answer)
    assert RequestEvent.objects.count() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"hoursPerWeek": 0}, "hoursPerWeek"),
        ({"hoursPerWeek": -1}, "hoursPerWeek"),
        ({"hoursPerWeek": 0.001}, "hoursPerWeek"),
        ({"hoursPerWeek": 169}, "hoursPerWeek"),
        ({"hoursPerWeek": 1e300}, "hoursPerWeek"),
        ({"hoursPerWeek": "NaN"}, "hoursPerWeek"),
        ({"hoursPerWeek": "Infinity"}, "hoursPerWeek"),
        ({"hoursPerWeek": None}, "hoursPerWeek"),
        ({"hoursExpected": 5}, "hoursExpected"),
        ({"hoursExpected": -0.5}, "hoursExpected"),
        ({"hoursExpected": "1e999999"}, "hoursExpected"),
        ({"reviewOn": "2020-01-01"}, "reviewOn"),
        ({"reviewOn": "soon"}, "reviewOn"),
        ({"reviewOn": "9999-12-31"}, "reviewOn"),
    ],
)
def test_wrong_hours_are_refused_at_their_field(
    wijk: ReferralsWijk, change: dict[str, Any], field: str
) -> None:
    request = place(wijk)
    system = System(wijk.teams[0].organization)
    body = {
        "hoursPerWeek": 4,
        "reviewOn": localdate(wijk.at + timedelta(days=30)).isoformat(),
        **change,
    }
    answer = system.post(f"/requests/{request.number}/hours", body)
    assert field in wrong_fields(answer)
    assert ServiceRequest.objects.get().hours_set is None


@pytest.mark.parametrize(
    ("act", "body", "field"),
    [
        ("acceptance", {"overCapacity": "perhaps"}, "overCapacity"),
        ("acceptance", {"force": True}, "force"),
        ("acceptance", [], "body"),
        ("decline", {}, "reason"),
        ("decline", {"reason": "busy"}, "reason"),
        ("decline", {"reason": "no-room", "note": "x" * 301}, "note"),
        ("decline", {"reason": "no-room", "note": "a\0b"}, "note"),
        (
            "decline",
            {"reason": "no-room", "roomAgainOn": "2020-01-01"},
            "roomAgainOn",
        ),
        ("decline", {"reason": "no-room", "roomAgainOn": "later"}, "roomAgainOn"),
    ],
)
def test_a_wrong_answer_to_a_question_changes_nothing(
    wijk: ReferralsWijk, act: str, body: Any, field: str
) -> None:
    send(wijk)
    offer = Offer.objects.get()
    system = System(wijk.teams[0].organization)
    answer = system.post(f"/offers/{offer.pk}/{act}", body)
    assert field in wrong_fields(answer)
    offer.refresh_from_db()
    assert offer.status == "open"


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/requests", {"status": "lost"}, "status"),
        ("/requests", {"part": "spectator"}, "part"),
        ("/requests", {"page": 0}, "page"),
        ("/requests", {"pageSize": 101}, "pageSize"),
        ("/requests", {"state": "open"}, "state"),
        ("/offers", {"status": "lost"}, "status"),
        ("/offers", {"status": "\0"}, "status"),
        ("/offers", {"pageSize": "ten"}, "pageSize"),
        ("/offers", {"service": "x"}, "service"),
        ("/offers", {"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_question_is_answered_at_its_field(
    hospital: System, path: str, query: dict[str, Any], field: str
) -> None:
    assert field in wrong_fields(hospital.get(path, **query))


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_body_whatever_breaks_it(
    wijk: ReferralsWijk, hospital: System, data: st.DataObject
) -> None:
    body = request_body(wijk)
    part = data.draw(st.sampled_from([*body]))
    field = data.draw(st.sampled_from([*body[part]]))
    body[part][field] = data.draw(_JSON)
    answer = hospital.post("/requests", body)
    assert answer.status_code in {201, 400, 404, 409}, answer.content
