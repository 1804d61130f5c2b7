"""People in a role, for tests of the directory: the actor and the signed-in browser."""

import secrets

from django.test import Client

from tests.factories.accounts import ApiTokenFactory, MembershipFactory, UserFactory
from wijkspil.accounts.types import Actor, Grant, Role


def actor_of(role: Role, **bound_to: int) -> Actor:
    """Return a stored person with one role, as services receive it."""
    user = UserFactory.create()
    return Actor(user_id=user.pk, label=user.name, grants=(Grant(role, **bound_to),))


def browser_of(role: Role, **bound_to: object) -> Client:
    """Return a browser in which a person with one role is signed in."""
    membership = MembershipFactory.create(role=role, **bound_to)
    client = Client()
    client.force_login(membership.user)
    return client


def token_header(organization: object) -> dict[str, str]:
    """Return the header by which the organization's own system signs in."""
    secret = secrets.token_hex(8)
    ApiTokenFactory.create(organization=organization, secret=secret)
    return {"Authorization": f"Bearer {secret}"}
