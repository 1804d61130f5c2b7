"""Another directory is copied: completely, in order, once, and without our own."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from tests.factories.directory import OrganizationFactory
from tests.fhir.peer import START, Peer, served
from wijkspil.fhir.models import (
    ArrivedEntry,
    FedElements,
    FollowedDirectory,
    FollowedType,
    ReplicaConflict,
    ReplicatedResource,
    Version,
)
from wijkspil.fhir.services.replica import Copied, copy_directory, list_due

pytestmark = [pytest.mark.django_db, pytest.mark.enable_socket]
#: Each change in a transaction of its own: else they are one version.
committed = pytest.mark.django_db(transaction=True)

URA = "http://fhir.nl/fhir/NamingSystem/ura"
LATER = START + timedelta(days=1)


@pytest.fixture(autouse=True)
def _private_addresses() -> Iterator[None]:
    with override_settings(WEBHOOK_PRIVATE=True):
        yield


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
def address(peer: Peer) -> Iterator[str]:
    with served(peer) as found:
        yield found


def follow(address: str, **values: Any) -> FollowedDirectory:
    """Follow the endpoints and organizations of a directory."""
    given: dict[str, Any] = {
        "types": ["Organization", "Endpoint"],
        "page_size": 0,
        "overlap_s": 0,
    }
    directory, _is_new = FollowedDirectory.objects.update_or_create(
        address=address, defaults=given | values
    )
    return directory


def copy(directory: FollowedDirectory) -> Copied:
    """Copy once."""
    return copy_directory(
        directory_id=directory.pk, clock=lambda: LATER, draw=lambda: 0.5
    )


def names(type_: str = "Endpoint") -> dict[str, Any]:
    """Return what is here: id -> name."""
    return {
        one.fhir_id: one.elements.get("name")
        for one in FedElements.objects.filter(type=type_)
    }


def history(fhir_id: str) -> list[Any]:
    """Return the names that a resource had here, in order."""
    found = Version.objects.filter(type="Endpoint", fhir_id=fhir_id).order_by("version")
    return [one.source["elements"].get("name") for one in found]


@committed
def test_a_first_load_takes_all_pages_and_then_only_what_changed(
    peer: Peer, address: str
) -> None:
    for number in range(8):
        peer.put("Endpoint", f"e{number}", name=f"first {number}", status="active")
    directory = follow(address)

    first = copy(directory)
    peer.put("Endpoint", "e3", name="second 3", status="active")
    second = copy(directory)
    third = copy(directory)

    assert (first.stored, first.error) == (8, "")
    assert names() == {f"e{n}": f"first {n}" for n in range(8)} | {"e3": "second 3"}
    assert second.stored == 1
    assert third.stored == 0
    assert history("e3") == ["first 3", "second 3"]
    assert history("e4") == ["first 4"]


@committed
def test_each_version_of_a_history_becomes_a_version_here_in_order(
    peer: Peer, address: str
) -> None:
    peer.put("Endpoint", "e", name="0")
    directory = follow(address)
    copy(directory)

    for number in range(1, 11):
        peer.put("Endpoint", "e", name=str(number))
    copy(directory)

    assert history("e") == [str(number) for number in range(11)]


@committed
def test_repeats_and_a_history_from_long_ago_change_nothing(
    peer: Peer, address: str
) -> None:
    peer.put("Endpoint", "e", name="0")
    directory = follow(address, overlap_s=7200)
    copy(directory)
    peer.put("Endpoint", "e", name="1")
    copy(directory)

    def twice(bundle: Any) -> None:
        bundle["entry"] = bundle["entry"] * 2

    peer.change_history = twice
    again = copy(directory)

    assert again.stored == 0
    assert again.repeated == 4
    assert history("e") == ["0", "1"]


@committed
def test_a_copy_that_broke_off_goes_on_at_its_page(peer: Peer, address: str) -> None:
    for number in range(9):
        peer.put("Endpoint", f"e{number}", name="x")
    directory = follow(address, types=["Endpoint"])
    answer = peer.answer
    calls = 0

    def break_third(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        return (500, {}, None) if calls == 3 else answer(*args)

    peer.answer = break_third  # type: ignore[assignment, method-assign]
    broken = copy(directory)
    state = FollowedType.objects.get(type="Endpoint")
    went_on_at = state.next_url
    resumed = copy(directory)

    assert "500" in broken.error
    assert (broken.stored, state.stamp) == (6, "")
    assert "page=6" in went_on_at
    assert (resumed.stored, resumed.error) == (3, "")
    assert len(names()) == 9
    assert all(history(f"e{number}") == ["x"] for number in range(9))


@committed
def test_a_page_link_that_no_longer_holds_starts_the_load_again_without_harm(
    peer: Peer, address: str
) -> None:
    for number in range(6):
        peer.put("Endpoint", f"e{number}", name="x")
    directory = follow(address, types=["Endpoint"])
    answer = peer.answer
    calls = 0

    def expire_second(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        return (410, {}, None) if calls == 2 else answer(*args)

    peer.answer = expire_second  # type: ignore[assignment, method-assign]
    done = copy(directory)

    assert (done.error, done.stored, done.repeated) == ("", 6, 3)
    assert all(history(f"e{number}") == ["x"] for number in range(6))


@committed
def test_a_history_in_pages_is_applied_from_old_to_new_after_a_break(
    peer: Peer, address: str
) -> None:
    peer.put("Endpoint", "e", name="0")
    directory = follow(address, types=["Endpoint"])
    copy(directory)
    for number in range(1, 8):
        peer.put("Endpoint", "e", name=str(number))
    answer = peer.answer
    calls = 0

    def break_second(*args: Any) -> Any:
        nonlocal calls
        calls += 1
        return (0, {}, None) if calls == 2 else answer(*args)

    peer.answer = break_second  # type: ignore[assignment, method-assign]
    broken = copy(directory)
    waiting = ArrivedEntry.objects.count()
    stamp = FollowedType.objects.get().stamp
    resumed = copy(directory)

    assert broken.error
    assert (waiting, broken.stored) == (3, 0)
    assert stamp != FollowedType.objects.get().stamp
    # The last stamp is inclusive: version 0 comes again.
    assert (resumed.error, resumed.stored, resumed.repeated) == ("", 7, 1)
    assert history("e") == [str(number) for number in range(8)]
    assert not ArrivedEntry.objects.exists()


def test_a_busy_server_is_asked_again_when_it_said(peer: Peer, address: str) -> None:
    directory = follow(address)
    peer.faults = [(429, {"Retry-After": "120"})]

    done = copy(directory)
    directory.refresh_from_db()

    assert "429" in done.error
    assert directory.next_at is not None
    assert directory.next_at >= LATER + timedelta(seconds=120)
    assert list_due(at=LATER + timedelta(seconds=60)) == []
    assert list_due(at=LATER + timedelta(seconds=200)) == [directory.pk]


def test_a_failing_server_is_asked_less_and_less_often(
    peer: Peer, address: str
) -> None:
    directory = follow(address)
    pauses = []
    for _time in range(8):
        peer.faults = [(500, {})]
        copy(directory)
        directory.refresh_from_db()
        assert directory.next_at is not None
        pauses.append(directory.next_at - LATER)

    assert pauses == sorted(pauses)
    assert pauses[0] < timedelta(minutes=1)
    assert pauses[-1] <= timedelta(minutes=15)


def test_next_links_with_another_host_stay_on_the_address_that_was_set(
    peer: Peer, address: str
) -> None:
    for number in range(8):
        peer.put("Endpoint", f"e{number}", name="x")
    directory = follow(address)
    for base in ("http://hapi.inside:8080/other", "https://evil.example"):
        peer.link_base = base
        FollowedType.objects.all().delete()
        done = copy(directory)

        assert done.error == ""
        assert len(names()) == 8


def test_entries_without_request_or_moment_and_unknown_types_are_tolerated(
    peer: Peer, address: str
) -> None:
    directory = follow(address)
    copy(directory)
    peer.put("Endpoint", "e", name="x")

    def spoil(bundle: Any) -> None:
        for entry in bundle["entry"]:
            del entry["request"]
        bundle["entry"] += [
            {"resource": {"resourceType": "Basket", "id": "b"}},
            {"request": {"method": "PUT", "url": "Endpoint/none"}},
            {"fullUrl": "urn:uuid:1"},
            {"resource": {"resourceType": "OperationOutcome", "issue": []}},
        ]

    peer.change_history = spoil
    done = copy(directory)

    assert done.error == ""
    assert names() == {"e": "x"}
    assert done.unread == 4  # two in each of two histories


def test_an_empty_directory_and_an_empty_history_are_complete(
    peer: Peer, address: str
) -> None:
    directory = follow(address)

    copy(directory)
    peer.change_history = lambda bundle: bundle.pop("entry", None)
    done = copy(directory)
    directory.refresh_from_db()

    assert done.error == ""
    assert directory.succeeded_at == LATER


@committed
def test_a_server_without_stamps_is_followed_by_what_it_sent(
    peer: Peer, address: str
) -> None:
    peer.has_stamps = False
    peer.put("Endpoint", "e", name="0")
    directory = follow(address, types=["Endpoint"])
    copy(directory)
    peer.put("Endpoint", "e", name="1")
    peer.put("Endpoint", "f", name="1")

    copy(directory)

    assert history("e") == ["0", "1"]
    assert history("f") == ["1"]


@committed
def test_what_a_server_wrote_after_its_clock_went_back_is_not_missed(
    peer: Peer, address: str
) -> None:
    peer.put("Endpoint", "e", name="0")
    directory = follow(address, types=["Endpoint"])
    copy(directory)
    peer.now -= timedelta(hours=1)
    peer.put("Endpoint", "e", name="1")

    copy(directory)

    assert history("e") == ["0", "1"]


@committed
def test_what_leaves_the_source_ends_here_and_may_come_back(
    peer: Peer, address: str
) -> None:
    peer.put("Endpoint", "e", name="0", status="active")
    directory = follow(address, types=["Endpoint"])
    copy(directory)
    peer.delete("Endpoint", "e")
    copy(directory)
    ended = FedElements.objects.get(type="Endpoint").elements

    peer.put("Endpoint", "e", name="1", status="active")
    peer.versions[-1]["meta"]["versionId"] = "3"
    copy(directory)

    assert ended == {"name": "0", "status": "off"}
    assert FedElements.objects.get(type="Endpoint").elements["status"] == "active"
    assert len(history("e")) == 3


def test_what_a_new_first_load_no_longer_has_ends_here(
    peer: Peer, address: str
) -> None:
    for number in range(5):
        peer.put("Endpoint", f"e{number}", name="x", status="active")
    directory = follow(address, types=["Endpoint"])
    copy(directory)
    peer.versions = [v for v in peer.versions if v["id"] != "e2"]
    FollowedType.objects.update(stamp="", load=2)

    done = copy(directory)

    ended = {one.fhir_id: one.elements["status"] for one in FedElements.objects.all()}
    assert done.removed == 1
    assert ended == {f"e{n}": "off" if n == 2 else "active" for n in range(5)}


def test_references_to_what_is_not_here_are_kept(peer: Peer, address: str) -> None:
    peer.put("Endpoint", "e", managingOrganization={"reference": "Organization/none"})

    done = copy(follow(address))

    assert done.error == ""
    kept = FedElements.objects.get(type="Endpoint").elements
    assert kept["managingOrganization"] == {"reference": "Organization/none"}


def test_an_own_organization_with_the_same_ura_is_linked_and_left_as_it_is(
    peer: Peer, address: str
) -> None:
    own = OrganizationFactory.create(ura="12345678", name="Our name")
    own.refresh_from_db()
    peer.put(
        "Organization",
        "there",
        name="Their name",
        identifier=[{"system": URA, "value": "12345678"}],
    )
    peer.put("Endpoint", "e", managingOrganization={"reference": "Organization/there"})
    peer.put(
        "Endpoint",
        "f",
        managingOrganization={"reference": f"{address}/Organization/there"},
    )

    done = copy(follow(address))

    before = own.name
    own.refresh_from_db()
    assert own.name == before
    assert done.linked == 1
    assert not FedElements.objects.filter(type="Organization").exists()
    for kept in FedElements.objects.filter(type="Endpoint"):
        assert kept.elements["managingOrganization"] == {
            "reference": f"Organization/{own.fhir_id}"
        }
    conflict = ReplicaConflict.objects.get()
    assert conflict.reason == "same-organization"
    assert "Their name" in conflict.detail


def test_an_own_resource_with_the_same_id_is_never_overwritten(
    peer: Peer, address: str
) -> None:
    own = OrganizationFactory.create(name="Ours")
    own.refresh_from_db()
    FedElements.objects.create(
        type="Endpoint", fhir_id="1", elements={"name": "ours"}, origin="system:x"
    )
    peer.put("Organization", own.fhir_id, name="Overwritten")
    peer.put("Endpoint", "1", name="theirs")
    directory = follow(address)

    copy(directory)
    peer.put("Organization", own.fhir_id, name="Overwritten again")
    copy(directory)

    own.refresh_from_db()
    assert own.name == "Ours"
    assert names()["1"] == "ours"
    assert sorted(names().values()) == ["ours", "theirs"]
    moved = ReplicatedResource.objects.get(type="Endpoint")
    assert (moved.remote_id, moved.is_linked) == ("1", False)
    assert moved.fhir_id != "1"
    reasons = {one.type: one.reason for one in ReplicaConflict.objects.all()}
    assert reasons == {"Organization": "own-kept", "Endpoint": "id-taken"}


def test_the_first_directory_that_brought_something_keeps_it(
    peer: Peer, address: str
) -> None:
    other = Peer()
    peer.put("Endpoint", "e", name="from the first")
    other.put("Endpoint", "e", name="from the second")
    with served(other) as second:
        copy(follow(address))
        copy(follow(second))

    assert names() == {"e": "from the first"}
    assert ReplicaConflict.objects.get().reason == "other-source"


@committed
def test_two_runs_of_one_directory_never_go_at_the_same_time(
    peer: Peer, address: str
) -> None:
    directory = follow(address)
    import psycopg

    from wijkspil.fhir.services.replica import _LOCK

    settings = connection.settings_dict
    with psycopg.connect(
        host=settings["HOST"],
        port=settings["PORT"] or None,
        user=settings["USER"],
        dbname=settings["NAME"],
        password=settings["PASSWORD"] or None,
    ) as other:
        other.execute("SELECT pg_advisory_lock(%s, %s)", [_LOCK, directory.pk])
        busy = copy(directory)
        # The server may take a moment to see that a connection is closed.
        other.execute("SELECT pg_advisory_unlock(%s, %s)", [_LOCK, directory.pk])

    assert busy.is_busy
    assert not peer.asked
    assert not copy(directory).is_busy


def test_a_secret_is_sealed_and_sent_to_that_address_only(
    peer: Peer, address: str
) -> None:
    from wijkspil.core.sealing import seal

    directory = follow(address, secret=seal("very-secret"))

    copy(directory)

    directory.refresh_from_db()
    assert directory.secret is not None
    assert b"very-secret" not in bytes(directory.secret)
    assert {told["authorization"] for _m, _t, told in peer.asked} == {
        "Bearer very-secret"
    }


@override_settings(WEBHOOK_PRIVATE=False)
def test_a_private_address_is_refused_unless_the_site_allows_it(
    peer: Peer, address: str
) -> None:
    from wijkspil.communications.errors import InvalidAddress

    with pytest.raises(InvalidAddress):
        copy(follow(address))

    assert not peer.asked
