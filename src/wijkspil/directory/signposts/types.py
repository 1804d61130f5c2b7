"""What a signpost is: an everyday question and who can play a part in the answer.

A signpost points the way. It gives no medical advice and does not triage: the
sentences in ``urgent_first`` are fixed texts that stand above the rest, they are
not chosen from what somebody typed.

System 7 of the mission (overview of professions, tasks and responsibilities; who
may lead), after the letter on strengthening primary care of 2024.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Literal

from wijkspil.core.errors import InvalidValue

THUISARTS_URL = "https://www.thuisarts.nl"
"""The only address used: pages below it move, so readers get words to search for."""

KINDS_OF_CARE = frozenset(
    {
        "district-nursing",
        "gp-care",
        "pharmacy",
        "social-support",
        "paramedical-care",
        "hospital-transfer",
        "gp-out-of-hours",
        "temporary-stay",
    }
)
"""Slugs of the kinds of care that the directory can find near an address."""


@dataclass(frozen=True, slots=True)
class LocalizedText:
    """One text in Dutch (B1) and English."""

    nl: str
    en: str

    def in_language(self, language: Literal["nl", "en"]) -> str:
        return self.en if language == "en" else self.nl


@dataclass(frozen=True, slots=True)
class Profession:
    """A kind of professional or service; ``code`` is what the API gives."""

    code: str
    name: LocalizedText
    task: LocalizedText
    may_lead: bool
    kind_of_care: str | None


@dataclass(frozen=True, slots=True)
class UrgentContact:
    """A number named before anything else; ``phone`` is None where it is regional."""

    kind: str
    name: LocalizedText
    phone: str | None
    rank: int


@dataclass(frozen=True, slots=True)
class UrgentFirst:
    """When to use which urgent contact, in one fixed sentence."""

    contact: UrgentContact
    when: LocalizedText


@dataclass(frozen=True, slots=True)
class Thuisarts:
    """Whether Thuisarts.nl answers this, and the words to search for there."""

    answers: bool
    topics: tuple[str, ...]

    @property
    def url(self) -> str | None:
        return THUISARTS_URL if self.answers else None


@dataclass(frozen=True, slots=True)
class Signpost:
    """An everyday question, who can play a part, and who leads by default.

    ``professions`` is ordered: the first is the first to call, except that
    ``leads`` is named separately. ``phrases`` and ``keywords`` serve the search
    only and are not shown, save the one phrase that explains a hit.
    """

    id: str
    question: LocalizedText
    what_to_know: LocalizedText
    professions: tuple[Profession, ...]
    leads: Profession
    services: tuple[str, ...]
    urgent_first: tuple[UrgentFirst, ...]
    thuisarts: Thuisarts
    phrases: tuple[str, ...]
    keywords: tuple[str, ...]
    clinical_owner: str
    review_date: date
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Language:
    """What the search knows of words: which say nothing, which mean the same.

    ``empty_words`` carry no meaning for the search; ``synonyms`` are groups of
    which any word stands for all others.
    """

    empty_words: frozenset[str]
    synonyms: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class SignpostCatalog:
    """Everything the data files hold, checked."""

    signposts: tuple[Signpost, ...]
    professions: Mapping[str, Profession]
    urgent_contacts: Mapping[str, UrgentContact]
    language: Language


@dataclass(frozen=True, slots=True)
class SignpostHit:
    """One answer of the search.

    ``score`` lies in 0..1 and orders the hits of one query; it is no probability.
    ``matched_phrase`` is the phrase that came closest, to explain the hit.
    """

    signpost: Signpost
    score: float
    matched_phrase: str


class ProblemKind(StrEnum):
    """What is wrong with a field of a data file."""

    UNREADABLE_FILE = "unreadable-file"
    MISSING_FIELD = "missing-field"
    UNKNOWN_FIELD = "unknown-field"
    WRONG_TYPE = "wrong-type"
    EMPTY_VALUE = "empty-value"
    INVALID_VALUE = "invalid-value"
    DUPLICATE = "duplicate"
    UNKNOWN_PROFESSION = "unknown-profession"
    LEAD_NOT_LISTED = "lead-not-listed"
    LEAD_MAY_NOT_LEAD = "lead-may-not-lead"
    UNKNOWN_KIND_OF_CARE = "unknown-kind-of-care"
    UNKNOWN_URGENT_CONTACT = "unknown-urgent-contact"
    WRONG_ORDER = "wrong-order"


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in a data file: where it is, what it is and what to do."""

    kind: ProblemKind
    file: Path
    entry: str
    field: str
    message: str

    def __str__(self) -> str:
        return f"{self.file.name}: {self.entry}: {self.field}: {self.message}"


class InvalidSignpostData(InvalidValue):
    """A data file of the signposts breaks a rule; holds every problem found."""

    code = "invalid-signpost-data"

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
