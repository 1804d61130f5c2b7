"""The pages by real HTTP: who looks for a bed, who has one, who coordinates."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.factories import stays as make
from tests.factories.referrals import make_person
from wijkspil.accounts.types import Role
from wijkspil.core.models import AuditEvent
from wijkspil.stays.forms.asking import ANSWER
from wijkspil.stays.models import BedClaim, BedReport, StayPatient, StayRequest
from wijkspil.stays.selectors.beds import get_newest_report
from wijkspil.stays.types import ClaimStatus, StayKind, StayStatus

pytestmark = pytest.mark.django_db
ROOT = "/tijdelijk-verblijf/"
KIND = StayKind.ELV_LOW


@pytest.fixture
def region() -> make.StayRegion:
    """Return a region now: pages take the moment from the clock."""
    return make.make_region(at=timezone.now())


def asked(**changes: Any) -> dict[str, Any]:
    """Return a form as a referrer fills it in."""
    return {
        "postcode": "2512 ab",
        "age": "83",
        "happened": "fall",
        "needed_on": timezone.localdate().isoformat(),
        "gender": "any",
        "note": "",
        "requester_name": "R. Eferrer",
        "requester_phone": "070 000 0001",
        **{f"{ANSWER}{code}": answer for code, answer in make.ELV_LOW.items()},
        **changes,
    }


def confirmed(**changes: Any) -> dict[str, Any]:
    """Return the form that confirms."""
    soon = timezone.localtime() + timedelta(hours=2)
    return {
        "arrival_day": soon.date().isoformat(),
        "arrival_time": f"{soon:%H:%M}",
        "planned_end": (soon + timedelta(days=14)).date().isoformat(),
        "decision": "agreed",
        "given_by": "client",
        "name": make.PATIENT.name,
        "birth_date": "1943-02-03",
        "address": make.PATIENT.address,
        "phone": make.PATIENT.phone,
        "contact_name": make.PATIENT.contact_name,
        "contact_phone": make.PATIENT.contact_phone,
        "gp_name": make.PATIENT.gp_name,
        **changes,
    }


def page(client: Client, path: str, status: int = 200) -> str:
    """Return the text of a page."""
    answer = client.get(path, headers={"accept-language": "en"})
    assert answer.status_code == status, (path, answer.status_code)
    return answer.content.decode()


def text_of(html: str) -> str:
    """Return the words of a page in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


class TestTheWholeWay:
    def test_two_taps_from_the_beds_to_a_bed_that_is_yours(
        self, region: make.StayRegion
    ) -> None:
        make.promise(region, 2, features=("single-room",))
        browser = region.referrer.browser()
        answer = browser.post(ROOT, asked())
        stay = StayRequest.objects.get()
        address = f"{ROOT}{stay.number}/"
        assert answer["Location"] == address

        shown = text_of(page(browser, address))
        assert "Short medical stay, plain" in shown
        assert "The GP, or the doctor of the hospital at discharge" in shown
        assert "Huize Duin 1" in shown
        assert "2 beds free" in shown

        tap = f"{address}bed/{region.place.pk}/{KIND}"
        assert "Yes, I take this bed" in page(browser, tap)
        answer = browser.post(tap)
        assert answer["Location"] == f"{address}bevestigen"
        claim = BedClaim.objects.get()
        assert claim.status == ClaimStatus.HELD

        # Not a name before this page; the provider does not see one yet.
        nurse = region.nurse.browser()
        before = page(nurse, address)
        assert "Show who it is" not in before
        answer = browser.post(f"{address}bevestigen", confirmed())
        assert answer["Location"] == address
        claim.refresh_from_db()
        assert claim.status == ClaimStatus.CONFIRMED

        after = page(nurse, address)
        assert "Show who it is" in after
        assert not any(text in after for text in make.TEXTS)
        told = nurse.post(f"{address}wie").content.decode()
        assert make.PATIENT.name in told
        assert AuditEvent.objects.filter(purpose="page.stay").count() == 1

        assert nurse.post(f"{address}aangekomen").status_code == 302
        claim.refresh_from_db()
        assert claim.status == ClaimStatus.ARRIVED
        day = (timezone.localdate() + timedelta(days=20)).isoformat()
        nurse.post(f"{address}laatste-dag", {"planned_end": day})
        stay.refresh_from_db()
        assert str(stay.planned_end) == day
        nurse.post(f"{address}vertrek", {"reason": "home"})
        stay.refresh_from_db()
        assert stay.status == StayStatus.ENDED
        story = text_of(page(browser, address))
        assert "Home again" in story
        assert story.count("Huize Duin 1") >= 3

    def test_a_provider_that_cannot_deliver_says_why_and_the_page_what_follows(
        self, region: make.StayRegion
    ) -> None:
        make.promise(region, 2)
        taken = make.claim(region)
        number = StayRequest.objects.get().number
        nurse = region.nurse.browser()
        address = f"{ROOT}{number}/niet-leveren"
        shown = text_of(page(nurse, address))
        assert "You cannot decline a bed that you reported as free." in shown
        assert "promise not kept" in shown
        assert nurse.post(address, {"ground": "outbreak"}).status_code == 422
        answer = nurse.post(address, {"ground": "outbreak", "free_left": "0"})
        assert answer["Location"] == f"{ROOT}bedden/{region.place.pk}/"
        taken.refresh_from_db()
        assert taken.status == ClaimStatus.NOT_DELIVERED
        # The place has no more to do with this stay.
        page(nurse, f"{ROOT}{number}/", status=404)
        figures = text_of(page(region.coordinator.browser(), f"{ROOT}cijfers/"))
        assert "1 promises not kept" in figures
        assert "Infection outbreak on the ward" in figures

    def test_without_a_bed_the_page_says_who_has_it(
        self, region: make.StayRegion
    ) -> None:
        browser = region.referrer.browser()
        browser.post(ROOT, asked())
        stay = StayRequest.objects.get()
        shown = text_of(page(browser, f"{ROOT}{stay.number}/"))
        assert "No bed is free now that fits" in shown
        assert "C. Oordinator" in shown
        board = text_of(page(region.coordinator.browser(), f"{ROOT}bord/"))
        assert "1 client without a bed" in board
        assert stay.number in board

    def test_giving_back_handing_over_and_closing(
        self, region: make.StayRegion
    ) -> None:
        make.promise(region)
        stay = make.ask(region)
        make.claim(region, stay)
        browser = region.referrer.browser()
        address = f"{ROOT}{stay.number}/"
        browser.post(f"{address}teruggeven")
        browser.post(f"{address}coordinator")
        browser.post(f"{address}notitie", {"text": "Belde met de dochter"})
        stay.refresh_from_db()
        assert (stay.status, stay.owner_kind) == ("open", "coordinator")
        assert "Belde met de dochter" in page(browser, address)
        region.coordinator.browser().post(f"{address}overnemen")
        assert browser.post(f"{address}sluiten", {}).status_code == 422
        browser.post(f"{address}sluiten", {"reason": "home"})
        stay.refresh_from_db()
        assert stay.status == StayStatus.CANCELLED
        assert "It works at home after all" in page(browser, address)

    def test_the_last_bed_gone_meanwhile_is_said_kindly(
        self, region: make.StayRegion
    ) -> None:
        make.promise(region)
        stay = make.ask(region)
        make.claim(region)
        browser = region.referrer.browser()
        tap = f"{ROOT}{stay.number}/bed/{region.place.pk}/{KIND}"
        english = {"accept-language": "en"}
        for press in (browser.post, browser.get):
            answer = press(tap, headers=english)
            assert answer["Location"] == f"{ROOT}{stay.number}/"
        shown = text_of(page(browser, f"{ROOT}{stay.number}/"))
        assert "this bed is taken" in shown

    def test_an_objection_stores_nothing_and_says_what_can_be_done(
        self, region: make.StayRegion
    ) -> None:
        make.promise(region)
        taken = make.claim(region)
        answer = region.referrer.browser().post(
            f"{ROOT}{taken.stay.number}/bevestigen",
            confirmed(decision="objected"),
            headers={"accept-language": "en"},
        )
        assert answer.status_code == 422
        assert "nothing was stored" in answer.content.decode()
        assert not StayPatient.objects.exists()


class TestAdvice:
    def test_danger_to_life_shows_112_and_asks_nothing_more(
        self, region: make.StayRegion
    ) -> None:
        browser = region.referrer.browser()
        answer = browser.post(
            ROOT, asked(q_urgent="life"), headers={"accept-language": "en"}
        )
        shown = answer.content.decode()
        assert answer.status_code == 200
        assert "Call 112 now" in shown
        assert 'href="tel:112"' in shown
        assert not StayRequest.objects.exists()

    def test_where_home_works_care_at_home_comes_first_and_a_bed_is_possible(
        self, region: make.StayRegion
    ) -> None:
        browser = region.referrer.browser()
        answer = browser.post(
            ROOT, asked(q_home="yes"), headers={"accept-language": "en"}
        )
        shown = answer.content.decode()
        assert "Ask for care at home" in shown
        assert "Look for a bed all the same" in shown
        hidden = dict(
            re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', shown)
        )
        hidden.pop("csrfmiddlewaretoken", None)
        assert browser.post(ROOT, hidden).status_code == 302
        assert StayRequest.objects.get().suggested == "home"

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"postcode": "x"}, "is not a postcode"),
            ({"postcode": "9999ZZ"}, "9999"),
            ({"age": "old"}, "whole number"),
            ({"age": "121"}, "120"),
            ({"needed_on": "2020-01-01"}, "within 60 days"),
            ({"needed_on": "soon"}, "valid date"),
            ({"happened": "party"}, "valid choice"),
            ({"q_urgent": "soon"}, "valid choice"),
            ({"q_home": ""}, "Choose an answer"),
            ({"needs": ["sauna"]}, "valid choice"),
            ({"requester_phone": ""}, "Give a number"),
            ({"note": "x" * 301}, "300"),
            ({"note": "a\0b"}, "Null characters"),
        ],
    )
    def test_bad_input_is_said_beside_its_field_and_nothing_is_stored(
        self, region: make.StayRegion, changes: dict[str, Any], words: str
    ) -> None:
        answer = region.referrer.browser().post(
            ROOT, asked(**changes), headers={"accept-language": "en"}
        )
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert not StayRequest.objects.exists()


class TestFamily:
    def test_a_visitor_reads_whom_to_call_and_gets_no_form(
        self, client: Client, region: make.StayRegion
    ) -> None:
        shown = page(client, ROOT)
        words = text_of(shown)
        assert "call your own GP" in words
        assert "Call 112" in words
        assert "Respite stay of the municipality" in words
        assert "requester_phone" not in shown
        assert client.post(ROOT, asked()).status_code in (302, 403)

    def test_the_page_is_in_dutch_for_who_reads_dutch(self, client: Client) -> None:
        answer = client.get(ROOT, headers={"accept-language": "nl"})
        assert answer.status_code == 200


class TestBeds:
    def report(self, **changes: Any) -> dict[str, Any]:
        return {
            "kind": KIND,
            "free": "3",
            "valid_hours": "24",
            "features": ["hoist"],
            "gender": "any",
            **changes,
        }

    def test_three_choices_promise_beds(self, region: make.StayRegion) -> None:
        nurse = region.nurse.browser()
        address = f"{ROOT}bedden/{region.place.pk}/"
        assert "you must deliver it" in page(nurse, address)
        answer = nurse.post(address, self.report())
        assert answer["Location"] == address
        report = BedReport.objects.get()
        assert (report.free, report.features, report.source) == (3, ["hoist"], "page")
        assert "3 beds free" in text_of(page(nurse, address))

    def test_with_one_place_the_list_leads_there_at_once(
        self, region: make.StayRegion
    ) -> None:
        answer = region.nurse.browser().get(f"{ROOT}bedden/")
        assert answer["Location"] == f"{ROOT}bedden/{region.place.pk}/"

    def test_one_tap_says_that_everything_is_still_true(
        self, region: make.StayRegion
    ) -> None:
        for kind in (StayKind.ELV_LOW, StayKind.GRZ):
            make.promise(region, 2, kind=kind, at=region.at - timedelta(hours=30))
        nurse = region.nurse.browser()
        address = f"{ROOT}bedden/{region.place.pk}/"
        shown = page(nurse, address)
        seen = re.findall(r'name="seen" value="([^"]+)"', shown)
        assert len(seen) == 2
        nurse.post(f"{address}klopt", {"seen": [*seen, "grz:x", "sofa:1", "grz"]})
        newest = get_newest_report(region.place.pk, StayKind.GRZ)
        assert newest is not None
        assert newest.source == "confirmed"
        assert newest.valid_until > timezone.now()

    def test_a_figure_that_does_not_know_of_a_claim_is_asked_again(
        self, region: make.StayRegion
    ) -> None:
        first = make.promise(region, 2)
        make.claim(region)
        nurse = region.nurse.browser()
        address = f"{ROOT}bedden/{region.place.pk}/"
        sent = self.report(free="2", seen_report_id=first.pk, seen_left=2)
        answer = nurse.post(address, sent, headers={"accept-language": "en"})
        assert answer.status_code == 422
        shown = answer.content.decode()
        assert "You saw 2 free" in shown
        hidden = dict(
            re.findall(r'type="hidden" name="(seen_\w+)" value="(\d+)"', shown)
        )
        assert hidden == {"seen_report_id": str(first.pk), "seen_left": "1"}
        assert nurse.post(address, sent | hidden).status_code == 302

    def test_the_form_starts_with_what_was_promised_last(
        self, region: make.StayRegion
    ) -> None:
        make.promise(region, 2, features=("iv",), valid_hours=48)
        shown = page(
            region.nurse.browser(), f"{ROOT}bedden/{region.place.pk}/?soort={KIND}"
        )
        for name, value in (("free", "2"), ("valid_hours", "48"), ("features", "iv")):
            assert re.search(
                rf'name="{name}"[^>]*value="{value}"[^>]*checked', shown
            ), name

    @pytest.mark.parametrize(
        "changes",
        [
            {"kind": "sofa"},
            {"free": "-1"},
            {"free": "many"},
            {"free": ""},
            {"valid_hours": "1000"},
            {"features": ["pool"]},
            {"from_on": "2020-01-01"},
            {"gender": "x"},
            {"seen_left": "x"},
        ],
    )
    def test_bad_input_stores_nothing(
        self, region: make.StayRegion, changes: dict[str, Any]
    ) -> None:
        answer = region.nurse.browser().post(
            f"{ROOT}bedden/{region.place.pk}/", self.report(**changes)
        )
        assert answer.status_code == 422
        assert not BedReport.objects.exists()

    def test_who_is_not_of_the_place_is_refused(self, region: make.StayRegion) -> None:
        address = f"{ROOT}bedden/{region.place.pk}/"
        for person in (region.nurses[1], region.referrer, region.coordinator):
            browser = person.browser()
            assert browser.get(address).status_code == 403
            assert browser.post(address, self.report()).status_code == 403
            assert browser.post(f"{address}klopt").status_code == 403
        assert not BedReport.objects.exists()


class TestWhoSeesWhat:
    PAGES = ("", "bevestigen", "sluiten", "niet-leveren", "vertrek", "laatste-dag")

    def test_a_stay_of_another_is_not_even_known(self, region: make.StayRegion) -> None:
        make.promise(region)
        taken = make.claim(region)
        insurer = make_person(
            Role.INSURER, name="I.", at=region.at, region=region.region
        )
        for person in (region.other_referrer, region.nurses[1], insurer):
            browser = person.browser()
            for path in self.PAGES:
                answer = browser.get(f"{ROOT}{taken.stay.number}/{path}")
                assert answer.status_code == 404, (person, path)
            for path in ("wie", "notitie", "aangekomen", "overnemen", "coordinator"):
                answer = browser.post(f"{ROOT}{taken.stay.number}/{path}")
                assert answer.status_code == 404, (person, path)

    def test_the_provider_does_not_steer_and_who_asked_does_not_deliver(
        self, region: make.StayRegion
    ) -> None:
        make.promise(region)
        taken = make.claim(region)
        address = f"{ROOT}{taken.stay.number}/"
        assert region.nurse.browser().get(f"{address}bevestigen").status_code == 404
        referrer = region.referrer.browser()
        for path in ("niet-leveren", "vertrek", "laatste-dag"):
            assert referrer.get(f"{address}{path}").status_code == 403
        assert referrer.post(f"{address}aangekomen").status_code == 403

    def test_colleagues_follow_and_find_it_in_their_list(
        self, region: make.StayRegion
    ) -> None:
        stay = make.ask(region)
        browser = region.colleague.browser()
        assert stay.number in page(browser, f"{ROOT}aanvragen/")
        page(browser, f"{ROOT}{stay.number}/")
        assert stay.number not in page(
            region.other_referrer.browser(), f"{ROOT}aanvragen/"
        )

    def test_board_and_figures_are_for_their_roles(
        self, region: make.StayRegion
    ) -> None:
        insurer = make_person(
            Role.INSURER, name="I.", at=region.at, region=region.region
        ).browser()
        page(insurer, f"{ROOT}cijfers/")
        assert insurer.get(f"{ROOT}bord/").status_code == 403
        coordinator = region.coordinator.browser()
        page(coordinator, f"{ROOT}bord/")
        page(coordinator, f"{ROOT}bord/?regio={region.region.pk}")
        for wrong in ("0", "x", "999999999999999999999"):
            address = f"{ROOT}bord/?regio={wrong}"
            assert coordinator.get(address).status_code == 403
        for person in (region.referrer, region.nurse):
            for path in ("bord/", "cijfers/"):
                assert person.browser().get(ROOT + path).status_code == 403

    def test_an_unknown_number_is_not_found(self, region: make.StayRegion) -> None:
        browser = region.referrer.browser()
        for number in ("V-000000", "x", "%00", "<script>"):
            assert browser.get(f"{ROOT}{number}/").status_code == 404

    def test_the_board_shows_beds_by_kind_stale_ones_and_silent_places(
        self, region: make.StayRegion
    ) -> None:
        make.promise(region, 3)
        make.claim(region)
        shown = text_of(page(region.coordinator.browser(), f"{ROOT}bord/"))
        assert "2 Short medical stay, plain" in shown
        assert "1 place never reported a bed" in shown
        assert "Held for you" in shown

    def test_the_board_takes_as_many_queries_with_many_stays(
        self, region: make.StayRegion, django_assert_max_num_queries: Any
    ) -> None:
        browser = region.coordinator.browser()
        make.promise(region, 20)
        for _ in range(12):
            make.claim(region)
        with django_assert_max_num_queries(22):
            browser.get(f"{ROOT}bord/")
