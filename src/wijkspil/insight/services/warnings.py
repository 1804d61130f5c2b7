"""Warn people of areas that will cross a threshold: on request, once per area."""

from datetime import datetime

from django.db import transaction
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext as _

from wijkspil.accounts.selectors import get_actor
from wijkspil.accounts.types import Actor, Target
from wijkspil.communications.services.sending import send
from wijkspil.core.errors import InvalidValue, NotFound
from wijkspil.insight.models import Subscription
from wijkspil.insight.permissions import can_view_insight, check_can_view_insight
from wijkspil.insight.selectors.warnings import (
    MOST_YEARS,
    WARNED,
    Question,
    find_crossings,
    list_all_subscription_ids,
    question_of,
)
from wijkspil.insight.topics import WARNING


def subscribe(*, question: Question, actor: Actor, at: datetime) -> Subscription:
    """Warn somebody from now on; a new question takes the place of the old one.

    What crosses already is on the page and is not told again: only what comes after.

    Raises
    ------
    NotPermitted
        If the region is not theirs to see.
    InvalidValue
        If the figure, the years or the chance cannot be.
    """
    check_can_view_insight(actor, _target(question.region_id))
    check_question(question)
    crossings = find_crossings(question, year=localdate(at).year).crossings
    row, _made = Subscription.objects.update_or_create(
        user_id=actor.user_id,
        region_id=question.region_id,
        indicator=question.indicator,
        defaults={
            "threshold": question.threshold,
            "within_years": question.within_years,
            "chance": question.chance,
            "created_at": at,
            "told": sorted(one.area_id for one in crossings),
            "told_at": None,
        },
    )
    return row


def unsubscribe(*, subscription_id: int, actor: Actor) -> None:
    """Warn somebody no more.

    Raises
    ------
    NotFound
        If it is not theirs.
    """
    gone, _rows = Subscription.objects.filter(
        pk=subscription_id, user_id=actor.user_id or 0
    ).delete()
    if not gone:
        raise NotFound(
            _("There is no warning with number %(id)s of yours.")
            % {"id": subscription_id}
        )


def tell_subscribers(*, at: datetime) -> int:
    """Tell everybody of areas that newly cross; return how many were told.

    One transaction per person: safe to run twice and to be killed in between. Who no
    longer sees the region is not told.
    """
    return sum(_tell(pk, at=at) for pk in list_all_subscription_ids())


def check_question(question: Question) -> None:
    """Refuse what cannot be asked.

    Raises
    ------
    InvalidValue
        With the field that is wrong.
    """
    if question.indicator not in WARNED:
        raise InvalidValue(
            _("%(code)s cannot be warned of: choose one of %(codes)s.")
            % {"code": question.indicator, "codes": ", ".join(WARNED)},
            field="indicator",
        )
    if not 1 <= question.within_years <= MOST_YEARS:
        raise InvalidValue(
            _("Give 1 to %(most)d years.") % {"most": MOST_YEARS}, field="within_years"
        )
    if not 0 < question.chance <= 1:
        raise InvalidValue(_("Give a chance from 1 to 100 %."), field="chance")
    if not abs(question.threshold) < 1e9:
        raise InvalidValue(
            _("Give a threshold in the figure's unit."), field="threshold"
        )


@transaction.atomic
def _tell(subscription_id: int, *, at: datetime) -> bool:
    row = (
        Subscription.objects.select_for_update(skip_locked=True)
        .filter(pk=subscription_id)
        .first()
    )
    if row is None:
        return False
    actor = get_actor(user_id=row.user_id, label="", at=at)
    if not can_view_insight(actor, _target(row.region_id)):
        return False
    question = question_of(row)
    crossings = find_crossings(question, year=localdate(at).year).crossings
    new = [one for one in crossings if one.area_id not in row.told]
    if not new:
        return False
    send(
        topic=WARNING,
        to_users=[row.user_id],
        params={
            "areas": len(new),
            "year": max(one.year for one in new),
            "chance": round(100 * question.chance),
        },
        link=f"{reverse('insight:warnings')}?regio={row.region_id}"
        f"&indicator={row.indicator}&threshold={row.threshold:g}"
        f"&within_years={row.within_years}&chance={round(100 * row.chance)}",
        about=f"insight-warning:{row.pk}",
        at=at,
    )
    row.told = sorted({*row.told, *(one.area_id for one in new)})
    row.told_at = at
    row.save(update_fields=["told", "told_at"])
    return True


def _target(region_id: int) -> Target:
    return Target(region_ids=frozenset({region_id}))
