"""Messages, addresses of systems and choices of contact for tests."""

# factory_boy ships no types that mypy can follow.
# mypy: disallow-subclassing-any=False, disallow-untyped-decorators=False

import factory
from factory.django import DjangoModelFactory

from tests.factories.accounts import UserFactory
from tests.factories.directory import YEAR_START, OrganizationFactory
from wijkspil.communications import models
from wijkspil.core.sealing import seal


class WebhookEndpointFactory(DjangoModelFactory[models.WebhookEndpoint]):
    """An address that hears of every topic; its secret is "secret"."""

    class Meta:
        model = models.WebhookEndpoint

    organization = factory.SubFactory(OrganizationFactory)
    url = "https://system.example/messages"
    secret = factory.LazyFunction(lambda: seal("secret"))
    valid_from = YEAR_START


class ContactChoiceFactory(DjangoModelFactory[models.ContactChoice]):
    """A person who wants every message by e-mail."""

    class Meta:
        model = models.ContactChoice

    user = factory.SubFactory(UserFactory)
    email = "all"
