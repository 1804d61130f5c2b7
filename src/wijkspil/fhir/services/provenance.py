"""Take in Provenance: who vouches for a version, signed or not (ITI-130-NL).

A signature is a detached JWS over the canonical JSON of the one target, as it is here
(hl7.fhir.nl.gf, "Mutation signing"). It is checked with the keys and certificates that
are registered for the systems of the organization that signs; one that does not hold
is refused, and nobody is asked to sign. Agents are organizations: persons have no place
in the register.
"""

import base64
import binascii
import hashlib
import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

import jwt
from cryptography import x509
from django.utils.translation import gettext_noop

from wijkspil.accounts.selectors import list_signing_keys
from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.core.prepared import fetch_row
from wijkspil.fhir.errors import FhirError, Issue, refuse
from wijkspil.fhir.mapping.canonical import CANONICALIZATION, to_canonical_json
from wijkspil.fhir.mapping.references import split_reference
from wijkspil.fhir.permissions import act_for, check_can_feed, find_owner
from wijkspil.fhir.services.feeding import body_of, settled, take_turn, to_answer
from wijkspil.fhir.services.storing import (
    FED_TYPES,
    get_state,
    lock_names,
    store_whole,
)
from wijkspil.fhir.services.validation import check_resource
from wijkspil.fhir.types import Answer, Call, DirectoryType, Resource

_ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
)
#: Signatures of one Provenance.
MOST_SIGNATURES = 10


def create(call: Call) -> Answer:
    """Store a Provenance of what the system may feed.

    Raises
    ------
    FhirError
        422 if it is none, refers to what is not here, or a signature does not hold.
    NotPermitted
        If the system may not feed a target.
    """
    take_turn(call.actor, at=call.at)
    return settled(call.actor, lambda: create_within(call))


def create_within(call: Call) -> Answer:
    """Do ``create`` within a transaction of the caller."""
    resource = {**body_of(call), "id": str(uuid.uuid4())}
    lock_names([f"{DirectoryType.PROVENANCE}/{resource['id']}"])
    check_resource(resource, type_=DirectoryType.PROVENANCE, id_=resource["id"])
    _check_agents(resource)
    targets = [
        _check_target(call.actor, target, number, at=call.at)
        for number, target in enumerate(resource["target"])
    ]
    for number, signature in enumerate(resource.get("signature") or ()):
        if number >= MOST_SIGNATURES or len(targets) != 1:
            raise _refuse_signature(
                number,
                gettext_noop(
                    "A signature is over one target. Send one Provenance each."
                ),
            )
        _check_signature(signature, number, targets[0], at=call.at)
    stored = store_whole(actor=call.actor, at=call.at, resource=resource)
    return to_answer(call, stored, status=HTTPStatus.CREATED)


def _check_agents(resource: Resource) -> None:
    for number, agent in enumerate(resource["agent"]):
        if find_owner(agent.get("who")) is None:
            raise refuse(
                HTTPStatus.UNPROCESSABLE_ENTITY,
                "business-rule",
                gettext_noop("An agent is an organization that is known here."),
                expression=f"Provenance.agent[{number}].who",
            )


def _check_target(
    actor: Actor, target: Mapping[str, Any], number: int, *, at: datetime
) -> Resource:
    """Return a target as it is here, in the version that is meant."""
    text = str(target.get("reference", ""))
    parts = split_reference(text)
    if parts is None or parts[0] not in FED_TYPES:
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "business-rule",
            gettext_noop("A target is what can be fed here, as in Organization/123."),
            expression=f"Provenance.target[{number}]",
        )
    type_, id_ = parts
    state = get_state(type_, id_)
    _base, _mark, version = text.partition("/_history/")
    body = state.body if state else None
    if version:
        body = _get_version(type_, id_, version)
    if body is None:
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "not-found",
            gettext_noop("“%(reference)s” is not here."),
            expression=f"Provenance.target[{number}]",
            reference=text[:120],
        )
    resource: Resource = json.loads(body)
    check_can_feed(act_for(actor, type_, at=at), type_, resource)
    return resource


def _get_version(type_: str, id_: str, version: str) -> str | None:
    if not version.isdecimal() or len(version) > 9:
        return None
    row = fetch_row(
        "SELECT body FROM fhir_version WHERE type = %(type)s AND fhir_id = %(id)s "
        "AND version = %(version)s",
        {"type": type_, "id": id_, "version": int(version)},
    )
    return row[0] if row else None


# --- signatures


def _check_signature(
    signature: Mapping[str, Any], number: int, target: Resource, *, at: datetime
) -> None:
    signer = find_owner(signature.get("who"))
    if signer is None:
        raise _refuse_signature(
            number, gettext_noop("Who signs is an organization that is known here.")
        )
    type_ = target["resourceType"]
    system = Actor(
        label="signer",
        grants=(Grant(Role.PROVIDER_SYSTEM, organization_id=signer.id),),
    )
    check_can_feed(act_for(system, type_, at=at), type_, target)
    form = str(signature.get("targetFormat", CANONICALIZATION))
    if CANONICALIZATION not in form or signature.get("sigFormat") not in {
        None,
        "application/jose",
    }:
        raise _refuse_signature(
            number,
            gettext_noop(
                "Only a detached JWS over static canonical JSON is read: sigFormat "
                "application/jose, targetFormat with “%(form)s”."
            ),
            form=CANONICALIZATION,
        )
    jws, header = _read_jws(signature, number)
    key = _find_key(header, number, signer.id, at=at)
    whole = b".".join(
        [
            jws[0],
            base64.urlsafe_b64encode(to_canonical_json(target)).rstrip(b"="),
            jws[1],
        ]
    )
    try:
        jwt.PyJWS().decode_complete(whole, key=key, algorithms=[header["alg"]])
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise _refuse_signature(
            number,
            gettext_noop(
                "The signature does not hold for %(type)s/%(id)s as it is here. Sign "
                "what you read."
            ),
            type=type_,
            id=target["id"],
        ) from error
    _check_when(signature, header, number)


def _read_jws(
    signature: Mapping[str, Any], number: int
) -> tuple[tuple[bytes, bytes], dict[str, Any]]:
    """Return (header, signature) of a detached JWS, and what the header says."""
    try:
        text = base64.b64decode(str(signature.get("data", "")), validate=True)
        head, payload, tail = text.split(b".")
        header = json.loads(base64.urlsafe_b64decode(head + b"=" * (-len(head) % 4)))
    except (binascii.Error, ValueError) as error:
        raise _refuse_signature(
            number,
            gettext_noop("The data of the signature is no JWS in base64."),
        ) from error
    if (
        payload
        or not isinstance(header, dict)
        or header.get("alg") not in _ALGORITHMS
        or "crit" in header
        or header.get("canon", CANONICALIZATION) != CANONICALIZATION
    ):
        raise _refuse_signature(
            number,
            gettext_noop(
                "The JWS must be detached, without “crit”, and with one of: "
                "%(algorithms)s."
            ),
            algorithms=", ".join(_ALGORITHMS),
        )
    return (head, tail), header


def _find_key(
    header: Mapping[str, Any], number: int, organization_id: int, *, at: datetime
) -> Any:
    """Return the registered public key that a header names, by ``kid`` or ``x5c``."""
    keys, certificates = list_signing_keys(organization_id, at=at)
    chain = header.get("x5c")
    if isinstance(chain, list) and chain:
        try:
            shown = x509.load_der_x509_certificate(base64.b64decode(str(chain[0])))
        except ValueError as error:
            raise _refuse_signature(
                number, gettext_noop("The certificate (x5c) cannot be read.")
            ) from error
        print_ = hashlib.sha256(base64.b64decode(str(chain[0]))).hexdigest()
        if print_ in certificates and (
            shown.not_valid_before_utc <= at < shown.not_valid_after_utc
        ):
            return shown.public_key()
    for key in keys:
        if header.get("kid") and key.get("kid") == header["kid"]:
            try:
                return jwt.PyJWK(key, algorithm=header["alg"]).key
            except jwt.PyJWTError:
                continue
    raise _refuse_signature(
        number,
        gettext_noop(
            "No key or certificate of the signer is registered here that is named by "
            "“kid” or “x5c” of the JWS. Ask the administrator to register it."
        ),
    )


def _check_when(
    signature: Mapping[str, Any], header: Mapping[str, Any], number: int
) -> None:
    """Check that the moment that was signed is the moment that is told."""
    if "sigT" not in header:
        return
    try:
        agree = datetime.fromisoformat(str(header["sigT"])) == datetime.fromisoformat(
            str(signature.get("when", ""))
        )
    except (TypeError, ValueError):
        agree = False
    if not agree:
        raise _refuse_signature(
            number, gettext_noop("“when” and the signed moment (sigT) differ.")
        )


def _refuse_signature(number: int, message: str, **values: str) -> FhirError:
    issue = Issue(
        "security",
        message,
        f"Provenance.signature[{number}]",
        tuple(values.items()),
    )
    return FhirError(HTTPStatus.UNPROCESSABLE_ENTITY, [issue])
