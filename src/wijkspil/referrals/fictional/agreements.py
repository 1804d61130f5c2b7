"""Let a region agree: a first version that holds, a second that waits, two signals.

Through the same services as the pages, by the demo's own people. A region without
representatives or coordinators is left as it is.
"""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from wijkspil.accounts.selectors import list_role_holders
from wijkspil.accounts.types import Actor, Grant, Role
from wijkspil.directory.fictional.ground import read_ground
from wijkspil.directory.selectors.wijken import list_wijken_without_nursing
from wijkspil.directory.types import RegionPurpose
from wijkspil.referrals.selectors.policy import Agreed
from wijkspil.referrals.services.policy import approve, propose, save_draft
from wijkspil.referrals.services.signals import answer_signal, file_signal
from wijkspil.referrals.types import SignalTopic, Urgency

#: A number nobody can hold.
_REACH_PHONE = "088 000 99 11"


def agree_in_regions(*, at: datetime) -> int:
    """Play it in every care office region that can; return in how many."""
    regions = read_ground().region_ids(RegionPurpose.ZORGKANTOOR)
    return sum(agree_as_demo(region_id, at=at) for region_id in regions)


def agree_as_demo(region_id: int, *, at: datetime) -> bool:
    """Play how a region came to its agreements until ``at``; False if it cannot.

    The first version has held since yesterday; the second was proposed after it, and
    only the nurses have agreed.
    """
    people = {
        role: _person(role, region_id, at=at)
        for role in (
            Role.COORDINATOR,
            Role.NURSE_REPRESENTATIVE,
            Role.REFERRER_REPRESENTATIVE,
        )
    }
    coordinator = people[Role.COORDINATOR]
    nurses = people[Role.NURSE_REPRESENTATIVE]
    referrers = people[Role.REFERRER_REPRESENTATIVE]
    if coordinator is None or nurses is None or referrers is None:
        return False
    if list_wijken_without_nursing(region_id, at=at):
        return False
    first = Agreed(
        region_id=region_id,
        answer_minutes={Urgency.TODAY.value: 45},
        reach_name=_("The coordinator on duty"),
        reach_phone=_REACH_PHONE,
    )
    # Roles began a day ago: what came before is told at the moment it was.
    began = at - timedelta(hours=20)
    draft = save_draft(
        actor=coordinator,
        region_id=region_id,
        agreed=first,
        why=_("What we do already, written down."),
        at=began,
    )
    propose(actor=coordinator, policy_id=draft.pk, effective_from=None, at=began)
    for person in (nurses, referrers):
        approve(
            actor=person,
            policy_id=draft.pk,
            agrees=True,
            remark="",
            at=began + timedelta(minutes=30),
        )
    later = began + timedelta(hours=2)
    answered = file_signal(
        actor=nurses,
        region_id=region_id,
        topic=SignalTopic.TIMES,
        text=_("We cannot look at a question of today while we are in the car."),
        at=later,
    )
    answer_signal(
        actor=coordinator,
        signal_id=answered.pk,
        answer=_("An hour to answer is in the new version."),
        is_changing=True,
        at=later + timedelta(hours=1),
    )
    file_signal(
        actor=referrers,
        region_id=region_id,
        topic=SignalTopic.NIGHT,
        text=_("On Sunday evening we waited half an hour on the phone."),
        at=later + timedelta(hours=2),
    )
    second = Agreed(
        region_id=region_id,
        own_team_first=True,
        answer_minutes={Urgency.TODAY.value: 60},
        teams_at_once={Urgency.TODAY.value: 4, Urgency.DAYS.value: 2},
        reach_name=first.reach_name,
        reach_phone=first.reach_phone,
    )
    draft = save_draft(
        actor=coordinator,
        region_id=region_id,
        agreed=second,
        why=_("Own team first, and an hour to answer when it must be today."),
        at=later + timedelta(hours=3),
    )
    propose(
        actor=coordinator,
        policy_id=draft.pk,
        effective_from=None,
        at=later + timedelta(hours=4),
    )
    approve(
        actor=nurses,
        policy_id=draft.pk,
        agrees=True,
        remark=_("This gives us time to look at the round first."),
        at=later + timedelta(hours=5),
    )
    return True


def _person(role: Role, region_id: int, *, at: datetime) -> Actor | None:
    holders = list_role_holders(role, region_id=region_id, at=at)
    if not holders:
        return None
    user_id, name = holders[0]
    return Actor(
        user_id=user_id, label=name, grants=(Grant(role, region_id=region_id),)
    )
