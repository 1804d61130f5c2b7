"""A signal gets an owner, a day and an answer, and stays in the history."""

from datetime import timedelta

import pytest
from django.utils import timezone

from tests.apps.directory.at_once import at_once
from tests.apps.referrals.test_policy_versions import Table, filled_in, make_table
from tests.factories.accounts import MembershipFactory
from wijkspil.accounts.types import Role
from wijkspil.core.errors import NotPermitted
from wijkspil.referrals.errors import InvalidRequest, NotNow
from wijkspil.referrals.models import PolicyVersion, Signal
from wijkspil.referrals.permissions import FILE_SIGNAL
from wijkspil.referrals.services.policy import link_signals
from wijkspil.referrals.services.signals import answer_signal, file_signal
from wijkspil.referrals.types import SignalStatus

pytestmark = pytest.mark.django_db

ENGLISH = {"Accept-Language": "en"}
TEXT = "Op vrijdagmiddag is drie kwartier te kort."


@pytest.fixture
def table() -> Table:
    return make_table(timezone.now())


def filed(table: Table, text: str = TEXT) -> Signal:
    return file_signal(
        actor=table.wijk.nurses[0].actor,
        region_id=table.region_id,
        topic="times",
        text=text,
        at=timezone.now(),
    )


def test_a_signal_has_an_owner_and_a_day_from_the_start(table: Table) -> None:
    signal = filed(table)
    assert signal.owner_id == table.wijk.coordinator.user.pk
    assert signal.due_on == timezone.localdate() + timedelta(days=14)
    assert signal.filed_as == Role.TEAM_MEMBER
    assert filed(table).pk == signal.pk  # sent twice


@pytest.mark.parametrize("role", [role for role in Role if role != Role.RESIDENT])
def test_who_works_with_it_files_and_nobody_else(table: Table, role: Role) -> None:
    if role == Role.PROVIDER_SYSTEM:
        pytest.skip("a system files by REST")
    member = MembershipFactory(
        role=role, region=table.wijk.region, organization=table.wijk.practice
    )
    from django.test import Client

    browser = Client()
    browser.force_login(member.user)
    sent = browser.post("/signalen/nieuw", {"topic": "order", "text": TEXT})
    may = role in FILE_SIGNAL.grants
    assert sent.status_code == (302 if may else 403)
    assert Signal.objects.exists() is may
    if may:
        assert browser.get("/signalen/").status_code == 200


def test_a_signal_without_words_or_topic_is_refused_beside_the_field(
    table: Table,
) -> None:
    browser = table.wijk.referrer.browser()
    answer = browser.post("/signalen/nieuw", {"topic": "", "text": "kort"})
    assert answer.status_code == 422
    assert "topic" in answer.context["form"].errors
    answer = browser.post("/signalen/nieuw", {"topic": "order", "text": "kort"})
    assert "text" in answer.context["form"].errors
    assert not Signal.objects.exists()


def test_a_signal_is_seen_by_who_filed_it_and_who_answers(table: Table) -> None:
    signal = filed(table)
    page = f"/signalen/{signal.pk}/"
    wijk = table.wijk
    for person in (wijk.nurses[0], wijk.coordinator):
        assert TEXT in person.browser().get(page).content.decode()
    for person in (wijk.nurses[1], wijk.referrer, table.nurses):
        assert person.browser().get(page).status_code == 404
    assert TEXT not in wijk.nurses[1].browser().get("/signalen/").content.decode()
    assert TEXT in wijk.coordinator.browser().get("/signalen/").content.decode()


def test_a_late_answer_is_red_until_it_is_given(table: Table) -> None:
    signal = filed(table)
    Signal.objects.update(due_on=timezone.localdate() - timedelta(days=1))
    desk = table.wijk.coordinator.browser()
    for address in ("/signalen/", f"/signalen/{signal.pk}/", "/regietafel/afspraken/"):
        page = desk.get(address, headers=ENGLISH).content.decode()
        assert "An answer was promised" in page
        assert "wp-badge--now" in page
    desk.post(f"/signalen/{signal.pk}/", {"answer": "Wij vragen 60 minuten."})
    page = desk.get("/signalen/", headers=ENGLISH).content.decode()
    assert "An answer was promised" not in page


def test_only_the_coordinator_answers_once(table: Table) -> None:
    signal = filed(table)
    wijk = table.wijk
    with pytest.raises(NotPermitted):
        answer_signal(
            actor=wijk.nurses[0].actor,
            signal_id=signal.pk,
            answer="Zelf gedaan.",
            is_changing=False,
            at=timezone.now(),
        )
    desk = wijk.coordinator.browser()
    page = f"/signalen/{signal.pk}/"
    assert desk.post(page, {"answer": ""}).status_code == 422
    for _press in range(2):
        assert desk.post(page, {"answer": "Wij kijken ernaar."}).status_code == 302
    signal.refresh_from_db()
    assert (signal.status, signal.answer) == ("answered", "Wij kijken ernaar.")
    with pytest.raises(NotNow):
        answer_signal(
            actor=wijk.coordinator.actor,
            signal_id=signal.pk,
            answer="Iets anders.",
            is_changing=False,
            at=timezone.now(),
        )


@pytest.mark.django_db(transaction=True)
def test_two_answers_at_once_leave_one() -> None:
    table = make_table(timezone.now())
    signal = filed(table)

    def answer(text: str) -> Signal:
        return answer_signal(
            actor=table.wijk.coordinator.actor,
            signal_id=signal.pk,
            answer=text,
            is_changing=False,
            at=timezone.now(),
        )

    done = at_once(lambda: answer("Ja."), lambda: answer("Nee."))
    assert sum(isinstance(one, NotNow) for one in done) == 1


def test_a_signal_shows_in_the_history_of_what_it_led_to(table: Table) -> None:
    signal, other = filed(table), filed(table, "Een heel ander signaal hierover.")
    desk = table.wijk.coordinator.browser()
    change = "/regietafel/afspraken/wijzigen"
    sent = filled_in(desk, answer_minutes_today="60", signal_ids=[signal.pk])
    assert desk.post(change, sent).status_code == 302
    [row] = PolicyVersion.objects.all()
    signal.refresh_from_db()
    assert signal.led_to_id == row.pk
    page = f"/regietafel/afspraken/versies/{row.pk}/"
    for browser in (desk, table.referrers.browser(), table.wijk.nurses[1].browser()):
        for address in (page, "/regietafel/afspraken/"):
            text = browser.get(address).content.decode()
            assert TEXT in text
            assert "N. Urse 1" not in text
    sent = filled_in(desk, signal_ids=[other.pk])
    desk.post(change, sent)
    signal.refresh_from_db()
    assert signal.led_to_id is None


def test_a_signal_answered_with_a_change_to_come_can_still_be_linked(
    table: Table,
) -> None:
    signal = filed(table)
    answer_signal(
        actor=table.wijk.coordinator.actor,
        signal_id=signal.pk,
        answer="Wij passen het aan.",
        is_changing=True,
        at=timezone.now(),
    )
    policy_id = table.draft(at=timezone.now())
    linked = link_signals(
        actor=table.wijk.coordinator.actor,
        policy_id=policy_id,
        signal_ids=[signal.pk],
    )
    assert linked == 1
    assert Signal.objects.get().status == SignalStatus.CHANGED


def test_a_signal_needs_a_region_with_a_coordinator(table: Table) -> None:
    table.wijk.coordinator.user.memberships.all().delete()
    with pytest.raises(InvalidRequest, match="Nobody coordinates"):
        filed(table)
