"""Every address of the site is public by name, or refuses a visitor."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.factories import directory as make
from tests.factories.accounts import MembershipFactory
from wijkspil.accounts.types import Role

pytestmark = pytest.mark.django_db

#: Pages and answers that anyone may see; all others ask who you are.
PUBLIC = {
    "fhir:base",
    "fhir:smart",
    "portal:home",
    "portal:search",
    "portal:who-helps",
    "portal:fridge",
    "portal:who-helps-map",
    "portal:signposts",
    "portal:signpost",
    "portal:professions",
    "portal:alliances",
    "portal:alliance",
    "portal:alliance-map",
    "portal:about",
    "portal:privacy",
    "portal:accessibility",
    "portal:sources",
    "portal:help",
    "portal:guide",
    "portal:health",
    "portal:robots",
    "portal:favicon",
    "accounts:sign-in",
    "accounts:sign-out",
    "referrals:ask",
    "referrals:ask-providers",
    "stays:start",
    "registrations:find",
    "registrations:wish",
    "registrations:wish-current",
    "registrations:wish-choices",
    "registrations:wish-household",
    "registrations:wish-made",
    "registrations:follow-start",
    "registrations:access",
    "registrations:access-areas",
    "registrations:access-export",
    "registrations:round-report",
    "registrations:round-map",
    "registrations:round-receipt",
    "ui:components",
    "ui:sample-areas",
    "ui:theme",
    "set_language",
    "api-v1:api-root",
    "api-v1:openapi-json",
    "api-v1:openapi-view",
    "api-v1:unknown",
    "api-v1:responsible",
    "api-v1:read_services",
    "api-v1:read_service",
    "api-v1:read_organization",
    "api-v1:read_area",
    "api-v1:read_areas",
    "api-v1:read_services_file",
    "api-v1:read_organizations_file",
    "api-v1:read_alliances",
    "api-v1:read_alliance",
    "api-v1:read_service_coverage",
    "api-v1:read_coverage",
    "api-v1:read_signposts",
    "api-v1:read_gp_practices",
    "api-v1:read_gp_access",
    "api-v1:read_rounds",
    "api-v1:read_round",
    "api-v1:read_round_receipt",
}


def addresses(text: str = "1") -> Iterator[tuple[str, str]]:
    """Yield (name, path) of every address; every variable part is 1, or this text."""

    def walk(
        resolver: URLResolver, prefix: str, space: str
    ) -> Iterator[tuple[str, str]]:
        for pattern in resolver.url_patterns:
            route = prefix + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                inner = f"{pattern.namespace}:" if pattern.namespace else space
                yield from walk(pattern, route, inner)
            elif isinstance(pattern, URLPattern):
                yield f"{space}{pattern.name}", "/" + fill(route, text)

    yield from walk(get_resolver(), "", "")


def fill(route: str, text: str) -> str:
    """Put a text (or what fits) in every variable part of a route."""
    while "<" in route:
        start, end = route.index("<"), route.index(">")
        part = route[start + 1 : end]
        kind, _colon, word = part.rpartition(":")
        fitting = {"kind": "organization", "slug": "steunkousen", "code": "WK1"}
        if kind in ("", "str", "path") and text != "1":
            value = quote(text, safe="")
        else:
            value = fitting.get(word, "1" if text == "1" else "9" * 25)
        if kind == "uuid":
            value = "0d2f8a3e-0000-4000-8000-000000000001"
        route = route[:start] + value + route[end + 1 :]
    return route


@pytest.mark.parametrize(
    ("name", "path"),
    [pytest.param(n, p, id=n) for n, p in addresses() if n not in PUBLIC],
)
def test_a_visitor_is_refused_what_is_not_public(
    client: Client, name: str, path: str
) -> None:
    for answer in (client.get(path), client.post(path)):
        # 400: a request that cannot be read is refused before anyone is asked.
        refused = answer.status_code in {400, 401, 403, 404, 405}
        to_sign_in = answer.status_code == 302 and "aanmelden" in answer["Location"]
        assert refused or to_sign_in, (name, answer.status_code)


def test_the_list_of_public_addresses_has_no_stale_name() -> None:
    assert {name for name, _path in addresses()} >= PUBLIC


#: Names of questions in addresses, each asked with what no page of ours sends.
QUESTIONS = (
    *("page", "pagina", "week", "maand", "weken", "dag", "dienst", "naam", "zorg"),
    *("regio", "gebied", "q", "postcode", "seen", "lijst", "van", "tot", "areas"),
)


@pytest.mark.parametrize("sent", ["\0", "9" * 5000, "²", "-1", "' OR 1=1 --"])
@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.PROVIDER_MANAGER])
def test_no_address_breaks_on_what_nobody_types(
    client: Client, role: Role, sent: str
) -> None:
    region = make.AreaFactory(region=True, purpose="zorgkantoor")
    service = make.CoverageFactory(area=make.AreaFactory(lies_in=[region])).service
    client.force_login(
        MembershipFactory(
            role=role,
            organization=service.organization,
            service=service,
            region=region,
        ).user
    )
    client.raise_request_exception = False
    broken = []
    for name, path in addresses(sent[:20]):
        if name in {"accounts:sign-out", "set_language"}:
            continue
        answer = client.get(path, dict.fromkeys(QUESTIONS, sent))
        if answer.status_code >= 500:
            broken.append((name, answer.status_code))
    assert broken == []


@pytest.mark.parametrize("role", [role for role in Role if role != Role.RESIDENT])
def test_no_address_breaks_for_any_role(client: Client, role: Role) -> None:
    region = make.AreaFactory(region=True, purpose="zorgkantoor")
    wijk = make.AreaFactory(lies_in=[region])
    service = make.CoverageFactory(area=wijk).service
    client.force_login(
        MembershipFactory(
            role=role,
            organization=service.organization,
            service=service,
            region=region,
        ).user
    )
    broken = [
        (name, answer.status_code)
        for name, path in addresses()
        if name not in {"accounts:sign-out", "set_language"}
        and (answer := client.get(path)).status_code >= 500
    ]
    assert broken == []
