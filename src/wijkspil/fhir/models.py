"""Versions of what the directory publishes, and what was fed beyond its fields.

Private to this room. Rows of ``Resource`` and ``Version`` are made by the database
itself (``sql/publish.sql``), in the transaction of the change; only the rendered
text and the words to search by are added by ``services.rendering``.
"""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class Resource(models.Model):
    """A resource as it is now: which version is its newest.

    Whoever publishes holds this row until the transaction is over; searching and
    rendering therefore never touch it (``SearchEntry`` does that work).
    """

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

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["type", "fhir_id"], name="resource_key")
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
    name = models.TextField(
        default="", blank=True, help_text="Name as searched, to keep an order by name."
    )

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


class SearchEntry(models.Model):
    """A resource as search knows it: its newest rendered version and what finds it.

    ``terms`` are made by ``mapping.terms``; ``starts`` and ``ends`` (exclusive, both
    microseconds since 1970) are of the one date parameter its type has, ``number`` of
    the one number parameter.
    """

    type = models.CharField(max_length=30)
    fhir_id = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    tick = models.BigIntegerField(help_text="Microseconds since 1970.")
    terms = SearchVectorField(help_text="What it is found by.")
    public_terms = SearchVectorField(help_text="The same, for visitors.")
    strings = models.TextField(blank=True, help_text="Texts, a line each: parts of.")
    name = models.TextField(blank=True, help_text="Name as searched, to sort by.")
    number = models.FloatField(null=True)
    starts = models.BigIntegerField(null=True)
    ends = models.BigIntegerField(null=True)
    lon = models.FloatField(null=True, help_text="WGS84 degrees.")
    lat = models.FloatField(null=True, help_text="WGS84 degrees.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["type", "fhir_id"], name="search_key")
        ]
        indexes = [
            GinIndex(fields=["terms"], name="search_terms", fastupdate=False),
            GinIndex(fields=["public_terms"], name="search_public", fastupdate=False),
            models.Index(fields=["type", "id"], name="search_order"),
            models.Index(fields=["type", "tick", "id"], name="search_changed"),
            models.Index(fields=["type", "name", "id"], name="search_name"),
            models.Index(
                fields=["type", "lat", "lon"],
                condition=models.Q(lat__isnull=False),
                name="search_place",
            ),
            models.Index(
                fields=["type", "number"],
                condition=models.Q(number__isnull=False),
                name="search_number",
            ),
            models.Index(
                fields=["type", "starts"],
                condition=models.Q(starts__isnull=False),
                name="search_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type}/{self.fhir_id}"


class SearchLink(models.Model):
    """A reference from a resource to another: chains and included resources."""

    entry = models.ForeignKey(
        SearchEntry, on_delete=models.CASCADE, related_name="links", db_index=False
    )
    parameter = models.CharField(max_length=40, help_text="Search parameter.")
    target_type = models.CharField(max_length=30)
    target_id = models.CharField(max_length=64, help_text="It need not be here.")
    is_public = models.BooleanField(help_text="Whether visitors see it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "parameter", "target_type", "target_id"],
                name="search_link_key",
            )
        ]
        indexes = [
            models.Index(
                fields=["target_type", "target_id", "parameter"],
                name="search_link_target",
            )
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.parameter} {self.target_type}/{self.target_id}"


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
        indexes = [
            # For what refers to a resource, and for who has an identifier.
            GinIndex(
                fields=["elements"],
                opclasses=["jsonb_path_ops"],
                name="fed_elements_content",
            )
        ]

    def __str__(self) -> str:
        return f"{self.type}/{self.fhir_id}"


class FeedTurn(models.Model):
    """How much a system wrote in its last second of writing: who goes too fast waits.

    One row per system; the number starts anew with each second.
    """

    client = models.CharField(
        max_length=200, primary_key=True, help_text="Name of the system."
    )
    second = models.BigIntegerField(help_text="Seconds since 1970.")
    writes = models.PositiveIntegerField(help_text="Writes begun in that second.")

    def __str__(self) -> str:
        return f"{self.client}: {self.writes}"


# --- other directories: copied here, and told of ours


class FollowedDirectory(models.Model):
    """Another directory that is copied here: IHE's update client (ITI-90 and ITI-91).

    Set by an administrator. ``secret`` is sealed (``core.sealing``).
    """

    address = models.CharField(
        max_length=300,
        unique=True,
        help_text="Base address, without a slash at its end.",
    )
    secret = models.BinaryField(null=True, help_text="Bearer token, sealed.")
    types = ArrayField(models.CharField(max_length=30), help_text="What is copied.")
    page_size = models.PositiveSmallIntegerField(
        default=500, help_text="Resources asked for at a time."
    )
    overlap_s = models.PositiveIntegerField(
        default=60, help_text="Seconds asked for again, for servers without a horizon."
    )
    is_active = models.BooleanField(default=True)
    tried_at = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(
        null=True, help_text="When all types were last complete."
    )
    next_at = models.DateTimeField(null=True, help_text="Empty: at once.")
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    error = models.TextField(blank=True, help_text="Why the last time failed.")

    def __str__(self) -> str:
        return self.address


class FollowedType(models.Model):
    """How far the copy of one type is.

    ``stamp`` moves only when everything before it is stored. ``next_url`` and
    ``next_stamp`` are set between two pages: whoever comes next goes on there.
    """

    directory = models.ForeignKey(
        FollowedDirectory, on_delete=models.CASCADE, related_name="states"
    )
    type = models.CharField(max_length=30)
    stamp = models.CharField(
        max_length=40,
        blank=True,
        help_text="As the server wrote it; empty: none yet.",
    )
    next_stamp = models.CharField(max_length=40, blank=True)
    next_url = models.TextField(blank=True, help_text="Page to go on at.")
    load = models.PositiveIntegerField(
        default=1, help_text="Which first load this is; those before are left behind."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["directory", "type"], name="followed_type_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.directory_id} {self.type} {self.stamp}"


class ArrivedEntry(models.Model):
    """An entry of a history that is here, and not applied before all pages are.

    Servers give the newest first; they are applied the oldest first.
    """

    state = models.ForeignKey(
        FollowedType, on_delete=models.CASCADE, related_name="arrived"
    )
    type = models.CharField(max_length=30)
    remote_id = models.CharField(max_length=64)
    version = models.BigIntegerField(null=True, help_text="If it is a number.")
    version_id = models.CharField(max_length=64, blank=True)
    tick = models.BigIntegerField(help_text="lastUpdated, microseconds since 1970.")
    place = models.PositiveIntegerField(help_text="From oldest to newest in its page.")
    page = models.PositiveIntegerField(help_text="Number of its page.")
    content = models.JSONField(null=True, help_text="The resource; empty: removed.")

    class Meta:
        indexes = [models.Index(fields=["state", "tick"], name="arrived_order")]

    def __str__(self) -> str:
        return f"{self.type}/{self.remote_id}/_history/{self.version_id}"


class ReplicatedResource(models.Model):
    """What a resource of another directory is here, and its version there.

    ``is_linked``: it stands for one that is not of that directory (our own, or another
    directory's), which is left as it is.
    """

    directory = models.ForeignKey(
        FollowedDirectory, on_delete=models.CASCADE, related_name="resources"
    )
    type = models.CharField(max_length=30)
    remote_id = models.CharField(max_length=64)
    fhir_id = models.CharField(max_length=64, help_text="Its id here.")
    version_id = models.CharField(max_length=64, blank=True)
    tick = models.BigIntegerField(help_text="lastUpdated there, microseconds.")
    load = models.PositiveIntegerField(help_text="Last first load it was seen in.")
    is_linked = models.BooleanField(default=False)
    is_removed = models.BooleanField(default=False, help_text="Gone from the source.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["directory", "type", "remote_id"], name="replicated_key"
            )
        ]
        indexes = [models.Index(fields=["type", "fhir_id"], name="replicated_here")]

    def __str__(self) -> str:
        return f"{self.directory_id} {self.type}/{self.remote_id}"


class ReplicaConflict(models.Model):
    """What another directory says and we did not follow, with the reason."""

    directory = models.ForeignKey(
        FollowedDirectory, on_delete=models.CASCADE, related_name="conflicts"
    )
    type = models.CharField(max_length=30)
    remote_id = models.CharField(max_length=64)
    fhir_id = models.CharField(max_length=64, blank=True)
    reason = models.CharField(max_length=30)
    detail = models.TextField(blank=True)
    at = models.DateTimeField(help_text="Last time.")
    times = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["directory", "type", "remote_id", "reason"],
                name="replica_conflict_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.type}/{self.remote_id}: {self.reason}"


class UpstreamDirectory(models.Model):
    """A directory that is told of our own resources (ITI-130), as a data source.

    What waits to be sent is derived from the versions: resources of a later tick than
    ``pushed_tick`` that ``PushedResource`` does not have in that version.
    """

    address = models.CharField(
        max_length=300,
        unique=True,
        help_text="Base address, without a slash at its end.",
    )
    secret = models.BinaryField(null=True, help_text="Bearer token, sealed.")
    types = ArrayField(models.CharField(max_length=30), help_text="What is sent.")
    is_active = models.BooleanField(default=True)
    pushed_tick = models.BigIntegerField(
        default=0, help_text="All versions up to here were sent or refused."
    )
    tried_at = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True, help_text="Empty: at once.")
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    error = models.TextField(blank=True, help_text="Why the last time failed.")

    def __str__(self) -> str:
        return self.address


class PushedResource(models.Model):
    """The newest version of an own resource that a directory was sent."""

    directory = models.ForeignKey(
        UpstreamDirectory, on_delete=models.CASCADE, related_name="resources"
    )
    type = models.CharField(max_length=30)
    fhir_id = models.CharField(max_length=64)
    tick = models.BigIntegerField(help_text="Of the version that was sent.")
    digest = models.CharField(max_length=64, help_text="SHA-256 of what was sent.")
    etag = models.CharField(max_length=80, blank=True, help_text="Its version there.")
    status = models.PositiveSmallIntegerField(help_text="HTTP status of the answer.")
    outcome = models.JSONField(null=True, help_text="Why it was refused.")
    conflicts = models.PositiveIntegerField(
        default=0, help_text="Times somebody else had changed it there."
    )
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["directory", "type", "fhir_id"], name="pushed_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.type}/{self.fhir_id}: {self.status}"


class Subscription(models.Model):
    """A system that wants to be told of changes (FHIR Subscription).

    The versions are the queue: it was told of all up to ``cursor_tick``.
    """

    fhir_id = models.CharField(max_length=64, unique=True)
    organization = models.ForeignKey(
        "directory.Organization", on_delete=models.CASCADE, related_name="+"
    )
    owner_label = models.CharField(max_length=200, help_text="The system that asked.")
    status = models.CharField(
        max_length=10, help_text="requested, active, error or off."
    )
    reason = models.CharField(max_length=200, blank=True)
    topic = models.CharField(
        max_length=200, blank=True, help_text="Empty: the form of R4 without topics."
    )
    criteria = models.TextField()
    narrowing = ArrayField(models.TextField(), default=list, blank=True)
    content = models.CharField(max_length=20, default="id-only")
    payload = models.CharField(max_length=40, blank=True)
    url = models.CharField(max_length=500)
    headers = models.BinaryField(null=True, help_text="Sealed; sent along each time.")
    secret = models.BinaryField(help_text="Sealed; signs what is sent.")
    heartbeat_s = models.PositiveIntegerField(default=0)
    ends_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField()
    cursor_tick = models.BigIntegerField(help_text="Told of all up to here.")
    cursor_id = models.BigIntegerField(default=0)
    events = models.BigIntegerField(default=0, help_text="Told since the start.")
    attempts = models.PositiveSmallIntegerField(default=0, help_text="In a row.")
    next_try_at = models.DateTimeField()
    looked_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=60, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["next_try_at"],
                condition=models.Q(status__in=("requested", "active")),
                name="subscription_due",
            )
        ]

    def __str__(self) -> str:
        return f"Subscription/{self.fhir_id}"


# --- the exchange of requests


class StagedPatient(models.Model):
    """A Patient that another system sent ahead of its request; gone within a day.

    Only the system that sent it knows of it. ``versions`` are sealed
    (``core.sealing``): a JSON list of resources, oldest first. Once a request uses it
    they are removed, and ``number`` says which request it is the client of.
    """

    fhir_id = models.CharField(max_length=64, unique=True)
    client = models.CharField(max_length=200, help_text="System that sent it.")
    organization = models.ForeignKey(
        "directory.Organization", on_delete=models.CASCADE, related_name="+"
    )
    version = models.PositiveIntegerField(default=1)
    versions = models.BinaryField(null=True, help_text="Sealed; empty once it is used.")
    keys = ArrayField(
        models.CharField(max_length=64),
        default=list,
        help_text="Digests of its identifiers, to find it by.",
    )
    number = models.CharField(
        max_length=12, blank=True, help_text="Request that uses it."
    )
    purpose = models.CharField(max_length=40, help_text="Why it is kept.")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="Removed from then on, unless used.")

    class Meta:
        indexes = [
            models.Index(fields=["client", "changed_at"], name="staged_of_client"),
            models.Index(fields=["number"], name="staged_of_request"),
            models.Index(fields=["expires_at"], name="staged_until"),
        ]

    def __str__(self) -> str:
        return self.fhir_id


class PlacedIdentifier(models.Model):
    """A number by which the organization that asked knows a request."""

    organization = models.ForeignKey(
        "directory.Organization", on_delete=models.CASCADE, related_name="+"
    )
    system = models.CharField(max_length=200, blank=True)
    value = models.CharField(max_length=100)
    number = models.CharField(max_length=12, help_text="The request.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "system", "value"],
                name="placed_identifier_once",
            )
        ]
        indexes = [models.Index(fields=["number"], name="placed_identifier_of")]

    def __str__(self) -> str:
        return f"{self.number}: {self.system}"
