"""Reminders and escalation happen once, whoever is killed, and however many run."""

import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from tests.apps.directory.at_once import at_once
from tests.apps.referrals.messages import messages_about, told_services, told_users
from tests.factories.referrals import (
    AT,
    ReferralsWijk,
    make_coordinator,
    make_wijk,
    open_offers,
    send,
)
from wijkspil.referrals.errors import AlreadyTaken, OfferIsClosed
from wijkspil.referrals.models import Offer, RequestEvent, ServiceRequest
from wijkspil.referrals.services.offers import accept_offer, run_timers
from wijkspil.referrals.services.steering import move_date
from wijkspil.referrals.types import Expired, OfferStatus

SECOND = timedelta(seconds=1)


@pytest.mark.django_db
class TestOnce:
    def test_a_team_is_reminded_once_when_half_of_its_time_has_passed(self) -> None:
        request = send(make_wijk())
        [offer] = open_offers(request)
        half = AT + (offer.answer_by - AT) / 2
        assert run_timers(at=half - SECOND).reminded == 0
        for minutes in range(0, 60, 20):
            run_timers(at=half + timedelta(minutes=minutes))
        [message] = messages_about(request.number, "reminder")
        assert message.to_service_id == offer.service_id
        assert message.link == f"/postvak/{offer.pk}/"

    def test_who_answered_is_not_reminded(self) -> None:
        wijk = make_wijk()
        request = send(wijk)
        [offer] = open_offers(request)
        accept_offer(
            actor=wijk.nurse_of(offer.service_id).actor,
            offer_id=offer.pk,
            at=AT + SECOND,
        )
        run_timers(at=offer.answer_by - SECOND)
        assert messages_about(request.number, "reminder") == []

    def test_an_owner_is_reminded_before_each_date_and_told_after_it_once(self) -> None:
        wijk = make_wijk(teams=0)
        request = send(wijk)
        for _date in range(2):
            request.refresh_from_db()
            due_at = request.due_at
            assert due_at is not None
            run_timers(at=due_at - timedelta(minutes=31))
            near = len(messages_about(request.number, "date-near"))
            for minutes in (29, 10, 1):
                run_timers(at=due_at - timedelta(minutes=minutes))
            assert len(messages_about(request.number, "date-near")) == near + 1
            late = len(messages_about(request.number, "overdue"))
            for minutes in (0, 1, 30):
                run_timers(at=due_at + timedelta(minutes=minutes))
            assert len(messages_about(request.number, "overdue")) == late + 1
            move_date(
                actor=wijk.coordinator.actor,
                request_id=request.pk,
                due_at=due_at + timedelta(days=1),
                why="Morgen overleg",
                at=due_at + timedelta(minutes=40),
            )
        assert told_users(request.number, "overdue") == {wijk.coordinator.user.pk}

    def test_what_is_still_late_after_an_hour_is_told_to_all_once_per_date(
        self,
    ) -> None:
        wijk = make_wijk(teams=0)
        make_coordinator(wijk.region, name="C. Ollega")
        request = send(wijk)
        due_at = request.due_at
        assert due_at is not None
        run_timers(at=due_at + timedelta(minutes=59))
        assert messages_about(request.number, "still-overdue") == []
        for hours in (1, 2, 30):
            run_timers(at=due_at + timedelta(hours=hours))
        [message] = messages_about(request.number, "still-overdue")
        assert message.to_region_id == wijk.region.pk
        move_date(
            actor=wijk.coordinator.actor,
            request_id=request.pk,
            due_at=due_at + timedelta(hours=40),
            why="Morgen overleg",
            at=due_at + timedelta(hours=31),
        )
        run_timers(at=due_at + timedelta(hours=42))
        assert len(messages_about(request.number, "still-overdue")) == 2


def accept(wijk: ReferralsWijk, offer: Offer) -> ServiceRequest:
    return accept_offer(
        actor=wijk.nurse_of(offer.service_id).actor,
        offer_id=offer.pk,
        at=AT + timedelta(minutes=5),
    )


def transactions_of(table: str, condition: str, value: int | str) -> set[str]:
    """Return the transactions that wrote rows last."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT xmin::text FROM {table} WHERE {condition}",
            [value],
        )
        return {row[0] for row in cursor.fetchall()}


@pytest.mark.django_db(transaction=True)
def test_of_parallel_questions_the_others_end_and_hear_so_with_the_first_yes() -> None:
    wijk = make_wijk()
    request = send(wijk, urgency="today")
    asked = open_offers(request)
    assert len(asked) == 3

    outcomes = at_once(*(lambda o=offer: accept(wijk, o) for offer in asked))

    lost = [o for o in outcomes if isinstance(o, AlreadyTaken | OfferIsClosed)]
    assert len(lost) == 2, outcomes
    request.refresh_from_db()
    others = {o.service_id for o in asked} - {request.placed_service_id}
    assert told_services(request.number, "taken") == others
    assert len(messages_about(request.number, "taken")) == 2
    told = messages_about(request.number, "accepted")
    assert [row.to_user_id for row in told] == [wijk.referrer.user.pk]
    # One transaction wrote who won, that the others need not answer, and the messages.
    assert (
        len(
            transactions_of("referrals_offer", "request_id = %s", request.pk)
            | transactions_of("referrals_servicerequest", "id = %s", request.pk)
            | transactions_of(
                "communications_communication",
                "topic IN ('referrals.taken', 'referrals.accepted') AND about = %s",
                f"request:{request.number}",
            )
        )
        == 1
    )


def messages() -> Any:
    """Return every message as a query set."""
    return apps.get_model("communications", "Communication").objects.all()


def all_messages() -> Counter[tuple[Any, ...]]:
    """Return how often each message exists."""
    rows = messages().values_list(
        "topic",
        "key",
        "about",
        "to_user_id",
        "to_service_id",
        "to_region_id",
    )
    return Counter(rows)


def make_late(n: int) -> tuple[ReferralsWijk, list[ServiceRequest], datetime]:
    """Make requests whose first team is silent, and a moment at which that shows."""
    wijk = make_wijk(new_clients=9)
    requests = [send(wijk) for _number in range(n)]
    return wijk, requests, max(o.answer_by for r in requests for o in open_offers(r))


def check_everything_happened_once(
    wijk: ReferralsWijk, requests: list[ServiceRequest]
) -> None:
    first, second = wijk.teams[0], wijk.teams[1]
    for request in requests:
        offers = list(request.offers.order_by("rank"))
        assert [(o.service_id, o.status) for o in offers] == [
            (first.pk, OfferStatus.EXPIRED),
            (second.pk, OfferStatus.OPEN),
        ]
        kinds: Counter[tuple[str, int | None]] = Counter(
            RequestEvent.objects.filter(request=request).values_list(
                "kind", "service_id"
            )
        )
        assert kinds["expired", first.pk] == 1
        assert kinds["offered", None] == 2
        assert told_services(request.number, "reminder") == {first.pk}
        assert told_services(request.number, "offer") == {first.pk, second.pk}
    assert set(all_messages().values()) == {1}
    ledger = apps.get_model("referrals", "UnmetDemand").objects
    assert ledger.filter(kind="no-answer").count() == len(requests)
    # What brings a message outside is asked for once as well.
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT args->'communication_ids' FROM procrastinate_jobs "
            "WHERE args ? 'communication_ids'"
        )
        rows = cursor.fetchall()
    # Jobs of tests before this one stay behind: only those of these messages count.
    own = set(map(str, messages().values_list("pk", flat=True)))
    asked = Counter(str(ids) for (ids,) in rows if own.intersection(ids))
    assert set(asked.values()) <= {1}


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_remind_and_close_once() -> None:
    wijk, requests, late = make_late(5)
    half = AT + (late - AT) / 2
    for at in (half, late):
        outcomes = at_once(*[lambda at=at: run_timers(at=at)] * 4)
        assert all(isinstance(o, Expired) for o in outcomes), outcomes
        run_timers(at=at)
    check_everything_happened_once(wijk, requests)


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_at_any_moment_leaves_nothing_half_done_and_nothing_twice() -> (
    None
):
    wijk, requests, late = make_late(6)
    half = AT + (late - AT) / 2
    killed = _run_and_kill(half, steps=[1, 3, 5, 8, 12, 17])
    run_timers(at=half)
    killed += _run_and_kill(late, steps=[1, 2, 4, 6, 9, 13, 18, 24, 31, 39, 48, 60, 75])
    while run_timers(at=late).offers:
        pass
    assert killed >= 15
    check_everything_happened_once(wijk, requests)


def _run_and_kill(at: datetime, *, steps: list[int]) -> int:
    """Run the timers in workers that die before their n-th step; return how many did.

    A step is a statement to the database.
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_WORKERS), *map(str, steps)],
        env=os.environ
        | {
            "DJANGO_SETTINGS_MODULE": "wijkspil.config.settings",
            "TEST_DATABASE": str(connection.settings_dict["NAME"]),
            "AT": at.isoformat(),
        },
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=240,
    )
    ends = [int(line) for line in done.stdout.split()]
    assert len(ends) == len(steps)
    assert set(ends) <= {0, -signal.SIGKILL}
    return sum(end == -signal.SIGKILL for end in ends)


#: One child per moment: kill -9 by itself, between two statements.
_WORKERS = """
    import os, signal, sys
    from datetime import datetime
    import django
    from django.conf import settings
    settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
    django.setup()
    from django.db import connection
    from wijkspil.referrals.services.offers import run_timers
    at = datetime.fromisoformat(os.environ["AT"])

    for steps in map(int, sys.argv[1:]):
        pid = os.fork()
        if pid == 0:
            left = [steps]

            def count(execute, sql, params, many, context):
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return execute(sql, params, many, context)

            with connection.execute_wrapper(count):
                run_timers(at=at)
            os._exit(0)
        _pid, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
"""
