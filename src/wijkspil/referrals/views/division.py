"""All requests without a team divided at once: a proposal that a coordinator sends.

Few requests are divided while the page is made. With more the page comes at once, says
how long it takes, and asks for the proposal; leaving it leaves nothing behind.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from wijkspil.accounts.types import Actor
from wijkspil.core.errors import Conflict, InvalidValue, NotPermitted
from wijkspil.directory.selectors.care_teams import get_organization_ids
from wijkspil.directory.selectors.management import RegionChoice
from wijkspil.directory.selectors.wijken import list_wijken_of_places
from wijkspil.directory.views.pages import professional_page
from wijkspil.directory.wording import say_number
from wijkspil.referrals.engine_io import Division, load_assignment
from wijkspil.referrals.permissions import check_can_coordinate
from wijkspil.referrals.selectors.agreements import list_signed_organizations
from wijkspil.referrals.selectors.policy import get_agreed
from wijkspil.referrals.selectors.timeline import team_names
from wijkspil.referrals.selectors.worklist import (
    count_unplaced,
    list_asked_pairs,
    list_unplaced,
)
from wijkspil.referrals.services.offers import (
    REST_AFTER_ANSWER,
    ask_teams,
    assign_by_agreement,
)
from wijkspil.referrals.views.desk import (
    desk_tabs,
    own_regions,
    say_team,
    ticked_ids,
)
from wijkspil.referrals.views.desk_rows import say_urgency
from wijkspil.referrals.wording import say_tasks
from wijkspil.ui.moments import say_day
from wijkspil.ui.navigation import Chip

if TYPE_CHECKING:
    from wijkspil.referrals.models import ServiceRequest

#: Up to this many are divided while the page is made.
AT_ONCE = 40
#: Sending stops after this; what is left stays on the page, to send again.
SEND_FOR = timedelta(seconds=20)
#: So many requests take a second, after the first: said, not promised. Measured on two
#: cores: 1.5 s for 500 when nobody else is busy.
_PER_SECOND = 200
_PAIR = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def divide(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show the division with its proof; send the questions that were ticked."""
    check_can_coordinate(actor)
    regions = own_regions(actor)
    wanted = next(iter(ticked_ids([request.GET.get("regio", "")])), None)
    region = next((r for r in regions if wanted in (None, r.id)), None)
    if region is None:
        raise NotPermitted(_("Only a coordinator of this region can do this."))
    if request.method == "POST":
        return _send(request, actor, region)
    at = timezone.now()
    n_all = count_unplaced(region.id)
    page = {
        "now": at,
        "region": region,
        "region_chips": [
            Chip(r.name, f"?regio={r.id}", active=r.id == region.id) for r in regions
        ]
        if len(regions) > 1
        else [],
        "tabs": desk_tabs("proposal"),
        "n_all": n_all,
    }
    is_part = request.GET.get("deel") == "voorstel"
    if n_all > AT_ONCE and not is_part and "nu" not in request.GET:
        return render(
            request,
            "referrals/desk_division.html",
            {
                **page,
                "is_waiting": True,
                "part_url": f"?regio={region.id}&deel=voorstel",
                "now_url": f"?regio={region.id}&nu=1",
                "n_seconds": _guess_seconds(n_all),
            },
        )
    proposal = _propose(region, at=at) if n_all else {}
    return render(
        request,
        "referrals/desk_proposal.html" if is_part else "referrals/desk_division.html",
        {**page, **proposal},
    )


def _guess_seconds(n: int) -> int:
    return 1 + n // _PER_SECOND


def _propose(region: RegionChoice, *, at: datetime) -> dict[str, Any]:
    rows = list_unplaced(region.id, at=at)
    asked = list_asked_pairs((row.pk for row in rows), since=at - REST_AFTER_ANSWER)
    division = load_assignment(
        rows, asked=asked, agreed=get_agreed(region.id, at=at), at=at
    )
    return {
        "division": division,
        "n_divided": len(rows),
        "proof": _say_proof(division),
        "gains": say_gains(division),
        **_describe(
            rows,
            division,
            asked={request_id for request_id, _service_id in asked},
            signed=list_signed_organizations(region.id, on=localdate(at)),
            today=localdate(at),
        ),
    }


def say_gains(division: Division) -> list[str]:
    """Return what dividing together gives over one by one, in words and figures."""
    with_team = [row for row in division.rows if row.team is not None]
    own = sum(row.is_own for row in division.rows)
    in_time = sum(row.is_in_time for row in division.rows)
    own_before = sum(row.is_own_one_by_one for row in division.rows)
    in_time_before = sum(row.is_in_time_one_by_one for row in division.rows)
    lines = [(_("With a team"), division.placed, division.placed_one_by_one)]
    if with_team:
        lines += [
            (_("With the team of the own neighborhood"), own, own_before),
            (_("First visit in time"), in_time, in_time_before),
        ]
    words = [
        _("%(what)s: %(now)d; one by one %(before)d.")
        % {"what": what, "now": now, "before": before}
        for what, now, before in lines
    ]
    if division.value_one_by_one > 0 and division.value > division.value_one_by_one:
        gain = 100 * (division.value / division.value_one_by_one - 1)
        words.append(
            _("All in all %(gain)s %% better than one by one, as the region weighs it.")
            % {"gain": say_number(gain, 1)}
        )
    return words


def _describe(
    rows: Sequence["ServiceRequest"],
    division: Division,
    *,
    asked: set[int],
    signed: set[int],
    today: date,
) -> dict[str, Any]:
    by_id = {row.pk: row for row in rows}
    wijken = list_wijken_of_places(row.place_id for row in rows)
    names = team_names(one.one_by_one for one in division.rows)
    placed, left = [], []
    for one in division.rows:
        row = by_id[one.request_id]
        words = {
            "number": row.number,
            "url": reverse("referrals:request", args=[row.number]),
            "wijk": wijken[row.place_id].name if row.place_id in wijken else "",
            "tasks": say_tasks(row.tasks),
            "urgency": say_urgency(row.urgency),
            "first_visit": say_day(row.first_visit_on, today),
        }
        if one.team is None:
            left.append({**words, "others": one.others, "was_asked": row.pk in asked})
            continue
        placed.append(
            {
                **words,
                "pair": f"{row.pk}-{one.team.service_id}",
                "team": one.team.name,
                "note": say_team(one.team),
                "same": one.one_by_one == one.team.service_id,
                "one_by_one": names.get(one.one_by_one or 0, ""),
                "is_signed": one.team.organization_id in signed,
            }
        )
    return {
        "placed": placed,
        "left": left,
        "left_groups": group_left(left),
        "n_signed": sum(row["is_signed"] for row in placed),
    }


def group_left(left: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what gets no team by why, what can be solved soonest first."""
    groups = [
        {
            "why": _("Teams fit, but their room is not known or goes to others"),
            "rows": [row for row in left if row["others"]],
        },
        {
            "why": _("No other team fits than those asked in the last days"),
            "rows": [row for row in left if not row["others"] and row["was_asked"]],
        },
        {
            "why": _("No team in the neighborhood fits what is asked"),
            "rows": [row for row in left if not row["others"] and not row["was_asked"]],
        },
    ]
    return [group for group in groups if group["rows"]]


def _say_proof(division: Division) -> str:
    if division.is_best:
        return _("It is proven that no division places more, or better.")
    return _("It is proven that no division is more than %(gap)s %% better.") % {
        "gap": say_number(100 * division.gap, 2)
    }


def _send(request: HttpRequest, actor: Actor, region: RegionChoice) -> HttpResponse:
    """Ask (or assign) what was ticked, for a limited time.

    Each in a transaction of its own: one that changed meanwhile does not stop the
    others, and what is not sent yet is on the page again.
    """
    started = timezone.now()
    pairs = [
        (int(found[1]), int(found[2]))
        for value in request.POST.getlist("pair")
        if (found := _PAIR.fullmatch(value))
    ]
    signed = (
        list_signed_organizations(region.id, on=localdate(started))
        if request.POST.get("assign")
        else set()
    )
    providers = get_organization_ids(service_id for _request, service_id in pairs)
    numbers = {row.pk: row.number for row in list_unplaced(region.id, at=started)}
    asked = assigned = kept = 0
    refused = []
    for request_id, service_id in dict.fromkeys(pairs):
        if request_id not in numbers:
            continue  # asked or placed meanwhile, or sent twice
        at = timezone.now()
        if at - started > SEND_FOR:
            kept += 1
            continue
        try:
            if providers.get(service_id) in signed:
                assign_by_agreement(
                    actor=actor, request_id=request_id, service_id=service_id, at=at
                )
                assigned += 1
            else:
                ask_teams(
                    actor=actor, request_id=request_id, service_ids=[service_id], at=at
                )
                asked += 1
        except (Conflict, InvalidValue) as error:
            refused.append(f"{numbers[request_id]}: {error}")
    if asked:
        messages.success(
            request,
            ngettext(
                "%(n)d request was put to a team.",
                "%(n)d requests were put to a team.",
                asked,
            )
            % {"n": asked},
        )
    if assigned:
        messages.success(
            request,
            ngettext(
                "%(n)d request was assigned under a signed agreement.",
                "%(n)d requests were assigned under a signed agreement.",
                assigned,
            )
            % {"n": assigned},
        )
    if kept:
        messages.warning(
            request,
            ngettext(
                "%(n)d request is not sent yet. It is below again: send once more.",
                "%(n)d requests are not sent yet. They are below again: send once "
                "more.",
                kept,
            )
            % {"n": kept},
        )
    for text in refused[:_MOST_REFUSALS]:
        messages.warning(request, text)
    if len(refused) > _MOST_REFUSALS:
        messages.warning(
            request,
            _("And %(n)d more could not be sent.")
            % {"n": len(refused) - _MOST_REFUSALS},
        )
    if not (asked or assigned or refused or kept):
        messages.warning(
            request, _("Nothing was sent: tick what you want to ask, or look again.")
        )
    is_done = not (refused or kept)
    address = reverse("referrals:desk" if is_done else "referrals:desk-proposal")
    return redirect(f"{address}?regio={region.id}")


#: Refusals that are said one by one.
_MOST_REFUSALS = 8
