"""Who reads which message, over HTTP, and who connects systems."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.apps.communications.topics import CALM, URGENT
from tests.apps.directory.signing_in import browser_of, token_header
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.communications import WebhookEndpointFactory
from tests.factories.directory import (
    AreaFactory,
    HealthcareServiceFactory,
    OrganizationFactory,
)
from wijkspil.accounts.selectors import get_actor
from wijkspil.accounts.types import VISITOR, Actor, Role
from wijkspil.communications.errors import (
    EndpointExists,
    EndpointHasEnded,
    InvalidAddress,
    NotDead,
    UnknownEndpoint,
    UnknownMessage,
    UnknownTopic,
)
from wijkspil.communications.models import (
    Communication,
    ContactChoice,
    Delivery,
    WebhookEndpoint,
)
from wijkspil.communications.selectors.endpoints import list_dead_letters
from wijkspil.communications.selectors.inbox import (
    count_unread,
    get_message,
    list_inbox,
)
from wijkspil.communications.services.endpoints import (
    add_endpoint,
    end_endpoint,
    send_again,
)
from wijkspil.communications.services.reading import mark_all_read, mark_read
from wijkspil.communications.services.sending import send
from wijkspil.communications.types import DeliveryStatus, ServiceOf
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def actor_with(role: Role, **bound_to: object) -> Actor:
    user = MembershipFactory(role=role, **bound_to).user
    return get_actor(user_id=user.pk, label=user.name, at=NOW)


def seen_by(actor: Actor) -> set[str]:
    rows, total = list_inbox(actor)
    assert total == len(rows) == count_unread(actor)
    return {row.sentence.removesuffix(" is calm") for row in rows}


class TestWhoReadsWhat:
    def test_each_sees_its_own_and_nobody_anothers(self) -> None:
        region = AreaFactory(region=True)
        service = HealthcareServiceFactory()
        organization = service.organization
        member = actor_with(
            Role.TEAM_MEMBER, organization=organization, service=service
        )
        colleague = actor_with(
            Role.TEAM_MEMBER,
            organization=organization,
            service=HealthcareServiceFactory(organization=organization),
        )
        manager = actor_with(Role.PROVIDER_MANAGER, organization=organization)
        coordinator = actor_with(Role.COORDINATOR, region=region)
        insurer = actor_with(Role.INSURER, region=region)
        elsewhere = actor_with(
            Role.PROVIDER_MANAGER, organization=OrganizationFactory()
        )

        def tell(word: str, **receivers: Any) -> None:
            send(topic=CALM, params={"number": word}, at=NOW, **receivers)

        tell("person", to_users=[member.user_id])
        tell("team", to_organizations=[ServiceOf(organization.pk, service.pk)])
        tell("house", to_organizations=[organization.pk])
        tell("region", to_regions=[region.pk])

        assert seen_by(member) == {"person", "team"}
        assert seen_by(colleague) == set()
        assert seen_by(manager) == {"team", "house"}
        assert seen_by(coordinator) == {"region"}
        assert seen_by(insurer) == set()
        assert seen_by(elsewhere) == set()
        assert seen_by(VISITOR) == set()

    def test_a_message_of_another_is_not_there(self) -> None:
        (sent,) = send(
            topic=CALM, to_users=[UserFactory().pk], params={"number": 1}, at=NOW
        )
        other = Actor(user_id=UserFactory().pk)
        for act in (
            lambda: get_message(other, sent),
            lambda: mark_read(actor=other, message_id=sent, at=NOW),
            lambda: mark_read(actor=VISITOR, message_id=sent, at=NOW),
        ):
            with pytest.raises(UnknownMessage):
                act()
        assert mark_all_read(actor=other, until=NOW, at=NOW) == 0
        assert Communication.objects.get().read_at is None

    def test_unread_comes_first_and_the_newest_of_it(self) -> None:
        actor = Actor(user_id=UserFactory().pk)
        ids = [
            send(
                topic=CALM,
                to_users=[actor.user_id or 0],
                params={"number": hour},
                at=NOW + timedelta(hours=hour),
            )[0]
            for hour in range(4)
        ]
        mark_read(actor=actor, message_id=ids[3], at=NOW)
        rows, _total = list_inbox(actor)
        assert [row.id for row in rows] == [ids[2], ids[1], ids[0], ids[3]]
        assert count_unread(actor) == 3

    def test_the_first_who_reads_it_counts(self) -> None:
        organization = OrganizationFactory()
        first, second = (
            actor_with(Role.PROVIDER_MANAGER, organization=organization)
            for _person in range(2)
        )
        (sent,) = send(
            topic=CALM, to_organizations=[organization.pk], params={"number": 1}, at=NOW
        )
        mark_read(actor=first, message_id=sent, at=NOW)
        mark_read(actor=second, message_id=sent, at=NOW + timedelta(hours=1))
        message = Communication.objects.get()
        assert (message.read_by_id, message.read_at) == (first.user_id, NOW)

    def test_what_came_after_the_page_stays_unread(self) -> None:
        actor = Actor(user_id=UserFactory().pk)
        for minutes in (0, 5):
            send(
                topic=CALM,
                to_users=[actor.user_id or 0],
                params={"number": 1},
                at=NOW + timedelta(minutes=minutes),
            )
        assert mark_all_read(actor=actor, until=NOW, at=NOW) == 1
        assert count_unread(actor) == 1

    def test_counting_is_one_prepared_statement(
        self, django_assert_num_queries
    ) -> None:
        actor = actor_with(Role.PROVIDER_MANAGER, organization=OrganizationFactory())
        before = _times_counted()
        with django_assert_num_queries(1):
            count_unread(actor)
            count_unread(VISITOR)
        assert _times_counted() == before + 1

    def test_a_topic_that_is_no_longer_sent_is_still_shown(self) -> None:
        user = UserFactory()
        Communication.objects.create(topic="gone.topic", to_user=user, created_at=NOW)
        (row,), _total = list_inbox(Actor(user_id=user.pk))
        assert row.sentence == "A message"


def _times_counted() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(generic_plans + custom_plans), 0) "
            "FROM pg_prepared_statements "
            "WHERE statement LIKE '%%count(*) FROM communications_communication%%'"
        )
        return int(cursor.fetchone()[0])


class TestPages:
    def test_the_list_shows_sentences_and_the_menu_counts(self) -> None:
        organization = OrganizationFactory()
        browser = browser_of(Role.PROVIDER_MANAGER, organization=organization)
        send(
            topic=URGENT,
            to_organizations=[organization.pk],
            params={"number": "A-7K3F9Q"},
            link="/wie-helpt/",
            at=timezone.now(),
        )
        page = browser.get(reverse("communications:inbox")).content.decode()
        assert "A-7K3F9Q is urgent" in page
        assert "(1)" in page
        assert organization.name in page

    def test_opening_leads_on_and_marks_as_read(self) -> None:
        membership = MembershipFactory(role=Role.REFERRER)
        browser = Client()
        browser.force_login(membership.user)
        (sent,) = send(
            topic=CALM,
            to_users=[membership.user_id],
            params={"number": 1},
            link="/wie-helpt/?postcode=2512",
            at=timezone.now(),
        )
        address = reverse("communications:message", args=[sent])
        browser.head(address)
        assert Communication.objects.get().read_at is None
        answer = browser.get(address)
        assert answer.headers["Location"] == "/wie-helpt/?postcode=2512"
        assert Communication.objects.get().read_by_id == membership.user_id

    def test_a_visitor_with_the_link_of_a_mail_signs_in_first(self) -> None:
        address = reverse("communications:message", args=[uuid.uuid4()])
        answer = Client().get(address)
        assert answer.status_code == 302
        assert "aanmelden" in answer.headers["Location"]

    def test_a_message_that_leads_nowhere_is_shown(self) -> None:
        user = UserFactory()
        browser = Client()
        browser.force_login(user)
        (sent,) = send(topic=CALM, to_users=[user.pk], params={"number": 8}, at=NOW)
        page = browser.get(reverse("communications:message", args=[sent]))
        assert "8 is calm" in page.content.decode()

    def test_marking_one_and_all(self) -> None:
        user = UserFactory()
        browser = Client()
        browser.force_login(user)
        now = timezone.now()
        sent = [
            send(topic=CALM, to_users=[user.pk], params={"number": n}, at=now)[0]
            for n in range(3)
        ]
        browser.post(reverse("communications:mark-one", args=[sent[0]]))
        assert Communication.objects.filter(read_at=None).count() == 2
        for wrong in ("", "yesterday", "2026-99-99T00:00:00Z", "2026-11-22T09:00"):
            assert (
                browser.post(
                    reverse("communications:mark-all"), {"until": wrong}
                ).status_code
                == 302
            )
        assert Communication.objects.filter(read_at=None).count() == 0

    def test_a_choice_is_kept_and_a_wrong_number_refused(self, settings) -> None:
        settings.TEXT_GATEWAY = "tests.apps.communications.test_delivering.Gateway"
        user = UserFactory()
        browser = Client()
        browser.force_login(user)
        address = reverse("communications:contact")
        wrong = browser.post(address, {"email": "all", "text_number": "070 1234567"})
        assert wrong.status_code == 422
        assert not ContactChoice.objects.exists()
        browser.post(address, {"email": "all", "text_number": "06-1234 5678"})
        choice = ContactChoice.objects.get()
        assert (choice.user_id, choice.email, choice.text_number) == (
            user.pk,
            "all",
            "0612345678",
        )

    def test_without_a_gateway_no_number_is_asked_and_none_lost(self) -> None:
        user = UserFactory()
        ContactChoice.objects.create(user=user, text_number="0612345678")
        browser = Client()
        browser.force_login(user)
        address = reverse("communications:contact")
        assert "text_number" not in browser.get(address).content.decode()
        browser.post(address, {"email": "none"})
        choice = ContactChoice.objects.get()
        assert (choice.email, choice.text_number) == ("none", "0612345678")


class TestSystems:
    def test_a_manager_connects_a_system_and_sees_the_secret_once(self) -> None:
        organization = OrganizationFactory()
        browser = browser_of(Role.PROVIDER_MANAGER, organization=organization)
        answer = browser.post(
            reverse("communications:system-new"),
            {"organization_id": organization.pk, "url": "https://system.example/in"},
        )
        (secret,) = [
            part.split("</code>")[0]
            for part in answer.content.decode().split("<code")[1:]
            for part in [part.split(">", 1)[1]]
        ]
        endpoint = WebhookEndpoint.objects.get()
        assert len(secret) > 40
        assert secret.encode() not in bytes(endpoint.secret)
        page = browser.get(reverse("communications:systems")).content.decode()
        assert "https://system.example/in" in page
        assert secret not in page
        assert AuditEvent.objects.filter(entity_type="webhook-endpoint").exists()

    @pytest.mark.parametrize(
        "role",
        [
            r
            for r in Role
            if r
            not in {
                Role.RESIDENT,
                Role.PROVIDER_MANAGER,
                Role.PROVIDER_SYSTEM,
                Role.ADMINISTRATOR,
            }
        ],
    )
    def test_other_roles_do_not(self, role: Role) -> None:
        endpoint = WebhookEndpointFactory()
        browser = browser_of(role, organization=endpoint.organization)
        for name in ("systems", "system-new"):
            answer = browser.get(reverse(f"communications:{name}"))
            assert answer.status_code == 403
        actor = actor_with(role, organization=endpoint.organization)
        with pytest.raises(NotPermitted):
            add_endpoint(
                actor=actor,
                organization_id=endpoint.organization_id,
                url="https://new.example/",
                at=NOW,
            )
        with pytest.raises(UnknownEndpoint):
            end_endpoint(actor=actor, endpoint_id=endpoint.pk, at=NOW)

    def test_a_manager_elsewhere_does_not_know_of_it(self) -> None:
        endpoint = WebhookEndpointFactory(url="https://theirs.example/")
        browser = browser_of(Role.PROVIDER_MANAGER, organization=OrganizationFactory())
        page = browser.get(reverse("communications:systems"))
        assert "theirs.example" not in page.content.decode()
        for name in ("system-test", "system-end"):
            address = reverse(f"communications:{name}", args=[endpoint.pk])
            assert browser.post(address).status_code == 404
        assert not Delivery.objects.exists()

    def test_an_administrator_sees_all_and_sends_again(self) -> None:
        endpoint = WebhookEndpointFactory(url="https://theirs.example/")
        send(
            topic=CALM,
            to_organizations=[endpoint.organization_id],
            params={"number": 1},
            at=timezone.now(),
        )
        Delivery.objects.update(status=DeliveryStatus.DEAD, last_error="http-500")
        browser = browser_of(Role.ADMINISTRATOR)
        page = browser.get(reverse("communications:systems")).content.decode()
        assert "theirs.example" in page
        assert "500" in page
        browser.post(
            reverse("communications:send-again", args=[Delivery.objects.get().pk])
        )
        delivery = Delivery.objects.get()
        assert (delivery.status, delivery.attempts) == (DeliveryStatus.WAITING, 0)
        assert list_dead_letters(None) == []

    def test_ending_drops_what_was_on_its_way(self) -> None:
        endpoint = WebhookEndpointFactory()
        send(
            topic=CALM,
            to_organizations=[endpoint.organization_id],
            params={"number": 1},
            at=NOW,
        )
        manager = actor_with(Role.PROVIDER_MANAGER, organization=endpoint.organization)
        delivery = Delivery.objects.get()
        with pytest.raises(NotDead):
            send_again(actor=manager, delivery_id=delivery.pk, at=NOW)
        for _time in range(2):
            end_endpoint(actor=manager, endpoint_id=endpoint.pk, at=NOW)
        endpoint.refresh_from_db()
        assert endpoint.valid_until == NOW
        delivery.refresh_from_db()
        assert delivery.status == DeliveryStatus.CANCELLED
        Delivery.objects.update(status=DeliveryStatus.DEAD)
        with pytest.raises(EndpointHasEnded):
            send_again(actor=manager, delivery_id=delivery.pk, at=NOW)

    @pytest.mark.parametrize(
        "url",
        [
            "http://system.example/",
            "ftp://system.example/",
            "https://",
            "https://user:password@system.example/",
            "https://system.example/#part",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://localhost/",
            "https://printer.local/",
            "https://[broken/",
            "https://system.example:99999/",
            "javascript:alert(1)",
        ],
    )
    def test_an_unsafe_address_is_refused(self, url: str) -> None:
        organization = OrganizationFactory()
        manager = actor_with(Role.PROVIDER_MANAGER, organization=organization)
        with pytest.raises(InvalidAddress):
            add_endpoint(
                actor=manager, organization_id=organization.pk, url=url, at=NOW
            )

    def test_an_unknown_topic_and_a_known_address_are_refused(self) -> None:
        endpoint = WebhookEndpointFactory()
        manager = actor_with(Role.PROVIDER_MANAGER, organization=endpoint.organization)
        to = {"actor": manager, "organization_id": endpoint.organization_id, "at": NOW}
        with pytest.raises(UnknownTopic):
            add_endpoint(url="https://new.example/", topics=["no.such"], **to)
        with pytest.raises(EndpointExists):
            add_endpoint(url=endpoint.url, **to)


class TestRest:
    def test_a_system_reads_and_marks_what_is_of_its_organization(self) -> None:
        organization = OrganizationFactory()
        header = token_header(organization)
        sent, theirs = send(
            topic=CALM,
            to_organizations=[organization.pk, OrganizationFactory().pk],
            params={"number": "A-7K3F9Q"},
            about="request:A-7K3F9Q",
            at=NOW,
        )
        client = Client(headers=header)
        body = client.get("/api/v1/communications?unread=true").json()
        assert body["total"] == 1
        (item,) = body["items"]
        assert item["id"] == str(sent)
        assert item["about"] == "request:A-7K3F9Q"
        assert item["params"] == {"number": "A-7K3F9Q"}
        assert client.get(f"/api/v1/communications/{theirs}").status_code == 404
        for number, status in ((sent, 200), (theirs, 404)):
            answer = client.post(
                f"/api/v1/communications/{number}/read",
                headers={"Idempotency-Key": str(uuid.uuid4())},
            )
            assert answer.status_code == status
        assert client.get("/api/v1/communications?unread=true").json()["total"] == 0
        assert client.get("/api/v1/communications?unred=true").status_code == 400

    def test_a_system_connects_itself(self) -> None:
        organization = OrganizationFactory()
        client = Client(headers=token_header(organization))

        def write(method: str, path: str, body: object = None):
            return client.generic(
                method,
                f"/api/v1{path}",
                "" if body is None else json.dumps(body),
                content_type="application/json",
                headers={"Idempotency-Key": str(uuid.uuid4())},
            )

        made = write("POST", "/webhook-endpoints", {"url": "https://s.example/in"})
        assert made.status_code == 201
        number = made.json()["id"]
        assert len(made.json()["secret"]) > 40
        one = f"/webhook-endpoints/{number}"
        assert "secret" not in client.get(f"/api/v1{one}").json()
        topics = write("PUT", f"{one}/topics", {"topics": ["test.calm"]})
        assert topics.json()["topics"] == ["test.calm"]
        tested = write("POST", f"{one}/test")
        assert tested.status_code == 202
        assert Delivery.objects.get().communication_id == uuid.UUID(tested.json()["id"])
        assert (
            count_unread(actor_with(Role.PROVIDER_MANAGER, organization=organization))
            == 0
        )
        Delivery.objects.update(status=DeliveryStatus.DEAD, last_error="timeout")
        (letter,) = client.get("/api/v1/dead-letters").json()["items"]
        assert letter["lastError"] == "timeout"
        again = write("POST", f"/dead-letters/{letter['id']}/send-again")
        assert again.status_code == 202
        ended = write("DELETE", one)
        assert ended.json()["ending"] == "by-person"
        assert write("POST", f"{one}/test").status_code == 409
        listed = client.get("/api/v1/webhook-endpoints").json()["items"]
        assert [item["id"] for item in listed] == [number]

    def test_another_organizations_system_does_not_know_of_it(self) -> None:
        endpoint = WebhookEndpointFactory()
        client = Client(headers=token_header(OrganizationFactory()))
        assert client.get("/api/v1/webhook-endpoints").json() == {"items": []}
        path = f"/api/v1/webhook-endpoints/{endpoint.pk}"
        assert client.get(path).status_code == 404
        answer = client.delete(path, headers={"Idempotency-Key": str(uuid.uuid4())})
        assert answer.status_code == 404

    def test_a_visitor_reads_nothing(self) -> None:
        for path in ("communications", "webhook-endpoints", "dead-letters"):
            assert Client().get(f"/api/v1/{path}").status_code == 403
