"""Prepare a demo: choose a place, load its areas, fill it with invented providers."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wijkspil.config.postgres import default_data_dir
from wijkspil.config.runtime import DEFAULT_DATABASE
from wijkspil.config.sandbox import keep_sandbox_tokens
from wijkspil.core.errors import InvalidValue
from wijkspil.core.progress import Progress

if TYPE_CHECKING:
    from wijkspil.directory.fictional.generation import Summary

#: How long a filled demo is used again as it is.
KEPT_FOR = timedelta(days=7)

#: Requests that are played: on invented ground, in a region, in the country (there
#: about half of a week's new clients, so that it takes minutes).
REQUESTS_INVENTED, REQUESTS_REGION, REQUESTS_COUNTRY = 120, 1_000, 3_000

#: Everybody signs in to a demo with this; nothing in it is real.
DEMO_PASSWORD = "wijkspil-demo"


@dataclass(frozen=True)
class DemoPlace:
    """Where a demo plays: invented geography, or real areas from a folder."""

    name: str
    database: str
    data: Path | None
    region: str | None


def choose_place(
    *, data: Path | None, region: str | None, everything: bool
) -> DemoPlace:
    """Return the place for the options given.

    Raises
    ------
    InvalidValue
        If the options contradict each other or the folder does not exist.
    """
    if data is None:
        if region or everything:
            raise InvalidValue(
                "--region and --all choose from open data: add --data FOLDER."
            )
        return DemoPlace("Spilland", DEFAULT_DATABASE, None, None)
    if not data.is_dir():
        raise InvalidValue(f"--data {data}: there is no such folder.")
    if everything == bool(region):
        raise InvalidValue("Give either --region NAME or --all with --data.")
    if region is None:
        return DemoPlace("Nederland", "wijkspil_nederland", data, None)
    slug = re.sub(r"[^a-z0-9]+", "_", region.lower()).strip("_")
    return DemoPlace(region.upper(), f"wijkspil_{slug}", data, region)


def prepare(
    place: DemoPlace,
    *,
    supply: float,
    seed: int,
    fresh: bool,
    at: datetime,
    progress: Progress,
) -> dict[str, Any]:
    """Fill the database once and return the summary; a second run only reads it.

    A demo older than a week is filled again: its duty roster runs out. Loading is
    idempotent, so that a demo that was broken off simply goes on.
    """
    from wijkspil.directory import importing
    from wijkspil.directory.fictional.generation import generate
    from wijkspil.fhir.services.clearing import forget_fictional
    from wijkspil.fhir.services.publishing import publish_all
    from wijkspil.fhir.services.rendering import render_all
    from wijkspil.referrals.fictional.agreements import agree_in_regions
    from wijkspil.referrals.fictional.figures import count_main_job
    from wijkspil.referrals.fictional.play import play_main_job

    kept = _read_summary(place)
    wanted = {"supply": supply, "seed": seed}
    if kept is not None and not fresh and _is_current(kept, wanted, at=at):
        return kept | _sandbox(at=at)
    gp_locations = None
    if place.data is not None:
        importing.load(place.data, region=place.region, progress=progress)
        gp_locations = importing.read_gp_locations(place.data, place.region)
    delete_fictional()
    made = generate(
        seed=seed,
        at=at,
        password=DEMO_PASSWORD,
        supply=supply,
        gp_locations=gp_locations,
        replace=True,
        progress=progress,
    )
    publish_all()
    forget_fictional()
    told = play_main_job(
        requests=_count_requests(place),
        supply=supply,
        seed=seed,
        at=at,
        progress=progress,
        waiting_at=made.example_postcode,
    )
    agree_in_regions(at=at)
    _play_around(at=at, seed=seed)
    wish = _play_gp_lists(at=at, seed=seed, progress=progress)
    _count_and_project(at=at, seed=seed, progress=progress)
    summary = _summarize(place, made, wanted) | {"wish": wish}
    summary |= count_main_job(told).as_dict() | _sandbox(at=at)
    render_all()
    _write_summary(place, summary)
    return summary


def _sandbox(*, at: datetime) -> dict[str, Any]:
    return {"sandbox": [asdict(one) for one in keep_sandbox_tokens(at=at)]}


def delete_fictional() -> None:
    """Remove what was played on invented providers, so that these can go as well."""
    from wijkspil.calls.services.retention import delete_fictional_calls
    from wijkspil.insight.fictional import delete_fictional_insight
    from wijkspil.referrals.services.retention import delete_fictional_requests
    from wijkspil.registrations.fictional import delete_fictional_registrations
    from wijkspil.stays.services.retention import delete_fictional_stays

    delete_fictional_insight()
    delete_fictional_requests()
    delete_fictional_calls()
    delete_fictional_stays()
    delete_fictional_registrations()


def _play_around(*, at: datetime, seed: int) -> None:
    """Play calls at night and temporary stays where the demo's own people work."""
    from wijkspil.accounts.selectors import find_fictional_actor
    from wijkspil.calls.fictional import make_calls
    from wijkspil.communications.services.reading import mark_older_read
    from wijkspil.stays.fictional import make_beds

    coordinator = find_fictional_actor("coordinator@example.nl", at=at)
    referrer = find_fictional_actor("verwijzer@example.nl", at=at)
    caller = find_fictional_actor("triage@example.nl", at=at)
    if coordinator is None or referrer is None or caller is None:
        return
    for grant in coordinator.grants:
        if grant.region_id is not None:
            make_calls(region_id=grant.region_id, caller=caller, at=at, seed=seed)
            make_beds(
                region_id=grant.region_id, at=at, seed=seed, requesters=[referrer]
            )
    # Who signs in to a demo is not behind with what was played.
    mark_older_read(at - timedelta(days=1), at=at)


def _play_gp_lists(
    *, at: datetime, seed: int, progress: Progress
) -> dict[str, str] | None:
    """Play GP lists and rounds; return the way to a wish that has a proposal."""
    from django.urls import reverse
    from django.utils.translation import gettext as _

    from wijkspil.accounts.selectors import find_fictional_actor
    from wijkspil.registrations.fictional import make_lists_wishes_rounds

    coordinator = find_fictional_actor("rho@example.nl", at=at)
    if coordinator is None:
        return None
    region_id = next((g.region_id for g in coordinator.grants if g.region_id), None)
    if region_id is None:
        return None
    progress.start(_("Playing GP lists and rounds"), 1)
    found = (
        find_fictional_actor(f"{name}@example.nl", at=at)
        for name in ("praktijk", "praktijk2")
    )
    made = make_lists_wishes_rounds(
        region_id=region_id,
        at=at,
        seed=seed,
        coordinator=coordinator,
        managers=[one for one in found if one is not None],
    )
    progress.advance()
    if made.link is None:
        return None
    return {
        "number": made.number,
        "path": reverse("registrations:follow", args=[made.link.token]),
        "code": made.link.code,
    }


def _count_and_project(*, at: datetime, seed: int, progress: Progress) -> None:
    """Count the figures of what was played, and look ahead from them."""
    from wijkspil.accounts.selectors import find_fictional_actor
    from wijkspil.insight.fictional import ANALYST, make_scenarios_and_plans
    from wijkspil.insight.fictional_quality import make_quality
    from wijkspil.insight.services.refreshing import refresh_figures

    analyst = find_fictional_actor(ANALYST, at=at)
    if analyst is not None:
        make_quality(actor=analyst, at=at, seed=seed)
    refresh_figures(region_id=None, at=at, progress=progress)
    make_scenarios_and_plans(at)


def _count_requests(place: DemoPlace) -> int:
    if place.data is None:
        return REQUESTS_INVENTED
    return REQUESTS_COUNTRY if place.region is None else REQUESTS_REGION


def _summarize(
    place: DemoPlace, made: "Summary", wanted: dict[str, float]
) -> dict[str, Any]:
    return {
        "region": place.name,
        "database": place.database,
        "version": version("wijkspil"),
        **wanted,
        "generated_at": made.at.isoformat(),
        "counts": made.counts,
        "accounts": [asdict(account) for account in made.accounts],
        "password": made.password,
        "token": made.token_secret,
        "token_organization": made.token_organization,
        "postcode": made.example_postcode,
        "digest": made.digest,
    }


def _summary_file(place: DemoPlace) -> Path:
    return default_data_dir().parent / f"{place.database}.json"


def _read_summary(place: DemoPlace) -> dict[str, Any] | None:
    """Return what was made before, if the rows are still there."""
    from wijkspil.directory.fictional.store import is_generated

    file = _summary_file(place)
    if not file.exists() or not is_generated():
        return None
    summary: dict[str, Any] = json.loads(file.read_text())
    return summary


def _write_summary(place: DemoPlace, summary: dict[str, Any]) -> None:
    file = _summary_file(place)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps(summary, indent=2, ensure_ascii=False))


def _is_current(
    kept: dict[str, Any], wanted: dict[str, float], *, at: datetime
) -> bool:
    age = at - datetime.fromisoformat(kept["generated_at"])
    return age < KEPT_FOR and all(kept[key] == value for key, value in wanted.items())
