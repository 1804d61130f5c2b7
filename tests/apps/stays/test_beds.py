"""Promised beds: what counts, who may promise, and one winner of the last bed."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tests.apps.directory.at_once import at_once
from tests.factories import stays as make
from tests.factories.directory import HealthcareServiceFactory
from wijkspil.core.errors import NotPermitted
from wijkspil.directory.errors import UnknownService
from wijkspil.directory.selectors.care_teams import get_care_place
from wijkspil.stays.errors import BedsChanged, BedTaken, InvalidStay, UnknownBeds
from wijkspil.stays.models import BedClaim, BedReport
from wijkspil.stays.selectors.beds import get_newest_report, list_beds_near
from wijkspil.stays.services.asking import claim_bed
from wijkspil.stays.services.beds import confirm_beds, report_beds
from wijkspil.stays.types import Beds, BedSource, ClaimStatus, Feature, Gender, StayKind

pytestmark = pytest.mark.django_db
KIND = StayKind.ELV_LOW


def left(region: make.StayRegion, *, place: int = 0) -> int:
    """Return what is left of a place's promise."""
    newest = get_newest_report(region.places[place].pk, KIND)
    assert newest is not None
    return newest.left


class TestPromising:
    def test_a_promise_counts_as_long_as_the_region_agreed(self) -> None:
        region = make.make_region()
        report = make.promise(region, 2)
        assert report.left == 2
        assert report.valid_until == region.at + timedelta(hours=24)

    def test_a_provider_can_say_how_long_it_holds(self) -> None:
        region = make.make_region()
        report = make.promise(region, 2, valid_hours=12)
        assert report.valid_until == region.at + timedelta(hours=12)

    def test_each_choice_is_kept_once_in_the_order_of_the_catalogue(self) -> None:
        region = make.make_region()
        report = make.promise(region, features=("iv", "hoist", "iv"))
        assert report.features == ["hoist", "iv"]

    @pytest.mark.parametrize(
        ("kind", "values", "field"),
        [
            ("sofa", {"free": 1}, "kind"),
            (KIND, {"free": -1}, "free"),
            (KIND, {"free": 61}, "free"),
            (KIND, {"free": 1, "features": ("pool",)}, "features"),
            (KIND, {"free": 1, "gender": "cats"}, "gender"),
            (KIND, {"free": 1, "valid_hours": 0}, "valid_hours"),
            (KIND, {"free": 1, "valid_hours": 169}, "valid_hours"),
            (KIND, {"free": 1, "from_on": "yesterday"}, "from_on"),
            (KIND, {"free": 1, "from_on": "next year"}, "from_on"),
        ],
    )
    def test_a_wrong_value_is_refused_with_its_field(
        self, kind: str, values: dict[str, Any], field: str
    ) -> None:
        region = make.make_region()
        days = {"yesterday": -1, "next year": 365}
        if "from_on" in values:
            day = region.at + timedelta(days=days[values["from_on"]])
            values = values | {"from_on": day.date()}
        with pytest.raises(InvalidStay) as refusal:
            report_beds(
                actor=region.nurse.actor,
                service_id=region.place.pk,
                kind=kind,
                beds=Beds(**values),
                at=region.at,
            )
        assert list(refusal.value.fields) == [field]
        assert not BedReport.objects.exists()

    def test_another_service_than_temporary_stay_has_no_beds(self) -> None:
        region = make.make_region()
        service = HealthcareServiceFactory(organization=region.place.organization)
        with pytest.raises(InvalidStay, match="not one for temporary stay"):
            report_beds(
                actor=region.managers[0].actor,
                service_id=service.pk,
                kind=KIND,
                beds=Beds(1),
                at=region.at,
            )

    def test_a_service_that_ended_promises_nothing(self) -> None:
        region = make.make_region()
        region.place.is_active = False
        region.place.save()
        with pytest.raises(UnknownService):
            make.promise(region)

    def test_the_manager_and_the_own_system_promise_too(self) -> None:
        region = make.make_region()
        system = region.system_of(region.place.organization)
        for actor in (region.managers[0].actor, system):
            report_beds(
                actor=actor,
                service_id=region.place.pk,
                kind=KIND,
                beds=Beds(3),
                at=region.at,
            )
        assert BedReport.objects.count() == 2

    def test_nobody_promises_beds_of_another(self) -> None:
        region = make.make_region()
        for actor in (
            region.nurses[1].actor,
            region.managers[1].actor,
            region.referrer.actor,
            region.coordinator.actor,
            region.system_of(region.practice),
        ):
            with pytest.raises(NotPermitted):
                report_beds(
                    actor=actor,
                    service_id=region.place.pk,
                    kind=KIND,
                    beds=Beds(3),
                    at=region.at,
                )

    def test_sending_the_same_page_twice_adds_one_report(self) -> None:
        region = make.make_region()
        first = make.promise(region, 2)
        again: dict[str, Any] = {
            "actor": region.nurse.actor,
            "service_id": region.place.pk,
            "kind": KIND,
            "beds": Beds(1),
            "at": region.at + timedelta(minutes=1),
            "seen_report_id": first.pk,
            "seen_left": 2,
        }
        assert report_beds(**again) == report_beds(**again)
        assert BedReport.objects.count() == 2

    def test_a_figure_that_does_not_know_of_a_claim_is_refused_once(self) -> None:
        region = make.make_region()
        first = make.promise(region, 2)
        make.claim(region)
        with pytest.raises(BedsChanged, match="You saw 2 free") as refusal:
            report_beds(
                actor=region.nurse.actor,
                service_id=region.place.pk,
                kind=KIND,
                beds=Beds(2),
                at=region.at,
                seen_report_id=first.pk,
                seen_left=2,
            )
        assert "1 left" in str(refusal.value)

    def test_somebody_elses_newer_report_is_not_overwritten_unseen(self) -> None:
        region = make.make_region()
        first = make.promise(region, 2)
        report_beds(
            actor=region.managers[0].actor,
            service_id=region.place.pk,
            kind=KIND,
            beds=Beds(0),
            at=region.at,
        )
        with pytest.raises(BedsChanged, match=r"M\. Anager"):
            report_beds(
                actor=region.nurse.actor,
                service_id=region.place.pk,
                kind=KIND,
                beds=Beds(2),
                at=region.at,
                seen_report_id=first.pk,
                seen_left=2,
            )


class TestStillTrue:
    def confirm(self, region: make.StayRegion, **values: Any) -> BedReport:
        usual: dict[str, Any] = {
            "actor": region.nurse.actor,
            "at": region.at + timedelta(hours=20),
        }
        return confirm_beds(service_id=region.place.pk, kind=KIND, **(usual | values))

    def test_one_tap_promises_what_is_left_anew(self) -> None:
        region = make.make_region()
        make.promise(region, 3, features=("iv",), gender=Gender.WOMEN)
        make.claim(region, make.ask(region, gender=Gender.WOMEN))
        again = self.confirm(region)
        assert (again.free, again.claimed, again.left) == (2, 0, 2)
        assert again.source == BedSource.CONFIRMED
        assert (again.features, again.gender) == (["iv"], "women")
        assert again.valid_until == region.at + timedelta(hours=44)

    def test_there_must_be_something_to_confirm(self) -> None:
        with pytest.raises(UnknownBeds):
            self.confirm(make.make_region())

    def test_tapping_twice_adds_one_report(self) -> None:
        region = make.make_region()
        first = make.promise(region)
        one = self.confirm(region, seen_report_id=first.pk)
        assert self.confirm(region, seen_report_id=first.pk) == one

    def test_what_somebody_else_reported_is_not_confirmed_unseen(self) -> None:
        region = make.make_region()
        first = make.promise(region)
        report_beds(
            actor=region.managers[0].actor,
            service_id=region.place.pk,
            kind=KIND,
            beds=Beds(0),
            at=region.at,
        )
        with pytest.raises(BedsChanged):
            self.confirm(region, seen_report_id=first.pk)

    def test_a_day_that_has_come_is_now(self) -> None:
        region = make.make_region()
        make.promise(region, from_on=(region.at + timedelta(days=1)).date())
        again = self.confirm(region, at=region.at + timedelta(days=1))
        assert again.from_on is None

    def test_another_provider_confirms_nothing(self) -> None:
        region = make.make_region()
        make.promise(region)
        with pytest.raises(NotPermitted):
            self.confirm(region, actor=region.nurses[1].actor)


class TestClaiming:
    def test_a_claim_takes_the_bed_at_once(self) -> None:
        region = make.make_region()
        make.promise(region, 2)
        taken = make.claim(region)
        assert taken.status == ClaimStatus.HELD
        assert left(region) == 1

    def test_a_bed_that_is_taken_cannot_be_claimed(self) -> None:
        region = make.make_region()
        make.promise(region)
        make.claim(region)
        with pytest.raises(BedTaken, match="Somebody else was first"):
            make.claim(region)

    def test_a_stale_promise_cannot_be_claimed(self) -> None:
        region = make.make_region()
        make.promise(region)
        with pytest.raises(BedTaken, match="not said lately"):
            make.claim(region, at=region.at + timedelta(hours=24))

    def test_fifty_at_once_and_one_gets_the_last_bed(
        self, transactional_db: None
    ) -> None:
        region = make.make_region()
        make.promise(region, 1)
        stays = [make.ask(region) for _ in range(50)]

        def act(stay_id: int) -> Any:
            return lambda: claim_bed(
                actor=region.referrer.actor,
                stay_id=stay_id,
                service_id=region.place.pk,
                kind=KIND,
                at=region.at,
            )

        outcomes = at_once(*(act(stay.pk) for stay in stays))
        assert [type(one) for one in outcomes].count(BedClaim) == 1
        assert [type(one) for one in outcomes].count(BedTaken) == 49
        assert left(region) == 0
        assert BedClaim.objects.count() == 1

    def test_claiming_and_reporting_at_once_never_gives_a_bed_twice(
        self, transactional_db: None
    ) -> None:
        region = make.make_region()
        make.promise(region, 2)
        stays = [make.ask(region) for _ in range(6)]
        acts: list[Any] = [
            lambda stay=stay: make.claim(region, stay) for stay in stays
        ] + [
            lambda: confirm_beds(
                actor=region.nurse.actor,
                service_id=region.place.pk,
                kind=KIND,
                at=region.at,
            )
        ] * 4
        outcomes = at_once(*acts)
        assert sum(isinstance(one, BedClaim) for one in outcomes) == 2
        assert left(region) == 0

    def test_two_presses_at_once_take_one_bed(self, transactional_db: None) -> None:
        region = make.make_region()
        make.promise(region, 5)
        stay = make.ask(region)
        outcomes = at_once(*[lambda: make.claim(region, stay)] * 8)
        assert len({one.pk for one in outcomes}) == 1
        assert left(region) == 4

    def test_the_database_refuses_what_goes_below_zero(self) -> None:
        region = make.make_region()
        report = make.promise(region, 1)
        report.claimed = 2
        with (
            pytest.raises(IntegrityError, match="not_below_zero"),
            transaction.atomic(),
        ):
            report.save()


class TestNear:
    def near(self, region: make.StayRegion, **values: Any) -> list[Any]:
        asked: dict[str, Any] = {"kinds": [KIND], "at": region.at}
        return list_beds_near(get_care_place("2512AB"), **(asked | values))

    def test_the_nearest_comes_first_with_its_distance(self) -> None:
        region = make.make_region()
        make.promise(region, place=1)
        make.promise(region, place=0)
        found = self.near(region)
        assert [one.service_name for one in found] == ["Huize Duin 1", "Huize Duin 2"]
        assert found[0].km == pytest.approx(3.3, abs=0.1)

    def test_one_that_fits_comes_before_a_nearer_one_that_does_not(self) -> None:
        region = make.make_region()
        make.promise(region, place=0)
        make.promise(region, place=1, features=(Feature.OXYGEN,))
        found = self.near(region, needs=[Feature.OXYGEN])
        assert [one.misfits for one in found] == [(), ("oxygen",)]

    def test_a_shared_room_for_women_does_not_fit_a_man_or_an_unknown(self) -> None:
        region = make.make_region()
        make.promise(region, gender=Gender.WOMEN)
        assert self.near(region, gender="women")[0].fits
        for gender in ("men", "any"):
            assert self.near(region, gender=gender)[0].misfits == ("gender",)

    def test_a_room_of_ones_own_fits_everybody(self) -> None:
        region = make.make_region()
        make.promise(region, gender=Gender.WOMEN, features=(Feature.SINGLE_ROOM,))
        assert self.near(region, gender="men")[0].fits

    def test_a_bed_that_comes_free_too_late_says_so(self) -> None:
        region = make.make_region()
        day = (region.at + timedelta(days=3)).date()
        make.promise(region, from_on=day)
        found = self.near(region, needed_on=region.at.date())
        assert found[0].misfits == ("later",)

    def test_what_is_full_stale_ended_or_of_another_kind_is_not_shown(self) -> None:
        region = make.make_region(places=4)
        make.promise(region, 0, place=0)
        make.promise(region, place=1, at=region.at - timedelta(days=2))
        make.promise(region, place=2)
        region.places[2].is_active = False
        region.places[2].save()
        make.promise(region, place=3, kind=StayKind.GRZ)
        assert self.near(region) == []

    def test_a_bed_an_hour_away_is_not_proposed(self) -> None:
        region = make.make_region()
        region.place.lat = 53.2
        region.place.save()
        make.promise(region)
        assert self.near(region) == []

    def test_it_takes_one_query_however_many_places(
        self, django_assert_num_queries: Any
    ) -> None:
        region = make.make_region(places=6)
        for number in range(6):
            make.promise(region, place=number)
        place = get_care_place("2512AB")
        with django_assert_num_queries(1):
            found = list_beds_near(place, kinds=[KIND], at=region.at)
        assert len(found) == 6
