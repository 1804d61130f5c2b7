"""The cards somebody prints: each on exactly one A4, with the numbers on it."""

import re
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client
from playwright.sync_api import Route, sync_playwright

from tests.factories.directory import (
    AllianceMemberFactory,
    ContactPointFactory,
    HealthcareServiceFactory,
)
from tests.web.zuiderpark import make_zuiderpark
from wijkspil.ui.build_frontend import build_frontend

pytestmark = [pytest.mark.e2e, pytest.mark.django_db]

CHROMIUM = "/usr/bin/chromium"
#: More members than a wijk of 5,000 to 15,000 inhabitants has.
MANY_MEMBERS = 28


def count_sheets(path: str) -> int:
    """Return on how many sheets of A4 a page is printed, in Dutch.

    The page is fetched first: the browser and the ORM do not share a thread. Chromium
    then asks for its styles and scripts, which come from where the site finds them.
    """
    build_frontend(say=lambda line: None)
    body = Client(headers={"accept-language": "nl"}).get(path).content

    def answer(route: Route) -> None:
        address = urlsplit(route.request.url).path
        if address == urlsplit(path).path:
            route.fulfill(body=body, content_type="text/html; charset=utf-8")
            return
        file = finders.find(address.removeprefix(settings.STATIC_URL).lstrip("/"))
        if isinstance(file, str):
            route.fulfill(path=file)
        else:
            route.abort()

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox"]
        )
        page = chromium.new_page(locale="nl")
        page.route("**/*", answer)
        page.goto(f"http://wijkspil.test{path}")
        pdf = page.pdf(prefer_css_page_size=True)
        chromium.close()
    return max(int(count) for count in re.findall(rb"/Count (\d+)", pdf))


def test_the_alliance_card_prints_on_one_a4():
    place = make_zuiderpark()
    assert count_sheets(f"/wijkverband/{place.alliance.pk}") == 1


def test_the_alliance_card_of_many_members_prints_on_one_a4():
    place = make_zuiderpark()
    for count in range(MANY_MEMBERS):
        service = HealthcareServiceFactory(
            name=f"Praktijk voor fysiotherapie en revalidatie {count}"
        )
        ContactPointFactory(service=service)
        AllianceMemberFactory(
            alliance=place.alliance, service=service, role="paramedic"
        )
    assert count_sheets(f"/wijkverband/{place.alliance.pk}") == 1


def test_a_page_that_is_too_long_would_be_seen():
    assert count_sheets("/wegwijzer") > 1


def test_the_sheet_for_the_fridge_prints_on_one_a4():
    make_zuiderpark()
    assert count_sheets("/wie-helpt/koelkast?postcode=2512AB") == 1
