"""Who wishes to move from which practice to which, and how much room is there?

Only descriptions and their checks; nothing is computed here. Everything is columnar:
a practice is a row of ``practice_ids``, a wish a row of ``wish_ids``, its options are
``option[first_option[i]:first_option[i + 1]]``, best first. Loads are whole
thousandths (1.25 is 1250). Arrays are read-only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date as Date
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: The current practice of who has none.
NONE = -1

#: What is aimed for, one after the other, each keeping the best of those before.
LEVELS = ("class0", "class1", "moved", "waiting", "rank")

#: Days of waiting count no further.
MAX_WAITING_DAYS = 3650

#: A load of one person of the usual age.
LOAD_UNIT = 1000

#: Stands for "no limit" in ``max_inflow`` and ``free_load``.
NO_LIMIT = 2**40

#: Class 0 = without a practice, 1 = moved away or practice stops, 2 = other.
PRIORITY_CLASSES = (0, 1, 2)

MECHANISMS = ("optimum", "ttc", "waitlist", "waitlist-without-refill")

_MOST_PEOPLE = 2**31 - 1


class InvalidProblem(ValueError):
    """A value cannot be computed with; says which, where and what to do.

    ``field`` names the place, as in ``free_places[3]``.
    """

    code = "invalid-problem"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field


class Infeasible(ValueError):
    """What is required cannot be met; names the wishes or practices that clash."""

    code = "infeasible"


@dataclass(frozen=True, eq=False)
class ExchangeProblem:
    """One round: practices with room, wishes with options.

    For every practice: people in minus people out <= ``free_places``, load in minus
    load out <= ``free_load``, people in <= ``max_inflow``. All people of a wish move
    together or stay.

    Parameters
    ----------
    practice_ids
        Names of the P practices, each once.
    free_places
        (P,) people that can come without anybody leaving, 0 or more.
    max_inflow
        (P,) most people that may come in this round; ``NO_LIMIT`` where none is set.
    free_load
        (P,) load that can be added, thousandths; ``NO_LIMIT`` where none is set.
    wish_ids
        Names of the W wishes, each once.
    size
        (W,) people of the household, 1 or more.
    origin
        (W,) the practice they are registered with now, or ``NONE``.
    priority_class
        (W,) one of ``PRIORITY_CLASSES``.
    waiting_days
        (W,) whole days waited on the date of the round, 0 or more, not capped.
    load
        (W,) load of the household, thousandths, 0 or more.
    first_option
        (W + 1,) where the options of each wish begin in ``option``.
    option
        (K,) practices, best first; none twice, none the origin.
    input_hash
        SHA-256 of the bytes of both files, empty when not from files.
    date
        Day of the round.

    Raises
    ------
    InvalidProblem
        If a value is outside what is said above.
    """

    practice_ids: Sequence[str]
    free_places: NDArray[np.int64]
    max_inflow: NDArray[np.int64]
    free_load: NDArray[np.int64]
    wish_ids: Sequence[str]
    size: NDArray[np.int32]
    origin: NDArray[np.int32]
    priority_class: NDArray[np.int8]
    waiting_days: NDArray[np.int32]
    load: NDArray[np.int64]
    first_option: NDArray[np.int64]
    option: NDArray[np.int32]
    input_hash: str = ""
    date: Date | None = None

    def __post_init__(self) -> None:
        kinds: dict[str, type[np.integer[Any]]] = {
            "free_places": np.int64,
            "max_inflow": np.int64,
            "free_load": np.int64,
            "size": np.int32,
            "origin": np.int32,
            "priority_class": np.int8,
            "waiting_days": np.int32,
            "load": np.int64,
            "first_option": np.int64,
            "option": np.int32,
        }
        for name, kind in kinds.items():
            object.__setattr__(self, name, _whole(name, getattr(self, name), kind))
        n_practices, n_wishes = len(self.practice_ids), len(self.wish_ids)
        for name in ("free_places", "max_inflow", "free_load"):
            _check_shape(name, getattr(self, name), n_practices)
            _check_between(name, getattr(self, name), 0, NO_LIMIT)
        for name in ("size", "origin", "priority_class", "waiting_days", "load"):
            _check_shape(name, getattr(self, name), n_wishes)
        _check_between("size", self.size, 1, 1000)
        _check_between("origin", self.origin, NONE, n_practices - 1)
        _check_between("priority_class", self.priority_class, 0, 2)
        _check_between("waiting_days", self.waiting_days, 0, _MOST_PEOPLE)
        _check_between("load", self.load, 0, 1000 * LOAD_UNIT)
        _check_shape("first_option", self.first_option, n_wishes + 1)
        lengths = np.diff(self.first_option)
        if self.first_option[0] != 0 or self.first_option[-1] != self.option.size:
            raise InvalidProblem(
                f"must go from 0 to {self.option.size}", field="first_option"
            )
        _check_between("first_option", lengths, 0, _MOST_PEOPLE)
        _check_between("option", self.option, 0, n_practices - 1)
        own = np.flatnonzero(self.option == self.origin[self.wish_of_option])
        if own.size:
            raise InvalidProblem(
                "is the practice where the household is now", field=f"option[{own[0]}]"
            )
        key = self.wish_of_option * max(n_practices, 1) + self.option
        order = np.argsort(key, kind="stable")
        twice = np.flatnonzero(np.diff(key[order]) == 0)
        if twice.size:
            raise InvalidProblem(
                "is named before by the same wish",
                field=f"option[{order[twice[0] + 1]}]",
            )
        for name, ids in (
            ("practice_ids", self.practice_ids),
            ("wish_ids", self.wish_ids),
        ):
            if len(set(ids)) != len(ids):
                seen: set[str] = set()
                for index, each in enumerate(ids):
                    if each in seen:
                        raise InvalidProblem(
                            f"{each!r} occurs twice", field=f"{name}[{index}]"
                        )
                    seen.add(each)

    @classmethod
    def build(
        cls,
        *,
        practice_ids: Sequence[str],
        free_places: ArrayLike,
        wish_ids: Sequence[str],
        origin: ArrayLike,
        options: Sequence[Sequence[int]],
        size: ArrayLike | None = None,
        priority_class: ArrayLike | None = None,
        waiting_days: ArrayLike | None = None,
        load: ArrayLike | None = None,
        max_inflow: ArrayLike | None = None,
        free_load: ArrayLike | None = None,
        input_hash: str = "",
        date: Date | None = None,
    ) -> Self:
        """Make a problem from plain sequences.

        Without ``priority_class`` those without a practice are class 0, others 2.
        """
        p, w = len(practice_ids), len(wish_ids)
        if len(options) != w:
            raise InvalidProblem(f"must have {w} rows", field="options")
        sizes = np.ones(w) if size is None else np.asarray(size)
        origins = np.asarray(origin)
        lengths = [len(each) for each in options]
        return cls(
            practice_ids=tuple(practice_ids),
            free_places=np.asarray(free_places),
            max_inflow=np.full(p, NO_LIMIT) if max_inflow is None else max_inflow,  # type: ignore[arg-type]
            free_load=np.full(p, NO_LIMIT) if free_load is None else free_load,  # type: ignore[arg-type]
            wish_ids=tuple(wish_ids),
            size=sizes,  # type: ignore[arg-type]
            origin=origins,
            priority_class=np.where(origins == NONE, 0, 2)
            if priority_class is None
            else priority_class,  # type: ignore[arg-type]
            waiting_days=np.zeros(w) if waiting_days is None else waiting_days,  # type: ignore[arg-type]
            load=sizes * LOAD_UNIT if load is None else load,  # type: ignore[arg-type]
            first_option=np.concatenate(([0], np.cumsum(lengths, dtype=np.int64))),
            option=np.array([b for each in options for b in each], dtype=np.int32),
            input_hash=input_hash,
            date=date,
        )

    @property
    def n_practices(self) -> int:
        """P."""
        return len(self.practice_ids)

    @property
    def n_wishes(self) -> int:
        """W."""
        return len(self.wish_ids)

    @property
    def n_people(self) -> int:
        """People of all households."""
        return int(self.size.sum())

    @cached_property
    def wish_of_option(self) -> NDArray[np.int64]:
        """(K,) the wish each option belongs to."""
        made = np.repeat(np.arange(len(self.wish_ids)), np.diff(self.first_option))
        made.setflags(write=False)
        return made

    @cached_property
    def capped_days(self) -> NDArray[np.int64]:
        """(W,) days of waiting that count."""
        made = np.minimum(self.waiting_days, MAX_WAITING_DAYS).astype(np.int64)
        made.setflags(write=False)
        return made

    @cached_property
    def has_load_limits(self) -> bool:
        """Whether any practice limits the load."""
        return bool((self.free_load < NO_LIMIT).any())

    @cached_property
    def is_unit(self) -> bool:
        """Whether all are single persons whose load, where limited, is one unit."""
        return bool((self.size == 1).all()) and (
            not self.has_load_limits or bool((self.load == LOAD_UNIT).all())
        )

    @cached_property
    def unit_places(self) -> NDArray[np.int64]:
        """(P,) free places when load is one unit a person: the tighter of both."""
        made = self.free_places.copy()
        if self.has_load_limits:
            made = np.minimum(made, self.free_load // LOAD_UNIT)
        made.setflags(write=False)
        return made

    def with_options(self, kept: NDArray[np.bool_]) -> Self:
        """Return the problem with only the options (K,) that are kept."""
        count = np.concatenate(([0], np.cumsum(kept)))
        return replace(
            self, option=self.option[kept], first_option=count[self.first_option]
        )


@dataclass(frozen=True, eq=False)
class Params:
    """What is aimed for.

    Parameters
    ----------
    levels
        Of ``optimum``: any of ``LEVELS``, each once, the first first.
    required
        Of ``optimum``: (W,) wishes that must move; None for no such wish.
    class_first
        Of the waiting lists: go by priority class before the days waited.
    """

    levels: tuple[str, ...] = LEVELS
    required: NDArray[np.bool_] | None = None
    class_first: bool = False

    def __post_init__(self) -> None:
        if not self.levels:
            raise InvalidProblem(f"is empty; use {', '.join(LEVELS)}", field="levels")
        for index, name in enumerate(self.levels):
            if name not in LEVELS:
                raise InvalidProblem(
                    f"{name[:40]!r} is not known; use {', '.join(LEVELS)}",
                    field=f"levels[{index}]",
                )
            if name in self.levels[:index]:
                raise InvalidProblem(
                    f"{name!r} is named twice", field=f"levels[{index}]"
                )


def option_weights(problem: ExchangeProblem, level: str) -> NDArray[np.int64]:
    """Return what one person of a wish adds to a level by each option, (K,).

    More is better at every level: ``rank`` counts down, 0 for a first choice.
    """
    wish = problem.wish_of_option
    if level in ("class0", "class1"):
        return np.asarray(
            problem.priority_class == int(level[-1]), dtype=np.int64
        ).take(wish)
    if level == "moved":
        return np.ones(problem.option.size, dtype=np.int64)
    if level == "waiting":
        return problem.capped_days.take(wish)
    if level == "rank":
        return problem.first_option.take(wish) - np.arange(problem.option.size)
    raise InvalidProblem(f"{level!r} is not known", field="level")


def _whole(name: str, values: Any, kind: type[np.integer[Any]]) -> NDArray[Any]:
    given = np.asarray(values)
    if given.dtype.kind not in "iub":
        if given.size and not np.isfinite(given).all():
            raise InvalidProblem("must be finite", field=name)
        whole = given.astype(np.int64)
        wrong = np.flatnonzero(whole != given)
        if wrong.size:
            raise InvalidProblem(
                f"{given[wrong[0]]} is not a whole number", field=f"{name}[{wrong[0]}]"
            )
        given = whole
    if given.size and np.iinfo(kind).max < np.iinfo(np.int64).max:
        limits = np.iinfo(kind)
        _check_between(name, given, int(limits.min), int(limits.max))
    made: NDArray[Any] = given.astype(kind)  # A copy: the caller's stays writable.
    made.setflags(write=False)
    return made


def _check_shape(name: str, values: NDArray[Any], length: int) -> None:
    if values.shape != (length,):
        raise InvalidProblem(
            f"must have shape ({length},), has {values.shape}", field=name
        )


def _check_between(name: str, values: NDArray[Any], least: int, most: int) -> None:
    if values.size == 0 or (values.min() >= least and values.max() <= most):
        return
    index = int(np.flatnonzero((values < least) | (values > most))[0])
    raise InvalidProblem(
        f"{values[index]} must be between {least} and {most}", field=f"{name}[{index}]"
    )


__all__ = [
    "LEVELS",
    "LOAD_UNIT",
    "MAX_WAITING_DAYS",
    "MECHANISMS",
    "NONE",
    "NO_LIMIT",
    "PRIORITY_CLASSES",
    "ExchangeProblem",
    "Infeasible",
    "InvalidProblem",
    "Params",
    "option_weights",
]
