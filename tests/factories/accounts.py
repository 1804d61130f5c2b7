"""Accounts for tests: a person, a role held, a system's token."""

# factory_boy ships no types that mypy can follow.
# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

import hashlib

import factory
from factory.django import DjangoModelFactory

from tests.factories.directory import YEAR_START, OrganizationFactory
from wijkspil.accounts import models
from wijkspil.accounts.types import Role


class UserFactory(DjangoModelFactory[models.User]):
    """An active person who cannot sign in with a password."""

    class Meta:
        model = models.User

    email = factory.Sequence(lambda n: f"person{n}@example.nl")
    name = factory.Sequence(lambda n: f"P. Ersoon {n}")
    password = "!"
    is_fictional = True


class MembershipFactory(DjangoModelFactory[models.Membership]):
    """A referrer, since the start of 2026."""

    class Meta:
        model = models.Membership

    user = factory.SubFactory(UserFactory)
    role = Role.REFERRER
    valid_from = YEAR_START


class ApiTokenFactory(DjangoModelFactory[models.ApiToken]):
    """A system's token; its secret is the ``secret`` given ("secret-0", ...)."""

    class Meta:
        model = models.ApiToken
        exclude = ("secret",)

    secret = factory.Sequence(lambda n: f"secret-{n}")
    organization = factory.SubFactory(OrganizationFactory)
    name = factory.Sequence(lambda n: f"planning system {n}")
    digest = factory.LazyAttribute(
        lambda token: hashlib.sha256(token.secret.encode()).hexdigest()
    )
    valid_from = YEAR_START
