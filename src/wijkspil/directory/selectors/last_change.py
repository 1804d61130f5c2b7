"""What was the last change of who does what where? For the keys of ``core.kept``."""

from typing import Any

from wijkspil.core.prepared import fetch_row

_LAST_CHANGE = """
SELECT (SELECT max(pgh_id) FROM directory_coverageevent),
       (SELECT max(pgh_id) FROM directory_dutyperiodevent),
       (SELECT max(pgh_id) FROM directory_healthcareserviceevent),
       (SELECT max(pgh_id) FROM directory_organizationevent)
"""


def get_last_change() -> tuple[Any, ...]:
    """Return what changes with every change of coverage, duties and services.

    One query on the ends of indexes. What teams report of their room does not change
    it: they do so all day. Nor do areas that are imported.
    """
    row = fetch_row(_LAST_CHANGE, {})
    assert row is not None
    return row
