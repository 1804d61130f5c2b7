"""The regional picture in a real browser: from the country to a wijk, by any hand."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site

Check = Callable[[], None]
Picture = Callable[..., None]
SignIn = Callable[[str], None]
REGION = "/regiobeeld/resv/SPILLAND/"
SLOW_MS = 60_000


def wait_for_map(page: Page) -> None:
    expect(page.locator("[data-map]").first).to_have_attribute(
        "data-map-state", "ready", timeout=SLOW_MS
    )


def at_phone_width(page: Page) -> None:
    """Look at the page on a phone: nothing sticks out."""
    page.set_viewport_size({"width": 390, "height": 844})
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, page.url
    page.set_viewport_size({"width": 1440, "height": 1000})


def count_when_empty(page: Page) -> None:
    """Count the figures of the region, when the night did not do so yet."""
    page.goto(REGION)
    count = page.get_by_role("button", name="Nu tellen")
    if count.count():
        count.click()
        expect(page.get_by_role("heading", name="In cijfers")).to_be_visible(
            timeout=SLOW_MS
        )


def test_an_alderman_reads_a_region_and_an_analyst_looks_behind_it(
    site: Site,
    page: Page,
    sign_in: SignIn,
    assert_accessible: Check,
    picture: Picture,
) -> None:
    sign_in("beheerder@example.nl")
    count_when_empty(page)

    # The country, and two steps down to a wijk.
    page.goto("/regiobeeld/")
    wait_for_map(page)
    assert_accessible()
    at_phone_width(page)
    page.get_by_role("link", name="Eerstelijnssamenwerking Spilland").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Eerstelijnssamenwerking Spilland"
    )
    wait_for_map(page)
    assert_accessible()
    at_phone_width(page)
    picture("insight-region", height=1500)

    # Behind a figure stand its definition and its source.
    first = page.locator(".wr-headline").first
    first.get_by_text("Wat is dit?").click()
    expect(first.get_by_text("Bron", exact=True)).to_be_visible()

    # The map by keyboard: a wijk is chosen, its row lights up, its page opens.
    areas = page.get_by_role("listbox").first
    areas.get_by_role("option").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    link = page.locator(".wp-map__popup-title")
    expect(link).to_have_attribute("href", re.compile("^/regiobeeld/WK"))
    link.click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text(
        "Eerstelijnssamenwerking Spilland"
    )
    assert_accessible()
    at_phone_width(page)

    # The analyst: a theme, another figure, gemeenten instead of wijken.
    page.goto(f"{REGION}thema/gap/")
    wait_for_map(page)
    assert_accessible()
    at_phone_width(page)
    page.get_by_label("Per", exact=True).select_option("gemeente")
    page.locator("main").get_by_role("button", name="Toon").click()
    wait_for_map(page)
    expect(page.locator("[data-map-area]")).to_have_count(3)
    picture("insight-theme", height=1500)

    # A chart is one stop for the Tab key; arrows walk through its marks.
    marks = page.locator(".wp-chart__wide .wp-chart__drawing").first.locator(
        ".wp-chart__mark"
    )
    marks.first.focus()
    page.keyboard.press("ArrowDown")
    expect(marks.nth(1)).to_be_focused()
    with page.expect_download() as download:
        page.get_by_role("link", name="Deze cijfers als CSV").click()
    assert download.value.suggested_filename == "regiobeeld-resv-spilland.csv"


def test_dark_and_print_keep_the_picture_readable(
    site: Site, page: Page, sign_in: SignIn, assert_accessible: Check
) -> None:
    sign_in("beheerder@example.nl")
    count_when_empty(page)
    page.emulate_media(color_scheme="dark")
    page.goto(REGION)
    wait_for_map(page)
    assert_accessible()
    page.emulate_media(media="print", color_scheme="light")
    drawing = page.locator(".wp-chart__wide").first
    if drawing.count():
        expect(drawing).to_be_visible()
        expect(page.locator(".wp-chart__narrow").first).to_be_hidden()
