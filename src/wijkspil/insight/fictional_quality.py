"""Invent what providers bring in of their quality: only for fictional regions."""

from collections.abc import Iterator
from datetime import date, datetime

import numpy as np
from django.utils.timezone import localdate

from wijkspil.accounts.types import Actor
from wijkspil.insight.services.upload_files import COLUMNS
from wijkspil.insight.services.uploads import (
    bring_in,
    list_own_providers,
    plan_upload,
)

#: Means of the country in 2021 (attention 8.9, fixed team 8.3), about which to vary.
_PREM_MEAN, _PREM_SPREAD, _PREM_DEVIATION = 8.6, 0.25, 1.1
#: Assumptions; no national figure with this definition was found.
_HOSPITAL_SHARE, _STRAIN_SHARE = 0.13, 0.22


def make_quality(*, actor: Actor, at: datetime, seed: int) -> int:
    """Bring in invented figures of the providers an analyst sees; return how many.

    Through the same service as a person does. Twice does nothing new.
    """
    rng = np.random.default_rng([seed, 71])
    codes = sorted(list_own_providers(actor, at=at).values())
    # One in five did not bring anything in.
    chosen = [code for code in codes if rng.random() > 0.2]
    lines = [";".join(COLUMNS)]
    for code in chosen:
        clients = int(rng.integers(6, 140))
        for first, last in _periods(localdate(at)):
            lines += _lines(rng, code, clients, first, last)
    if len(lines) == 1:
        return 0
    content = "\n".join(lines).encode()
    name = "fictief-kwaliteit.csv"
    plan = plan_upload(actor=actor, name=name, content=content, at=at)
    bring_in(actor=actor, name=name, content=content, at=at, expected=plan.signature)
    return plan.effect


def _periods(today: date) -> Iterator[tuple[date, date]]:
    """Yield the measuring moments that are over: 1 March until 30 September."""
    for year in (today.year - 1, today.year):
        if date(year, 9, 30) < today:
            yield date(year, 3, 1), date(year, 9, 30)


def _lines(
    rng: np.random.Generator, code: str, clients: int, first: date, last: date
) -> Iterator[str]:
    answers = int(rng.binomial(clients, 0.38))
    score = float(np.clip(rng.normal(_PREM_MEAN, _PREM_SPREAD), 1, 10))
    carers = int(rng.binomial(clients, 0.5))
    period = f"{first};{last}"
    if answers:
        yield (f"{code};prem_score;{period};{answers};;{score:.2f};{_PREM_DEVIATION}")
    hospital = int(rng.binomial(clients, _HOSPITAL_SHARE))
    yield f"{code};unplanned_hospital_share;{period};{clients};{hospital};;"
    if carers:
        strained = int(rng.binomial(carers, _STRAIN_SHARE))
        yield f"{code};carer_strain_share;{period};{carers};{strained};;"
