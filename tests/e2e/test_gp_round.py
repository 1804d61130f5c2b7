"""GP lists in a real browser: no room, a wish, a round, both sides, the work list.

And a practice that stops, whose people all get another one.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.e2e.conftest import ROOT, Site

Check = Callable[[], None]
Picture = Callable[..., None]
SignIn = Callable[[str], None]

NAME = "M. Waterlelie (verzonnen)"
#: Dividing and carrying out is done by the worker beside the site; its first time it
#: compiles the engine.
SLOW_MS = 120_000


@pytest.fixture(scope="session")
def stage(site: Site) -> dict[str, Any]:
    """Close every list, and let one household wait for a swap."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.e2e.stage_gp"],
        env={
            **os.environ,
            "DATABASE_URL": site.database_url,
            "DJANGO_SETTINGS_MODULE": os.environ.get(
                "DJANGO_SETTINGS_MODULE", "wijkspil.config.settings"
            ),
        },
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    people: dict[str, Any] = json.loads(done.stdout)
    return people


def press(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name).first.click()


def follow(page: Page, name: str | re.Pattern[str]) -> None:
    page.locator("main").get_by_role("link", name=name).first.click()


def choose(page: Page, name: str, value: str) -> None:
    """Choose an answer as a finger does: on its words."""
    box = page.locator(f"input[name='{name}'][value='{value}']")
    page.locator(f"label[for='{box.get_attribute('id')}']").click()
    expect(box).to_be_checked()


def as_csv(text: str) -> FilePayload:
    return {"name": "h.csv", "mimeType": "text/csv", "buffer": text.encode()}


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Uitloggen").click()


def wait_for_button(page: Page, name: str) -> None:
    """Wait until the worker is done and the page offers the next step."""
    button = page.locator("main").get_by_role("button", name=name)
    expect(button.first).to_be_visible(timeout=SLOW_MS)


def say_yes(page: Page, path: str, code: str) -> None:
    """Open a private link with its code and take the place."""
    page.goto(path)
    if page.locator("input[name=code]").count():
        page.locator("input[name=code]").fill(code)
        press(page, "Toon meer")
    follow(page, "Ja, wij willen deze plek")
    press(page, "Ja, wij willen deze plek")
    expect(page.locator("main")).not_to_contain_text("Antwoord vóór")


def test_two_full_practices_swap_in_a_round(
    page: Page,
    site: Site,
    stage: dict[str, Any],
    sign_in: SignIn,
    assert_accessible: Check,
    picture: Picture,
) -> None:
    first, second = stage["first"], stage["second"]
    page.set_default_timeout(30_000)

    # A resident finds no practice with room, and makes a wish.
    page.goto("/huisarts/")
    page.locator("input[name=postcode]").fill(first["postcode"])
    press(page, "Toon praktijken")
    assert_accessible()
    assert "Hier inschrijven" not in page.content()
    picture("find-gp-full")
    follow(page, "Maak een wens")
    choose(page, "reden", "nearer")
    press(page, "Volgende")
    follow(page, re.compile(re.escape(first["name"])))
    follow(page, re.compile(f"Zet op mijn lijst.*{re.escape(second['name'])}"))
    assert_accessible()
    follow(page, "Verder: wie schrijft zich in?")
    page.locator("input[name=name_1]").fill(NAME)
    page.locator("input[name=birth_date_1]").fill("1984-05-02")
    choose(page, "kind", "email")
    page.locator("input[name=email]").fill("waterlelie@example.nl")
    assert_accessible()
    press(page, "Maak deze wens")
    code = page.locator(".gp-code").first.inner_text().strip()
    own = page.get_by_role("link", name="mijn eigen link").get_attribute("href")
    assert own is not None
    page.goto(own)
    page.locator("input[name=code]").fill(code)
    press(page, "Bevestigen")
    expect(page.locator("main")).to_contain_text(second["name"])
    assert_accessible()
    picture("wish-waits")
    states = "SELECT status FROM registrations_wish ORDER BY id DESC LIMIT 2"
    assert site.rows(states) == [("waiting",), ("waiting",)]

    # The GP organization opens a round; both full practices join without a place.
    sign_in("rho@example.nl")
    page.goto("/ruilrondes/openen/")
    assert_accessible()
    press(page, "De ronde openen")
    expect(page).to_have_url(re.compile(r"/ruilrondes/\d+/$"))
    round_url = page.url
    [(round_id,)] = site.rows("SELECT max(id) FROM registrations_round")
    sign_out(page)
    for account, practice in (("praktijk", first), ("praktijk2", second)):
        sign_in(f"{account}@example.nl")
        page.goto(f"/praktijk/{practice['id']}/ronde/{round_id}/")
        page.locator("input[name=free_places]").fill("0")
        press(page, "Onze praktijk doet mee")
        expect(page.locator("body")).to_contain_text("je lijst groeit niet")
        assert_accessible()
        sign_out(page)

    # It divides, checks, and sends the proposals.
    sign_in("rho@example.nl")
    page.goto(round_url)
    press(page, "Vastzetten en verdelen")
    wait_for_button(page, "De voorstellen versturen")
    assert_accessible()
    press(page, "De voorstellen versturen")
    expect(page.locator("#next")).to_have_text(
        "Wacht op de antwoorden", timeout=SLOW_MS
    )
    sign_out(page)

    # Who comes is unknown until the household said yes.
    sign_in("praktijk2@example.nl")
    page.goto(f"/praktijk/{second['id']}/voorstellen/")
    assert NAME not in page.content()
    assert_accessible()
    picture("practice-households")
    sign_out(page)
    say_yes(page, own, code)
    say_yes(page, stage["other"]["path"], stage["other"]["code"])
    for account, practice in (("praktijk", first), ("praktijk2", second)):
        sign_in(f"{account}@example.nl")
        page.goto(f"/praktijk/{practice['id']}/voorstellen/")
        page.locator("main input[name=move]").first.check()
        press(page, "Ja tegen de gekozen huishoudens")
        expect(page.locator("main")).to_contain_text("Niemand wacht op je antwoord")
        sign_out(page)

    # Carried out at once; the report is for everybody and names nobody.
    sign_in("rho@example.nl")
    page.goto(round_url)
    press(page, "De antwoorden sluiten")
    wait_for_button(page, "De ronde uitvoeren")
    press(page, "De ronde uitvoeren")
    expect(page.locator("#next")).to_have_text("De ronde is klaar", timeout=SLOW_MS)
    sign_out(page)
    page.goto(f"/ruilrondes/{round_id}/verslag/")
    assert_accessible()
    assert NAME not in page.content()
    picture("round-report")

    # Each practice sees its work: who comes in, and whose record to send on.
    sign_in("praktijk2@example.nl")
    page.goto(f"/praktijk/{second['id']}/werklijst/")
    expect(page.locator("main")).to_contain_text(NAME)
    expect(page.locator("main")).to_contain_text("Zonneveer")
    assert_accessible()
    picture("practice-work")
    for box in page.locator("main input[name=move]").all():
        box.check()
    press(page, "Gekozen huishoudens zijn klaar")
    expect(page.locator("main")).to_contain_text("Alles is klaar")
    moved = site.rows(
        "SELECT status, from_service_id, to_service_id FROM registrations_move "
        "ORDER BY to_service_id"
    )
    pair = (first["id"], second["id"])
    assert sorted(moved) == sorted([("executed", *pair), ("executed", *reversed(pair))])


def test_everybody_of_a_practice_that_stops_gets_another(
    page: Page,
    site: Site,
    stage: dict[str, Any],
    sign_in: SignIn,
    assert_accessible: Check,
    picture: Picture,
) -> None:
    page.set_default_timeout(30_000)
    stops, postcode = stage["stops"]["id"], stage["stops"]["postcode"]
    sign_in("rho@example.nl")
    page.goto("/herplaatsing/")
    assert_accessible()
    follow(page, "Een praktijk stopt")
    page.locator("select[name=failing]").select_option(str(stops))
    assert_accessible()
    press(page, "Verdergaan")

    # A line that is wrong is told with its line; nothing is stored.
    follow(page, "De huishoudens inlezen")
    file = page.locator("input[name=file]")
    good = f"key;postcode;size;frailty;ages\n1;{postcode};2;thuis;84,86\n"
    file.set_input_files(as_csv("key;size\n1;2\n"))
    press(page, "Het bestand inlezen")
    expect(page.locator("main")).to_contain_text("postcode")
    lines = "".join(f"{n};{postcode};1;;40\n" for n in range(2, 12))
    file.set_input_files(as_csv(good + lines))
    press(page, "Het bestand inlezen")

    # Three practices take people over; the plan gives everybody a place and a day.
    follow(page, "Wie mensen overneemt")
    for taker in stage["takers"]:
        page.locator(f"input[name=places_{taker}]").fill("6")
        page.locator(f"input[name=per_day_{taker}]").fill("3")
    assert_accessible()
    press(page, "Bewaar dit")
    press(page, "Het plan maken")
    days = page.locator("main a[href*='/dag/']")
    expect(days.first).to_be_visible(timeout=SLOW_MS)
    assert_accessible()
    picture("re-housing")
    placed = site.rows(
        "SELECT count(*), count(to_service_id), count(DISTINCT move_on), "
        "min(move_on) FILTER (WHERE frailty = 'house-bound') = min(move_on) "
        "FROM registrations_rehousedhousehold"
    )
    assert placed[0][:2] == (11, 11)
    assert placed[0][2] > 1
    assert placed[0][3], "who cannot leave the house goes first"

    # Day by day it is entered, until everybody has a practice.
    urls = [link.get_attribute("href") for link in days.all()]
    for url in dict.fromkeys(filter(None, urls)):
        page.goto(url)
        assert_accessible()
        press(page, "Iedereen van deze dag is ingeschreven")
        expect(page.locator("main")).to_contain_text(
            "Iedereen van deze dag is ingeschreven."
        )
    [(status,)] = site.rows("SELECT status FROM registrations_rehousing")
    assert status == "done"
