"""Publish the whole directory anew: only what changed gets a version.

Changes publish themselves, in their own transaction. This is for what no statement
shows: the end of a period, a new division into areas, and tables that were filled with
their triggers at rest.
"""

from collections.abc import Callable, Iterator

from django.db import connection

#: Rows of one transaction: whoever changes one of them waits for it.
BATCH = 1_000

#: What is called with ids of a table, in this order.
_PUBLISH = (
    ("fhir_publish('fhir_source_organization', %s)", "directory_organization"),
    ("fhir_publish('fhir_source_alliance', %s)", "directory_alliance"),
    ("fhir_publish('fhir_source_partnership', %s)", "directory_area"),
    ("fhir_on_services(%s)", "directory_healthcareservice"),
    ("fhir_publish('fhir_source_endpoint', %s)", "directory_contactpoint"),
    ("fhir_publish('fhir_source_careteam', %s)", "directory_careteam"),
    ("fhir_publish('fhir_source_affiliation', %s)", "directory_alliancemember"),
    ("fhir_on_partners(%s)", "directory_organization"),
    ("fhir_publish('fhir_source_fed', %s)", "fhir_fedelements"),
)
#: What was filled in the same transaction has no statistics yet: without these a join
#: over the country is planned as if its tables were empty.
_COUNT_ANEW = (
    "ANALYZE directory_area, directory_organization, directory_healthcareservice, "
    "directory_coverage, directory_contactpoint, directory_careteam, "
    "directory_alliancemember, directory_capacityreport",
    "ANALYZE fhir_resource, fhir_version",
)
#: Of some tables only a few rows are shown.
_ONLY = {
    "directory_area": "WHERE kind = 'region' AND purpose = 'resv'",
    "directory_contactpoint": "WHERE system = 'fhir'",
}


def publish_all(*, progress: Callable[[int], None] | None = None) -> None:
    """Publish every row that shows something else than its newest version does.

    Each batch is a transaction of its own, unless the caller holds one. ``progress``
    is told of each batch.
    """
    directory, versions = _COUNT_ANEW
    with connection.cursor() as cursor:
        cursor.execute(directory)
    for call, table in _PUBLISH:
        with connection.cursor() as cursor:
            cursor.execute(versions)
        for ids in _batches(table):
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {call}", [ids])
            if progress:
                progress(len(ids))
    with connection.cursor() as cursor:
        cursor.execute("SELECT fhir_retire_missing()")


def _batches(table: str) -> Iterator[list[int]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {table} {_ONLY.get(table, '')} ORDER BY id")
        ids = [key for (key,) in cursor.fetchall()]
    for start in range(0, len(ids), BATCH):
        yield ids[start : start + BATCH]
