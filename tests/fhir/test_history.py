"""History is complete up to the moment it says, in whichever order writers end."""

import threading
import time
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg
import pytest
from django.db import connection, transaction

from tests.apps.directory.at_once import at_once
from tests.factories.directory import (
    CapacityReportFactory,
    HealthcareServiceFactory,
    OrganizationFactory,
)
from tests.fhir.asking import Asker, Resource, known_system, link, visitor
from tests.fhir.open_transaction import open_transaction
from wijkspil.directory.models import Organization
from wijkspil.fhir.models import Version

pytestmark = pytest.mark.django_db(transaction=True)


def _versions(bundle: Resource) -> list[tuple[str, int]]:
    """Return (id, version) of each entry."""
    return [
        (entry["resource"]["id"], int(entry["resource"]["meta"]["versionId"]))
        for entry in bundle.get("entry", [])
    ]


def _moment(bundle: Resource) -> str:
    return str(bundle["meta"]["lastUpdated"])


def _rename(organization: Organization, name: str) -> None:
    organization.name = name
    organization.save()


def test_a_version_tells_how_it_came_about() -> None:
    organization = OrganizationFactory.create(name="One")
    _rename(organization, "Two")
    path = f"Organization/{organization.fhir_id}"
    newest, oldest = visitor().ask(f"{path}/_history")["entry"]
    assert newest["fullUrl"] == f"http://testserver/fhir/{path}"
    assert (newest["resource"]["name"], oldest["resource"]["name"]) == ("Two", "One")
    assert newest["request"] == {"method": "PUT", "url": path}
    assert oldest["request"] == {"method": "POST", "url": "Organization"}
    assert newest["response"]["etag"] == 'W/"2"'
    assert newest["response"]["status"] == "200"
    assert oldest["response"]["status"] == "201"
    meta = newest["resource"]["meta"]
    assert newest["response"]["lastModified"] == meta["lastUpdated"]


def test_history_is_of_a_resource_a_type_or_everything() -> None:
    service = HealthcareServiceFactory.create()
    OrganizationFactory.create()
    own = visitor().ask(f"HealthcareService/{service.fhir_id}/_history")
    assert _versions(own) == [(service.fhir_id, 1)]
    assert visitor().ask("Organization/_history")["total"] == 2
    everything = visitor().ask("_history")
    assert {e["resource"]["resourceType"] for e in everything["entry"]} == {
        "Organization",
        "HealthcareService",
        "Location",
    }
    assert everything["type"] == "history"
    visitor().ask("Organization/none/_history", status=404)
    assert visitor().ask("PractitionerRole/_history")["total"] == 0


def test_an_empty_history_has_no_list() -> None:
    assert "entry" not in visitor().ask("Organization/_history")
    assert "entry" not in visitor().ask("Organization/_history?_since=2999")


def test_since_is_read_at_any_precision_and_is_inclusive() -> None:
    OrganizationFactory.create()
    moment = visitor().ask("Organization/_history")["entry"][0]["resource"]["meta"][
        "lastUpdated"
    ]
    for since in (
        moment,
        moment.replace("Z", "%2B00:00"),
        moment.replace("Z", "+00:00"),
        f"{moment[:-4]}Z",
        f"{moment[:19]}Z",
        moment[:10],
        moment[:7],
        moment[:4],
    ):
        assert visitor().ask(f"Organization/_history?_since={since}")["total"] == 1
    visitor().ask("Organization/_history?_since=soon", status=400)


def test_a_visitor_sees_no_room_in_history() -> None:
    report = CapacityReportFactory.create()
    path = f"HealthcareService/{report.service.fhir_id}/_history"
    assert "capacity" in str(known_system().ask(path)["entry"][0])
    assert "StructureDefinition/capacity" not in str(visitor().ask(path))


@pytest.mark.parametrize("sort", ["", "&_sort=_lastUpdated"])
def test_pages_stay_as_they_are_while_others_write(sort: str) -> None:
    organizations = OrganizationFactory.create_batch(5)
    for organization in organizations:
        _rename(organization, f"{organization.name} again")
    address: str | None = f"Organization/_history?_count=3{sort}"
    found: list[tuple[str, int]] = []
    moments = set()
    while address:
        bundle = visitor().ask(address)
        found += _versions(bundle)
        moments.add(_moment(bundle))
        address = link(bundle, "next")
        _rename(organizations[0], f"{len(found)}")
    assert len(moments) == 1
    expected = list(
        Version.objects.filter(type="Organization")
        .order_by("tick", "pk")
        .values_list("fhir_id", "version")
    )[:10]
    assert found == (expected if sort else expected[::-1])


def test_what_commits_beside_an_open_transaction_waits_for_it() -> None:
    first = _moment(visitor().ask("_history"))
    slow = OrganizationFactory.create(name="Slow")
    start = _moment(visitor().ask("_history"))
    assert start > first
    with open_transaction(
        "UPDATE directory_organization SET name = 'Slower' WHERE id = %s", slow.pk
    ):
        quick = OrganizationFactory.create(name="Quick")
        beside = visitor().ask(f"_history?_since={start}")
        # Quick is committed, but what is open may still come before it.
        assert quick.fhir_id not in dict(_versions(beside))
        assert _moment(beside) <= start
        # A search shows it: the moment of the search says that history goes on.
        found = visitor().ask("Organization?name=quick")
        assert found["total"] == 1
        assert _moment(found) <= start
    after = visitor().ask(f"_history?_since={_moment(beside)}")
    assert {(slow.fhir_id, 2), (quick.fhir_id, 1)} <= set(_versions(after))


def test_a_writer_that_is_gone_holds_nothing_back() -> None:
    organization = OrganizationFactory.create(name="Stays")
    statement = "UPDATE directory_organization SET name = 'Gone' WHERE id = %s"
    with open_transaction(statement, organization.pk, ends_well=False):
        pass
    with open_transaction(statement, organization.pk, ends_well=False) as other:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [other.info.backend_pid])
        with pytest.raises(psycopg.OperationalError):
            other.execute("SELECT 1")
    _rename(organization, "Next")
    bundle = visitor().ask(f"Organization/{organization.fhir_id}/_history")
    assert _versions(bundle) == [(organization.fhir_id, 2), (organization.fhir_id, 1)]
    assert bundle["entry"][0]["resource"]["name"] == "Next"


def test_order_holds_when_the_clock_of_the_machine_was_ahead() -> None:
    OrganizationFactory.create(name="Before")
    ahead = datetime(2099, 1, 1, tzinfo=UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT setval('fhir_clock', %s)", [int(ahead.timestamp() * 1_000_000)]
        )
    stamp = _moment(visitor().ask("_history"))
    made = [OrganizationFactory.create(name=f"After {n}").fhir_id for n in range(3)]
    after = visitor().ask(f"_history?_since={stamp}&_sort=_lastUpdated")
    assert [id_ for id_, _ in _versions(after)] == made
    assert _moment(after) > stamp
    moments = [e["resource"]["meta"]["lastUpdated"] for e in after["entry"]]
    assert moments == sorted(set(moments))


def test_two_who_write_the_same_make_versions_without_a_gap() -> None:
    organization = OrganizationFactory.create()

    def write(own: str) -> None:
        for n in range(10):
            mine = Organization.objects.get(pk=organization.pk)
            mine.name = f"{own} {n}"
            mine.save()

    at_once(lambda: write("a"), lambda: write("b"))
    versions = visitor().ask(f"Organization/{organization.fhir_id}/_history")
    numbers = [version for _, version in _versions(versions)]
    assert numbers == list(range(21, 0, -1))


class _Follower:
    """A client that follows history, a page at a time, and notes what it saw."""

    def __init__(self, asker: Asker) -> None:
        self.asker = asker
        self.seen: dict[tuple[str, str], int] = {}
        self.versions: set[tuple[str, int]] = set()
        self.stamp = ""

    def load(self) -> None:
        """Load everything by search, page by page."""
        for type_ in ("Organization", "HealthcareService", "Location"):
            pages = self.asker.pages(f"{type_}?_count=7")
            for page in pages:
                for id_, version in _versions(page):
                    self.seen[type_, id_] = version
            stamp = _moment(pages[0])
            self.stamp = min(self.stamp, stamp) if self.stamp else stamp

    def follow(self) -> None:
        """Take in what changed since the last time."""
        pages = self.asker.pages(f"_history?_since={self.stamp}&_count=20")
        for page in reversed(pages):
            for entry in reversed(page.get("entry", [])):
                resource = entry["resource"]
                version = int(resource["meta"]["versionId"])
                key = (resource["resourceType"], resource["id"])
                self.seen[key] = max(version, self.seen.get(key, 0))
                self.versions.add((resource["id"], version))
        stamp = _moment(pages[0])
        assert stamp >= self.stamp
        self.stamp = stamp


def _write(seed: int, *, transactions: int) -> None:
    """Write in transactions that overlap: long and short, kept and taken back."""
    rng = np.random.default_rng(seed)
    for n in range(transactions):
        known = list(Organization.objects.values_list("pk", flat=True))
        # In the order of keys: what is asked here is not who waits for whom.
        chosen = sorted(rng.permutation(known)[:3].tolist())
        with transaction.atomic():
            for pk in chosen[: rng.integers(4)]:
                Organization.objects.filter(pk=pk).update(name=f"{seed} {n} {pk}")
                time.sleep(rng.random() * 0.004)
            if rng.random() < 0.3:
                organization = OrganizationFactory.create(name=f"{seed} {n}")
                HealthcareServiceFactory.create(organization=organization)
                time.sleep(rng.random() * 0.004)
            transaction.set_rollback(rng.random() < 0.15)


def _follow_writers(*, writers: int, transactions: int) -> _Follower:
    """Follow history while others write, until they are done and all is seen."""
    OrganizationFactory.create_batch(12)
    failures: list[BaseException] = []

    def write(seed: int) -> None:
        try:
            _write(seed, transactions=transactions)
        except BaseException as error:
            failures.append(error)
            raise
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(writers)]
    follower = _Follower(visitor())
    for thread in threads:
        thread.start()
    follower.load()
    while any(thread.is_alive() for thread in threads):
        follower.follow()
    follower.follow()
    assert not failures
    return follower


def test_a_client_that_follows_misses_nothing_of_many_writers() -> None:
    follower = _follow_writers(writers=4, transactions=150)
    kept = list(Version.objects.values_list("type", "fhir_id", "version", "tick"))
    newest: dict[tuple[str, str], int] = {}
    for type_, fhir_id, version, _ in kept:
        newest[type_, fhir_id] = max(version, newest.get((type_, fhir_id), 0))
    assert follower.seen == newest
    # Each version on the way as well, but for what the first load already had past.
    assert follower.versions <= {(id_, version) for _, id_, version, _ in kept}
    first = {(id_, version) for _, id_, version, _ in kept} - follower.versions
    assert len(first) < len(kept) / 2
    # One transaction makes one version, numbered without a gap.
    assert sorted(newest.values()) == sorted(
        len([1 for t, i, _, _ in kept if (t, i) == key]) for key in newest
    )


def test_versions_have_rising_moments() -> None:
    organization = OrganizationFactory.create()
    for n in range(5):
        _rename(organization, f"{n}")
    ticks: list[Any] = list(
        Version.objects.filter(fhir_id=organization.fhir_id)
        .order_by("version")
        .values_list("tick", flat=True)
    )
    assert ticks == sorted(set(ticks))
