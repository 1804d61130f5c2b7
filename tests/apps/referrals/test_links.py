"""The client's private link: progress for who has it, more with the code."""

from datetime import timedelta

import pytest

from tests.apps.directory.at_once import at_once
from tests.factories.referrals import AT, make_wijk, submit
from wijkspil.core.private_links import LOCKED_FOR, MAX_FAILURES, WrongCode
from wijkspil.referrals.errors import UnknownRequest
from wijkspil.referrals.models import ClientLink, ServiceRequest
from wijkspil.referrals.services.links import (
    check_code,
    find_by_link,
    make_client_link,
)
from wijkspil.referrals.services.steering import withdraw_for_client

LATER = AT + timedelta(minutes=5)


def other_than(code: str) -> str:
    """Return a code that is not the right one."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


def guess_wrong(sent, times, *, at=LATER):
    for _time in range(times):
        with pytest.raises(WrongCode):
            check_code(sent.link_token, other_than(sent.link_code), at=at)


@pytest.mark.django_db
class TestLinks:
    def test_link_and_code_lead_to_the_request(self):
        sent = submit(make_wijk())
        assert find_by_link(sent.link_token, at=LATER) == sent.request_id
        code = f" {sent.link_code} "
        assert check_code(sent.link_token, code, at=LATER) == sent.request_id

    def test_only_digests_are_kept(self):
        sent = submit(make_wijk())
        stored = repr(ClientLink.objects.values_list().get())
        assert sent.link_token not in stored

    @pytest.mark.parametrize("token", ["", "\0", "a" * 5000, "é", "0f" * 24])
    def test_another_link_leads_nowhere(self, token):
        sent = submit(make_wijk())
        with pytest.raises(UnknownRequest):
            find_by_link(token, at=LATER)
        with pytest.raises(UnknownRequest):
            check_code(token, sent.link_code, at=LATER)

    @pytest.mark.parametrize("code", ["", "\0", "1", "٣٤٥٦٧٨", "9" * 5000])
    def test_what_is_no_code_is_a_wrong_one(self, code):
        sent = submit(make_wijk())
        with pytest.raises(WrongCode):
            check_code(sent.link_token, code, at=LATER)

    def test_a_link_ends(self):
        sent = submit(make_wijk())
        end = ClientLink.objects.get().valid_until
        find_by_link(sent.link_token, at=end - timedelta(seconds=1))
        with pytest.raises(UnknownRequest):
            find_by_link(sent.link_token, at=end)

    def test_a_new_link_ends_the_old_one_and_its_lock(self):
        sent = submit(make_wijk())
        guess_wrong(sent, MAX_FAILURES)
        token, code = make_client_link(
            request_id=sent.request_id, valid_until=AT + timedelta(days=9)
        )
        assert check_code(token, code, at=LATER) == sent.request_id
        with pytest.raises(UnknownRequest):
            find_by_link(sent.link_token, at=LATER)


@pytest.mark.django_db
class TestGuessing:
    def test_after_five_wrong_codes_the_right_one_has_to_wait(self):
        sent = submit(make_wijk())
        guess_wrong(sent, MAX_FAILURES)
        with pytest.raises(WrongCode, match="quarter"):
            check_code(sent.link_token, sent.link_code, at=LATER)
        # Progress stays open: it says nothing about health.
        assert find_by_link(sent.link_token, at=LATER) == sent.request_id
        check_code(sent.link_token, sent.link_code, at=LATER + LOCKED_FOR)

    def test_a_right_code_in_between_starts_counting_anew(self):
        sent = submit(make_wijk())
        guess_wrong(sent, MAX_FAILURES - 1)
        check_code(sent.link_token, sent.link_code, at=LATER)
        guess_wrong(sent, MAX_FAILURES - 1)
        check_code(sent.link_token, sent.link_code, at=LATER)

    def test_a_client_who_knows_the_code_can_stop(self):
        sent = submit(make_wijk())
        request = withdraw_for_client(
            request_id=check_code(sent.link_token, sent.link_code, at=LATER),
            reason="own-network",
            at=LATER,
        )
        assert (request.status, request.close_reason) == ("withdrawn", "own-network")
        assert request.events.latest("pk").actor_name == "The client"


@pytest.mark.django_db(transaction=True)
class TestGuessingForReal:
    """With transactions of their own, as in a browser."""

    def test_a_wrong_code_counts_although_it_is_refused(self):
        sent = submit(make_wijk())
        for _time in range(MAX_FAILURES):
            with pytest.raises(WrongCode):
                check_code(sent.link_token, other_than(sent.link_code), at=LATER)
        with pytest.raises(WrongCode, match="quarter"):
            check_code(sent.link_token, sent.link_code, at=LATER)
        assert ServiceRequest.objects.get().status == "offered"

    def test_guesses_at_the_same_moment_are_counted_one_by_one(self):
        sent = submit(make_wijk())
        wrong = other_than(sent.link_code)
        at_once(*[lambda: check_code(sent.link_token, wrong, at=LATER)] * MAX_FAILURES)
        with pytest.raises(WrongCode, match="quarter"):
            check_code(sent.link_token, sent.link_code, at=LATER)
