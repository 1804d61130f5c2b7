"""The other public pages over HTTP: home, signposts, alliances, my page, the rest."""

import html
import re

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import translation

from tests.apps.directory.signing_in import browser_of
from tests.factories.directory import (
    AllianceFactory,
    AllianceMemberFactory,
    AreaFactory,
    CoverageFactory,
    HealthcareServiceFactory,
)
from tests.web.zuiderpark import SECRETS, make_zuiderpark
from wijkspil.accounts.types import Role
from wijkspil.directory.selectors.signposts import get_signpost_catalog
from wijkspil.directory.types import WEEKDAYS
from wijkspil.portal.opening_words import say_opening_hours
from wijkspil.portal.questions import Question, read_question
from wijkspil.portal.signposts import list_signpost_themes
from wijkspil.portal.views.errors import show_server_error

pytestmark = pytest.mark.django_db

INFO_PAGES = ("about", "privacy", "accessibility", "sources")


@pytest.fixture(autouse=True)
def _forget_the_example_postcode():
    yield
    cache.clear()


@pytest.fixture
def visitor():
    client = Client()
    client.cookies["django_language"] = "en"
    return client


@pytest.fixture
def place():
    return make_zuiderpark()


def english(client):
    client.cookies["django_language"] = "en"
    return client


def read(client, url, *, status=200, **query):
    response = client.get(url, query)
    assert response.status_code == status
    return response.content.decode()


def words_of(page):
    body = page[page.index("<main") : page.index("</main")]
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


class TestQuestion:
    @pytest.mark.parametrize(
        ("typed", "words", "postcode"),
        [
            ("2512", "", "2512"),
            (" 2512 ab ", "", "2512AB"),
            (
                "mijn moeder moet steunkousen aan",
                "mijn moeder moet steunkousen aan",
                "",
            ),
            ("steunkousen 2512AB", "steunkousen", "2512AB"),
            ("wie helpt in 2512 AB met kousen?", "wie helpt in met kousen", "2512AB"),
            ("in 2019 is mijn moeder gevallen", "in 2019 is mijn moeder gevallen", ""),
            ("1234", "", "1234"),
            ("0123AB", "0123AB", ""),
            ("postcode 2512SS", "postcode 2512SS", ""),
        ],
    )
    def test_a_postcode_is_told_from_a_question(self, typed, words, postcode):
        assert read_question(typed) == Question(words=words, postcode=postcode)


class TestHome:
    def test_it_asks_one_thing_and_names_112(self, visitor):
        page = read(visitor, "/")
        assert len(re.findall(r'<input[^>]+type="text"', page)) == 1
        assert 'href="tel:112"' in page

    def test_a_visitor_costs_no_query(self, visitor, django_assert_num_queries):
        read(visitor, "/")  # the example postcode is asked once per process
        with django_assert_num_queries(0):
            read(visitor, "/")

    def test_the_example_is_the_first_postcode_of_the_largest_pc4(self, visitor):
        small = AreaFactory(pc4=True, code="1111", population=10)
        large = AreaFactory(pc4=True, code="3333", population=9000)
        AreaFactory(pc6=True, code="1111AA", parent=small)
        for code in ("3333CD", "3333BC"):
            AreaFactory(pc6=True, code=code, parent=large)
        cache.clear()
        assert "For example 3333 BC, or" in read(visitor, "/")
        page = read(visitor, "/wie-helpt", status=404, postcode="9876ZZ")
        assert "9876ZZ is not known here. Try for example 3333 BC." in page

    def test_without_postcodes_the_message_asks_for_the_digits(self, visitor):
        cache.clear()
        page = read(visitor, "/wie-helpt", status=404, postcode="9876ZZ")
        assert "9876ZZ is not known here. Check the digits." in page

    def test_a_postcode_leads_to_who_helps(self, visitor):
        response = visitor.get("/zoek", {"q": "2512 ab"})
        assert response.status_code == 302
        assert response["Location"] == "/wie-helpt?postcode=2512AB"

    def test_a_question_shows_who_can_play_a_part_and_who_leads(self, visitor):
        words = words_of(read(visitor, "/zoek", q="mijn moeder moet steunkousen aan"))
        assert "First to call: district nurse" in words
        assert "Who helps near me?" in words
        assert "Read on Thuisarts.nl" in words

    def test_at_most_five_answers_are_shown(self, visitor):
        page = read(
            visitor, "/zoek", q="pijn medicijnen thuis hulp wond vallen huisarts"
        )
        assert 1 <= page.count("More about this question") <= 5

    def test_urgent_lines_stand_before_the_rest_of_a_card(self, visitor):
        page = words_of(read(visitor, "/zoek", q="wie verzorgt de wond bij mij thuis"))
        card = page.split("Who takes care of a wound at my home?", 1)[1]
        assert card.index("Call 112") < card.index("First to call:")

    def test_with_a_postcode_each_answer_links_to_services_near_it(self, visitor):
        page = read(visitor, "/zoek", q="steunkousen", postcode="2512ab")
        assert "/wie-helpt?postcode=2512AB&amp;zorg=district-nursing" in page

    def test_a_postcode_inside_the_question_is_understood(self, visitor):
        page = read(visitor, "/zoek", q="steunkousen in 2512AB")
        assert "/wie-helpt?postcode=2512AB&amp;zorg=district-nursing" in page

    def test_a_wrong_postcode_beside_an_answer_says_so_and_keeps_the_question(
        self, visitor
    ):
        page = read(visitor, "/zoek", status=400, q="steunkousen", postcode="99")
        assert "“99” is not a postcode" in html.unescape(page)
        assert 'value="steunkousen"' in page

    def test_nonsense_gets_a_next_step(self, visitor):
        words = words_of(read(visitor, "/zoek", q="xqzvw"))
        assert "We found no answer to this question" in words
        assert "Look through all questions" in words

    @pytest.mark.parametrize(
        ("typed", "words"),
        [("", "Type your postcode or your question"), ("a" * 5000, "too long")],
    )
    def test_an_empty_or_endless_question_is_refused_in_words(
        self, visitor, typed, words
    ):
        assert words in words_of(read(visitor, "/zoek", status=400, q=typed))

    def test_an_endless_question_is_kept(self, visitor):
        assert "a" * 5000 in read(visitor, "/zoek", status=400, q="a" * 5000)

    def test_html_in_a_question_stays_text(self, visitor):
        page = read(visitor, "/zoek", q="<img src=x onerror=alert(1)> steunkousen")
        assert "<img src=x" not in page

    def test_a_visitor_is_shown_the_way_in_and_the_work_pages(self, visitor):
        page = read(visitor, "/")
        assert reverse("accounts:sign-in") in page
        assert reverse("referrals:ask") in page
        assert reverse("referrals:inbox") in page


class TestSignposts:
    def test_every_signpost_is_in_the_list_once(self, visitor):
        page = read(visitor, "/wegwijzer")
        for signpost in get_signpost_catalog().signposts:
            assert page.count(f'href="/wegwijzer/{signpost.id}"') == 1

    def test_every_signpost_has_a_page(self, visitor):
        for signpost in get_signpost_catalog().signposts:
            page = html.unescape(read(visitor, f"/wegwijzer/{signpost.id}"))
            assert signpost.question.en in page
            assert signpost.leads.name.en[1:] in page

    def test_themes_hold_all_signposts(self):
        themed = [s.id for theme in list_signpost_themes() for s in theme.signposts]
        assert sorted(themed) == sorted(s.id for s in get_signpost_catalog().signposts)

    def test_the_page_is_dutch_for_who_asks_dutch(self, visitor):
        signpost = get_signpost_catalog().signposts[0]
        visitor.cookies["django_language"] = "nl"
        page = html.unescape(read(visitor, f"/wegwijzer/{signpost.id}"))
        assert signpost.question.nl in page

    def test_a_postcode_shows_where_to_find_it(self, visitor):
        page = read(visitor, "/wegwijzer/wound-care-at-home", postcode="2512ab")
        assert "/wie-helpt?postcode=2512AB&amp;zorg=district-nursing" in page

    def test_who_looks_for_a_gp_is_led_to_the_lists(self, visitor):
        page = read(visitor, "/wegwijzer/find-a-gp?postcode=2512AB")
        assert 'href="/huisarts/?postcode=2512AB"' in page
        hits = read(visitor, "/zoek?q=ik+zoek+een+huisarts")
        assert 'href="/huisarts/"' in hits

    def test_a_wrong_postcode_is_refused_in_words(self, visitor):
        page = read(visitor, "/wegwijzer/wound-care-at-home", status=400, postcode="x")
        assert "is not a postcode" in page

    def test_an_unknown_signpost_gets_a_next_step(self, visitor):
        words = words_of(read(visitor, "/wegwijzer/nothing", status=404))
        assert "Search again with your own words" in words

    def test_professions_say_who_may_lead(self, visitor):
        page = html.unescape(read(visitor, "/wie-doet-wat"))
        for profession in get_signpost_catalog().professions.values():
            assert profession.task.en in page


class TestAlliances:
    def test_the_list_is_per_gemeente(self, visitor, place):
        words = words_of(read(visitor, "/wijkverbanden"))
        assert words.index("Duinrade") < words.index("Wijkverband Zuiderpark")

    def test_an_empty_list_says_why(self, visitor):
        assert "no alliances here yet" in words_of(read(visitor, "/wijkverbanden"))

    def test_the_list_costs_three_queries(
        self, visitor, place, django_assert_num_queries
    ):
        for number in range(4):
            area = AreaFactory(alliance=True)
            AreaFactory(name=f"Wijk {number}", lies_in=[area])
            AllianceFactory(area=area)
        with django_assert_num_queries(3):
            read(visitor, "/wijkverbanden")

    def test_a_visitor_sees_members_and_general_numbers_only(self, visitor, place):
        for path in ("", "/kaart.geojson"):
            page = read(visitor, f"/wijkverband/{place.alliance.pk}{path}")
            assert "Team Zuiderpark" in page
            assert [secret for secret in SECRETS if secret in page] == []
        assert "070 000 0001" in read(visitor, f"/wijkverband/{place.alliance.pk}")

    def test_a_professional_sees_the_contact_for_complex_care(self, place):
        page = read(browser_of(Role.REFERRER), f"/wijkverband/{place.alliance.pk}")
        assert "K. Omplex" in page
        assert "085 100 0006" in page
        assert "085 100 0001" in page

    def test_an_insurer_sees_what_a_visitor_sees(self, place):
        client = browser_of(Role.INSURER, region=place.region)
        page = read(client, f"/wijkverband/{place.alliance.pk}")
        assert [secret for secret in SECRETS if secret in page] == []

    def test_members_cost_no_more_queries(
        self, visitor, place, django_assert_num_queries
    ):
        for _number in range(10):
            AllianceMemberFactory(alliance=place.alliance)
        with django_assert_num_queries(4):
            read(visitor, f"/wijkverband/{place.alliance.pk}")

    def test_an_ended_or_unknown_alliance_is_not_found(self, visitor, place):
        place.alliance.is_active = False
        place.alliance.save()
        read(visitor, f"/wijkverband/{place.alliance.pk}", status=404)
        read(visitor, "/wijkverband/999999999999999999999999", status=404)


class TestMyPage:
    def test_a_visitor_is_asked_to_sign_in_and_comes_back(self, visitor):
        response = visitor.get("/mijn-pagina")
        assert response.status_code == 302
        assert response["Location"].endswith("aanmelden?next=/mijn-pagina")

    @pytest.mark.parametrize(
        ("role", "step"),
        [
            (Role.TEAM_MEMBER, "referrals:inbox"),
            (Role.INSURER, "referrals:mediation"),
            (Role.AUDITOR, "accounts:audit-trail"),
            (Role.REFERRER, "referrals:ask"),
            (Role.PRACTICE_MANAGER, "registrations:practice-home"),
            (Role.GP_COORDINATOR, "registrations:rounds"),
        ],
    )
    def test_each_role_has_one_clear_next_step(self, role, step):
        page = read(english(browser_of(role)), "/mijn-pagina")
        buttons = re.findall(r'utrecht-button--primary-action"? href="([^"]+)"', page)
        assert buttons == [reverse(step)]

    @pytest.mark.parametrize(
        "role", [r for r in Role if r not in (Role.RESIDENT, Role.PROVIDER_SYSTEM)]
    )
    def test_every_page_it_offers_can_be_opened(self, role, place):
        client = browser_of(
            role,
            region=place.region,
            service=place.team,
            organization=place.team.organization,
        )
        page = read(client, "/mijn-pagina")
        main = page[page.index("<main") : page.index("</main")]
        for url in set(re.findall(r'href="(/[^"]*)"', main)):
            assert client.get(url, follow=True).status_code == 200, url

    def test_somebody_without_a_role_is_told_so(self):
        client = browser_of(Role.RESIDENT)
        words = words_of(read(english(client), "/mijn-pagina"))
        assert "You hold no role at this moment" in words


class TestRoomInTheRegion:
    @pytest.mark.parametrize("role", [Role.COORDINATOR, Role.INSURER])
    def test_counts_per_wijk_of_the_own_region(self, role, place):
        client = english(browser_of(role, region=place.region))
        words = words_of(read(client, "/ruimte-in-de-regio"))
        assert "Zuiderpark" in words
        assert "of the 2 wijken" in words

    def test_it_names_no_person_no_number_and_no_team(self, place):
        client = browser_of(Role.INSURER, region=place.region)
        page = read(client, "/ruimte-in-de-regio")
        assert [secret for secret in SECRETS if secret in page] == []
        assert "Team Zuiderpark" not in page
        assert "070 000" not in page

    def test_a_team_counts_in_its_room_and_helpers_of_the_region_do_not(self, place):
        full = HealthcareServiceFactory()
        CoverageFactory(service=full, area=place.wijk)
        wide = HealthcareServiceFactory()
        CoverageFactory(service=wide, area=place.region)
        client = english(browser_of(Role.COORDINATOR, region=place.region))
        page = read(client, "/ruimte-in-de-regio")
        row = page[page.index('<th scope="row">Zuiderpark') :].split("</tr>")[0]
        counts = re.findall(r'wp-number" data-label="[^"]+">(\d+)<', row)
        assert counts == ["2", "0", "1", "0", "1"]  # teams room limited full unknown

    def test_another_region_is_refused(self, place):
        other = AreaFactory(region=True)
        client = browser_of(Role.INSURER, region=place.region)
        read(client, "/ruimte-in-de-regio", status=403, regio=other.pk)

    @pytest.mark.parametrize("role", [Role.REFERRER, Role.TEAM_MEMBER, Role.AUDITOR])
    def test_other_roles_are_refused(self, role, place):
        words = words_of(
            read(english(browser_of(role)), "/ruimte-in-de-regio", status=403)
        )
        assert "for its coordinator" in words

    def test_a_visitor_is_asked_to_sign_in(self, visitor):
        assert visitor.get("/ruimte-in-de-regio").status_code == 302

    def test_an_unknown_region_is_not_found(self, place):
        client = browser_of(Role.ADMINISTRATOR)
        read(client, "/ruimte-in-de-regio", status=404, regio="999999")

    @pytest.mark.parametrize("regio", ["x", "-1", "²", "9" * 30])
    def test_nonsense_for_a_region_shows_the_first(self, place, regio):
        client = browser_of(Role.COORDINATOR, region=place.region)
        assert "Duinstreek" in read(client, "/ruimte-in-de-regio", regio=regio)

    @pytest.mark.parametrize("sort", ["wijk", "-teams", "nonsense", "--", ""])
    def test_it_sorts_by_any_column_and_shrugs_at_others(self, place, sort):
        client = browser_of(Role.COORDINATOR, region=place.region)
        read(client, "/ruimte-in-de-regio", sort=sort)

    def test_somebody_without_a_region_is_told_what_to_do(self):
        client = english(browser_of(Role.INSURER))
        words = words_of(read(client, "/ruimte-in-de-regio"))
        assert "There are no wijken to show" in words


class TestTheRest:
    @pytest.mark.parametrize("name", INFO_PAGES)
    def test_the_info_pages_stand_without_a_query(
        self, visitor, name, django_assert_num_queries
    ):
        with django_assert_num_queries(0):
            page = read(visitor, reverse(f"portal:{name}"))
        assert page.count("<h1") == 1

    def test_health_asks_the_database(self, visitor, django_assert_num_queries):
        with django_assert_num_queries(1):
            response = visitor.get("/healthz")
        assert response.content == b"ok\n"
        assert "no-store" in response["Cache-Control"]

    def test_search_engines_stay_out_of_invented_numbers(self, visitor):
        assert b"Disallow: /\n" in visitor.get("/robots.txt").content

    def test_the_favicon_is_there(self, visitor):
        response = visitor.get("/favicon.ico")
        assert response.status_code == 302
        assert response["Location"].endswith(".svg")

    def test_an_unknown_address_is_a_calm_page(self, visitor):
        assert "This page is not here" in read(visitor, "/nothing", status=404)

    def test_a_form_without_its_token_is_a_calm_page(self):
        client = english(Client(enforce_csrf_checks=True))
        response = client.post(reverse("accounts:sign-in"), {"email": "a@b.nl"})
        assert response.status_code == 403
        assert "This form was open too long" in response.content.decode()

    def test_a_wrong_token_of_a_system_on_a_page_is_refused_in_words(self, visitor):
        response = visitor.get("/", headers={"Authorization": "Bearer nonsense"})
        assert response.status_code == 400
        assert "token is not known" in response.content.decode()

    def test_the_server_error_page_needs_no_request_or_database(
        self, rf, django_assert_num_queries
    ):
        with django_assert_num_queries(0):
            response = show_server_error(rf.get("/"))
        assert response.status_code == 500
        assert "112" in response.content.decode()

    def test_the_menu_marks_the_page_and_offers_only_what_the_role_may_use(self, place):
        page = read(english(Client()), "/wegwijzer/wound-care-at-home")
        assert 'href="/wegwijzer" aria-current="page"' in page
        assert "/capaciteit/" not in page
        page = read(english(browser_of(Role.INSURER)), "/wegwijzer/wound-care-at-home")
        assert "/capaciteit/" not in page
        assert reverse("referrals:inbox") not in page
        assert reverse("portal:room-overview") in page


class TestOpeningWords:
    @pytest.mark.parametrize(
        ("lines", "words"),
        [
            ([], ""),
            ([(range(5), "08:00", "17:00")], "mon–fri 8:00–17:00"),
            ([(range(7), "00:00", "24:00")], "always open"),
            ([(range(7), "07:00", "23:00")], "daily 7:00–23:00"),
            ([(range(5), "17:00", "24:00"), (range(5), "00:00", "08:00")],
             "mon–fri 17:00–8:00"),
            ([((5, 6), "00:00", "24:00")], "sat, sun all day"),
            ([((0, 2, 4), "08:00", "12:00")], "mon, wed, fri 8:00–12:00"),
            ([(range(5), "17:00", "24:00"), ((5,), "00:00", "08:00")],
             "mon–fri 17:00–0:00; sat 0:00–8:00"),
            ([(range(5), "08:00", "12:00"), (range(5), "13:00", "17:00")],
             "mon–fri 8:00–12:00; mon–fri 13:00–17:00"),
        ],
    )  # fmt: skip
    def test_hours_are_said_in_one_line(self, lines, words):
        hours = [
            {"days": [WEEKDAYS[n] for n in days], "from": start, "until": end}
            for days, start, end in lines
        ]
        with translation.override("en"):
            assert say_opening_hours(hours) == words
