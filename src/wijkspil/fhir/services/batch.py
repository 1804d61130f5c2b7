"""Answer a bundle of interactions: a batch, or a transaction (POST on the base).

In a batch each entry stands alone, in a transaction of its own: one that is refused
says nothing of the others. A transaction is done as a whole or not at all: first it is
settled which id each entry has (new, found by a search, or in its address), so that
``urn:uuid`` and conditional references can be written as ``Type/id``; then everything
is stored in the order in which resources stand on each other.
"""

import base64
import binascii
import json
import re
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from django.utils.translation import gettext_noop

from wijkspil.core.errors import WijkspilError
from wijkspil.fhir.errors import FhirError, Issue, refuse, to_fhir_error
from wijkspil.fhir.mapping.outcomes import to_outcome
from wijkspil.fhir.mapping.references import (
    FHIR_ID,
    replace_references,
    walk_references,
)
from wijkspil.fhir.services.feeding import (
    find_one,
    search_ids,
    settled,
    take_turn,
    write_entry,
)
from wijkspil.fhir.services.provenance import create_within
from wijkspil.fhir.services.rendering import render_pending
from wijkspil.fhir.services.storing import (
    FED_TYPES,
    list_own_identifiers,
    lock_names,
)
from wijkspil.fhir.types import Answer, Call, DirectoryType, Resource

Interaction = Callable[[Call], Answer]
#: Answers a call within its scopes and writes that in the trail; the second is what
#: answers it instead of what the table says.
Perform = Callable[[Call, Interaction | None], Answer]

#: Entries of one bundle.
MOST_ENTRIES = 1_000

_WRITES = frozenset({"POST", "PUT", "PATCH"})
_METHODS = frozenset({"GET", "HEAD", "DELETE"}) | _WRITES
_LAST_UPDATED = re.compile(r'"lastUpdated":"([^"]+)"')
_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]{1,40})\?(.+)")
#: What stands on what: an order in which nothing refers to what comes later.
_ORDER = {type_.value: number for number, type_ in enumerate(FED_TYPES)}


@dataclass
class _Entry:
    number: int
    call: Call
    full_url: str
    #: Of what is fed: the id it gets, and whether it is here already.
    id: str = ""
    is_found: bool = False
    answer: Answer | None = None

    @property
    def is_fed(self) -> bool:
        return self.call.type in _ORDER and self.call.method in _WRITES


def answer_bundle(call: Call, perform: Perform) -> Answer:
    """Do what the entries of a bundle ask, and return their answers in their order.

    Raises
    ------
    FhirError
        400 if it is no batch or transaction; of a transaction also the refusal of the
        first entry that is refused, with its place; 429 if the system writes too fast.
    """
    bundle = call.body or {}
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") not in {
        "batch",
        "transaction",
    }:
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "invalid",
            gettext_noop("Send a Bundle of type batch or transaction."),
            expression="Bundle.type",
        )
    entries = _read_entries(call, bundle.get("entry") or [])
    writes = sum(entry.call.method in _WRITES for entry in entries)
    if writes:
        take_turn(call.actor, at=call.at, writes=writes)
    if bundle["type"] == "batch":
        for entry in entries:
            entry.answer = _answer_alone(entry, perform)
    else:
        render_pending()
        settled(call.actor, lambda: _do_all(entries, perform))
    return Answer(text=_to_text(call, bundle["type"], entries))


# --- reading


def _read_entries(call: Call, sent: Any) -> list[_Entry]:
    if not isinstance(sent, list) or len(sent) > MOST_ENTRIES:
        raise refuse(
            HTTPStatus.BAD_REQUEST,
            "structure",
            gettext_noop("A bundle holds a list of at most %(most)s entries."),
            expression="Bundle.entry",
            most=MOST_ENTRIES,
        )
    return [_read_entry(call, entry, number) for number, entry in enumerate(sent)]


def _read_entry(call: Call, entry: Any, number: int) -> _Entry:
    request = entry.get("request") if isinstance(entry, dict) else None
    method = request.get("method") if isinstance(request, dict) else None
    url = request.get("url") if isinstance(request, dict) else None
    if method not in _METHODS or not isinstance(url, str):
        raise _wrong_request(number)
    assert isinstance(request, dict)
    path, _mark, query = url.removeprefix(f"{call.base_url}/").partition("?")
    parts = [part for part in path.split("/") if part]
    if (
        not parts
        or "://" in url.removeprefix(call.base_url)
        or len(parts) > 4
        or (len(parts) > 2 and parts[2] != "_history")
    ):
        raise _wrong_request(number)
    operation = ""
    if len(parts) > 2:
        operation = parts[2]
    elif len(parts) == 2 and parts[1].startswith(("_", "$")):
        operation = parts.pop()
    headers = {
        name: str(request[element])
        for name, element in (
            ("If-Match", "ifMatch"),
            ("If-None-Match", "ifNoneMatch"),
            ("If-None-Exist", "ifNoneExist"),
            ("If-Modified-Since", "ifModifiedSince"),
        )
        if request.get(element)
    }
    resource = entry.get("resource")
    if resource is not None and not isinstance(resource, dict):
        raise _wrong_request(number)
    made = Call(
        actor=call.actor,
        at=call.at,
        method=method,
        base_url=call.base_url,
        type=parts[0],
        id=parts[1] if len(parts) > 1 else "",
        operation=operation,
        version=parts[3] if len(parts) > 3 else "",
        params=tuple(parse_qsl(query, keep_blank_values=True)),
        headers=headers | {"Prefer": "return=representation"},
        body=resource,
        patch=_read_patch(resource) if method == "PATCH" else None,
    )
    return _Entry(number, made, str(entry.get("fullUrl") or ""))


def _read_patch(resource: Resource | None) -> Sequence[Any] | None:
    """Return the operations of a JSON Patch in a Binary, as R4 has it in a bundle."""
    if resource is None or resource.get("resourceType") != "Binary":
        return None
    try:
        found = json.loads(base64.b64decode(str(resource.get("data", ""))))
    except (binascii.Error, ValueError):
        return None
    return found if isinstance(found, list) else None


def _wrong_request(number: int) -> FhirError:
    return refuse(
        HTTPStatus.BAD_REQUEST,
        "invalid",
        gettext_noop(
            "Entry %(number)s cannot be read: give request.method and request.url, as "
            "in PUT and Organization/123, and the resource."
        ),
        expression=f"Bundle.entry[{number}].request",
        number=number,
    )


# --- a batch


def _answer_alone(entry: _Entry, perform: Perform) -> Answer:
    call = entry.call
    try:
        if call.type == DirectoryType.PROVENANCE and call.method == "POST":
            return perform(
                call, lambda asked: settled(asked.actor, lambda: create_within(asked))
            )
        if not entry.is_fed or (call.method == "POST" and call.id):
            return perform(call, None)
        render_pending()
        return perform(
            call, lambda asked: settled(asked.actor, lambda: write_entry(asked))
        )
    except WijkspilError as error:
        return _refused(to_fhir_error(error))


def _refused(error: FhirError) -> Answer:
    return Answer(
        text=json.dumps(to_outcome(error), ensure_ascii=False), status=error.status
    )


# --- a transaction


def _do_all(entries: Sequence[_Entry], perform: Perform) -> None:
    fed = [entry for entry in entries if entry.is_fed]
    lock_names(
        sorted(
            {
                name
                for entry in fed
                for name in (
                    *([f"{entry.call.type}/{entry.call.id}"] if entry.call.id else []),
                    *(
                        f"{entry.call.type}|{system}|{value}"
                        for system, value in list_own_identifiers(entry.call.body or {})
                    ),
                )
            }
        )
    )
    places: dict[str, str] = {}
    for entry in fed:
        with _AtEntry(entry):
            _settle_id(entry)
        if entry.full_url:
            places[entry.full_url] = f"{entry.call.type}/{entry.id}"
    _refuse_doubles(fed)
    in_bundle = {(entry.call.type, entry.id) for entry in fed}
    for entry in _in_order(fed, places):
        with _AtEntry(entry):
            entry.answer = perform(
                _resolved(entry, places), _writer_of(entry, in_bundle)
            )
    for entry in _others_in_order(entries):
        with _AtEntry(entry):
            entry.answer = perform(
                _resolved(entry, places),
                create_within
                if entry.call.type == DirectoryType.PROVENANCE
                and entry.call.method == "POST"
                else None,
            )
        if entry.full_url and (place := entry.answer.headers.get("Location")):
            places[entry.full_url] = "/".join(
                place.removeprefix(f"{entry.call.base_url}/").split("/")[:2]
            )


def _writer_of(entry: _Entry, in_bundle: set[tuple[str, str]]) -> Interaction:
    return lambda call: write_entry(call, new_id=entry.id, in_bundle=in_bundle)


def _settle_id(entry: _Entry) -> None:
    """Find out under which id an entry is stored."""
    call = entry.call
    if call.method == "POST":
        if call.id:
            raise _wrong_request(entry.number)
        condition = call.headers.get("If-None-Exist", "")
        found = find_one(call, condition) if condition else ""
        entry.id, entry.is_found = found or str(uuid.uuid4()), bool(found)
        return
    if call.id:
        entry.id = call.id
        return
    condition = "&".join(f"{name}={value}" for name, value in call.params)
    if not condition:
        raise _wrong_request(entry.number)
    sent = str((call.body or {}).get("id") or "")
    entry.id = find_one(call, condition) or (
        sent if FHIR_ID.fullmatch(sent) else str(uuid.uuid4())
    )
    body = {**call.body, "id": entry.id} if call.body and not sent else call.body
    entry.call = replace(call, id=entry.id, params=(), body=body)


def _refuse_doubles(fed: Sequence[_Entry]) -> None:
    seen: set[tuple[str, str]] = set()
    for entry in fed:
        key = (entry.call.type, entry.id)
        if key in seen and not entry.is_found:
            raise refuse(
                HTTPStatus.BAD_REQUEST,
                "invalid",
                gettext_noop("A transaction writes %(type)s/%(id)s only once."),
                expression=f"Bundle.entry[{entry.number}]",
                type=entry.call.type,
                id=entry.id,
            )
        seen.add(key)


def _resolved(entry: _Entry, places: Mapping[str, str]) -> Call:
    """Return the call with references as they will be here."""
    call = entry.call
    if call.body is None:
        return call

    def change(text: str) -> str:
        if text in places:
            return places[text]
        found = _CONDITIONAL.fullmatch(text)
        if not found:
            return text
        ids = search_ids(found[1], found[2], base_url=call.base_url)
        if len(ids) != 1:
            raise refuse(
                HTTPStatus.PRECONDITION_FAILED,
                "not-found" if not ids else "multiple-matches",
                gettext_noop(
                    "The reference “%(reference)s” must lead to one resource; it "
                    "leads to %(count)s."
                ),
                expression=call.type,
                reference=text[:200],
                count=len(ids),
            )
        return f"{found[1]}/{ids[0]}"

    return replace(call, body=replace_references(call.body, change))


def _in_order(fed: Iterable[_Entry], places: Mapping[str, str]) -> list[_Entry]:
    """Return what is fed so that wholes come before their parts, and so on."""
    ordered = sorted(fed, key=lambda entry: (_ORDER[entry.call.type], entry.number))
    by_place = {f"{entry.call.type}/{entry.id}": entry for entry in ordered}
    done: dict[int, _Entry] = {}

    def visit(entry: _Entry, above: frozenset[int]) -> None:
        if entry.number in done or entry.number in above:
            return
        part_of = (entry.call.body or {}).get("partOf")
        text = part_of.get("reference") if isinstance(part_of, dict) else None
        whole = by_place.get(places.get(str(text), str(text)))
        if whole is not None:
            visit(whole, above | {entry.number})
        done[entry.number] = entry

    for entry in ordered:
        visit(entry, frozenset())
    return list(done.values())


def _others_in_order(entries: Sequence[_Entry]) -> list[_Entry]:
    """Return the entries that are not fed: writes on what they refer to, then reads."""
    others = [entry for entry in entries if not entry.is_fed]
    writes = [entry for entry in others if entry.call.method not in {"GET", "HEAD"}]
    by_url = {entry.full_url: entry for entry in writes if entry.full_url}
    done: dict[int, _Entry] = {}

    def visit(entry: _Entry, above: frozenset[int]) -> None:
        if entry.number in done or entry.number in above:
            return
        for _place, reference in walk_references(entry.call.body, ""):
            before = by_url.get(reference["reference"])
            if before is not None:
                visit(before, above | {entry.number})
        done[entry.number] = entry

    for entry in writes:
        visit(entry, frozenset())
    reads = [entry for entry in others if entry.call.method in {"GET", "HEAD"}]
    return [*done.values(), *reads]


class _AtEntry:
    """Say of a refusal in which entry it is; it refuses the whole transaction."""

    def __init__(self, entry: _Entry) -> None:
        self.number = entry.number

    def __enter__(self) -> None:
        return None

    def __exit__(self, _type: object, error: object, _trace: object) -> None:
        if not isinstance(error, WijkspilError):
            return
        refusal = to_fhir_error(error)
        place = f"Bundle.entry[{self.number}]"
        raise FhirError(
            refusal.status,
            [
                Issue(
                    code=issue.code,
                    message=issue.message,
                    expression=issue.expression
                    if issue.expression.startswith("Bundle.")
                    else f"{place}.resource{_below(issue.expression)}",
                    values=issue.values,
                    severity=issue.severity,
                )
                for issue in refusal.issues
            ],
            headers=refusal.headers,
        ) from error


def _below(expression: str) -> str:
    """Return a path below its resource: ``Organization.name`` is ``.name``."""
    _type, dot, rest = expression.partition(".")
    return f"{dot}{rest}"


# --- writing


def _to_text(call: Call, type_: str, entries: Sequence[_Entry]) -> str:
    wants_resources = "return=representation" in call.headers.get("Prefer", "")
    return (
        f'{{"resourceType":"Bundle","type":"{type_}-response","entry":['
        + ",".join(_to_entry(entry, wants_resources) for entry in entries)
        + "]}"
    )


def _to_entry(entry: _Entry, wants_resources: bool) -> str:
    answer = entry.answer
    assert answer is not None
    status = HTTPStatus(answer.status)
    response: Resource = {"status": f"{status.value} {status.phrase}"}
    for element, name in (("location", "Location"), ("etag", "ETag")):
        if answer.headers.get(name):
            response[element] = answer.headers[name]
    if found := _LAST_UPDATED.search(answer.text[:1000]):
        response["lastModified"] = found[1]
    if answer.status >= HTTPStatus.BAD_REQUEST:
        response["outcome"] = json.loads(answer.text)
    parts = [f'"response":{json.dumps(response, ensure_ascii=False)}']
    is_read = entry.call.method == "GET"
    if answer.text and answer.status < 300 and (is_read or wants_resources):
        parts.insert(0, f'"resource":{answer.text}')
    return "{" + ",".join(parts) + "}"
