"""The main journeys, played in a real browser on a fictional region.

Looks for things as a person or a screen reader does (role and name), and reads the
database afterwards to see what really happened.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from tests.e2e.conftest import Site

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
Picture = Callable[..., None]
Check = Callable[[], None]
SignIn = Callable[[str], None]


def next_workday(hour: int) -> str:
    """Return local time on the next Tuesday, as the pages take it."""
    today = datetime.now(UTC).astimezone(AMSTERDAM)  # noqa: TID251 - an edge
    day = today + timedelta(days=(1 - today.weekday()) % 7 or 7)
    return f"{day:%Y-%m-%d}T{hour:02d}:00"


class TestAResident:
    def test_finds_who_helps_by_postcode(
        self, page: Page, site: Site, assert_accessible: Check, picture: Picture
    ) -> None:
        page.goto("/")
        expect(
            page.get_by_text("Alle namen en gegevens zijn verzonnen")
        ).to_be_visible()
        assert_accessible()
        picture("home", height=900)
        page.get_by_role("textbox").fill(site.postcode)
        page.locator("main").get_by_role("button").first.click()
        expect(page).to_have_url(re.compile("wie-helpt"))
        expect(page.locator("main a[href^='tel:']").first).to_be_visible()
        assert_accessible()

    def test_gets_another_card_at_night_than_by_day(
        self, page: Page, site: Site, assert_accessible: Check, picture: Picture
    ) -> None:
        night = datetime.fromisoformat(next_workday(3)).replace(tzinfo=AMSTERDAM)
        postcode = site.rows(
            "SELECT p.code FROM directory_dutyperiod d "
            "JOIN directory_area p ON p.kind = 'pc6' AND d.area_id = ANY (p.within) "
            "WHERE d.care = 'district-nursing' AND d.rank = 1 "
            "AND d.valid_from <= %s AND d.valid_until > %s ORDER BY p.code LIMIT 1",
            night,
            night,
        )[0][0]
        page.goto(f"/wie-helpt?postcode={postcode}&moment={next_workday(14)}")
        by_day = page.locator("main h2").first.inner_text()
        assert_accessible()
        page.goto(f"/wie-helpt?postcode={postcode}&moment={next_workday(3)}")
        by_night = page.locator("main h2").first.inner_text()
        assert_accessible()
        picture("who-helps-night", height=900)
        assert by_day != by_night

    def test_sees_no_number_meant_for_professionals(
        self, page: Page, site: Site
    ) -> None:
        secret = {
            value
            for (value,) in site.rows(
                "SELECT value FROM directory_contactpoint WHERE audience <> 'resident' "
                "EXCEPT SELECT value FROM directory_contactpoint "
                "WHERE audience = 'resident'"
            )
        } | {
            value
            for row in site.rows("SELECT person_name, phone FROM directory_dutyperiod")
            for value in row
        }
        page.goto(f"/wie-helpt?postcode={site.postcode}&moment={next_workday(3)}")
        text = page.content()
        assert secret
        assert [value for value in secret if value in text] == []

    def test_is_pointed_the_way_despite_a_typing_error(
        self, page: Page, assert_accessible: Check
    ) -> None:
        page.goto("/")
        page.get_by_role("textbox").fill("mijn moeder moet steunkousne aan")
        page.locator("main").get_by_role("button").first.click()
        expect(page.locator("main")).to_contain_text(re.compile("steunkous", re.I))
        expect(page.locator("main")).to_contain_text(re.compile("wijkverpleeg", re.I))
        assert_accessible()

    def test_is_told_what_is_wrong_with_a_postcode(self, page: Page) -> None:
        answer = page.request.get("/wie-helpt?postcode=9999ZZ")
        assert answer.status == 404
        assert "9999ZZ" in answer.text()

    def test_can_read_everything_in_english(self, page: Page, site: Site) -> None:
        page.goto("/")
        page.locator("header button[name=language][value=en]").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(
            "What can I help you with?"
        )
        expect(page.locator("html")).to_have_attribute("lang", "en")

    def test_works_without_scripts(self, browser: object, site: Site) -> None:
        context = browser.new_context(  # type: ignore[attr-defined]
            base_url=site.url, java_script_enabled=False, locale="nl-NL"
        )
        page = context.new_page()
        page.goto("/")
        page.get_by_role("textbox").fill(site.postcode)
        page.locator("main").get_by_role("button").first.click()
        assert page.locator("main a[href^='tel:']").count() > 0
        context.close()


class TestANurse:
    def test_tells_the_room_of_her_team_and_a_referrer_sees_it(
        self,
        page: Page,
        site: Site,
        sign_in: SignIn,
        assert_accessible: Check,
        picture: Picture,
    ) -> None:
        page.set_viewport_size({"width": 390, "height": 844})
        sign_in("wijkteam@example.nl")
        page.goto("/capaciteit/")
        assert_accessible()
        page.locator("input[name=new_clients][value='2']").check(force=True)
        page.locator("input[name=size_band][value='to-5']").check(force=True)
        page.locator("input[name=parts_of_day][value='morning']").check(force=True)
        evening = page.locator("input[name=parts_of_day][value='evening']")
        evening.set_checked(True, force=True)
        for part in ("afternoon", "night"):
            box = page.locator(f"input[name=parts_of_day][value='{part}']")
            box.set_checked(False, force=True)
        picture("capacity-phone", width=390, height=844)
        choices = page.locator("main form:has(input[name=new_clients])")
        choices.locator("button[type=submit]").last.click()
        page.wait_for_load_state("networkidle")
        rows = site.rows(
            "SELECT new_clients, size_band, parts_of_day, source, "
            "reported_by_id IS NOT NULL FROM directory_capacityreport "
            "ORDER BY reported_at DESC, id DESC LIMIT 1"
        )
        assert rows == [(2, "to-5", ["morning", "evening"], "page", True)]
        assert_accessible()

    def test_confirms_in_one_tap(self, page: Page, site: Site, sign_in: SignIn) -> None:
        sign_in("wijkteam@example.nl")
        page.goto("/capaciteit/")
        before = site.rows("SELECT count(*) FROM directory_capacityreport")[0][0]
        page.get_by_role("button", name="Klopt nog").click()
        page.wait_for_load_state("networkidle")
        after = site.rows("SELECT count(*) FROM directory_capacityreport")[0][0]
        newest = site.rows(
            "SELECT source FROM directory_capacityreport "
            "ORDER BY reported_at DESC, id DESC LIMIT 1"
        )
        assert (after, newest) == (before + 1, [("confirmed",)])

    def test_cannot_open_another_team(
        self, page: Page, site: Site, sign_in: SignIn
    ) -> None:
        sign_in("wijkteam@example.nl")
        foreign = site.rows(
            "SELECT id FROM directory_healthcareservice WHERE id NOT IN "
            "(SELECT service_id FROM accounts_membership WHERE service_id IS NOT NULL)"
            " LIMIT 1"
        )[0][0]
        assert page.request.get(f"/capaciteit/{foreign}/").status == 403


class TestAProfessional:
    def test_sees_who_is_on_duty_and_that_is_logged(
        self, page: Page, site: Site, sign_in: SignIn, assert_accessible: Check
    ) -> None:
        postcode, start, person = site.rows(
            "SELECT p.code, d.valid_from, d.person_name FROM directory_dutyperiod d "
            "JOIN directory_area p ON p.kind = 'pc6' AND d.area_id = ANY (p.within) "
            "WHERE d.care = 'district-nursing' AND d.rank = 1 "
            "AND d.valid_from > now() ORDER BY d.valid_from, d.id LIMIT 1"
        )[0]
        moment = (start + timedelta(hours=2)).astimezone(AMSTERDAM)
        sign_in("verwijzer@example.nl")
        before = site.rows("SELECT count(*) FROM core_auditevent WHERE action='read'")
        page.goto(f"/wie-helpt?postcode={postcode}&moment={moment:%Y-%m-%dT%H:%M}")
        expect(page.locator("main")).to_contain_text(person)
        after = site.rows("SELECT count(*) FROM core_auditevent WHERE action='read'")
        assert after[0][0] > before[0][0]
        assert_accessible()


class TestTheCoordinator:
    def test_sees_gaps_on_the_map_and_in_the_table(
        self,
        page: Page,
        site: Site,
        sign_in: SignIn,
        assert_accessible: Check,
        picture: Picture,
    ) -> None:
        sign_in("coordinator@example.nl")
        page.goto("/dekking/")
        wijken = site.rows("SELECT count(*) FROM directory_area WHERE kind = 'wijk'")[
            0
        ][0]
        assert page.locator("main table tbody tr").count() == wijken
        assert_accessible()
        expect(page.locator("[data-map-state=ready]")).to_be_visible(timeout=30_000)
        picture("coverage", height=1400)
        page.locator("main table tbody a").first.click()
        expect(page).to_have_url(re.compile("/dekking/wijk/"))
        assert_accessible()


class TestTheEditor:
    def test_changes_an_entry_sees_its_history_and_takes_it_back(
        self,
        page: Page,
        site: Site,
        sign_in: SignIn,
        assert_accessible: Check,
    ) -> None:
        sign_in("beheerder-adresboek@example.nl")
        page.goto("/beheer/")
        assert_accessible()
        key, name = site.rows(
            "SELECT id, name FROM directory_organization "
            "WHERE type = 'home-care' ORDER BY id LIMIT 1"
        )[0]
        page.goto(f"/beheer/organisatie/{key}/wijzig/")
        assert_accessible()
        page.locator("input[name=name]").fill(f"{name} en partners")
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_load_state("networkidle")
        query = "SELECT name FROM directory_organization WHERE id = %s"
        assert site.rows(query, key) == [(f"{name} en partners",)]
        page.goto(f"/beheer/geschiedenis/organization/{key}/")
        expect(page.locator("main")).to_contain_text("en partners")
        assert_accessible()
        page.locator("main form[action*=ongedaan] button").first.click()
        page.wait_for_load_state("networkidle")
        assert site.rows(query, key) == [(name,)]

    def test_is_told_what_is_wrong_in_a_form_and_loses_nothing(
        self, page: Page, site: Site, sign_in: SignIn, assert_accessible: Check
    ) -> None:
        sign_in("beheerder-adresboek@example.nl")
        page.goto("/beheer/organisatie/nieuw/")
        page.locator("input[name=name]").fill("Zorg <b>& Co</b>")
        page.locator("select[name=type]").select_option("home-care")
        page.locator("input[name=agb_code]").fill("12")
        page.locator("main form button[type=submit]").first.click()
        page.wait_for_load_state("networkidle")
        expect(page.locator("input[name=name]")).to_have_value("Zorg <b>& Co</b>")
        expect(page.locator("main")).to_contain_text("“12”")
        assert_accessible()


class TestAnAlliance:
    def test_has_a_card(
        self, page: Page, site: Site, assert_accessible: Check, picture: Picture
    ) -> None:
        page.goto("/wijkverbanden")
        assert_accessible()
        page.locator("main a[href*='/wijkverband/']").first.click()
        expect(page).to_have_url(re.compile(r"/wijkverband/\d+"))
        assert_accessible()
        picture("alliance", height=900)


class TestEveryPage:
    def test_fits_a_phone(self, page: Page, site: Site, sign_in: SignIn) -> None:
        page.set_viewport_size({"width": 320, "height": 640})
        sign_in("beheerder@example.nl")
        for path in (
            "/",
            f"/wie-helpt?postcode={site.postcode}",
            "/wegwijzer",
            "/wie-doet-wat",
            "/wijkverbanden",
            "/mijn-pagina",
            "/beheer/",
            "/account/logboek",
            "/privacy",
            "/toegankelijkheid",
            "/over",
            "/bronnen",
            "/api/v1/docs",
        ):
            response = page.goto(path)
            assert response is not None
            assert response.status == 200, path
            if not path.startswith("/api"):
                width = page.evaluate("document.documentElement.scrollWidth")
                assert width <= 320, path
