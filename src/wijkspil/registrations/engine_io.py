"""The bridge to the exchange engine: rounds as its files, and back as rows.

What is divided always goes through the engine's file format: who has the two files of
a round can compute its hash, divide it again on the command line and check the receipt.
Wishes have names of the round in them, practices the number of their service.
"""

import csv
import hashlib
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wijkspil_engines.csvfile import InvalidFile
from wijkspil_engines.exchange.csvio import (
    levels_of,
    moves_file,
    problem_files,
    read_problem,
    report_of,
    required_of,
    result_of,
)
from wijkspil_engines.exchange.csvio import read_moves as read_moves_file
from wijkspil_engines.exchange.explain import Explainer, find_shortages
from wijkspil_engines.exchange.guard import (
    Grouping,
    compare,
    solve_guarded,
    standard_groupings,
)
from wijkspil_engines.exchange.outlook import (
    Asked,
    Outlook,
    read_outlook,
    waiting_band,
    what_would_help,
    write_outlook,
)
from wijkspil_engines.exchange.problem import (
    LEVELS,
    NO_LIMIT,
    NONE,
    ExchangeProblem,
    Params,
)
from wijkspil_engines.exchange.rehouse import (
    LEVELS as REHOUSE_LEVELS,
)
from wijkspil_engines.exchange.rehouse import (
    MovingHousehold,
    RehouseParams,
    TakingPractice,
    rehouse,
)
from wijkspil_engines.exchange.rehouse_files import report_of as rehouse_report
from wijkspil_engines.exchange.repair import executable, resolve_after
from wijkspil_engines.exchange.result import Result, make_result, taken_practice
from wijkspil_engines.exchange.solve import solve
from wijkspil_engines.exchange.verify import verify

#: Told how far a computation is: step, done, of.
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class PracticeRow:
    """What a practice gives to a round; None: no limit. Loads are thousandths."""

    key: str
    free_places: int
    max_inflow: int | None = None
    free_load: int | None = None


@dataclass(frozen=True)
class WishRow:
    """A household as it is divided; ``choices`` are practices, best first."""

    key: str
    size: int
    current: str
    priority_class: int
    waiting_since: date
    choices: tuple[str, ...]
    load: int


@dataclass(frozen=True)
class TakenWish:
    """What a file of wishes says of a household's size and place."""

    key: str
    size: int
    load: int
    current: str


@dataclass(frozen=True)
class PlannedMove:
    """A row of a file of moves."""

    key: str
    came_from: str
    to: str
    choice_rank: int


@dataclass(frozen=True)
class Goals:
    """By what a round is divided, on which day of waiting."""

    mechanism: str
    levels: tuple[str, ...]
    is_guarded: bool
    seed: int
    on: date


@dataclass(frozen=True)
class Answered:
    """What was said to proposals, in the names of the round.

    ``confirmed``: wish -> practice; ``refused``: (wish, practice); ``out``: wishes that
    take no more part.
    """

    confirmed: Mapping[str, str]
    refused: frozenset[tuple[str, str]] = frozenset()
    out: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Totals:
    """What a division means for one practice; loads in thousandths."""

    people_in: int
    people_out: int
    load_in: int
    load_out: int
    seat_price: int | None


@dataclass(frozen=True)
class Divided:
    """A division that stood up to the check.

    ``wishes_csv`` is None where it is the file that was given; ``suspended``: wishes
    whose confirmed move leaned on a "no"; ``is_new``: somebody gets a new proposal.
    """

    moves_csv: bytes
    receipt: Mapping[str, Any]
    totals: Mapping[str, Totals]
    outcomes: Mapping[str, Mapping[str, Any]]
    fairness: Mapping[str, Any] | None = None
    wishes_csv: bytes | None = None
    suspended: frozenset[str] = field(default_factory=frozenset)
    is_new: bool = True


# --- files


def write_files(
    practices: Iterable[PracticeRow], wishes: Sequence[WishRow], *, on: date
) -> tuple[bytes, bytes]:
    """Return the two files of a round, as the engine writes them itself.

    Raises
    ------
    InvalidProblem
        If a row cannot be computed with; our own tables do not hold such rows.
    """
    rows = list(practices)
    number = {row.key: index for index, row in enumerate(rows)}

    def limit(value: int | None) -> int:
        return NO_LIMIT if value is None else value

    problem = ExchangeProblem.build(
        practice_ids=[row.key for row in rows],
        free_places=[row.free_places for row in rows],
        max_inflow=[limit(row.max_inflow) for row in rows],
        free_load=[limit(row.free_load) for row in rows],
        wish_ids=[row.key for row in wishes],
        origin=[number.get(row.current, NONE) for row in wishes],
        options=[[number[one] for one in row.choices] for row in wishes],
        size=[row.size for row in wishes],
        priority_class=[row.priority_class for row in wishes],
        waiting_days=[max(0, (on - row.waiting_since).days) for row in wishes],
        load=[row.load for row in wishes],
        date=on,
    )
    return problem_files(problem)


def hash_of(practices_csv: bytes, wishes_csv: bytes) -> str:
    """Return the SHA-256 of both files, one after the other."""
    return hashlib.sha256(practices_csv + wishes_csv).hexdigest()


def read_taken_wishes(wishes_csv: bytes) -> list[TakenWish]:
    """Return size, load and current practice of each wish in a file."""
    made = []
    for row in _rows(wishes_csv):
        size = int(row["household_size"])
        load = row.get("load") or ""
        made.append(
            TakenWish(
                key=row["wish_id"],
                size=size,
                load=round(float(load) * 1000) if load else size * 1000,
                current=row["current_practice_id"],
            )
        )
    return made


def read_moves(moves_csv: bytes) -> list[PlannedMove]:
    """Return who moves where."""
    return [
        PlannedMove(
            key=row["wish_id"],
            came_from=row["from_practice_id"],
            to=row["to_practice_id"],
            choice_rank=int(row["choice_rank"]),
        )
        for row in _rows(moves_csv)
    ]


# --- dividing


def divide(
    practices_csv: bytes,
    wishes_csv: bytes,
    *,
    goals: Goals,
    groups: Mapping[str, Mapping[str, str]],
    tell: Tell | None = None,
) -> Divided:
    """Divide a round and lay beside it what the waiting list would have done.

    ``groups``: wish -> group -> label, for groups that the files do not tell.

    Raises
    ------
    InvalidFile
        If a file is not as the format says.
    RuntimeError
        If the result does not stand up to the engine's own check.
    """
    problem = _problem(practices_csv, wishes_csv, on=goals.on)
    params = Params(levels=goals.levels or LEVELS)

    def run(asked: Params) -> Result:
        return solve(
            problem,
            params=asked,
            mechanism=goals.mechanism,
            seed=goals.seed,
            progress=tell,
        )

    groupings = (*standard_groupings(problem), *_groupings(problem, groups))
    listed = solve(problem, mechanism="waitlist", seed=goals.seed)
    price = 0
    if goals.is_guarded and goals.mechanism == "optimum":
        guarded = solve_guarded(
            problem,
            groupings,
            listed,
            lambda required: run(replace(params, required=required)),
        )
        result = guarded.result
        params = replace(params, required=guarded.required)
        price = guarded.price_people
    else:
        result = run(params)
    _check(problem, result, params)
    fairness = {
        "list_people": listed.moved_people,
        "list_households": listed.moved_households,
        "guard_price_people": price if goals.is_guarded else None,
        "shortages": _shortages(problem, result),
        "groups": [
            asdict(one) | {"later": one.is_served_later}
            for one in compare(problem, groupings, listed, result)
            if one.people
        ],
    }
    return Divided(
        moves_csv=moves_file(problem, result.choice),
        receipt=report_of(problem, result, required=params.required),
        totals=_totals(problem, result),
        outcomes=_outcomes(problem, result),
        fairness=fairness,
    )


def divide_again(
    practices_csv: bytes,
    wishes_csv: bytes,
    *,
    goals: Goals,
    answered: Answered,
    tell: Tell | None = None,
) -> Divided:
    """Divide what came free after a "no", among the confirmed moves.

    Who is out, and what was refused, is left out of the files; confirmed moves that
    hold have one choice and must move.

    Raises
    ------
    InvalidFile, RuntimeError
        As for ``divide``.
    """
    problem = _problem(practices_csv, _narrow(wishes_csv, answered), on=goals.on)
    confirmed, before = _as_choice(problem, answered.confirmed)
    params = Params(levels=goals.levels or LEVELS)
    repaired = resolve_after(
        problem,
        before,
        confirmed=confirmed,
        params=params,
        solve=lambda asked, how: solve(
            asked,
            params=how,
            mechanism="optimum",
            seed=goals.seed,
            progress=tell,
        ),
    )
    files = problem_files(repaired.rest)
    rest = replace(repaired.rest, input_hash=hash_of(practices_csv, files[1]))
    result = replace(repaired.rest_result, input_sha256=rest.input_hash)
    required = repaired.held if repaired.held.any() else None
    _check(rest, result, replace(params, required=required))
    names = problem.wish_ids
    return Divided(
        moves_csv=moves_file(rest, result.choice),
        receipt=report_of(rest, result, required=required),
        totals=_totals(rest, result),
        outcomes=_outcomes(rest, result),
        wishes_csv=files[1],
        suspended=frozenset(
            names[i] for i in np.flatnonzero(repaired.suspended).tolist()
        ),
        is_new=bool(repaired.proposed.any()) or bool(repaired.suspended.any()),
    )


def settle(
    practices_csv: bytes,
    wishes_csv: bytes,
    confirmed: Mapping[str, str],
    *,
    seed: int,
    on: date,
) -> frozenset[str]:
    """Return the confirmed moves that leave every practice in balance by themselves.

    As many people as can be, those without a practice first.
    """
    if not confirmed:
        return frozenset()
    problem = _problem(
        practices_csv, _narrow(wishes_csv, Answered(confirmed), only=True), on=on
    )
    going, before = _as_choice(problem, confirmed)
    if executable(problem, before, going).all():
        return frozenset(confirmed)
    result = solve(
        problem, params=Params(levels=("class0", "moved", "waiting")), seed=seed
    )
    return frozenset(
        problem.wish_ids[i] for i in np.flatnonzero(result.choice >= 0).tolist()
    )


def check_division(
    practices_csv: bytes,
    wishes_csv: bytes,
    moves_csv: bytes,
    receipt: Mapping[str, Any],
    *,
    on: date,
) -> list[str]:
    """Return what does not stand up, in the engine's words; nothing if all does.

    Hash, counts, places and the proof, all from the files.
    """
    with _files(practices_csv, wishes_csv, moves_csv) as (first, second, third):
        try:
            problem = read_problem(first, second, date=on)
            choice, wrong = read_moves_file(problem, third)
            result = result_of(problem, choice, third, receipt)
            required = required_of(problem, third, receipt)
            levels = tuple(one.name for one in levels_of(problem, third, receipt))
        except InvalidFile as error:
            return [str(error)]
    found = list(wrong)
    if not found:
        found = list(
            verify(
                problem,
                result,
                params=Params(levels=levels or LEVELS, required=required),
            )
        )
    return [str(one) for one in found]


# --- parts


def _check(problem: ExchangeProblem, result: Result, params: Params) -> None:
    wrong = verify(problem, result, params=params)
    if wrong:
        raise RuntimeError(f"the division does not hold: {'; '.join(map(str, wrong))}")


def _problem(practices_csv: bytes, wishes_csv: bytes, *, on: date) -> ExchangeProblem:
    with _files(practices_csv, wishes_csv) as (first, second):
        return read_problem(first, second, date=on)


@contextmanager
def _files(*contents: bytes) -> Iterator[tuple[Path, ...]]:
    names = ("practices.csv", "wishes.csv", "moves.csv")
    with tempfile.TemporaryDirectory(prefix="wijkspil-round-") as folder:
        made = []
        for name, content in zip(names, contents, strict=False):
            file = Path(folder, name)
            file.write_bytes(content)
            made.append(file)
        yield tuple(made)


def _rows(content: bytes) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(io.StringIO(content.decode(), newline=""))


def _narrow(wishes_csv: bytes, answered: Answered, *, only: bool = False) -> bytes:
    """Leave out wishes that are out and choices that were refused.

    With ``only`` the confirmed wishes remain, each with its practice as only choice.
    """
    reader = csv.DictReader(io.StringIO(wishes_csv.decode(), newline=""))
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(reader.fieldnames or ()), lineterminator="\n")
    writer.writeheader()
    for row in reader:
        key = row["wish_id"]
        if key in answered.confirmed:
            if only:
                row["choices"] = answered.confirmed[key]
            writer.writerow(row)
            continue
        if only or key in answered.out:
            continue
        left = [
            name
            for name in row["choices"].split("|")
            if (key, name) not in answered.refused
        ]
        if left:
            writer.writerow(row | {"choices": "|".join(left)})
    return stream.getvalue().encode()


def _as_choice(
    problem: ExchangeProblem, confirmed: Mapping[str, str]
) -> tuple[NDArray[np.bool_], Result]:
    """Return which wishes are confirmed, and their moves as a result."""
    choice = np.full(problem.n_wishes, -1, np.int32)
    for i, name in enumerate(problem.wish_ids):
        if name not in confirmed:
            continue
        begin, end = problem.first_option[i], problem.first_option[i + 1]
        options = [problem.practice_ids[b] for b in problem.option[begin:end]]
        choice[i] = options.index(confirmed[name])
    result = make_result(
        problem, choice, status="feasible", mechanism="optimum", seed=0, seconds=0.0
    )
    return choice >= 0, result


def _groupings(
    problem: ExchangeProblem, groups: Mapping[str, Mapping[str, str]]
) -> Iterator[Grouping]:
    names = sorted({name for of_wish in groups.values() for name in of_wish})
    for name in names:
        found = [groups.get(key, {}).get(name, "") for key in problem.wish_ids]
        labels = tuple(sorted(set(found) - {""}))
        code = [labels.index(one) if one else -1 for one in found]
        yield Grouping(name, labels, np.array(code, np.int64))


def _totals(problem: ExchangeProblem, result: Result) -> dict[str, Totals]:
    moved = result.choice >= 0
    to = taken_practice(problem, result.choice)[moved]
    leaves = moved & (problem.origin >= 0)
    origin = problem.origin[leaves]

    def count(where: NDArray[Any], what: NDArray[Any]) -> list[int]:
        found = np.zeros(problem.n_practices, np.int64)
        np.add.at(found, where, what.astype(np.int64))
        return [int(one) for one in found]

    columns = (
        count(to, problem.size[moved]),
        count(origin, problem.size[leaves]),
        count(to, problem.load[moved]),
        count(origin, problem.load[leaves]),
    )
    prices = result.seat_prices
    return {
        name: Totals(
            people_in=columns[0][b],
            people_out=columns[1][b],
            load_in=columns[2][b],
            load_out=columns[3][b],
            seat_price=None if prices is None else int(prices[b]),
        )
        for b, name in enumerate(problem.practice_ids)
    }


def _outcomes(problem: ExchangeProblem, result: Result) -> dict[str, dict[str, Any]]:
    """Return why each wish moves or stays: codes and numbers.

    ``code`` as the engine says it; ``rank`` of who moves; of who stays the ``level``
    that decided at the ``practice`` that came nearest.
    """
    explainer = Explainer(problem, result)
    made: dict[str, dict[str, Any]] = {}
    for i, name in enumerate(problem.wish_ids):
        found = explainer.explain(i)
        told: dict[str, Any] = {"code": found.code}
        if found.choice_rank is not None:
            told["rank"] = found.choice_rank
        else:
            nearest = next((o for o in found.options if o.code == found.code), None)
            if nearest is not None:
                told["practice"] = int(problem.practice_ids[nearest.practice])
                told["level"] = nearest.level
        made[name] = told
    return made


def _shortages(problem: ExchangeProblem, result: Result) -> list[dict[str, Any]]:
    return [
        {
            "practices": [int(problem.practice_ids[b]) for b in one.practices],
            "wishers": one.wishers,
            "free": one.free,
            "leaving": one.leaving,
            "missing": one.missing,
        }
        for one in find_shortages(problem, result)
    ]


# --- what a wish may expect


@dataclass(frozen=True)
class OutlookGiven:
    """Of what rounds to come are drawn: practices, who waits, who came in a year.

    ``places``: practice -> people it takes between two rounds, on average. Rows of
    ``came`` count with a waiting time of 0.
    """

    practices: Sequence[str]
    places: Mapping[str, float]
    waiting: Sequence[WishRow]
    came: Sequence[WishRow]
    came_per_round: float
    on: date


@dataclass(frozen=True)
class WaitingBand:
    """Weeks until a place in a tenth, half and nine tenths of the runs.

    None: longer than ``longest_weeks``.
    """

    p10_weeks: float | None
    p50_weeks: float | None
    p90_weeks: float | None
    chance: float
    longest_weeks: float


@dataclass(frozen=True)
class ExtraChoice:
    """Practices to name as well, and the chance of a place with them."""

    practices: tuple[str, ...]
    chance: float
    p50_weeks: float | None


@dataclass(frozen=True)
class Expected:
    """What a wish may expect, and what would help."""

    band: WaitingBand
    within_weeks: float
    chance_now: float
    one: tuple[ExtraChoice, ...]
    two: tuple[ExtraChoice, ...]


def play_outlook(
    given: OutlookGiven, *, runs: int, rounds: int, days_between: int, seed: int
) -> bytes:
    """Play rounds to come, and keep their prices.

    Each household is one unit and a place takes a mean household: small enough an
    error beside what nobody knows of the months to come. In each run the places of a
    practice between rounds are Poisson, the wishes that come are drawn again from those
    that came in the last year.
    """
    number = {name: b for b, name in enumerate(given.practices)}
    sizes = [row.size for row in (*given.waiting, *given.came)]
    mean_size = sum(sizes) / len(sizes) if sizes else 1.0
    mean_places = np.array(
        [given.places.get(name, 0.0) / mean_size for name in given.practices]
    )
    levels = LEVELS
    n = len(given.practices)
    prices = np.zeros((runs, rounds, len(levels), n))
    left = np.zeros((runs, rounds, n), np.int64)
    for run, child in enumerate(np.random.SeedSequence(seed).spawn(runs)):
        rng = np.random.default_rng(child)
        pool = [_unit(row, number, given.on) for row in given.waiting]
        for when in range(rounds):
            days = (when + 1) * days_between
            count = int(rng.poisson(given.came_per_round)) if given.came else 0
            drawn = rng.integers(0, max(1, len(given.came)), count)
            pool += [
                replace(_unit(given.came[k], number, given.on), days=-days)
                for k in drawn.tolist()
            ]
            free = rng.poisson(mean_places)
            problem = ExchangeProblem.build(
                practice_ids=given.practices,
                free_places=free,
                wish_ids=[str(k) for k in range(len(pool))],
                origin=[one.origin for one in pool],
                options=[one.options for one in pool],
                priority_class=[one.priority_class for one in pool],
                waiting_days=[one.days + days for one in pool],
            )
            result = solve(problem, params=Params(levels=levels), seed=run)
            for row, level in enumerate(result.levels):
                if level.prices is not None:
                    prices[run, when, row] = level.prices / level.scale
            into = taken_practice(problem, result.choice)[result.choice >= 0]
            came_from = problem.origin[(result.choice >= 0) & (problem.origin >= 0)]
            left[run, when] = (
                free
                - np.bincount(into, minlength=n)
                + np.bincount(came_from, minlength=n)
            )
            pool = [
                one
                for one, choice in zip(pool, result.choice.tolist(), strict=True)
                if choice < 0
            ]
    outlook = Outlook(prices, prices, left, levels, days_between)
    with tempfile.TemporaryDirectory(prefix="wijkspil-outlook-") as folder:
        file = Path(folder, "outlook.npz")
        write_outlook(file, outlook)
        return file.read_bytes()


def ask_outlook(
    content: bytes,
    practices: Sequence[str],
    *,
    wish: WishRow,
    nearby: Sequence[str],
    on: date,
    within_weeks: float,
) -> Expected:
    """Return what one wish may expect, and which practices would help to name."""
    with tempfile.TemporaryDirectory(prefix="wijkspil-outlook-") as folder:
        file = Path(folder, "outlook.npz")
        file.write_bytes(content)
        outlook = read_outlook(file)
    number = {name: b for b, name in enumerate(practices)}
    asked = Asked(
        origin=number.get(wish.current, NONE),
        priority_class=wish.priority_class,
        options=tuple(number[name] for name in wish.choices if name in number),
        waiting_days=max(0, (on - wish.waiting_since).days),
    )
    band = waiting_band(outlook, asked)
    helps = what_would_help(
        outlook,
        asked,
        [number[name] for name in nearby if name in number],
        within_weeks=within_weeks,
    )

    def named(extras: Sequence[Any]) -> tuple[ExtraChoice, ...]:
        return tuple(
            ExtraChoice(
                tuple(practices[b] for b in one.practices), one.chance, one.p50_weeks
            )
            for one in extras
        )

    return Expected(
        band=WaitingBand(
            p10_weeks=band.p10_weeks,
            p50_weeks=band.p50_weeks,
            p90_weeks=band.p90_weeks,
            chance=band.chance,
            longest_weeks=band.longest_weeks,
        ),
        within_weeks=helps.within_weeks,
        chance_now=helps.chance_now,
        one=named(helps.one),
        two=named(helps.two),
    )


@dataclass(frozen=True)
class _Unit:
    origin: int
    priority_class: int
    options: list[int]
    days: int


def _unit(row: WishRow, number: Mapping[str, int], on: date) -> _Unit:
    return _Unit(
        origin=number.get(row.current, NONE),
        priority_class=row.priority_class,
        options=[number[name] for name in row.choices if name in number],
        days=max(0, (on - row.waiting_since).days),
    )


# --- re-housing


@dataclass(frozen=True)
class TakerRow:
    """A practice that takes people over; None: load is not bound."""

    key: str
    lon: float
    lat: float
    places: int
    per_day: int
    is_temporary: bool


@dataclass(frozen=True)
class MovingRow:
    """A household that loses its practice; load in thousandths."""

    key: str
    lon: float
    lat: float
    size: int
    load: int
    is_ill: bool
    is_house_bound: bool


@dataclass(frozen=True)
class Placed:
    """Where and when a household goes."""

    practice: str
    km: float
    day: date


@dataclass(frozen=True)
class RehousePlan:
    """Household -> place and day; who has none: ``far`` or ``full``."""

    placed: Mapping[str, Placed]
    far: frozenset[str]
    full: frozenset[str]
    receipt: Mapping[str, Any]


def plan_moves_out(
    takers: Sequence[TakerRow],
    households: Sequence[MovingRow],
    *,
    first_day: date,
    most_km: float,
    most_km_house_bound: float,
    holidays: Iterable[date],
    seed: int = 0,
    tell: Tell | None = None,
) -> RehousePlan:
    """Place all households at once, the ill and house-bound first, near by, by day.

    Raises
    ------
    InvalidProblem
        If a value cannot be used.
    RuntimeError
        If the result does not stand up to the engine's own check.
    """
    practices = [
        TakingPractice(
            practice_id=row.key,
            lon=row.lon,
            lat=row.lat,
            places=row.places,
            most_per_day=row.per_day,
            is_temporary=row.is_temporary,
        )
        for row in takers
    ]
    moving = [
        MovingHousehold(
            household_id=row.key,
            lon=row.lon,
            lat=row.lat,
            size=row.size,
            load=row.load,
            is_ill=row.is_ill,
            is_house_bound=row.is_house_bound,
        )
        for row in households
    ]
    found = rehouse(
        practices,
        moving,
        RehouseParams(
            first_day=first_day,
            most_km=most_km,
            most_km_house_bound=most_km_house_bound,
            holidays=frozenset(holidays),
        ),
        seed=seed,
        progress=tell,
    )
    _check(found.problem, found.result, Params(levels=REHOUSE_LEVELS))
    options = np.diff(found.problem.first_option)
    placed: dict[str, Placed] = {}
    far: set[str] = set()
    full: set[str] = set()
    for i, row in enumerate(households):
        day = found.day[i]
        if found.practice[i] != NONE and day is not None:
            placed[row.key] = Placed(
                takers[int(found.practice[i])].key, float(found.km[i]), day
            )
        elif options[i] == 0:
            far.add(row.key)
        else:
            full.add(row.key)
    return RehousePlan(
        placed=placed,
        far=frozenset(far),
        full=frozenset(full),
        receipt=rehouse_report(practices, moving, found),
    )
