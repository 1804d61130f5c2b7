"""A practice stops: its file, who takes over, the plan by day, and the progress."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from tests.factories.registrations import GpRegion, make_gp_region, publish
from wijkspil.core.models import AuditEvent
from wijkspil.registrations.errors import InvalidRegistration, NotNow
from wijkspil.registrations.models import RehousedHousehold, Rehousing
from wijkspil.registrations.policies import is_quarter_day
from wijkspil.registrations.rehousing_files import read_households
from wijkspil.registrations.services.rehousing import (
    RehousingGiven,
    TakerGiven,
    ask_plan,
    load_households,
    mark_moved,
    plan_rehousing,
    set_takers,
    start_rehousing,
)
from wijkspil.registrations.types import Frailty, RehousingStatus

pytestmark = pytest.mark.django_db
ROOT = "/herplaatsing/"
ENGLISH = {"accept-language": "en"}
FILE = b"""key;postcode;size;frailty;ages
1001;2512AB;1;;40
1002;2512 AB;1;house-bound;91
1003;2512;1;ziek;61
1004;2512AB;1;geen;30
"""


@pytest.fixture
def region() -> GpRegion:
    """Return a region now: pages take the moment from the clock."""
    region = make_gp_region(practices=4, at=timezone.now())
    for service in region.practices[1:]:
        publish(service, at=region.at)
    return region


def begin(region: GpRegion, **changes: object) -> Rehousing:
    values: dict[str, Any] = {
        "name": "Huisartsen Nummer 1 stopt",
        "region_id": region.region.pk,
        "failing": [region.practices[0].pk],
        "starts_on": timezone.localdate(region.at),
    } | changes
    return start_rehousing(
        actor=region.coordinator.actor,
        given=RehousingGiven(**values),
        at=region.at,
    )


def load(region: GpRegion, row: Rehousing, content: bytes = FILE) -> int:
    return load_households(
        actor=region.coordinator.actor,
        rehousing_id=row.pk,
        service_id=region.practices[0].pk,
        content=content,
        at=region.at,
    )


def take(region: GpRegion, row: Rehousing, *given: TakerGiven) -> None:
    set_takers(
        actor=region.coordinator.actor, rehousing_id=row.pk, given=given, at=region.at
    )


def plan(region: GpRegion, row: Rehousing) -> Rehousing:
    return plan_rehousing(rehousing_id=row.pk, at=region.at, clock=lambda: region.at)


def page(client: Client, path: str, status: int = 200) -> str:
    """Return the words of a page in one line."""
    answer = client.get(path, headers=ENGLISH)
    assert answer.status_code == status, (path, answer.status_code)
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


class TestTheFile:
    def test_ages_give_the_size_and_the_load(self) -> None:
        (one,) = read_households(b'key,postcode,ages\nA-1,2512ab,"34, 86"\n')
        assert (one.size, one.load, one.postcode) == (2, 3300, "2512AB")

    def test_a_load_may_stand_in_the_place_of_ages(self) -> None:
        (one,) = read_households(b"key;postcode;size;load\n1;2512;2;2,5\n")
        assert one.load == 2500

    def test_every_wrong_line_is_told_with_what_is_expected(self) -> None:
        content = (
            b"key;postcode;size;frailty;ages\n"
            b"1;0512AB;1;;40\n2;2512AB;2;;40\n1;2512AB;1;sick;200\n;2512AB;1;;\n"
        )
        with pytest.raises(InvalidRegistration) as caught:
            read_households(content)
        told = caught.value.fields["file"]
        assert any("Line 2, postcode: “0512AB”" in one for one in told)
        assert any("Line 3, size: “2”" in one for one in told)
        assert any("Line 4, frailty: “sick”" in one for one in told)
        assert any("Line 4, ages: “200”" in one for one in told)
        assert any("Line 5, key: “”" in one for one in told)

    @pytest.mark.parametrize(
        "content",
        [b"", b"\0\0", b"\xff\xfe\xfa", b"name;size\nJan;2\n", b"key;postcode;size\n"],
    )
    def test_what_is_no_such_file_is_refused(self, content: bytes) -> None:
        with pytest.raises(InvalidRegistration):
            read_households(content)

    def test_a_key_twice_is_told(self) -> None:
        with pytest.raises(InvalidRegistration, match="line 2 as well"):
            read_households(b"key;postcode;size\n1;2512;1\n1;2512;1\n")

    def test_a_postcode_nobody_knows_is_told_and_nothing_is_stored(
        self, region: GpRegion
    ) -> None:
        row = begin(region)
        with pytest.raises(InvalidRegistration, match="Line 2, postcode"):
            load(region, row, b"key;postcode;size\n1;9999ZZ;1\n2;2512AB;1\n")
        assert not RehousedHousehold.objects.exists()


class TestThePlan:
    def test_the_frail_go_first_on_allowed_days(self, region: GpRegion) -> None:
        row = begin(region)
        assert load(region, row) == 4
        near = region.practices[1].pk
        take(region, row, TakerGiven(near, 4, per_day=1))
        row = plan(region, row)
        assert row.status == RehousingStatus.PLANNED
        households = {one.key: one for one in RehousedHousehold.objects.all()}
        frail = {one.key: one for one in households.values() if one.frailty != "none"}
        assert set(frail) == {"1002", "1003"}
        days = sorted(one.move_on for one in households.values() if one.move_on)
        assert len(set(days)) == 4  # one a day
        assert {one.move_on for one in frail.values()} == set(days[:2])
        for one in households.values():
            assert one.move_on is not None
            assert one.move_on >= timezone.localdate(region.at)
            assert one.move_on.weekday() < 5
            assert not is_quarter_day(one.move_on)

    def test_who_has_no_place_is_told_why_and_a_new_plan_helps(
        self, region: GpRegion
    ) -> None:
        row = begin(region)
        load(region, row)
        take(region, row, TakerGiven(region.practices[1].pk, 3))
        plan(region, row)
        (left,) = RehousedHousehold.objects.filter(to_service=None)
        assert (left.why_not, left.frailty) == ("no-room", Frailty.NONE)
        take(
            region,
            row,
            TakerGiven(region.practices[1].pk, 3),
            TakerGiven(region.practices[2].pk, 1),
        )
        plan(region, row)
        assert not RehousedHousehold.objects.filter(to_service=None).exists()

    def test_too_far_is_told_as_such(self, region: GpRegion) -> None:
        row = begin(region, most_minutes=1)
        load(region, row)
        take(region, row, TakerGiven(region.practices[3].pk, 10))
        plan(region, row)
        told = set(RehousedHousehold.objects.values_list("why_not", flat=True))
        assert told == {"too-far"}

    def test_who_has_moved_stays_when_it_is_planned_again(
        self, region: GpRegion
    ) -> None:
        row = begin(region)
        load(region, row)
        near = region.practices[1].pk
        take(region, row, TakerGiven(near, 4))
        plan(region, row)
        moved = RehousedHousehold.objects.get(key="1002")
        mark_moved(
            actor=region.coordinator.actor,
            rehousing_id=row.pk,
            household_ids=[moved.pk],
            at=region.at,
        )
        take(region, row, TakerGiven(region.practices[2].pk, 10))
        row = plan(region, row)
        moved.refresh_from_db()
        assert moved.to_service_id == near
        others = RehousedHousehold.objects.exclude(pk=moved.pk)
        assert {one.to_service_id for one in others} == {region.practices[2].pk}
        assert row.status == RehousingStatus.RUNNING
        # The file anew does not take back who moved.
        load(region, row)
        assert RehousedHousehold.objects.count() == 4

    def test_planned_twice_it_is_the_same(self, region: GpRegion) -> None:
        row = begin(region)
        load(region, row)
        take(region, row, TakerGiven(region.practices[1].pk, 9))

        def seen() -> list[tuple[object, ...]]:
            return list(
                RehousedHousehold.objects.order_by("key").values_list(
                    "key", "to_service_id", "move_on"
                )
            )

        plan(region, row)
        before = seen()
        plan(region, row)
        assert seen() == before

    def test_without_households_or_takers_it_says_what_is_missing(
        self, region: GpRegion
    ) -> None:
        row = begin(region)
        actor = region.coordinator.actor
        with pytest.raises(NotNow, match="households"):
            ask_plan(actor=actor, rehousing_id=row.pk, at=region.at)
        load(region, row)
        with pytest.raises(NotNow, match="which practices"):
            ask_plan(actor=actor, rehousing_id=row.pk, at=region.at)

    def test_a_practice_that_stops_takes_nobody(self, region: GpRegion) -> None:
        row = begin(region)
        with pytest.raises(InvalidRegistration):
            take(region, row, TakerGiven(region.practices[0].pk, 10))


class TestThePages:
    def test_the_whole_way(self, region: GpRegion) -> None:
        browser = region.coordinator.browser()
        assert "No practice is being re-housed" in page(browser, ROOT)
        answer = browser.post(
            f"{ROOT}nieuw/",
            {
                "failing": region.practices[0].pk,
                "starts_on": timezone.localdate().isoformat(),
                "most_minutes": "15",
            },
        )
        row = Rehousing.objects.get()
        address = f"{ROOT}{row.pk}/"
        assert answer["Location"] == address
        assert "Give the households of Huisartsen Nummer 1" in page(browser, address)

        upload = f"{address}huishoudens/{region.practices[0].pk}/"
        wrong = browser.post(
            upload,
            {"file": SimpleUploadedFile("a.csv", b"key;postcode;size\nx;1;1\n")},
            headers=ENGLISH,
        )
        assert wrong.status_code == 422
        assert "Line 2, postcode" in wrong.content.decode()
        browser.post(upload, {"file": SimpleUploadedFile("a.csv", FILE)})
        assert "Say which practices take people over" in page(browser, address)

        takers = f"{address}praktijken/"
        assert "4 people need another practice" in page(browser, takers)
        first = region.practices[1].pk
        browser.post(takers, {f"places_{first}": "10", f"per_day_{first}": "3"})
        assert "Make the plan" in page(browser, address)
        browser.post(f"{address}plannen")
        assert "The plan is being made" in page(browser, address)
        plan(region, row)
        assert "Carry out the plan, day by day" in page(browser, address)

        days = sorted(
            {one.move_on for one in RehousedHousehold.objects.all() if one.move_on}
        )
        assert len(days) == 2
        a_day = f"{address}dag/{days[0].isoformat()}/"
        assert "3 people move on this day" in page(browser, a_day)
        one = RehousedHousehold.objects.filter(move_on=days[0]).first()
        assert one is not None
        browser.post(a_day, {"moved": [str(one.pk), "x"]})
        assert RehousedHousehold.objects.filter(moved_at__isnull=False).count() == 1
        browser.post(a_day, {"undo": str(one.pk)})
        assert not RehousedHousehold.objects.filter(moved_at__isnull=False).exists()
        browser.post(a_day, {"all": "1"})
        browser.post(f"{address}dag/{days[1].isoformat()}/", {"all": "1"})
        row.refresh_from_db()
        assert row.status == RehousingStatus.DONE
        assert "Everybody has a practice" in page(browser, address)

    def test_each_practice_has_its_list_and_looking_is_written_down(
        self, region: GpRegion
    ) -> None:
        row = begin(region)
        load(region, row)
        taker = region.practices[1].pk
        take(region, row, TakerGiven(taker, 10))
        plan(region, row)
        browser = region.coordinator.browser()

        def rows(service_id: int) -> list[dict[str, str]]:
            answer = browser.get(f"{ROOT}{row.pk}/lijst/{service_id}.csv")
            text = answer.content.decode("utf-8-sig")
            return list(csv.DictReader(io.StringIO(text), delimiter=";"))

        comes = rows(taker)
        assert {one["key"] for one in comes} == {"1001", "1002", "1003", "1004"}
        goes = rows(region.practices[0].pk)
        assert {one["to_practice"] for one in goes} == {"Huisartsen Nummer 2"}
        assert AuditEvent.objects.filter(purpose="rehousing.export").count() == 2

    def test_who_may_not_is_refused_everywhere(self, region: GpRegion) -> None:
        row = begin(region)
        load(region, row)
        manager = region.managers[1].browser()
        service = region.practices[0].pk
        paths = [
            ROOT,
            f"{ROOT}nieuw/",
            f"{ROOT}{row.pk}/",
            f"{ROOT}{row.pk}/huishoudens/{service}/",
            f"{ROOT}{row.pk}/praktijken/",
            f"{ROOT}{row.pk}/dag/2026-12-01/",
            f"{ROOT}{row.pk}/lijst/{service}.csv",
        ]
        for path in paths:
            assert manager.get(path).status_code == 403, path
        assert manager.post(f"{ROOT}{row.pk}/plannen").status_code == 403

    def test_a_day_that_passed_is_late(self, region: GpRegion) -> None:
        row = begin(region)
        load(region, row)
        take(region, row, TakerGiven(region.practices[1].pk, 10))
        plan(region, row)
        RehousedHousehold.objects.update(
            move_on=timezone.localdate() - timedelta(days=1)
        )
        assert "late" in page(region.coordinator.browser(), f"{ROOT}{row.pk}/")
