"""What the region agreed on asking teams, in words and as a form; and who signed."""

from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timezone import localdate
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from wijkspil.accounts.types import Actor, Target
from wijkspil.core.errors import NotPermitted
from wijkspil.directory.selectors.management import (
    RegionChoice,
    list_coverage_regions,
)
from wijkspil.directory.selectors.wijken import list_home_care_of_region
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.directory.wording import say_hours, say_number
from wijkspil.referrals.engine_io import full_ranking
from wijkspil.referrals.errors import InvalidRequest
from wijkspil.referrals.forms.agreements import (
    TERM_WORDS,
    AgreementForm,
    PolicyForm,
)
from wijkspil.referrals.permissions import (
    COORDINATE,
    EDIT_POLICY,
    check_can_edit_policy,
)
from wijkspil.referrals.selectors.agreements import (
    list_agreements,
    list_policy_changes,
)
from wijkspil.referrals.selectors.policy import Agreed, get_agreed
from wijkspil.referrals.services.agreements import (
    UnknownAgreement,
    add_agreement,
    end_agreement,
)
from wijkspil.referrals.services.policy import save_draft
from wijkspil.referrals.types import Urgency
from wijkspil.referrals.views.desk import desk_tabs, ticked_ids
from wijkspil.ui.navigation import Chip

_FIELD_WORDS = {
    "ranking": lambda: _("the ranking"),
    "teams_at_once": lambda: _("teams at the same time"),
    "min_residents": lambda: _("least residents"),
    "answer_minutes": lambda: _("time to answer"),
    "coordinator_minutes": lambda: _("time until too late"),
    "retention_days": lambda: _("how long identity is kept"),
    "approved_by": lambda: _("who approved"),
    "approved_on": lambda: _("day of approval"),
}


@require_safe
@professional_page
def show_agreements(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what holds in a region, in words, and who signed for what."""
    region, regions = _read_region(request, actor)
    at = timezone.now()
    today = localdate(at)
    agreed = get_agreed(region.id, at=at)
    return render(
        request,
        "referrals/agreements.html",
        {
            "now": at,
            "region": region,
            "region_chips": _region_chips(region, regions),
            "tabs": desk_tabs("agreements") if actor.holds(COORDINATE) else [],
            "agreed": agreed,
            "words": _say_agreed(agreed),
            "times": [
                {
                    "urgency": urgency.label,
                    "answer": _say_span(agreed.time_to_answer(urgency)),
                    "move": _say_span(agreed.time_to_move(urgency)),
                }
                for urgency in Urgency
            ],
            "weights": _weights(agreed),
            "changes": [
                {
                    "at": change.at,
                    "by": change.by,
                    "what": ", ".join(
                        _FIELD_WORDS[name]()
                        for name in change.fields
                        if name in _FIELD_WORDS
                    ),
                }
                for change in list_policy_changes(region.id)
            ],
            "signed": [
                {
                    "row": row,
                    "holds": row.holds_on(today),
                    "is_over": row.is_over(today),
                }
                for row in list_agreements(region.id)
            ],
            "query": f"regio={region.id}",
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def change(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Take other values; who approved them is asked with it."""
    region, _regions = _read_region(request, actor)
    agreed = get_agreed(region.id, at=timezone.now())
    ranking = full_ranking(agreed.ranking)
    status = HTTPStatus.OK
    form = PolicyForm(agreed=agreed, weights=ranking)
    if request.method == "POST":
        form = PolicyForm(request.POST, agreed=agreed, weights=ranking)
        if form.is_valid():
            wanted = form.agreed(region.id)
            # What the form does not ask, such as the value of each part, stays.
            wanted = replace(wanted, ranking={**agreed.ranking, **wanted.ranking})
            try:
                save_draft(
                    actor=actor,
                    region_id=region.id,
                    agreed=wanted,
                    why=form.cleaned_data["why"],
                    at=timezone.now(),
                )
            except InvalidRequest as error:
                form.refuse(error)
            else:
                messages.success(
                    request,
                    _("The draft is stored. Nothing changes until it is approved."),
                )
                return redirect(_address(region))
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(
        request,
        "referrals/agreements_change.html",
        {"form": form, "region": region, "back_url": _address(region)},
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def add(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Enter an agreement that a provider signed."""
    region, _regions = _read_region(request, actor)
    at = timezone.now()
    providers = list(list_home_care_of_region(region.id, at=at).items())
    status = HTTPStatus.OK
    form = AgreementForm(organizations=providers, initial={"valid_from": localdate(at)})
    if request.method == "POST":
        form = AgreementForm(request.POST, organizations=providers)
        if form.is_valid():
            try:
                add_agreement(
                    actor=actor, region_id=region.id, at=at, **form.cleaned_data
                )
            except InvalidRequest as error:
                form.refuse(error)
            else:
                messages.success(request, _("The agreement is stored."))
                return redirect(_address(region) + "#signed")
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(
        request,
        "referrals/agreements_add.html",
        {"form": form, "region": region, "back_url": _address(region)},
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def end(request: HttpRequest, actor: Actor, agreement_id: int) -> HttpResponse:
    """Ask once, then end a signed agreement today."""
    region, _regions = _read_region(request, actor)
    found = next((a for a in list_agreements(region.id) if a.id == agreement_id), None)
    if found is None:
        raise UnknownAgreement(
            _("There is no agreement with number %(id)s in this region.")
            % {"id": agreement_id}
        )
    if request.method == "POST":
        end_agreement(
            actor=actor,
            region_id=region.id,
            agreement_id=agreement_id,
            at=timezone.now(),
        )
        messages.success(
            request,
            _("The agreement with %(name)s has ended.")
            % {"name": found.organization_name},
        )
        return redirect(_address(region) + "#signed")
    return render(
        request,
        "referrals/agreements_end.html",
        {"agreement": found, "region": region, "back_url": _address(region)},
    )


def _read_region(
    request: HttpRequest, actor: Actor
) -> tuple[RegionChoice, list[RegionChoice]]:
    """Return the region of the address, and all the actor may change."""
    check_can_edit_policy(actor)
    reach = reach_of(actor, EDIT_POLICY)
    regions = list_coverage_regions(None if reach.is_everywhere else reach.region_ids)
    wanted = next(iter(ticked_ids([request.GET.get("regio", "")])), None)
    region = next((r for r in regions if wanted in (None, r.id)), None)
    if region is None:
        raise NotPermitted(
            _("Only a coordinator of this region can change its agreements.")
        )
    check_can_edit_policy(actor, Target(region_ids=frozenset({region.id})))
    return region, regions


def _address(region: RegionChoice) -> str:
    return f"{reverse('referrals:agreements')}?regio={region.id}"


def _region_chips(region: RegionChoice, regions: list[RegionChoice]) -> list[Chip]:
    if len(regions) < 2:
        return []
    return [Chip(r.name, _address(r), active=r.id == region.id) for r in regions]


def _weights(agreed: Agreed) -> list[dict[str, Any]]:
    weights = full_ranking(agreed.ranking)["weights"]
    most = max(weights.values())
    return [
        {
            "label": label,
            "value": say_hours(weights[term]),
            "share": round(100 * weights[term] / most),
        }
        for term, label in sorted(TERM_WORDS.items(), key=lambda t: -weights[t[0]])
    ]


def _say_agreed(agreed: Agreed) -> list[str]:
    ranking = full_ranking(agreed.ranking)
    lines = [
        _("When it must be today %(n)s teams are asked at the same time.")
        % {"n": agreed.wave_of(Urgency.TODAY)},
        _(
            "A team that is asked sees an area in which at least %(n)s residents of "
            "the age band live."
        )
        % {"n": say_number(agreed.min_residents)},
        _("Teams whose room is not known come last, with a warning.")
        if ranking["unknown_room"] == "ask"
        else _("Teams whose room is not known are not asked."),
        _("Identity is removed %(n)s days after the end.")
        % {"n": say_number(agreed.retention_days)},
    ]
    if ranking["order"]:
        first = ", ".join(str(TERM_WORDS[term]).lower() for term in ranking["order"])
        lines.insert(
            0,
            _("Before the weights these decide, in order: %(terms)s.")
            % {"terms": first},
        )
    return lines


def _say_span(span: timedelta) -> str:
    hours = span / timedelta(hours=1)
    if hours < 2:
        return _("%(n)s minutes") % {"n": say_number(hours * 60)}
    return _("%(n)s hours") % {"n": say_number(hours, 1)}
