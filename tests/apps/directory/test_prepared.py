"""The hot statement is prepared once per connection and planned once."""

from datetime import UTC, datetime

import pytest
from django.db import connection

from wijkspil.core.prepared import fetch_row
from wijkspil.directory.errors import UnknownPostcode
from wijkspil.directory.selectors.responsibility import get_who_helps


@pytest.mark.django_db
def test_who_helps_is_one_prepared_statement_with_one_plan() -> None:
    for _attempt in range(8):
        with pytest.raises(UnknownPostcode):
            get_who_helps(
                postcode="9999",
                at=datetime(2026, 11, 20, tzinfo=UTC),
                cares=["gp-care"],
                audiences=[],
                show_room=False,
                show_duty_person=False,
            )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generic_plans, custom_plans FROM pg_prepared_statements "
            "WHERE statement LIKE '%%directory_coverage%%'"
        )
        assert cursor.fetchall() == [(8, 0)]


@pytest.mark.django_db
def test_no_row_is_none() -> None:
    assert fetch_row("SELECT 1 WHERE %(never)s", {"never": False}) is None
