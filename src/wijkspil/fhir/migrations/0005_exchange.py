"""The exchange: a version of each Task with its change, and what is sent ahead."""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

_SQL = Path(__file__).parent.parent / "sql"

#: table -> (function, argument, operations) of its statement triggers.
_TRIGGERS = (
    ("referrals_offer", "fhir_on_own", "fhir_source_offer_task", "insert update"),
    ("referrals_servicerequest", "fhir_on_request", "", "insert update"),
    ("referrals_requestevent", "fhir_on_request_event", "", "insert"),
)


def _triggers() -> str:
    return "\n".join(
        f'CREATE TRIGGER "{function} {operation}" AFTER {operation} ON {table} '
        "REFERENCING NEW TABLE AS new_rows "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {function}('{argument}');"
        for table, function, argument, operations in _TRIGGERS
        for operation in operations.split()
    )


#: Publish what is there already.
_FIRST = """
SELECT fhir_publish('fhir_source_request_task',
                    ARRAY(SELECT id FROM referrals_servicerequest));
SELECT fhir_publish('fhir_source_offer_task', ARRAY(SELECT id FROM referrals_offer));
"""


class Migration(migrations.Migration):
    dependencies = [
        ("fhir", "0004_other_directories"),
        ("directory", "0005_fhir_ids"),
        ("referrals", "0003_policy_versions"),
    ]
    operations = [
        migrations.CreateModel(
            name="PlacedIdentifier",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("system", models.CharField(blank=True, max_length=200)),
                ("value", models.CharField(max_length=100)),
                ("number", models.CharField(help_text="The request.", max_length=12)),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="directory.organization",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["number"], name="placed_identifier_of")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organization", "system", "value"),
                        name="placed_identifier_once",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="StagedPatient",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("fhir_id", models.CharField(max_length=64, unique=True)),
                (
                    "client",
                    models.CharField(help_text="System that sent it.", max_length=200),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "versions",
                    models.BinaryField(
                        help_text="Sealed; empty once it is used.", null=True
                    ),
                ),
                (
                    "keys",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=64),
                        default=list,
                        help_text="Digests of its identifiers, to find it by.",
                        size=None,
                    ),
                ),
                (
                    "number",
                    models.CharField(
                        blank=True, help_text="Request that uses it.", max_length=12
                    ),
                ),
                (
                    "purpose",
                    models.CharField(help_text="Why it is kept.", max_length=40),
                ),
                ("created_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                (
                    "expires_at",
                    models.DateTimeField(
                        help_text="Removed from then on, unless used."
                    ),
                ),
                (
                    "organization",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="directory.organization",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        fields=["client", "changed_at"], name="staged_of_client"
                    ),
                    models.Index(fields=["number"], name="staged_of_request"),
                    models.Index(fields=["expires_at"], name="staged_until"),
                ],
            },
        ),
        migrations.RunSQL(
            "\n".join([(_SQL / "tasks.sql").read_text(), _triggers(), _FIRST]),
            migrations.RunSQL.noop,
        ),
    ]
