"""The workshop by real HTTP: suppose, compute, read, compare, and pages of plans."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.apps.insight.workshop import (
    ADOPTION,
    Workshop,
    compute,
    compute_base,
    make_own,
    make_workshop,
)
from tests.factories.insight import InsightRegion
from wijkspil.accounts.types import Role
from wijkspil.insight.models import Measure, Scenario, ScenarioRun
from wijkspil.insight.services.scenarios import Closing
from wijkspil.insight.types import MeasureStatus, RunStatus

pytestmark = pytest.mark.django_db
ENGLISH = {"accept-language": "en"}
LIST = "/scenarios/"
PLANS = "/plannen/"


@pytest.fixture
def workshop() -> Workshop:
    """Return a region now: pages take the moment from the clock."""
    return make_workshop(at=timezone.now())


@pytest.fixture
def made(workshop: Workshop) -> InsightRegion:
    return workshop.made


def words(html: str) -> str:
    """Return the words of a page in one line."""
    text = re.sub(r"<(script|style).*?</\1>", " ", html, flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def page(client: Client, path: str, status: int = 200, **query: Any) -> str:
    answer = client.get(path, query, headers=ENGLISH)
    assert answer.status_code == status, (path, answer.status_code)
    return words(answer.content.decode())


def typed(client: Client, path: str) -> dict[str, str]:
    """Return what the form of a page has filled in."""
    html = client.get(path, headers=ENGLISH).content.decode()
    found = {}
    for tag in re.findall(r"<input[^>]+>", html):
        name = re.search(r'name="([^"]+)"', tag)
        value = re.search(r'value="([^"]*)"', tag)
        if name and 'type="radio"' not in tag and name[1] != "csrfmiddlewaretoken":
            found[name[1]] = value[1] if value else ""
    return found


def test_the_base_is_asked_on_the_page_and_computed_by_the_worker(
    made: InsightRegion,
) -> None:
    browser = made.analyst.browser()
    assert "The base was not computed yet" in page(browser, LIST)
    sent = browser.post(f"{LIST}basis/", {"regio": made.region.pk})
    row = Scenario.objects.get()
    assert sent["Location"] == f"{LIST}{row.pk}/"
    assert "Waits for its turn" in page(browser, sent["Location"])
    ScenarioRun.objects.update(status=RunStatus.RUNNING, done=50)
    html = browser.get(sent["Location"], headers=ENGLISH).content.decode()
    assert "50 of 200 futures" in words(html)
    assert 'hx-trigger="every 1s"' in html
    ScenarioRun.objects.all().delete()
    compute(row)
    shown = page(browser, sent["Location"])
    assert "of district nursing" in shown
    assert "In 8 of 10 futures" in shown
    assert "The chance that care falls short is" in shown
    assert 'hx-trigger="every 1s"' not in browser.get(sent["Location"]).content.decode()


def test_a_scenario_starts_from_a_shipped_one_and_is_computed_at_once(
    made: InsightRegion,
) -> None:
    browser = made.analyst.browser()
    assert "Half of clients use digital care" in page(browser, f"{LIST}nieuw/")
    sent = browser.post(
        f"{LIST}nieuw/", {"region": made.region.pk, "base": "training-money"}
    )
    row = Scenario.objects.get()
    assert sent["Location"] == f"{LIST}{row.pk}/"
    assert row.base == "training-money"
    assert row.runs.count() == 1
    wrong = browser.post(f"{LIST}nieuw/", {"region": "9" * 30, "base": "moon"})
    assert wrong.status_code == 422


def test_what_is_not_touched_comes_back_exactly(made: InsightRegion) -> None:
    browser = made.analyst.browser()
    row = make_own(made)
    before = row.overrides
    path = f"{LIST}{row.pk}/aanpassen/"
    sent = browser.post(path, typed(browser, path) | {"note": "Nieuw"})
    assert sent.status_code == 302
    row.refresh_from_db()
    assert (row.overrides, row.note) == (before, "Nieuw")
    assert not row.runs.exists()


def test_a_changed_value_asks_for_a_reason_and_says_its_range(
    made: InsightRegion,
) -> None:
    browser = made.analyst.browser()
    row = make_own(made, overrides={})
    path = f"{LIST}{row.pk}/aanpassen/"
    form = typed(browser, path)
    assert form[f"low:{ADOPTION}"] == "45"
    form |= {"low:absence": "10", "high:absence": "900", "low:outflow": "200"}
    form |= {f"low:{ADOPTION}": "60", f"high:{ADOPTION}": "70", "low:retirement": "x"}
    refused = browser.post(path, form, headers=ENGLISH)
    assert refused.status_code == 422
    shown = words(refused.content.decode())
    assert "Say in a sentence why you suppose this" in shown
    assert "Give values within 0 to 100 %" in shown
    assert re.search("Give the lowest value first: 200 is more than 1", shown)
    assert "This is not a number" in shown
    form = typed(browser, path)
    form |= {f"low:{ADOPTION}": "60", f"high:{ADOPTION}": "70"}
    form |= {f"why:{ADOPTION}": "Afspraak van juni", "reken": "ja"}
    sent = browser.post(path, form)
    assert sent["Location"] == f"{LIST}{row.pk}/"
    row.refresh_from_db()
    assert list(row.overrides) == [ADOPTION]
    assert row.overrides[ADOPTION]["low"] == pytest.approx(0.6)
    assert row.runs.count() == 1
    shown = page(browser, sent["Location"])
    assert "60 to 70 % of whom it suits" in shown
    assert "Afspraak van juni" in shown
    assert made.analyst.user.name in shown


def test_the_result_says_where_why_and_how_sure(made: InsightRegion) -> None:
    browser = made.analyst.browser()
    at = timezone.now()
    compute_base(made, at=at)
    row = make_own(made, at=at)
    compute(row, at=at)
    path = f"{LIST}{row.pk}/"
    shown = page(browser, path)
    assert "Against the base that is" in shown
    assert "From the base to this scenario" in shown
    assert "What moves the gap of" in shown
    assert "Haven" in shown
    assert "Seed" in shown
    for look in ("voor", "na", "verschil", "\0"):
        page(browser, path, beeld=look, jaar="2030")
    shapes = browser.get(f"{path}kaart/")
    assert shapes.json()["type"] == "FeatureCollection"
    lines = b"".join(browser.get(f"{path}cijfers.csv")).decode().splitlines()
    assert lines[0].lstrip("\ufeff").startswith("indicator;name;unit;area_kind")
    assert any("gap_hours" in line and "Haven" in line for line in lines)


def test_scenarios_are_compared_future_by_future(made: InsightRegion) -> None:
    browser = made.analyst.browser()
    at = timezone.now()
    base = compute_base(made, at=at).scenario
    row = make_own(made, at=at)
    compute(row, at=at)
    third = make_own(made, at=at, name="Niet berekend")
    path = f"{LIST}vergelijken/"
    shown = page(browser, path, s=[base.pk, row.pk, third.pk])
    assert "How the gap differs from" in shown
    assert "60 to 70 % of whom it suits" in shown
    assert "Niet berekend was not computed yet" in shown
    page(browser, path, s=["x", "9" * 30, "²"])
    # Another number of draws cannot be laid side by side.
    compute(row, at=timezone.now(), draws=5)
    assert "Compute the older one again" in page(browser, path, s=[base.pk, row.pk])


def test_others_see_what_is_shared_and_can_copy_it_only(made: InsightRegion) -> None:
    mine, other = made.analyst.browser(), made.insurer.browser()
    row = make_own(made)
    path = f"{LIST}{row.pk}/"
    page(other, path, status=404)
    assert mine.post(f"{path}delen/", {"delen": "ja"}).status_code == 302
    shown = page(other, path)
    assert "Make a copy" in shown
    assert "Change values" not in shown
    assert other.get(f"{path}aanpassen/").status_code == 409
    assert other.post(f"{path}verwijderen/").status_code == 409
    sent = other.post(f"{path}kopie/")
    copied = Scenario.objects.exclude(pk=row.pk).get()
    assert sent["Location"] == f"{LIST}{copied.pk}/aanpassen/"
    assert mine.post(f"{path}delen/", {"delen": "nee"}).status_code == 302
    page(other, path, status=404)


def test_deleting_asks_once(made: InsightRegion) -> None:
    browser = made.analyst.browser()
    row = make_own(made)
    assert "Delete this scenario?" in page(browser, f"{LIST}{row.pk}/verwijderen/")
    assert Scenario.objects.exists()
    assert browser.post(f"{LIST}{row.pk}/verwijderen/").status_code == 302
    assert not Scenario.objects.exists()


def test_a_reader_of_another_region_or_role_is_refused(made: InsightRegion) -> None:
    from tests.apps.directory.signing_in import browser_of

    row = make_own(made)
    row.is_shared = True
    row.save()
    elsewhere = browser_of(Role.ANALYST, region=made.zorgkantoor)
    page(elsewhere, f"{LIST}{row.pk}/", status=403)
    page(browser_of(Role.REFERRER), LIST, status=403)
    reader = browser_of(Role.GP_COORDINATOR, region=made.region)
    shown = page(reader, f"{LIST}{row.pk}/")
    assert "Compute it" not in shown
    assert reader.post(f"{LIST}{row.pk}/doorrekenen/").status_code == 403
    assert reader.post(f"{LIST}{row.pk}/kopie/").status_code == 403


def test_a_failed_run_says_why_and_can_be_asked_again(made: InsightRegion) -> None:
    browser = made.analyst.browser()
    row = make_own(made)
    browser.post(f"{LIST}{row.pk}/doorrekenen/")
    again = browser.post(f"{LIST}{row.pk}/doorrekenen/", headers=ENGLISH, follow=True)
    assert "being computed already" in again.content.decode()
    row.runs.update(status=RunStatus.FAILED, error="De schijf is vol.")
    shown = page(browser, f"{LIST}{row.pk}/")
    assert "The computation did not succeed De schijf is vol." in shown
    assert browser.post(f"{LIST}{row.pk}/doorrekenen/").status_code == 302
    assert row.runs.count() == 2


def test_a_closing_practice_shows_who_moves_and_becomes_a_scenario(
    workshop: Workshop,
) -> None:
    made = workshop.made
    browser = made.analyst.browser()
    path = f"{LIST}praktijk-stopt/"
    practice = workshop.practices[0]
    assert practice.name in page(browser, path)
    shown = page(browser, path, praktijk=practice.pk)
    assert "people look for another GP" in shown
    assert workshop.practices[1].name in shown
    assert "Where it gets tighter" in shown
    year = timezone.localdate().year + 2
    sent = browser.post(
        f"{path}scenario/",
        {"regio": made.region.pk, "praktijk": practice.pk, "jaar": year},
    )
    row = Scenario.objects.get()
    assert sent["Location"] == f"{LIST}{row.pk}/"
    assert row.closing == [{"service": practice.pk, "year": year}]
    assert f"{practice.name} stops at the start of {year}" in page(
        browser, sent["Location"]
    )
    wrong = browser.post(f"{path}scenario/", {"regio": "x"})
    assert wrong.status_code in (400, 422)
    assert browser.get(f"{path}vormen/").json()["type"] == "FeatureCollection"


def test_a_practice_is_chosen_in_the_form(workshop: Workshop) -> None:
    made = workshop.made
    browser = made.analyst.browser()
    row = make_own(made, closing=[Closing(workshop.practices[1].pk, 2030)])
    path = f"{LIST}{row.pk}/aanpassen/"
    html = browser.get(path).content.decode()
    assert re.search(rf'value="{workshop.practices[1].pk}" selected', html)
    form = typed(browser, path) | {
        "practice-0": workshop.practices[0].pk,
        "year-0": 2031,
    }
    browser.post(path, form)
    row.refresh_from_db()
    assert row.closing == [{"service": workshop.practices[0].pk, "year": 2031}]


# --- plans


def test_a_gap_becomes_a_measure_and_is_moved_on(made: InsightRegion) -> None:
    browser = made.analyst.browser()
    assert "There is no measure here" in page(browser, PLANS)
    address = f"{PLANS}nieuw/?area={made.wijken[2].code}&indicator=gap_hours"
    assert "Haven" in page(browser, address)
    assert "30 hours a week" in page(browser, address)
    refused = browser.post(address, {"title": ""}, headers=ENGLISH)
    assert refused.status_code == 422
    assert "Say in a few words what will be done" in refused.content.decode()
    form = {
        "title": "Avondteam in Haven",
        "owner_kind": "provider",
        "due_on": "2027-06-01",
        "expected_effect": "-10",
        "note": "",
    }
    refused = browser.post(address, form, headers=ENGLISH)
    assert "Choose which provider does it" in refused.content.decode()
    form["owner_kind"] = "insurer"
    refused = browser.post(address, form, headers=ENGLISH)
    assert "Say why you expect this" in refused.content.decode()
    sent = browser.post(address, form | {"note": "Twee verpleegkundigen erbij"})
    row = Measure.objects.get()
    assert sent["Location"] == f"{PLANS}{row.pk}/"
    assert (row.area, row.region) == (made.wijken[2], made.region)
    shown = page(browser, sent["Location"])
    assert "−10 hours a week" in shown
    assert "30 hours a week" in shown
    status = f"{PLANS}{row.pk}/staat/"
    for act in ("agree", "start"):
        assert browser.post(status, {"handeling": act}).status_code == 302
    refused = browser.post(status, {"handeling": "finish"}, headers=ENGLISH)
    assert refused.status_code == 422
    browser.post(status, {"handeling": "finish", "outcome": "Het hielp wat."})
    shown = page(browser, sent["Location"])
    assert "Het hielp wat." in shown
    assert "State: from Being done to Done" in shown
    late = browser.post(status, {"handeling": "start"}, headers=ENGLISH, follow=True)
    assert "so this cannot be done" in late.content.decode()
    assert browser.post(status, {"handeling": "x"}).status_code in (400, 422)
    lines = b"".join(browser.get(f"{PLANS}plannen.csv")).decode()
    assert "Avondteam in Haven;done" in lines


def test_what_is_overdue_stands_out(made: InsightRegion) -> None:
    browser = made.analyst.browser()
    Measure.objects.create(
        region=made.region,
        area=made.wijken[0],
        indicator="gap_hours",
        title="Vergeten",
        owner_kind="resv",
        due_on=timezone.localdate().replace(year=2025),
        created_at=made.at,
    )
    shown = page(browser, PLANS)
    assert "1 measure is past its date" in shown
    assert "Past its date" in shown
    assert "Vergeten" not in page(browser, PLANS, staat="done")
    assert "Vergeten" in page(browser, PLANS, staat="proposed")
    assert "Vergeten" in page(browser, PLANS, staat="\0")


def test_a_measure_is_changed_and_read_by_who_may(made: InsightRegion) -> None:
    from tests.apps.directory.signing_in import browser_of

    browser = made.analyst.browser()
    row = Measure.objects.create(
        region=made.region,
        area=made.region,
        indicator="gap_hours",
        title="Iets",
        owner_kind="resv",
        due_on=timezone.localdate(),
        created_at=made.at,
        start_value=10.0,
        start_on=timezone.localdate().replace(year=2025),
    )
    path = f"{PLANS}{row.pk}/"
    form = {"title": "Iets anders", "owner_kind": "resv", "due_on": "2027-06-01"}
    assert browser.post(f"{path}aanpassen/", form).status_code == 302
    row.refresh_from_db()
    assert row.title == "Iets anders"
    assert "There is a newer figure" in page(browser, path)
    browser.post(f"{path}effect/")
    row.refresh_from_db()
    assert row.measured_effect == pytest.approx(30.0)
    assert "It does not prove that this measure did it" in page(browser, path)
    reader = browser_of(Role.GP_COORDINATOR, region=made.region)
    assert "Where does it stand?" not in page(reader, path)
    assert reader.post(f"{path}staat/", {"handeling": "agree"}).status_code == 403
    page(reader, f"{PLANS}nieuw/", status=403)
    page(browser_of(Role.ANALYST, region=made.zorgkantoor), path, status=403)
    assert row.status == MeasureStatus.PROPOSED


def test_an_area_outside_ones_region_gets_no_measure(made: InsightRegion) -> None:
    from tests.factories.directory import AreaFactory

    outside = AreaFactory(name="Elders")
    browser = made.analyst.browser()
    page(browser, f"{PLANS}nieuw/", status=403, area=outside.code)
    page(browser, f"{PLANS}nieuw/", area="\0", indicator="moon")
