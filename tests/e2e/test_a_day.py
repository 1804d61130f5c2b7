"""A whole day in a real browser: asked at 16:00, taken at 18:10, a call at 03:12.

On a site and a clock of its own. Between the steps the clock is moved, and what the
worker does every minute is done once at that moment.
"""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest
from django.utils.timezone import localtime, now
from playwright.sync_api import Page, expect

from tests.e2e.conftest import BIN, PASSWORD, ROOT, Site, free_port, wait_for
from tests.e2e.test_main_job import ADDRESS, NAME, choose, fill_in_who, press

Picture = Callable[..., None]
Check = Callable[[], None]
SignIn = Callable[[str], None]

#: The code of the key safe, which may nowhere be stored as it is.
KEY_SAFE = "Kluisje links van de deur, code 7391"


@dataclass
class Day:
    """The site, its people, and the clock."""

    site: Site
    start: datetime
    people: dict[str, Any] = field(default_factory=dict)

    def at(self, hour: int, minute: int = 0, *, days: int = 0) -> datetime:
        """Return a local clock time of the day, or of a later one."""
        return self.start.replace(hour=hour, minute=minute) + timedelta(days=days)

    def move_to(self, moment: datetime) -> None:
        """Move the clock, and let the worker do what is due."""
        with urllib.request.urlopen(
            f"{self.site.url}/_clock?at={quote(moment.isoformat())}", timeout=120
        ) as answer:
            assert answer.read() == b"moved"


@pytest.fixture(scope="module")
def day() -> Iterator[Day]:
    """Generate a region, serve it at 15:30 of tomorrow, throw it away afterwards."""
    start = localtime(now()).replace(hour=15, minute=30, second=0, microsecond=0)
    start += timedelta(days=1)
    base = os.environ["DATABASE_URL"]
    name = f"wijkspil_day_{os.getpid()}"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    database_url = urlunsplit(urlsplit(base)._replace(path=f"/{name}"))
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "DJANGO_SETTINGS_MODULE": "wijkspil.config.settings",
    }
    subprocess.run(
        [BIN / "wijkspil", "generate", "--seed", "1", "--password", PASSWORD],
        env=environment,
        check=True,
        capture_output=True,
        cwd=ROOT,
    )
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT code FROM directory_area WHERE kind = 'pc6' "
            "ORDER BY population DESC NULLS LAST, code LIMIT 1"
        ).fetchone()
    assert row is not None
    staged = subprocess.run(
        [sys.executable, "-m", "tests.e2e.stage_day", start.isoformat(), row[0]],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.clocked", str(port), start.isoformat()],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz")
        site = Site(f"http://127.0.0.1:{port}", database_url, row[0])
        yield Day(site, start, json.loads(staged.stdout))
    finally:
        server.terminate()
        server.wait(timeout=30)
        with psycopg.connect(base, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def site(day: Day) -> Site:
    """The site of this module has a clock."""
    return day.site


def sign_out(page: Page) -> None:
    page.get_by_role("button", name="Uitloggen").click()


def open_offer(day: Day, number: str) -> tuple[int, int]:
    """Return (offer, service) of the one team that has the question now."""
    [row] = day.site.rows(
        "SELECT o.id, o.service_id FROM referrals_offer o "
        "JOIN referrals_servicerequest r ON r.id = o.request_id "
        "WHERE r.number = %s AND o.status = 'open'",
        number,
    )
    return row[0], row[1]


def submit_at(page: Page, address_end: str) -> None:
    """Press the button of the form that goes to this address."""
    page.locator(f"form[action$='{address_end}'] button[type=submit]").last.click()


def test_a_discharge_is_asked_at_four_and_taken_at_ten_past_six(
    day: Day,
    page: Page,
    sign_in: SignIn,
    assert_accessible: Check,
    picture: Picture,
) -> None:
    people = day.people
    nurses = {int(pk): email for pk, email in people["nurses"].items()}

    # 16.00: the hospital asks, for tomorrow.
    day.move_to(day.at(16))
    sign_in(people["transfer"])
    page.goto("/zorg-aanvragen/")
    page.locator("input[name=postcode]").fill(day.site.postcode)
    choose(page, "tasks", "stockings")
    choose(page, "tasks", "medication")
    choose(page, "parts_of_day", "morning")
    choose(page, "urgency", "tomorrow")
    choose(page, "urgency_reason", "discharge")
    page.locator("input[name=age]").fill("83")
    press(page, "Kijk wie ruimte heeft")
    expect(page.locator("h1")).to_have_text("4 teams hebben ruimte")
    page.locator("main").get_by_role("link", name="Verder").click()
    fill_in_who(page)
    press(page, "De aanvraag versturen")
    expect(page).to_have_url(re.compile("verstuurd"))
    number = page.url.split("/")[-2]
    link = page.locator(".ra-link a").get_attribute("href")
    code = page.locator(".ra-code").inner_text()
    assert link is not None
    sign_out(page)

    # 16.10 and 16.25: two teams decline, each with a reason; the second against the
    # room it had told, and corrects that on the spot.
    asked = []
    for minute, reason in ((10, "travel"), (25, "no-room")):
        day.move_to(day.at(16, minute))
        offer, service = open_offer(day, number)
        asked.append(service)
        sign_in(nurses[service])
        page.goto("/postvak/")
        assert NAME not in page.content()
        page.goto(f"/postvak/{offer}/afwijzen/")
        assert_accessible()
        page.locator(f"button[name=reason][value={reason}]").click()
        expect(page).to_have_url(re.compile("/postvak/"))
        sign_out(page)
    [(against, places)] = day.site.rows(
        "SELECT o.against_own_room, (SELECT new_clients FROM directory_capacityreport "
        "WHERE service_id = o.service_id ORDER BY reported_at DESC, id DESC LIMIT 1) "
        "FROM referrals_offer o WHERE o.service_id = %s AND o.status = 'declined'",
        asked[1],
    )
    assert (against, places) == (True, 0)

    # 17.00: the third is reminded; 17.26: its hour has passed, the next is asked.
    silent_offer, silent = open_offer(day, number)
    day.move_to(day.at(17))
    [(reminded,)] = day.site.rows(
        "SELECT count(*) FROM communications_communication WHERE topic = %s "
        "AND to_service_id = %s",
        "referrals.reminder",
        silent,
    )
    assert reminded == 1
    day.move_to(day.at(17, 26))
    [(status,)] = day.site.rows(
        "SELECT status FROM referrals_offer WHERE id = %s", silent_offer
    )
    assert status == "expired"
    _offer, last = open_offer(day, number)
    assert last not in [*asked, silent]

    # 18.10: it accepts, and only now learns who it is.
    day.move_to(day.at(18, 10))
    sign_in(nurses[last])
    page.goto("/postvak/")
    assert NAME not in page.content()
    page.locator("main").get_by_role(
        "button", name=re.compile("Aannemen")
    ).first.click()
    expect(page.locator("main")).to_contain_text(NAME)
    expect(page.locator("main")).to_contain_text(ADDRESS)
    sign_out(page)

    # At eight who asked reads that it is placed; the client sees who comes.
    day.move_to(day.at(20))
    sign_in(people["transfer"])
    page.goto("/berichten/")
    expect(page.locator("main")).to_contain_text(number)
    assert_accessible()
    page.goto(f"/aanvragen/{number}/")
    expect(page.locator("main")).to_contain_text("18.10 uur")
    assert_accessible()
    picture("day-request", height=1300)
    sign_out(page)
    page.goto(link)
    page.locator("input[name=code]").fill(code)
    press(page, "Toon meer")
    [(name,)] = day.site.rows(
        "SELECT name FROM directory_healthcareservice WHERE id = %s", last
    )
    expect(page.locator("main")).to_contain_text(name)

    # Not met at once, told without a person: what it was, and how often.
    rows = day.site.rows(
        "SELECT kind, count(*), count(DISTINCT pseudonym) FROM referrals_unmetdemand "
        "WHERE pseudonym <> '' GROUP BY kind ORDER BY kind"
    )
    assert rows == [("decline", 2, 1), ("no-answer", 1, 1), ("wait", 1, 1)]


def test_a_night_call_escalates_once_and_is_settled_in_the_morning(
    day: Day,
    page: Page,
    sign_in: SignIn,
    assert_accessible: Check,
    picture: Picture,
) -> None:
    on_duty = {int(pk): email for pk, email in day.people["on_duty"].items()}

    # 03.12: the post enters a call; who can come is shown before any name.
    day.move_to(day.at(3, 12, days=1))
    sign_in("triage@example.nl")
    page.goto("/oproep/triage")
    assert_accessible()
    page.locator("input[name=postcode]").fill(day.site.postcode)
    choose(page, "reason", "catheter")
    choose(page, "urgency", "30")
    page.locator("input[name=caller_phone]").fill("088 000 12 34")
    page.locator("main form button[type=submit]").last.click()
    expect(page.locator("#nurses")).to_contain_text("Noor Nachtegaal")
    expect(page.locator("#nurses")).to_contain_text("Otto Uilenburg")
    assert_accessible()
    picture("night-who", height=1300)
    page.locator("input[name=name]").fill(NAME)
    page.locator("input[name=address]").fill(ADDRESS)
    page.locator("input[name=phone]").fill("0119-123456")
    page.locator("input[name=key_safe]").fill(KEY_SAFE)
    page.locator("main form button[name=duty]").last.click()
    expect(page).to_have_url(re.compile(r"/oproep/N-"))
    call = page.url.rstrip("/").split("/")[-1]
    assert_accessible()
    sign_out(page)
    assert alerted(day, call) == 1
    [(sealed,)] = day.site.rows("SELECT key_safe FROM calls_callpatient")
    assert KEY_SAFE.encode() not in bytes(sealed)
    assert b"7391" not in bytes(sealed)

    # 03.17: no answer in four minutes; the next is alerted, once.
    day.move_to(day.at(3, 17, days=1))
    assert alerted(day, call) == 2
    day.move_to(day.at(3, 18, days=1))
    assert alerted(day, call) == 2
    [(second,)] = day.site.rows(
        "SELECT service_id FROM calls_callalert ORDER BY alerted_at DESC, id DESC "
        "LIMIT 1"
    )

    # The second goes, with one thumb; only now the address and the way in.
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(on_duty[second])
    page.goto("/oproepen/")
    assert NAME not in page.content()
    page.goto(f"/oproepen/{call}/")
    assert ADDRESS not in page.content()
    assert_accessible()
    submit_at(page, "/ga")
    expect(page.locator("main")).to_contain_text(ADDRESS)
    assert KEY_SAFE not in page.content()
    assert_accessible()
    picture("night-nurse-phone", width=390, height=844)
    submit_at(page, "/sleutel")
    expect(page.locator("main")).to_contain_text("7391")
    page.goto(f"/oproepen/{call}/")
    submit_at(page, "/vertrek")
    day.move_to(day.at(3, 34, days=1))
    page.goto(f"/oproepen/{call}/")
    submit_at(page, "/ben-er")
    day.move_to(day.at(3, 59, days=1))
    page.goto(f"/oproepen/{call}/klaar")
    assert_accessible()
    choose(page, "outcome", "follow-up")
    page.locator("textarea[name=report]").fill("Katheter gewisseld. Graag nakijken.")
    page.locator("main form button[type=submit]").last.click()
    expect(page).to_have_url(re.compile("/oproepen/"))
    page.set_viewport_size({"width": 1440, "height": 1000})
    page.goto("/")
    sign_out(page)
    [(status, travel, care)] = day.site.rows(
        "SELECT status, travel_minutes, care_minutes FROM calls_call WHERE number = %s",
        call,
    )
    assert status == "done"
    # From 3.18 to 3.34, and from there to 3.59; begun minutes count as whole ones.
    assert (travel, care) in {(16, 25), (16, 26), (17, 25), (17, 26)}

    # 06.45: the client's own team is told, and reads the report.
    day.move_to(day.at(6, 46, days=1))
    [(own,)] = day.site.rows(
        "SELECT own_service_id FROM calls_call WHERE number = %s", call
    )
    sign_in({int(k): v for k, v in day.people["nurses"].items()}[own])
    page.goto("/oproepen/verslagen/")
    expect(page.locator("main")).to_contain_text("Katheter gewisseld")
    expect(page.locator("main")).to_contain_text(NAME)
    assert KEY_SAFE not in page.content()
    assert_accessible()
    sign_out(page)

    # In the morning the coordinator settles the minutes between the two providers.
    sign_in("coordinator@example.nl")
    month = day.at(6, 46, days=1).strftime("%Y-%m")
    page.goto(f"/oproepen/verrekening/?month={month}")
    assert_accessible()
    expect(page.locator("main")).to_contain_text(str(travel + care))
    looks = day.site.rows(
        "SELECT count(*) FROM core_auditevent WHERE purpose LIKE '%%key-safe%%'"
    )
    assert looks[0][0] >= 1


def alerted(day: Day, call: str) -> int:
    [(count,)] = day.site.rows(
        "SELECT count(*) FROM calls_callalert a JOIN calls_call c ON c.id = a.call_id "
        "WHERE c.number = %s",
        call,
    )
    return int(count)


def test_a_policy_is_previewed_approved_and_takes_effect(
    day: Day,
    page: Page,
    sign_in: SignIn,
    assert_accessible: Check,
    picture: Picture,
) -> None:
    day.move_to(day.at(9, days=1))
    sign_in("coordinator@example.nl")
    page.goto("/regietafel/afspraken/wijzigen")
    assert_accessible()
    minutes = page.locator("input[name=answer_minutes_tomorrow]")
    expect(minutes).to_have_value("60")
    minutes.fill("500")
    page.locator("textarea[name=why], input[name=why]").fill(
        "Een uur is te kort op de fiets."
    )
    page.locator("main form button[type=submit]").last.click()
    expect(page.locator("main")).to_contain_text("240")  # what no region may exceed
    page.locator("input[name=answer_minutes_tomorrow]").fill("90")
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url(re.compile(r"/versies/\d+/"))
    version = page.url.split("?")[0]

    # What would it have done last month? A job works it out; the page can be left.
    submit_at(page, "/proef")
    day.move_to(day.at(9, 5, days=1))
    page.goto(version)
    expect(page.locator(".wa-compare")).to_be_visible()
    assert_accessible()
    picture("policy", height=1500)
    submit_at(page, "/voorstellen")
    sign_out(page)

    for who, minute in (("verpleegkundigen", 30), ("verwijzers", 45)):
        day.move_to(day.at(9, minute, days=1))
        assert in_force(day) == 1
        sign_in(f"{who}@example.nl")
        page.goto(version)
        assert_accessible()
        page.locator("input[name=agrees]").first.check(force=True)
        submit_at(page, "/oordeel")
        expect(page).to_have_url(re.compile("/afspraken/"))
        sign_out(page)
    assert in_force(day) == 2
    page.goto("/")


def in_force(day: Day) -> int:
    """Return the number of the version that is approved last."""
    [(number,)] = day.site.rows(
        "SELECT max(number) FROM referrals_policyversion WHERE status = 'approved' "
        "AND region_id = %s",
        day.people["region"],
    )
    return int(number)
