"""Patients that a system sends ahead of the request they are for.

Kept sealed, for that system alone, for at most a day; every look at one is in the
trail. Once a request uses it, only the request has it.
"""

import json
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus

from django.db import connection, transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_noop

from wijkspil.core.audit import record_access
from wijkspil.core.models import AuditEvent
from wijkspil.core.sealing import seal, unseal
from wijkspil.fhir.errors import FhirError, refuse, unknown_resource
from wijkspil.fhir.exchange.mapping.structure import check_structure
from wijkspil.fhir.exchange.selectors.placed import find_staged
from wijkspil.fhir.exchange.services.refusing import check_is_system
from wijkspil.fhir.models import StagedPatient
from wijkspil.fhir.types import (
    Answer,
    Call,
    Resource,
    etag_of,
    http_date_of,
    instant_of,
    tick_of,
)
from wijkspil.referrals.permissions import check_can_create_request

KEPT = timedelta(hours=24)
PURPOSE = "fhir.staged-patient"


def open_staged(call: Call, fhir_id: str) -> Resource:
    """Return a Patient this system sent ahead, and log it.

    Raises
    ------
    FhirError
        422 if there is none (any more).
    """
    row = find_staged(client_of(call), fhir_id, at=call.at)
    if row is None:
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "not-found",
            gettext_noop(
                "You did not send Patient/%(id)s to this server within the last 24 "
                "hours, or a request uses it already."
            ),
            expression="ServiceRequest.subject",
            id=fhir_id[:64],
        )
    log_staged(call, row, AuditEvent.Action.READ)
    return versions_of(row)[-1]


def use_staged(call: Call, fhir_id: str, number: str) -> None:
    """Let a request use a Patient: what was sealed is removed, the id goes on.

    In the caller's transaction.
    """
    StagedPatient.objects.filter(
        fhir_id=fhir_id, client=client_of(call), number=""
    ).update(versions=None, keys=[], number=number, changed_at=call.at)


def client_of(call: Call) -> str:
    """Return which system asks: a Patient sent ahead is known to it alone.

    Raises
    ------
    FhirError, NotPermitted
        If it is a visitor, or may not ask for care.
    """
    check_is_system(call)
    check_can_create_request(call.actor)
    organization = next(
        (g.organization_id for g in call.actor.grants if g.organization_id), 0
    )
    return f"{organization}:{call.actor.label}"[:200]


def log_staged(call: Call, row: StagedPatient, action: AuditEvent.Action) -> None:
    """Write in the trail who saw or changed it."""
    record_access(
        at=call.at,
        actor_id=call.actor.user_id,
        actor_label=call.actor.label,
        action=action,
        entity_type="staged-patient",
        entity_ids=[row.fhir_id],
        purpose="fhir.staged-patient",
    )


def versions_of(row: StagedPatient) -> list[Resource]:
    """Return the versions, oldest first."""
    if row.versions is None:
        return []
    found: list[Resource] = json.loads(unseal(row.versions))
    return found


def keys_of(client: str, patient: Resource) -> list[str]:
    """Return digests of the identifiers, each with and without its system."""
    found = set()
    for one in patient.get("identifier") or []:
        value = str(one.get("value", ""))
        if value:
            found |= {
                key_of(client, str(one.get("system", "")), value),
                key_of(client, None, value),
            }
    return sorted(found)


def key_of(client: str, system: str | None, value: str) -> str:
    """Return the digest by which an identifier is found."""
    text = json.dumps([client, system, value])
    return salted_hmac(PURPOSE, text, algorithm="sha256").hexdigest()


def create_patient(call: Call) -> Answer:
    """Keep a Patient for this system, for a day."""
    body = check_structure(call.body, "Patient")
    client = client_of(call)
    known = _find_known(call, client)
    if known is not None:
        return answer_with_patient(call, known, status=HTTPStatus.OK)
    row = StagedPatient(
        fhir_id=str(uuid.uuid4()),
        client=client,
        organization_id=int(client.partition(":")[0]),
        purpose=PURPOSE,
        created_at=call.at,
        expires_at=call.at + KEPT,
    )
    with transaction.atomic():
        _keep(row, [], body, call)
        log_staged(call, row, AuditEvent.Action.CREATE)
    return answer_with_patient(call, row, status=HTTPStatus.CREATED)


def update_patient(call: Call) -> Answer:
    """Keep a new version; a stale ``If-Match`` is refused (412)."""
    body = check_structure(call.body, "Patient")
    client = client_of(call)
    if body.get("id") not in {None, call.id}:
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "invalid",
            gettext_noop("The id in the body is not the one in the address."),
            expression="Patient.id",
        )
    with transaction.atomic():
        row = (
            StagedPatient.objects.select_for_update()
            .filter(fhir_id=call.id, client=client, number="", expires_at__gt=call.at)
            .first()
        )
        if row is None:
            raise unknown_resource("Patient", call.id)
        check_version(call, row.version)
        before = versions_of(row)
        row.version += 1
        _keep(row, before, body, call)
        log_staged(call, row, AuditEvent.Action.UPDATE)
    return answer_with_patient(call, row, status=HTTPStatus.OK)


def check_version(call: Call, version: int) -> None:
    """Check ``If-Match``, if it was sent.

    Raises
    ------
    FhirError
        412 if somebody changed it meanwhile.
    """
    wanted = call.headers.get("If-Match")
    if wanted and wanted.strip() not in {etag_of(version), f'"{version}"', "*"}:
        raise stale(version)


def stale(version: int) -> FhirError:
    """Return the refusal of a change to an older version."""
    return refuse(
        HTTPStatus.PRECONDITION_FAILED,
        "conflict",
        gettext_noop("It was changed meanwhile: the version is now %(version)s."),
        version=version,
    )


def answer_with_patient(
    call: Call, row: StagedPatient, *, status: int, version: int | None = None
) -> Answer:
    """Answer with a version of a Patient that was sent ahead, the newest by itself."""
    number = version or row.version
    resource = versions_of(row)[number - 1]
    headers = {
        "ETag": etag_of(number),
        "Last-Modified": http_date_of(resource["meta"]["lastUpdated"]),
    }
    if status == HTTPStatus.CREATED:
        headers["Location"] = f"{call.base_url}/Patient/{row.fhir_id}/_history/{number}"
    text = json.dumps(resource, ensure_ascii=False, separators=(",", ":"))
    return Answer(text=text, status=status, headers=headers)


def remove_old_staged(*, at: datetime) -> int:
    """Remove what no request used within its day, and return how many rows went.

    Also the keys by which others knew a request whose client was removed. Safe to run
    twice.
    """
    removed, _per_table = StagedPatient.objects.filter(
        number="", expires_at__lte=at
    ).delete()
    with connection.cursor() as cursor:
        for table in ("fhir_stagedpatient", "fhir_placedidentifier"):
            cursor.execute(_REMOVE_FORGOTTEN.format(table=table))
            removed += cursor.rowcount
    return removed


_REMOVE_FORGOTTEN = """
DELETE FROM {table} f USING referrals_servicerequest r
 WHERE r.number = f.number AND r.submitted_at IS NOT NULL
   AND NOT EXISTS (SELECT 1 FROM referrals_patient p WHERE p.request_id = r.id)
"""


def _keep(
    row: StagedPatient, before: list[Resource], body: Resource, call: Call
) -> None:
    moment = instant_of(tick_of(call.at))
    meta: Mapping[str, object] = {
        **(body.get("meta") or {}),
        "versionId": str(row.version),
        "lastUpdated": moment,
    }
    resource = {
        "resourceType": "Patient",
        "id": row.fhir_id,
        "meta": meta,
        **{n: v for n, v in body.items() if n not in {"resourceType", "id", "meta"}},
    }
    row.versions = seal(json.dumps([*before, resource]))
    row.keys = keys_of(row.client, body)
    row.changed_at = call.at
    row.save()


def _find_known(call: Call, client: str) -> StagedPatient | None:
    condition = call.headers.get("If-None-Exist")
    if not condition:
        return None
    name, _equals, value = condition.lstrip("?").partition("=")
    if name != "identifier" or not value:
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "not-supported",
            gettext_noop("If-None-Exist takes identifier=system|value."),
        )
    system, bar, code = value.rpartition("|")
    key = key_of(client, system if bar else None, code)
    found = StagedPatient.objects.filter(
        client=client, number="", expires_at__gt=call.at, keys__contains=[key]
    )
    rows = list(found[:2])
    if len(rows) > 1:
        raise refuse(
            HTTPStatus.PRECONDITION_FAILED,
            "multiple-matches",
            gettext_noop("More than one Patient has this identifier."),
        )
    return rows[0] if rows else None
