"""All requests without a team divided at once: a proposal that a coordinator sends."""

import re
from collections.abc import Sequence
from datetime import date
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
from wijkspil.directory.selectors.management import RegionChoice
from wijkspil.directory.selectors.wijken import list_wijken_of_places
from wijkspil.directory.views.pages import professional_page
from wijkspil.directory.wording import say_number
from wijkspil.referrals.engine_io import Division, load_assignment
from wijkspil.referrals.permissions import check_can_coordinate
from wijkspil.referrals.selectors.policy import get_agreed
from wijkspil.referrals.selectors.timeline import team_names
from wijkspil.referrals.selectors.worklist import list_asked_pairs, list_unplaced
from wijkspil.referrals.services.offers import REST_AFTER_ANSWER, ask_teams
from wijkspil.referrals.views.desk import (
    desk_tabs,
    own_regions,
    say_team,
    say_urgency,
    ticked_ids,
)
from wijkspil.referrals.wording import say_tasks
from wijkspil.ui.moments import say_day
from wijkspil.ui.navigation import Chip

if TYPE_CHECKING:
    from wijkspil.referrals.models import ServiceRequest

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
    rows = list_unplaced(region.id)
    asked = list_asked_pairs((row.pk for row in rows), since=at - REST_AFTER_ANSWER)
    division = (
        load_assignment(
            rows,
            asked=asked,
            agreed=get_agreed(region.id),
            at=at,
        )
        if rows
        else None
    )
    return render(
        request,
        "referrals/desk_division.html",
        {
            "now": at,
            "region": region,
            "region_chips": [
                Chip(r.name, f"?regio={r.id}", active=r.id == region.id)
                for r in regions
            ]
            if len(regions) > 1
            else [],
            "tabs": desk_tabs("proposal"),
            "n_all": len(rows),
            "division": division,
            "proof": _say_proof(division) if division else "",
            **(
                _describe(
                    rows,
                    division,
                    asked={request_id for request_id, _service_id in asked},
                    today=localdate(at),
                )
                if division
                else {}
            ),
        },
    )


def _describe(
    rows: Sequence["ServiceRequest"],
    division: Division,
    *,
    asked: set[int],
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
            }
        )
    return {"placed": placed, "left": left, "left_groups": group_left(left)}


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
    """Ask what was ticked; one that changed meanwhile does not stop the others."""
    pairs = [
        (int(found[1]), int(found[2]))
        for value in request.POST.getlist("pair")
        if (found := _PAIR.fullmatch(value))
    ]
    sent, refused = 0, []
    numbers = {row.pk: row.number for row in list_unplaced(region.id)}
    for request_id, service_id in dict.fromkeys(pairs):
        if request_id not in numbers:
            continue  # asked or placed meanwhile, or sent twice
        try:
            ask_teams(
                actor=actor,
                request_id=request_id,
                service_ids=[service_id],
                at=timezone.now(),
            )
        except (Conflict, InvalidValue) as error:
            refused.append(f"{numbers[request_id]}: {error}")
        else:
            sent += 1
    if sent:
        messages.success(
            request,
            ngettext(
                "%(n)d request was put to a team.",
                "%(n)d requests were put to a team.",
                sent,
            )
            % {"n": sent},
        )
    for text in refused:
        messages.warning(request, text)
    if not sent and not refused:
        messages.warning(
            request, _("Nothing was sent: tick what you want to ask, or look again.")
        )
    address = reverse("referrals:desk-proposal" if refused else "referrals:desk")
    return redirect(f"{address}?regio={region.id}")
