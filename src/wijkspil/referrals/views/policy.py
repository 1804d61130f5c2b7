"""One version of a region's agreements: what it changes, would do, and what is said."""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from wijkspil.accounts.types import Actor, Target
from wijkspil.directory.selectors.care_teams import get_service_names
from wijkspil.directory.selectors.management import list_coverage_regions
from wijkspil.directory.views.pages import professional_page
from wijkspil.directory.wording import say_number
from wijkspil.referrals.errors import InvalidRequest, NotNow
from wijkspil.referrals.forms.agreements import JudgementForm, ProposalForm
from wijkspil.referrals.permissions import (
    can_approve,
    can_coordinate,
    can_edit_policy,
    check_can_view_policy,
    party_of,
)
from wijkspil.referrals.selectors.policy_history import Version, find_version
from wijkspil.referrals.services.policy import (
    UnknownPolicy,
    approve,
    propose,
    withdraw_policy,
)
from wijkspil.referrals.services.preview import is_running, start_preview
from wijkspil.referrals.types import Party, PolicyStatus
from wijkspil.referrals.views.agreements import (
    STATUS_TONES,
    agreements_address,
    describe_said,
    describe_signal,
    name_coordinators,
)
from wijkspil.referrals.wording_agreements import (
    describe_times,
    describe_weights,
    group_terms,
    list_differences,
    list_terms,
    say_effect,
    say_span,
)
from wijkspil.ui.navigation import Step


@require_safe
@professional_page
def show_policy(request: HttpRequest, actor: Actor, policy_id: int) -> HttpResponse:
    """Show a version: its differences, its preview, and what there is to do."""
    return _show(request, actor, _find(actor, policy_id))


@require_POST
@professional_page
def ask_preview(request: HttpRequest, actor: Actor, policy_id: int) -> HttpResponse:
    """Let the worker look what it would have done; a second press is harmless."""
    start_preview(actor=actor, policy_id=policy_id, at=timezone.now())
    return redirect(reverse("referrals:policy", args=[policy_id]) + "#preview")


@require_safe
@professional_page
def show_preview(request: HttpRequest, actor: Actor, policy_id: int) -> HttpResponse:
    """Show only the preview, for a page that waits for it."""
    version = _find(actor, policy_id)
    return render(
        request,
        "referrals/policy_preview.html",
        _describe_preview(actor, version, at=timezone.now()),
    )


@require_POST
@professional_page
def put_forward(request: HttpRequest, actor: Actor, policy_id: int) -> HttpResponse:
    """Put a draft before the representatives."""
    version = _find(actor, policy_id)
    form = ProposalForm(request.POST)
    if form.is_valid():
        try:
            propose(
                actor=actor,
                policy_id=policy_id,
                effective_from=form.cleaned_data["effective_from"],
                at=timezone.now(),
            )
        except InvalidRequest as error:
            form.refuse(error)
        except NotNow:
            # Sent twice, or somebody was first: the page says how it stands.
            return redirect("referrals:policy", policy_id)
        else:
            messages.success(
                request,
                _("Nurses and referrers were asked. Until both agree nothing changes."),
            )
            return redirect("referrals:policy", policy_id)
    return _show(
        request,
        actor,
        version,
        proposal=form,
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
    )


@require_POST
@professional_page
def judge(request: HttpRequest, actor: Actor, policy_id: int) -> HttpResponse:
    """Say yes or no for the party the actor speaks for."""
    version = _find(actor, policy_id)
    form = JudgementForm(request.POST)
    if form.is_valid():
        try:
            row = approve(
                actor=actor,
                policy_id=policy_id,
                agrees=form.cleaned_data["agrees"],
                remark=form.cleaned_data["remark"],
                at=timezone.now(),
            )
        except InvalidRequest as error:
            form.refuse(error)
        except NotNow as error:
            messages.warning(request, str(error))
            return redirect("referrals:policy", policy_id)
        else:
            messages.success(request, _say_outcome(row.status))
            return redirect("referrals:policy", policy_id)
    return _show(
        request,
        actor,
        version,
        judgement=form,
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def withdraw(request: HttpRequest, actor: Actor, policy_id: int) -> HttpResponse:
    """Ask once, then take a draft or proposal back."""
    version = _find(actor, policy_id)
    if request.method == "POST":
        try:
            withdraw_policy(actor=actor, policy_id=policy_id, at=timezone.now())
        except NotNow as error:
            messages.warning(request, str(error))
            return redirect("referrals:policy", policy_id)
        messages.success(request, _("It was taken back. What holds goes on to hold."))
        return redirect(agreements_address(version.region_id))
    return render(
        request,
        "referrals/policy_withdraw.html",
        {
            "version": version,
            "back_url": reverse("referrals:policy", args=[policy_id]),
        },
    )


def _say_outcome(status: str) -> str:
    if status == PolicyStatus.APPROVED:
        return _("Both agree: these agreements are approved.")
    if status == PolicyStatus.REFUSED:
        return _("Your no is stored. The coordinator adapts it and asks you again.")
    return _("Your yes is stored. It takes effect when the other party agrees too.")


def _find(actor: Actor, policy_id: int) -> Version:
    check_can_view_policy(actor)
    version = find_version(policy_id)
    if version is None:
        raise UnknownPolicy(
            _("There are no agreements with number %(id)s.") % {"id": policy_id}
        )
    return version


def _show(
    request: HttpRequest,
    actor: Actor,
    version: Version,
    *,
    proposal: ProposalForm | None = None,
    judgement: JudgementForm | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    at = timezone.now()
    target = Target(region_ids=frozenset({version.region_id}))
    names = name_coordinators(version.region_id, at=at)
    region = next(iter(list_coverage_regions([version.region_id])), None)
    may_edit = can_edit_policy(actor, target)
    party = party_of(actor, target) if can_approve(actor, target) else None
    may_judge = version.is_proposed and party in version.waits_for
    return render(
        request,
        "referrals/policy.html",
        {
            "now": at,
            "version": version,
            "region": region,
            "word": PolicyStatus(version.status).label,
            "tone": STATUS_TONES[PolicyStatus(version.status)],
            "effect": say_effect(version, at=at),
            "steps": _steps(version, at=at),
            "differences": list_differences(version.base, version.agreed, names=names),
            "base_number": version.base.version,
            "groups": group_terms(list_terms(version.agreed, names=names)),
            "times": describe_times(version.agreed),
            "weights": describe_weights(version.agreed),
            "said": describe_said(version),
            "signals": [describe_signal(s, at=at) for s in version.prompted_by],
            "may_edit": may_edit and version.is_in_the_making,
            "may_adapt": may_edit and version.is_refused,
            "party": party.label if party else "",
            "judgement": (judgement or JudgementForm()) if may_judge else None,
            "proposal": (proposal or ProposalForm())
            if may_edit and version.is_draft
            else None,
            "back_url": agreements_address(version.region_id),
            "change_url": f"{reverse('referrals:agreements-change')}"
            f"?regio={version.region_id}",
            **_describe_preview(actor, version, at=at),
        },
        status=status,
    )


def _steps(version: Version, *, at: datetime) -> list[Step]:
    """Return the way of a version that was not refused or taken back."""
    if not (version.is_in_the_making or version.is_approved):
        return []
    done = {
        "draft": not version.is_draft,
        "proposed": version.is_approved,
        "holds": version.is_approved and not version.starts_after(at),
    }
    said = [
        _("%(party)s: yes") % {"party": Party(one.party).label}
        for one in version.said
        if one.agrees
    ]
    labels = {
        "draft": (_("Draft, with a preview"), ""),
        "proposed": (_("Nurses and referrers agree"), ", ".join(said)),
        "holds": (_("Holds"), ""),
    }
    current = next((key for key, is_done in done.items() if not is_done), "")
    return [
        Step(
            label,
            "done" if done[key] else "current" if key == current else "todo",
            note=note,
        )
        for key, (label, note) in labels.items()
    ]


# --- the preview in words


def _describe_preview(
    actor: Actor, version: Version, *, at: datetime
) -> dict[str, Any]:
    target = Target(region_ids=frozenset({version.region_id}))
    found = version.preview or {}
    running = is_running(version.preview, version.previewed_at, at=at)
    context: dict[str, Any] = {
        "version": version,
        "now": at,
        "preview_running": running,
        "preview_stopped": bool(found) and version.previewed_at is None and not running,
        "preview_done": found.get("done", 0),
        "preview_of": found.get("of", 0),
        "may_preview": can_edit_policy(actor, target) and version.is_in_the_making,
        "preview": None,
    }
    if version.previewed_at is not None and "before" in found:
        context["preview"] = {
            "at": version.previewed_at,
            "requests": found["requests"],
            "total": found["total"],
            "lines": _compare(found["before"], found["after"]),
            "first": _say_first(found),
            "rests_on": _say_rests_on(found),
            "changed": _name_changed(found["changed"])
            if can_coordinate(actor, target)
            else [],
            "since": parse_datetime(found["from"]),
        }
    return context


def _compare(
    before: Mapping[str, float], after: Mapping[str, float]
) -> list[dict[str, str]]:
    """Return each figure before and after, with the difference in words."""

    def line(
        key: str, label: str, say: Any, more: str, less: str, least: float
    ) -> dict[str, str]:
        if key not in before or key not in after:
            return {}  # kept before this figure was worked out
        change = after[key] - before[key]
        same = abs(change) < least
        return {
            "label": label,
            "before": say(before[key]),
            "after": say(after[key]),
            "words": _("as it is now") if same else more if change > 0 else less,
            "is_same": "yes" if same else "",
        }

    lines = [
        line(
            "answer_minutes",
            _("Time a team has to answer, on average"),
            lambda n: say_span(round(n))[0],
            _("teams have longer"),
            _("teams must be quicker"),
            1,
        ),
        line(
            "teams_asked",
            _("Teams that are asked, per request"),
            lambda n: say_number(n, 1),
            _("more teams are disturbed"),
            _("fewer teams are disturbed"),
            0.05,
        ),
        line(
            "hours",
            _("Hours until a team says yes"),
            lambda n: say_number(n, 1),
            _("the referrer waits longer"),
            _("the referrer knows sooner"),
            0.05,
        ),
        line(
            "in_time",
            _("A yes before the day of the first visit has ended"),
            _say_share,
            _("more often in time"),
            _("less often in time"),
            0.005,
        ),
        line(
            "own_first",
            _("The neighborhood's own team is asked first"),
            _say_share,
            _("more often the own team"),
            _("less often the own team"),
            0.005,
        ),
        line(
            "coordinator",
            _("No team says yes: a coordinator takes it"),
            _say_share,
            _("more for the coordinator"),
            _("less for the coordinator"),
            0.005,
        ),
        line(
            "misplaced",
            _("Work that another provider should have, to be exactly fair"),
            _say_share,
            _("less fairly divided"),
            _("more fairly divided"),
            0.005,
        ),
    ]
    return [one for one in lines if one]


def _say_share(share: float) -> str:
    return f"{say_number(100 * share)}%"


def _say_first(found: Mapping[str, Any]) -> str:
    if not found["first_changes"]:
        return _("Every request would have gone to the same team first.")
    return ngettext(
        "For %(n)s request another team would have been asked first.",
        "For %(n)s requests another team would have been asked first.",
        found["first_changes"],
    ) % {"n": say_number(found["first_changes"])}


def _say_rests_on(found: Mapping[str, Any]) -> str:
    return _(
        "%(answers)s answers of %(teams)s teams in the last 13 weeks; %(few)s teams "
        "have too few of their own and lean on those of the region."
    ) % {
        "answers": say_number(found["region_answers"]),
        "teams": say_number(found["teams"]),
        "few": say_number(found["few_answers"]),
    }


def _name_changed(changed: list[list[Any]]) -> list[dict[str, str]]:
    names = get_service_names(
        pk for _number, before, after in changed for pk in (before, after) if pk
    )

    def name(pk: int | None) -> str:
        return names[pk][0] if pk in names else _("no team")

    return [
        {
            "number": number,
            "url": reverse("referrals:request", args=[number]),
            "before": name(before),
            "after": name(after),
        }
        for number, before, after in changed
    ]
