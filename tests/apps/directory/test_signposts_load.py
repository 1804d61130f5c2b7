"""An editor's slip in the signposts is named: which file, entry and field."""

import copy
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from wijkspil.directory.signposts.load import (
    DATA_DIR,
    FEWEST_PHRASES,
    list_signposts_to_review,
    load_signpost_catalog,
)
from wijkspil.directory.signposts.types import InvalidSignpostData, ProblemKind

Data = dict[str, Any]

TEXT = {"nl": "Tekst.", "en": "Text."}
GOOD: dict[str, Data] = {
    "professions": {
        "urgent_contacts": [
            {"kind": "112", "name": TEXT, "phone": "112", "rank": 1},
            {"kind": "gp-out-of-hours", "name": TEXT, "phone": None, "rank": 3},
        ],
        "professions": [
            {
                "code": "district-nurse",
                "name": TEXT,
                "task": TEXT,
                "may_lead": True,
                "kind_of_care": "district-nursing",
            },
            {
                "code": "care-assistant",
                "name": TEXT,
                "task": TEXT,
                "may_lead": False,
                "kind_of_care": None,
            },
        ],
    },
    "signposts": {
        "signposts": [
            {
                "id": "wound",
                "question": TEXT,
                "what_to_know": TEXT,
                "professions": ["district-nurse", "care-assistant"],
                "leads": "district-nurse",
                "services": ["district-nursing"],
                "urgent_first": [
                    {"kind": "112", "when": TEXT},
                    {"kind": "gp-out-of-hours", "when": TEXT},
                ],
                "thuisarts": {"answers": True, "topics": ["wond"]},
                "phrases": [f"wond {number}" for number in range(FEWEST_PHRASES)],
                "keywords": ["wond"],
                "clinical_owner": "RESV (nog te benoemen)",
                "review_date": date(2027, 5, 1),
                "sources": ["Besluit zorgverzekering, artikel 2.10"],
            }
        ]
    },
    "language": {"empty_words": ["de"], "synonyms": [["prik", "spuit"]]},
}


def write(folder: Path, data: dict[str, Data]) -> Path:
    for name, content in data.items():
        text = yaml.safe_dump(content, allow_unicode=True)
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def good_data() -> dict[str, Data]:
    return copy.deepcopy(GOOD)


def entry_of(data: dict[str, Data]) -> Data:
    entry: Data = data["signposts"]["signposts"][0]
    return entry


def test_the_content_that_ships_is_valid() -> None:
    catalog = load_signpost_catalog()
    assert len(catalog.signposts) >= 40
    assert catalog.professions["district-nurse"].name.nl == "wijkverpleegkundige"


def test_a_good_entry_is_read_whole(tmp_path: Path) -> None:
    (signpost,) = load_signpost_catalog(write(tmp_path, good_data())).signposts
    assert signpost.leads.code == "district-nurse"
    assert [each.contact.kind for each in signpost.urgent_first] == [
        "112",
        "gp-out-of-hours",
    ]
    assert signpost.review_date == date(2027, 5, 1)
    assert signpost.thuisarts.url == "https://www.thuisarts.nl"


def _set(field: str, value: object) -> Callable[[Data], None]:
    def change(entry: Data) -> None:
        entry[field] = value

    return change


def _drop(field: str) -> Callable[[Data], None]:
    def change(entry: Data) -> None:
        del entry[field]

    return change


@pytest.mark.parametrize(
    ("change", "kind", "field"),
    [
        (_drop("review_date"), ProblemKind.MISSING_FIELD, "review_date"),
        (_drop("leads"), ProblemKind.MISSING_FIELD, "leads"),
        (_drop("clinical_owner"), ProblemKind.MISSING_FIELD, "clinical_owner"),
        (_set("color", "red"), ProblemKind.UNKNOWN_FIELD, "color"),
        (_set("review_date", "1 mei"), ProblemKind.WRONG_TYPE, "review_date"),
        (_set("question", "Wie?"), ProblemKind.WRONG_TYPE, "question"),
        (_set("question", {"nl": "Wie?"}), ProblemKind.MISSING_FIELD, "question.en"),
        (
            _set("question", {"nl": " ", "en": "Who?"}),
            ProblemKind.EMPTY_VALUE,
            "question.nl",
        ),
        (
            _set("question", {"nl": "Wie?", "en": "Who?", "fr": "Qui?"}),
            ProblemKind.UNKNOWN_FIELD,
            "question.fr",
        ),
        (_set("id", "Wond Thuis"), ProblemKind.INVALID_VALUE, "id"),
        (
            _set("professions", ["district-nurse", "wizard"]),
            ProblemKind.UNKNOWN_PROFESSION,
            "professions",
        ),
        (_set("leads", "wizard"), ProblemKind.UNKNOWN_PROFESSION, "leads"),
        (
            _set("professions", ["care-assistant"]),
            ProblemKind.LEAD_NOT_LISTED,
            "leads",
        ),
        (_set("leads", "care-assistant"), ProblemKind.LEAD_MAY_NOT_LEAD, "leads"),
        (_set("professions", []), ProblemKind.EMPTY_VALUE, "professions"),
        (
            _set("services", ["magic"]),
            ProblemKind.UNKNOWN_KIND_OF_CARE,
            "services",
        ),
        (
            _set("urgent_first", [{"kind": "911", "when": TEXT}]),
            ProblemKind.UNKNOWN_URGENT_CONTACT,
            "urgent_first[1].kind",
        ),
        (
            _set("urgent_first", [{"kind": "112"}]),
            ProblemKind.WRONG_TYPE,
            "urgent_first[1].when",
        ),
        (
            _set(
                "urgent_first",
                [
                    {"kind": "gp-out-of-hours", "when": TEXT},
                    {"kind": "112", "when": TEXT},
                ],
            ),
            ProblemKind.WRONG_ORDER,
            "urgent_first",
        ),
        (_set("phrases", ["wond"]), ProblemKind.EMPTY_VALUE, "phrases"),
        (
            _set("phrases", ["wond"] * FEWEST_PHRASES),
            ProblemKind.DUPLICATE,
            "phrases[2]",
        ),
        (_set("keywords", [112]), ProblemKind.WRONG_TYPE, "keywords[1]"),
        (_set("sources", []), ProblemKind.EMPTY_VALUE, "sources"),
        (
            _set("thuisarts", {"answers": True, "topics": []}),
            ProblemKind.EMPTY_VALUE,
            "thuisarts.topics",
        ),
        (
            _set("thuisarts", {"answers": True, "topics": ["thuisarts.nl/wond"]}),
            ProblemKind.INVALID_VALUE,
            "thuisarts.topics",
        ),
        (
            _set("thuisarts", {"answers": 1, "topics": []}),
            ProblemKind.WRONG_TYPE,
            "answers",
        ),
    ],
)
def test_a_faulty_field_is_named_with_file_and_entry(
    tmp_path: Path, change: Callable[[Data], None], kind: ProblemKind, field: str
) -> None:
    data = good_data()
    change(entry_of(data))
    with pytest.raises(InvalidSignpostData) as caught:
        load_signpost_catalog(write(tmp_path, data))
    found = {(each.kind, each.file.name, each.field) for each in caught.value.problems}
    assert (kind, "signposts.yaml", field) in found
    assert "signposts.yaml: " in str(caught.value)


def test_two_entries_with_one_id_are_refused(tmp_path: Path) -> None:
    data = good_data()
    data["signposts"]["signposts"].append(copy.deepcopy(entry_of(data)))
    with pytest.raises(InvalidSignpostData) as caught:
        load_signpost_catalog(write(tmp_path, data))
    assert [(each.kind, each.entry) for each in caught.value.problems] == [
        (ProblemKind.DUPLICATE, "wound")
    ]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    data = good_data()
    entry_of(data)["leads"] = "wizard"
    del entry_of(data)["review_date"]
    data["professions"]["professions"][0]["kind_of_care"] = "magic"
    with pytest.raises(InvalidSignpostData) as caught:
        load_signpost_catalog(write(tmp_path, data))
    assert {each.kind for each in caught.value.problems} == {
        ProblemKind.UNKNOWN_PROFESSION,
        ProblemKind.MISSING_FIELD,
        ProblemKind.UNKNOWN_KIND_OF_CARE,
    }


def test_a_faulty_profession_is_named_in_its_own_file(tmp_path: Path) -> None:
    data = good_data()
    data["professions"]["professions"][0]["may_lead"] = "yes"
    with pytest.raises(InvalidSignpostData) as caught:
        load_signpost_catalog(write(tmp_path, data))
    problem = caught.value.problems[0]
    assert (problem.file.name, problem.entry, problem.field) == (
        "professions.yaml",
        "district-nurse",
        "may_lead",
    )


@pytest.mark.parametrize(
    "content", [b"signposts: [", b"- a list", b"", b"signposts: \xff\xfe"]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, good_data())
    (tmp_path / "signposts.yaml").write_bytes(content)
    with pytest.raises(InvalidSignpostData) as caught:
        load_signpost_catalog(tmp_path)
    assert caught.value.problems[0].kind is ProblemKind.UNREADABLE_FILE
    assert caught.value.problems[0].file.name == "signposts.yaml"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    write(tmp_path, good_data())
    (tmp_path / "language.yaml").unlink()
    with pytest.raises(InvalidSignpostData, match=r"language\.yaml"):
        load_signpost_catalog(tmp_path)


def test_a_file_without_entries_is_refused(tmp_path: Path) -> None:
    data = good_data()
    data["signposts"] = {"signposts": []}
    with pytest.raises(InvalidSignpostData, match="missing or empty"):
        load_signpost_catalog(write(tmp_path, data))


def test_a_repeated_field_is_refused_rather_than_overwritten(tmp_path: Path) -> None:
    write(tmp_path, good_data())
    file = tmp_path / "signposts.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text + "  leads: district-nurse\n", encoding="utf-8")
    with pytest.raises(InvalidSignpostData, match="leads: stands twice"):
        load_signpost_catalog(tmp_path)


def test_signposts_due_for_review_are_listed_from_their_date_on() -> None:
    signposts = load_signpost_catalog(DATA_DIR).signposts
    first = min(each.review_date for each in signposts)
    before = date.fromordinal(first.toordinal() - 1)
    assert list_signposts_to_review(signposts, on=before) == ()
    assert list_signposts_to_review(signposts, on=first)[0].review_date == first
