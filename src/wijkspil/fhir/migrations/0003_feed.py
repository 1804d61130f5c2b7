"""How fast a system writes, and an index on what is fed."""

import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("fhir", "0002_publish")]
    operations = [
        migrations.CreateModel(
            name="FeedTurn",
            fields=[
                (
                    "client",
                    models.CharField(
                        help_text="Name of the system.",
                        max_length=200,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("second", models.BigIntegerField(help_text="Seconds since 1970.")),
                (
                    "writes",
                    models.PositiveIntegerField(
                        help_text="Writes begun in that second."
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="fedelements",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["elements"],
                name="fed_elements_content",
                opclasses=["jsonb_path_ops"],
            ),
        ),
    ]
