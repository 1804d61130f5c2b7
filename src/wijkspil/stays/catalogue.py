"""The questions and rules of ``suggestion.yaml``, read once and checked.

Data, not code: who changes a rule changes the file. Texts are Dutch and English; the
page's language decides. Nothing here decides anything: see ``policies.suggest``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml
from django.utils.translation import get_language

from wijkspil.stays.types import Advice, Decider, StayKind

SOURCE_STATUSES = ("law", "position", "guidance", "regional", "assumption")
OUTCOMES = (*StayKind.values, *Advice.values)


@dataclass(frozen=True)
class Text:
    """A text in both languages."""

    nl: str
    en: str

    def __str__(self) -> str:
        return self.nl if (get_language() or "nl").startswith("nl") else self.en


@dataclass(frozen=True)
class Source:
    """Where a rule comes from. ``status`` says whether it is law or less."""

    code: str
    title: str
    status: str
    retrieved_on: date
    url: str = ""
    published_on: date | None = None
    note: str = ""


@dataclass(frozen=True)
class Question:
    """One question; ``answers`` is code -> text, in the order shown."""

    code: str
    text: Text
    help: Text | None
    answers: Mapping[str, Text]


@dataclass(frozen=True)
class Outcome:
    """What may be suggested: who decides, and what is to be arranged."""

    code: str
    decider: Decider
    what: Text
    arrange: tuple[Text, ...]
    source: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """If every question of ``when`` has one of its answers: suggest."""

    id: str
    when: Mapping[str, frozenset[str]]
    suggest: str
    why: Text
    alternatives: tuple[str, ...]
    source: tuple[str, ...]
    decider: Decider | None


@dataclass(frozen=True)
class Catalogue:
    """The whole file."""

    version: str
    valid_from: date
    review_before: date
    sources: Mapping[str, Source]
    questions: Mapping[str, Question]
    outcomes: Mapping[str, Outcome]
    rules: tuple[Rule, ...]
    otherwise: Rule


@lru_cache(maxsize=1)
def load_catalogue() -> Catalogue:
    """Return the questions and rules as shipped."""
    text = files("wijkspil.stays").joinpath("suggestion.yaml").read_text("utf-8")
    return read_catalogue(yaml.safe_load(text))


def read_catalogue(told: Mapping[str, Any]) -> Catalogue:
    """Return a file's contents, checked.

    Raises
    ------
    ValueError
        If a rule names a question, answer, outcome or source that is not there.
    """
    sources = {code: Source(code=code, **row) for code, row in told["sources"].items()}
    questions = {code: _question(code, row) for code, row in told["questions"].items()}
    outcomes = {
        code: Outcome(
            code=code,
            decider=Decider(row["decides"]),
            what=Text(**row["what"]),
            arrange=tuple(Text(**line) for line in row["arrange"]),
            source=tuple(row["source"]),
        )
        for code, row in told["outcomes"].items()
    }
    catalogue = Catalogue(
        version=told["version"],
        valid_from=told["valid_from"],
        review_before=told["review_before"],
        sources=sources,
        questions=questions,
        outcomes=outcomes,
        rules=tuple(_rule(row) for row in told["rules"]),
        otherwise=_rule(told["otherwise"]),
    )
    _check(catalogue)
    return catalogue


def _question(code: str, row: Mapping[str, Any]) -> Question:
    return Question(
        code=code,
        text=Text(row["nl"], row["en"]),
        help=Text(**row["help"]) if "help" in row else None,
        answers={answer: Text(**text) for answer, text in row["answers"].items()},
    )


def _rule(row: Mapping[str, Any]) -> Rule:
    return Rule(
        id=row["id"],
        when={code: frozenset(known) for code, known in row.get("when", {}).items()},
        suggest=row["suggest"],
        why=Text(**row["why"]),
        alternatives=tuple(row["alternatives"]),
        source=tuple(row["source"]),
        decider=Decider(row["decides"]) if "decides" in row else None,
    )


def _check(catalogue: Catalogue) -> None:
    _check_known("outcomes", catalogue.outcomes, OUTCOMES)
    if set(catalogue.outcomes) != set(OUTCOMES):
        raise ValueError(f"outcomes: give each of {', '.join(OUTCOMES)}.")
    for source in catalogue.sources.values():
        _check_known(f"source {source.code}", [source.status], SOURCE_STATUSES)
    for outcome in catalogue.outcomes.values():
        _check_known(f"outcome {outcome.code}", outcome.source, catalogue.sources)
    for rule in (*catalogue.rules, catalogue.otherwise):
        place = f"rule {rule.id}"
        _check_known(place, rule.source, catalogue.sources)
        _check_known(place, [rule.suggest], OUTCOMES)
        _check_known(place, rule.alternatives, StayKind.values)
        _check_known(place, rule.when, catalogue.questions)
        for code, answers in rule.when.items():
            _check_known(place, answers, catalogue.questions[code].answers)


def _check_known(place: str, given: Any, known: Any) -> None:
    for code in given:
        if code not in known:
            raise ValueError(f"{place}: {code!r} is not among {', '.join(known)}.")
