"""Systems write at the same moment, or one writes twice: nothing lost or doubled."""

from datetime import UTC, datetime

import pytest
from django.test import override_settings

from tests.apps.directory.at_once import at_once
from tests.fhir.feeding import Feeder, make_feeder
from wijkspil.accounts.types import VISITOR, Actor, Grant, Role
from wijkspil.core.errors import NotPermitted
from wijkspil.directory.models import HealthcareService, Organization
from wijkspil.fhir.errors import FhirError
from wijkspil.fhir.models import Resource, Version
from wijkspil.fhir.services.feeding import take_turn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def feeder() -> Feeder:
    return make_feeder()


def status_of(response):
    return response.status_code


@pytest.mark.parametrize("kind", ["service", "child", "endpoint", "location"])
def test_of_two_updates_of_one_version_one_is_refused(feeder, kind):
    make = getattr(feeder, kind)
    feeder.put(make("x"))

    def send(name):
        return lambda: feeder.put(make("x", name=name), if_match='W/"1"')

    outcomes = at_once(send("Een"), send("Twee"), send("Drie"))

    assert sorted(map(status_of, outcomes)) == [200, 412, 412]
    assert Version.objects.filter(fhir_id="x").count() == 2


def test_of_creates_with_one_question_one_is_made(feeder):
    question = "identifier=https://ecd.example/id|service-new"

    def send():
        return feeder.post(feeder.service(), if_none_exist=question)

    outcomes = at_once(*[send] * 4)

    assert sorted(map(status_of, outcomes)) == [200, 200, 200, 201]
    assert HealthcareService.objects.count() == 1
    assert len({outcome.json()["id"] for outcome in outcomes}) == 1


def test_of_creates_with_one_identifier_one_is_made(feeder):
    def send():
        return feeder.post(feeder.service())

    outcomes = at_once(*[send] * 4)

    assert sorted(map(status_of, outcomes)) == [200, 200, 200, 201]
    assert HealthcareService.objects.count() == 1


def test_of_different_creates_with_one_identifier_one_is_refused(feeder):
    def send(name):
        return lambda: feeder.post(feeder.service(name=name))

    outcomes = at_once(send("Een"), send("Twee"))

    assert sorted(map(status_of, outcomes)) == [201, 409]


def test_two_put_one_new_id_and_one_makes_it(feeder):
    outcomes = at_once(*[lambda: feeder.put(feeder.service("s1"))] * 4)

    assert sorted(map(status_of, outcomes)) == [200, 200, 200, 201]
    assert Resource.objects.get(type="HealthcareService", fhir_id="s1").version == 1


def test_transactions_that_write_the_same_in_another_order_both_end(feeder):
    ids = [f"o{n}" for n in range(6)]

    def send(order, name):
        return lambda: feeder.post(
            {
                "resourceType": "Bundle",
                "type": "transaction",
                "entry": [
                    {
                        "resource": feeder.child(id_, name=name),
                        "request": {"method": "PUT", "url": f"Organization/{id_}"},
                    }
                    for id_ in order
                ],
            }
        )

    outcomes = at_once(send(ids, "Een"), send(ids[::-1], "Twee"))

    assert list(map(status_of, outcomes)) == [200, 200]
    names = {o.name for o in Organization.objects.filter(fhir_id__in=ids)}
    assert len(names) == 1


@override_settings(FHIR_WRITES_PER_SECOND=3)
def test_who_writes_too_fast_waits(feeder):
    answers = [feeder.put(feeder.endpoint(f"e{n}")) for n in range(40)]

    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert all(answer["Retry-After"] == "1" for answer in refused)
    assert refused[0].json()["issue"][0]["code"] == "throttled"
    assert answers[0].status_code == 201


@override_settings(FHIR_WRITES_PER_SECOND=3)
def test_each_second_has_its_turns_and_each_system_its_own():
    def turn(second, label="system:a", writes=1):
        actor = Actor(label=label, grants=(Grant(Role.PROVIDER_SYSTEM, 1),))
        take_turn(
            actor, at=datetime(2026, 11, 22, 8, 0, second, tzinfo=UTC), writes=writes
        )

    for _ in range(3):
        turn(0)
    with pytest.raises(FhirError):
        turn(0)
    turn(0, "system:b")
    turn(1)
    turn(2, writes=500)
    with pytest.raises(FhirError):
        turn(2)


def test_a_person_does_not_write_here():
    person = Actor(user_id=1, label="P", grants=(Grant(Role.ADMINISTRATOR),))

    for actor in (VISITOR, person):
        with pytest.raises(NotPermitted):
            take_turn(actor, at=datetime(2026, 11, 22, tzinfo=UTC))
