"""A message is written with the act, reaches whom it is for, and once per key."""

from datetime import UTC, datetime

import pytest
from django.db import connection, transaction

from tests.apps.communications.topics import CALM, URGENT
from tests.apps.directory.at_once import at_once
from tests.factories.accounts import MembershipFactory, UserFactory
from tests.factories.communications import (
    ContactChoiceFactory,
    WebhookEndpointFactory,
)
from tests.factories.directory import (
    AreaFactory,
    HealthcareServiceFactory,
    OrganizationFactory,
)
from wijkspil.accounts.types import Role
from wijkspil.communications.models import Communication, Delivery
from wijkspil.communications.services.sending import DELIVER, send
from wijkspil.communications.tasks import deliver_messages
from wijkspil.communications.types import (
    Channel,
    ServiceOf,
    declare_topic,
    list_topics,
)

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PARAMS = {"number": "A-7K3F9Q"}


def jobs() -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [DELIVER]
        )
        (count,) = cursor.fetchone()
    return int(count)


@pytest.mark.django_db
class TestSend:
    def test_a_person_gets_one_message_that_keeps_its_parameters(self) -> None:
        user = UserFactory()
        (sent,) = send(
            topic=CALM,
            to_users=[user.pk, user.pk],
            params=PARAMS,
            link="/aanvragen/7",
            about="request:A-7K3F9Q",
            at=NOW,
        )
        message = Communication.objects.get()
        assert message.pk == sent
        assert (message.to_user, message.params) == (user, PARAMS)
        assert (message.link, message.about) == ("/aanvragen/7", "request:A-7K3F9Q")
        assert not Delivery.objects.exists()
        assert jobs() == 0

    def test_what_is_urgent_goes_by_mail_unless_that_was_refused(self) -> None:
        told, silent = UserFactory(), UserFactory()
        ContactChoiceFactory(user=silent, email="none")
        send(topic=URGENT, to_users=[told.pk, silent.pk], params=PARAMS, at=NOW)
        delivery = Delivery.objects.get()
        assert (delivery.to_user, delivery.channel) == (told, Channel.EMAIL)
        assert jobs() == 1

    def test_who_wants_all_mail_gets_what_is_calm_too(self) -> None:
        choice = ContactChoiceFactory()
        send(topic=CALM, to_users=[choice.user_id], params=PARAMS, at=NOW)
        assert Delivery.objects.get().to_user_id == choice.user_id

    def test_a_key_sends_once_with_the_same_id(self) -> None:
        endpoint = WebhookEndpointFactory()
        first, again = (
            send(
                topic=CALM,
                to_organizations=[endpoint.organization_id],
                params=PARAMS,
                key="A-7K3F9Q",
                at=NOW,
            )
            for _time in range(2)
        )
        assert first == again
        assert Communication.objects.count() == Delivery.objects.count() == 1

    def test_another_key_topic_or_receiver_is_another_message(self) -> None:
        one, other = OrganizationFactory(), OrganizationFactory()
        ids = [
            *send(
                topic=CALM,
                to_organizations=[one.pk, other.pk],
                params=PARAMS,
                key="1",
                at=NOW,
            ),
            *send(
                topic=CALM, to_organizations=[one.pk], params=PARAMS, key="2", at=NOW
            ),
            *send(
                topic=URGENT, to_organizations=[one.pk], params=PARAMS, key="1", at=NOW
            ),
            *send(topic=CALM, to_organizations=[one.pk], params=PARAMS, at=NOW),
        ]
        assert len(set(ids)) == 5

    def test_a_rolled_back_act_sends_nothing(self) -> None:
        endpoint = WebhookEndpointFactory()
        before = transaction.savepoint()
        send(
            topic=CALM,
            to_organizations=[endpoint.organization_id],
            params=PARAMS,
            at=NOW,
        )
        assert jobs() == 1
        transaction.savepoint_rollback(before)
        assert not Communication.objects.exists()
        assert jobs() == 0

    def test_an_address_hears_only_its_topics_in_its_period(self) -> None:
        hears = WebhookEndpointFactory(topics=["test.calm"])
        organization = hears.organization
        WebhookEndpointFactory(organization=organization, topics=["test.other"])
        WebhookEndpointFactory(organization=organization, valid_until=NOW)
        WebhookEndpointFactory()
        send(topic=CALM, to_organizations=[organization.pk], params=PARAMS, at=NOW)
        assert Delivery.objects.get().endpoint == hears

    def test_mail_to_a_team_goes_to_its_members_and_else_to_its_manager(self) -> None:
        staffed, empty = (
            HealthcareServiceFactory(organization=OrganizationFactory())
            for _service in range(2)
        )
        member = MembershipFactory(
            role=Role.TEAM_MEMBER,
            organization=staffed.organization,
            service=staffed,
        )
        managers = [
            MembershipFactory(
                role=Role.PROVIDER_MANAGER, organization=service.organization
            )
            for service in (staffed, empty)
        ]
        send(
            topic=URGENT,
            to_organizations=[
                ServiceOf(staffed.organization_id, staffed.pk),
                ServiceOf(empty.organization_id, empty.pk),
            ],
            params=PARAMS,
            at=NOW,
        )
        assert {d.to_user_id for d in Delivery.objects.all()} == {
            member.user_id,
            managers[1].user_id,
        }

    def test_a_region_reaches_its_coordinators(self) -> None:
        region = AreaFactory(region=True)
        coordinator = MembershipFactory(role=Role.COORDINATOR, region=region)
        MembershipFactory(role=Role.COORDINATOR, region=AreaFactory(region=True))
        MembershipFactory(role=Role.INSURER, region=region)
        send(topic=URGENT, to_regions=[region.pk], params=PARAMS, at=NOW)
        assert Delivery.objects.get().to_user_id == coordinator.user_id

    def test_the_cost_does_not_grow_with_the_receivers(
        self, django_assert_max_num_queries
    ) -> None:
        endpoints = WebhookEndpointFactory.create_batch(5)
        users = [choice.user_id for choice in ContactChoiceFactory.create_batch(5)]
        with django_assert_max_num_queries(7):
            send(
                topic=CALM,
                to_users=users,
                to_organizations=[e.organization_id for e in endpoints],
                params=PARAMS,
                key="k",
                at=NOW,
            )
        assert Delivery.objects.count() == 10


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("params", "link"),
    [
        ({"number": ["A", "B"]}, ""),
        ({"number": {"name": "x"}}, ""),
        ({"number": "mevrouw " * 20}, ""),
        ({}, ""),
        (PARAMS, "https://elsewhere.example/"),
        (PARAMS, "//elsewhere.example/"),
        (PARAMS, "/\\elsewhere.example"),
    ],
)
def test_a_message_that_could_carry_more_is_refused(params, link) -> None:
    with pytest.raises(ValueError):
        send(topic=CALM, to_users=[1], params=params, link=link, at=NOW)
    assert not Communication.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_send_the_same_at_once_send_one() -> None:
    endpoint = WebhookEndpointFactory()

    def act() -> object:
        return send(
            topic=CALM,
            to_organizations=[endpoint.organization_id],
            params=PARAMS,
            key="k",
            at=NOW,
        )

    outcomes = at_once(*[act] * 4)
    assert len({str(outcome) for outcome in outcomes}) == 1
    assert Communication.objects.count() == Delivery.objects.count() == 1


def test_the_job_that_is_deferred_is_one_the_worker_knows() -> None:
    assert deliver_messages.name == DELIVER


def test_a_topic_is_declared_once() -> None:
    code = list_topics()[0].code
    with pytest.raises(ValueError, match="twice"):
        declare_topic(code, title="", sentence="")


def test_no_title_of_a_topic_takes_a_parameter() -> None:
    assert [t.code for t in list_topics() if "%(" in str(t.title)] == []
