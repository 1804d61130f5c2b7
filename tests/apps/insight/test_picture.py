"""The regional picture by real HTTP: the answer first, every figure with its source."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import date

import pytest
from django.test import Client

from tests.apps.directory.signing_in import browser_of
from tests.factories.directory import AreaFactory
from tests.factories.insight import (
    AT,
    MONTHS,
    FigureFactory,
    InsightRegion,
    make_base_run,
    make_region,
    make_region_with_figures,
)
from wijkspil.accounts.types import Role
from wijkspil.directory.models import Area, AreaShape
from wijkspil.directory.types import RegionPurpose
from wijkspil.insight.catalogue import INDICATORS
from wijkspil.insight.models import Figure
from wijkspil.insight.picture_charts import draw_years, make_choropleth
from wijkspil.insight.picture_classes import make_classes
from wijkspil.insight.picture_wording import (
    make_answer,
    say_period,
    say_why_missing,
)
from wijkspil.insight.selectors.picture import (
    Shown,
    by_indicator,
    get_picture_area,
    list_newest,
    list_within,
)

pytestmark = pytest.mark.django_db
PICTURE = "/regiobeeld/"


@pytest.fixture
def made() -> InsightRegion:
    return make_region_with_figures()


@pytest.fixture
def analyst(made: InsightRegion) -> Client:
    return browser_of(Role.ANALYST, region=made.region)


def page(client: Client, address: str) -> str:
    answer = client.get(address, headers={"accept-language": "en"})
    assert answer.status_code == 200, (address, answer.status_code)
    return " ".join(answer.content.decode().split())


def shown(indicator: str, value: float | None, **more: object) -> Shown:
    """Return a figure that no table holds."""
    row = Shown(
        indicator=indicator,
        area_id=1,
        area_code="WK000001",
        area_name="Zuid",
        valid_from=MONTHS[1][0],
        valid_until=MONTHS[1][1],
        part_of_day="",
        value=value,
        numerator=None,
        denominator=None,
        low=None,
        high=None,
        is_withheld=False,
        source="",
        measured_at=None,
        computed_at=AT,
    )
    return replace(row, **more)  # type: ignore[arg-type]


def give_shapes(made: InsightRegion) -> None:
    for number, wijk in enumerate(made.wijken):
        west = 4.2 + 0.01 * number
        ring = [[west, 52], [west + 0.01, 52], [west + 0.01, 52.01], [west, 52]]
        AreaShape.objects.create(
            area=wijk, geometry={"type": "Polygon", "coordinates": [ring]}
        )


class TestOneRegion:
    def test_the_only_region_of_a_reader_opens_at_once(self, made, analyst):
        answer = analyst.get(PICTURE)
        assert answer.status_code == 302
        assert answer["Location"] == "/regiobeeld/resv/DUIN/"

    def test_the_answer_comes_first_and_names_the_largest_gap(self, made, analyst):
        body = page(analyst, "/regiobeeld/resv/DUIN/")
        assert "Duinstreek is 40 hours a week short now" in body
        assert "The gap is largest in Haven: 30 hours a week." in body
        assert body.index("short now") < body.index("In figures")

    def test_what_was_not_computed_is_said(self, made, analyst):
        assert "What comes was not computed yet." in page(
            analyst, "/regiobeeld/resv/DUIN/"
        )

    def test_a_withheld_figure_says_why(self, made, analyst):
        wijk = made.wijken[3]
        body = page(analyst, f"/regiobeeld/{wijk.code}/")
        assert "withheld: counted over fewer than 5" in body

    def test_each_figure_has_its_definition_source_and_age_behind_it(
        self, made, analyst
    ):
        body = page(analyst, f"/regiobeeld/{made.wijken[0].code}/")
        for part in ("What this is", "Counted over", "Made for a test", "Period"):
            assert part in body
        assert str(INDICATORS["placed_share"].definition) in body

    def test_a_wijk_is_two_steps_from_the_region(self, made, analyst):
        region = page(analyst, "/regiobeeld/resv/DUIN/")
        address = f"/regiobeeld/{made.wijken[2].code}/"
        assert f'href="{address}"' in region
        wijk = page(analyst, address)
        assert 'href="/regiobeeld/resv/DUIN/"' in wijk
        assert f'href="/regiobeeld/{made.gemeenten[1].code}/"' in wijk

    def test_a_region_without_figures_offers_to_count_them(self):
        made = make_region()
        client = browser_of(Role.ANALYST, region=made.region)
        body = page(client, "/regiobeeld/resv/DUIN/")
        assert "No figures yet" in body
        assert 'action="/regiobeeld/resv/DUIN/verversen/"' in body

    def test_counting_now_makes_figures_of_the_region(self):
        made = make_region()
        client = browser_of(Role.ANALYST, region=made.region)
        answer = client.post("/regiobeeld/resv/DUIN/verversen/", follow=True)
        assert answer.status_code == 200
        assert Figure.objects.filter(area=made.region, run=None).exists()

    def test_who_is_not_of_the_region_is_refused(self, made):
        other = AreaFactory(region=True, purpose=RegionPurpose.RESV, code="ANDERS")
        client = browser_of(Role.ANALYST, region=other)
        assert client.get("/regiobeeld/resv/DUIN/").status_code == 403
        assert client.get(f"/regiobeeld/{made.wijken[0].code}/").status_code == 403
        assert client.get("/regiobeeld/resv/DUIN/cijfers.csv").status_code == 403
        assert client.post("/regiobeeld/resv/DUIN/verversen/").status_code == 403

    def test_an_unknown_area_is_not_found(self, made, analyst):
        assert analyst.get("/regiobeeld/WK999999/").status_code == 404
        assert analyst.get("/regiobeeld/resv/DUIN/thema/nothing/").status_code == 404


class TestYearsToCome:
    def test_the_page_says_how_large_how_sure_and_where(self, made, analyst):
        expect_2035(made)
        body = page(analyst, "/regiobeeld/resv/DUIN/")
        assert "In 2035 300 hours a week are expected to be short" in body
        assert "it lies between 50 left and 700 short" in body
        assert "less care than needed is then 80 %" in body
        assert "Then it is largest in Haven: 90 hours a week." in body

    def test_the_map_can_show_the_year_ahead(self, made, analyst):
        expect_2035(made)
        give_shapes(made)
        body = page(analyst, "/regiobeeld/resv/DUIN/?wanneer=2035")
        states = read_states(body, "wijken-states")
        assert states[made.wijken[2].code]["text"].startswith("35")

    def test_no_line_is_drawn_of_years_that_were_not_computed(self):
        assert draw_years([]) is None


def expect_2035(made: InsightRegion) -> None:
    """Store what the reference run expects of 2035."""
    run = make_base_run(made)
    year = {"valid_from": date(2035, 1, 1), "valid_until": date(2036, 1, 1)}
    rows: list[tuple[Area, str, float, float | None, float | None]] = [
        (made.region, "gap_hours", 300, -50, 700),
        (made.region, "gap_chance", 80, None, None),
    ]
    for number, wijk in enumerate(made.wijken):
        is_worst = number == 2
        rows += [
            (wijk, "gap_hours", 90 if is_worst else 60, None, None),
            (wijk, "gap_share", 35 if is_worst else 20, None, None),
        ]
    Figure.objects.filter(run=run, valid_from__year=2035).delete()
    for area, indicator, value, low, high in rows:
        FigureFactory(
            run=run,
            area=area,
            indicator=indicator,
            value=value,
            low=low,
            high=high,
            **year,
        )


def read_states(body: str, name: str) -> dict[str, dict[str, str]]:
    found = re.search(
        rf'<script id="{name}" type="application/json">(.*?)</script>', body
    )
    assert found
    states: dict[str, dict[str, str]] = json.loads(found[1])
    return states


class TestThemes:
    THEME = "/regiobeeld/resv/DUIN/thema/waiting/?cijfer=placed_share"

    def test_map_table_and_chart_say_the_same(self, made, analyst):
        give_shapes(made)
        body = page(analyst, self.THEME)
        states = read_states(body, "gebieden-states")
        for wijk, said in zip(made.wijken, ("75", "50", "90", "60"), strict=True):
            assert states[wijk.code]["text"] == f"{said} %"
            assert re.search(rf'data-map-area="{wijk.code}".*?>{said}<', body)
            assert f"<title>{wijk.name}: {said} %</title>" in body

    def test_another_month_stands_beside_it_with_the_difference(self, made, analyst):
        body = page(analyst, f"{self.THEME}&naast=2026-10-01")
        assert "October 2026" in body
        assert re.search(r"\+(?:8|9) %", body)

    def test_another_region_stands_beside_it(self, made):
        other = AreaFactory(
            region=True, purpose=RegionPurpose.RESV, code="BOS", name="Bosstreek"
        )
        FigureFactory(area=other, indicator="placed_share", value=55.0)
        client = browser_of(Role.AUDITOR)
        body = page(client, f"{self.THEME}&met=resv/BOS")
        assert "Bosstreek" in body
        assert "55 %" in body

    def test_a_region_of_others_cannot_be_put_beside_it(self, made, analyst):
        AreaFactory(region=True, purpose=RegionPurpose.RESV, code="BOS", name="Bos")
        answer = analyst.get(f"{self.THEME}&met=resv/BOS")
        # The only region there is: no such choice, so it changes nothing.
        assert b"Bos<" not in answer.content

    def test_gemeenten_can_be_asked_for_instead_of_wijken(self, made, analyst):
        body = page(analyst, f"{self.THEME}&niveau=gemeente")
        assert f'data-map-area="{made.gemeenten[0].code}"' in body
        assert f'data-map-area="{made.wijken[0].code}"' not in body

    def test_a_part_of_the_day_has_figures_of_its_own(self, made, analyst):
        FigureFactory(
            area=made.region, indicator="gap_hours", part_of_day="evening", value=7.0
        )
        body = page(
            analyst, "/regiobeeld/resv/DUIN/thema/gap/?cijfer=gap_hours&deel=evening"
        )
        assert "7 hours a week" in body
        assert "by part of the day" in body

    def test_a_question_that_does_not_exist_is_refused_in_words(self, made, analyst):
        answer = analyst.get(f"{self.THEME}&maand=gisteren")
        assert answer.status_code == 404


class TestRegionsBesideEachOther:
    def test_the_country_names_the_region_with_the_largest_gap(self, made):
        other = AreaFactory(
            region=True, purpose=RegionPurpose.RESV, code="BOS", name="Bosstreek"
        )
        FigureFactory(area=other, indicator="gap_hours", value=99.0)
        body = page(browser_of(Role.AUDITOR), PICTURE)
        assert "The gap is largest in Bosstreek now: 99 hours a week" in body
        assert "Duinstreek" in body

    def test_any_set_of_regions_can_be_chosen(self, made):
        body = page(browser_of(Role.AUDITOR), f"{PICTURE}?set=zorgkantoor")
        assert 'href="/regiobeeld/zorgkantoor/DUIN/"' in body
        assert 'href="/regiobeeld/resv/DUIN/"' not in body

    def test_the_map_of_the_country_holds_every_wijk(self, made):
        give_shapes(made)
        body = page(browser_of(Role.AUDITOR), PICTURE)
        assert set(read_states(body, "wijken-states")) == {
            wijk.code for wijk in made.wijken
        }
        assert 'data-map-url="/regiobeeld/{code}/"' in body

    def test_who_has_no_region_is_told_what_to_do(self):
        answer = browser_of(Role.REFERRER).get(PICTURE)
        assert answer.status_code == 403


class TestShapes:
    def test_shapes_are_packed_and_kept_by_the_browser(self, made, analyst):
        give_shapes(made)
        address = f"/regiobeeld/vormen/wijk/{made.wijken[0].year}/{made.region.pk}/"
        answer = analyst.get(address, headers={"accept-encoding": "gzip"})
        assert answer["Content-Encoding"] == "gzip"
        assert "max-age=86400" in answer["Cache-Control"]
        again = analyst.get(address, headers={"if-none-match": answer["ETag"]})
        assert again.status_code == 304
        plain = json.loads(analyst.get(address).content)
        assert [area[0] for area in plain["areas"]] == sorted(
            wijk.code for wijk in made.wijken
        )

    def test_other_kinds_have_no_shapes_here(self, made, analyst):
        assert analyst.get("/regiobeeld/vormen/pc6/2026/0/").status_code == 404


class TestFile:
    def test_the_file_has_every_figure_that_is_shown(self, made, analyst):
        answer = analyst.get("/regiobeeld/resv/DUIN/cijfers.csv?thema=waiting")
        text = b"".join(answer).decode().removeprefix("\ufeff")
        rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
        placed = {
            row["area"]: row["value"]
            for row in rows
            if row["indicator"] == "placed_share"
        }
        assert placed["resv/DUIN"] == "68.75"
        assert placed[made.wijken[0].code] == "75.0"
        assert all(INDICATORS[row["indicator"]].theme == "waiting" for row in rows)

    def test_a_withheld_figure_is_empty_in_the_file(self, made, analyst):
        answer = analyst.get("/regiobeeld/resv/DUIN/cijfers.csv")
        text = b"".join(answer).decode().removeprefix("\ufeff")
        row = next(
            row
            for row in csv.DictReader(io.StringIO(text), delimiter=";")
            if row["indicator"] == "open_requests"
            and row["area"] == made.wijken[3].code
        )
        assert (row["value"], row["is_withheld"]) == ("", "yes")


class TestRest:
    def test_indicators_say_what_they_mean(self, made, analyst):
        items = analyst.get("/api/v1/insight/indicators").json()["items"]
        assert [item["code"] for item in items] == list(INDICATORS)
        assert all(item["definition"] for item in items)

    def test_figures_of_an_area_and_of_what_lies_in_it(self, made, analyst):
        ask = "/api/v1/insight/figures?area=resv/DUIN&indicator=gap_hours"
        (own,) = analyst.get(ask).json()["items"]
        assert (own["value"], own["validFrom"]) == (40.0, "2026-11-01")
        inside = analyst.get(f"{ask}&within=wijk").json()["items"]
        assert [item["value"] for item in inside] == [-5.0, 30.0, -5.0, 20.0]

    def test_an_earlier_period_can_be_asked_for(self, made, analyst):
        ask = "/api/v1/insight/figures?area=resv/DUIN&indicator=gap_hours"
        (own,) = analyst.get(f"{ask}&period=2026-10-01").json()["items"]
        assert own["value"] == pytest.approx(36.0)

    def test_figures_come_as_a_file_when_asked(self, made, analyst):
        answer = analyst.get(
            "/api/v1/insight/figures?area=resv/DUIN", headers={"accept": "text/csv"}
        )
        assert answer["Content-Type"].startswith("text/csv")
        assert "gap_hours;resv/DUIN;Duinstreek" in answer.content.decode()

    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("area=resv/DUIN&indicator=nothing", 400),
            ("area=resv/NERGENS", 404),
            ("area=resv/DUIN&within=pc6", 400),
            ("area=resv/DUIN&within=wijk&expected=true", 400),
            ("area=resv/DUIN&colour=red", 400),
        ],
    )
    def test_a_wrong_question_is_refused_in_words(self, made, analyst, query, status):
        answer = analyst.get(f"/api/v1/insight/figures?{query}")
        assert answer.status_code == status
        assert answer.json()["detail"]

    def test_a_region_of_others_is_refused(self, made):
        other = AreaFactory(region=True, purpose=RegionPurpose.RESV, code="ANDERS")
        client = browser_of(Role.ANALYST, region=other)
        answer = client.get("/api/v1/insight/figures?area=resv/DUIN")
        assert answer.status_code == 403

    def test_a_visitor_is_asked_to_sign_in(self, made):
        assert Client().get("/api/v1/insight/indicators").status_code in (401, 403)


class TestSelectors:
    def test_the_newest_figure_of_each_indicator_is_read_in_one_query(
        self, made, django_assert_num_queries
    ):
        with django_assert_num_queries(1):
            now = by_indicator(list_newest([made.region.pk]))
        assert now["gap_hours"].value == 40.0
        assert now["gap_hours"].valid_from == date(2026, 11, 1)

    def test_what_lies_in_an_area_is_read_in_two(self, made, django_assert_num_queries):
        with django_assert_num_queries(2):
            rows = list_within(
                ["gap_hours"], kind="wijk", within=made.gemeenten[0].pk, month=None
            )
        assert [row.area_name for row in rows] == ["Noord", "Zuid"]

    def test_of_two_divisions_the_one_with_figures_is_shown(self, made):
        old = made.wijken[0]
        AreaFactory(code=old.code, name="Zuid (nieuw)", year=old.year + 2)
        area = get_picture_area(old.code)
        assert area is not None
        assert area.id == old.pk


class TestClasses:
    def test_areas_fall_in_five_classes_of_about_as_many(self):
        classes = make_classes([float(value) for value in range(100)])
        keys = [classes.key_of(float(value)) for value in range(100)]
        counts = [keys.count(f"step-{number}") for number in range(1, 6)]
        assert sum(counts) == 100
        assert min(counts) >= 15

    def test_zero_is_a_bound_where_some_have_too_little_and_some_too_much(self):
        classes = make_classes([-5.0, -1.0, 2.0, 4.0, 6.0, 9.0])
        assert classes.bounds[0] == 0.0
        assert classes.key_of(-1.0) == "step-1"
        assert classes.key_of(2.0) != "step-1"

    def test_few_values_make_few_classes_that_stay_apart(self):
        classes = make_classes([1.0, 1.0, 3.0])
        assert classes.key_of(1.0) != classes.key_of(3.0)

    def test_the_same_everywhere_is_one_class(self):
        classes = make_classes([4.0, 4.0])
        assert len(classes.labels()) == 1

    def test_every_value_falls_in_a_class_of_the_legend(self):
        values = [-3.2, 0.0, 0.1, 7.7, 12.0, 12.1, 400.0]
        classes = make_classes(values, decimals=1)
        keys = {key for key, _words in classes.labels()}
        assert {classes.key_of(value) for value in values} <= keys
        assert len(keys) == len(classes.labels())

    def test_withheld_areas_have_a_class_of_their_own(self):
        drawn = make_choropleth(
            INDICATORS["open_requests"],
            [
                shown("open_requests", 8.0),
                shown("open_requests", None, area_code="W2", is_withheld=True),
            ],
        )
        assert drawn.states["W2"]["category"] == "unknown"
        assert drawn.categories[-1].key == "unknown"


class TestWords:
    @pytest.mark.parametrize(
        ("start", "until", "words"),
        [
            (date(2026, 11, 1), date(2026, 12, 1), "November 2026"),
            (date(2035, 1, 1), date(2036, 1, 1), "2035"),
            (
                date(2026, 11, 2),
                date(2026, 11, 9),
                "2 November 2026 to 8 November 2026",
            ),
        ],
    )
    def test_a_period_is_said_as_people_say_it(self, start, until, words):
        assert say_period(start, until) == words

    def test_nothing_is_said_without_a_figure(self):
        assert (
            make_answer("Duin", now={}, within=[], later={}, later_within=[], year=2035)
            is None
        )

    def test_enough_care_is_said_to_be_enough(self):
        answer = make_answer(
            "Duin",
            now={"gap_hours": shown("gap_hours", -30.0)},
            within=[],
            later={"gap_hours": shown("gap_hours", -4.0)},
            later_within=[],
            year=2035,
        )
        assert answer is not None
        assert answer.title == "Duin has as much care as it needs now"
        assert answer.tone == "good"
        assert "In 2035 no care is expected to be short." in answer.sentences

    def test_what_is_missing_says_why(self):
        indicator = INDICATORS["open_requests"]
        assert say_why_missing(indicator, None) == "not counted here"
        assert "fewer than 5" in say_why_missing(
            indicator, shown("open_requests", None, is_withheld=True)
        )
