from django.db import migrations


class Migration(migrations.Migration):
    """A range over text, so that plain GiST can compare texts for equality."""

    dependencies = []
    operations = [
        migrations.RunSQL(
            "CREATE TYPE textrange AS RANGE (subtype = text)",
            "DROP TYPE textrange",
        )
    ]
