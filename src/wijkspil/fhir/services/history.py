"""List versions (IHE mCSD ITI-91): of a resource, a type, or everything.

Complete up to ``Bundle.meta.lastUpdated``: no version can still appear before it, as
it is the horizon of what is being written, never the clock. Whoever has read every
page asks next time ``_since`` that moment and misses nothing.
"""

from http import HTTPStatus

from django.utils.translation import gettext_noop

from wijkspil.fhir.errors import FhirError, Issue, refuse, unknown_resource
from wijkspil.fhir.mapping.moments import period_of_date
from wijkspil.fhir.selectors.history import (
    Scope,
    Span,
    count_versions,
    find_versions,
)
from wijkspil.fhir.selectors.versions import has_resource
from wijkspil.fhir.services.bundles import to_bundle, to_history_entry
from wijkspil.fhir.services.paging import PAGE, Page, read_page, to_link, write_page
from wijkspil.fhir.services.rendering import catch_up
from wijkspil.fhir.types import Answer, Call

MOST_ON_PAGE = 1_000
ON_PAGE = 100
_ORDERS = {"-_lastUpdated": False, "_lastUpdated": True}


def list_history(call: Call) -> Answer:
    """Return a page of versions, newest first; of ``_since`` and later, if given.

    ``_since`` may have any precision and offset and is inclusive. ``_sort`` of
    ``_lastUpdated`` turns the order around. At most three queries.

    Raises
    ------
    FhirError
        400 for a parameter that cannot be, 404 for a resource that is not here, 503
        while too much waits to be rendered.
    """
    since, count, oldest_first, token = 0, ON_PAGE, False, ""
    used: list[tuple[str, str]] = []
    unused: list[str] = []
    for name, value in call.params:
        if value == "" or name in {"_format", "_pretty"}:
            continue
        if name == PAGE:
            token = value
            continue
        if name == "_since":
            period = period_of_date(value)
            if period is None:
                raise _bad(name, value)
            since = period[0]
        elif name == "_count":
            if not value.isascii() or not value.isdecimal() or len(value) > 9:
                raise _bad(name, value)
            count = min(int(value), MOST_ON_PAGE)
            value = str(count)
        elif name == "_sort" and value in _ORDERS:
            oldest_first = _ORDERS[value]
        else:
            unused.append(name)
            continue
        used.append((name, value))
    if unused and "handling=strict" in call.headers.get("Prefer", "").replace(" ", ""):
        raise FhirError(HTTPStatus.BAD_REQUEST, [_unused(name) for name in unused])
    if call.id and not has_resource(call.type, call.id):
        raise unknown_resource(call.type, call.id)
    path = "/".join(part for part in (call.type, call.id, "_history") if part)
    identity = repr((path, call.is_known, sorted(used)))
    scope = Scope(type=call.type, fhir_id=call.id)
    if token:
        page = read_page(token, of=identity)
        span = Span(start=since, end=page.horizon)
        total, after = page.total, page.after
    else:
        span = Span(start=since, end=catch_up())
        total, after = count_versions(scope, span), None
    found = []
    if count:
        found = find_versions(
            scope,
            span,
            is_public=not call.is_known,
            count=count + 1,
            after=after,
            is_oldest_first=oldest_first,
        )
    links = [("self", to_link(call.base_url, path, used, token=token))]
    if len(found) > count:
        found = found[:count]
        last = Page(span.end, total, (found[-1].tick, found[-1].row))
        links.append(
            (
                "next",
                to_link(call.base_url, path, used, token=write_page(last, of=identity)),
            )
        )
    return Answer(
        text=to_bundle(
            "history",
            horizon=span.end,
            links=links,
            total=total,
            entries=(
                to_history_entry(
                    call.base_url,
                    entry.type,
                    entry.fhir_id,
                    entry.version,
                    entry.tick,
                    entry.body,
                )
                for entry in found
            ),
        )
    )


def _bad(name: str, value: str) -> FhirError:
    return refuse(
        HTTPStatus.BAD_REQUEST,
        "value",
        gettext_noop("“%(value)s” cannot be the value of “%(name)s”."),
        expression=name,
        name=name,
        value=value[:100],
    )


def _unused(name: str) -> Issue:
    return Issue(
        code="not-supported",
        message=gettext_noop("A history cannot be asked by “%(name)s” here."),
        expression=name,
        values=(("name", name[:100]),),
    )
