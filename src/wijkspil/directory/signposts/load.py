"""Read the signposts from their data files and check every field.

An editor changes YAML by hand, so all problems are reported at once, each with
file, entry, field and remedy. What is not checked: whether the content is right
for people; that is the clinical owner's, before the review date.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import yaml

from wijkspil.directory.signposts.types import (
    KINDS_OF_CARE,
    InvalidSignpostData,
    Language,
    LocalizedText,
    Problem,
    ProblemKind,
    Profession,
    Signpost,
    SignpostCatalog,
    Thuisarts,
    UrgentContact,
    UrgentFirst,
)

DATA_DIR = Path(__file__).parent / "data"
FEWEST_PHRASES = 15
"""Fewer lay phrasings than this and the search will miss the entry."""

# the C reader is ten times as fast; wheels of PyYAML have it, other builds may not
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_T = TypeVar("_T")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SIGNPOST_FIELDS = (
    "id",
    "question",
    "what_to_know",
    "professions",
    "leads",
    "services",
    "urgent_first",
    "thuisarts",
    "phrases",
    "keywords",
    "clinical_owner",
    "review_date",
    "sources",
)
_PROFESSION_FIELDS = ("code", "name", "task", "may_lead", "kind_of_care")
_CONTACT_FIELDS = ("kind", "name", "phone", "rank")
_TYPE_WORDS = {
    str: "a text between quotes",
    bool: "true or false",
    int: "a whole number",
    list: "a list",
    dict: "named fields",
    date: "a date as 2027-05-01, without quotes",
}


def load_signpost_catalog(data_dir: Path = DATA_DIR) -> SignpostCatalog:
    """Read and check professions, signposts and the words of the search.

    Raises
    ------
    InvalidSignpostData
        With every problem found; nothing is returned half-checked.
    """
    problems: list[Problem] = []
    professions_file = data_dir / "professions.yaml"
    top = _read(professions_file, problems)
    professions = _professions(top, professions_file, problems)
    contacts = _urgent_contacts(top, professions_file, problems)
    language = _language(data_dir / "language.yaml", problems)
    signposts = _signposts(data_dir / "signposts.yaml", professions, contacts, problems)
    if problems:
        raise InvalidSignpostData(tuple(problems))
    return SignpostCatalog(
        signposts=signposts,
        professions=MappingProxyType(professions),
        urgent_contacts=MappingProxyType(contacts),
        language=language,
    )


def list_signposts_to_review(
    signposts: Sequence[Signpost], *, on: date
) -> tuple[Signpost, ...]:
    """Signposts whose review date has come, the longest overdue first."""
    due = (signpost for signpost in signposts if signpost.review_date <= on)
    return tuple(sorted(due, key=lambda each: (each.review_date, each.id)))


@dataclass
class _Entry:
    """One entry of a file, while it is being checked."""

    file: Path
    name: str
    values: Mapping[str, Any]
    problems: list[Problem]
    faulty: bool = field(default=False)

    def report(self, kind: ProblemKind, at: str, message: str) -> None:
        self.faulty = True
        self.problems.append(Problem(kind, self.file, self.name, at, message))

    def check_fields(self, expected: Sequence[str]) -> None:
        for name in expected:
            if name not in self.values:
                self.report(
                    ProblemKind.MISSING_FIELD, name, "is missing; add this field"
                )
        for name in self.values:
            if name not in expected:
                self.report(
                    ProblemKind.UNKNOWN_FIELD,
                    str(name),
                    f"is not a field; use one of {', '.join(expected)}",
                )

    def take(self, name: str, wanted: type[_T], default: _T) -> _T:
        """The value of this field when it has the type; else a reported problem."""
        if name not in self.values:
            return default
        return self.check_type(self.values[name], wanted, default, at=name)

    def check_type(self, value: Any, wanted: type[_T], default: _T, *, at: str) -> _T:
        # bool is an int to Python, not to an editor
        if not isinstance(value, wanted) or (
            isinstance(value, bool) and wanted is not bool
        ):
            self.report(
                ProblemKind.WRONG_TYPE,
                at,
                f"is {value!r}; expected {_TYPE_WORDS[wanted]}",
            )
            return default
        if wanted is str and not str(value).strip():
            self.report(ProblemKind.EMPTY_VALUE, at, "is empty; fill it in")
        return value

    def slug(self, name: str) -> str:
        value = self.take(name, str, "")
        if value and not _SLUG.fullmatch(value):
            self.report(
                ProblemKind.INVALID_VALUE,
                name,
                f"is {value!r}; use small letters, figures and single hyphens",
            )
        return value

    def localized(self, name: str) -> LocalizedText:
        return self.localized_value(self.take(name, dict, {}), at=name)

    def localized_value(self, value: Any, *, at: str) -> LocalizedText:
        texts = self.check_type(value, dict, {}, at=at)
        if not texts:
            return LocalizedText("", "")
        for language in texts:
            if language not in {"nl", "en"}:
                self.report(
                    ProblemKind.UNKNOWN_FIELD,
                    f"{at}.{language}",
                    "is not a language here; use nl and en",
                )
        found = {"nl": "", "en": ""}
        for language in found:
            if language in texts:
                found[language] = self.check_type(
                    texts[language], str, "", at=f"{at}.{language}"
                )
            else:
                self.report(
                    ProblemKind.MISSING_FIELD,
                    f"{at}.{language}",
                    "is missing; give the text in this language",
                )
        return LocalizedText(found["nl"], found["en"])

    def texts(self, name: str, *, fewest: int = 0) -> tuple[str, ...]:
        """A list of different texts, at least ``fewest``."""
        return self.texts_value(
            self.take(name, list, []), at=name, fewest=fewest, given=name in self.values
        )

    def texts_value(
        self, value: Any, *, at: str, fewest: int = 0, given: bool = True
    ) -> tuple[str, ...]:
        values = self.check_type(value, list, [], at=at)
        found: list[str] = []
        for number, each in enumerate(values, start=1):
            text = self.check_type(each, str, "", at=f"{at}[{number}]")
            if text in found:
                self.report(
                    ProblemKind.DUPLICATE,
                    f"{at}[{number}]",
                    f"{text!r} stands twice; remove one",
                )
            found.append(text)
        if given and len(found) < fewest:
            self.report(
                ProblemKind.EMPTY_VALUE,
                at,
                f"has {len(found)} items; at least {fewest} are needed",
            )
        return tuple(found)


def _read(file: Path, problems: list[Problem]) -> Mapping[str, Any]:
    def report(message: str) -> Mapping[str, Any]:
        problems.append(
            Problem(ProblemKind.UNREADABLE_FILE, file, "(file)", "(file)", message)
        )
        return {}

    try:
        loader = _LOADER(file.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        content = None if node is None else loader.construct_document(node)
    except FileNotFoundError:
        return report("is not there; restore it from the repository")
    except UnicodeDecodeError as error:
        return report(f"is not UTF-8 text ({error.reason}); save it as UTF-8")
    except yaml.YAMLError as error:
        return report(f"is not YAML: {' '.join(str(error).split())}")
    if not isinstance(content, dict):
        return report("must hold named lists at the top, such as `signposts:`")
    problems.extend(_repeated_fields(node, file))
    return content


def _repeated_fields(node: yaml.Node | None, file: Path) -> Iterator[Problem]:
    """Fields written twice: YAML keeps the last without a word."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield Problem(
                    ProblemKind.DUPLICATE,
                    file,
                    f"line {key.start_mark.line + 1}",
                    str(key.value),
                    "stands twice in one entry; remove one",
                )
            seen.add(key.value)
            yield from _repeated_fields(value, file)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _repeated_fields(value, file)


def _entries(
    top: Mapping[str, Any], name: str, key: str, file: Path, problems: list[Problem]
) -> list[_Entry]:
    """The entries of a list in a file, named by their key or their place."""
    values = top.get(name)
    if not isinstance(values, list) or not values:
        if top:
            problems.append(
                Problem(
                    ProblemKind.MISSING_FIELD,
                    file,
                    "(file)",
                    name,
                    "is missing or empty; it holds the list of entries",
                )
            )
        return []
    entries: list[_Entry] = []
    seen: set[object] = set()
    for number, value in enumerate(values, start=1):
        place = f"{name}[{number}]"
        entry = _Entry(file, place, value if isinstance(value, dict) else {}, problems)
        if not isinstance(value, dict):
            entry.report(
                ProblemKind.WRONG_TYPE, "(entry)", f"is {value!r}; expected fields"
            )
            continue
        if isinstance(value.get(key), str):
            entry.name = value[key]
            if entry.name in seen:
                entry.report(
                    ProblemKind.DUPLICATE, key, f"{entry.name!r} stands twice; rename"
                )
            seen.add(entry.name)
        entries.append(entry)
    return entries


def _professions(
    top: Mapping[str, Any], file: Path, problems: list[Problem]
) -> dict[str, Profession]:
    professions: dict[str, Profession] = {}
    for entry in _entries(top, "professions", "code", file, problems):
        entry.check_fields(_PROFESSION_FIELDS)
        kind_of_care = entry.values.get("kind_of_care")
        if kind_of_care is not None and kind_of_care not in KINDS_OF_CARE:
            _report_kind_of_care(entry, "kind_of_care", kind_of_care)
        profession = Profession(
            code=entry.slug("code"),
            name=entry.localized("name"),
            task=entry.localized("task"),
            may_lead=entry.take("may_lead", bool, False),
            kind_of_care=kind_of_care,
        )
        # a faulty profession is still known, so its users are not blamed as well
        professions[profession.code] = profession
    return professions


def _urgent_contacts(
    top: Mapping[str, Any], file: Path, problems: list[Problem]
) -> dict[str, UrgentContact]:
    contacts: dict[str, UrgentContact] = {}
    for entry in _entries(top, "urgent_contacts", "kind", file, problems):
        entry.check_fields(_CONTACT_FIELDS)
        phone = entry.values.get("phone")
        contact = UrgentContact(
            kind=entry.slug("kind"),
            name=entry.localized("name"),
            phone=None
            if phone is None
            else entry.check_type(phone, str, "", at="phone"),
            rank=entry.take("rank", int, 0),
        )
        contacts[contact.kind] = contact
    return contacts


def _language(file: Path, problems: list[Problem]) -> Language:
    top = _read(file, problems)
    entry = _Entry(file, "(file)", top, problems)
    if top:
        entry.check_fields(("empty_words", "synonyms"))
    groups = entry.take("synonyms", list, [])
    return Language(
        empty_words=frozenset(entry.texts("empty_words")),
        synonyms=tuple(
            entry.texts_value(group, at=f"synonyms[{number}]", fewest=2)
            for number, group in enumerate(groups, start=1)
        ),
    )


def _signposts(
    file: Path,
    professions: Mapping[str, Profession],
    contacts: Mapping[str, UrgentContact],
    problems: list[Problem],
) -> tuple[Signpost, ...]:
    signposts: list[Signpost] = []
    top = _read(file, problems)
    for entry in _entries(top, "signposts", "id", file, problems):
        entry.check_fields(_SIGNPOST_FIELDS)
        listed = _known_professions(entry, professions)
        lead = _lead(entry, professions)
        signpost_id = entry.slug("id")
        question = entry.localized("question")
        what_to_know = entry.localized("what_to_know")
        services = _services(entry)
        urgent_first = _urgent_first(entry, contacts)
        thuisarts = _thuisarts(entry)
        phrases = entry.texts("phrases", fewest=FEWEST_PHRASES)
        keywords = entry.texts("keywords", fewest=1)
        clinical_owner = entry.take("clinical_owner", str, "")
        review_date = entry.take("review_date", date, date.min)
        sources = entry.texts("sources", fewest=1)
        if entry.faulty or lead is None:
            continue
        signposts.append(
            Signpost(
                id=signpost_id,
                question=question,
                what_to_know=what_to_know,
                professions=listed,
                leads=lead,
                services=services,
                urgent_first=urgent_first,
                thuisarts=thuisarts,
                phrases=phrases,
                keywords=keywords,
                clinical_owner=clinical_owner,
                review_date=review_date,
                sources=sources,
            )
        )
    return tuple(signposts)


def _known_professions(
    entry: _Entry, professions: Mapping[str, Profession]
) -> tuple[Profession, ...]:
    found: list[Profession] = []
    for code in entry.texts("professions", fewest=1):
        if code in professions:
            found.append(professions[code])
        elif code:
            entry.report(
                ProblemKind.UNKNOWN_PROFESSION,
                "professions",
                f"{code!r} is not in professions.yaml; add it there or correct it",
            )
    return tuple(found)


def _lead(entry: _Entry, professions: Mapping[str, Profession]) -> Profession | None:
    code = entry.take("leads", str, "")
    if not code:
        return None
    lead = professions.get(code)
    listed = entry.values.get("professions")
    if lead is None:
        entry.report(
            ProblemKind.UNKNOWN_PROFESSION,
            "leads",
            f"{code!r} is not in professions.yaml; add it there or correct it",
        )
        return None
    if isinstance(listed, list) and code not in listed:
        entry.report(
            ProblemKind.LEAD_NOT_LISTED,
            "leads",
            f"{code!r} is not in the professions of this entry; add it to that list",
        )
    if not lead.may_lead:
        entry.report(
            ProblemKind.LEAD_MAY_NOT_LEAD,
            "leads",
            f"{code!r} may not lead (may_lead in professions.yaml); choose another",
        )
    return lead


def _services(entry: _Entry) -> tuple[str, ...]:
    services = entry.texts("services")
    for service in services:
        if service not in KINDS_OF_CARE:
            _report_kind_of_care(entry, "services", service)
    return services


def _report_kind_of_care(entry: _Entry, at: str, value: object) -> None:
    entry.report(
        ProblemKind.UNKNOWN_KIND_OF_CARE,
        at,
        f"{value!r} is no kind of care; use one of {', '.join(sorted(KINDS_OF_CARE))}",
    )


def _urgent_first(
    entry: _Entry, contacts: Mapping[str, UrgentContact]
) -> tuple[UrgentFirst, ...]:
    found: list[UrgentFirst] = []
    for number, value in enumerate(entry.take("urgent_first", list, []), start=1):
        at = f"urgent_first[{number}]"
        item = _Entry(
            entry.file,
            entry.name,
            entry.check_type(value, dict, {}, at=at),
            entry.problems,
        )
        if not item.values:
            continue
        kind = item.take("kind", str, "")
        if kind not in contacts:
            item.report(
                ProblemKind.UNKNOWN_URGENT_CONTACT,
                f"{at}.kind",
                f"{kind!r} is not in urgent_contacts of professions.yaml",
            )
        when = item.localized_value(item.values.get("when"), at=f"{at}.when")
        if item.faulty:
            entry.faulty = True
            continue
        found.append(UrgentFirst(contacts[kind], when))
    ranks = [urgent.contact.rank for urgent in found]
    if ranks != sorted(ranks):
        order = ", ".join(
            urgent.contact.kind
            for urgent in sorted(found, key=lambda each: each.contact.rank)
        )
        entry.report(
            ProblemKind.WRONG_ORDER,
            "urgent_first",
            f"the most urgent comes first; put them as {order}",
        )
    return tuple(found)


def _thuisarts(entry: _Entry) -> Thuisarts:
    values = entry.take("thuisarts", dict, {})
    if not values:
        return Thuisarts(answers=False, topics=())
    item = _Entry(entry.file, entry.name, values, entry.problems)
    item.check_fields(("answers", "topics"))
    answers = item.take("answers", bool, False)
    topics = item.texts("topics")
    if answers and not topics:
        item.report(
            ProblemKind.EMPTY_VALUE,
            "thuisarts.topics",
            "is empty; give the words a reader can search for on Thuisarts.nl",
        )
    for topic in topics:
        if "/" in topic:
            item.report(
                ProblemKind.INVALID_VALUE,
                "thuisarts.topics",
                f"{topic!r} looks like an address; give search words, pages move",
            )
    entry.faulty = entry.faulty or item.faulty
    return Thuisarts(answers=answers, topics=topics)
