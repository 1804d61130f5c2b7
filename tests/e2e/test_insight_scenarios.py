"""The workshop in a real browser: suppose, compute, read, compare, make a measure."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site

Check = Callable[[], None]
Picture = Callable[..., None]
SignIn = Callable[[str], None]

#: The worker beside the site computes; its first time it compiles the engine.
SLOW_MS = 180_000


def press(page: Page, name: str | re.Pattern[str]) -> None:
    page.locator("main").get_by_role("button", name=name).first.click()


def follow(page: Page, name: str | re.Pattern[str]) -> None:
    page.locator("main").get_by_role("link", name=name).first.click()


def wait_until_computed(page: Page) -> None:
    """Wait until the page shows the answer by itself, without being loaded anew."""
    expect(page.locator("#antwoord, section[aria-labelledby=antwoord]")).to_be_visible(
        timeout=SLOW_MS
    )
    expect(page.locator("#rekenen progress")).to_have_count(0, timeout=SLOW_MS)


def at_phone_width(page: Page) -> None:
    """Look at the page on a phone: nothing sticks out."""
    page.set_viewport_size({"width": 390, "height": 844})
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, page.url
    page.set_viewport_size({"width": 1440, "height": 1000})


@pytest.fixture
def base(page: Page, sign_in: SignIn) -> None:
    """Sign in as the analyst, and have the base of the region computed."""
    sign_in("analist@example.nl")
    page.goto("/scenarios/")
    compute = page.get_by_role("button", name="Reken de basis door")
    if compute.count():
        compute.click()
        wait_until_computed(page)


def test_a_future_is_supposed_computed_compared_and_planned_for(
    site: Site,
    page: Page,
    base: None,
    assert_accessible: Check,
    picture: Picture,
) -> None:
    page.goto("/scenarios/")
    assert_accessible()
    at_phone_width(page)
    picture("scenarios")
    follow(page, "De helft van de cliënten gebruikt digitale zorg")
    assert_accessible()
    page.get_by_label("Naam van het scenario").fill("Digitaal in Spilland")
    press(page, "Maak en reken door")
    wait_until_computed(page)

    # A slider by keyboard: the value moves, and a reason is asked.
    follow(page, "Pas waarden aan")
    low = page.get_by_role("slider", name=re.compile("wie hem krijgt, als.*laagste"))
    number = page.get_by_role(
        "spinbutton", name=re.compile("wie hem krijgt, als.*laagste")
    )
    expect(number).to_have_value("45")
    low.focus()
    page.keyboard.press("ArrowRight")
    expect(number).to_have_value("46")
    assert_accessible()
    at_phone_width(page)
    press(page, "Opslaan en doorrekenen")
    why = page.locator("[aria-invalid=true]")
    expect(why).to_have_count(1)
    why.fill("Zo spraken we het af in juni.")
    picture("scenario-edit")
    press(page, "Opslaan en doorrekenen")
    wait_until_computed(page)
    cell = page.get_by_role("cell", name="Zo spraken we het af in juni.")
    expect(cell).to_be_visible()
    expect(page.get_by_text("dan in de basis").first).to_be_visible()
    expect(page.locator("[data-map-state=ready]")).to_be_visible(timeout=SLOW_MS)
    assert_accessible()
    at_phone_width(page)
    picture("scenario", height=1000)
    follow(page, "Wat verandert")
    expect(page.locator("[data-map-state=ready]")).to_be_visible(timeout=SLOW_MS)
    assert len(page.get_by_role("figure").all()) >= 3

    # Beside the base, future by future.
    follow(page, "Vergelijk met andere")
    page.get_by_role("checkbox", name="Basis").check()
    press(page, "Vergelijk")
    expect(page.get_by_text("Hoeveel het tekort verschilt van").first).to_be_visible()
    assert_accessible()
    at_phone_width(page)
    picture("scenario-compare", height=1800)

    # From a wijk with a gap to a measure.
    page.go_back()
    page.go_back()
    page.locator("#wijken tbody a").first.click()
    page.get_by_label("Wat gaat er gebeuren?").fill("Avondteam erbij")
    box = page.locator("input[name=owner_kind][value=resv]")
    page.locator(f"label[for='{box.get_attribute('id')}']").click()
    assert_accessible()
    press(page, "Stel deze maatregel voor")
    expect(page.get_by_role("heading", name="Avondteam erbij")).to_be_visible()
    assert_accessible()
    at_phone_width(page)
    press(page, "Akkoord")
    expect(page.get_by_text("Stand: van Voorgesteld naar Akkoord")).to_be_visible()
    picture("plan")
    page.goto("/plannen/")
    expect(page.get_by_role("link", name="Avondteam erbij")).to_be_visible()
    assert_accessible()
    at_phone_width(page)
    rows = site.rows("SELECT status, expected_effect FROM insight_measure")
    assert [status for status, _effect in rows] == ["agreed"]
    assert rows[0][1] < 0


def test_a_practice_that_closes_shows_who_moves_where(
    page: Page, base: None, assert_accessible: Check, picture: Picture
) -> None:
    page.goto("/scenarios/praktijk-stopt/")
    assert_accessible()
    press(page, "Laat zien wat er gebeurt")
    expect(page.get_by_text("mensen zoeken een andere huisarts")).to_be_visible()
    expect(page.locator("[data-map-state=ready]")).to_be_visible(timeout=SLOW_MS)
    assert_accessible()
    at_phone_width(page)
    picture("practice-closes", height=1800)
    press(page, "Maak hier een scenario van")
    wait_until_computed(page)
    expect(page.get_by_text("stopt aan het begin van").first).to_be_visible()
