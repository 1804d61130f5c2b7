"""What leaves the app says nothing of a client, is signed, and is never lost."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.core import mail
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.apps.communications.listening import System, listening
from tests.apps.communications.topics import CALM, URGENT
from tests.apps.directory.at_once import at_once
from tests.factories.accounts import UserFactory
from tests.factories.communications import (
    ContactChoiceFactory,
    WebhookEndpointFactory,
)
from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.communications.models import Communication, Delivery, WebhookEndpoint
from wijkspil.communications.outside import NotReached, post
from wijkspil.communications.services.delivering import (
    LEASE,
    MAX_ATTEMPTS,
    Outcome,
    deliver_next,
    wait_before,
    webhook_body,
)
from wijkspil.communications.services.endpoints import send_again
from wijkspil.communications.services.reading import mark_read
from wijkspil.communications.services.retention import (
    KEPT,
    remove_messages_of,
    remove_old_messages,
)
from wijkspil.communications.services.sending import send
from wijkspil.communications.tasks import deliver_what_is_due
from wijkspil.communications.text_gateway import TextNotSent
from wijkspil.communications.types import DeliveryStatus

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def system(settings) -> Iterator[System]:
    settings.WEBHOOK_PRIVATE = True
    with listening() as system:
        yield system


def send_to(
    endpoint: WebhookEndpoint, *, key: str | None = None, at: datetime = NOW
) -> str:
    (sent,) = send(
        topic=CALM,
        to_organizations=[endpoint.organization_id],
        params={"number": "A-7K3F9Q"},
        link="/aanvragen/A-7K3F9Q/",
        about="request:A-7K3F9Q",
        key=key,
        at=at,
    )
    return str(sent)


def manager_of(endpoint: WebhookEndpoint) -> Actor:
    user = UserFactory()
    grant = Grant(Role.PROVIDER_MANAGER, organization_id=endpoint.organization_id)
    return Actor(user_id=user.pk, label=user.name, grants=(grant,))


@pytest.mark.django_db
class TestWebhook:
    def test_a_system_gets_four_things_and_a_signature_the_how_to_accepts(
        self, system: System, settings
    ) -> None:
        settings.SITE_URL = "https://wijkspil.example"
        sent = send_to(WebhookEndpointFactory(url=system.url))
        attempt = deliver_next(at=NOW)
        assert attempt is not None
        assert attempt.outcome is Outcome.SENT
        (request,) = system.received
        assert json.loads(request.body) == {
            "id": sent,
            "topic": "test.calm",
            "createdAt": "2026-11-22T09:00:00+00:00",
            "link": f"https://wijkspil.example/api/v1/communications/{sent}",
        }
        assert request.headers["Wijkspil-Id"] == sent
        is_genuine = how_to_check()
        now_s = NOW.timestamp()
        assert is_genuine("secret", request.headers, request.body, now_s)
        assert not is_genuine("other", request.headers, request.body, now_s)
        assert not is_genuine("secret", request.headers, request.body + b" ", now_s)
        assert not is_genuine("secret", request.headers, request.body, now_s + 301)
        delivery = Delivery.objects.get()
        assert (delivery.status, delivery.sent_at) == (DeliveryStatus.SENT, NOW)
        assert deliver_next(at=NOW + timedelta(days=2)) is None

    @pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503, 301])
    def test_what_is_not_taken_comes_again_with_the_same_id(
        self, system: System, status: int
    ) -> None:
        system.status = status
        sent = send_to(WebhookEndpointFactory(url=system.url))
        assert outcome_of(NOW) is Outcome.FAILED
        delivery = Delivery.objects.get()
        assert delivery.last_error == f"http-{status}"
        assert timedelta(seconds=48) <= delivery.next_try_at - NOW
        assert delivery.next_try_at - NOW <= timedelta(seconds=72)
        assert deliver_next(at=delivery.next_try_at - timedelta(seconds=1)) is None
        system.status = 200
        assert outcome_of(delivery.next_try_at) is Outcome.SENT
        assert system.ids == [sent, sent]

    def test_a_redirect_is_not_followed(self, system: System) -> None:
        with listening() as elsewhere:
            system.status, system.location = 307, elsewhere.url
            send_to(WebhookEndpointFactory(url=system.url))
            assert outcome_of(NOW) is Outcome.FAILED
            assert elsewhere.received == []

    def test_tries_spread_over_a_day_and_end_among_the_dead_letters(
        self, system: System
    ) -> None:
        system.status = 503
        endpoint = WebhookEndpointFactory(url=system.url)
        send_to(endpoint)
        at, waits = NOW, []
        for _attempt in range(MAX_ATTEMPTS):
            assert outcome_of(at) is Outcome.FAILED
            delivery = Delivery.objects.get()
            waits.append(delivery.next_try_at - at)
            at = delivery.next_try_at
        assert delivery.status == DeliveryStatus.DEAD
        assert deliver_next(at=at + timedelta(days=9)) is None
        del waits[-1]  # nobody waits after the last
        assert sum(waits, timedelta()) > timedelta(hours=20)
        assert sum(waits, timedelta()) < timedelta(hours=32)
        assert waits[:9] == sorted(waits[:9])

        system.status = 204
        send_again(actor=manager_of(endpoint), delivery_id=delivery.pk, at=at)
        assert outcome_of(at) is Outcome.SENT
        assert len(set(system.ids)) == 1

    def test_a_system_that_is_gone_gets_nothing_more(self, system: System) -> None:
        system.status = 410
        endpoint = WebhookEndpointFactory(url=system.url)
        send_to(endpoint)
        send_to(endpoint)
        assert outcome_of(NOW) is Outcome.GONE
        assert deliver_next(at=NOW + timedelta(days=1)) is None
        endpoint.refresh_from_db()
        assert (endpoint.valid_until, endpoint.ending) == (NOW, "gone")
        assert sorted(Delivery.objects.values_list("status", flat=True)) == [
            "cancelled",
            "dead",
        ]
        send_to(endpoint, at=NOW + timedelta(hours=1))
        assert Delivery.objects.count() == 2

    def test_a_silent_system_does_not_hold_up_the_others(
        self, system: System, settings
    ) -> None:
        silent = WebhookEndpointFactory(url="http://127.0.0.1:9/")
        other = WebhookEndpointFactory(url=system.url)
        for _message in range(3):
            send_to(silent, at=timezone.now())
        sent = send_to(other, at=timezone.now())
        assert deliver_what_is_due(None) == 2
        assert system.ids == [sent]
        assert Delivery.objects.filter(last_error="no-connection").count() == 1

    def test_a_secret_that_cannot_be_read_is_a_dead_letter(
        self, system: System, settings
    ) -> None:
        send_to(WebhookEndpointFactory(url=system.url))
        settings.FIELD_KEYS = [Fernet.generate_key().decode()]
        assert outcome_of(NOW) is Outcome.HOPELESS
        assert Delivery.objects.get().last_error == "unreadable-secret"
        assert system.received == []


@pytest.mark.django_db
class TestPrivateAddresses:
    @pytest.mark.parametrize(
        "url",
        [
            "https://localhost/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://10.1.2.3/",
            "https://169.254.169.254/latest/",
            "https://[::ffff:127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://0.0.0.0/",
            "https://2130706433/",
            "https://224.0.0.1/",
        ],
    )
    def test_nothing_is_sent_to_one(self, url: str) -> None:
        send_to(WebhookEndpointFactory(url=url))
        assert outcome_of(NOW) is Outcome.HOPELESS
        assert Delivery.objects.get().last_error == "private-address"

    def test_not_even_where_something_listens(self, system: System, settings) -> None:
        settings.WEBHOOK_PRIVATE = False
        send_to(WebhookEndpointFactory(url=system.url))
        assert outcome_of(NOW) is Outcome.HOPELESS
        assert system.received == []


def test_ten_seconds_are_ten_seconds_in_all(monkeypatch) -> None:
    monkeypatch.setattr("wijkspil.communications.outside.TIMEOUT_S", 0.3)
    with listening() as system:
        system.before_answer = lambda: time.sleep(1)
        with pytest.raises(NotReached, match="timeout"):
            post(system.url, body=b"{}", headers={}, allow_private=True)


@pytest.mark.django_db(transaction=True)
class TestManyWorkers:
    def test_two_sweeps_at_once_deliver_each_message_once(
        self, system: System, settings
    ) -> None:
        endpoint = WebhookEndpointFactory(url=system.url)
        sent = {send_to(endpoint, at=timezone.now()) for _message in range(12)}
        outcomes = at_once(*[lambda: deliver_what_is_due(None)] * 4)
        assert sum(outcomes) == 12
        assert sorted(system.ids) == sorted(sent)

    def test_a_worker_killed_after_sending_sends_the_same_again(
        self, system: System
    ) -> None:
        sent = send_to(WebhookEndpointFactory(url=system.url))
        worker = subprocess.Popen(
            [sys.executable, "-c", _WORKER, NOW.isoformat()],
            env={**os.environ, "DATABASE_URL": database_url()}
            | {"WIJKSPIL_WEBHOOK_PRIVATE": "yes"},
        )
        system.before_answer = lambda: os.kill(worker.pid, signal.SIGKILL)
        assert worker.wait(timeout=60) == -signal.SIGKILL
        assert system.ids == [sent]
        delivery = Delivery.objects.get()
        assert (delivery.status, delivery.attempts) == (DeliveryStatus.WAITING, 1)

        system.before_answer = lambda: None
        assert deliver_next(at=NOW + LEASE - timedelta(seconds=1)) is None
        assert outcome_of(NOW + LEASE) is Outcome.SENT
        assert system.ids == [sent, sent]
        bodies = {request.body for request in system.received}
        assert len(bodies) == 1

    def test_an_outcome_that_comes_late_does_not_undo_another(
        self, system: System
    ) -> None:
        system.status = 500
        send_to(WebhookEndpointFactory(url=system.url))

        def ended_meanwhile() -> None:
            Delivery.objects.update(status=DeliveryStatus.CANCELLED)
            connection.close()

        system.before_answer = ended_meanwhile
        deliver_next(at=NOW)
        assert Delivery.objects.get().status == DeliveryStatus.CANCELLED


_WORKER = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "wijkspil.config.settings"
import django
django.setup()
from datetime import datetime
from wijkspil.communications.services.delivering import deliver_next
deliver_next(at=datetime.fromisoformat(sys.argv[1]))
"""


def database_url() -> str:
    database = connection.settings_dict
    return (
        f"postgresql://{database['USER']}:{database['PASSWORD']}@/{database['NAME']}"
        f"?host={database['HOST']}&port={database['PORT']}"
    )


def outcome_of(at: datetime) -> Outcome:
    attempt = deliver_next(at=at)
    assert attempt is not None
    return attempt.outcome


def how_to_check():
    """Return the function that the how-to gives to suppliers."""
    page = (ROOT / "docs/howto/messages.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    names: dict[str, object] = {}
    exec(code, names)
    return names["is_genuine"]


#: Letters that no id, moment or sentence of ours holds in a row.
_TELLING = st.text("QXZJVЖßø7", min_size=5, max_size=40)


@pytest.mark.django_db
class TestEmail:
    @settings(
        max_examples=25,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(
        params=st.dictionaries(
            st.sampled_from(["number", "place", "count"]),
            _TELLING | st.integers(10**13, 10**15),
        ).map(lambda given: {"number": "QXZQXZ", **given}),
        about=_TELLING,
        link=_TELLING,
        key=_TELLING,
    )
    def test_no_parameter_leaves_the_app(self, params, about, link, key) -> None:
        mail.outbox.clear()
        choice = ContactChoiceFactory()
        organization = WebhookEndpointFactory().organization_id
        send(
            topic=CALM,
            to_users=[choice.user_id],
            to_organizations=[organization],
            params=params,
            about=about,
            link=f"/{link}",
            key=key,
            at=NOW,
        )
        delivery = Delivery.objects.get(to_user=choice.user_id)
        attempt = deliver_next(at=NOW, communication_ids=[delivery.communication_id])
        assert attempt is not None
        assert attempt.outcome is Outcome.SENT
        (sent,) = mail.outbox
        raw = sent.message().as_bytes()
        parsed = message_from_bytes(raw, policy=policy.default)
        webhook = Communication.objects.get(to_organization=organization)
        outside = "\n".join(
            [
                raw.decode(),
                parsed.as_string(),
                str(parsed.get_content()),
                *(str(value) for value in parsed.values()),
                json.loads(webhook_body(webhook)).__repr__(),
            ]
        )
        for value in [*params.values(), about, link, key]:
            assert str(value) not in outside

    def test_a_mail_says_what_kind_and_where_to_read_it(self, settings) -> None:
        settings.SITE_URL = "https://wijkspil.example"
        user = UserFactory()
        (sent,) = send(topic=URGENT, to_users=[user.pk], params={"number": 7}, at=NOW)
        assert outcome_of(NOW) is Outcome.SENT
        (message,) = mail.outbox
        assert message.to == [user.email]
        assert message.subject == "Wijkspil: An urgent thing"
        assert f"https://wijkspil.example/berichten/{sent}/" in message.body
        assert message.extra_headers["Wijkspil-Id"] == str(sent)

    def test_what_was_read_in_the_app_is_not_mailed_any_more(self) -> None:
        user = UserFactory()
        (sent,) = send(topic=URGENT, to_users=[user.pk], params={"number": 7}, at=NOW)
        mark_read(actor=Actor(user_id=user.pk), message_id=sent, at=NOW)
        assert outcome_of(NOW) is Outcome.NOT_NEEDED
        assert mail.outbox == []
        assert Delivery.objects.get().status == DeliveryStatus.CANCELLED

    def test_an_ended_account_gets_none(self) -> None:
        user = UserFactory()
        send(topic=URGENT, to_users=[user.pk], params={"number": 7}, at=NOW)
        user.is_active = False
        user.save()
        assert outcome_of(NOW) is Outcome.NOT_NEEDED

    def test_a_mail_server_that_is_away_is_tried_again(self, settings) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
        send(topic=URGENT, to_users=[UserFactory().pk], params={"number": 7}, at=NOW)
        assert outcome_of(NOW) is Outcome.FAILED
        assert Delivery.objects.get().last_error == "no-connection"


TEXTS: list[tuple[str, str]] = []


class Gateway:
    """A gateway that takes all but one number."""

    def send(self, number: str, text: str) -> None:
        if number == "0600000000":
            raise TextNotSent
        TEXTS.append((number, text))


@pytest.mark.django_db
class TestText:
    def test_without_a_gateway_the_channel_is_off(self) -> None:
        choice = ContactChoiceFactory(text_number="0612345678", email="none")
        send(topic=URGENT, to_users=[choice.user_id], params={"number": 7}, at=NOW)
        assert not Delivery.objects.exists()

    def test_a_gateway_gets_the_title_and_a_link(self, settings) -> None:
        settings.TEXT_GATEWAY = f"{__name__}.Gateway"
        settings.SITE_URL = "https://w.example"
        TEXTS.clear()
        choice = ContactChoiceFactory(text_number="0612345678", email="none")
        (sent,) = send(
            topic=URGENT, to_users=[choice.user_id], params={"number": 77}, at=NOW
        )
        assert outcome_of(NOW) is Outcome.SENT
        text = f"Wijkspil: An urgent thing. https://w.example/berichten/{sent}/"
        assert [("0612345678", text)] == TEXTS

    def test_a_text_that_is_not_taken_is_tried_again(self, settings) -> None:
        settings.TEXT_GATEWAY = f"{__name__}.Gateway"
        choice = ContactChoiceFactory(text_number="0600000000", email="none")
        send(topic=URGENT, to_users=[choice.user_id], params={"number": 7}, at=NOW)
        assert outcome_of(NOW) is Outcome.FAILED

    def test_what_can_wait_is_not_texted(self, settings) -> None:
        settings.TEXT_GATEWAY = f"{__name__}.Gateway"
        choice = ContactChoiceFactory(text_number="0612345678", email="none")
        send(topic=CALM, to_users=[choice.user_id], params={"number": 7}, at=NOW)
        assert not Delivery.objects.exists()


@pytest.mark.django_db
def test_a_try_that_kills_its_worker_each_time_ends_as_a_dead_letter(
    system: System,
) -> None:
    send_to(WebhookEndpointFactory(url=system.url))
    Delivery.objects.update(attempts=MAX_ATTEMPTS)
    assert outcome_of(NOW) is Outcome.HOPELESS
    assert Delivery.objects.get().last_error == "interrupted"
    assert system.received == []


@pytest.mark.django_db
def test_messages_of_half_a_year_ago_go() -> None:
    endpoint = WebhookEndpointFactory()
    send_to(endpoint, at=NOW - KEPT - timedelta(seconds=1))
    kept = send_to(endpoint, at=NOW - KEPT)
    assert remove_old_messages(at=NOW) == 1
    assert str(Communication.objects.get().pk) == kept
    assert Delivery.objects.count() == 1


@pytest.mark.django_db
def test_what_goes_takes_its_messages_and_systems_along() -> None:
    gone, stays = WebhookEndpointFactory(), WebhookEndpointFactory()
    send_to(gone)
    kept = send_to(stays)
    remove_messages_of(
        organization_ids=[gone.organization_id], service_ids=[], region_ids=[]
    )
    gone.organization.delete()
    assert str(Communication.objects.get().pk) == kept
    assert WebhookEndpoint.objects.get() == stays


@given(attempt=st.integers(1, 40), delivery_id=st.integers(1, 2**60))
def test_a_wait_is_a_fifth_around_a_doubling_up_to_six_hours(
    attempt: int, delivery_id: int
) -> None:
    middle = min(timedelta(minutes=2 ** (attempt - 1)), timedelta(hours=6))
    wait = wait_before(attempt, delivery_id=delivery_id)
    assert middle * 0.8 <= wait <= middle * 1.2
