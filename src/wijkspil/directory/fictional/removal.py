"""Remove what was generated: fictional providers with their history, and areas.

Set-based, in the caller's transaction. Rows that somebody else hung on a fictional
row stop it: nothing is removed then.
"""

from django.db import IntegrityError, connection
from django.db.backends.utils import CursorWrapper
from django.utils.translation import gettext as _

from wijkspil.accounts.services import delete_fictional_users, remove_bindings
from wijkspil.communications.services.retention import remove_messages_of
from wijkspil.core.errors import Conflict
from wijkspil.core.progress import Progress

_FIND = (
    """CREATE TEMP TABLE gone_organization ON COMMIT DROP AS
       SELECT id FROM directory_organization WHERE is_fictional""",
    """CREATE TEMP TABLE gone_service ON COMMIT DROP AS
       SELECT id FROM directory_healthcareservice
        WHERE is_fictional OR organization_id IN (SELECT id FROM gone_organization)""",
    """CREATE TEMP TABLE gone_alliance ON COMMIT DROP AS
       SELECT id FROM directory_alliance WHERE is_fictional""",
    """CREATE TEMP TABLE gone_area ON COMMIT DROP AS
       SELECT id FROM directory_area WHERE is_fictional""",
)
_OF_SERVICE = "service_id IN (SELECT id FROM gone_service)"
_OF_AREA = "area_id IN (SELECT id FROM gone_area)"
#: Table -> which rows go, in an order that suits the foreign keys.
_ROWS = {
    "directory_alliancemember": (
        f"{_OF_SERVICE} OR alliance_id IN (SELECT id FROM gone_alliance)"
    ),
    "directory_alliance": "id IN (SELECT id FROM gone_alliance)",
    "directory_capacityreservation": _OF_SERVICE,
    "directory_capacityreport": _OF_SERVICE,
    "directory_dutyperiod": _OF_SERVICE,
    "directory_coverage": _OF_SERVICE,
    "directory_contactpoint": _OF_SERVICE,
    "directory_careteam": _OF_SERVICE,
    "directory_healthcareservice": "id IN (SELECT id FROM gone_service)",
    "directory_organization": "id IN (SELECT id FROM gone_organization)",
    "directory_areashape": _OF_AREA,
    "directory_areaoverlap": (
        "part_id IN (SELECT id FROM gone_area)"
        " OR whole_id IN (SELECT id FROM gone_area)"
    ),
    "directory_regionmember": f"{_OF_AREA} OR region_id IN (SELECT id FROM gone_area)",
    "directory_regionpolicy": "region_id IN (SELECT id FROM gone_area)",
    "directory_area": "id IN (SELECT id FROM gone_area)",
}
_WITHOUT_HISTORY = {
    "directory_capacityreservation",
    "directory_capacityreport",
    "directory_areashape",
    "directory_areaoverlap",
    "directory_regionmember",
    "directory_regionpolicy",
    "directory_area",
}


def remove_fictional(progress: Progress) -> None:
    """Remove fictional providers, accounts and areas, and the history of them.

    Raises
    ------
    Conflict
        If a row that is not fictional refers to one that would go.
    """
    progress.start(_("Removing what was invented"), len(_ROWS) + 2)
    try:
        with connection.cursor() as cursor:
            for statement in _FIND:
                cursor.execute(statement)
            _remove_accounts(cursor)
            progress.advance()
            for table, condition in _ROWS.items():
                _remove_rows(cursor, table, condition)
                progress.advance()
            cursor.execute(
                """UPDATE directory_area SET within = ARRAY(
                       SELECT n FROM unnest(within) n
                        WHERE n NOT IN (SELECT id FROM gone_area) ORDER BY n)
                    WHERE within && (SELECT array_agg(id) FROM gone_area)"""
            )
            # Now rather than at commit, so that the answer can name the remedy.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
            for name in ("organization", "service", "alliance", "area"):
                cursor.execute(f"DROP TABLE gone_{name}")
            progress.advance()
    except IntegrityError as error:
        raise Conflict(
            _(
                "Rows that are not fictional use fictional providers or areas, so "
                "these cannot be replaced. Remove those rows first: %(detail)s"
            )
            % {"detail": _table_of(error)}
        ) from error


def _table_of(error: IntegrityError) -> str:
    """Return the table whose rows stand in the way."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return str(getattr(diagnosis, "table_name", None) or error)


def _remove_accounts(cursor: CursorWrapper) -> None:
    delete_fictional_users()
    found = []
    for name in ("organization", "service", "area"):
        cursor.execute(f"SELECT array_agg(id) FROM gone_{name}")
        found.append(cursor.fetchone()[0] or [])
    remove_messages_of(
        organization_ids=found[0], service_ids=found[1], region_ids=found[2]
    )
    remove_bindings(
        organization_ids=found[0], service_ids=found[1], region_ids=found[2]
    )


def _remove_rows(cursor: CursorWrapper, table: str, condition: str) -> None:
    if table in _WITHOUT_HISTORY:
        cursor.execute(f"DELETE FROM {table} WHERE {condition}")
        return
    cursor.execute(
        f"CREATE TEMP TABLE gone_row ON COMMIT DROP AS"
        f" SELECT id FROM {table} WHERE {condition}"
    )
    cursor.execute(f"DELETE FROM {table} WHERE id IN (SELECT id FROM gone_row)")
    cursor.execute(
        f"DELETE FROM {table}event WHERE pgh_obj_id IN (SELECT id FROM gone_row)"
    )
    cursor.execute("DROP TABLE gone_row")
