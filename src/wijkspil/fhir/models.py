"""Versions of what the directory publishes, and what was fed beyond its fields.

Private to this room. Rows of ``Resource`` and ``Version`` are made by the database
itself (``sql/publish.sql``), in the transaction of the change; only the rendered
text and the words to search by are added by ``services.rendering``.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class Resource(models.Model):
    """A resource as it is now: its newest version, and the terms to find it by."""

    type = models.CharField(max_length=30, help_text="FHIR resource type.")
    fhir_id = models.CharField(max_length=64, help_text="Logical id; never used again.")
    own_id = models.BigIntegerField(
        null=True, help_text="Row of the directory it shows; empty if there is none."
    )
    version = models.PositiveIntegerField(default=0)
    transaction = models.BigIntegerField(
        default=0, help_text="Last writer: one transaction makes one version."
    )
    digest = models.CharField(max_length=32, blank=True, help_text="MD5 of the source.")
    tick = models.BigIntegerField(
        default=0, help_text="Moment of the newest version, microseconds since 1970."
    )
    terms = ArrayField(
        models.TextField(), default=list, help_text='What it is found by: "name|value".'
    )
    public_terms = ArrayField(
        models.TextField(), default=list, help_text="The same, for visitors."
    )
    name = models.TextField(blank=True, help_text="Name in lower case, to sort by.")
    lon = models.FloatField(null=True, help_text="WGS84 degrees.")
    lat = models.FloatField(null=True, help_text="WGS84 degrees.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["type", "fhir_id"], name="resource_key")
        ]
        indexes = [
            GinIndex(fields=["terms"], name="resource_terms"),
            models.Index(fields=["type", "tick"], name="resource_changed"),
            models.Index(fields=["type", "name", "fhir_id"], name="resource_name"),
            models.Index(fields=["type", "lat", "lon"], name="resource_place"),
        ]

    def __str__(self) -> str:
        return f"{self.type}/{self.fhir_id}"


class Version(models.Model):
    """One version, never changed once its transaction is over.

    ``source`` is what the tables held; ``body`` the resource made of it, rendered
    once, by whoever needs it first. ``public_body`` leaves out what is for
    professionals only.
    """

    type = models.CharField(max_length=30)
    fhir_id = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    tick = models.BigIntegerField(help_text="Microseconds since 1970, rising.")
    source = models.JSONField()
    body = models.TextField(null=True)  # noqa: DJ001 - not rendered yet
    public_body = models.TextField(null=True)  # noqa: DJ001

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["type", "fhir_id", "version"], name="version_key"
            )
        ]
        indexes = [
            models.Index(fields=["type", "tick", "id"], name="version_of_type"),
            models.Index(fields=["tick", "id"], name="version_order"),
            models.Index(
                fields=["id"],
                condition=models.Q(body__isnull=True),
                name="version_to_render",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type}/{self.fhir_id}/_history/{self.version}"


class FedElements(models.Model):
    """Elements of a resource fed by another system that the directory has no field for.

    A resource without a row in the directory (a Location or Endpoint of another
    system, a service of a kind not worked with here) is kept whole.
    """

    type = models.CharField(max_length=30)
    fhir_id = models.CharField(max_length=64)
    elements = models.JSONField(help_text="As they were sent, by name.")
    origin = models.CharField(
        max_length=200, help_text="Who fed it: a system, or the address of a directory."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["type", "fhir_id"], name="fed_elements_key")
        ]

    def __str__(self) -> str:
        return f"{self.type}/{self.fhir_id}"
