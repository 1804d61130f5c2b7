"""Pages of a search while others write: nothing twice, nothing missed."""

from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from django.db import connection, transaction

from tests.factories.directory import HealthcareServiceFactory, OrganizationFactory
from tests.fhir.asking import Asker, Resource, link, visitor
from tests.fhir.open_transaction import open_transaction
from wijkspil.directory.models import Organization

pytestmark = pytest.mark.django_db(transaction=True)

SORTS = ["", "name", "-name", "_lastUpdated", "-_lastUpdated", "_id", "name,-_id"]
WORDS = ["alant", "berk", "cyprus", "den", "els", "fuchsia", "goudvink", "hazelaar"]


def _ids(page: Resource) -> list[str]:
    return [entry["resource"]["id"] for entry in page.get("entry", [])]


def _collect(asker: Asker, address: str, between: Callable[[], object]) -> list[str]:
    """Return the ids of all pages, with something between each two."""
    found: list[str] = []
    following: str | None = address
    while following:
        page = asker.ask(following)
        found += _ids(page)
        following = link(page, "next")
        between()
    return found


def _write_at_random(rng: np.random.Generator) -> None:
    """Rename some, touch some, and add some; sometimes take it back."""
    chosen = rng.permutation(list(Organization.objects.values_list("pk", flat=True)))[
        :9
    ]
    with transaction.atomic():
        for organization in Organization.objects.filter(pk__in=chosen.tolist()):
            organization.name = f"{rng.choice(WORDS)} {rng.integers(999)}"
            organization.save()
        OrganizationFactory.create(name=f"{rng.choice(WORDS)} new")
        transaction.set_rollback(rng.random() < 0.2)


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("holds_back", [False, True])
def test_what_was_there_comes_once_however_much_is_written(
    sort: str, *, holds_back: bool
) -> None:
    rng = np.random.default_rng([SORTS.index(sort), holds_back])
    for _ in range(40):
        OrganizationFactory.create(name=f"{rng.choice(WORDS)} {rng.integers(999)}")
    with open_transaction("SELECT fhir_tick()" if holds_back else "SELECT 1"):
        # Behind the horizon while the other transaction is open.
        _write_at_random(rng)
        there = set(Organization.objects.values_list("fhir_id", flat=True))
        address = (
            f"Organization?_count=6&_sort={sort}" if sort else "Organization?_count=6"
        )
        found = _collect(visitor(), address, lambda: _write_at_random(rng))
    assert len(found) == len(set(found))
    assert there <= set(found)


def test_pages_of_places_near_stay_whole_while_they_move() -> None:
    rng = np.random.default_rng(7)
    services = [
        HealthcareServiceFactory.create(lat=52 + rng.random() / 100, lon=4.3)
        for _ in range(30)
    ]

    def move() -> None:
        for place in rng.permutation(len(services))[:8]:
            service = services[place]
            service.lat = 52 + rng.random() / 100
            service.save()

    found = _collect(visitor(), "Location?near=52|4.3|9|km&_count=4", move)
    assert len(found) == len(set(found)) == 30


def test_the_total_and_moment_of_the_first_page_hold_for_all() -> None:
    OrganizationFactory.create_batch(5)
    first = visitor().ask("Organization?_count=2")
    OrganizationFactory.create()
    second = visitor().ask(link(first, "next") or "")
    assert (first["total"], second["total"]) == (5, 5)
    assert first["meta"]["lastUpdated"] == second["meta"]["lastUpdated"]


def test_a_page_belongs_to_its_search_and_its_asker() -> None:
    OrganizationFactory.create_batch(3)
    following = link(visitor().ask("Organization?_count=1"), "next")
    assert following is not None
    token = parse_qs(urlsplit(following).query)["_page"][0]
    visitor().ask(f"Location?_count=1&_page={token}", status=400)
    visitor().ask(f"Organization?_count=2&_page={token}", status=400)
    visitor().ask(f"Organization?_count=1&_page={token[:-1]}", status=400)


def test_pages_end() -> None:
    OrganizationFactory.create_batch(4)
    pages = visitor().pages("Organization?_count=2")
    assert [len(page["entry"]) for page in pages] == [2, 2]
    assert visitor().ask("Organization?_count=5000")["total"] == 4


def test_a_search_waits_for_no_one_who_writes() -> None:
    organization = OrganizationFactory.create(name="Before")
    with open_transaction(
        "UPDATE directory_organization SET name = 'After' WHERE id = %s",
        organization.pk,
    ):
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'")
        assert visitor().names("Organization") == ["Before"]
        with connection.cursor() as cursor:
            cursor.execute("RESET lock_timeout")
    assert visitor().names("Organization") == ["After"]


def test_a_search_asks_to_come_back_after_a_bulk_load(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("wijkspil.fhir.services.rendering.MOST_WHILE_ASKED", 2)
    OrganizationFactory.create_batch(3)
    issue = visitor().ask("Organization", status=503)["issue"][0]
    assert issue["code"] == "transient"
    visitor().ask("_history", status=503)
