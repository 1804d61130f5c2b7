"""Send a message: in the app at once, outside the app soon after.

``send`` writes in the caller's transaction, together with the job that delivers it
(procrastinate's Django app defers on the same connection): what is rolled back is never
sent, and what is committed is never lost.
"""

import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils.crypto import salted_hmac
from procrastinate.contrib.django import app

from wijkspil.accounts.selectors import list_grants_on
from wijkspil.accounts.types import Role
from wijkspil.communications.models import (
    Communication,
    ContactChoice,
    Delivery,
    WebhookEndpoint,
)
from wijkspil.communications.types import (
    MAX_CODE_CHARACTERS,
    Channel,
    EmailChoice,
    OutsideAddress,
    Params,
    ServiceOf,
    Topic,
)
from wijkspil.core.sealing import seal

#: Ids of messages that were sent once for a key lie in this space.
_SPACE = uuid.UUID("5a3f8a0e-3f0c-5d1e-9d47-7d0b6a1c2e55")
#: Who is told for an organization, and for a region.
_MANAGERS = (Role.PROVIDER_MANAGER, Role.PRACTICE_MANAGER)
_COORDINATORS = (Role.COORDINATOR, Role.GP_COORDINATOR)
#: The job that delivers; by name, since tasks lie above services.
DELIVER = "wijkspil.communications.tasks.deliver_messages"


@dataclass(frozen=True, slots=True)
class _Receiver:
    name: str
    user_id: int | None = None
    organization_id: int | None = None
    service_id: int | None = None
    region_id: int | None = None
    address: OutsideAddress | None = None


def send(
    *,
    topic: Topic,
    to_users: Iterable[int] = (),
    to_organizations: Iterable[int | ServiceOf] = (),
    to_regions: Iterable[int] = (),
    to_addresses: Iterable[OutsideAddress] = (),
    params: Params | None = None,
    link: str = "",
    about: str = "",
    at: datetime,
    key: str | None = None,
) -> list[uuid.UUID]:
    """Send one message to each receiver and return the stable ids, in that order.

    In the caller's transaction; at most seven queries, however many receivers. Who is
    named twice gets one message.

    Parameters
    ----------
    topic
        From ``types.declare_topic``.
    to_users, to_organizations, to_regions
        Ids. ``ServiceOf(organization_id, service_id)`` reaches one team and its
        manager; a region reaches its coordinators. Organizations and teams are also
        told by webhook, where they have one.
    to_addresses
        People without an account: they are only told outside the app, and the link of
        the message is one they can open without signing in.
    params
        Codes and numbers for the topic's sentence; never leaves the app.
    link
        Path in the app ("/..."): where the message leads to. Outside the app goes a
        link to the message itself, which leads on after signing in.
    about
        What it is about, as a code: "request:A-7K3F9Q".
    key
        What it is sent for, once: sent again with the same topic, key and receiver
        nothing is added and the same id comes back. Without it every call is new.

    Raises
    ------
    ValueError
        If a parameter is no code or number, the sentence asks for one that is not
        given, or the link is no path of the app.
    """
    given = dict(params or {})
    _check_params(topic, given)
    addresses = list(to_addresses)
    for path in (link, *(address.path for address in addresses)):
        if path and (not path.startswith("/") or path.startswith(("//", "/\\"))):
            raise ValueError(f"{path!r} is no path in the app: begin with one slash.")
    receivers = list(
        dict.fromkeys(_receivers(to_users, to_organizations, to_regions, addresses))
    )
    if not receivers:
        return []
    messages = [
        Communication(
            id=_id_of(topic, key, receiver),
            topic=topic.code,
            key=key or "",
            to_user_id=receiver.user_id,
            to_organization_id=receiver.organization_id,
            to_service_id=receiver.service_id,
            to_region_id=receiver.region_id,
            to_outside=receiver.address is not None,
            params=given,
            link=link,
            about=about,
            created_at=at,
        )
        for receiver in receivers
    ]
    with transaction.atomic(savepoint=False):
        new = _insert_new(messages, is_keyed=key is not None)
        deliveries = list(_deliveries_of(new, topic, at=at))
        outside = {
            message.pk: receiver.address
            for message, receiver in zip(messages, receivers, strict=True)
            if receiver.address is not None
        }
        deliveries += [
            _to_outside(message, outside[message.pk], at=at)
            for message in new
            if message.pk in outside
        ]
        if deliveries:
            # Two who send the same at once both come here; one delivery remains.
            Delivery.objects.bulk_create(deliveries, ignore_conflicts=True)
            ids = {str(delivery.communication_id) for delivery in deliveries}
            app.configure_task(DELIVER).defer(communication_ids=[*sorted(ids)])
    return [message.id for message in messages]


def _receivers(
    to_users: Iterable[int],
    to_organizations: Iterable[int | ServiceOf],
    to_regions: Iterable[int],
    to_addresses: Iterable[OutsideAddress],
) -> Iterator[_Receiver]:
    for user_id in to_users:
        yield _Receiver(f"user:{user_id}", user_id=user_id)
    for receiver in to_organizations:
        if isinstance(receiver, ServiceOf):
            yield _Receiver(
                f"service:{receiver.service_id}",
                organization_id=receiver.organization_id,
                service_id=receiver.service_id,
            )
        else:
            yield _Receiver(f"organization:{receiver}", organization_id=receiver)
    for region_id in to_regions:
        yield _Receiver(f"region:{region_id}", region_id=region_id)
    for address in to_addresses:
        # The id of a message is told: an address must not be found from it.
        digest = salted_hmac("wijkspil.outside", f"{address.channel}:{address.value}")
        yield _Receiver(f"outside:{digest.hexdigest()}", address=address)


def _id_of(topic: Topic, key: str | None, receiver: _Receiver) -> uuid.UUID:
    if key is None:
        return uuid.uuid4()
    return uuid.uuid5(_SPACE, "\0".join((topic.code, key, receiver.name)))


def _check_params(topic: Topic, params: dict[str, str | int | float | None]) -> None:
    for name, value in params.items():
        if isinstance(value, str) and len(value) > MAX_CODE_CHARACTERS:
            raise ValueError(
                f"{topic.code}: parameter {name} has {len(value)} characters; a "
                f"message takes codes of at most {MAX_CODE_CHARACTERS}, and no notes."
            )
        if value is not None and not isinstance(value, str | int | float):
            raise ValueError(
                f"{topic.code}: parameter {name} is {type(value).__name__}; a "
                "message takes codes and numbers."
            )
    try:
        str(topic.sentence % params)
    except KeyError as error:
        raise ValueError(
            f"{topic.code}: its sentence asks for {error}, which is not given."
        ) from error


def _insert_new(
    messages: list[Communication], *, is_keyed: bool
) -> list[Communication]:
    """Insert what is not there yet and return it."""
    if not is_keyed:
        return Communication.objects.bulk_create(messages)
    known = set(
        Communication.objects.filter(
            pk__in=[message.pk for message in messages]
        ).values_list("pk", flat=True)
    )
    new = [message for message in messages if message.pk not in known]
    if new:
        Communication.objects.bulk_create(new, ignore_conflicts=True)
    return new


def _deliveries_of(
    messages: list[Communication], topic: Topic, *, at: datetime
) -> Iterator[Delivery]:
    organization_ids = _known(m.to_organization_id for m in messages)
    if organization_ids:
        endpoints = [
            endpoint
            for endpoint in WebhookEndpoint.objects.at(at).filter(
                organization_id__in=organization_ids
            )
            if not endpoint.topics or topic.code in endpoint.topics
        ]
        for message in messages:
            for endpoint in endpoints:
                if endpoint.organization_id == message.to_organization_id:
                    yield Delivery(
                        communication=message,
                        channel=Channel.WEBHOOK,
                        endpoint=endpoint,
                        next_try_at=at,
                    )
    yield from _to_people(messages, topic, at=at)


def _to_outside(
    message: Communication, address: OutsideAddress, *, at: datetime
) -> Delivery:
    content = {"to": address.value, "path": address.path}
    return Delivery(
        communication=message,
        channel=address.channel,
        to_address=seal(json.dumps(content)),
        next_try_at=at,
    )


def _to_people(
    messages: list[Communication], topic: Topic, *, at: datetime
) -> Iterator[Delivery]:
    readers = _find_readers(messages, at=at)
    user_ids = {user_id for ids in readers.values() for user_id in ids}
    if not user_ids:
        return
    choices = {
        choice.user_id: choice
        for choice in ContactChoice.objects.filter(user_id__in=user_ids)
    }
    for message in messages:
        for user_id in readers[message.pk]:
            choice = choices.get(user_id) or ContactChoice(user_id=user_id)
            if choice.email == EmailChoice.ALL or (
                topic.urgent and choice.email == EmailChoice.URGENT
            ):
                yield Delivery(
                    communication=message,
                    channel=Channel.EMAIL,
                    to_user_id=user_id,
                    next_try_at=at,
                )
            if topic.urgent and choice.text_number and settings.TEXT_GATEWAY:
                yield Delivery(
                    communication=message,
                    channel=Channel.TEXT,
                    to_user_id=user_id,
                    next_try_at=at,
                )


def _find_readers(
    messages: list[Communication], *, at: datetime
) -> dict[uuid.UUID, set[int]]:
    """Return who is told outside the app, per message (one query, none for people).

    Of an organization its managers, of a team its members (its manager, where it has
    none), of a region its coordinators.
    """
    organization_ids = _known(m.to_organization_id for m in messages)
    region_ids = _known(m.to_region_id for m in messages)
    grants = (
        list_grants_on(
            roles=(*_MANAGERS, Role.TEAM_MEMBER, *_COORDINATORS),
            organization_ids=organization_ids,
            service_ids=_known(m.to_service_id for m in messages),
            region_ids=region_ids,
            at=at,
        )
        if organization_ids or region_ids
        else []
    )
    managers: dict[int | None, set[int]] = {}
    members: dict[int | None, set[int]] = {}
    coordinators: dict[int | None, set[int]] = {}
    for user_id, grant in grants:
        if grant.role in _MANAGERS:
            managers.setdefault(grant.organization_id, set()).add(user_id)
        elif grant.role is Role.TEAM_MEMBER:
            members.setdefault(grant.service_id, set()).add(user_id)
        else:
            coordinators.setdefault(grant.region_id, set()).add(user_id)
    found: dict[uuid.UUID, set[int]] = {}
    for message in messages:
        if message.to_outside:
            found[message.pk] = set()
        elif message.to_user_id is not None:
            found[message.pk] = {message.to_user_id}
        elif message.to_region_id is not None:
            found[message.pk] = coordinators.get(message.to_region_id, set())
        else:
            found[message.pk] = (
                message.to_service_id is not None and members.get(message.to_service_id)
            ) or managers.get(message.to_organization_id, set())
    return found


def _known(ids: Iterable[int | None]) -> set[int]:
    return {one for one in ids if one is not None}
