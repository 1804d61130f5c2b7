"""Accounts and tokens as the fictional region makes them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.factories.directory import HealthcareServiceFactory
from wijkspil.accounts.models import ApiToken, Membership, User
from wijkspil.accounts.selectors import get_actor, get_token_actor
from wijkspil.accounts.services import (
    create_user,
    delete_fictional_users,
    grant_role,
    issue_token,
    remove_bindings,
)
from wijkspil.accounts.types import Role
from wijkspil.core.errors import Conflict, InvalidValue

AT = datetime(2026, 11, 22, 14, tzinfo=UTC)
PERSON: dict[str, Any] = {
    "email": "someone@example.nl",
    "name": "Someone",
    "password": "long enough",
    "is_fictional": True,
}

pytestmark = pytest.mark.django_db


def test_a_user_holds_a_role_for_a_period():
    user_id = create_user(**PERSON)
    grant_role(
        user_id=user_id,
        role=Role.AUDITOR,
        valid_from=AT,
        valid_until=AT + timedelta(days=1),
    )

    def roles(moment):
        return get_actor(user_id=user_id, label="Someone", at=moment).roles

    assert roles(AT) == {Role.AUDITOR}
    assert roles(AT + timedelta(days=1)) == {Role.RESIDENT}
    assert User.objects.get(pk=user_id).check_password("long enough")


def test_an_address_is_used_once():
    create_user(**PERSON)
    with pytest.raises(Conflict, match=r"someone@example\.nl"):
        create_user(**PERSON)


@pytest.mark.parametrize("missing", ["email", "password"])
def test_an_account_without_address_or_password_is_refused(missing):
    with pytest.raises(InvalidValue):
        create_user(**(PERSON | {missing: ""}))


def test_only_a_digest_of_a_token_is_kept():
    service = HealthcareServiceFactory()
    token_id, secret = issue_token(
        organization_id=service.organization_id, name="Planning", at=AT
    )

    actor = get_token_actor(secret=secret, at=AT)
    assert actor is not None
    assert actor.grants[0].organization_id == service.organization_id
    token = ApiToken.objects.get(pk=token_id)
    assert secret not in {token.digest, token.name}
    assert get_token_actor(secret=secret, at=AT - timedelta(minutes=1)) is None


def test_removing_fictional_users_keeps_the_others():
    create_user(**PERSON)
    kept = create_user(
        **(PERSON | {"email": "other@example.nl", "is_fictional": False})
    )

    assert delete_fictional_users() == 1
    assert [user.pk for user in User.objects.all()] == [kept]


def test_bindings_of_what_goes_are_removed():
    user_id = create_user(**PERSON)
    going, staying = HealthcareServiceFactory(), HealthcareServiceFactory()
    for service in (going, staying):
        grant_role(
            user_id=user_id,
            role=Role.TEAM_MEMBER,
            service_id=service.pk,
            valid_from=AT,
        )

    remove_bindings(organization_ids=[], service_ids=[going.pk], region_ids=[])

    assert [row.service_id for row in Membership.objects.all()] == [staying.pk]
