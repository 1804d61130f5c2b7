"""Ask a server over HTTP as a FHIR client does: bundles, their names and pages."""

from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from tests.apps.directory.signing_in import token_header
from tests.factories.directory import OrganizationFactory

Resource = dict[str, Any]


class Asker:
    """One client: a visitor, or a system that is known by its token."""

    def __init__(self, secret_header: dict[str, str] | None = None) -> None:
        self.headers = secret_header or {}

    def ask(self, address: str, *, status: int = 200, **headers: str) -> Resource:
        """Return what an address answers; a path is below ``/fhir``."""
        parts = urlsplit(address)
        path = parts.path if parts.path.startswith("/fhir") else f"/fhir/{parts.path}"
        response = Client().get(
            f"{path}?{parts.query}" if parts.query else path,
            headers=self.headers
            | {name.replace("_", "-"): value for name, value in headers.items()},
        )
        assert response.status_code == status, response.content
        found: Resource = response.json()
        return found

    def names(self, address: str, *, mode: str = "match") -> list[str]:
        """Return the names of what a search finds, in its order."""
        return [
            entry["resource"].get("name", entry["resource"].get("id"))
            for entry in entries(self.ask(address), mode=mode)
        ]

    def pages(self, address: str) -> list[Resource]:
        """Return all pages from an address on."""
        found = [self.ask(address)]
        while following := link(found[-1], "next"):
            found.append(self.ask(following))
        return found


def visitor() -> Asker:
    """Return who is not signed in."""
    return Asker()


def known_system() -> Asker:
    """Return the system of a care organization."""
    organization = OrganizationFactory.create(name="The one that asks")
    return Asker(token_header(organization))


def entries(bundle: Resource, *, mode: str = "match") -> list[Resource]:
    """Return the entries of a mode."""
    return [
        entry
        for entry in bundle.get("entry", [])
        if entry.get("search", {}).get("mode") == mode
    ]


def link(bundle: Resource, relation: str) -> str | None:
    """Return the address of a link, or None."""
    return next(
        (each["url"] for each in bundle["link"] if each["relation"] == relation), None
    )
