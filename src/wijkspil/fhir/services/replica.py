"""Copy another directory, and keep the copy up to date (IHE mCSD, ITI-90 and ITI-91).

First everything is loaded page by page; then, again and again, the history since. A
stamp moves only when all before it is stored; between two pages stands where to go on.
So whoever is killed halfway is followed by who goes on, and doing something twice
changes nothing: a version that is here already is passed over.

Versions are applied from old to new, each in a transaction in which its resource did
not change yet, so that our own history has each of them. What is added here (room,
coverage, responsibility, contacts) is no part of a copied resource and stays as it is.
What is our own is never overwritten: ``services.linking`` decides what a resource of
another directory is here.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from urllib.parse import urlencode

from django.db import connection, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from wijkspil.core.progress import Progress, Silent
from wijkspil.core.sealing import unseal
from wijkspil.fhir.models import ArrivedEntry, FollowedDirectory, FollowedType
from wijkspil.fhir.selectors.replicas import fetch_arrived
from wijkspil.fhir.services.linking import Copier
from wijkspil.fhir.services.remote import (
    Busy,
    NoAnswer,
    Refused,
    RemoteFault,
    RemoteServer,
)
from wijkspil.fhir.services.remote_pages import (
    Entry,
    Page,
    oldest_first,
    read_instant,
    read_page,
)
from wijkspil.fhir.types import instant_of

#: How often a directory is asked for changes, as the Dutch guide advises.
INTERVAL = timedelta(minutes=15)
#: Share of the interval by which each next time is moved, so that not all ask at once.
SPREAD = 0.2
#: After a failure: doubled each time, never longer than the interval.
FIRST_PAUSE = timedelta(seconds=30)
#: Versions applied between two looks at what arrived.
BATCH = 500
#: A first load or update of one type that takes more pages goes round in circles.
MOST_PAGES = 100_000

#: First number of the advisory locks (two numbers): one run per directory.
_LOCK = 0x57504631
#: Answers to a link that no longer holds, or a moment too long ago.
_EXPIRED = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


class PagesGoRound(RemoteFault):
    """The server links to a page that was read already."""

    code = "remote-pages-go-round"


@dataclass
class Copied:
    """What one run did. ``error`` is empty if all types are complete."""

    address: str
    is_busy: bool = False
    pages: int = 0
    stored: int = 0
    repeated: int = 0
    linked: int = 0
    removed: int = 0
    unread: int = 0
    error: str = ""


def list_due(*, at: datetime) -> list[int]:
    """Return the directories that are to be asked now, the longest waiting first."""
    due = FollowedDirectory.objects.filter(is_active=True).exclude(next_at__gt=at)
    return list(due.order_by("next_at", "pk").values_list("pk", flat=True))


def copy_directory(
    *,
    directory_id: int,
    clock: Callable[[], datetime],
    draw: Callable[[], float],
    progress: Progress | None = None,
) -> Copied:
    """Load or update the copy of a directory; return what was done.

    ``draw`` gives a number from 0 to 1, to spread moments. Never runs twice at a time
    for one directory (``is_busy``). A fault of the other side is written down, with
    when to try again; what was stored stays.

    Raises
    ------
    django.db.Error
        If our own database fails: the next run goes on where this one was.
    """
    directory = FollowedDirectory.objects.get(pk=directory_id)
    done = Copied(directory.address)
    with only_one(_LOCK, directory_id) as is_ours:
        if not is_ours:
            done.is_busy = True
            return done
        directory.tried_at = clock()
        directory.save(update_fields=["tried_at"])
        secret = unseal(directory.secret) if directory.secret is not None else ""
        faults: list[str] = []
        refused: set[str] = set()
        wait_s: float | None = None
        with RemoteServer(directory.address, secret=secret) as server:
            run = _Run(directory, server, done, clock, progress or Silent())
            # What refers is read before what it refers to, and applied after that.
            steps = [(run.collect, type_) for type_ in reversed(directory.types)]
            steps += [(run.apply, type_) for type_ in directory.types]
            for act, type_ in steps:
                if type_ in refused:
                    continue
                try:
                    act(type_)
                except (NoAnswer, Busy, PagesGoRound) as fault:
                    wait_s = getattr(fault, "wait_s", None)
                    faults.append(f"{type_}: {fault}")
                    break
                except Refused as fault:
                    refused.add(type_)
                    faults.append(f"{type_}: {fault}")
            run.finish()
        done.error = "\n".join(faults)
        _write_down(directory, done, wait_s, at=clock(), draw=draw)
    return done


@contextmanager
def only_one(first: int, second: int) -> Iterator[bool]:
    """Hold a lock of the database's session; yields whether nobody else has it.

    Who is killed, or whose connection is, holds it no longer.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [first, second])
        (is_ours,) = cursor.fetchone()
    try:
        yield is_ours
    finally:
        if is_ours and connection.connection is not None and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [first, second])


def _write_down(
    directory: FollowedDirectory,
    done: Copied,
    wait_s: float | None,
    *,
    at: datetime,
    draw: Callable[[], float],
) -> None:
    directory.error = done.error
    if done.error:
        directory.failures += 1
        directory.next_at = at + pause_after(directory.failures, wait_s, draw)
    else:
        directory.failures = 0
        directory.succeeded_at = at
        directory.next_at = at + INTERVAL * (1 + SPREAD * (draw() - 0.5))
    directory.save(update_fields=["error", "failures", "succeeded_at", "next_at"])


def pause_after(
    failures: int, wait_s: float | None, draw: Callable[[], float]
) -> timedelta:
    """Return how long to wait after a failure: as asked, or longer each time."""
    if wait_s is not None:
        return timedelta(seconds=wait_s * (1 + SPREAD * draw()))
    longest = min(INTERVAL, FIRST_PAUSE * 2.0 ** min(failures - 1, 20))
    return longest * (0.5 + 0.5 * draw())


class _Run:
    """One run over one directory."""

    def __init__(
        self,
        directory: FollowedDirectory,
        server: RemoteServer,
        done: Copied,
        clock: Callable[[], datetime],
        progress: Progress,
    ) -> None:
        self.directory = directory
        self.server = server
        self.done = done
        self.progress = progress
        self.copier = Copier(directory, clock=clock)

    def collect(self, type_: str) -> None:
        """Bring in the history of a type since its stamp, if it has one."""
        state = self._state(type_)
        if state.stamp and (not state.next_stamp or state.next_url):
            self._collect(state)

    def apply(self, type_: str) -> None:
        """Apply what came in; load a type that never was, or must be again."""
        state = self._state(type_)
        self.progress.start(type_, state.arrived.count())
        if state.stamp:
            self._apply(state)
        else:
            self._load(state)

    def finish(self) -> None:
        """Do what takes all types, and tell what was done."""
        self.copier.promote()
        for name in ("stored", "repeated", "linked", "removed"):
            setattr(self.done, name, getattr(self.copier, name))

    def _state(self, type_: str) -> FollowedType:
        return FollowedType.objects.get_or_create(directory=self.directory, type=type_)[
            0
        ]

    # --- the first load

    def _load(self, state: FollowedType) -> None:
        query = self._count()
        first = state.type + (f"?{urlencode(query)}" if query else "")
        seen: set[str] = set()
        while not state.stamp:
            page = self._read(state, state.next_url or first, seen)
            if page is None:  # the link no longer holds: from the beginning
                state.load += 1
                state.next_url = state.next_stamp = ""
                state.save()
                seen.clear()
                continue
            with transaction.atomic():
                if not state.next_url:
                    state.next_stamp = page.stamp
                self.copier.store(_last_of_each(page.entries), load=state.load)
                state.next_url = page.next_url
                if not page.next_url:
                    state.stamp = state.next_stamp or instant_of(0)
                    state.next_stamp = ""
                    self.copier.remove_left_behind(state.type, load=state.load)
                state.save()
            self.progress.advance(len(page.entries))

    # --- the history since

    def _collect(self, state: FollowedType) -> None:
        """Bring all pages of the history in; they come newest first."""
        since = self._since(state.stamp)
        seen: set[str] = set()
        number = state.arrived.aggregate(last=Max("page"))["last"] or 0
        while True:
            page = self._read(
                state, state.next_url or self._history(state, since), seen
            )
            if page is None:
                was_first = not state.next_url
                self._forget(state)
                seen.clear()
                if was_first:  # it no longer knows what happened since
                    state.stamp = ""
                    state.load += 1
                    state.save()
                    return
                continue
            behind = self._lags(page, since)
            if not state.next_url and behind is not None:
                # Its clock went back: what it wrote since has an earlier moment.
                since = behind
                continue
            number += 1
            with transaction.atomic():
                if not state.next_url:
                    state.next_stamp = page.stamp or state.stamp
                self._keep_arrived(state, page, number)
                state.next_url = page.next_url
                state.save()
            if not page.next_url:
                return

    def _apply(self, state: FollowedType) -> None:
        while arrived := fetch_arrived(state.pk, limit=BATCH):
            for wave in _waves([(pk, Entry(*entry)) for pk, *entry in arrived]):
                with transaction.atomic():
                    self.copier.store([entry for _pk, entry in wave], load=state.load)
                    ArrivedEntry.objects.filter(pk__in=[pk for pk, _ in wave]).delete()
                self.progress.advance(len(wave))
        state.stamp, state.next_stamp = state.next_stamp or state.stamp, ""
        state.save()

    def _forget(self, state: FollowedType) -> None:
        with transaction.atomic():
            state.arrived.all().delete()
            state.next_url = state.next_stamp = ""
            state.save()

    def _keep_arrived(self, state: FollowedType, page: Page, number: int) -> None:
        ArrivedEntry.objects.bulk_create(
            ArrivedEntry(
                state=state,
                type=entry.type,
                remote_id=entry.remote_id,
                version=entry.version,
                version_id=entry.version_id,
                tick=entry.tick,
                place=place,
                page=number,
                content=entry.content,
            )
            for place, entry in enumerate(oldest_first(page.entries))
            if self._is_wanted(entry)
        )

    # --- asking

    def _read(self, state: FollowedType, url: str, seen: set[str]) -> Page | None:
        """Return a page; None if a link, or the moment asked from, no longer holds."""
        if url in seen or len(seen) > MOST_PAGES:
            raise PagesGoRound(_("The server links to the same page again."))
        seen.add(url)
        try:
            page = read_page(self.server.get(url))
        except Refused as fault:
            is_later = bool(state.next_url)
            is_history = bool(state.stamp)
            if fault.status in _EXPIRED and (
                is_later or (is_history and fault.status == HTTPStatus.GONE)
            ):
                return None
            raise
        self.done.pages += 1
        self.done.unread += page.unread
        return page

    def _history(self, state: FollowedType, since: str) -> str:
        query = {"_since": since} | self._count()
        return f"{state.type}/_history?{urlencode(query)}"

    def _count(self) -> dict[str, str]:
        size = self.directory.page_size
        return {"_count": str(size)} if size else {}

    def _since(self, stamp: str) -> str:
        """Return from when to ask: somewhat earlier than the stamp says."""
        tick = read_instant(stamp)
        if tick is None or not self.directory.overlap_s:
            return stamp
        return instant_of(max(0, tick - self.directory.overlap_s * 1_000_000))

    def _lags(self, page: Page, since: str) -> str | None:
        """Return from when to ask instead if the server is now before ``since``."""
        said, asked = read_instant(page.stamp), read_instant(since)
        if said is None or asked is None or said >= asked:
            return None
        return self._since(page.stamp) if self.directory.overlap_s else page.stamp

    def _is_wanted(self, entry: Entry) -> bool:
        return entry.type in self.directory.types


def _last_of_each(entries: Sequence[Entry]) -> list[Entry]:
    """Return each resource once: a page of a search may repeat what moved."""
    found = {(entry.type, entry.remote_id): entry for entry in oldest_first(entries)}
    return list(found.values())


def _waves(
    arrived: Sequence[tuple[int, Entry]],
) -> Iterator[list[tuple[int, Entry]]]:
    """Cut versions, in order, where a resource comes for the second time."""
    wave: list[tuple[int, Entry]] = []
    keys: set[tuple[str, str]] = set()
    for pk, entry in arrived:
        key = (entry.type, entry.remote_id)
        if key in keys:
            yield wave
            wave, keys = [], set()
        wave.append((pk, entry))
        keys.add(key)
    if wave:
        yield wave


def lag_of(
    succeeded_at: datetime | None, stamps: Sequence[str], *, at: datetime
) -> timedelta | None:
    """Return how far behind a copy may be at most, or None before its first load."""
    ticks = [tick for stamp in stamps if (tick := read_instant(stamp)) is not None]
    if succeeded_at is None or not ticks or len(ticks) < len(stamps):
        return None
    oldest = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=min(ticks))
    return at - min(oldest, succeeded_at)
