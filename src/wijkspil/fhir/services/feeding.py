"""Take in what other systems feed: create, update and patch (IHE ITI-130, ITI-130-NL).

- ``If-Match`` with an older version is refused (412). Without it an update of what is
  here is taken: the Dutch guide asks no more, and who wants to be sure sends it.
- ``If-None-Exist``, ``PUT Type?identifier=...`` and ``PATCH Type?identifier=...`` look
  first, under a lock on the question, so that two who ask at once make one resource.
- A create that was sent before, with the same identifier and content, is answered with
  what is here: sending again after a lost answer doubles nothing.
- Nothing is deleted: a status says that it has ended, and ids are not used again.

Everything of one interaction happens in one transaction, also the rendering: the
answer carries the version it made.
"""

import json
import uuid
from collections.abc import Callable, Collection
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from django.conf import settings
from django.db import OperationalError, connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import NotPermitted
from wijkspil.core.prepared import fetch_rows
from wijkspil.directory.services.editing import recorded
from wijkspil.fhir.errors import refuse, unknown_resource
from wijkspil.fhir.mapping.patching import CannotPatch, apply_patch
from wijkspil.fhir.mapping.references import FHIR_ID, replace_references
from wijkspil.fhir.selectors.criteria import (
    Condition,
    UnknownParameter,
    Viewer,
    add_criterion,
)
from wijkspil.fhir.services.rendering import render_pending
from wijkspil.fhir.services.storing import (
    Stored,
    find_by_identifier,
    get_state,
    list_own_identifiers,
    lock_names,
    store,
)
from wijkspil.fhir.types import Answer, Call, Resource, etag_of, http_date_of

_T = TypeVar("_T")

#: Times that a write is begun anew when it and another waited for each other.
_ATTEMPTS = 4
_DEADLOCK = "40P01"


def create(call: Call) -> Answer:
    """Create a resource; with ``If-None-Exist`` only if a search finds none.

    Raises
    ------
    FhirError
        409, 412 or 422 if it cannot be; 429 if the system writes too fast.
    """
    if call.id:
        raise refuse(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "not-supported",
            gettext_noop("POST goes to the type: to choose the id yourself, use PUT."),
        )
    take_turn(call.actor, at=call.at)
    prepare_search(call.headers.get("If-None-Exist", ""))
    return settled(call.actor, lambda: _create(call))


def update(call: Call) -> Answer:
    """Update a resource by its id or by a search, or create it under its sender's id.

    Raises
    ------
    FhirError
        As ``create``; 412 if ``If-Match`` is not its version any more.
    """
    take_turn(call.actor, at=call.at)
    prepare_search("search" if not call.id else "")
    return settled(call.actor, lambda: _update(call))


def patch(call: Call) -> Answer:
    """Change parts of a resource by JSON Patch (RFC 6902).

    Raises
    ------
    FhirError
        As ``update``; 404 if there is none; 422 if the patch does not fit.
    """
    take_turn(call.actor, at=call.at)
    prepare_search("search" if not call.id else "")
    return settled(call.actor, lambda: _patch(call))


def delete(call: Call) -> Answer:
    """Refuse: nothing in a directory is deleted (hl7.fhir.nl.gf, "No deletes").

    Raises
    ------
    FhirError
        405, with what to do instead.
    """
    raise refuse(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "not-supported",
        gettext_noop(
            "Nothing is deleted here: others keep referring to it. Send it with "
            "active “false”, or with status “inactive” or “off”."
        ),
        headers=[("Allow", "GET, HEAD, PUT, PATCH")],
    )


# --- one write, in the caller's transaction


def write_entry(
    call: Call,
    *,
    new_id: str = "",
    in_bundle: Collection[tuple[str, str]] = (),
) -> Answer:
    """Do a create, update or patch within a transaction of the caller.

    ``new_id`` is the id that a create is given.
    """
    match call.method:
        case "POST":
            return _create(call, new_id=new_id, in_bundle=in_bundle)
        case "PUT":
            return _update(call, in_bundle=in_bundle)
        case _:
            return _patch(call, in_bundle=in_bundle)


def _create(
    call: Call, *, new_id: str = "", in_bundle: Collection[tuple[str, str]] = ()
) -> Answer:
    resource = body_of(call)
    if condition := call.headers.get("If-None-Exist", ""):
        found = find_one(call, condition)
        if found:
            return _answer_existing(call, found)
    id_ = new_id or str(uuid.uuid4())
    if again := _find_sent_before(call.type, resource):
        return _answer_existing(call, again)
    stored = store(
        actor=call.actor,
        at=call.at,
        type_=call.type,
        id_=id_,
        resource={**resource, "id": id_},
        in_bundle=in_bundle,
    )
    return _answer(call, stored)


def _update(call: Call, *, in_bundle: Collection[tuple[str, str]] = ()) -> Answer:
    resource = body_of(call)
    id_ = call.id
    if not id_:
        id_ = find_one(call, _condition_of(call)) or str(
            resource.get("id") or uuid.uuid4()
        )
        if resource.get("id", id_) != id_:
            raise refuse(
                HTTPStatus.BAD_REQUEST,
                "invalid",
                gettext_noop("The search leads to “%(found)s”, the id is “%(id)s”."),
                expression=f"{call.type}.id",
                found=id_,
                id=str(resource["id"])[:64],
            )
        resource = {**resource, "id": id_}
    stored = store(
        actor=call.actor,
        at=call.at,
        type_=call.type,
        id_=id_,
        resource=resource,
        if_match=call.headers.get("If-Match", ""),
        in_bundle=in_bundle,
    )
    return _answer(call, stored)


def _patch(call: Call, *, in_bundle: Collection[tuple[str, str]] = ()) -> Answer:
    if call.patch is None:
        raise refuse(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "not-supported",
            gettext_noop(
                "Send a JSON Patch: a list of operations, as "
                "application/json-patch+json."
            ),
        )
    id_ = call.id or find_one(call, _condition_of(call))
    lock_names([f"{call.type}/{id_}"])
    state = get_state(call.type, id_) if id_ and FHIR_ID.fullmatch(id_) else None
    if state is None:
        raise unknown_resource(call.type, id_ or "?")
    try:
        resource = apply_patch(json.loads(state.body), call.patch)
    except CannotPatch as error:
        raise refuse(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "processing",
            error.message,
            number=error.number,
            path=error.path,
        ) from error
    stored = store(
        actor=call.actor,
        at=call.at,
        type_=call.type,
        id_=id_,
        resource=_localize(call, resource),
        if_match=call.headers.get("If-Match", "") or etag_of(state.version),
        in_bundle=in_bundle,
    )
    return _answer(call, stored)


def body_of(call: Call) -> Resource:
    """Return the resource that was sent, with our own full addresses made local.

    Raises
    ------
    FhirError
        400 if nothing was sent.
    """
    if call.body is None:
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "structure",
            gettext_noop("Send one FHIR resource of type %(type)s as JSON."),
            type=call.type,
        )
    return _localize(call, call.body)


def _localize(call: Call, resource: Resource) -> Resource:
    """Return a resource in which our own full addresses are written as ``Type/id``."""
    prefix = f"{call.base_url}/"
    return replace_references(resource, lambda text: text.removeprefix(prefix))


def _find_sent_before(type_: str, resource: Resource) -> str:
    """Return the id of what is here already with this identifier and content, or "".

    Content as it is kept: what was sent then, not what our pages made of it since.
    """
    identifiers = list_own_identifiers(resource)
    if not identifiers:
        return ""
    lock_names(sorted(f"{type_}|{system}|{value}" for system, value in identifiers))
    for system, value in identifiers:
        for id_ in find_by_identifier(type_, system, value):
            state = get_state(type_, id_)
            if state and is_within(resource, json.loads(state.body)):
                return id_
    return ""


def is_within(sent: Any, here: Any) -> bool:
    """Whether everything that was sent is here as well (pure).

    Of lists each item, in whatever order: the directory adds codes of its own.
    """
    if isinstance(sent, dict):
        return isinstance(here, dict) and all(
            is_within(value, here.get(name))
            for name, value in sent.items()
            if name not in {"id", "meta", "text"}
        )
    if isinstance(sent, list):
        return isinstance(here, list) and all(
            any(is_within(item, its) for its in here) for item in sent
        )
    return bool(sent == here)


# --- searches that decide


def prepare_search(condition: str) -> None:
    """Render what waits, so that a search in the coming transaction finds it."""
    if condition:
        render_pending()


def find_one(call: Call, condition: str) -> str:
    """Return the id of the one resource a search finds, or ""; locks the question.

    Raises
    ------
    FhirError
        400 if it is no search; 412 if it finds more than one.
    """
    lock_names([f"{call.type}?{condition}"])
    ids = search_ids(call.type, condition, base_url=call.base_url)
    if len(ids) > 1:
        raise refuse(
            HTTPStatus.PRECONDITION_FAILED,
            "multiple-matches",
            gettext_noop("The search “%(search)s” finds more than one %(type)s."),
            search=condition[:200],
            type=call.type,
        )
    return ids[0] if ids else ""


def search_ids(type_: str, condition: str, *, base_url: str) -> list[str]:
    """Return at most two ids that a search finds (one query).

    Raises
    ------
    FhirError
        400 if it has no parameter, or one that the type does not have.
    """
    params = parse_qsl(condition.removeprefix(f"{type_}?").lstrip("?"))
    viewer = Viewer(is_known=True, base_url=base_url)
    sql = Condition()
    try:
        for name, value in params:
            add_criterion(sql, type_, name, value, viewer=viewer, alias="r")
    except UnknownParameter as error:
        params = []
        wrong = str(error)
    else:
        wrong = condition
    if not params:
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "invalid",
            gettext_noop(
                "“%(search)s” does not say which %(type)s: search by identifier."
            ),
            search=wrong[:200],
            type=type_,
        )
    where, values = sql.finish("r", viewer)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.fhir_id FROM fhir_searchentry r "
            f"WHERE r.type = %s AND {where} ORDER BY r.fhir_id LIMIT 2",
            [type_, *values],
        )
        return [row[0] for row in cursor.fetchall()]


def _condition_of(call: Call) -> str:
    condition = urlencode([(n, v) for n, v in call.params if not n.startswith("_f")])
    if not condition:
        raise refuse(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "not-supported",
            gettext_noop(
                "Say which %(type)s: by its id, or by a search as in ?identifier=..."
            ),
            type=call.type,
        )
    return condition


# --- answers


def _answer(call: Call, stored: Stored) -> Answer:
    return to_answer(
        call,
        stored,
        status=HTTPStatus.CREATED if stored.is_new else HTTPStatus.OK,
    )


def _answer_existing(call: Call, id_: str) -> Answer:
    state = get_state(call.type, id_)
    assert state is not None
    return to_answer(
        call,
        Stored(
            type=call.type,
            id=id_,
            version=state.version,
            tick=state.tick,
            body=state.body,
            is_new=False,
            is_changed=False,
        ),
        status=HTTPStatus.OK,
    )


def to_answer(call: Call, stored: Stored, *, status: int) -> Answer:
    """Return the version that a write made, in the form that the call prefers."""
    headers = {
        "ETag": etag_of(stored.version),
        "Last-Modified": http_date_of(stored.tick),
        "Location": f"{call.base_url}/{stored.type}/{stored.id}"
        f"/_history/{stored.version}",
    }
    wanted = call.headers.get("Prefer", "").replace(" ", "")
    if "return=minimal" in wanted:
        return Answer(text="", status=status, headers=headers)
    if "return=OperationOutcome" in wanted:
        return Answer(text=_ALL_WELL, status=status, headers=headers)
    return Answer(text=stored.body, status=status, headers=headers)


_ALL_WELL = json.dumps(
    {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "information",
                "code": "informational",
                "diagnostics": "Stored.",
            }
        ],
    }
)


# --- turns and transactions


def take_turn(actor: Actor, *, at: datetime, writes: int = 1) -> None:
    """Count writes of a system in its second; commits at once, in one statement.

    Raises
    ------
    NotPermitted
        If it is not a system that writes.
    FhirError
        429 with ``Retry-After`` if the second is full.
    """
    if not actor.is_professional or actor.user_id is not None:
        raise NotPermitted(_("Writing takes the token of a system."))
    limit = settings.FHIR_WRITES_PER_SECOND
    rows = fetch_rows(
        """
        INSERT INTO fhir_feedturn AS t (client, second, writes)
        VALUES (%(client)s, %(second)s, %(writes)s)
        ON CONFLICT (client) DO UPDATE
           SET writes = CASE WHEN t.second = excluded.second
                             THEN t.writes + excluded.writes ELSE excluded.writes END,
               second = excluded.second
         WHERE t.second <> excluded.second OR t.writes < %(limit)s
        RETURNING writes
        """,
        {
            "client": f"{actor.label}|{_organizations_of(actor)}"[:200],
            "second": int(at.timestamp()),
            "writes": writes,
            "limit": limit,
        },
    )
    if not rows:
        raise refuse(
            HTTPStatus.TOO_MANY_REQUESTS,
            "throttled",
            gettext_noop("No more than %(limit)s writes a second. Wait a second."),
            headers=[("Retry-After", "1")],
            limit=limit,
        )


def _organizations_of(actor: Actor) -> str:
    return ",".join(str(grant.organization_id or "") for grant in actor.grants)


def settled(actor: Actor, act: Callable[[], _T]) -> _T:
    """Run an act in one transaction, with its author; anew if it got stuck in another.

    Raises
    ------
    OperationalError
        If it still is stuck after a few times.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with recorded(actor):
                return act()
        except OperationalError as error:
            stuck = getattr(error.__cause__, "sqlstate", None) == _DEADLOCK
            if not stuck or attempt == _ATTEMPTS or connection.in_atomic_block:
                raise
    raise AssertionError("unreachable")
