"""Search resources of the directory (IHE mCSD ITI-90): a page, as a bundle.

Parameters that a type does not have are named in the answer and not used; a caller
that prefers ``handling=strict`` is refused instead (400).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from django.utils.translation import gettext_noop

from wijkspil.fhir.errors import FhirError, Issue, refuse
from wijkspil.fhir.mapping.outcomes import list_issues
from wijkspil.fhir.mapping.parameters import PARAMETERS, references_of
from wijkspil.fhir.selectors.criteria import (
    Condition,
    Near,
    UnknownParameter,
    Viewer,
    add_criterion,
)
from wijkspil.fhir.selectors.search import (
    Hit,
    Include,
    Sort,
    SortKey,
    count_matches,
    find_included,
    find_page,
)
from wijkspil.fhir.services.bundles import (
    Cut,
    cut_body,
    to_bundle,
    to_outcome_entry,
    to_search_entry,
)
from wijkspil.fhir.services.paging import PAGE, Page, read_page, to_link, write_page
from wijkspil.fhir.services.rendering import catch_up
from wijkspil.fhir.types import Answer, Call

#: Resources on a page: as asked, at most, and where nothing was asked.
MOST_ON_PAGE = 1_000
ON_PAGE = 100
#: Resources that go along with one page at most.
MOST_INCLUDED = 10_000
#: Steps of ``:iterate``.
_MOST_STEPS = 5

_SUMMARIES = frozenset({"true", "false", "text", "data", "count"})
_TOTALS = frozenset({"accurate", "estimate", "none"})
_SORTS = {
    "_id": SortKey.ID,
    "_lastUpdated": SortKey.LAST_UPDATED,
    "name": SortKey.NAME,
    "near": SortKey.DISTANCE,
}
#: Those that say how to answer, not what to find.
_ABOUT_ANSWER = frozenset({"_format", "_pretty"})


@dataclass
class _Search:
    """A search as it was understood."""

    types: tuple[str, ...]
    criteria: list[tuple[str, str]] = field(default_factory=list)
    sorts: list[Sort] = field(default_factory=list)
    includes: list[Include] = field(default_factory=list)
    count: int = ON_PAGE
    cut: Cut = field(default_factory=Cut)
    wants_total: bool = True
    token: str = ""
    #: What was used, as it stands in links.
    used: list[tuple[str, str]] = field(default_factory=list)
    unused: list[Issue] = field(default_factory=list)

    @property
    def counts_only(self) -> bool:
        """Whether only the total is asked."""
        return self.count == 0 or self.cut.summary == "count"


def search(call: Call) -> Answer:
    """Return a page of what was searched, with what was asked along.

    Every change up to ``Bundle.meta.lastUpdated`` is in it; that moment is the one of
    the first page on every page, so whoever has all pages goes on with ``_history``
    since then. At most five queries, and one per ``_include``.

    Raises
    ------
    FhirError
        400 for what cannot be searched, 403 for what is for those known, 503 while
        too much waits to be rendered.
    """
    viewer = Viewer(is_known=call.is_known, base_url=call.base_url)
    asked = _read(call)
    where, values, near = _compile(asked, viewer)
    identity = repr((call.type, viewer.is_known, sorted(asked.used)))
    page = read_page(asked.token, of=identity) if asked.token else None
    if asked.unused and _is_strict(call):
        raise FhirError(HTTPStatus.BAD_REQUEST, asked.unused)
    horizon = page.horizon if page else catch_up()
    if asked.counts_only:
        hits: list[Hit] = []
        total: int | None = count_matches(where, values)
        following = False
    else:
        hits = find_page(
            where,
            values,
            viewer=viewer,
            sorts=_order(asked, near),
            horizon=horizon,
            count=asked.count + 1,
            after=page.after if page else None,
            near=near,
        )
        following = len(hits) > asked.count
        hits = hits[: asked.count]
        total = page.total if page else None
        if page is None and asked.wants_total:
            total = count_matches(where, values) if following else len(hits)
    included, overflow = _include(asked, hits, viewer)
    path = call.type
    links = [("self", to_link(call.base_url, path, asked.used, token=asked.token))]
    if following:
        token = write_page(Page(horizon, total, hits[-1].keys), of=identity)
        links.append(("next", to_link(call.base_url, path, asked.used, token=token)))
    entries = [
        to_search_entry(
            call.base_url,
            hit.type,
            hit.fhir_id,
            cut_body(hit.body, asked.cut),
            distance_m=hit.distance_m,
        )
        for hit in hits
    ]
    entries += [
        to_search_entry(
            call.base_url,
            hit.type,
            hit.fhir_id,
            cut_body(hit.body, asked.cut),
            mode="include",
        )
        for hit in included
    ]
    if unused := [*asked.unused, *overflow]:
        entries.append(to_outcome_entry(list_issues(unused)))
    return Answer(
        text=to_bundle(
            "searchset", horizon=horizon, links=links, total=total, entries=entries
        )
    )


def _is_strict(call: Call) -> bool:
    prefer = call.headers.get("Prefer", "")
    return "handling=strict" in prefer.replace(" ", "").lower()


def _unused(name: str) -> Issue:
    return Issue(
        code="not-supported",
        message=gettext_noop(
            "“%(name)s” is not used: it cannot be searched by here. See /fhir/metadata."
        ),
        expression=name,
        values=(("name", name[:100]),),
        severity="warning",
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


def _read(call: Call) -> _Search:
    asked = _Search(types=(call.type,) if call.type else tuple(PARAMETERS))
    elements: frozenset[str] = frozenset()
    summary = ""
    for name, value in call.params:
        if name in _ABOUT_ANSWER or value == "":
            continue
        if name == PAGE:
            asked.token = value
            continue
        match name.partition(":")[0]:
            case "_count":
                if not value.isascii() or not value.isdecimal() or len(value) > 9:
                    raise _bad(name, value)
                asked.count = min(int(value), MOST_ON_PAGE)
                value = str(asked.count)
            case "_sort":
                value = _read_sorts(asked, value)
                if not value:
                    continue
            case "_elements":
                elements |= frozenset(value.split(","))
            case "_summary":
                if value not in _SUMMARIES:
                    raise _bad(name, value)
                summary = value
            case "_total":
                if value not in _TOTALS:
                    raise _bad(name, value)
                asked.wants_total = value != "none"
            case "_include" | "_revinclude":
                include = _read_include(name, value, asked.types)
                if include is None:
                    asked.unused.append(_unused(f"{name}={value}"))
                    continue
                asked.includes.append(include)
            case "_type" if not call.type:
                types = tuple(dict.fromkeys(value.split(",")))
                if unknown := [type_ for type_ in types if type_ not in PARAMETERS]:
                    raise _bad(name, unknown[0])
                asked.types = types
            case _:
                asked.criteria.append((name, value))
                continue
        asked.used.append((name, value))
    asked.cut = Cut(summary=summary, elements=elements)
    return asked


def _read_sorts(asked: _Search, value: str) -> str:
    """Read the order, and return the part of it that is used."""
    used = []
    for part in value.split(","):
        key = _SORTS.get(part.removeprefix("-"))
        if key is None:
            asked.unused.append(_unused(f"_sort={part}"))
            continue
        asked.sorts.append(Sort(key, is_descending=part.startswith("-")))
        used.append(part)
    return ",".join(used)


def _read_include(name: str, value: str, types: Sequence[str]) -> Include | None:
    base, _, modifier = name.partition(":")
    if modifier not in {"", "iterate", "recurse"}:
        return None
    is_reverse = base == "_revinclude"
    iterates = modifier != ""
    if value == "*":
        return Include("*", "*", is_reverse=is_reverse, iterates=iterates)
    source, _, rest = value.partition(":")
    parameter, _, target = rest.partition(":")
    known = references_of(source)
    if parameter != "*" and parameter not in known:
        return None
    if source not in PARAMETERS or (target and target not in PARAMETERS):
        return None
    return Include(source, parameter, target, is_reverse=is_reverse, iterates=iterates)


def _compile(asked: _Search, viewer: Viewer) -> tuple[str, list[object], Near | None]:
    """Return the condition of a search, and note what of it is used."""
    parts: list[str] = []
    values: list[object] = []
    near: Near | None = None
    unknown: dict[tuple[str, str], int] = {}
    for type_ in asked.types:
        condition = Condition()
        condition.add("r.type = %s", type_)
        for criterion in asked.criteria:
            try:
                add_criterion(condition, type_, *criterion, viewer=viewer, alias="r")
            except UnknownParameter:
                unknown[criterion] = unknown.get(criterion, 0) + 1
        near = near or condition.near
        sql, part = condition.finish("r", viewer)
        parts.append(f"({sql})")
        values += part
    for criterion in asked.criteria:
        # Of several types only what all of them have is used.
        if criterion in unknown:
            asked.unused.append(_unused(criterion[0]))
        else:
            asked.used.append(criterion)
    if unknown and len(asked.types) > 1 and set(unknown.values()) != {len(asked.types)}:
        asked.criteria = [each for each in asked.criteria if each not in unknown]
        kept = list(asked.used)
        found = _compile(asked, viewer)
        asked.used = kept
        return found
    return f"({' OR '.join(parts)})", values, near


def _order(asked: _Search, near: Near | None) -> list[Sort]:
    sorts = [sort for sort in asked.sorts if sort.key is not SortKey.DISTANCE or near]
    if not sorts and near is not None and len(asked.types) == 1:
        return [Sort(SortKey.DISTANCE)]
    return sorts


def _include(
    asked: _Search, hits: Sequence[Hit], viewer: Viewer
) -> tuple[list[Hit], list[Issue]]:
    """Return what goes along with a page, each once, and whether that is too much."""
    if not asked.includes or not hits:
        return [], []
    found: list[Hit] = []
    seen = [hit.entry_id for hit in hits]
    fresh = list(seen)
    for step in range(_MOST_STEPS):
        news: list[int] = []
        for include in asked.includes:
            if step and not include.iterates:
                continue
            more = find_included(
                include,
                of=fresh,
                seen=seen,
                viewer=viewer,
                limit=MOST_INCLUDED - len(found) + 1,
            )
            found += more
            seen += [hit.entry_id for hit in more]
            news += [hit.entry_id for hit in more]
            if len(found) > MOST_INCLUDED:
                return found[:MOST_INCLUDED], [_too_many_included()]
        fresh = news
        if not fresh:
            break
    return found, []


def _too_many_included() -> Issue:
    return Issue(
        code="too-costly",
        message=gettext_noop(
            "More than %(most)s resources go along with this page; the rest is left "
            "out. Ask for a smaller “_count”."
        ),
        values=(("most", str(MOST_INCLUDED)),),
        severity="warning",
    )
