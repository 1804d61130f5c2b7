"""Every act over FHIR x every kind of system x every state: as ``policies.WHO`` says.

Who is not named is refused and changes nothing; who is named does what the table of
states says, or hears that the state does not allow it.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.utils.timezone import localdate

from tests.access.test_request_acts import may
from tests.apps.directory.signing_in import token_header
from tests.apps.referrals.identity import everything_stored
from tests.apps.referrals.test_policies import Case, make_case
from tests.factories.directory import OrganizationFactory
from wijkspil.directory.models import Organization
from wijkspil.fhir.exchange.services.changing import OPERATIONS
from wijkspil.referrals.models import Offer, ServiceRequest
from wijkspil.referrals.policies import TRANSITIONS
from wijkspil.referrals.types import RequestStatus

S = RequestStatus
#: Operation -> act of the table; None: an act of who steers that is not in it.
ACT_OF: dict[str, str | None] = {
    "$withdraw": "withdraw",
    "$cancel": "cancel",
    "$reopen": "re-open",
    "$move-first-visit": "move the first visit",
    "$change-need": "change what is needed",
    "$pause": "pause",
    "$resume": "resume with the team",
    "$report-death": "report a death",
    "$ask-teams": "ask teams",
    "$agreed-by-phone": "accept",
    "$object": None,
    "$move-date": None,
    "$add-note": None,
    "$set-hours": "set hours",
    "$start-care": "start care",
    "$end-care": "end care",
    "$stop-assignment": "stop assignment",
}
#: Kinds of system -> whom each stands for in ``test_request_acts``.
SYSTEMS = {
    "who asked": "system of who asked",
    "the team": "system of the team",
    "another provider": "system of another provider",
    "a visitor": "visitor",
}
REFUSED = {401, 403, 404}
MET_A_STATE = {409, 422}


def day(days: int) -> str:
    return (localdate() + timedelta(days=days)).isoformat()


def values_of(operation: str, case: Case) -> dict[str, Any]:
    team = {"reference": f"HealthcareService/{case.team.fhir_id}"}
    provider = {"reference": f"Organization/{OrganizationFactory().fhir_id}"}
    text: dict[str, Any] = {
        "$withdraw": {"reason": "own-network"},
        "$cancel": {"reason": "mistake"},
        "$reopen": {"reason": "changed-mind"},
        "$move-first-visit": {
            "first-visit-on": day(9),
            "reason": "discharge-later",
        },
        "$change-need": {
            "task": "wound",
            "part-of-day": "evening",
            "reason": "worse",
        },
        "$pause": {"admitted-to": "hospital"},
        "$resume": {"first-visit-on": day(4)},
        "$set-hours": {"review-on": day(20)},
        "$end-care": {"reason": "goals-reached"},
        "$move-date": {"until": f"{day(3)}T09:00:00Z", "why": "Even wachten."},
        "$add-note": {"text": "Gebeld."},
        "$stop-assignment": {"ground": "skills", "explanation": "Kan niet veilig."},
    }.get(operation, {})
    listed: list[dict[str, Any]] = [
        {"name": name, "valueString": value} for name, value in text.items()
    ]
    if operation == "$set-hours":
        listed.append({"name": "hours-per-week", "valueDecimal": 2.5})
    if operation in {"$ask-teams", "$agreed-by-phone"}:
        listed.append({"name": "team", "valueReference": team})
    if operation == "$object":
        listed.append({"name": "provider", "valueReference": provider})
    return {"resourceType": "Parameters", "parameter": listed}


def clients_of(case: Case) -> dict[str, Client]:
    other = OrganizationFactory()

    def system(organization: Organization) -> Client:
        return Client(headers=token_header(organization))

    return {
        "who asked": system(case.wijk.practice),
        "the team": system(case.team.organization),
        "another provider": system(other),
        "a visitor": Client(),
    }


@contextmanager
def undone() -> Iterator[None]:
    """Undo what happens inside."""
    point = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(point)


def stored() -> dict[str, list[Any]]:
    """Return everything but the trail: a refused call is written there too."""
    found = everything_stored()
    found.pop("AuditEvent")
    return found


def test_every_operation_is_in_the_matrix() -> None:
    assert set(ACT_OF) == set(OPERATIONS)


@pytest.mark.django_db
@pytest.mark.parametrize("status", list(S))
def test_operations_are_for_whom_the_table_names(status: RequestStatus) -> None:
    case = make_case(status)
    clients = clients_of(case)
    before = stored()
    number = ServiceRequest.objects.get(pk=case.request.pk).number
    for operation, act in ACT_OF.items():
        body = json.dumps(values_of(operation, case))
        for name, client in clients.items():
            with undone():
                answer = client.post(
                    f"/fhir/ServiceRequest/{number}/{operation}",
                    body,
                    content_type="application/fhir+json",
                )
                after = ServiceRequest.objects.get(pk=case.request.pk).status
                told = (operation, name, answer.status_code, answer.content[:300])
                is_named = (
                    name == "who asked"
                    if act in {None, "accept"}
                    else may(str(act), SYSTEMS[name], status)
                )
                if not is_named:
                    assert answer.status_code in REFUSED | MET_A_STATE, told
                    assert stored() == before, told
                elif act is None or (operation, status) in ELSEWHERE:
                    assert answer.status_code in {200} | MET_A_STATE, told
                elif status in TRANSITIONS[act]:
                    assert answer.status_code == 200, told
                    assert after == TRANSITIONS[act][status], told
                else:
                    # A team without the client does not know of the request.
                    unknown = {403, 404} if name == "the team" else set()
                    assert answer.status_code in {409} | unknown, told
                    assert stored() == before, told


#: Where who is named meets more than the state: the team has the question already, or
#: nobody knows who it was about.
ELSEWHERE = {
    ("$ask-teams", S.OFFERED),
    ("$agreed-by-phone", S.OFFERED),
}


@pytest.mark.django_db
@pytest.mark.parametrize("status", list(S))
def test_only_the_team_that_was_asked_changes_its_task(status: RequestStatus) -> None:
    case = make_case(status)
    clients = clients_of(case)
    before = stored()
    request = ServiceRequest.objects.get(pk=case.request.pk)
    tasks = [
        f"{request.number}.{pk}"
        for pk in Offer.objects.filter(request=request).values_list("pk", flat=True)
    ]
    wanted = ["accepted", "rejected", "in-progress", "on-hold", "completed", "failed"]
    for task in tasks:
        for name in ("who asked", "another provider", "a visitor"):
            for after in [*wanted, "cancelled", "entered-in-error", "draft"]:
                step = [{"op": "replace", "path": "/status", "value": after}]
                with undone():
                    answer = clients[name].patch(
                        f"/fhir/Task/{task}",
                        json.dumps(step),
                        content_type="application/json-patch+json",
                    )
                    # The same status again asks for nothing.
                    same = answer.status_code == 200 and stored() == before
                    assert answer.status_code in REFUSED or same, answer.content
                    assert stored() == before, (name, after)


@pytest.mark.django_db
def test_a_visitor_sends_nothing() -> None:
    for method, path in (
        ("POST", "ServiceRequest"),
        ("POST", "Patient"),
        ("GET", "Patient"),
        ("POST", "HealthcareService/$check-room"),
    ):
        body = json.dumps({"resourceType": path.partition("/")[0]})
        answer = Client().generic(
            method, f"/fhir/{path}", body, content_type="application/fhir+json"
        )
        assert answer.status_code == 401, answer.content


@pytest.mark.django_db
def test_who_was_not_asked_does_not_learn_that_a_request_exists() -> None:
    case = make_case(S.OFFERED)
    number = ServiceRequest.objects.get(pk=case.request.pk).number
    clients = clients_of(case)
    for name in ("another provider", "a visitor"):
        for path in (
            f"ServiceRequest/{number}",
            f"Task/{number}",
            f"Patient/{number}",
            f"Composition/{number}",
            f"Task/{number}/_history",
        ):
            known = clients[name].get(f"/fhir/{path}")
            unknown = clients[name].get(f"/fhir/{path.replace(number, 'A-ZZZZZZ')}")
            assert known.status_code == unknown.status_code == 404
            assert (
                known.content.replace(number.encode(), b"A-ZZZZZZ") == unknown.content
            )
