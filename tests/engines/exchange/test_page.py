"""The page of a round: streams counted, places drawn, nothing let through as markup."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from wijkspil_engines.csvfile import InvalidFile
from wijkspil_engines.exchange import NONE, ExchangeProblem, solve
from wijkspil_engines.exchange.csvio import report_of
from wijkspil_engines.exchange.page import (
    count_streams,
    draw_page,
    read_practice_places,
)

PLACES = np.array([[4.3, 52.0], [4.4, 52.1], [np.nan, np.nan]])


def a_round() -> ExchangeProblem:
    """Two who swap, and one without a practice who gets the only free place."""
    return ExchangeProblem.build(
        practice_ids=["<b>A", "B", "C"],
        free_places=[0, 0, 1],
        wish_ids=["1", "2", "3", "4"],
        origin=[0, 1, NONE, NONE],
        options=[[1], [0], [2], [2]],
        date=date(2026, 11, 22),
    )


def test_streams_are_counted_between_practices_only() -> None:
    problem = a_round()
    streams = count_streams(problem, solve(problem))
    assert list(zip(streams.origin, streams.to, streams.people, strict=True)) == [
        (0, 1, 1),
        (1, 0, 1),
    ]


def test_the_page_draws_what_is_known_and_names_no_wish() -> None:
    problem = a_round()
    result = solve(problem)
    page = draw_page(problem, result, report_of(problem, result), PLACES).decode()
    assert page.count("<circle") == 2
    assert page.count("<path") == 2
    assert "3 people move to a practice of their choice" in page
    assert "<b>A" not in page
    assert result.input_sha256 in page


def test_the_same_round_gives_the_same_page() -> None:
    problem = a_round()
    result = solve(problem)
    report = report_of(problem, result)
    assert draw_page(problem, result, report, PLACES) == draw_page(
        problem, result, report, PLACES
    )


def test_places_are_read_by_either_name_of_the_column(tmp_path: Path) -> None:
    file = tmp_path / "places.csv"
    file.write_text("id,name,lon,lat\nB,x,4.4,52.1\nunknown,y,5,52\n")
    found = read_practice_places(file, ["A", "B"])
    assert np.isnan(found[0]).all()
    assert found[1].tolist() == [4.4, 52.1]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("practice_id,lon\nA,4\n", "1:lat: the column is missing"),
        ("practice_id,lon,lat\nA,4,north\n", ":2:lat: 'north' is not a number"),
        ("practice_id,lon,lat\nA,4,95\n", ":2:lat: '95' is not a number"),
        ("practice_id,lon,lat\nZ,4,52\n", "names none of the practices"),
    ],
)
def test_a_wrong_file_says_where(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "places.csv"
    file.write_text(text)
    with pytest.raises(InvalidFile, match=r"places\.csv") as raised:
        read_practice_places(file, ["A", "B"])
    assert says in str(raised.value)
