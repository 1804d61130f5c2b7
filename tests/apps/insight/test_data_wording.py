"""Data is said in the reader's language: no English is left for a Dutch reader."""

import re
from collections.abc import Sequence
from dataclasses import replace
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone, translation

from tests.apps.insight.workshop import DIGITAL, compute, make_own, make_workshop
from tests.factories.open_care_data import write_open_data
from tests.factories.pictures import make_picture, make_shapes
from wijkspil.config.messages import read_catalogue
from wijkspil.insight.data_wording import say_assumption, say_data, say_source
from wijkspil.insight.engine_io import access
from wijkspil.insight.engine_io.data_words import list_words
from wijkspil.insight.engine_io.projection import load_scenario, project
from wijkspil.insight.engine_io.results import Projection, as_result, from_result
from wijkspil.insight.selectors import ground as counted
from wijkspil.insight.selectors.national import read_national
from wijkspil.insight.services.open_data import read_open_data
from wijkspil.insight.services.picture import gather_assumptions
from wijkspil.insight.services.reporting.contents import make_report
from wijkspil.insight.services.reporting.writing import write_html
from wijkspil.insight.types import Assumption

#: Words that no name of a publication here holds, and no Dutch.
_ENGLISH = re.compile(
    r"\b(the|and|no|not|by|from|which|inhabitants|assumed|places|unknown)\b"
)


@pytest.fixture(scope="module")
def projection() -> Projection:
    """Return a projection with everything that is drawn, growth included."""
    return project(
        make_picture().ground,
        load_scenario(DIGITAL),
        seed=7,
        draws=2,
        horizon_year=2030,
    )


@pytest.fixture(scope="module")
def supposed(
    projection: Projection, tmp_path_factory: pytest.TempPathFactory
) -> Sequence[Assumption]:
    """Return every assumption that the product makes of data of this test."""
    folder = write_open_data(tmp_path_factory.mktemp("country"), gemeenten=32)
    return [
        *projection.assumptions,
        *access.list_assumptions(),
        *read_national().assumptions,
        *(one for one in vars(counted).values() if isinstance(one, Assumption)),
        *read_open_data(data=folder, year=2027).ground.assumptions,
    ]


def _english() -> set[str]:
    """Return texts of shipped data that Dutch says otherwise."""
    catalogue = read_catalogue()
    texts = {text for _file, _line, text in list_words()}
    return {
        text
        for text in texts
        if len(text) > 20
        and (entry := catalogue.get(text)) is not None
        and entry.string != text
    }


def _left(html: str, texts: set[str]) -> list[str]:
    shown = unescape(html)
    return [text for text in texts if text in shown]


def test_every_assumption_is_said_in_dutch(supposed: Sequence[Assumption]) -> None:
    assert len(supposed) > 50
    with translation.override("nl"):
        english = [one.text for one in supposed if one.text in say_assumption(one)]
        unsaid = [one.key for one in supposed if "%(" in say_assumption(one)]
    assert [text for text in english if text] == []
    assert unsaid == []


def test_no_english_words_are_left_in_what_a_dutch_reader_sees(
    supposed: Sequence[Assumption],
) -> None:
    with translation.override("nl"):
        said = {say_assumption(one) for one in supposed}
        said |= {say_source(one.source) for one in supposed}
    assert [text for text in said if _ENGLISH.search(text)] == []


def test_a_parameter_is_said_by_name_interval_and_reason() -> None:
    one = Assumption(
        key="absence", text="Leave and illness together.", source="", status="assumed",
        low=0.18, high=0.18, unit="share",
    )  # fmt: skip
    with translation.override("en"):
        said = say_assumption(one)
    assert said == "Leave and illness: 18 %. Leave and illness together."


def test_numbers_of_a_text_are_written_as_the_reader_does() -> None:
    values: dict[str, str | float] = {"year": "2027", "counted": "2021"}
    values["people"] = 17_900_000
    text = "Inhabitants of %(year)s are projected from %(counted)s: %(people)s people."
    with translation.override("en"):
        assert "2027 are projected from 2021: 17,900,000" in say_data(text, values)
    with translation.override("nl"):
        said = say_data(text, values)
    assert "17.900.000" in said
    assert "2.027" not in said


def test_what_people_wrote_stays_as_it_is() -> None:
    with translation.override("nl"):
        assert say_data("Twee van de drie tekenden: 66 %.") == (
            "Twee van de drie tekenden: 66 %."
        )
        assert say_data("") == ""
        assert say_source("Eigen telling; maart") == "Eigen telling; maart"


def test_of_several_sources_only_our_own_words_are_translated() -> None:
    own = "Wijkspil; no figure by region was at hand"
    with translation.override("nl"):
        assert say_source(f"AZW 2024; {own}; CBS") == f"AZW 2024; {say_data(own)}; CBS"
        assert say_data(own) != own


def test_a_result_holds_no_language(projection: Projection) -> None:
    with translation.override("nl"):
        again = from_result(as_result(projection))
    assert again.assumptions == projection.assumptions
    texts = {text for _file, _line, text in list_words()}
    drawn = [one for one in again.assumptions if one.low is not None]
    assert drawn
    assert {one.text for one in drawn} <= texts


def test_a_dutch_report_has_no_english_of_the_data() -> None:
    with translation.override("nl"):
        html = write_html(make_report(make_picture(), shapes=make_shapes()))
    texts = _english() | {one.text for one in make_picture().assumptions}
    assert len(texts) > 80
    assert _left(html, texts) == []
    assert "14 tot 22 %" in html


@pytest.mark.django_db
def test_dutch_pages_of_a_scenario_have_no_english_of_the_data() -> None:
    at = timezone.now()
    made = make_workshop(at=at).made
    row = make_own(made, at=at)
    compute(row, at=at)
    row.refresh_from_db()
    browser = made.analyst.browser()
    texts = _english()
    for path in (f"/scenarios/{row.pk}/", f"/scenarios/{row.pk}/aanpassen/"):
        assert _left(_read(browser, path, "nl"), texts) == [], path
        assert len(_left(_read(browser, path, "en"), texts)) > 20, path


def _read(browser: Client, path: str, language: str) -> str:
    answer = browser.get(path, headers={"accept-language": language})
    assert answer.status_code == 200, path
    return answer.content.decode()


def test_where_a_scenario_supposes_otherwise_both_are_told(
    projection: Projection,
) -> None:
    first = next(one for one in projection.assumptions if one.low is not None)
    other = replace(
        projection,
        title="Anders",
        assumptions=(replace(first, high=9.0), *projection.assumptions[1:]),
    )
    told = gather_assumptions((), {"base": projection, "other": other})
    assert len(told) == len(projection.assumptions) + 1
    mine = [one for one in told if one.key == first.key]
    assert [one.only_in for one in mine] == ["", "Anders"]
    with translation.override("en"):
        assert say_assumption(mine[1]).startswith("Only in “Anders”: ")
