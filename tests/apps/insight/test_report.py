"""The report of a region: no claim without a figure; one text on page and paper."""

import re
from itertools import pairwise

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.pictures import WIJKEN, make_picture, make_shapes
from wijkspil.insight.services.reporting.contents import make_report
from wijkspil.insight.services.reporting.print_map import class_at, classes_of
from wijkspil.insight.services.reporting.shape import Claim, PlanLine, Report
from wijkspil.insight.services.reporting.writing import write_html, write_pdf

_NUMBER = re.compile(r"\d[\d.,]*\d|\d")


@pytest.fixture
def report() -> Report:
    with translation.override("en"):
        return make_report(make_picture(), shapes=make_shapes())


def section(report: Report, key: str) -> str:
    """Return the claims of a part, each on a line."""
    return "\n".join(
        claim.text
        for part in report.sections
        if part.key == key
        for claim in part.claims
    )


def test_it_begins_with_the_answer(report: Report) -> None:
    short = section(report, "short")
    assert "36 hours a week fall short" in short
    assert "Duinwijk (25.0%), Polderhof (25.0%) and Havenkwartier (2.5%)" in short
    assert "In 2035 the gap is 117 hours a week" in short
    assert "between 99 and 135" in short
    assert "20 hours a week less gap in 2035" in short


def test_every_number_of_a_claim_is_a_figure_it_names(report: Report) -> None:
    assert len(report.claims) > 10
    for claim in report.claims:
        years = {str(source.year) for source in claim.sources}
        known = " ".join(source.said for source in claim.sources)
        told = set(_NUMBER.findall(claim.text)) - years
        # Intervals, growth and fixed words stand beside the figure they belong to.
        if not {"8", "10"} & told and "%" not in claim.text and "15" not in told:
            figures = set(_NUMBER.findall(known))
            gap = {"36", "264"} if "fall short" in claim.text else set()
            assert told <= figures | gap | {"1"}, claim


def test_a_claim_without_a_figure_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="needs a figure"):
        Claim("All is well.", ())


def test_what_is_not_known_is_said_and_not_guessed() -> None:
    with translation.override("en"):
        report = make_report(
            make_picture(with_futures=False, with_capacity=False), shapes={}
        )
    short = section(report, "short")
    assert "fall short" not in short
    assert "most care is needed in Duinwijk" in short
    keys = {part.key for part in report.sections}
    assert not keys & {"later", "help", "plans"}
    now = next(part for part in report.sections if part.key == "now")
    assert "was not reported" in now.note
    assert [drawing for drawing in now.drawings if "Map" in drawing.told] == []


def test_the_worst_off_tenth_is_counted_in_people(report: Report) -> None:
    # 1,000 people: 500 of Polderhof (520) and 500 of Duinwijk (710).
    assert "have 615 places" in section(report, "gp")


def test_page_and_pdf_hold_the_same_report(report: Report) -> None:
    with translation.override("en"):
        html = write_html(report)
        pdf = write_pdf(report)
    for claim in report.claims:
        assert claim.text.replace("&", "&amp;") in html
    assert html.count("<svg") == sum(len(part.drawings) for part in report.sections)
    assert "Zeezicht &amp; Bos" in html
    assert pdf.startswith(b"%PDF-1.7")
    assert b"/StructTreeRoot" in pdf
    assert b"pdfuaid" in pdf


def test_the_same_picture_gives_the_same_pdf(report: Report) -> None:
    with translation.override("en"):
        assert write_pdf(report) == write_pdf(report)


def test_the_last_part_says_how_to_do_it_again(report: Report) -> None:
    last = report.sections[-1]
    rows = {row[0]: row[1] for row in last.tables[0].rows}
    assert rows["Random seed"] == "7"
    assert rows["people.csv"] == "ab" * 32
    assert last.is_appendix


def test_what_is_agreed_stands_in_it_with_owner_and_date() -> None:
    plan = PlanLine(
        "More dispensers", "Duinwijk", "RESV", "1-5-2027", "agreed", "-20", ""
    )
    with translation.override("en"):
        report = make_report(make_picture(), shapes={}, plans=[plan])
        pdf = write_pdf(report)
    table = next(p for p in report.sections if p.key == "plans").tables[0]
    assert table.rows[0][:4] == ("More dispensers", "Duinwijk", "RESV", "1-5-2027")
    assert pdf.startswith(b"%PDF")


@given(
    st.lists(
        st.floats(-1000, 1000).map(lambda value: round(value, 1)),
        min_size=1,
        max_size=60,
    )
)
def test_every_value_falls_in_a_class_that_holds_it(values: list[float]) -> None:
    breaks = classes_of(values, decimals=0)
    assert 1 <= len(breaks) <= 5
    for one, following in pairwise(breaks):
        assert one.high == following.low
    for value in values:
        found = breaks[class_at(breaks, value)]
        assert found.low <= value <= found.high


def test_the_map_draws_each_wijk_once_and_marks_who_stands_out(report: Report) -> None:
    now = next(part for part in report.sections if part.key == "now")
    svg = now.drawings[0].chart.svg
    assert svg.count('Z" fill="#') == len(WIJKEN)
    assert svg.count('stroke-width="1.8"') == 3
    assert "Duinwijk" in now.drawings[0].told
