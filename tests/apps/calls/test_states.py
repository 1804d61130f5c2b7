"""Every act in every state by every role: what the tables allow, and nothing else."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from tests.factories.calls import (
    AT,
    MINUTE,
    PATIENT,
    Night,
    bring_to,
    make_night,
    open_alerts,
)
from tests.factories.referrals import make_person
from wijkspil.accounts.types import VISITOR, Actor, Role
from wijkspil.calls.errors import AlertIsClosed, AnotherNurseGoes, CallNotNow
from wijkspil.calls.models import Call, CallAlert
from wijkspil.calls.policies import TRANSITIONS, WHO, can
from wijkspil.calls.services import alerts, calls, course
from wijkspil.calls.types import CallStatus, Finish
from wijkspil.core.errors import NotFound, NotPermitted
from wijkspil.core.states import draw_states

S = CallStatus
#: States a call stays in after an act; NEW is only there within one transaction.
STATES = [state for state in S if state != S.NEW]
BY_HAND = [act for act in TRANSITIONS if act != "hand on"]


def do(act: str, actor: Actor, call: Call, night: Night) -> Call:
    """Do an act of the table with values that are right."""
    given = {"actor": actor, "number": call.number, "at": AT + 30 * MINUTE}
    alert = CallAlert.objects.filter(call=call).order_by("rank").first()
    acts: dict[str, tuple[Callable[..., Call], dict[str, Any]]] = {
        "alert": (alerts.alert_nurse, {"duty_id": night.duties[1].pk}),
        "accept": (alerts.accept_call, {"alert_id": alert.pk if alert else 0}),
        "give back": (alerts.give_back_call, {"reason": "ill"}),
        "leave": (course.leave, {}),
        "arrive": (course.arrive, {}),
        "check in": (course.check_in, {}),
        "finish": (course.finish, {"ended": Finish("helped")}),
        "cancel": (calls.cancel_call, {"reason": "not-needed"}),
    }
    service, more = acts[act]
    return service(**given, **more)


def who_of(night: Night) -> dict[str, Actor]:
    """Return an actor for each part in the table, and those who have none."""
    return {
        "nurse": night.nurses[0].actor,
        "manager of the nurse": night.managers[0].actor,
        "caller": night.triage.actor,
        "colleague of the caller": night.colleague.actor,
        "system of the caller": night.system,
        "coordinator": night.coordinator.actor,
        "nurse not alerted": night.nurses[3].actor,
        "own team": night.own_nurse.actor,
        "privacy officer": night.privacy_officer.actor,
        "insurer": make_person(
            Role.INSURER, name="I. Nsurer", at=AT, region=night.region
        ).actor,
        "visitor": VISITOR,
    }


PARTS = {
    "nurse": "nurse",
    "manager of the nurse": "nurse",
    "caller": "caller",
    "colleague of the caller": "caller",
    "system of the caller": "caller",
    "coordinator": "coordinator",
}
#: Doing again what was done answers with what is, so that pressing twice is harmless.
HARMLESS = {
    ("accept", S.ACCEPTED),
    ("accept", S.ON_THE_WAY),
    ("accept", S.ARRIVED),
    ("accept", S.DONE),
    ("leave", S.ON_THE_WAY),
    ("arrive", S.ARRIVED),
    ("finish", S.DONE),
    ("cancel", S.CANCELLED),
}


def make_state(state: CallStatus) -> tuple[Night, Call]:
    """Return a call in a state; the first nurse was alerted, also when handed on."""
    night = make_night()
    if state == S.HANDED_ON:
        call = bring_to(night, S.ALERTED)
        for step in range(1, 6):
            alerts.run_timers(at=AT + 4 * step * MINUTE)
    elif state == S.CANCELLED:
        call = bring_to(night, S.ALERTED)
        calls.cancel_call(
            actor=night.triage.actor, number=call.number, reason="mistake", at=AT
        )
    else:
        call = bring_to(night, state)
    call.refresh_from_db()
    assert call.status == state
    return night, call


@contextmanager
def undone() -> Iterator[None]:
    """Take everything back at the end, so that a test can begin again."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def after(act: str, state: CallStatus) -> CallStatus:
    """Return the state after an act; giving back alerts the next nurse."""
    return TRANSITIONS[act][state]


@pytest.mark.django_db
@pytest.mark.parametrize(("act", "state"), list(itertools.product(BY_HAND, STATES)))
def test_the_right_person_can_do_what_the_table_says(
    act: str, state: CallStatus
) -> None:
    night, call = make_state(state)
    by_caller = act in ("alert", "cancel")
    actor = night.triage.actor if by_caller else night.nurses[0].actor
    if can(act, state):
        assert do(act, actor, call, night).status == after(act, state)
    elif (act, state) in HARMLESS:
        assert do(act, actor, call, night).status == state
    else:
        with pytest.raises((CallNotNow, AlertIsClosed, AnotherNurseGoes)):
            do(act, actor, call, night)
        stored = Call.objects.get(pk=call.pk)
        assert stored.status == state


@pytest.mark.django_db
@pytest.mark.parametrize("act", BY_HAND)
def test_each_act_is_open_to_whom_the_table_names(act: str) -> None:
    state = next(s for s in TRANSITIONS[act] if s != S.NEW)
    allowed = {word.split(" (")[0] for word in WHO[act]}
    for name in who_of_names():
        with undone():
            night, call = make_state(state)
            actor = who_of(night)[name]
            if PARTS.get(name) in allowed:
                do(act, actor, call, night)
                continue
            with pytest.raises((NotFound, NotPermitted)):
                do(act, actor, call, night)
            assert Call.objects.get(pk=call.pk).status == state, name


def who_of_names() -> list[str]:
    """Return the names of ``who_of``."""
    return [
        *PARTS,
        "nurse not alerted",
        "own team",
        "privacy officer",
        "insurer",
        "visitor",
    ]


@pytest.mark.django_db
def test_entering_is_for_own_organization_or_region() -> None:
    night = make_night()
    given: dict[str, Any] = {"call": night.call(), "patient": PATIENT, "at": AT}
    may = {
        "caller",
        "colleague of the caller",
        "system of the caller",
        "coordinator",
    }
    for name, actor in who_of(night).items():
        if name in may:
            assert calls.start_call(actor=actor, **given).status == S.ALERTED
        else:
            with pytest.raises(NotPermitted):
                calls.start_call(actor=actor, **given)


def test_every_act_has_who_may_do_it() -> None:
    assert set(WHO) == set(TRANSITIONS)


def test_the_diagram_names_every_state() -> None:
    drawn = draw_states(TRANSITIONS, CallStatus.NEW)
    assert all(status.name.lower() in drawn for status in S)
    assert "done --> [*]" in drawn


@pytest.mark.django_db
def test_open_alerts_are_gone_once_a_call_has_ended() -> None:
    for state in (S.DONE, S.CANCELLED):
        with undone():
            _night, call = make_state(state)
            assert open_alerts(call) == []
