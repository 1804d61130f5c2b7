"""Minutes between providers: to whom, how many, in which month."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.factories.calls import AT, MINUTE, CallFactory, bring_to, make_night
from tests.factories.directory import HealthcareServiceFactory, OrganizationFactory
from wijkspil.calls.errors import InvalidCall
from wijkspil.calls.selectors.settlement import (
    list_helping_totals,
    month_around,
    pair_up,
)
from wijkspil.calls.services.course import finish
from wijkspil.calls.services.settlement import (
    COLUMNS,
    export_settlement,
    show_settlement,
)
from wijkspil.calls.types import CallStatus, Finish
from wijkspil.core.errors import NotPermitted
from wijkspil.core.models import AuditEvent

NOVEMBER = date(2026, 11, 1)


@pytest.mark.django_db
class TestMinutes:
    def test_they_follow_from_the_moments(self) -> None:
        night = make_night()
        call = bring_to(night, CallStatus.DONE)
        # Left at 4, arrived at 6, done at 26 minutes.
        assert (call.travel_minutes, call.care_minutes) == (2, 20)
        assert call.own_organization_id == night.own_team.organization_id

    def test_seconds_are_rounded_up(self) -> None:
        night = make_night()
        call = bring_to(night, CallStatus.ARRIVED)
        call = finish(
            actor=night.nurses[0].actor,
            number=call.number,
            ended=Finish("helped"),
            at=AT + 6 * MINUTE + timedelta(seconds=61),
        )
        assert call.care_minutes == 2

    def test_the_nurse_may_correct_them(self) -> None:
        night = make_night()
        call = bring_to(night, CallStatus.ARRIVED)
        call = finish(
            actor=night.nurses[0].actor,
            number=call.number,
            ended=Finish("helped", travel_minutes=11, care_minutes=0),
            at=AT + 26 * MINUTE,
        )
        assert (call.travel_minutes, call.care_minutes) == (11, 0)

    @pytest.mark.parametrize("minutes", [-1, 721])
    def test_what_cannot_be_is_refused(self, minutes: int) -> None:
        night = make_night()
        call = bring_to(night, CallStatus.ARRIVED)
        with pytest.raises(InvalidCall, match="720"):
            finish(
                actor=night.nurses[0].actor,
                number=call.number,
                ended=Finish("helped", care_minutes=minutes),
                at=AT,
            )


@pytest.mark.django_db
class TestSettling:
    def test_the_file_adds_up_to_the_sum_by_hand(self) -> None:
        night = make_night()
        minutes = [(10, 20), (5, 0), (7, 33)]
        for travel, care in minutes:
            CallFactory(
                done=True,
                region=night.region,
                nurse_service=night.teams[0],
                own_organization=night.own_team.organization,
                travel_minutes=travel,
                care_minutes=care,
            )
        CallFactory(
            done=True,
            region=night.region,
            nurse_service=night.own_team,
            own_organization=night.own_team.organization,
        )
        header, *rows = export_settlement(
            actor=night.coordinator.actor,
            month=NOVEMBER,
            region_ids={night.region.pk},
            organization_ids=set(),
            at=AT,
        )
        assert tuple(header) == COLUMNS
        helped = [
            dict(zip(header, row, strict=True))
            for row in rows
            if row[5] == night.teams[0].organization.name
        ]
        assert len(rows) == 4
        assert sum(int(row["total_minutes"]) for row in helped) == 75
        pairs = pair_up(
            show_settlement(
                actor=night.coordinator.actor,
                month=NOVEMBER,
                region_ids={night.region.pk},
                organization_ids=set(),
            )
        )
        assert [(p.calls, p.travel_minutes, p.care_minutes) for p in pairs] == [
            (3, 22, 53),
            (1, 10, 26),
        ]
        assert AuditEvent.objects.filter(purpose="call.settlement").count() == 1

    def test_a_month_is_a_local_one(self) -> None:
        start, end = month_around(date(2026, 10, 9))
        assert start.astimezone(UTC) == datetime(2026, 9, 30, 22, tzinfo=UTC)
        assert end.astimezone(UTC) == datetime(2026, 10, 31, 23, tzinfo=UTC)
        assert month_around(date(2026, 12, 31))[1].year == 2027

    def test_the_first_and_the_last_moment_fall_in_one_month_only(self) -> None:
        night = make_night()
        start, end = month_around(NOVEMBER)
        for moment in (start, end - timedelta(seconds=1), end):
            CallFactory(
                done=True,
                region=night.region,
                nurse_service=night.teams[0],
                done_at=moment,
            )
        given = {
            "actor": night.coordinator.actor,
            "region_ids": {night.region.pk},
            "organization_ids": set(),
        }
        november = show_settlement(month=NOVEMBER, **given)  # type: ignore[arg-type]
        december = show_settlement(
            month=date(2026, 12, 1),
            **given,  # type: ignore[arg-type]
        )
        assert (len(november), len(december)) == (2, 1)

    def test_a_provider_sees_the_calls_on_its_side_only(self) -> None:
        night = make_night()
        CallFactory(done=True, region=night.region, nurse_service=night.teams[0])
        CallFactory(done=True, region=night.region, nurse_service=night.teams[1])
        manager = night.managers[0].actor
        own = {night.teams[0].organization_id}
        [row] = show_settlement(
            actor=manager, month=NOVEMBER, region_ids=set(), organization_ids=own
        )
        assert row.helping_organization == night.teams[0].organization.name
        for asked in (
            {"region_ids": {night.region.pk}, "organization_ids": set()},
            {
                "region_ids": set(),
                "organization_ids": {night.teams[1].organization_id},
            },
        ):
            with pytest.raises(NotPermitted):
                show_settlement(actor=manager, month=NOVEMBER, **asked)

    def test_totals_of_few_calls_are_not_shown(self) -> None:
        night = make_night()
        for _number in range(5):
            CallFactory(done=True, region=night.region, nurse_service=night.teams[0])
        CallFactory(done=True, region=night.region, nurse_service=night.teams[1])
        totals = {
            t.helping_organization: t
            for t in list_helping_totals(month=NOVEMBER, region_ids={night.region.pk})
        }
        many = totals[night.teams[0].organization.name]
        assert (many.calls, many.travel_minutes, many.care_minutes) == (5, 50, 130)
        few = totals[night.teams[1].organization.name]
        assert (few.calls, few.travel_minutes) == (None, None)

    def test_a_name_is_no_formula_in_the_file(self) -> None:
        night = make_night()
        helper = HealthcareServiceFactory(
            organization=OrganizationFactory(name="=cmd()")
        )
        CallFactory(done=True, region=night.region, nurse_service=helper)
        _header, row = export_settlement(
            actor=night.coordinator.actor,
            month=NOVEMBER,
            region_ids={night.region.pk},
            organization_ids=set(),
            at=AT,
        )
        assert "'=cmd()" in row
