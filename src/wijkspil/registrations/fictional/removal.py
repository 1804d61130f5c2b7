"""Take invented lists, wishes, rounds and re-housings away again."""

from django.db import transaction
from django.db.models import Q

from wijkspil.communications.services.retention import remove_messages_about
from wijkspil.registrations.models import (
    Move,
    Outlook,
    PracticeList,
    Rehousing,
    Round,
    Wish,
)
from wijkspil.registrations.services.notices import about


@transaction.atomic
def delete_fictional_registrations() -> int:
    """Remove what was made at or for what was invented; return how many wishes.

    Call it before the invented areas, services and accounts are removed: rounds and
    wishes hold on to them.
    """
    rounds = Round.objects.filter(
        Q(is_fictional=True)
        | Q(region__is_fictional=True)
        | Q(opened_by__is_fictional=True)
        | Q(practices__service__is_fictional=True)
    )
    round_ids = set(rounds.values_list("pk", flat=True))
    wishes = Wish.objects.filter(
        Q(is_fictional=True)
        | Q(region__is_fictional=True)
        | Q(place__is_fictional=True)
        | Q(current_practice__is_fictional=True)
        | Q(choices__service__is_fictional=True)
        | Q(helper__is_fictional=True)
        | Q(rounds__round_id__in=round_ids)
    )
    ids = set(wishes.values_list("pk", flat=True))
    remove_messages_about(
        [about(wish) for wish in Wish.objects.filter(pk__in=ids).only("number")]
    )
    Move.objects.filter(Q(wish_id__in=ids) | Q(round_id__in=round_ids)).delete()
    Wish.objects.filter(pk__in=ids).delete()
    Round.objects.filter(pk__in=round_ids).delete()
    Rehousing.objects.filter(
        Q(is_fictional=True)
        | Q(region__is_fictional=True)
        | Q(practices__service__is_fictional=True)
        | Q(households__from_service__is_fictional=True)
    ).delete()
    PracticeList.objects.filter(
        Q(is_fictional=True) | Q(service__is_fictional=True)
    ).delete()
    # On real areas too: it was computed from invented wishes.
    Outlook.objects.all().delete()
    return len(ids)
