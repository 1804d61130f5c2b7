"""Who a session is of; read by a prepared statement, for every page asks it."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.db import DEFAULT_DB_ALIAS

from wijkspil.accounts.models import User
from wijkspil.core.prepared import fetch_row

_FIELDS = [
    field.attname
    for field in User._meta.concrete_fields  # noqa: SLF001 - as documented by Django
]
_USER = f"SELECT {', '.join(_FIELDS)} FROM accounts_user WHERE id = %(id)s"


class AccountBackend(ModelBackend):
    """Django's accounts; only reading the one of a session is done another way."""

    def get_user(self, user_id: Any) -> User | None:
        """Return the account if it may be used."""
        row = fetch_row(_USER, {"id": user_id})
        if row is None:
            return None
        user = User.from_db(DEFAULT_DB_ALIAS, _FIELDS, row)
        return user if self.user_can_authenticate(user) else None
