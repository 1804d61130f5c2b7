"""Signing in and out, slowing down who guesses, and the log the auditor reads."""

import csv
import html
import re
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.apps.directory.signing_in import browser_of
from tests.factories.accounts import MembershipFactory, UserFactory
from wijkspil.accounts.sign_in import MAX_FAILURES, WINDOW, digest_of
from wijkspil.accounts.types import Role
from wijkspil.core.models import AuditEvent

pytestmark = pytest.mark.django_db

PASSWORD = "four calm words here"
EMAIL = "nurse@example.nl"
SIGN_IN = "/account/aanmelden"
LOG = "/account/logboek"


@pytest.fixture(autouse=True)
def _fast_hashing(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def nurse():
    user = UserFactory(email=EMAIL, password=make_password(PASSWORD))
    MembershipFactory(user=user, role=Role.TEAM_MEMBER)
    return user


@pytest.fixture
def client():
    client = Client()
    client.cookies["django_language"] = "en"
    return client


def attempt(client, *, email=EMAIL, password=PASSWORD, status=302, **fields):
    response = client.post(SIGN_IN, {"email": email, "password": password, **fields})
    assert response.status_code == status
    return response


def words_of(response):
    return html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))


def is_signed_in(client):
    return client.get("/mijn-pagina").status_code == 200


class TestSigningIn:
    def test_the_right_password_leads_on_and_is_written_down(self, client, nurse):
        response = attempt(client, next="/mijn-pagina")
        assert response["Location"] == "/mijn-pagina"
        assert is_signed_in(client)
        event = AuditEvent.objects.get(action="sign-in")
        assert event.actor == nurse

    def test_capitals_in_the_address_do_not_matter(self, client, nurse):
        attempt(client, email=" Nurse@Example.NL ")
        assert is_signed_in(client)

    def test_a_wrong_password_is_refused_and_written_down(self, client, nurse):
        response = attempt(client, password="wrong", status=422)
        assert "do not belong together" in words_of(response)
        assert not is_signed_in(client)
        event = AuditEvent.objects.get()
        assert event.action == "sign-in-failed"
        assert event.actor is None
        assert EMAIL not in f"{event.actor_label} {event.entity_id} {event.detail}"

    def test_an_unknown_address_gets_the_same_answer(self, client, nurse):
        known = attempt(client, password="wrong", status=422)
        unknown = attempt(client, email="nobody@example.nl", status=422)
        assert "do not belong together" in words_of(unknown)
        assert known.status_code == unknown.status_code

    def test_somebody_who_is_not_active_cannot_sign_in(self, client, nurse):
        nurse.is_active = False
        nurse.save()
        attempt(client, status=422)

    def test_the_address_is_kept_and_the_password_is_not(self, client, nurse):
        page = attempt(client, password="wrong-pass-1", status=422).content.decode()
        assert f'value="{EMAIL}"' in page
        assert "wrong-pass-1" not in page

    @pytest.mark.parametrize(
        "fields",
        [
            {"email": ""},
            {"email": "no-address"},
            {"email": "a" * 300 + "@b.nl"},
            {"password": ""},
            {"password": "x" * 5000},
            {"email": "a\x00@b.nl"},
        ],
    )
    def test_bad_input_is_answered_in_words_and_counts_nothing(
        self, client, nurse, fields
    ):
        attempt(client, status=422, **fields)
        assert not AuditEvent.objects.exists()

    @pytest.mark.parametrize(
        "elsewhere",
        [
            "https://evil.example/",
            "//evil.example",
            "javascript:alert(1)",
            SIGN_IN,
            r"\\evil",
        ],
    )
    def test_it_never_leads_away_from_this_site(self, client, nurse, elsewhere):
        assert attempt(client, next=elsewhere)["Location"] == "/"

    def test_who_is_signed_in_goes_on_at_once(self, client, nurse):
        attempt(client)
        response = client.get(SIGN_IN, {"next": "/mijn-pagina"})
        assert response["Location"] == "/mijn-pagina"

    def test_the_session_gets_a_new_name(self, client, nurse):
        client.get(SIGN_IN)
        attempt(client)
        before = client.session.session_key
        client.post("/account/afmelden")
        attempt(client)
        assert client.session.session_key != before

    def test_the_page_is_never_kept_by_a_browser(self, client):
        assert "no-store" in client.get(SIGN_IN)["Cache-Control"]


class TestWhatStaysBehind:
    def test_no_browser_keeps_what_a_signed_in_person_saw(self, client, nurse):
        attempt(client)
        for page in ("/wie-helpt", "/mijn-pagina", "/nothing"):
            assert "no-store" in client.get(page)["Cache-Control"]

    def test_what_a_visitor_sees_may_be_kept(self, client):
        assert "Cache-Control" not in client.get("/")


class TestSigningOut:
    def test_it_ends_the_session(self, client, nurse):
        attempt(client)
        assert client.post("/account/afmelden")["Location"] == "/"
        assert not is_signed_in(client)

    def test_a_link_cannot_do_it(self, client, nurse):
        attempt(client)
        assert client.get("/account/afmelden").status_code == 405
        assert is_signed_in(client)


class TestGuessing:
    def fail(self, client, times, **fields):
        for _number in range(times):
            attempt(client, password="wrong", status=422, **fields)

    def test_after_five_failures_even_the_right_password_waits(self, client, nurse):
        self.fail(client, MAX_FAILURES)
        response = attempt(client, status=429)
        assert "Wait 15 minutes" in words_of(response)
        assert not is_signed_in(client)

    def test_after_four_the_right_password_works(self, client, nurse):
        self.fail(client, MAX_FAILURES - 1)
        attempt(client)

    def test_a_good_sign_in_starts_the_count_anew(self, client, nurse):
        self.fail(client, MAX_FAILURES - 1)
        attempt(client)
        self.fail(client, MAX_FAILURES - 1)
        attempt(client)

    def test_another_browser_and_other_capitals_count_along(self, client, nurse):
        self.fail(client, 3)
        self.fail(Client(), 2, email=EMAIL.upper())
        attempt(client, status=429)

    def test_another_address_does_not_wait(self, client, nurse):
        self.fail(client, MAX_FAILURES, email="other@example.nl")
        attempt(client)

    def test_waiting_does_not_make_the_wait_longer(self, client, nurse):
        self.fail(client, MAX_FAILURES)
        attempt(client, status=429)
        assert AuditEvent.objects.count() == MAX_FAILURES

    def test_after_fifteen_minutes_it_works_again(self, client, nurse):
        AuditEvent.objects.bulk_create(
            AuditEvent(
                at=timezone.now() - WINDOW - timedelta(seconds=1),
                actor_label="unknown",
                action=AuditEvent.Action.SIGN_IN_FAILED,
                entity_type="sign-in-name",
                entity_id=digest_of(EMAIL),
                purpose="page.sign-in",
            )
            for _number in range(MAX_FAILURES)
        )
        attempt(client)


class TestTheLog:
    @pytest.fixture
    def events(self):
        now = timezone.now()
        return AuditEvent.objects.bulk_create(
            AuditEvent(
                at=now - timedelta(days=days),
                actor_label=who,
                action=action,
                entity_type="duty-period",
                entity_id=str(days),
                purpose="page.who-helps",
                detail={"fields": ["person_name"]},
            )
            for days, who, action in [
                (0, "J. Vandaag", "read"),
                (3, "M. Eerder", "read"),
                (40, "=1+1", "update"),
            ]
        )

    @pytest.fixture
    def auditor(self):
        auditor = browser_of(Role.AUDITOR)
        auditor.cookies["django_language"] = "en"
        return auditor

    def test_it_shows_who_saw_what_newest_first(self, auditor, events):
        words = words_of(auditor.get(LOG))
        assert words.index("J. Vandaag") < words.index("M. Eerder")

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"q": "vandaag"}, {"J. Vandaag"}),
            ({"q": "duty who-helps eerder"}, {"M. Eerder"}),
            ({"action": "update"}, {"=1+1"}),
            ({"q": "%"}, set()),
        ],
    )
    def test_it_can_be_searched(self, auditor, events, query, found):
        page = auditor.get(LOG, query).content.decode()
        names = {"J. Vandaag", "M. Eerder", "=1+1"}
        assert {name for name in names if f">{name}</th>" in page} == found

    def test_a_period_is_in_local_days(self, auditor, events):
        day = timezone.localtime(events[1].at).date().isoformat()
        page = auditor.get(LOG, {"first_day": day, "last_day": day}).content.decode()
        assert ">M. Eerder</th>" in page
        assert ">J. Vandaag</th>" not in page

    @pytest.mark.parametrize(
        "query",
        [
            {"first_day": "yesterday"},
            {"action": "nonsense"},
            {"q": "x" * 500},
            {"first_day": "2026-02-02", "last_day": "2026-01-01"},
            {"q": "a\x00b"},
        ],
    )
    def test_bad_input_is_answered_in_words(self, auditor, events, query):
        assert auditor.get(LOG, query).status_code == 400
        assert auditor.get(f"{LOG}.csv", query).status_code == 400

    @pytest.mark.parametrize("page", ["0", "-1", "x", "9999999999999999999999"])
    def test_a_page_that_is_not_there_shows_another(self, auditor, events, page):
        assert auditor.get(LOG, {"page": page}).status_code == 200

    def test_looking_is_written_down_too(self, auditor, events):
        auditor.get(LOG, {"q": "vandaag"})
        event = AuditEvent.objects.filter(entity_type="audit-trail").get()
        assert (event.action, event.detail) == ("read", {"fields": ["q"]})

    def test_the_export_has_the_same_rows_and_no_formulas(self, auditor, events):
        response = auditor.get(f"{LOG}.csv", {"q": "duty-period"})
        text = b"".join(response).decode("utf-8-sig")
        rows = list(csv.reader(text.splitlines(), delimiter=";"))
        assert rows[0][:3] == ["at", "actor", "action"]
        assert [row[1] for row in rows[1:]] == ["J. Vandaag", "M. Eerder", "'=1+1"]
        assert AuditEvent.objects.filter(action="export").count() == 1

    def test_nothing_found_says_what_to_do(self, auditor, events):
        words = words_of(auditor.get(LOG, {"q": "nobody-at-all"}))
        assert "Use fewer words or a longer period" in words

    @pytest.mark.parametrize(
        "role", [r for r in Role if r not in (Role.AUDITOR, Role.ADMINISTRATOR)]
    )
    def test_other_roles_are_refused_and_nothing_is_shown(self, role, events):
        client = browser_of(role)
        for address in (LOG, f"{LOG}.csv"):
            response = client.get(address)
            assert response.status_code == 403
            assert "J. Vandaag" not in response.content.decode()

    def test_a_visitor_is_asked_to_sign_in_and_comes_back(self, client):
        response = client.get(LOG)
        assert response["Location"] == f"{reverse('accounts:sign-in')}?next={LOG}"

    def test_many_events_cost_no_more_queries(
        self, auditor, events, django_assert_max_num_queries
    ):
        AuditEvent.objects.bulk_create(
            AuditEvent(
                at=timezone.now(),
                actor_label=f"P. {number}",
                action="read",
                entity_type="duty-period",
                entity_id=str(number),
                purpose="test",
            )
            for number in range(120)
        )
        # session, user, roles, count, page, one insert, unread messages
        with django_assert_max_num_queries(7):
            auditor.get(LOG)
