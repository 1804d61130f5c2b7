"""The main job in a real browser: asked, declined, accepted, cared for, followed."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import ROOT, Site

Picture = Callable[..., None]
Check = Callable[[], None]
SignIn = Callable[[str], None]

NAME = "W. Vlierman (verzonnen)"
ADDRESS = "Verzonnenstraat 12"


def set_stage(site: Site, room: str) -> dict[str, Any]:
    """Give two teams room, or none, and return who is who."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.stage", room, site.postcode],
        env={
            **os.environ,
            "DATABASE_URL": site.database_url,
            "DJANGO_SETTINGS_MODULE": "wijkspil.config.settings",
        },
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    people: dict[str, Any] = json.loads(done.stdout)
    return people


def choose(page: Page, name: str, value: str) -> None:
    """Choose an answer as a finger does: on its words."""
    box = page.locator(f"input[name='{name}'][value='{value}']")
    page.locator(f"label[for='{box.get_attribute('id')}']").click()
    expect(box).to_be_checked()


def press(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name).first.click()


def fill_in_need(page: Page, site: Site) -> None:
    page.goto("/zorg-aanvragen/")
    page.locator("input[name=postcode]").fill(site.postcode)
    choose(page, "tasks", "stockings")
    choose(page, "tasks", "medication")
    choose(page, "parts_of_day", "morning")
    choose(page, "urgency", "days")
    choose(page, "urgency_reason", "discharge")
    page.locator("input[name=age]").fill("83")


def fill_in_who(page: Page) -> None:
    choose(page, "decision", "agreed")
    choose(page, "given_by", "client")
    page.locator("input[name=name]").fill(NAME)
    page.locator("input[name=birth_date]").fill("1943-03-04")
    page.locator("input[name=address]").fill(ADDRESS)
    page.locator("input[name=phone]").fill("06-01234567")
    page.locator("input[name=requester_phone]").fill("0119-123456")


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Uitloggen").click()


def test_a_request_is_declined_accepted_and_cared_for(
    page: Page,
    site: Site,
    sign_in: SignIn,
    assert_accessible: Check,
    picture: Picture,
) -> None:
    people = set_stage(site, "two")
    first, second = people["first"], people["second"]

    # A transfer nurse asks; nobody is named before room is known.
    sign_in(people["nurse_email"])
    fill_in_need(page, site)
    assert_accessible()
    picture("ask-need-phone", width=390, height=844)
    press(page, "Kijk wie ruimte heeft")
    expect(page.locator("h1")).to_have_text("2 teams hebben ruimte")
    expect(page.locator("main")).to_contain_text("voorlopig")
    assert_accessible()
    picture("ask-room", height=1100)
    page.locator("main").get_by_role("link", name="Verder").click()
    fill_in_who(page)
    assert_accessible()
    press(page, "De aanvraag versturen")
    expect(page).to_have_url(re.compile("verstuurd"))
    assert_accessible()
    link = page.locator(".ra-link a").get_attribute("href")
    code = page.locator(".ra-code").inner_text()
    number = page.url.split("/")[-2]
    assert link is not None
    sign_out(page)

    # The first team declines; its room is corrected; it never saw who it is.
    sign_in(people["first_email"])
    page.goto("/postvak/")
    expect(page.locator("main")).to_contain_text(number)
    content = page.content()
    assert NAME not in content
    assert ADDRESS not in content
    assert site.postcode not in content
    assert_accessible()
    picture("inbox-phone", width=390, height=844)
    page.locator("main").get_by_role("link", name=re.compile("Afwijzen")).first.click()
    assert_accessible()
    press(page, "Geen ruimte")
    expect(page.locator("body")).to_contain_text("Capaciteit")
    [(places, source)] = site.rows(
        "SELECT new_clients, source FROM directory_capacityreport "
        "WHERE service_id = %s ORDER BY reported_at DESC, id DESC LIMIT 1",
        first["service"],
    )
    assert (places, source) == (0, "decline")
    sign_out(page)

    # The second team accepts, and only then sees who it is.
    sign_in(people["second_email"])
    page.goto("/postvak/")
    assert NAME not in page.content()
    page.locator("main").get_by_role(
        "button", name=re.compile("Aannemen")
    ).first.click()
    expect(page.locator("main")).to_contain_text(NAME)
    expect(page.locator("main")).to_contain_text(ADDRESS)
    assert_accessible()
    reserved = site.rows(
        "SELECT service_id, hours_per_week FROM directory_capacityreservation "
        "WHERE reference = %s AND released_at IS NULL",
        number,
    )
    [(high,)] = site.rows(
        "SELECT hours_high FROM referrals_servicerequest WHERE number = %s", number
    )
    assert reserved == [(second["service"], high)]

    # After the intake the nurse sets the hours; the reservation follows.
    page.goto(f"/aanvragen/{number}/")
    assert_accessible()
    page.locator("main").get_by_role("link", name="Uren invullen").first.click()
    page.locator("input[name=hours_per_week]").fill("2,5")
    page.locator("input[name=hours_expected]").fill("1")
    assert_accessible()
    page.locator("main form button[type=submit]").last.click()
    expect(page).to_have_url(re.compile(f"aanvragen/{number}"))
    expect(page.locator("main")).to_contain_text("2,5 uur per week")
    [(hours,)] = site.rows(
        "SELECT hours_per_week FROM directory_capacityreservation "
        "WHERE reference = %s AND released_at IS NULL",
        number,
    )
    assert float(hours) == 2.5
    picture("request", height=1200)
    sign_out(page)

    # The first team, which declined, learns nothing.
    sign_in(people["first_email"])
    assert page.goto(f"/aanvragen/{number}/").status == 404  # type: ignore[union-attr]
    sign_out(page)

    # The client sees how far it is; who comes, only with the code.
    page.goto(link)
    assert second["name"] not in page.content()
    assert NAME not in page.content()
    assert_accessible()
    page.locator("input[name=code]").fill("000000" if code != "000000" else "111111")
    press(page, "Toon meer")
    expect(page.locator("main")).to_contain_text("klopt niet")
    page.locator("input[name=code]").fill(code)
    press(page, "Toon meer")
    expect(page.locator("main")).to_contain_text(second["name"])
    expect(page.locator("main")).to_contain_text("Bram Tweede")
    assert_accessible()
    picture("client-phone", width=390, height=844)


def test_when_nobody_has_room_a_coordinator_has_it_until_it_is_solved(
    page: Page,
    site: Site,
    sign_in: SignIn,
    assert_accessible: Check,
    picture: Picture,
) -> None:
    people = set_stage(site, "none")
    sign_in(people["nurse_email"])
    fill_in_need(page, site)
    press(page, "Kijk wie ruimte heeft")
    expect(page.locator("main")).to_contain_text("coördinator van deze regio")
    assert_accessible()
    page.locator("main").get_by_role("link", name="Verder").click()
    fill_in_who(page)
    press(page, "De aanvraag versturen")
    expect(page).to_have_url(re.compile("verstuurd"))
    number = page.url.split("/")[-2]
    [(status, owner, due)] = site.rows(
        "SELECT status, owner_name, due_at FROM referrals_servicerequest "
        "WHERE number = %s",
        number,
    )
    assert (status, owner) == ("open", "Femke Vuurtorens")
    assert due is not None
    sign_out(page)

    sign_in("coordinator@example.nl")
    page.goto("/regietafel/")
    expect(page.locator("main")).to_contain_text(number)
    assert NAME not in page.content()
    assert_accessible()
    page.goto(f"/aanvragen/{number}/")
    assert_accessible()


@pytest.mark.parametrize("width", [320, 390])
def test_the_form_fits_a_small_screen(page: Page, site: Site, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    fill_in_need(page, site)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
