"""Make the pictures of the guides (docs/howto/nl) anew, from a running demo.

``python -m tests.e2e.guide_pictures URL FOLDER [POSTCODE]`` acts as the four people
of the guides: a request is asked, taken and followed, a call is answered. All of it
is invented and stays in the demo. POSTCODE lies in the wijk of the demo's own team;
without it the one of the demo with seed 1.
"""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, FloatRect, Locator, Page, sync_playwright

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
        """Keep the page from its title on, or from ``under`` on, ``height`` high."""
        width = page.viewport_size["width"] if page.viewport_size else PHONE[0]
        height = height or (page.viewport_size or {"height": PHONE[1]})["height"]
        page.wait_for_timeout(700)
        page.evaluate("window.scrollTo(0, 0)")
        start = under if under is not None else page.locator("main")
        box = start.first.bounding_box()
        top = max(0.0, box["y"] - 8) if box else 0.0
        clip: FloatRect = {"x": 0, "y": top, "width": width, "height": height}
        page.screenshot(
            path=self.folder / f"guide-{name}.png", full_page=True, clip=clip
        )


def choose(page: Page, name: str, value: str) -> None:
    """Choose an answer as a finger does: on its words."""
    box = page.locator(f"input[name='{name}'][value='{value}']")
    page.locator(f"label[for='{box.get_attribute('id')}']").click()


def press(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=re.compile(name)).first.click()
    page.wait_for_load_state("networkidle")


def ask_for_care(with_camera: Photographer, postcode: str) -> None:
    """The referrer: what and where, who has room, who it is, and follow it."""
    with with_camera.see_as("verwijzer", LAPTOP) as page:
        page.goto("/zorg-aanvragen/")
        page.locator("input[name=postcode]").fill(postcode)
        for task in ("stockings", "medication"):
            choose(page, "tasks", task)
        choose(page, "parts_of_day", "morning")
        choose(page, "urgency", "days")
        choose(page, "urgency_reason", "discharge")
        page.locator("input[name=age]").fill("83")
        with_camera.keep(page, "referrer-need", height=760)
        press(page, "Kijk wie ruimte heeft")
        with_camera.keep(page, "referrer-room", height=900)
        page.locator("main").get_by_role("link", name="Verder").first.click()
        choose(page, "decision", "agreed")
        choose(page, "given_by", "client")
        page.locator("input[name=name]").fill(NAME)
        page.locator("input[name=birth_date]").fill("1943-03-04")
        page.locator("input[name=address]").fill(ADDRESS)
        page.locator("input[name=requester_phone]").fill("0119-123456")
        press(page, "De aanvraag versturen")
        page.wait_for_url(re.compile("verstuurd"))
        number = page.url.split("/")[-2]
        with_camera.keep(page, "referrer-sent", height=900)
        page.goto(f"/aanvragen/{number}/")
        with_camera.keep(page, "referrer-follow", height=900)
        page.goto("/tijdelijk-verblijf/")
        with_camera.keep(page, "referrer-stay", height=760)


def main() -> None:
    url, folder, *postcode = sys.argv[1:]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(QUIET)
        )
        camera = Photographer(browser, url, Path(folder))
        ask_for_care(camera, postcode[0] if postcode else POSTCODE)
        browser.close()


if __name__ == "__main__":
    main()
