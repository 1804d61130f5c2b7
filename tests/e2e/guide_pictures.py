"""Make the pictures of the guides (docs/howto/nl) anew, from a running demo.

``python -m tests.e2e.guide_pictures URL FOLDER [POSTCODE [WISH CODE]]`` acts as the
people of the guides: a request is asked, taken and followed, a call is answered, GP
lists are looked at. All of it is invented and stays in the demo. POSTCODE lies in the
wijk of the demo's own team; without it the one of the demo with seed 1. WISH and CODE
are what the demo printed of a wish that has a proposal; without them only the pictures
of GP lists are left out.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from django.utils.timezone import now
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.e2e.conftest import CHROMIUM, PASSWORD, QUIET

POSTCODE = "4962CJ"
NAME, ADDRESS = "W. Vlierman (verzonnen)", "Verzonnenstraat 12"
#: A phone, and a screen on a desk; height is what a picture shows at most.
PHONE, DESK, LAPTOP = (390, 844), (1440, 1000), (1024, 900)


@dataclass(frozen=True)
class Photographer:
    """Signs in as a person and keeps pictures of what that person sees."""

    browser: Browser
    url: str
    folder: Path

    @contextmanager
    def see_as(self, account: str, screen: tuple[int, int]) -> Iterator[Page]:
        """Yield a page of a browser in which this account is signed in."""
        context = self.browser.new_context(
            base_url=self.url,
            locale="nl-NL",
            viewport={"width": screen[0], "height": screen[1]},
        )
        page = context.new_page()
        page.goto("/account/aanmelden")
        page.get_by_label("E-mail").fill(f"{account}@example.nl")
        page.get_by_label("Wachtwoord").fill(PASSWORD)
        page.locator("main").get_by_role("button", name="Inloggen").click()
        page.wait_for_url(lambda url: "aanmelden" not in url)
        yield page
        context.close()

    def keep(
        self, page: Page, name: str, *, height: int = 0, under: Locator | None = None
    ) -> None:
        """Keep the page from its title on, or from ``under`` on.

        To the bottom of the screen, as a person sees it, or ``height`` pixels.
        """
        screen = page.viewport_size or {"width": PHONE[0], "height": PHONE[1]}
        page.wait_for_timeout(700)
        page.evaluate("window.scrollTo(0, 0)")
        box = (under or page.locator("main")).first.bounding_box()
        top = box["y"] if box else 0.0
        height = height or screen["height"] - int(top)
        page.screenshot(
            path=self.folder / f"guide-{name}.png",
            full_page=top + height > screen["height"],
            clip={"x": 0, "y": top, "width": screen["width"], "height": height},
        )


def choose(page: Page, name: str, value: str) -> None:
    """Choose an answer as a finger does: on its words."""
    box = page.locator(f"input[name='{name}'][value='{value}']")
    page.locator(f"label[for='{box.get_attribute('id')}']").click()


def press(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=re.compile(name)).first.click()
    page.wait_for_load_state("networkidle")


def ask_for_care(camera: Photographer, postcode: str) -> None:
    """The referrer: what and where, who has room, who it is, and follow it."""
    with camera.see_as("verwijzer", LAPTOP) as page:
        page.goto("/zorg-aanvragen/")
        page.locator("input[name=postcode]").fill(postcode)
        for task in ("stockings", "medication"):
            choose(page, "tasks", task)
        choose(page, "parts_of_day", "morning")
        choose(page, "urgency", "days")
        choose(page, "urgency_reason", "discharge")
        page.locator("input[name=age]").fill("83")
        camera.keep(page, "referrer-need", height=760)
        press(page, "Kijk wie ruimte heeft")
        camera.keep(page, "referrer-room", height=900)
        page.locator("main").get_by_role("link", name="Verder").first.click()
        choose(page, "decision", "agreed")
        choose(page, "given_by", "client")
        page.locator("input[name=name]").fill(NAME)
        page.locator("input[name=birth_date]").fill("1943-03-04")
        page.locator("input[name=address]").fill(ADDRESS)
        page.locator("input[name=phone]").fill("06-01234567")
        page.locator("input[name=requester_phone]").fill("0119-123456")
        press(page, "De aanvraag versturen")
        page.wait_for_url(re.compile("verstuurd"))
        number = page.url.split("/")[-2]
        page.goto(f"/aanvragen/{number}/")
        camera.keep(page, "referrer-follow", height=900)
        page.goto("/tijdelijk-verblijf/")
        camera.keep(page, "referrer-stay", height=760)


def answer_questions(camera: Photographer) -> None:
    """The nurse: the inbox, why not, the client after a yes, and the room left."""
    with camera.see_as("wijkteam", PHONE) as page:
        page.goto("/postvak/")
        camera.keep(page, "nurse-inbox", height=900, under=page.locator("#inbox"))
        page.locator("main").get_by_role(
            "link", name=re.compile("Afwijzen")
        ).first.click()
        camera.keep(page, "nurse-decline", height=900)
        page.goto("/postvak/")
        press(page, "Aannemen")
        camera.keep(page, "nurse-accepted", height=900)
        page.goto("/capaciteit/")
        camera.keep(page, "nurse-room", height=900)


def go_out_at_night(camera: Photographer, postcode: str) -> None:
    """A triage nurse enters a call; the nurse on duty goes, and closes it."""
    with camera.see_as("nachtdienst", PHONE) as page:
        page.goto("/capaciteit/")
        team = page.locator("h1").inner_text()
    with camera.see_as("triage", PHONE) as page:
        look_who_can_come(page, postcode)
        if team not in page.locator("main").inner_text():
            put_on_duty(camera, team)
            look_who_can_come(page, postcode)
        camera.keep(
            page, "night-who-can-come", height=620, under=page.locator("#nurses")
        )
        page.locator("input[name=name]").fill(NAME)
        page.locator("input[name=address]").fill(ADDRESS)
        page.locator("input[name=phone]").fill("06-01234567")
        page.locator("input[name=key_safe]").fill("Kluisje links, code verzonnen")
        page.locator("#nurses li", has_text=team).get_by_role("button").click()
        page.wait_for_url(re.compile(r"/oproep/N-"))
        number = page.url.rstrip("/").split("/")[-1]
    with camera.see_as("nachtdienst", PHONE) as page:
        page.goto("/oproepen/")
        camera.keep(page, "night-alert", height=700)
        press(page, "Ik ga")
        page.goto(f"/oproepen/{number}/")
        camera.keep(page, "night-client")
        press(page, "Ik vertrek")
        press(page, "Ik ben er")
        page.goto(f"/oproepen/{number}/klaar")
        camera.keep(page, "night-done", height=800)
        choose(page, "outcome", "helped")
        page.locator("textarea[name=report]").fill("Katheter gewisseld.")
        press(page, "Oproep afsluiten")


def look_who_can_come(page: Page, postcode: str) -> None:
    page.goto("/oproep/triage")
    page.locator("input[name=postcode]").fill(postcode)
    choose(page, "reason", "catheter")
    choose(page, "urgency", "30")
    page.locator("input[name=caller_phone]").fill("088 000 12 34")
    press(page, "Kijken wie kan komen")


def put_on_duty(camera: Photographer, team: str) -> None:
    """By day nobody is on duty for the night: the coordinator enters two hours.

    Only a coordinator can: a team of the night covers no area of its own.
    """
    start = now().astimezone(ZoneInfo("Europe/Amsterdam"))
    with camera.see_as("aanbieder", LAPTOP) as page:
        page.goto("/capaciteit/")
        link = page.locator("main").get_by_role("link", name=team).first
        service_id = (link.get_attribute("href") or "").strip("/").split("/")[1]
    with camera.see_as("coordinator", LAPTOP) as page:
        page.goto(f"/beheer/dienst/{service_id}/diensttijd-toevoegen/")
        page.locator("input[name=person_name]").fill("Milan Avondster")
        page.locator("input[name=phone]").fill("06 99000001")
        for name, moment in (
            ("valid_from", start),
            ("valid_until", start + timedelta(hours=2)),
        ):
            page.locator(f"input[name={name}]").fill(moment.strftime("%Y-%m-%dT%H:%M"))
        page.get_by_text("Een ander gebied").click()
        page.locator("input[name=area_search]").fill(team.rpartition(" ")[2])
        press(page, "Zoek")
        page.locator("input[name=areas]").first.check(force=True)
        press(page, "Deze diensttijd opslaan")


def keep_the_desk(camera: Photographer) -> None:
    """The coordinator: the worklist, everything divided at once, and the gaps."""
    with camera.see_as("coordinator", DESK) as page:
        page.goto("/regietafel/?van=niemand&toon=alles")
        camera.keep(page, "coordinator-desk")
        page.goto("/regietafel/verdelen/")
        camera.keep(page, "coordinator-divide")
        page.goto("/dienst/")
        camera.keep(page, "coordinator-gaps")


def look_at_gp_lists(camera: Photographer, postcode: str, wish: str, code: str) -> None:
    """A resident, a practice and the GP organization, in the middle of a round."""
    with see_as_visitor(camera) as page:
        page.goto(f"/huisarts/?postcode={postcode}")
        camera.keep(page, "find-practices", height=900)
        page.goto(f"/huisarts/wens/keuzes/?postcode={postcode}&reden=moved&nu=0")
        for _choice in range(2):
            link = page.get_by_role("link", name=re.compile("Zet op mijn lijst"))
            link.first.click()
        camera.keep(page, "find-choices", height=900)
        page.goto(wish)
        page.locator("input[name=code]").fill(code)
        press(page, "Toon meer")
        camera.keep(page, "find-proposal", height=1100)
    with camera.see_as("praktijk", LAPTOP) as page:
        page.goto("/praktijk/")
        camera.keep(page, "practice-home", height=900)
        chips = page.locator("main").get_by_role("link", name="Bekijk de huishoudens")
        chips.first.click()
        camera.keep(page, "practice-households", height=900)
        page.goto("/praktijk/")
        page.locator("main").get_by_role("link", name="Naar de werklijst").click()
        camera.keep(page, "practice-work", height=760)
    with camera.see_as("rho", LAPTOP) as page:
        page.goto("/ruilrondes/")
        page.locator(
            "main a[href^='/ruilrondes/']:not([href$='openen/'])"
        ).first.click()
        camera.keep(page, "round-steps", height=900)
        page.goto(page.url.rstrip("/") + "/verslag/")
        page.locator("[data-map-state='ready']").first.wait_for()
        camera.keep(page, "round-report", height=700)
        page.goto("/herplaatsing/")
        page.locator("main tbody a").first.click()
        camera.keep(page, "round-rehousing", height=900)


@contextmanager
def see_as_visitor(camera: Photographer) -> Iterator[Page]:
    """Yield a page of a browser in which nobody is signed in."""
    context = camera.browser.new_context(
        base_url=camera.url,
        locale="nl-NL",
        viewport={"width": LAPTOP[0], "height": LAPTOP[1]},
    )
    yield context.new_page()
    context.close()


def main() -> None:
    url, folder, *rest = sys.argv[1:]
    postcode = rest[0] if rest else POSTCODE
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*QUIET, "--hide-scrollbars"]
        )
        camera = Photographer(browser, url, Path(folder))
        ask_for_care(camera, postcode)
        answer_questions(camera)
        go_out_at_night(camera, postcode)
        keep_the_desk(camera)
        if len(rest) == 3:
            look_at_gp_lists(camera, *rest)
        browser.close()


if __name__ == "__main__":
    main()
