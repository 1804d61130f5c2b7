"""What a region agreed on: what holds, what is in the making, and how it came so.

Every professional reads it; a coordinator drafts what is to change (``views.policy``
has the page of a version) and keeps who signed for being assigned requests.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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

from wijkspil.accounts.selectors import list_role_holders
from wijkspil.accounts.types import Actor, Role, Target
from wijkspil.core.errors import NotPermitted
from wijkspil.directory.selectors.management import (
    RegionChoice,
    list_coverage_regions,
)
from wijkspil.directory.selectors.targets import (
    get_organization_target,
    get_service_target,
)
from wijkspil.directory.selectors.wijken import list_home_care_of_region
from wijkspil.directory.views.pages import professional_page, reach_of
from wijkspil.directory.wording import join_words
from wijkspil.referrals.errors import InvalidRequest
from wijkspil.referrals.forms.agreements import AgreementForm, PolicyForm
from wijkspil.referrals.permissions import (
    COMPARE_PROVIDERS,
    COORDINATE,
    EDIT_POLICY,
    can_answer_signal,
    can_approve,
    can_edit_policy,
    can_file_signal,
    check_can_edit_policy,
    check_can_view_policy,
    party_of,
)
from wijkspil.referrals.selectors.agreements import list_agreements
from wijkspil.referrals.selectors.policy import get_agreed, get_newest_agreed
from wijkspil.referrals.selectors.policy_history import (
    SignalRow,
    Version,
    list_can_prompt,
    list_signals,
    list_versions,
)
from wijkspil.referrals.services.agreements import (
    UnknownAgreement,
    add_agreement,
    end_agreement,
)
from wijkspil.referrals.services.policy import link_signals, save_draft
from wijkspil.referrals.types import Party, PolicyStatus, SignalTopic
from wijkspil.referrals.views.desk import desk_tabs, ticked_ids
from wijkspil.referrals.wording_agreements import (
    describe_times,
    describe_weights,
    group_terms,
    list_differences,
    list_terms,
    say_effect,
)
from wijkspil.ui.moments import say_day
from wijkspil.ui.navigation import Chip

STATUS_TONES = {
    PolicyStatus.DRAFT: "unknown",
    PolicyStatus.PROPOSED: "limited",
    PolicyStatus.APPROVED: "good",
    PolicyStatus.REFUSED: "full",
    PolicyStatus.WITHDRAWN: "unknown",
}


@dataclass(frozen=True)
class NextStep:
    """The one thing that can be done now about what is in the making."""

    title: str
    text: str
    label: str
    url: str
    is_mine: bool


@require_safe
@professional_page
def show_agreements(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Show what holds in a region, in words, and how it came so."""
    region, regions = read_region(request, actor)
    at = timezone.now()
    today = localdate(at)
    agreed = get_agreed(region.id, at=at)
    versions = list_versions(region.id)
    names = name_coordinators(region.id, at=at)
    target = Target(region_ids=frozenset({region.id}))
    signals = list_signals(region_ids=[region.id], is_open=True)
    may_compare = actor.holds(COMPARE_PROVIDERS, target)
    may_edit = can_edit_policy(actor, target)
    holding = next((v for v in versions if v.holds_at(at)), None)
    return render(
        request,
        "referrals/agreements.html",
        {
            "now": at,
            "region": region,
            "region_chips": _region_chips(region, regions),
            "tabs": desk_tabs("agreements") if actor.holds(COORDINATE, target) else [],
            "may_edit": may_edit,
            "holding": holding,
            "effect": say_effect(holding, at=at) if holding else "",
            "groups": group_terms(list_terms(agreed, names=names)),
            "times": describe_times(agreed),
            "weights": describe_weights(agreed),
            "upcoming": [
                {"version": v, "effect": say_effect(v, at=at)}
                for v in versions
                if v.starts_after(at)
            ],
            "next_step": _find_next_step(actor, versions, may_edit=may_edit),
            "history": [
                describe_version(version, names=names, at=at) for version in versions
            ],
            "may_file": can_file_signal(actor),
            "may_answer": can_answer_signal(actor, target),
            "signals": [describe_signal(signal, at=at) for signal in signals]
            if can_answer_signal(actor, target)
            else [],
            "n_signals": len(signals),
            "n_late": sum(1 for signal in signals if signal.is_late(today)),
            "may_compare": may_compare,
            "signed": [
                {
                    "row": row,
                    "holds": row.holds_on(today),
                    "is_over": row.is_over(today),
                }
                for row in list_agreements(region.id)
            ]
            if may_compare or may_edit
            else None,
            "query": f"regio={region.id}",
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def change(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Write a draft, starting from what is in the making, was refused, or holds."""
    region = _read_own_region(request, actor)
    at = timezone.now()
    versions = list_versions(region.id)
    making = next((v for v in versions if v.is_in_the_making), None)
    refused = _refused_last(versions)
    source = making or refused
    linked = [signal.id for signal in source.prompted_by] if source else []
    signals = list_can_prompt(region.id, policy_id=source.id if source else None)

    def make_form(data: Any = None) -> PolicyForm:
        return PolicyForm(
            data,
            agreed=source.agreed if source else get_newest_agreed(region.id),
            why=source.why if source else "",
            coordinators=list_role_holders(
                Role.COORDINATOR, region_id=region.id, at=at
            ),
            signals=[
                (signal.id, f"{SignalTopic(signal.topic).label}: {signal.text}")
                for signal in signals
            ],
            linked=linked,
        )

    form, status = make_form(), HTTPStatus.OK
    if request.method == "POST":
        form = make_form(request.POST)
        if form.is_valid():
            try:
                row = save_draft(
                    actor=actor,
                    region_id=region.id,
                    agreed=form.agreed(region.id),
                    why=form.cleaned_data["why"],
                    at=at,
                )
                link_signals(
                    actor=actor,
                    policy_id=row.pk,
                    signal_ids=form.cleaned_data.get("signal_ids", []),
                )
            except InvalidRequest as error:
                form.refuse(error)
            else:
                messages.success(
                    request,
                    _("The draft is stored. Nothing changes until it is approved."),
                )
                return redirect("referrals:policy", row.pk)
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(
        request,
        "referrals/agreements_change.html",
        {
            "form": form,
            "region": region,
            "making": making,
            "refused": None if making else refused,
            "back_url": agreements_address(region.id),
        },
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def add(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Enter an agreement that a provider signed."""
    region = _read_own_region(request, actor)
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
                return redirect(agreements_address(region.id) + "#signed")
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    return render(
        request,
        "referrals/agreements_add.html",
        {
            "form": form,
            "region": region,
            "back_url": agreements_address(region.id),
        },
        status=status,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@professional_page
def end(request: HttpRequest, actor: Actor, agreement_id: int) -> HttpResponse:
    """Ask once, then end a signed agreement today."""
    region = _read_own_region(request, actor)
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
        return redirect(agreements_address(region.id) + "#signed")
    return render(
        request,
        "referrals/agreements_end.html",
        {
            "agreement": found,
            "region": region,
            "back_url": agreements_address(region.id),
        },
    )


# --- which region


def read_region(
    request: HttpRequest, actor: Actor
) -> tuple[RegionChoice, list[RegionChoice]]:
    """Return the region of the address, and those to choose from: the own ones first.

    Everybody may read every region; who has none of their own chooses from all.
    """
    check_can_view_policy(actor)
    regions = list_coverage_regions()
    own_ids = own_region_ids(actor)
    own = [region for region in regions if region.id in own_ids] or regions
    wanted = next(iter(ticked_ids([request.GET.get("regio", "")])), None)
    region = next(
        (r for r in (regions if wanted else own) if wanted in (None, r.id)), None
    )
    if region is None:
        raise NotPermitted(_("There is no such region. Choose one from your pages."))
    return region, own


def own_region_ids(actor: Actor) -> frozenset[int]:
    """Return the regions somebody's roles are bound to, or whose areas they serve."""
    ids: set[int] = set()
    for grant in actor.grants:
        if grant.region_id is not None:
            ids.add(grant.region_id)
        elif grant.service_id is not None:
            ids |= get_service_target(grant.service_id).region_ids
        elif grant.organization_id is not None:
            ids |= get_organization_target(grant.organization_id).region_ids
    return frozenset(ids)


def _read_own_region(request: HttpRequest, actor: Actor) -> RegionChoice:
    """Return the region of the address, if the actor may change its agreements."""
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
    return region


def agreements_address(region_id: int) -> str:
    """Return the address of the agreements of a region."""
    return f"{reverse('referrals:agreements')}?regio={region_id}"


def _region_chips(region: RegionChoice, regions: list[RegionChoice]) -> list[Chip]:
    if len(regions) < 2:
        return []
    return [
        Chip(r.name, agreements_address(r.id), active=r.id == region.id)
        for r in regions
    ]


# --- in words


def name_coordinators(region_id: int, *, at: datetime) -> dict[int, str]:
    """Return who coordinates a region, by id (one query)."""
    return dict(list_role_holders(Role.COORDINATOR, region_id=region_id, at=at))


def describe_version(
    version: Version, *, names: Mapping[int, str], at: datetime
) -> dict[str, Any]:
    """Return a version for the history: what changed, who said what, and why."""
    return {
        "version": version,
        "title": _("Version %(number)s") % {"number": version.number},
        "url": reverse("referrals:policy", args=[version.id]),
        "word": PolicyStatus(version.status).label,
        "tone": STATUS_TONES[PolicyStatus(version.status)],
        "moment": version.effective_from
        if version.is_approved
        else version.proposed_at or version.made_at,
        "effect": say_effect(version, at=at),
        "differences": list_differences(version.base, version.agreed, names=names),
        "said": describe_said(version),
        "signals": [describe_signal(s, at=at) for s in version.prompted_by],
    }


def describe_said(version: Version) -> list[dict[str, Any]]:
    """Return what each party said, the nurses first."""
    by_party = {said.party: said for said in version.said}
    return [
        {"party": party.label, "said": by_party.get(party.value)} for party in Party
    ]


def describe_signal(signal: SignalRow, *, at: datetime) -> dict[str, Any]:
    """Return a signal in words, without who filed it."""
    today = localdate(at)
    return {
        "signal": signal,
        "url": reverse("referrals:signal", args=[signal.id]),
        "topic": SignalTopic(signal.topic).label,
        "role": _role_word(signal.filed_as),
        "is_late": signal.is_late(today),
        "due": say_day(signal.due_on, today),
    }


def _role_word(role: str) -> str:
    return str(Role(role).label) if role in Role.values else ""


def _refused_last(versions: Sequence[Version]) -> Version | None:
    """Return the version that was refused last, unless another was decided since."""
    newest = next(iter(versions), None)
    return newest if newest is not None and newest.is_refused else None


def _find_next_step(
    actor: Actor, versions: Sequence[Version], *, may_edit: bool
) -> NextStep | None:
    making = next((v for v in versions if v.is_in_the_making), None)
    if making is None:
        refused = _refused_last(versions)
        if refused is None or not may_edit or refused.refusal is None:
            return None
        return NextStep(
            title=_("Version %(n)s was refused") % {"n": refused.number},
            text=_("%(who)s: “%(remark)s”")
            % {
                "who": Party(refused.refusal.party).label,
                "remark": refused.refusal.remark,
            },
            label=_("Adapt it and propose it again"),
            url=f"{reverse('referrals:agreements-change')}?regio={refused.region_id}",
            is_mine=True,
        )
    url = reverse("referrals:policy", args=[making.id])
    if making.is_draft:
        return NextStep(
            title=_("Version %(n)s is a draft") % {"n": making.number},
            text=_("It changes nothing yet. %(why)s") % {"why": making.why},
            label=_("See what it does, and propose it")
            if may_edit
            else _("Read the draft"),
            url=url,
            is_mine=may_edit,
        )
    parties = [party.label.lower() for party in making.waits_for]
    target = Target(region_ids=frozenset({making.region_id}))
    speaks = can_approve(actor, target) and party_of(actor, target) in making.waits_for
    return NextStep(
        title=_("Version %(n)s waits for approval") % {"n": making.number},
        text=_("Not answered yet: %(parties)s.") % {"parties": join_words(parties)},
        label=_("Read it and say yes or no") if speaks else _("Read the proposal"),
        url=url,
        is_mine=speaks,
    )
