"""Make accounts, give roles and issue tokens."""

import hashlib
import secrets
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from wijkspil.accounts.models import ApiToken, Membership, User
from wijkspil.accounts.types import Role
from wijkspil.core.errors import Conflict, InvalidValue


def create_user(
    *, email: str, name: str, password: str | None, is_fictional: bool
) -> int:
    """Make a person who can sign in and return the id; None: without a password yet.

    Raises
    ------
    Conflict
        If somebody already signs in with this e-mail address.
    InvalidValue
        If the e-mail address or the password is empty.
    """
    if not email.strip() or password == "":
        raise InvalidValue(
            _("An account needs an e-mail address and a password."), field="email"
        )
    user = User(
        email=User.objects.normalize_email(email.strip()),
        name=name,
        is_fictional=is_fictional,
    )
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise Conflict(
            _("There is already an account for %(email)s.") % {"email": email},
            field="email",
        ) from error
    return user.pk


def grant_role(
    *,
    user_id: int,
    role: Role,
    organization_id: int | None = None,
    service_id: int | None = None,
    region_id: int | None = None,
    valid_from: datetime,
    valid_until: datetime | None = None,
) -> int:
    """Give a person a role for a period and return the id of the membership."""
    membership = Membership.objects.create(
        user_id=user_id,
        role=role,
        organization_id=organization_id,
        service_id=service_id,
        region_id=region_id,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    return membership.pk


def issue_token(
    *,
    organization_id: int,
    name: str,
    at: datetime,
    valid_until: datetime | None = None,
) -> tuple[int, str]:
    """Issue a token for an organization's own system.

    Returns its id and the secret. Only a digest of the secret is kept: whoever loses
    it asks for another.
    """
    secret = secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        organization_id=organization_id,
        name=name,
        digest=_digest(secret),
        valid_from=at,
        valid_until=valid_until,
    )
    return token.pk, secret


def keep_token(
    *,
    organization_id: int,
    name: str,
    secret: str,
    at: datetime,
    valid_until: datetime,
) -> int:
    """Let a token with a secret chosen beforehand hold, and return its id.

    For invented organizations only: a secret that is known is none.
    """
    token, _is_new = ApiToken.objects.update_or_create(
        digest=_digest(secret),
        defaults={
            "organization_id": organization_id,
            "name": name,
            "valid_from": at,
            "valid_until": valid_until,
        },
    )
    return token.pk


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def delete_fictional_users() -> int:
    """Remove every fictional account with its roles and return how many."""
    users = User.objects.filter(is_fictional=True)
    count = users.count()
    users.delete()
    return count


def remove_bindings(
    *,
    organization_ids: list[int],
    service_ids: list[int],
    region_ids: list[int],
) -> None:
    """Remove roles and tokens for organizations, services and regions that go."""
    Membership.objects.filter(
        Q(organization_id__in=organization_ids)
        | Q(service_id__in=service_ids)
        | Q(region_id__in=region_ids)
    ).delete()
    ApiToken.objects.filter(organization_id__in=organization_ids).delete()
