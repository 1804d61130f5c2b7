"""The report of a region by real HTTP: read it, take it along, and who may."""

import csv
import json
from io import BytesIO, StringIO
from zipfile import ZipFile

import pytest
from django.utils import timezone

from tests.apps.insight.workshop import compute, compute_base, make_own, make_workshop
from tests.factories.insight import InsightRegion
from wijkspil.insight.services.scenarios import share_scenario

pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def made() -> InsightRegion:
    return make_workshop(at=timezone.now()).made


def address(made: InsightRegion, part: str = "") -> str:
    return f"/regiobeeld/rapport/{made.region.pk}/{part}"


def test_it_says_what_the_pages_say(made: InsightRegion) -> None:
    html = made.analyst.browser().get(address(made), headers=ENGLISH).content.decode()
    # Need 1,300 and capacity 1,260 over the four wijken.
    assert "People here need 1,300 hours a week" in html
    assert "So 40 hours a week fall short." in html
    assert "Haven (11.5%)" in html
    assert "There are no figures" not in html


def test_futures_and_shared_scenarios_come_into_it(made: InsightRegion) -> None:
    now = timezone.now()
    before = made.analyst.browser().get(address(made), headers=ENGLISH).content.decode()
    assert "The years ahead" not in before
    compute_base(made, at=now)
    own = make_own(made, at=now)
    compute(own, at=now)
    private = (
        made.insurer.browser().get(address(made), headers=ENGLISH).content.decode()
    )
    assert "The years ahead" in private
    assert "Half digitaal" not in private
    share_scenario(actor=made.analyst.actor, scenario_id=own.pk, is_shared=True, at=now)
    shared = made.insurer.browser().get(address(made), headers=ENGLISH).content.decode()
    assert "Half digitaal" in shared


def test_the_pdf_is_a_file(made: InsightRegion) -> None:
    answer = made.analyst.browser().get(address(made, "pdf/"), headers=ENGLISH)
    assert answer["Content-Type"] == "application/pdf"
    assert ".pdf" in answer["Content-Disposition"]
    assert answer.content.startswith(b"%PDF")


def test_all_data_come_along_with_what_they_mean(made: InsightRegion) -> None:
    compute_base(made, at=timezone.now())
    answer = made.analyst.browser().get(address(made, "gegevens/"), headers=ENGLISH)
    archive = ZipFile(BytesIO(answer.content))
    assert {
        *("figures.csv", "figures.parquet", "codebook.csv", "assumptions.csv"),
        *("run.json", "report.html", "report.pdf"),
    } <= set(archive.namelist())
    rows = list(csv.DictReader(StringIO(archive.read("figures.csv").decode())))
    gap = [
        row
        for row in rows
        if row["indicator"] == "gap_hours"
        and row["area_code"] == "DUIN"
        and not row["scenario"]
    ]
    assert [float(row["value"]) for row in gap] == [40.0]
    used = {row["indicator"] for row in rows}
    book = archive.read("codebook.csv").decode()
    assert all(code in book for code in used)
    assert json.loads(archive.read("run.json"))["seed"] > 0


def test_only_who_works_on_the_region_reads_it(made: InsightRegion) -> None:
    for part in ("", "pdf/", "gegevens/"):
        path = address(made, part)
        assert made.coordinator.browser().get(path).status_code == 200
        assert made.manager.browser().get(path).status_code == 403
        other = f"/regiobeeld/rapport/{made.zorgkantoor.pk}/{part}"
        assert made.analyst.browser().get(other).status_code == 403
        gone = f"/regiobeeld/rapport/999999/{part}"
        assert made.analyst.browser().get(gone).status_code == 404
