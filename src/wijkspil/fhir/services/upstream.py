"""Tell another directory of our own resources (IHE mCSD, ITI-130): the data source.

There is no separate outbox that could be lost: what waits is derived from the versions,
up to the horizon, and from what ``PushedResource`` says that directory has. A resource
is sent with its own id by PUT, so sending it again does no harm; ``If-Match`` says
which version of theirs we replace. Somebody else's change there is seen (412), noted
and replaced: of our own resources we are the source.

What was added here for this site only (room, coverage, audiences of contacts: our own
extensions) is not sent, and neither is what was copied from another directory.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.db.models import F

from wijkspil.core.progress import Progress, Silent
from wijkspil.core.sealing import unseal
from wijkspil.fhir.mapping.codes import OWN
from wijkspil.fhir.models import PushedResource, UpstreamDirectory
from wijkspil.fhir.selectors.own import (
    Waiting,
    count_waiting,
    get_remote_ids,
    list_waiting,
)
from wijkspil.fhir.services.linking import point_to
from wijkspil.fhir.services.remote import (
    Busy,
    NoAnswer,
    Refused,
    RemoteServer,
    Reply,
    refused,
)
from wijkspil.fhir.services.rendering import catch_up
from wijkspil.fhir.services.replica import only_one, pause_after
from wijkspil.fhir.types import Resource, etag_of

#: Resources read at a time.
BATCH = 200
#: Times we send on top of another's change, in one run.
MOST_TRIES = 4
#: First number of the advisory locks (two numbers): one run per directory.
_LOCK = 0x57504632

_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_DONE = frozenset({HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT})


@dataclass
class Pushed:
    """What one run did. ``error`` is empty if everything was sent or refused."""

    address: str
    is_busy: bool = False
    sent: int = 0
    unchanged: int = 0
    refused: int = 0
    conflicts: int = 0
    error: str = ""


def list_due_upstream(*, at: datetime) -> list[int]:
    """Return the directories that are to be told now, the longest waiting first."""
    due = UpstreamDirectory.objects.filter(is_active=True).exclude(next_at__gt=at)
    return list(due.order_by("next_at", "pk").values_list("pk", flat=True))


def push_directory(
    *,
    directory_id: int,
    clock: Callable[[], datetime],
    draw: Callable[[], float],
    progress: Progress | None = None,
) -> Pushed:
    """Send what waits to a directory; return what was done.

    Never runs twice at a time for one directory. What it refuses is kept with the
    reason, and sent again when it changed here; other faults are tried again later.

    Raises
    ------
    django.db.Error
        If our own database fails: the next run goes on where this one was.
    """
    directory = UpstreamDirectory.objects.get(pk=directory_id)
    done = Pushed(directory.address)
    with only_one(_LOCK, directory_id) as is_ours:
        if not is_ours:
            done.is_busy = True
            return done
        directory.tried_at = clock()
        secret = unseal(directory.secret) if directory.secret is not None else ""
        wait_s: float | None = None
        with RemoteServer(directory.address, secret=secret) as server:
            try:
                _Run(directory, server, done, clock, progress or Silent()).push_all()
            except (NoAnswer, Busy, Refused) as fault:
                wait_s = getattr(fault, "wait_s", None)
                done.error = str(fault)
        directory.error = done.error
        if done.error:
            directory.failures += 1
            directory.next_at = clock() + pause_after(directory.failures, wait_s, draw)
        else:
            directory.failures = 0
            directory.succeeded_at = clock()
            directory.next_at = None
        directory.save()
    return done


def send_refused_again(*, directory_id: int) -> int:
    """Let the next run send what a directory refused; return how many."""
    return PushedResource.objects.filter(
        directory_id=directory_id, status__gte=HTTPStatus.BAD_REQUEST
    ).update(tick=0, digest="")


class _Run:
    """One run for one directory."""

    def __init__(
        self,
        directory: UpstreamDirectory,
        server: RemoteServer,
        done: Pushed,
        clock: Callable[[], datetime],
        progress: Progress,
    ) -> None:
        self.directory = directory
        self.server = server
        self.done = done
        self.clock = clock
        self.progress = progress
        self.remote_ids = get_remote_ids(directory.address)
        self.left_over = False

    def push_all(self) -> None:
        """Send all versions up to the horizon."""
        horizon = catch_up()
        self.progress.start(
            self.directory.address,
            count_waiting(
                directory_id=self.directory.pk,
                types=self.directory.types,
                pushed=self.directory.pushed_tick,
            ),
        )
        refused_now: list[Waiting] = []
        tried: set[tuple[str, str, int]] = set()
        while waiting := self._next(horizon, tried):
            for one in waiting:
                tried.add((one.type, one.fhir_id, one.tick))
                if not self._push(one):
                    refused_now.append(one)
                self.progress.advance()
        # They may refer to what was sent after them.
        if self.done.sent:
            for one in refused_now:
                self.done.refused -= 1
                self._push(one)
        if not self.left_over:
            self.directory.pushed_tick = horizon

    def _next(
        self, horizon: int, tried: set[tuple[str, str, int]]
    ) -> Sequence[Waiting]:
        found = list_waiting(
            directory_id=self.directory.pk,
            types=self.directory.types,
            pushed=self.directory.pushed_tick,
            horizon=horizon,
            limit=BATCH + len(tried) * self.left_over,
        )
        self.left_over = self.left_over or any(one.body is None for one in found)
        return [
            one
            for one in found
            if one.body is not None and (one.type, one.fhir_id, one.tick) not in tried
        ]

    def _push(self, one: Waiting) -> bool:
        """Send a resource; False if it was refused for what it is."""
        assert one.body is not None
        resource = to_sent(json.loads(one.body), self.remote_ids)
        digest = digest_of(resource)
        if one.digest == digest:
            self._keep(one, digest=digest, etag=one.etag, status=HTTPStatus.OK)
            self.done.unchanged += 1
            return True
        conflicts = 0
        etag, theirs = one.etag, None
        if not etag:
            etag, theirs = self._read(resource)
            conflicts += bool(etag) and not is_equal(theirs, resource)
        for _try in range(MOST_TRIES):
            if theirs is not None and is_equal(theirs, resource):
                break  # it came through the time before, or is theirs already
            reply = self._put(resource, etag)
            if reply.status in _DONE:
                etag = _etag_of(reply)
                self.done.sent += 1
                break
            if reply.status == HTTPStatus.PRECONDITION_FAILED:
                etag, theirs = self._read(resource)
                conflicts += not is_equal(theirs, resource)
                continue
            if reply.status == HTTPStatus.UNAUTHORIZED:
                raise refused(reply, self.directory.address)
            self._refuse(one, digest, reply)
            return False
        else:
            self.left_over = True
            return True
        self.done.conflicts += conflicts
        self._keep(
            one, digest=digest, etag=etag, status=HTTPStatus.OK, conflicts=conflicts
        )
        return True

    def _put(self, resource: Resource, etag: str) -> Reply:
        return self.server.send(
            "PUT",
            f"{resource['resourceType']}/{resource['id']}",
            body=resource,
            headers={"If-Match": etag} if etag else {},
        )

    def _read(self, resource: Resource) -> tuple[str, Resource | None]:
        """Return (ETag, resource) as it is there; empty if it is not."""
        reply = self.server.send("GET", f"{resource['resourceType']}/{resource['id']}")
        if reply.status in _GONE:
            return "", None
        if reply.status != HTTPStatus.OK:
            raise refused(reply, f"{resource['resourceType']}/{resource['id']}")
        return _etag_of(reply), reply.resource

    def _refuse(self, one: Waiting, digest: str, reply: Reply) -> None:
        self.done.refused += 1
        self._keep(
            one,
            digest=digest,
            etag=one.etag,
            status=reply.status,
            outcome=refused(reply, one.fhir_id).outcome,
        )

    def _keep(
        self,
        one: Waiting,
        *,
        digest: str,
        etag: str,
        status: int,
        outcome: Any = None,
        conflicts: int = 0,
    ) -> None:
        values = {
            "tick": one.tick,
            "digest": digest if status < HTTPStatus.BAD_REQUEST else "",
            "etag": etag,
            "status": status,
            "outcome": outcome,
            "at": self.clock(),
        }
        kept, is_new = PushedResource.objects.get_or_create(
            directory=self.directory,
            type=one.type,
            fhir_id=one.fhir_id,
            defaults=values | {"conflicts": conflicts},
        )
        if not is_new:
            PushedResource.objects.filter(pk=kept.pk).update(
                **values, conflicts=F("conflicts") + conflicts
            )


def to_sent(resource: Resource, remote_ids: Mapping[str, str]) -> Resource:
    """Return a resource as it is sent: without version and what is only ours (pure)."""
    sent: Resource = point_to(_without_own(resource), remote_ids)
    key = f"{sent['resourceType']}/{sent['id']}"
    sent["id"] = remote_ids.get(key, key).partition("/")[2]
    meta = {
        name: value
        for name, value in (sent.pop("meta", None) or {}).items()
        if name not in {"versionId", "lastUpdated"}
    }
    return sent | ({"meta": meta} if meta else {})


def _without_own(content: Any) -> Any:
    """Leave out our own extensions, and what is empty without them."""
    if isinstance(content, list):
        return [_without_own(one) for one in content]
    if not isinstance(content, dict):
        return content
    made = {}
    for name, value in content.items():
        if name in {"extension", "modifierExtension"} and isinstance(value, list):
            value = [
                one for one in value if not str(one.get("url", "")).startswith(OWN)
            ]
            if not value:
                continue
        cut = _without_own(value)
        if cut in ({}, []) and value not in ({}, []):
            continue
        made[name] = cut
    return made


def digest_of(resource: Resource) -> str:
    """Return a digest of what is sent."""
    return hashlib.sha256(json.dumps(resource, sort_keys=True).encode()).hexdigest()


def is_equal(theirs: Resource | None, ours: Resource) -> bool:
    """Whether what is there is what we send, apart from labels and narrative."""
    apart = {"meta", "text"}
    return theirs is not None and all(
        theirs.get(name) == ours.get(name)
        for name in {*theirs, *ours}
        if name not in apart
    )


def _etag_of(reply: Reply) -> str:
    if found := reply.headers.get("etag"):
        return found
    content = reply.content if isinstance(reply.content, dict) else {}
    version = (content.get("meta") or {}).get("versionId")
    return etag_of(version) if version else ""
