"""Read and search the definitions of this server. They are fixed: no database."""

import json
from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import urlencode

from django.utils.translation import gettext_noop

from wijkspil.fhir.errors import refuse, unknown_resource
from wijkspil.fhir.mapping.conformance import find_definitions
from wijkspil.fhir.mapping.described import VERSION
from wijkspil.fhir.types import Answer, Call, Resource, etag_of

#: Compared as they are; one of several after a comma.
_EXACT = frozenset(
    {
        "_id", "url", "version", "status", "code", "type", "base", "kind", "value",
        "context", "derivation", "id-type", "system",
    }
)  # fmt: skip
#: Compared from the start, without case.
_STRINGS = frozenset({"name", "title", "description", "publisher"})
#: About the answer, not about what is looked for.
_ABOUT_ANSWER = frozenset({"_format", "_pretty", "_total", "_sort", "_count"})


def read(call: Call) -> Answer:
    """Return a definition.

    Raises
    ------
    FhirError
        404 if there is none.
    """
    found = find_definitions(call.type).get(call.id)
    if found is None or call.version not in {"", VERSION}:
        raise unknown_resource(call.type, call.id)
    headers = {"ETag": etag_of(VERSION)}
    if call.headers.get("If-None-Match") == etag_of(VERSION):
        return Answer(text="", status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Answer(text=_to_text(found), headers=headers)


def search(call: Call) -> Answer:
    """Return the definitions that meet every parameter, all in one page.

    Raises
    ------
    FhirError
        400 for a parameter there is not.
    """
    found = list(find_definitions(call.type).values())
    for name, value in call.params:
        found = [resource for resource in found if _meets(resource, name, value)]
    only_count = ("_summary", "count") in call.params or ("_count", "0") in call.params
    bundle: Resource = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(found),
        "link": [{"relation": "self", "url": _to_address(call)}],
    }
    if found and not only_count:
        bundle["entry"] = [
            {
                "fullUrl": f"{call.base_url}/{call.type}/{resource['id']}",
                "resource": resource,
                "search": {"mode": "match"},
            }
            for resource in found
        ]
    return Answer(text=_to_text(bundle))


def _to_address(call: Call) -> str:
    asked = f"?{urlencode(call.params)}" if call.params else ""
    return f"{call.base_url}/{call.type}{asked}"


def _meets(resource: Resource, parameter: str, wanted: str) -> bool:
    name, _colon, modifier = parameter.partition(":")
    if name in _ABOUT_ANSWER or parameter == "_summary":
        return True
    if name == "url" and not modifier:
        return any(_is_version_of(resource, one) for one in _or(wanted))
    if name in _EXACT and not modifier:
        values = set(_values(resource, name))
        return any(one.split("|")[-1] in values or one in values for one in _or(wanted))
    if name in _STRINGS and modifier in {"", "exact", "contains"}:
        return any(
            _holds(text, one, modifier)
            for text in _values(resource, name)
            for one in _or(wanted)
        )
    raise refuse(
        HTTPStatus.BAD_REQUEST,
        "not-supported",
        gettext_noop("%(type)s cannot be searched by “%(name)s” here."),
        expression=parameter[:80],
        type=resource["resourceType"],
        name=parameter[:80],
    )


def _is_version_of(resource: Resource, canonical: str) -> bool:
    url, _bar, version = canonical.partition("|")
    return url in _values(resource, "url") and version in {"", VERSION}


def _or(wanted: str) -> list[str]:
    return wanted.split(",")


def _holds(text: str, wanted: str, modifier: str) -> bool:
    if modifier == "exact":
        return text == wanted
    if modifier == "contains":
        return wanted.casefold() in text.casefold()
    return text.casefold().startswith(wanted.casefold())


def _values(resource: Resource, name: str) -> Iterable[str]:
    """Return what a parameter looks at in a definition."""
    if name == "_id":
        return [resource["id"]]
    if name in {"value", "url"} and "uniqueId" in resource:
        return [unique["value"] for unique in resource["uniqueId"]]
    if name == "base" and "baseDefinition" in resource:
        return [resource["baseDefinition"]]
    if name == "code" and "concept" in resource:
        return [concept["code"] for concept in resource["concept"]]
    if name == "system":
        own = [resource["url"]] if resource["resourceType"] == "CodeSystem" else []
        included = (resource.get("compose") or {}).get("include", ())
        return [*own, *(include["system"] for include in included)]
    if name == "context":
        return [context["expression"] for context in resource.get("context", ())]
    found = resource.get(name, ())
    return [found] if isinstance(found, str) else [str(item) for item in found]


def _to_text(resource: Resource) -> str:
    return json.dumps(resource, ensure_ascii=False, separators=(",", ":"))
