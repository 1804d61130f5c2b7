"""The versions of a region's agreements: what changed, who said what, and why.

A version is compared with what was approved before it. Signals show without who filed
them; that is for who filed it and for the coordinators (``list_signals``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from wijkspil.referrals.models import PolicyApproval, PolicyVersion, Signal
from wijkspil.referrals.selectors.policy import Agreed, as_agreed
from wijkspil.referrals.types import Party, PolicyStatus, SignalStatus


@dataclass(frozen=True)
class Said:
    """What a party said to a version."""

    party: str
    agrees: bool
    remark: str
    by: str
    at: datetime


@dataclass(frozen=True)
class SignalRow:
    """A signal with its answer; ``about`` and ``led_to`` are numbers of versions."""

    id: int
    region_id: int
    topic: str
    text: str
    filed_by_id: int | None
    filed_by_name: str
    filed_as: str
    filed_at: datetime
    owner_id: int | None
    owner_name: str
    due_on: date
    status: str
    answer: str
    answered_by_name: str
    answered_at: datetime | None
    about: int | None
    led_to: int | None
    led_to_id: int | None

    @property
    def is_open(self) -> bool:
        """Whether it waits for an answer."""
        return self.status == SignalStatus.OPEN

    def is_late(self, on: date) -> bool:
        """Whether it should have had its answer."""
        return self.is_open and self.due_on < on


@dataclass(frozen=True)
class Version:
    """A version of the agreements, beside what was approved before it.

    ``effective_until`` is the start of the next approved version; ``prompted_by`` are
    the signals that led to it. ``preview`` holds a run in progress as long as
    ``previewed_at`` is empty (``services.preview``).
    """

    id: int
    region_id: int
    number: int
    status: str
    why: str
    made_by_id: int | None
    made_by_name: str
    made_at: datetime
    proposed_at: datetime | None
    effective_from: datetime | None
    effective_until: datetime | None
    agreed: Agreed
    base: Agreed
    said: Sequence[Said]
    prompted_by: Sequence[SignalRow]
    preview: Mapping[str, Any] | None
    previewed_at: datetime | None

    @property
    def is_draft(self) -> bool:
        """Whether it can still be changed without taking a proposal back."""
        return self.status == PolicyStatus.DRAFT

    @property
    def is_proposed(self) -> bool:
        """Whether it waits for what the parties say."""
        return self.status == PolicyStatus.PROPOSED

    @property
    def is_approved(self) -> bool:
        """Whether both parties agreed."""
        return self.status == PolicyStatus.APPROVED

    @property
    def is_refused(self) -> bool:
        """Whether a party said no."""
        return self.status == PolicyStatus.REFUSED

    @property
    def is_in_the_making(self) -> bool:
        """Whether nothing was decided yet."""
        return self.is_draft or self.is_proposed

    @property
    def refusal(self) -> Said | None:
        """The no that ended it."""
        return next((said for said in self.said if not said.agrees), None)

    @property
    def waits_for(self) -> list[Party]:
        """Which parties have not spoken."""
        spoken = {said.party for said in self.said}
        return [party for party in Party if party not in spoken]

    def holds_at(self, moment: datetime) -> bool:
        """Whether it is in force at a moment."""
        return (
            self.is_approved
            and self.effective_from is not None
            and self.effective_from <= moment
            and (self.effective_until is None or moment < self.effective_until)
        )

    def starts_after(self, moment: datetime) -> bool:
        """Whether it is approved and has not started at a moment."""
        return (
            self.is_approved
            and self.effective_from is not None
            and self.effective_from > moment
        )


def list_versions(region_id: int) -> list[Version]:
    """Return every version of a region's agreements, newest first (three queries)."""
    rows = list(
        PolicyVersion.objects.filter(region_id=region_id).order_by("-number", "-pk")
    )
    said: dict[int, list[Said]] = {}
    for one in PolicyApproval.objects.filter(policy__region_id=region_id).order_by(
        "given_at", "pk"
    ):
        said.setdefault(one.policy_id, []).append(
            Said(one.party, one.agrees, one.remark, one.given_by_name, one.given_at)
        )
    prompted: dict[int, list[SignalRow]] = {}
    for signal in _signals(region_id=region_id, led_to__isnull=False):
        prompted.setdefault(signal.led_to_id or 0, []).append(signal)
    return _beside_each_other(region_id, rows, said, prompted)


def find_version(policy_id: int) -> Version | None:
    """Return one version, or None (four queries)."""
    region_id = (
        PolicyVersion.objects.filter(pk=policy_id)
        .values_list("region_id", flat=True)
        .first()
    )
    if region_id is None:
        return None
    return next((v for v in list_versions(region_id) if v.id == policy_id), None)


def list_signals(
    *,
    region_ids: Iterable[int] = (),
    filed_by_id: int | None = None,
    is_open: bool | None = None,
) -> list[SignalRow]:
    """Return signals of regions, or of who filed them, what waits first (one query).

    What waits comes by its day; what was answered by when, the newest first.
    """
    which: dict[str, Any] = (
        {"region_id__in": list(region_ids)}
        if filed_by_id is None
        else {"filed_by_id": filed_by_id}
    )
    if is_open is not None:
        which["status__in"] = [
            status
            for status in SignalStatus.values
            if (status == SignalStatus.OPEN) is is_open
        ]
    rows = _signals(**which)
    waiting = sorted((s for s in rows if s.is_open), key=lambda s: (s.due_on, s.id))
    done = [s for s in rows if not s.is_open]
    return waiting + sorted(
        done, key=lambda s: (s.answered_at or s.filed_at, s.id), reverse=True
    )


def find_signal(signal_id: int) -> SignalRow | None:
    """Return one signal, or None (one query)."""
    return next(iter(_signals(pk=signal_id)), None)


def list_can_prompt(region_id: int, *, policy_id: int | None) -> list[SignalRow]:
    """Return the signals that a version can be the answer to, oldest first (one query).

    What waits, what was answered with other agreements to come, and what was linked to
    this version before.
    """
    return [
        signal
        for signal in _signals(
            region_id=region_id,
            status__in=[SignalStatus.OPEN, SignalStatus.CHANGED],
        )
        if signal.led_to_id in (None, policy_id) or signal.is_open
    ]


def _signals(**which: Any) -> list[SignalRow]:
    rows = (
        Signal.objects.filter(**which)
        .select_related("about", "led_to")
        .order_by("filed_at", "pk")
    )
    return [
        SignalRow(
            id=row.pk,
            region_id=row.region_id,
            topic=row.topic,
            text=row.text,
            filed_by_id=row.filed_by_id,
            filed_by_name=row.filed_by_name,
            filed_as=row.filed_as,
            filed_at=row.filed_at,
            owner_id=row.owner_id,
            owner_name=row.owner_name,
            due_on=row.due_on,
            status=row.status,
            answer=row.answer,
            answered_by_name=row.answered_by_name,
            answered_at=row.answered_at,
            about=row.about.number if row.about is not None else None,
            led_to=row.led_to.number if row.led_to is not None else None,
            led_to_id=row.led_to_id,
        )
        for row in rows
    ]


def _beside_each_other(
    region_id: int,
    rows: Sequence[PolicyVersion],
    said: Mapping[int, Sequence[Said]],
    prompted: Mapping[int, Sequence[SignalRow]],
) -> list[Version]:
    ends = _ends(rows)
    found = []
    base = Agreed(region_id=region_id)
    for row in reversed(rows):
        agreed = as_agreed(row)
        found.append(
            Version(
                id=row.pk,
                region_id=region_id,
                number=row.number,
                status=row.status,
                why=row.why,
                made_by_id=row.made_by_id,
                made_by_name=row.made_by_name,
                made_at=row.made_at,
                proposed_at=row.proposed_at,
                effective_from=row.effective_from,
                effective_until=ends.get(row.pk),
                agreed=agreed,
                base=base,
                said=said.get(row.pk, ()),
                prompted_by=prompted.get(row.pk, ()),
                preview=row.preview,
                previewed_at=row.previewed_at,
            )
        )
        if row.status == PolicyStatus.APPROVED:
            base = agreed
    return found[::-1]


def _ends(rows: Sequence[PolicyVersion]) -> dict[int, datetime]:
    """Return id -> the start of the approved version that comes after it."""
    starts = sorted(
        (row.effective_from, row.number, row.pk)
        for row in rows
        if row.status == PolicyStatus.APPROVED and row.effective_from is not None
    )
    return {
        pk: starts[place + 1][0]
        for place, (_start, _number, pk) in enumerate(starts[:-1])
    }
