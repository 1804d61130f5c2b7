"""Charts as text: numbers that add up, words for who hears them, nothing by color."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from django.template import Context, Template
from django.utils import translation

from wijkspil.ui.charts.frame import NARROW, WIDE, nice_ticks, say_change, say_value
from wijkspil.ui.charts.planes import draw_funnel, draw_line, draw_lorenz, gini_of
from wijkspil.ui.charts.rows import (
    draw_bars,
    draw_dots,
    draw_tornado,
    draw_waterfall,
)
from wijkspil.ui.charts.types import (
    Bar,
    Chart,
    Curve,
    Dot,
    DotRow,
    Effect,
    FunnelLimit,
    FunnelPoint,
    Line,
    LinePoint,
    Part,
)
from wijkspil.ui.samples import sample_charts

MARK = 'class="wp-chart__mark"'


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def every_chart() -> list[Chart]:
    """Return a chart of every kind, as the components page shows them."""
    given = sample_charts()
    return [
        draw_bars(given["chart_bars_items"], title="Bars", unit="h", reference=50),
        draw_line(given["chart_lines"], title="Lines", unit="h", projected_from=2026),
        draw_waterfall(
            given["chart_parts"],
            title="Causes",
            start=given["chart_start"],
            end=given["chart_end"],
        ),
        draw_tornado(given["chart_effects"], title="Suppositions"),
        draw_dots(given["chart_dot_rows"], series=given["chart_series"], title="Dots"),
        draw_lorenz(given["chart_curves"], title="Shares", people="p", shared="s"),
        draw_funnel(
            given["chart_points"],
            given["chart_limits"],
            title="Funnel",
            center=8.1,
            center_label="All",
        ),
    ]


class TestEveryChart:
    @pytest.mark.parametrize("number", range(7))
    def test_drawings_are_whole_xml_of_two_widths(self, number):
        chart = every_chart()[number]
        for svg, width in ((chart.svg, WIDE), (chart.narrow_svg, NARROW)):
            root = ElementTree.fromstring(svg)
            assert root.get("viewBox", "").startswith(f"0 0 {width} ")

    @pytest.mark.parametrize("number", range(7))
    def test_every_mark_is_reached_by_keyboard_and_says_its_numbers(self, number):
        chart = every_chart()[number]
        marks = re.findall(rf"<(?:g|a) {MARK}[^>]*><title>[^<]*", chart.svg)
        assert marks
        for mark in marks:
            assert "href=" in mark or ('tabindex="0"' in mark and "aria-label" in mark)
            assert re.search(r"<title>.*\d", mark) or "withheld" in mark

    @pytest.mark.parametrize("number", range(7))
    def test_the_table_has_a_cell_for_every_head(self, number):
        chart = every_chart()[number]
        assert chart.rows
        assert {len(row) for row in chart.rows} == {len(chart.head)}

    @pytest.mark.parametrize("number", range(7))
    def test_nothing_is_drawn_outside_the_paper(self, number):
        chart = every_chart()[number]
        for svg, width in ((chart.svg, WIDE), (chart.narrow_svg, NARROW)):
            xs = [float(x) for x in re.findall(r'\b(?:x|cx|x1|x2)="(-?[\d.]+)"', svg)]
            assert min(xs) >= -1
            assert max(xs) <= width + 1

    @pytest.mark.parametrize("number", range(7))
    def test_no_style_stands_in_the_drawing_since_pages_refuse_it(self, number):
        assert "style=" not in every_chart()[number].svg

    def test_names_of_patterns_differ_between_charts(self):
        one = draw_bars([Bar("A", 1, kind="soft")], title="One")
        other = draw_bars([Bar("A", 2, kind="soft")], title="Two")
        names = [re.findall(r'id="([^"]+)"', chart.svg) for chart in (one, other)]
        assert names[0]
        assert not set(names[0]) & set(names[1])

    def test_words_of_others_cannot_become_markup(self):
        chart = draw_bars([Bar("<script>alert(1)</script>", 4)], title='"&<')
        assert "<script>" not in chart.svg
        shown = Template("{% load ui %}{% chart drawn %}").render(
            Context({"drawn": chart})
        )
        assert "<script>" not in shown


class TestBars:
    def test_a_bar_without_a_value_says_why(self):
        chart = draw_bars([Bar("A", 3), Bar("B", None, why="withheld")], title="t")
        assert chart.rows[1][1] == "withheld"
        assert ">withheld<" in chart.svg
        assert 'aria-label="B: withheld"' in chart.svg

    def test_the_interval_stands_beside_the_value(self):
        chart = draw_bars([Bar("A", 12.34, 10, 15)], title="t", unit="h", decimals=1)
        assert "12.3 (10.0 – 15.0)" in chart.svg

    def test_a_kind_that_does_not_exist_is_refused(self):
        with pytest.raises(ValueError, match="A bar is one of"):
            draw_bars([Bar("A", 1, kind="loud")], title="t")

    def test_a_longer_bar_is_a_larger_value(self):
        chart = draw_bars([Bar("A", 10), Bar("B", 5)], title="t")
        widths = [
            float(w)
            for w in re.findall(
                r'width="([\d.]+)" height="16" class="wp-chart__bar"', chart.svg
            )
        ]
        assert widths[0] == pytest.approx(2 * widths[1], rel=0.02)


class TestWaterfall:
    def test_parts_that_do_not_add_up_are_refused(self):
        with pytest.raises(ValueError, match="interaction"):
            draw_waterfall([Part("a", 3)], title="t", start=("s", 1), end=("e", 5))

    def test_parts_and_interaction_lead_to_the_total(self):
        chart = draw_waterfall(
            [Part("a", 3), Part("Interaction", 1)],
            title="t",
            start=("Start", 1),
            end=("End", 5),
        )
        assert [row[1] for row in chart.rows] == ["1", "+3", "+1", "5"]


class TestLine:
    def test_a_hole_in_a_series_stays_a_hole(self):
        points = [
            LinePoint(x, str(x), None if x == 2027 else 5.0) for x in range(2025, 2030)
        ]
        chart = draw_line([Line("A", points)], title="t")
        paths = re.findall(r'<path d="(M[^"]+)" class="wp-chart__line-0"', chart.svg)
        assert len([path for path in paths if "H" not in path]) == 2

    def test_four_series_are_refused(self):
        lines = [Line(str(n), [LinePoint(1, "1", 1)]) for n in range(4)]
        with pytest.raises(ValueError, match="3 series"):
            draw_line(lines, title="t")


class TestLorenz:
    def test_even_shares_have_a_gini_of_nothing(self):
        assert gini_of([(0, 0), (0.5, 0.5), (1, 1)]) == pytest.approx(0)

    def test_the_gini_of_a_known_curve(self):
        # One half has all: area under the curve is a quarter.
        assert gini_of([(0, 0), (0.5, 0), (1, 1)]) == pytest.approx(0.5)

    def test_shares_above_one_are_refused(self):
        with pytest.raises(ValueError, match="between 0 and 1"):
            draw_lorenz(
                [Curve("A", [(0, 0), (1, 40)])], title="t", people="p", shared="s"
            )


class TestFunnel:
    LIMITS = (FunnelLimit(10, 6, 10, 5, 11), FunnelLimit(100, 7.5, 8.5, 7, 9))

    @pytest.mark.parametrize(
        ("value", "words"),
        [
            (8.0, "no more than chance explains"),
            (8.8, "more than chance explains in 95 of 100"),
            (9.5, "clearly more than chance explains"),
        ],
    )
    def test_a_point_is_told_by_where_it_lies(self, value, words):
        chart = draw_funnel(
            [FunnelPoint("Team", 100, value)],
            self.LIMITS,
            title="t",
            center=8,
            center_label="All",
        )
        assert chart.rows[0][3] == words

    def test_only_who_stands_out_carries_a_name(self):
        chart = draw_funnel(
            [FunnelPoint("Plain", 100, 8), FunnelPoint("Apart", 90, 10.9)],
            self.LIMITS,
            title="t",
            center=8,
            center_label="All",
        )
        assert ">Apart</text>" in chart.svg
        assert ">Plain</text>" not in chart.svg


class TestDotsAndTornado:
    def test_series_have_shapes_of_their_own(self):
        chart = draw_dots(
            [DotRow("A", (Dot(1), Dot(2), Dot(3)))], series=("x", "y", "z"), title="t"
        )
        for shape in ("<circle", "wp-chart__point-1", 'Z" class="wp-chart__point-2'):
            assert shape in chart.svg

    def test_the_widest_supposition_stands_on_top(self):
        chart = draw_tornado(
            [Effect("small", -1, 1), Effect("large", -9, 4)], title="t"
        )
        assert [row[0] for row in chart.rows] == ["large", "small"]


class TestNumbers:
    @pytest.mark.parametrize(
        ("low", "high", "marks"),
        [
            (0, 10, [0, 2, 4, 6, 8, 10]),
            (-3, 9, [-4, -2, 0, 2, 4, 6, 8, 10]),
            (0, 0, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ],
    )
    def test_scales_have_round_marks_around_the_values(self, low, high, marks):
        ticks = nice_ticks(low, high)
        assert ticks[0] <= low
        assert ticks[-1] >= high
        assert ticks == marks or len(ticks) in range(4, 9)

    def test_numbers_have_a_real_minus_and_no_negative_zero(self):
        assert say_value(-1234.5, 1) == "−1,234.5"
        assert say_value(-0.04, 1) == "0.0"
        assert say_change(3) == "+3"

    def test_numbers_are_dutch_on_a_dutch_page(self):
        with translation.override("nl"):
            assert say_value(1234.5, 1, "uur") == "1.234,5 uur"
