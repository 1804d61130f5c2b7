"""Another directory is told of our own resources: once each, in the newest version."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings

from tests.factories.directory import (
    CapacityReportFactory,
    ContactPointFactory,
    HealthcareServiceFactory,
    OrganizationFactory,
)
from tests.fhir.feeding import make_feeder
from tests.fhir.peer import START, Peer, served
from wijkspil.fhir.models import (
    FedElements,
    FollowedDirectory,
    PushedResource,
    ReplicatedResource,
    UpstreamDirectory,
)
from wijkspil.fhir.services.other_directories import tell
from wijkspil.fhir.services.upstream import (
    Pushed,
    list_due_upstream,
    push_directory,
    send_refused_again,
    to_sent,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.enable_socket]

LATER = START + timedelta(days=1)


@pytest.fixture(autouse=True)
def _private_addresses() -> Iterator[None]:
    with override_settings(WEBHOOK_PRIVATE=True):
        yield


@pytest.fixture
def peer() -> Peer:
    return Peer()


@pytest.fixture
def upstream(peer: Peer) -> Iterator[UpstreamDirectory]:
    with served(peer) as address:
        yield tell(address=address, types=["Organization", "Endpoint"])


def push(upstream: UpstreamDirectory) -> Pushed:
    """Send once."""
    return push_directory(
        directory_id=upstream.pk, clock=lambda: LATER, draw=lambda: 0.5
    )


def feed(id_: str, name: str) -> None:
    """Let a system of ours feed an endpoint."""
    FedElements.objects.update_or_create(
        type="Endpoint",
        fhir_id=id_,
        defaults={"elements": {"name": name}, "origin": "system:ours"},
    )


def there(peer: Peer, type_: str = "Endpoint") -> dict[str, Any]:
    """Return names at the other directory, every version of each resource."""
    found: dict[str, Any] = {}
    for version in peer.versions:
        if version["resourceType"] == type_:
            found.setdefault(version["id"], []).append(version.get("name"))
    return found


def test_what_is_ours_is_sent_once_and_again_when_it_changed(
    peer: Peer, upstream: UpstreamDirectory
) -> None:
    organization = OrganizationFactory.create(name="Zorg aan huis")
    organization.refresh_from_db()
    feed("e", "first")

    first = push(upstream)
    again = push(upstream)
    feed("e", "second")
    changed = push(upstream)

    assert (first.sent, first.error) == (2, "")
    assert (again.sent, changed.sent) == (0, 1)
    assert there(peer) == {"e": ["first", "second"]}
    assert there(peer, "Organization") == {organization.fhir_id: ["Zorg aan huis"]}
    puts = [told for method, _t, told in peer.asked if method == "PUT"]
    assert puts[-1]["if-match"] == 'W/"1"'


def test_a_copy_of_another_directory_is_not_sent(
    peer: Peer, upstream: UpstreamDirectory
) -> None:
    feed("copied", "x")
    feed("linked", "x")
    followed = FollowedDirectory.objects.create(
        address="https://register.example/fhir", types=["Endpoint"]
    )
    for name in ("copied", "linked"):
        ReplicatedResource.objects.create(
            directory=followed,
            type="Endpoint",
            remote_id=name,
            fhir_id=name,
            tick=1,
            load=1,
            is_linked=name == "linked",
        )

    push(upstream)

    assert there(peer) == {"linked": ["x"]}


def test_somebody_elses_change_there_is_noted_and_replaced(
    peer: Peer, upstream: UpstreamDirectory
) -> None:
    feed("e", "ours 1")
    push(upstream)
    peer.put("Endpoint", "e", name="theirs")
    feed("e", "ours 2")

    done = push(upstream)

    assert done.conflicts == 1
    assert there(peer) == {"e": ["ours 1", "theirs", "ours 2"]}
    assert PushedResource.objects.get(type="Endpoint").conflicts == 1
    matches = [told["if-match"] for m, _t, told in peer.asked if "if-match" in told]
    assert matches == ['W/"1"', 'W/"2"']


def test_an_answer_that_got_lost_is_not_sent_twice(
    peer: Peer, upstream: UpstreamDirectory
) -> None:
    feed("e", "1")
    push(upstream)
    feed("e", "2")
    answer = peer.answer

    def lose(*args: Any) -> Any:
        told = answer(*args)
        return (0, {}, None) if args[0] == "PUT" else told

    peer.answer = lose  # type: ignore[assignment, method-assign]
    broken = push(upstream)
    peer.answer = answer  # type: ignore[method-assign]
    resumed = push(upstream)

    assert broken.error
    assert (resumed.error, resumed.sent) == ("", 0)
    assert there(peer) == {"e": ["1", "2"]}


def test_a_refused_resource_is_kept_with_the_reason_and_holds_up_nothing(
    peer: Peer, upstream: UpstreamDirectory
) -> None:
    outcome = {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": "required", "diagnostics": "no type"}],
    }
    peer.refuse = lambda body: (422, outcome) if body["id"] == "bad" else None
    feed("bad", "x")
    feed("good", "x")

    done = push(upstream)
    again = push(upstream)
    kept = PushedResource.objects.get(fhir_id="bad")
    peer.refuse = lambda body: None
    send_refused_again(directory_id=upstream.pk)
    mended = push(upstream)

    assert (done.refused, done.error) == (1, "")
    assert (kept.status, kept.outcome) == (422, outcome)
    assert (again.sent, again.refused) == (0, 0)
    assert mended.sent == 1
    assert sorted(there(peer)) == ["bad", "good"]


def test_what_refers_to_what_comes_after_it_is_tried_once_more(
    peer: Peer, upstream: UpstreamDirectory
) -> None:
    def refuse(body: Any) -> Any:
        needs = body.get("name")
        if needs == "b" and not any(v["id"] == "b" for v in peer.versions):
            return 422, {"resourceType": "OperationOutcome", "issue": []}
        return None

    peer.refuse = refuse
    feed("a", "b")
    feed("b", "x")

    done = push(upstream)

    assert (done.sent, done.refused) == (2, 0)
    assert PushedResource.objects.filter(status__gte=400).count() == 0


def test_a_busy_or_failing_directory_is_told_later_and_nothing_is_lost(
    peer: Peer, upstream: UpstreamDirectory
) -> None:
    feed("a", "x")
    feed("b", "x")
    peer.faults = [(429, {"Retry-After": "300"})]

    busy = push(upstream)
    upstream.refresh_from_db()
    assert upstream.next_at is not None
    assert upstream.next_at >= LATER + timedelta(seconds=300)
    assert list_due_upstream(at=LATER) == []
    peer.faults = [(500, {})]
    failed = push(upstream)
    done = push(upstream)

    assert "429" in busy.error
    assert "500" in failed.error
    assert (done.sent, done.error) == (2, "")
    assert there(peer) == {"a": ["x"], "b": ["x"]}


def test_what_is_only_ours_is_left_out() -> None:
    resource = {
        "resourceType": "HealthcareService",
        "id": "s",
        "meta": {
            "versionId": "4",
            "lastUpdated": "2026-11-22T08:00:00Z",
            "profile": ["http://x"],
        },
        "extension": [{"url": "https://wijkspil.nl/fhir/StructureDefinition/room"}],
        "telecom": [
            {
                "value": "070 123",
                "extension": [
                    {"url": "https://wijkspil.nl/fhir/StructureDefinition/audience"},
                    {"url": "https://other.example/kept"},
                ],
            }
        ],
        "providedBy": {"reference": "Organization/o"},
    }

    assert to_sent(resource, {"Organization/o": "Organization/theirs"}) == {
        "resourceType": "HealthcareService",
        "id": "s",
        "meta": {"profile": ["http://x"]},
        "telecom": [
            {"value": "070 123", "extension": [{"url": "https://other.example/kept"}]}
        ],
        "providedBy": {"reference": "Organization/theirs"},
    }


def test_a_change_of_room_alone_is_not_sent(
    peer: Peer, upstream: UpstreamDirectory
) -> None:
    service = HealthcareServiceFactory.create()
    tell(address=upstream.address, types=["Organization", "HealthcareService"])
    push(upstream)
    before = len(peer.versions)
    CapacityReportFactory.create(service=service)
    done = push(upstream)

    assert (done.sent, done.error) == (0, "")
    assert len(peer.versions) == before


def test_what_we_send_is_accepted_by_a_directory_like_ours(live_server: Any) -> None:
    feeder = make_feeder(kvk_number="90000123")
    service = HealthcareServiceFactory.create(organization=feeder.organization)
    ContactPointFactory.create(service=service)
    CapacityReportFactory.create(service=service)
    register = tell(
        address=f"{live_server.url}/fhir",
        secret=feeder.secret,
        types=["Organization", "Location", "HealthcareService"],
    )

    done = push(register)

    refused = PushedResource.objects.filter(status__gte=400)
    assert [(one.type, one.outcome) for one in refused] == []
    assert done.error == ""
    assert done.sent + done.unchanged <= 3
    assert PushedResource.objects.count() == 3
