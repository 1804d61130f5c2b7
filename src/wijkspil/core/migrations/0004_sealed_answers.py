"""Keep answers sealed, and of what was sent a digest that cannot be guessed back."""

from typing import Any

from django.db import migrations, models


def remove_records(apps: Any, _editor: Any) -> None:
    """Remove what was kept open; a write of before is not answered twice after this."""
    apps.get_model("core", "IdempotencyRecord").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("core", "0003_idempotency_record")]

    operations = [
        migrations.RunPython(remove_records, remove_records, elidable=True),
        migrations.AlterField(
            "idempotencyrecord",
            "body_sha256",
            models.CharField(
                help_text="HMAC-SHA256 of the body that was sent.", max_length=64
            ),
        ),
        migrations.AlterField(
            "idempotencyrecord",
            "response_body",
            models.BinaryField(help_text="The answer; encrypted."),
        ),
    ]
