"""A system is told of changes: in order, at least once, and only what it may know."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.parameters import Parameters
from fhir.resources.R4B.subscription import Subscription as SubscriptionModel
from procrastinate.contrib.django.models import ProcrastinateJob

from tests.apps.communications.listening import listening
from tests.apps.directory.signing_in import token_header
from tests.factories.directory import HealthcareServiceFactory, OrganizationFactory
from tests.factories.referrals import PATIENT, make_wijk
from tests.fhir.exchanging import System, request_resource
from wijkspil.communications.services.delivering import LEASE, MAX_ATTEMPTS
from wijkspil.communications.signing import sign
from wijkspil.core.sealing import unseal
from wijkspil.fhir.models import Subscription, Version
from wijkspil.fhir.subscriptions.criteria import DIRECTORY_TOPIC, TASK_TOPIC
from wijkspil.fhir.subscriptions.notifying import notify_next
from wijkspil.fhir.subscriptions.registering import SECRET
from wijkspil.fhir.subscriptions.resource import CONTENT, FILTER, HEARTBEAT
from wijkspil.fhir.subscriptions.rounds import tell_who_waits

pytestmark = pytest.mark.django_db
#: One transaction makes one version; these tell of several.
separate_transactions = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _private_addresses(settings):
    settings.WEBHOOK_PRIVATE = True


@pytest.fixture
def service():
    return HealthcareServiceFactory()


@pytest.fixture
def system(service):
    return Client(headers=token_header(service.organization))


@pytest.fixture
def listener():
    with listening() as server:
        yield server


def r4(url, criteria, **changed):
    channel = {"type": "rest-hook", "endpoint": url, "payload": "application/fhir+json"}
    return {
        "resourceType": "Subscription",
        "status": "requested",
        "reason": "to follow",
        "criteria": criteria,
        "channel": channel,
    } | changed


def topic(url, *filters, content="id-only", heartbeat=None):
    body = r4(url, DIRECTORY_TOPIC)
    if filters:
        body["_criteria"] = {
            "extension": [{"url": FILTER, "valueString": text} for text in filters]
        }
    body["channel"]["_payload"] = {
        "extension": [{"url": CONTENT, "valueCode": content}]
    }
    if heartbeat:
        body["channel"]["extension"] = [
            {"url": HEARTBEAT, "valueUnsignedInt": heartbeat}
        ]
    return body


def post(system, body):
    return system.post(
        "/fhir/Subscription", json.dumps(body), content_type="application/fhir+json"
    )


def status_of(system, id_):
    return system.get(f"/fhir/Subscription/{id_}").json()


def rename(service, name):
    service.name = name
    service.save()


def parameters_of(bundle):
    found = {}
    for one in bundle["entry"][0]["resource"]["parameter"]:
        value = next((v for k, v in one.items() if k.startswith("value")), None)
        found[one["name"]] = one.get("part", value)
    return found


def test_a_change_is_posted_with_the_resource(system, service, listener):
    answer = post(
        system,
        r4(listener.url, f"HealthcareService?organization={_org(service)}"),
    )
    assert answer.status_code == 201, answer.content
    SubscriptionModel.model_validate(answer.json())
    id_ = answer.json()["id"]
    assert tell_who_waits() == 0
    assert status_of(system, id_)["status"] == "active"
    assert listener.received == []
    rename(service, "Wijkteam Noord")
    HealthcareServiceFactory()  # of another organization
    assert tell_who_waits() == 1
    (told,) = listener.received
    assert json.loads(told.body)["name"] == "Wijkteam Noord"
    assert told.headers["Content-Type"] == "application/fhir+json"
    assert tell_who_waits() == 0
    assert len(listener.received) == 1


def _org(service):
    return f"Organization/{service.organization.fhir_id}"


def test_without_payload_nothing_of_the_resource_is_sent(system, service, listener):
    body = r4(listener.url, "HealthcareService?active=true")
    del body["channel"]["payload"]
    post(system, body)
    tell_who_waits()
    rename(service, "Anders")
    tell_who_waits()
    assert [told.body for told in listener.received] == [b""]


def test_what_is_sent_is_signed_with_the_secret_shown_once(system, service, listener):
    made = post(system, topic(listener.url)).json()
    (secret,) = [
        one["valueString"]
        for one in made["channel"]["extension"]
        if one["url"] == SECRET
    ]
    tell_who_waits()
    (told,) = listener.received
    assert told.headers["Wijkspil-Signature"] == sign(
        secret, timestamp_s=int(told.headers["Wijkspil-Timestamp"]), body=told.body
    )
    assert secret not in system.get(f"/fhir/Subscription/{made['id']}").content.decode()


@separate_transactions
def test_a_topic_shakes_hands_and_then_tells_in_order(system, service, listener):
    made = post(system, topic(listener.url, content="full-resource"))
    id_ = made.json()["id"]
    tell_who_waits()
    for name in ("een", "twee", "drie"):
        rename(service, name)
    assert tell_who_waits() == 6  # with the place of the service
    handshake, event = [json.loads(told.body) for told in listener.received]
    for bundle in (handshake, event):
        Bundle.model_validate(bundle)
        Parameters.model_validate(bundle["entry"][0]["resource"])
    assert parameters_of(handshake)["type"] == "handshake"
    told = parameters_of(event)
    assert told["type"] == "event-notification"
    assert told["events-since-subscription-start"] == "6"
    names = [
        entry["resource"]["name"]
        for entry in event["entry"][1:]
        if entry["resource"]["resourceType"] == "HealthcareService"
    ]
    assert names == ["een", "twee", "drie"]
    assert status_of(system, id_)["status"] == "active"
    state = system.get(f"/fhir/Subscription/{id_}/$status").json()
    assert parameters_of(state)["events-since-subscription-start"] == "6"


@pytest.mark.parametrize(("content", "entries"), [("empty", 1), ("id-only", 2)])
def test_content_says_how_much_is_told(system, service, listener, content, entries):
    post(
        system,
        topic(listener.url, "HealthcareService?active=true", content=content),
    )
    tell_who_waits()
    rename(service, "Geheim")
    tell_who_waits()
    told = listener.received[-1].body
    assert len(json.loads(told)["entry"]) >= entries
    assert b"Geheim" not in told
    assert (service.fhir_id.encode() in told) == (content != "empty")


def test_filters_narrow_a_topic(system, service, listener):
    other = HealthcareServiceFactory()
    post(
        system,
        topic(
            listener.url, f"HealthcareService?organization={_org(service)}&active=true"
        ),
    )
    tell_who_waits()
    rename(other, "Elders")
    rename(service, "Hier")
    tell_who_waits()
    (event,) = [json.loads(told.body) for told in listener.received[1:]]
    references = [entry["fullUrl"] for entry in event["entry"][1:]]
    assert any(service.fhir_id in one for one in references)
    assert not any(f"HealthcareService/{other.fhir_id}" in one for one in references)


def test_what_fails_is_tried_again_later_with_the_same_id(system, service, listener):
    id_ = post(system, topic(listener.url)).json()["id"]
    tell_who_waits()
    rename(service, "Nieuw")
    listener.status = 503
    assert tell_who_waits() == 0
    assert tell_who_waits() == 0  # not at once
    row = Subscription.objects.get(fhir_id=id_)
    assert row.error == "http-503"
    listener.status = 200
    told = notify_next(at=row.next_try_at)
    assert told is not None
    assert told.events > 0
    first, second = listener.received[1:]
    assert first.headers["Wijkspil-Id"] == second.headers["Wijkspil-Id"]
    assert Subscription.objects.get(fhir_id=id_).error == ""


@separate_transactions
def test_what_keeps_failing_stops_and_goes_on_where_it_was(system, service, listener):
    made = post(system, topic(listener.url)).json()
    tell_who_waits()
    rename(service, "Gemist")
    listener.status = 500
    for _attempt in range(MAX_ATTEMPTS):
        at = Subscription.objects.get().next_try_at
        notify_next(at=max(at, timezone.now()))
    read = status_of(system, made["id"])
    assert (read["status"], read["error"]) == ("error", "http-500")
    assert notify_next(at=timezone.now() + timedelta(days=9)) is None
    listener.status = 200
    rename(service, "Later")
    listener.received.clear()
    body = topic(listener.url) | {"id": made["id"], "status": "requested"}
    answer = system.put(
        f"/fhir/Subscription/{made['id']}",
        json.dumps(body),
        content_type="application/fhir+json",
        headers={"If-Match": f'W/"{read["meta"]["versionId"]}"'},
    )
    assert answer.status_code == 200, answer.content
    assert tell_who_waits() >= 2
    _handshake, event = [json.loads(told.body) for told in listener.received]
    versions = [
        entry["fullUrl"].rsplit("/", 1)[1]
        for entry in event["entry"][1:]
        if "HealthcareService" in entry["fullUrl"]
    ]
    assert versions == [service.fhir_id, service.fhir_id]


def test_a_system_that_is_gone_is_told_no_more(system, service, listener):
    id_ = post(system, topic(listener.url)).json()["id"]
    tell_who_waits()
    rename(service, "x")
    listener.status = 410
    tell_who_waits()
    assert status_of(system, id_)["status"] == "error"


def test_a_worker_that_dies_leaves_nothing_untold(
    system, service, listener, monkeypatch
):
    post(system, topic(listener.url))
    tell_who_waits()
    rename(service, "Nieuw")

    class Died(BaseException):
        pass

    def die(*args, **kwargs):
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr(
            "wijkspil.fhir.subscriptions.notifying._advance", die
        )  # after it was sent
        with pytest.raises(Died):
            tell_who_waits()
    at = timezone.now() + LEASE + timedelta(seconds=1)
    told = notify_next(at=at)
    assert told is not None
    assert told.events > 0
    first, second = listener.received[1:]
    assert first.headers["Wijkspil-Id"] == second.headers["Wijkspil-Id"]


def test_the_heart_beats_when_nothing_changes(system, listener):
    post(system, topic(listener.url, heartbeat=60))
    tell_who_waits()
    notify_next(at=timezone.now() + timedelta(seconds=30))
    assert len(listener.received) == 1
    notify_next(at=timezone.now() + timedelta(minutes=3))
    assert parameters_of(json.loads(listener.received[1].body))["type"] == "heartbeat"


def test_a_subscription_ends_at_its_end(system, service, listener):
    end = (timezone.now() + timedelta(hours=1)).isoformat()
    id_ = post(system, topic(listener.url) | {"end": end}).json()["id"]
    tell_who_waits()
    rename(service, "x")
    notify_next(at=timezone.now() + timedelta(hours=2))
    assert status_of(system, id_)["status"] == "off"
    assert len(listener.received) == 1


def test_ending_stops_it_and_keeps_it(system, service, listener):
    id_ = post(system, topic(listener.url)).json()["id"]
    assert system.delete(f"/fhir/Subscription/{id_}").status_code == 204
    rename(service, "x")
    tell_who_waits()
    assert listener.received == []
    assert status_of(system, id_)["status"] == "off"


def test_another_organization_does_not_see_it(system, listener):
    id_ = post(system, topic(listener.url)).json()["id"]
    other = Client(headers=token_header(OrganizationFactory()))
    assert other.get(f"/fhir/Subscription/{id_}").status_code == 404
    assert other.delete(f"/fhir/Subscription/{id_}").status_code == 404
    assert other.get("/fhir/Subscription").json()["total"] == 0
    assert system.get("/fhir/Subscription?status=requested").json()["total"] == 1


def test_a_visitor_cannot_subscribe(listener):
    assert post(Client(), topic(listener.url)).status_code == 401


def test_a_stale_change_is_refused(system, listener):
    id_ = post(system, topic(listener.url)).json()["id"]
    answer = system.put(
        f"/fhir/Subscription/{id_}",
        json.dumps(topic(listener.url)),
        content_type="application/fhir+json",
        headers={"If-Match": 'W/"7"'},
    )
    assert answer.status_code == 412


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"criteria": "Patient?name=x"}, "Subscription.criteria"),
        ({"criteria": "HealthcareService?colour=red"}, "Subscription.criteria"),
        ({"criteria": "https://example.org/topic"}, "Subscription.criteria"),
        ({"criteria": 3}, "Subscription.criteria"),
        ({"channel": {"type": "email"}}, "Subscription.channel.type"),
        ({"end": "2020-01-01T00:00:00Z"}, "Subscription.end"),
        ({"end": "tomorrow"}, "Subscription.end"),
        ({"resourceType": "Task"}, "Subscription.resourceType"),
    ],
)
def test_what_cannot_be_followed_is_refused(system, listener, change, place):
    answer = post(system, r4(listener.url, "HealthcareService?active=true") | change)
    assert answer.status_code == 422
    assert answer.json()["issue"][0]["expression"] == [place]
    assert not Subscription.objects.exists()


@pytest.mark.parametrize(
    "line", ["Host: x", "Wijkspil-Signature: x", "a\r\nb: c", "no colon", 3]
)
def test_a_header_that_could_mislead_is_refused(system, listener, line):
    body = r4(listener.url, "HealthcareService?active=true")
    body["channel"]["header"] = [line]
    assert post(system, body).status_code == 422


def test_headers_are_sent_along_and_not_shown(system, service, listener):
    body = topic(listener.url)
    body["channel"]["header"] = ["Authorization: Bearer abc"]
    made = post(system, body)
    assert b"Bearer abc" not in made.content
    row = Subscription.objects.get()
    assert row.headers is not None
    assert b"Bearer" not in bytes(row.headers)
    assert "Bearer abc" in unseal(row.headers)
    tell_who_waits()
    assert listener.received[0].headers["Authorization"] == "Bearer abc"


def test_an_address_inside_is_refused(system, settings):
    settings.WEBHOOK_PRIVATE = False
    answer = post(system, topic("https://127.0.0.1/hook"))
    assert answer.status_code == 422


@separate_transactions
def test_a_change_puts_work_in_the_queue_once(system, service, listener):
    with connection.cursor() as cursor:  # of other tests
        cursor.execute("DELETE FROM procrastinate_jobs")
    jobs = ProcrastinateJob.objects.filter(
        task_name="wijkspil.fhir.tasks.tell_subscribers", status="todo"
    )
    rename(service, "zonder abonnement")
    assert jobs.count() == 0
    post(system, topic(listener.url))
    rename(service, "een")
    rename(service, "twee")
    assert jobs.count() == 1
    assert Version.objects.filter(fhir_id=service.fhir_id).count() >= 3


class TestTasks:
    def test_only_who_is_asked_is_told_of_a_task_and_never_of_whom(self, listener):
        wijk = make_wijk(at=timezone.now())
        hospital = System(wijk.hospital)
        asked, other = [System(team.organization) for team in wijk.teams[:2]]
        body = topic(listener.url, "Task?status=requested", content="full-resource")
        body["criteria"] = TASK_TOPIC
        with listening() as elsewhere:
            assert asked.post("Subscription", body).status_code == 201
            body["channel"] = body["channel"] | {"endpoint": elsewhere.url}
            assert other.post("Subscription", body).status_code == 201
            tell_who_waits()
            request = hospital.post("ServiceRequest", request_resource(wijk)).json()
            assert tell_who_waits() == 1
            assert len(elsewhere.received) == 1  # its handshake
        (event,) = listener.received[1:]
        (task,) = [one["resource"] for one in json.loads(event.body)["entry"][1:]]
        assert task["id"].startswith(request["id"])
        assert task["owner"]["reference"].endswith(wijk.teams[0].fhir_id)
        for told in (PATIENT.name.split()[0], PATIENT.phone, PATIENT.address):
            assert told.encode() not in event.body
