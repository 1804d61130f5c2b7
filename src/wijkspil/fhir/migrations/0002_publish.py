"""Let the database make a version of a resource in the transaction of each change."""

from pathlib import Path

from django.db import migrations

_SQL = Path(__file__).parent.parent / "sql"

#: table -> (function, argument, operations) of its statement triggers.
_TRIGGERS = (
    ("directory_organization", "fhir_on_organization", "", "insert update"),
    ("directory_organization", "fhir_on_removed", "Organization", "delete"),
    ("directory_healthcareservice", "fhir_on_service", "", "insert update"),
    ("directory_healthcareservice", "fhir_on_removed", "HealthcareService", "delete"),
    ("directory_healthcareservice", "fhir_on_removed", "Location", "delete"),
    ("directory_contactpoint", "fhir_on_contact", "", "insert update delete"),
    ("directory_coverage", "fhir_on_coverage", "", "insert update delete"),
    ("directory_capacityreport", "fhir_on_part_of_service", "", "insert update delete"),
    (
        "directory_capacityreservation",
        "fhir_on_part_of_service",
        "",
        "insert update delete",
    ),
    ("directory_careteam", "fhir_on_own", "fhir_source_careteam", "insert update"),
    ("directory_careteam", "fhir_on_removed", "CareTeam", "delete"),
    ("directory_alliance", "fhir_on_alliance", "", "insert update"),
    ("directory_alliance", "fhir_on_removed", "Organization", "delete"),
    (
        "directory_alliancemember",
        "fhir_on_own",
        "fhir_source_affiliation",
        "insert update",
    ),
    (
        "directory_alliancemember",
        "fhir_on_removed",
        "OrganizationAffiliation",
        "delete",
    ),
    ("fhir_fedelements", "fhir_on_fed", "", "insert update delete"),
)


def _triggers() -> str:
    return "\n".join(
        f'CREATE TRIGGER "{function} {argument} {operation}" AFTER {operation} '
        f"ON {table} "
        f"REFERENCING {'OLD' if operation == 'delete' else 'NEW'} TABLE AS new_rows "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}('{argument}');"
        for table, function, argument, operations in _TRIGGERS
        for operation in operations.split()
    )


#: Of areas only regional partnerships are looked at, row by row.
_ON_PARTNERSHIPS = "\n".join(
    f"CREATE TRIGGER fhir_on_partnership_{operation} AFTER {operation} "
    f"ON directory_area FOR EACH ROW WHEN ({condition}) "
    "EXECUTE FUNCTION fhir_on_partnership();"
    for operation, condition in (
        ("insert", "NEW.purpose = 'resv'"),
        ("update", "OLD.purpose = 'resv' OR NEW.purpose = 'resv'"),
        ("delete", "OLD.purpose = 'resv'"),
    )
)

#: Publish what is there already.
_FIRST = """
SELECT fhir_publish('fhir_source_organization', ARRAY(SELECT id FROM directory_organization));
SELECT fhir_publish('fhir_source_alliance', ARRAY(SELECT id FROM directory_alliance));
SELECT fhir_on_services(ARRAY(SELECT id FROM directory_healthcareservice));
SELECT fhir_publish('fhir_source_careteam', ARRAY(SELECT id FROM directory_careteam));
SELECT fhir_publish('fhir_source_affiliation', ARRAY(SELECT id FROM directory_alliancemember));
SELECT fhir_publish('fhir_source_endpoint', ARRAY(SELECT id FROM directory_contactpoint));
SELECT fhir_publish('fhir_source_partnership', ARRAY(SELECT id FROM directory_area WHERE kind = 'region'));
SELECT fhir_on_partners(ARRAY(SELECT id FROM directory_organization));
"""


class Migration(migrations.Migration):
    dependencies = [
        ("fhir", "0001_versions"),
        ("directory", "0005_fhir_ids"),
    ]
    operations = [
        migrations.RunSQL(
            "\n".join(
                [
                    (_SQL / "publish.sql").read_text(),
                    (_SQL / "sources.sql").read_text(),
                    (_SQL / "triggers.sql").read_text(),
                    _triggers(),
                    _ON_PARTNERSHIPS,
                    _FIRST,
                ]
            ),
            migrations.RunSQL.noop,
        )
    ]
