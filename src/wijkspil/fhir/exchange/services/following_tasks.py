"""Follow Tasks: read, earlier versions, search, history. Each sees its own only."""

from collections.abc import Mapping

from wijkspil.fhir.errors import unknown_resource
from wijkspil.fhir.exchange.mapping.bundle import EntryText, to_bundle
from wijkspil.fhir.exchange.mapping.searching import (
    Maker,
    ids,
    is_falling,
    links_of,
    moment,
    read_conditions,
    read_page,
    reference,
    token,
    words,
)
from wijkspil.fhir.exchange.selectors.tasks import (
    find_task,
    list_task_versions,
    search_tasks,
)
from wijkspil.fhir.exchange.types import Condition, Seen, TaskVersion
from wijkspil.fhir.services.reading import read
from wijkspil.fhir.services.rendering import catch_up, render_pending
from wijkspil.fhir.types import Answer, Call, etag_of, instant_of

#: Version that every Task begins with.
_FIRST = 1


def _owner(name: str, value: str) -> Condition:
    """Weigh the service that was asked, or the organization it is of."""
    service = reference("b#>>'{owner,reference}'", "HealthcareService")
    organization = reference(
        "'Organization/' || (v.source->>'organization')", "Organization"
    )
    one, other = service(name, value), organization(f"{name}o", value)
    return Condition(f"{one.sql} OR {other.sql}", {**one.values, **other.values})


def _requester(name: str, value: str) -> Condition:
    """Weigh who asks: a team that was only asked does not know it, nor finds by it."""
    shown = reference("b#>>'{requester,reference}'", "Organization")(name, value)
    own = reference("'Organization/' || q.fhir_id", "Organization")(name, value)
    return Condition(f"{shown.sql} OR (t.steers AND {own.sql})", shown.values)


#: Search parameters of Task.
TASK_PARAMETERS: Mapping[str, Maker] = {
    "_id": ids("v.fhir_id"),
    "_lastUpdated": moment("v.tick", in_ticks=True),
    "status": words("b->>'status'"),
    "business-status": token("b#>'{businessStatus,coding}'"),
    "code": token("b#>'{code,coding}'"),
    "owner": _owner,
    "requester": _requester,
    "focus": reference("b#>>'{focus,reference}'", "ServiceRequest"),
    "based-on": reference("b#>>'{basedOn,0,reference}'", "ServiceRequest"),
    "part-of": reference("b#>>'{partOf,0,reference}'", "Task"),
    "group-identifier": words("b#>>'{groupIdentifier,value}'"),
    "authored-on": moment("(b->>'authoredOn')::timestamptz"),
    "priority": words("b->>'priority'"),
}


def see_task(call: Call) -> Seen:
    """Return what who asks may see of the Task of a call.

    Raises
    ------
    FhirError
        404 if not even that it exists.
    """
    seen = find_task(call.actor, call.id)
    if seen is None:
        raise unknown_resource(call.type, call.id)
    return seen


def read_task(call: Call) -> Answer:
    """Return a Task, or with a version that version."""
    see_task(call)
    return read(call)


def search(call: Call) -> Answer:
    """Return the Tasks that fit, newest change first."""
    conditions = read_conditions(call, TASK_PARAMETERS)
    page = read_page(call)
    render_pending()
    found, total = search_tasks(
        call.actor,
        conditions,
        page,
        is_falling=is_falling(call, "_lastUpdated", "authored-on"),
    )
    return Answer(
        text=to_bundle(
            "searchset",
            (_entry(call, one, search={"mode": "match"}) for one in found),
            links=links_of(call, page, _last(found, page.count)),
            total=total,
        )
    )


def list_history(call: Call) -> Answer:
    """Return the versions of one Task, or of all, up to where history is complete."""
    if call.id:
        see_task(call)
    since = -1
    for name, value in call.params:
        if name == "_since":
            condition = moment("x", in_ticks=True)("s", value)
            since = int(str(condition.values["s_0a"])) - 1
    page = read_page(call)
    horizon = catch_up()
    found, total = list_task_versions(
        call.actor, task_id=call.id, since=since, until=horizon, page=page
    )
    return Answer(
        text=to_bundle(
            "history",
            (_entry(call, one, **_happened(one)) for one in found),
            links=links_of(call, page, _last(found, page.count)),
            total=total,
            tick=horizon,
        )
    )


def _entry(call: Call, one: TaskVersion, **more: object) -> EntryText:
    return EntryText(f"{call.base_url}/Task/{one.fhir_id}", one.body, more)


def _happened(one: TaskVersion) -> Mapping[str, object]:
    is_new = one.version == _FIRST
    return {
        "request": {
            "method": "POST" if is_new else "PUT",
            "url": "Task" if is_new else f"Task/{one.fhir_id}",
        },
        "response": {
            "status": "201" if is_new else "200",
            "etag": etag_of(one.version),
            "lastModified": instant_of(one.tick),
        },
    }


def _last(found: list[TaskVersion], count: int) -> tuple[int, str] | None:
    if len(found) < count or not found:
        return None
    return found[-1].tick, found[-1].fhir_id
