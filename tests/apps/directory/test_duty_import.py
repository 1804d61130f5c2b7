"""A roster goes in whole or not at all, and says of each bad cell what to do."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.apps.directory.at_once import at_once
from tests.apps.directory.signing_in import actor_of
from tests.factories.directory import (
    AreaFactory,
    CoverageFactory,
    DutyPeriodFactory,
    HealthcareServiceFactory,
)
from wijkspil.accounts.types import Role
from wijkspil.core.errors import InvalidValue
from wijkspil.core.models import AuditEvent
from wijkspil.directory.errors import AlreadyChanged
from wijkspil.directory.models import DutyPeriod
from wijkspil.directory.selectors.duty import list_written_duties
from wijkspil.directory.services.duty_exchange import (
    PlanKind,
    RefusedRoster,
    import_duties,
    plan_import,
    plan_repeat,
    repeat_week,
)
from wijkspil.directory.services.duty_files import (
    COLUMNS,
    UnreadableDutyFile,
    initials,
    read_duty_file,
    write_csv,
    write_ics,
)

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
HEAD = "service_code;area_kind;area_code;care;rank;person_name;phone;start;end;uid"


@pytest.fixture
def coverage():
    region = AreaFactory(region=True)
    return CoverageFactory(area=AreaFactory(lies_in=[region], code="WK051801"))


@pytest.fixture
def service(coverage):
    return coverage.service


@pytest.fixture
def manager(service):
    return actor_of(Role.PROVIDER_MANAGER, organization_id=service.organization_id)


def line_of(service, **values):
    """Return one good line of the CSV, with some cells replaced."""
    cells = {
        "service_code": service.pk,
        "area_kind": "wijk",
        "area_code": "WK051801",
        "care": "",
        "rank": "1",
        "person_name": "N. Nacht",
        "phone": "06 12 34 56 78",
        "start": "2026-11-24T23:00",
        "end": "2026-11-25T07:00",
        "uid": "",
        **values,
    }
    return ";".join(str(cells[column]) for column in COLUMNS)


def csv_of(*lines, head=HEAD, newline="\r\n"):
    return newline.join((head, *lines, "")).encode()


def take(actor, content, **options):
    return import_duties(
        actor=actor, name="rooster.csv", content=content, at=NOW, **options
    )


def kinds(plan):
    return [line.kind.value for line in plan.lines]


@pytest.mark.django_db
class TestCsv:
    def test_a_roster_is_stored_and_a_second_time_does_nothing(self, service, manager):
        content = csv_of(
            line_of(service),
            line_of(service, rank=2, person_name="A. Achter", phone="+31612345678"),
        )
        first = take(manager, content)
        events = AuditEvent.objects.count()
        again = take(manager, content)

        assert (kinds(first), kinds(again)) == (["new"] * 2, ["same"] * 2)
        assert DutyPeriod.objects.count() == 2 == events == AuditEvent.objects.count()
        row = DutyPeriod.objects.get(rank=1)
        assert row.valid_from == datetime(2026, 11, 24, 22, tzinfo=UTC)
        assert (row.person_name, row.phone) == ("N. Nacht", "06 12 34 56 78")

    @pytest.mark.parametrize("separator", [";", ",", "\t"])
    @pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
    @pytest.mark.parametrize("newline", ["\n", "\r\n"])
    def test_what_spreadsheets_write_is_read(
        self, service, manager, separator, bom, newline
    ):
        content = csv_of(line_of(service), newline=newline).replace(
            b";", separator.encode()
        )
        assert kinds(take(manager, bom + content)) == ["new"]

    def test_a_preview_changes_nothing(self, service, manager):
        plan = plan_import(
            actor=manager, name="x.csv", content=csv_of(line_of(service)), at=NOW
        )
        assert plan.count("new") == 1
        assert not DutyPeriod.objects.exists()
        assert not AuditEvent.objects.exists()

    @pytest.mark.parametrize(
        ("column", "value", "named", "remedy"),
        [
            ("service_code", "999999", "service_code", "no such service"),
            ("service_code", "team noord", "service_code", "no such service"),
            ("service_code", "", "service_code", "number of the service"),
            ("service_code", "75999999", "service_code", "no such service"),
            ("area_kind", "stad", "area_kind", "Choose from"),
            ("area_code", "", "area_code", "Give the code"),
            ("area_code", "WK999999", "area_code", "no such area"),
            ("care", "bakken", "care", "Choose from"),
            ("rank", "0", "rank", "whole number"),
            ("rank", "1,5", "rank", "whole number"),
            ("rank", "400", "rank", "whole number"),
            ("person_name", "", "person_name", "name of who"),
            ("person_name", "x" * 121, "person_name", "At most 120"),
            ("phone", "", "phone", "number to call"),
            ("phone", "vraag de balie", "phone", "not a phone number"),
            ("phone", "0" * 31, "phone", "At most 30"),
            ("start", "", "start", "2026-11-24T23:00"),
            ("start", "morgen", "start", "2026-11-24T23:00"),
            ("start", "2026-11-24", "start", "2026-11-24T23:00"),
            ("start", "2026-13-24T23:00", "start", "2026-11-24T23:00"),
            ("start", "1026-11-24T23:00", "start", "year"),
            ("start", "2027-03-28T02:30", "start", "does not exist"),
            ("start", "2026-10-25T02:30", "start", "comes twice"),
            ("end", "2026-11-24T23:00", "end", "after the start"),
            ("end", "2026-11-24T22:00", "end", "after the start"),
            ("end", "2027-01-24T22:00", "end", "31 days"),
            ("uid", "u" * 256, "uid", "At most 255"),
        ],
    )
    def test_a_bad_cell_names_file_line_column_value_and_remedy(
        self, service, manager, column, value, named, remedy
    ):
        good = line_of(service, rank=2)
        bad = line_of(service, **{column: value})
        with pytest.raises(RefusedRoster) as refusal:
            take(manager, csv_of(good, bad))
        message = str(refusal.value).splitlines()[0]
        assert message.startswith("rooster.csv, line 3, ")
        assert f"{named}:" in message
        assert value[:50] in message
        assert remedy in message
        assert not DutyPeriod.objects.exists()

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "empty"),
            (b"  \n", "empty"),
            (b"\xff\xfe\x00a", "UTF-8"),
            (HEAD.encode() + b"\n\xe9\n", "line 2"),
            (b"a\0b", "no text"),
            (b"naam;telefoon\nx;y\n", "area_kind"),
            (HEAD.encode() + b";rank\n", "twice"),
            (HEAD.encode() + b";kleur\n", "kleur"),
            (HEAD.encode() + b"\n", "no duties"),
            (HEAD.encode() + b'\n1;"wijk;x\n', "quotation mark"),
            (b"x" * 1_000_001, "Split it"),
        ],
    )
    def test_a_file_that_is_none_is_refused_as_a_whole(self, manager, content, words):
        with pytest.raises(UnreadableDutyFile, match=words):
            take(manager, content)

    def test_a_line_with_too_many_values_is_refused(self, service, manager):
        with pytest.raises(RefusedRoster, match="more values than columns"):
            take(manager, csv_of(line_of(service) + ";nog;iets"))

    def test_two_lines_for_one_place_in_the_line_are_refused(self, service, manager):
        content = csv_of(
            line_of(service),
            line_of(service, person_name="A. Ander", start="2026-11-25T06:59",
                    end="2026-11-25T09:00"),
        )  # fmt: skip
        with pytest.raises(RefusedRoster, match=r"line 3, start.*Line 2"):
            take(manager, content)

    def test_touching_duties_are_no_overlap(self, service, manager):
        content = csv_of(
            line_of(service, start="2026-11-25T07:00", end="2026-11-25T15:00"),
            line_of(service),
        )
        assert kinds(take(manager, content)) == ["new", "new"]

    def test_what_is_there_already_is_not_pushed_out(self, coverage, manager):
        DutyPeriodFactory(service=coverage.service, area=coverage.area)
        with pytest.raises(RefusedRoster, match="Somebody has this place") as refusal:
            take(
                manager,
                csv_of(
                    line_of(
                        coverage.service,
                        start="2026-11-20T20:00",
                        end="2026-11-20T23:00",
                    )
                ),
            )
        assert "Nacht" not in str(refusal.value)

    def test_another_person_in_the_same_hours_is_a_change(self, service, manager):
        take(manager, csv_of(line_of(service, uid="a1")))
        old = DutyPeriod.objects.get()
        plan = take(manager, csv_of(line_of(service, person_name="B. Beter")))
        row = DutyPeriod.objects.get()
        assert kinds(plan) == ["changed"]
        assert (row.person_name, row.external_uid) == ("B. Beter", "a1")
        assert plan.lines[0].replaces_id == old.pk

    def test_a_known_uid_may_move_in_time(self, service, manager):
        take(manager, csv_of(line_of(service, uid="a1"), line_of(service, uid="a2",
             start="2026-11-25T07:00", end="2026-11-25T12:00")))  # fmt: skip
        plan = take(
            manager,
            csv_of(
                line_of(service, uid="a1", end="2026-11-25T08:00"),
                line_of(service, uid="a2", start="2026-11-25T08:00",
                        end="2026-11-25T12:00"),
            ),
        )  # fmt: skip
        assert kinds(plan) == ["changed", "changed"]
        assert sorted(DutyPeriod.objects.values_list("external_uid", flat=True)) == [
            "a1",
            "a2",
        ]

    def test_a_uid_twice_is_refused(self, service, manager):
        with pytest.raises(RefusedRoster, match=r"line 3, uid.*line 2"):
            take(
                manager,
                csv_of(line_of(service, uid="a"), line_of(service, uid="a", rank=2)),
            )

    def test_a_running_duty_is_changed_from_now_on(self, service, manager):
        running = line_of(
            service, uid="r", start="2026-11-20T08:00", end="2026-11-20T16:00"
        )
        take(manager, csv_of(running))
        changed = running.replace("N. Nacht", "B. Beter")
        plan = take(manager, csv_of(changed))
        again = take(manager, csv_of(changed))
        assert (kinds(plan), kinds(again)) == (["changed"], ["same"])
        assert list(
            DutyPeriod.objects.order_by("valid_from").values_list(
                "person_name", "valid_from", "valid_until"
            )
        ) == [
            ("N. Nacht", datetime(2026, 11, 20, 7, tzinfo=UTC), NOW),
            ("B. Beter", NOW, datetime(2026, 11, 20, 15, tzinfo=UTC)),
        ]

    def test_what_is_over_is_left_out_without_complaint(self, service, manager):
        plan = take(
            manager,
            csv_of(line_of(service, start="2026-11-01T23:00", end="2026-11-02T07:00")),
        )
        assert kinds(plan) == ["past"]
        assert not DutyPeriod.objects.exists()

    def test_the_agb_code_names_the_service(self, service, manager):
        agb_code = service.organization.agb_code
        assert kinds(
            take(manager, csv_of(line_of(service, service_code=agb_code)))
        ) == ["new"]
        HealthcareServiceFactory(organization=service.organization)
        with pytest.raises(RefusedRoster, match="2 services"):
            take(manager, csv_of(line_of(service, service_code=agb_code, rank=2)))

    def test_a_file_for_one_service_may_leave_the_service_out(self, service, manager):
        content = csv_of(line_of(service, service_code=""))
        assert kinds(take(manager, content, service_id=service.pk)) == ["new"]

    def test_more_than_the_most_rows_is_refused(self, service, manager):
        with pytest.raises(UnreadableDutyFile, match="5000"):
            take(manager, csv_of(*[line_of(service, uid="x")] * 5001))


@pytest.mark.django_db
class TestWho:
    def test_another_provider_may_not(self, service):
        stranger = actor_of(
            Role.PROVIDER_MANAGER,
            organization_id=HealthcareServiceFactory().organization_id,
        )
        with pytest.raises(RefusedRoster, match="cannot enter duties"):
            take(stranger, csv_of(line_of(service)))

    def test_a_provider_may_only_where_it_covers(self, service, manager):
        AreaFactory(code="WK059999")
        with pytest.raises(RefusedRoster, match="does not cover"):
            take(manager, csv_of(line_of(service, area_code="WK059999")))

    @pytest.mark.parametrize("role", [Role.REFERRER, Role.TEAM_MEMBER, Role.AUDITOR])
    def test_a_role_that_only_looks_may_not(self, service, role):
        actor = actor_of(role, service_id=service.pk)
        with pytest.raises(RefusedRoster):
            take(actor, csv_of(line_of(service)))


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_two_people_sending_one_roster_enter_it_once(self):
        region = AreaFactory(region=True)
        coverage = CoverageFactory(area=AreaFactory(lies_in=[region], code="WK051801"))
        service = coverage.service
        actor = actor_of(Role.PROVIDER_MANAGER, organization_id=service.organization_id)
        content = csv_of(*[line_of(service, rank=n) for n in range(1, 30)])

        outcomes = at_once(*[lambda: take(actor, content)] * 3)

        assert sorted(plan.count(PlanKind.NEW) for plan in outcomes) == [0, 0, 29]
        assert DutyPeriod.objects.count() == 29

    def test_what_changed_since_the_preview_is_shown_again(self):
        region = AreaFactory(region=True)
        coverage = CoverageFactory(area=AreaFactory(lies_in=[region], code="WK051801"))
        service = coverage.service
        actor = actor_of(Role.PROVIDER_MANAGER, organization_id=service.organization_id)
        content = csv_of(line_of(service))
        plan = plan_import(actor=actor, name="x.csv", content=content, at=NOW)
        take(actor, content)
        with pytest.raises(AlreadyChanged):
            take(actor, content, expected=plan.signature)


def ics_of(*events, head="BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n"):
    body = "".join(
        "BEGIN:VEVENT\r\n"
        + "".join(f"{name}:{value}\r\n" for name, value in event.items() if value)
        + "END:VEVENT\r\n"
        for event in events
    )
    return f"{head}{body}END:VCALENDAR\r\n".encode()


EVENT = {
    "UID": "1@rooster.example",
    "DTSTART;TZID=Europe/Amsterdam": "20261124T230000",
    "DTEND;TZID=Europe/Amsterdam": "20261125T070000",
    "SUMMARY": "N. Nacht",
    "CONTACT": "06 12 34 56 78",
    "X-WIJKSPIL-AREA": "wijk/WK051801",
}


@pytest.mark.django_db
class TestIcs:
    def take(self, manager, service, content, **options):
        return import_duties(
            actor=manager,
            name="rooster.ics",
            content=content,
            at=NOW,
            service_id=service.pk,
            **options,
        )

    def test_a_calendar_is_stored_with_its_uids_and_twice_does_nothing(
        self, service, manager
    ):
        content = ics_of(EVENT)
        assert kinds(self.take(manager, service, content)) == ["new"]
        row = DutyPeriod.objects.get()
        assert row.external_uid == "1@rooster.example"
        assert row.valid_from == datetime(2026, 11, 24, 22, tzinfo=UTC)
        assert kinds(self.take(manager, service, content)) == ["same"]
        moved = {**EVENT, "DTEND;TZID=Europe/Amsterdam": "20261125T080000"}
        assert kinds(self.take(manager, service, ics_of(moved))) == ["changed"]
        assert DutyPeriod.objects.filter(valid_until__hour=8).count() == 1

    def test_the_number_may_stand_in_the_description(self, service, manager):
        event = {**EVENT, "CONTACT": "", "DESCRIPTION": "Bel +31 6 1234 5678 (auto 3)"}
        self.take(manager, service, ics_of(event))
        assert DutyPeriod.objects.get().phone == "+31 6 1234 5678"

    def test_the_area_may_be_chosen_on_the_form(self, coverage, manager):
        content = ics_of({**EVENT, "X-WIJKSPIL-AREA": ""})
        with pytest.raises(RefusedRoster, match="on the form"):
            self.take(manager, coverage.service, content)
        self.take(manager, coverage.service, content, area_id=coverage.area_id)
        assert DutyPeriod.objects.get().area_id == coverage.area_id

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"RRULE": "FREQ=WEEKLY"}, "line 4, RRULE.*Repeating"),
            ({"UID": ""}, "line 4, UID"),
            ({"SUMMARY": ""}, "line 4, SUMMARY"),
            ({"CONTACT": ""}, "line 4, CONTACT"),
            ({"DTEND;TZID=Europe/Amsterdam": ""}, "line 4, DTEND"),
            ({"DTSTART;TZID=Europe/Amsterdam": "20270328T023000"}, "does not exist"),
            ({"DTSTART;TZID=Europe/Amsterdam": "", "DTSTART;VALUE=DATE": "20261124"},
             "whole day"),
            ({"X-WIJKSPIL-AREA": "stad/1"}, "X-WIJKSPIL-AREA"),
            ({"X-WIJKSPIL-RANK": "0"}, "X-WIJKSPIL-RANK"),
            ({"X-WIJKSPIL-CARE": "x"}, "X-WIJKSPIL-CARE"),
        ],
    )  # fmt: skip
    def test_a_bad_event_names_its_line_and_property(
        self, service, manager, change, words
    ):
        with pytest.raises(RefusedRoster, match=words):
            self.take(manager, service, ics_of({**EVENT, **change}))
        assert not DutyPeriod.objects.exists()

    @pytest.mark.parametrize(
        "content",
        [
            b"BEGIN:VCALENDAR\r\n",
            b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
            ics_of(EVENT)[:-40],
            b"BEGIN:VCALENDAR\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        ],
    )
    def test_a_broken_calendar_is_refused_as_a_whole(self, service, manager, content):
        with pytest.raises(UnreadableDutyFile):
            self.take(manager, service, content)

    def test_a_cancelled_event_is_left_out(self, service, manager):
        events = {**EVENT, "STATUS": "CANCELLED"}, {**EVENT, "UID": "2"}
        plan = self.take(manager, service, ics_of(*events))
        assert len(plan.lines) == 1

    def test_an_event_without_zone_is_local(self, service, manager):
        event = {
            **{k: v for k, v in EVENT.items() if "TZID" not in k},
            "DTSTART": "20261124T230000",
            "DURATION": "PT8H",
        }
        self.take(manager, service, ics_of(event))
        row = DutyPeriod.objects.get()
        assert row.valid_from == datetime(2026, 11, 24, 22, tzinfo=UTC)
        assert row.valid_until == datetime(2026, 11, 25, 6, tzinfo=UTC)


@pytest.mark.django_db
class TestRoundTrip:
    @pytest.fixture
    def rows(self, coverage):
        """A night over each change of the clock, and names that need care."""
        nights = [
            (datetime(2026, 10, 24, 21, tzinfo=UTC), 9),
            (datetime(2027, 3, 27, 22, tzinfo=UTC), 7),
        ]
        return [
            DutyPeriodFactory(
                service=coverage.service,
                area=coverage.area,
                rank=rank,
                person_name=name,
                phone="+31 6 1234",
                valid_from=start,
                valid_until=start + timedelta(hours=hours),
            )
            for start, hours in nights
            for rank, name in enumerate(
                ["N. Nacht", "=HYPERLINK(1)", 'De "Wit"; Jan, Zn', "@Ömer"], start=1
            )
        ]

    def test_what_goes_out_comes_back_the_same(self, coverage, rows, manager):
        written = list_written_duties(service_ids=[coverage.service_id])
        assert len(written) == 8
        early = datetime(2026, 10, 1, tzinfo=UTC)
        for name, content in (
            ("uit.csv", write_csv(written)),
            ("uit.ics", write_ics(written, name="x", with_names=True, with_phone=True)),
        ):
            plan = plan_import(
                actor=manager,
                name=name,
                content=content.encode(),
                at=early,
                service_id=coverage.service_id,
            )
            assert kinds(plan) == ["same"] * 8

    def test_it_comes_back_in_an_empty_database(self, coverage, rows, manager):
        written = list_written_duties(service_ids=[coverage.service_id])
        keep = ["person_name", "phone", "rank", "valid_from", "valid_until"]
        before = set(DutyPeriod.objects.values_list(*keep))
        for content in (
            write_csv(written),
            write_ics(written, name="x", with_names=True, with_phone=True),
        ):
            DutyPeriod.objects.all().delete()
            import_duties(
                actor=manager,
                name="x",
                content=content.encode(),
                at=datetime(2026, 10, 1, tzinfo=UTC),
                service_id=coverage.service_id,
            )
            assert set(DutyPeriod.objects.values_list(*keep)) == before

    def test_no_cell_of_the_csv_is_a_formula(self, coverage, rows):
        written = list_written_duties(service_ids=[coverage.service_id])
        for line in write_csv(written).removeprefix("\ufeff").splitlines():
            for cell in line.split(";"):
                assert cell.strip('"')[:1] not in {"=", "+", "-", "@"}

    def test_a_private_calendar_holds_initials_and_no_number(self, coverage, rows):
        written = list_written_duties(service_ids=[coverage.service_id])
        text = write_ics(written, name="x", with_names=False, with_phone=False)
        assert "N.N." in text
        assert "Nacht" not in text
        assert "1234" not in text

    def test_the_uid_stays_and_the_sequence_grows(self, coverage, manager):
        row = DutyPeriodFactory(service=coverage.service, area=coverage.area)
        (before,) = list_written_duties(service_ids=[coverage.service_id])
        row.person_name = "B. Beter"
        row.save()
        (after,) = list_written_duties(service_ids=[coverage.service_id])
        assert before.uid == after.uid
        assert before.version < after.version


def test_initials_say_who_without_the_name():
    assert initials("Nadia van den Berg") == "N.V.D.B."
    assert initials("") == "?"


def test_a_bad_line_does_not_hide_the_good_ones():
    good = "1;wijk;W1;;1;A;061;2026-11-24T23:00;2026-11-25T07:00;"
    read = read_duty_file("map/x.csv", csv_of(good, "1;x"))
    assert read.name == "x.csv"
    assert len(read.duties) == 1
    assert {cell.line for cell in read.refused} == {3}


@pytest.mark.django_db
class TestRepeating:
    MONDAY = date(2026, 11, 16)

    @pytest.fixture
    def week(self, coverage):
        return DutyPeriodFactory(service=coverage.service, area=coverage.area)

    def ask(self, actor, coverage, until, act=plan_repeat, **options):
        return act(
            actor=actor,
            service_ids=[coverage.service_id],
            monday=self.MONDAY,
            until=until,
            at=NOW,
            **options,
        )

    def test_a_week_comes_again_at_the_same_clock_over_the_change_of_time(
        self, coverage, manager, week
    ):
        self.ask(manager, coverage, date(2027, 4, 2), act=repeat_week)
        begins = list(
            DutyPeriod.objects.order_by("valid_from").values_list(
                "valid_from", flat=True
            )
        )
        assert len(begins) == 20
        assert {moment.weekday() for moment in begins} == {4}
        assert [m.hour for m in begins[:19]] == [16] * 19
        assert begins[-1] == datetime(2027, 4, 2, 15, tzinfo=UTC)

    def test_what_is_there_stays_and_is_told_before(self, coverage, manager, week):
        DutyPeriodFactory(
            service=coverage.service,
            area=coverage.area,
            person_name="V. Vast",
            valid_from=week.valid_from + timedelta(days=7, hours=1),
            valid_until=week.valid_until + timedelta(days=7),
        )
        until = date(2026, 12, 4)
        plan = self.ask(manager, coverage, until)
        assert kinds(plan) == ["refused", "new"]
        done = self.ask(
            manager, coverage, until, act=repeat_week, expected=plan.signature
        )
        assert done == plan
        assert DutyPeriod.objects.count() == 3
        with pytest.raises(AlreadyChanged):
            self.ask(manager, coverage, until, act=repeat_week, expected=plan.signature)

    def test_twice_is_once(self, coverage, manager, week):
        for expected in (["new"] * 2, ["same"] * 2):
            plan = self.ask(manager, coverage, date(2026, 12, 4), act=repeat_week)
            assert kinds(plan) == expected

    @pytest.mark.parametrize(
        "until", [date(2026, 11, 16), date(2026, 11, 22), date(2027, 7, 1)]
    )
    def test_a_day_out_of_reach_is_refused(self, coverage, manager, until):
        with pytest.raises(InvalidValue):
            self.ask(manager, coverage, until)

    def test_a_week_begins_on_monday(self, coverage, manager):
        with pytest.raises(InvalidValue, match="Monday"):
            plan_repeat(
                actor=manager,
                service_ids=[coverage.service_id],
                monday=date(2026, 11, 17),
                until=date(2026, 12, 1),
                at=NOW,
            )

    def test_who_may_not_enter_duties_may_not_repeat_them(self, coverage, week):
        actor = actor_of(Role.TEAM_MEMBER, service_id=coverage.service_id)
        plan = self.ask(actor, coverage, date(2026, 12, 4), act=repeat_week)
        assert kinds(plan) == ["refused"] * 2
        assert DutyPeriod.objects.count() == 1
