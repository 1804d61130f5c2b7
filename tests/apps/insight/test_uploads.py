"""Quality figures come in checked, all or nothing, and never tell of few people."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.factories.directory import (
    CoverageFactory,
    HealthcareServiceFactory,
    OrganizationFactory,
)
from tests.factories.insight import AT, InsightRegion, make_region
from tests.factories.referrals import make_person
from wijkspil.accounts.models import User
from wijkspil.accounts.types import Role
from wijkspil.core.errors import NotPermitted
from wijkspil.directory.models import Organization
from wijkspil.insight.errors import InvalidUpload
from wijkspil.insight.intervals import student_interval, wilson
from wijkspil.insight.models import IndicatorUpload, UploadedFigure
from wijkspil.insight.selectors.uploads import list_uploaded, pool
from wijkspil.insight.services.upload_files import (
    COLUMNS,
    read_upload,
    write_template,
)
from wijkspil.insight.services.uploads import (
    FileChanged,
    UploadPlan,
    bring_in,
    plan_upload,
)

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 17)
HEAD = ";".join(COLUMNS)
PREM = "75000901;prem_score;2026-03-01;2026-09-30;60;;8,4;1,2"
STRAIN = "75000901;carer_strain_share;2026-03-01;2026-09-30;40;10;;"


def file(*lines: str) -> bytes:
    return "\n".join((HEAD, *lines)).encode()


def region_with_teams() -> InsightRegion:
    made = make_region()
    for organization in (made.provider, made.other_provider):
        CoverageFactory(
            service=HealthcareServiceFactory(organization=organization),
            area=made.wijken[0],
        )
    return made


def plan(made: InsightRegion, *lines: str) -> UploadPlan:
    return plan_upload(
        actor=made.manager.actor, name="prem.csv", content=file(*lines), at=AT
    )


def store(made: InsightRegion, *lines: str) -> UploadPlan:
    looked = plan(made, *lines)
    return bring_in(
        actor=made.manager.actor,
        name="prem.csv",
        content=file(*lines),
        at=AT,
        expected=looked.signature,
    )


def faults(*lines: str) -> list[str]:
    return [str(one) for one in read_upload("a.csv", file(*lines), today=TODAY).faults]


class TestFile:
    def test_a_right_line_is_read(self) -> None:
        [line] = read_upload("a.csv", file(PREM), today=TODAY).lines

        assert (line.count, line.score, line.deviation) == (60, 8.4, 1.2)
        assert line.valid_until == date(2026, 10, 1), "half-open"

    @pytest.mark.parametrize(
        ("line", "said"),
        [
            ("123;prem_score;2026-03-01;2026-09-30;60;;8;1", "agb_code “123”"),
            ("75000901;nps;2026-03-01;2026-09-30;60;;8;1", "indicator “nps”"),
            ("75000901;prem_score;1-3-2026;2026-09-30;60;;8;1", "first_day “1-3-2026”"),
            ("75000901;prem_score;2026-02-30;2026-09-30;60;;8;1", "as 2026-03-01"),
            ("75000901;prem_score;2026-09-30;2026-03-01;60;;8;1", "before first_day"),
            ("75000901;prem_score;2024-03-01;2026-03-01;60;;8;1", "longer than a year"),
            ("75000901;prem_score;2026-03-01;2026-11-18;60;;8;1", "in the future"),
            ("75000901;prem_score;2026-03-01;2026-09-30;-6;;8;1", "count “-6”"),
            ("75000901;prem_score;2026-03-01;2026-09-30;6,5;;8;1", "whole number"),
            ("75000901;prem_score;2026-03-01;2026-09-30;60;;11;1", "from 1 to 10"),
            ("75000901;prem_score;2026-03-01;2026-09-30;60;;nan;1", "score “nan”"),
            ("75000901;prem_score;2026-03-01;2026-09-30;60;7;8;1", "leave it empty"),
            (
                "75000901;carer_strain_share;2026-03-01;2026-09-30;40;41;;",
                "more than count (40)",
            ),
            (
                "75000901;carer_strain_share;2026-03-01;2026-09-30;40;;;",
                "number “”",
            ),
            (
                "75000901;carer_strain_share;2026-03-01;2026-09-30;40;9;8;",
                "leave it empty",
            ),
            (f"{PREM};extra;more", "more cells"),
        ],
    )
    def test_a_wrong_cell_says_where_and_what_to_do(self, line: str, said: str) -> None:
        [told] = faults(line)

        assert told.startswith("line 2, ")
        assert said in told

    def test_every_fault_is_told_at_once(self) -> None:
        told = faults("1;prem_score;x;y;z;;8;1", PREM, "2;prem_score;x;y;z;;8;1")

        assert len(told) == 8
        assert {one.split(",")[0] for one in told} == {"line 2", "line 4"}

    def test_the_same_figure_twice_in_a_file_is_refused(self) -> None:
        assert "stands in line 2" in faults(PREM, PREM)[0]

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"", "is empty"),
            (b"\xff\xfe", "not UTF-8"),
            (b"a\0b", "no text file"),
            (b"agb_code;indicator\n1;2", "first_day, last_day, count is missing"),
            (f"{HEAD};extra\n{PREM}".encode(), "“extra” is no column"),
            (HEAD.encode(), "no lines"),
            (f'{HEAD}\n"75'.encode(), "not CSV"),
        ],
    )
    def test_a_file_that_cannot_be_read_says_why(
        self, content: bytes, said: str
    ) -> None:
        with pytest.raises(InvalidUpload, match=said):
            read_upload("a.csv", content, today=TODAY)

    def test_commas_and_tabs_separate_as_well(self) -> None:
        line = "75000901,carer_strain_share,2026-03-01,2026-09-30,40,10,,"
        content = f"{','.join(COLUMNS)}\n{line}".encode()

        assert len(read_upload("a.csv", content, today=TODAY).lines) == 1

    def test_the_example_can_be_brought_in(self) -> None:
        made = region_with_teams()
        rows = write_template("75000901", today=TODAY)
        content = "\n".join(";".join(row) for row in rows).encode()

        looked = plan_upload(
            actor=made.manager.actor, name="a.csv", content=content, at=AT
        )

        assert not looked.faults
        assert looked.effect == 3


class TestIntervals:
    def test_wilson_gives_the_published_example(self) -> None:
        # Newcombe 1998, Statistics in Medicine 17:857, table I: 81 of 263.
        low, high = wilson(81, 263)

        assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)

    def test_wilson_stays_within_what_can_be(self) -> None:
        assert wilson(0, 10)[0] == pytest.approx(0)
        assert wilson(10, 10)[1] == pytest.approx(1)

    def test_student_is_wider_than_normal_for_few(self) -> None:
        low, high = student_interval(8.0, 1.0, 10)

        assert (round(low, 3), round(high, 3)) == (7.285, 8.715)


class TestTakingIn:
    def test_a_file_is_looked_at_before_anything_is_stored(self) -> None:
        looked = plan(region_with_teams(), PREM, STRAIN)

        assert [one.status for one in looked.lines] == ["new", "new"]
        assert not UploadedFigure.objects.exists()

    def test_a_score_is_stored_with_its_interval(self) -> None:
        made = region_with_teams()
        store(made, PREM)

        row = UploadedFigure.objects.get()
        assert (row.value, row.count) == (8.4, 60)
        assert row.low == pytest.approx(8.09, abs=0.01)
        assert row.high == pytest.approx(8.71, abs=0.01)
        assert row.upload.file_name == "prem.csv"

    def test_one_wrong_line_stores_nothing(self) -> None:
        made = region_with_teams()
        looked = plan(made, PREM, "75000901;x;2026-03-01;2026-09-30;4;;;")

        assert not looked.can_be_done
        with pytest.raises(InvalidUpload, match="line 3"):
            bring_in(
                actor=made.manager.actor,
                name="a.csv",
                content=file(PREM, "75000901;x;2026-03-01;2026-09-30;4;;;"),
                at=AT,
                expected=looked.signature,
            )
        assert not UploadedFigure.objects.exists()

    def test_the_same_file_twice_is_said_and_does_nothing(self) -> None:
        made = region_with_teams()
        store(made, PREM)

        again = store(made, PREM)

        assert again.effect == 0
        assert again.same_as == AT
        assert IndicatorUpload.objects.count() == 1

    def test_a_correction_takes_the_place_of_the_old_figure(self) -> None:
        made = region_with_teams()
        store(made, PREM)

        looked = store(made, PREM.replace("8,4", "7,9"))

        assert looked.lines[0].status == "changed"
        assert looked.lines[0].before == 8.4
        assert UploadedFigure.objects.get().value == 7.9
        assert IndicatorUpload.objects.count() == 2, "the history keeps both"

    def test_a_count_of_nothing_takes_a_figure_back(self) -> None:
        made = region_with_teams()
        store(made, PREM)

        store(made, "75000901;prem_score;2026-03-01;2026-09-30;0;;;")

        assert not UploadedFigure.objects.exists()

    def test_what_was_changed_by_another_is_looked_at_again(self) -> None:
        made = region_with_teams()
        looked = plan(made, PREM)
        store(made, PREM.replace("8,4", "7,9"))

        with pytest.raises(FileChanged):
            bring_in(
                actor=made.manager.actor,
                name="a.csv",
                content=file(PREM),
                at=AT,
                expected=looked.signature,
            )

    def test_a_manager_brings_in_nothing_of_another_provider(self) -> None:
        looked = plan(region_with_teams(), PREM.replace("75000901", "75000902"))

        assert "you cannot bring in figures of this provider" in str(looked.faults[0])

    def test_an_unknown_provider_is_said(self) -> None:
        looked = plan(region_with_teams(), PREM.replace("75000901", "99999999"))

        assert "no provider has this code" in str(looked.faults[0])

    def test_the_analyst_brings_in_of_every_provider_of_the_region(self) -> None:
        made = region_with_teams()
        OrganizationFactory(agb_code="75000999")

        looked = plan_upload(
            actor=made.analyst.actor,
            name="a.csv",
            content=file(
                PREM,
                PREM.replace("75000901", "75000902"),
                PREM.replace("75000901", "75000999"),
            ),
            at=AT,
        )

        assert [one.organization for one in looked.lines] == [
            "Zorg aan Zee",
            "Duinzorg",
        ]
        assert [one.line for one in looked.faults] == [4]

    def test_others_bring_in_nothing(self) -> None:
        made = region_with_teams()

        with pytest.raises(NotPermitted):
            plan_upload(
                actor=made.insurer.actor, name="a.csv", content=file(PREM), at=AT
            )


class TestSmallNumbers:
    @pytest.mark.parametrize(("count", "number"), [(9, 5), (40, 4), (40, 37)])
    def test_of_few_people_no_value_is_kept(self, count: int, number: int) -> None:
        made = region_with_teams()
        store(
            made,
            f"75000901;carer_strain_share;2026-03-01;2026-09-30;{count};{number};;",
        )

        row = UploadedFigure.objects.get()
        assert row.is_withheld
        assert (row.value, row.low, row.high) == (None, None, None)

    def test_nobody_and_everybody_can_be_told(self) -> None:
        made = region_with_teams()
        store(made, "75000901;carer_strain_share;2026-03-01;2026-09-30;40;0;;")

        assert UploadedFigure.objects.get().value == 0

    def test_a_mean_of_the_region_gives_no_provider_away(self) -> None:
        made = region_with_teams()
        store(made, STRAIN)
        others: list[Organization] = [made.other_provider, OrganizationFactory()]
        upload = IndicatorUpload.objects.get()
        for number, organization in enumerate(others):
            assert not pool(list_uploaded([made.provider.pk, made.other_provider.pk]))
            UploadedFigure.objects.create(
                upload=upload,
                organization=organization,
                indicator="carer_strain_share",
                valid_from=date(2026, 3, 1),
                valid_until=date(2026, 10, 1),
                count=20,
                value=50.0 + number * 10,
            )
        withheld = OrganizationFactory()
        UploadedFigure.objects.create(
            upload=upload,
            organization=withheld,
            indicator="carer_strain_share",
            valid_from=date(2026, 3, 1),
            valid_until=date(2026, 10, 1),
            count=7,
            is_withheld=True,
        )

        [one] = pool(
            list_uploaded([made.provider.pk, withheld.pk, *(o.pk for o in others)])
        )

        assert (one.providers, one.count) == (3, 80)
        assert one.value == pytest.approx((40 * 25 + 20 * 50 + 20 * 60) / 80)


class TestPage:
    def browser(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def test_a_manager_looks_and_stores(self) -> None:
        made = region_with_teams()
        client = self.browser(made.manager.user)
        url = reverse("insight:uploads")

        looked = client.post(
            url, {"file": SimpleUploadedFile("prem.csv", file(PREM, STRAIN))}
        )
        form = looked.context
        done = client.post(
            url,
            {
                "content": form["content"],
                "name": form["plan"].name,
                "signature": form["plan"].signature,
            },
            follow=True,
        )

        assert looked.status_code == 200
        assert UploadedFigure.objects.count() == 2
        text = done.content.decode()
        assert "Zorg aan Zee" in text
        assert "8,4" in text

    def test_faults_stand_in_a_table_and_nothing_can_be_stored(self) -> None:
        made = region_with_teams()
        client = self.browser(made.manager.user)

        answer = client.post(
            reverse("insight:uploads"),
            {"file": SimpleUploadedFile("a.csv", file(PREM.replace("8,4", "84")))},
        )

        assert answer.status_code == 422
        text = answer.content.decode()
        assert "<code>score</code>" in text
        assert 'name="signature"' not in text

    def test_an_unreadable_file_is_said_at_the_field(self) -> None:
        made = region_with_teams()

        answer = self.browser(made.manager.user).post(
            reverse("insight:uploads"), {"file": SimpleUploadedFile("a.csv", b"\xff")}
        )

        assert answer.status_code == 422
        assert "UTF-8" in answer.content.decode()

    def test_the_example_has_the_own_code(self) -> None:
        made = region_with_teams()

        answer = self.browser(made.manager.user).get(reverse("insight:upload-template"))
        text = answer.getvalue().decode()

        assert text.count("75000901") == 3

    def test_a_manager_does_not_read_who_the_others_are(self) -> None:
        made = region_with_teams()
        store(made, STRAIN)
        upload = IndicatorUpload.objects.get()
        others: list[Organization] = [
            made.other_provider,
            OrganizationFactory(name="Verre Zorg"),
        ]
        CoverageFactory(
            service=HealthcareServiceFactory(organization=others[1]),
            area=made.wijken[1],
        )
        for organization in others:
            UploadedFigure.objects.create(
                upload=upload,
                organization=organization,
                indicator="carer_strain_share",
                valid_from=date(2026, 3, 1),
                valid_until=date(2026, 10, 1),
                count=20,
                value=50.0,
            )
        url = reverse("insight:uploads")

        manager = self.browser(made.manager.user).get(url).content.decode()
        analyst = self.browser(made.analyst.user).get(url).content.decode()

        assert "Duinzorg" not in manager
        assert "Verre Zorg" not in manager
        assert "3 aanbieders" in manager or "3 providers" in manager
        assert "Duinzorg" in analyst
        assert "Verre Zorg" in analyst

    def test_a_referrer_does_not_come_here(self) -> None:
        made = region_with_teams()
        person = make_person(
            Role.REFERRER, name="R. Eferrer", at=AT, organization=made.other_provider
        )

        answer = self.browser(person.user).get(reverse("insight:uploads"))

        assert answer.status_code == 403


def test_a_period_ends_on_its_last_day() -> None:
    made = region_with_teams()
    store(made, PREM)

    [one] = list_uploaded([made.provider.pk])

    assert one.last_day == date(2026, 9, 30)
    assert one.valid_until - one.last_day == timedelta(days=1)
