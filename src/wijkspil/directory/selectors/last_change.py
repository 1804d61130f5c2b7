"""What was the last change of who does what where? For the keys of ``core.kept``."""

from typing import Any

from wijkspil.core.prepared import fetch_row

_LAST_CHANGE = """
SELECT (SELECT max(pgh_id) FROM directory_coverageevent),
       (SELECT max(pgh_id) FROM directory_dutyperiodevent),
       (SELECT max(pgh_id) FROM directory_healthcareserviceevent),
       (SELECT max(pgh_id) FROM directory_organizationevent),
       (SELECT max(id) FROM directory_capacityreport),
       (SELECT max(id) FROM directory_capacityreservation)
"""


def get_last_change() -> tuple[Any, ...]:
    """Return what changes with every change of coverage, duties, services and room.

    One query on the ends of indexes. Room that is released, and areas that are
    imported, do not change it.
    """
    row = fetch_row(_LAST_CHANGE, {})
    assert row is not None
    return row
