"""The pages of rounds by real HTTP: who runs them, and the report for everybody."""

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.apps.registrations.round_play import DAY, both_say_yes, join, open_one, step
from tests.factories.directory import AreaFactory
from tests.factories.referrals import make_person
from tests.factories.registrations import (
    GpRegion,
    make_gp_region,
    make_wish,
    publish,
)
from wijkspil.accounts.types import Role
from wijkspil.directory.types import RegionPurpose
from wijkspil.registrations.models import Move, Round
from wijkspil.registrations.types import RoundStatus, WishReason

pytestmark = pytest.mark.django_db
ROOT = "/ruilrondes/"
ENGLISH = {"accept-language": "en"}


@pytest.fixture
def region() -> GpRegion:
    """Return a region now: pages take the moment from the clock."""
    return make_gp_region(practices=3, at=timezone.now())


def page(client: Client, path: str, status: int = 200) -> str:
    """Return the words of a page in one line."""
    answer = client.get(path, headers=ENGLISH)
    assert answer.status_code == status, (path, answer.status_code)
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def filled(html: str) -> dict[str, Any]:
    """Return what a form has filled in already."""
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', html)) | {
        name: value
        for value, name in re.findall(r'value="([^"]*)"[^>]*name="(\w+)"', html)
    }


def test_a_round_is_opened_as_it_was_filled_in(region: GpRegion) -> None:
    browser = region.coordinator.browser()
    assert "No round runs now" in page(browser, ROOT)
    html = browser.get(f"{ROOT}openen/").content.decode()
    sent = {
        name: value
        for name, value in filled(html).items()
        if name in ("name", "region", "join_until", "answer_days", "effective_on")
    }
    assert len(sent) == 5, sent
    answer = browser.post(f"{ROOT}openen/", sent)
    row = Round.objects.get()
    assert answer["Location"] == f"{ROOT}{row.pk}/"
    shown = page(browser, f"{ROOT}{row.pk}/")
    assert "Wait for practices to join" in shown
    assert "3 practices have not joined" in shown
    again = browser.post(f"{ROOT}openen/", sent, headers=ENGLISH)
    assert again.status_code == 422
    assert "a round that is not over yet" in again.content.decode()


def test_a_quarter_day_is_refused_beside_its_field(region: GpRegion) -> None:
    browser = region.coordinator.browser()
    sent = {
        "name": "Ronde",
        "region": str(region.region.pk),
        "join_until": (timezone.localdate() + 5 * DAY).isoformat(),
        "answer_days": "10",
        "effective_on": f"{timezone.localdate().year + 1}-04-01",
    }
    answer = browser.post(f"{ROOT}openen/", sent, headers=ENGLISH)
    assert answer.status_code == 422
    assert "first day of a quarter" in answer.content.decode()


def test_each_state_has_one_next_step(region: GpRegion) -> None:
    browser = region.coordinator.browser()
    for service in region.practices:
        publish(service, at=region.at)
    wishes = [
        make_wish(region, current=0, choices=[1]),
        make_wish(region, current=1, choices=[0]),
    ]
    row = open_one(region)
    address = f"{ROOT}{row.pk}/"
    join(row, region, 0)
    join(row, region, 1)
    assert "Wait for practices, or divide now" in page(browser, address)
    assert browser.post(f"{address}stap/divide")["Location"] == address
    assert "Fixing, dividing and checking" in page(browser, address)
    step(row, "divide", region.at)
    shown = page(browser, address)
    assert "2 people can move. No other division helps more people." not in shown
    assert "fewer than 5 people can move" in shown
    assert "Send the proposals" in shown
    # Before it is sent only who runs it reads the report.
    page(Client(), f"{address}verslag/", status=404)
    assert "Only who runs this round" in page(browser, f"{address}verslag/")
    browser.post(f"{address}stap/publish")
    step(row, "publish", region.at)
    assert "2 proposals wait for an answer" in page(browser, address)
    answer = browser.post(f"{address}stap/close", headers=ENGLISH, follow=True)
    assert "Some may still answer" in answer.content.decode()
    for wish in wishes:
        both_say_yes(region, wish, region.at)
    assert "Everybody has answered" in page(browser, address)
    step(row, "close", region.at)
    assert "Carry out the round" in page(browser, address)
    step(row, "execute", region.at)
    assert "The round is done" in page(browser, address)
    assert "Earlier rounds" in page(browser, ROOT)


def test_the_report_is_for_everybody_and_about_nobody(region: GpRegion) -> None:
    for service in region.practices:
        publish(service, at=region.at)
    secret = [make_wish(region, current=0, choices=[1]) for _ in range(6)]
    secret += [make_wish(region, current=1, choices=[0]) for _ in range(5)]
    secret += [make_wish(region, choices=[2], reason=WishReason.NO_GP)]
    row = open_one(region)
    for place in range(3):
        join(row, region, place)
    step(row, "divide", region.at)
    step(row, "publish", region.at)
    address = f"{ROOT}{row.pk}/verslag/"
    visitor = Client()
    shown = page(visitor, address)
    assert "10 people can move. No other division helps more people." in shown
    assert "Where one more place helps most" in shown
    assert "fewer than 5" in shown
    receipt = visitor.get(f"{address}1/receipt.json").json()
    assert receipt["moved_people"] == 10
    assert receipt["input_sha256"] == hash_of(row)
    assert not {"lottery", "required"} & set(receipt)
    drawn = visitor.get(f"{address}kaart.json").json()
    kinds = {one["geometry"]["type"] for one in drawn["features"]}
    assert {"Point", "LineString"} <= kinds
    for text in (shown, json.dumps(receipt), json.dumps(drawn)):
        assert not any(wish.number in text for wish in secret)
    checked = visitor.post(address, headers=ENGLISH).content.decode()
    assert "it stands" in checked
    broken = row.round_passes.get()
    broken.receipt["moved_people"] = 11
    broken.save()
    told = visitor.post(address, headers=ENGLISH).content.decode()
    assert "does not stand up to the check" in told


def test_files_are_for_who_runs_the_round(region: GpRegion) -> None:
    make_wish(region, current=0, choices=[1])
    row = open_one(region)
    join(row, region, 1, free=1)
    step(row, "divide", region.at)
    path = f"{ROOT}{row.pk}/bestand/1/wishes.csv"
    text = region.coordinator.browser().get(path).content.decode()
    assert text.startswith("wish_id,household_size")
    assert region.managers[0].browser().get(path).status_code == 403
    assert Client().get(path).status_code in (302, 403)
    assert (
        region.coordinator.browser().get(path.replace("wishes", "names")).status_code
        == 404
    )


def test_who_does_not_run_rounds_is_refused(region: GpRegion) -> None:
    row = open_one(region)
    manager = region.managers[0].browser()
    other = AreaFactory(
        region=True, purpose=RegionPurpose.GP_OUT_OF_HOURS, name="Heidestreek"
    )
    stranger = make_person(
        Role.GP_COORDINATOR, name="H. Ei", at=region.at, region=other
    )
    for browser in (manager, stranger.browser()):
        assert browser.get(f"{ROOT}{row.pk}/").status_code == 403
        assert browser.post(f"{ROOT}{row.pk}/stap/divide").status_code == 403
        assert browser.post(f"{ROOT}{row.pk}/stoppen/").status_code == 403
    assert manager.get(ROOT).status_code == 403
    assert row_of(row).status == RoundStatus.OPEN


def test_cancelling_asks_once_and_keeps_everybody_in_line(region: GpRegion) -> None:
    make_wish(region, current=0, choices=[1])
    row = open_one(region)
    join(row, region, 1, free=1)
    step(row, "divide", region.at)
    browser = region.coordinator.browser()
    assert "cannot be undone" in page(browser, f"{ROOT}{row.pk}/stoppen/")
    browser.post(f"{ROOT}{row.pk}/stoppen/")
    assert row_of(row).status == RoundStatus.CANCELLED
    assert not Move.objects.exists()
    page(Client(), f"{ROOT}{row.pk}/verslag/", status=404)


def row_of(row: Round) -> Round:
    """Return the round as it is stored."""
    return Round.objects.get(pk=row.pk)


def hash_of(row: Round) -> str:
    """Return the hash in the stored receipt."""
    receipt = row_of(row).receipt
    assert receipt is not None
    return str(receipt["input_sha256"])
