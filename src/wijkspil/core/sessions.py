"""Sessions in the database, read by a prepared statement: every page does it."""

from typing import Any

from django.contrib.sessions.backends import db
from django.utils import timezone

from wijkspil.core.prepared import fetch_row

_SESSION = """
SELECT session_data FROM django_session
WHERE session_key = %(key)s AND expire_date > %(now)s
"""


class SessionStore(db.SessionStore):
    """Django's store in the database; only reading is done another way."""

    def load(self) -> dict[str, Any]:
        """Return what is kept; of an unknown or ended session nothing, nor its key."""
        row = fetch_row(_SESSION, {"key": self.session_key, "now": timezone.now()})
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row[0])
