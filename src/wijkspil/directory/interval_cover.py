"""When is a target covered, given when its pieces are? Exact, with numpy only.

A target (a wijk) is covered while something covers it directly, or while every piece
of one of its divisions (its postcode areas, or its buurten) is covered. While neither
holds, the share of the best division that is covered is kept.

Method: all targets are laid end to end on one line of integers, each ``stride`` long;
the moments at which anything begins or ends cut that line in segments, and running
sums over the cuts give, per segment, how much of each division is covered. Nothing is
sampled: a segment is as short as the input makes it. Time is a whole number of
microseconds since the start of the period. Costs O(n log n) time and O(n) memory in
the number of spans.

It knows nothing of care, areas or opening hours: see ``selectors.coverage_check``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

#: Shares are summed as whole billionths, so that a full division is exactly full.
_BILLION = 1_000_000_000
#: The share of the point between two targets, which belongs to neither.
_BORDER = -1.0


@dataclass(frozen=True, eq=False)
class Spans:
    """Half-open spans of time, each with the number of what it covers.

    Arrays of shape (n_spans,); ``start`` < ``end``, in microseconds since the start of
    the period. ``merge`` gives them ordered by (key, start) and disjoint per key.
    """

    key: Integers
    start: Integers
    end: Integers

    def __len__(self) -> int:
        return len(self.key)


@dataclass(frozen=True, eq=False)
class Division:
    """One way to cut targets in pieces, with when each piece is covered.

    ``piece_target`` (n_pieces,) is the target a piece belongs to, ``piece_weight``
    (n_pieces,) its size relative to its target's other pieces (> 0). ``covered`` is
    merged, and keyed by piece. A target without pieces is not cut by this division.
    """

    piece_target: Integers
    piece_weight: Floats
    covered: Spans


@dataclass(frozen=True, eq=False)
class Timeline:
    """The share that is covered of every target at every moment.

    Segment ``i`` of the line runs from ``position[i]`` to ``position[i + 1]`` and has
    ``share[i]``: 1.0 exactly when covered, else the share in [0, 1).
    """

    n_targets: int
    length: int
    position: Integers
    share: Floats


@dataclass(frozen=True, eq=False)
class Segments:
    """Stretches of time per target with the two shares of ``overlay``.

    Arrays of shape (n_segments,), ordered by (target, start); together they fill the
    period of every target.
    """

    target: Integers
    start: Integers
    end: Integers
    share: Floats
    other_share: Floats


def no_spans() -> Spans:
    """Return spans of nothing."""
    nothing = np.empty(0, dtype=np.int64)
    return Spans(nothing, nothing, nothing)


def merge(spans: Spans, *, length: int) -> Spans:
    """Return the union per key: ordered by (key, start), disjoint, not touching.

    ``length`` is the length of the period; no span may end after it.
    """
    if not len(spans):
        return spans
    stride = length + 1
    order = np.argsort(spans.key * stride + spans.start, kind="stable")
    begin = spans.key[order] * stride + spans.start[order]
    # A key ends before the next begins, so the running maximum never joins two keys.
    finish = np.maximum.accumulate(spans.key[order] * stride + spans.end[order])
    is_first = np.concatenate(([True], begin[1:] > finish[:-1]))
    is_last = np.concatenate((is_first[1:], [True]))
    key = spans.key[order][is_first]
    return Spans(key, begin[is_first] - key * stride, finish[is_last] - key * stride)


def spread(spans: Spans, *, source: Integers, target: Integers) -> Spans:
    """Give every target the spans of its sources.

    ``source`` and ``target`` (n_pairs,) say which source covers which target. ``spans``
    is merged and keyed by source; the answer is keyed by target and not merged.
    """
    first = np.searchsorted(spans.key, source, side="left")
    count = np.searchsorted(spans.key, source, side="right") - first
    ends = np.cumsum(count)
    total = int(ends[-1]) if len(ends) else 0
    taken = np.arange(total) + np.repeat(first - (ends - count), count)
    return Spans(np.repeat(target, count), spans.start[taken], spans.end[taken])


def cover(
    *, n_targets: int, length: int, direct: Spans, divisions: Sequence[Division]
) -> Timeline:
    """Work out the covered share of every target over the whole period.

    ``direct`` is merged and keyed by target; ``length`` is that of the period.
    """
    stride = length + 1
    bases = np.arange(n_targets, dtype=np.int64) * stride
    begin = direct.key * stride + direct.start
    finish = direct.key * stride + direct.end
    pieces = [
        (
            division.piece_target[division.covered.key] * stride
            + division.covered.start,
            division.piece_target[division.covered.key] * stride + division.covered.end,
        )
        for division in divisions
    ]
    position = np.unique(
        np.concatenate(
            [
                bases,
                bases + length,
                begin,
                finish,
                *(x for pair in pieces for x in pair),
            ]
        )
    )
    target = position // stride
    is_covered = _running_sum(position, begin, finish, None) > 0
    share = np.zeros(len(position))
    for division, (piece_begin, piece_finish) in zip(divisions, pieces, strict=True):
        billionths = np.maximum(np.rint(division.piece_weight * _BILLION), 1.0)
        whole = np.bincount(division.piece_target, billionths, n_targets)[target]
        part = _running_sum(
            position, piece_begin, piece_finish, billionths[division.covered.key]
        )
        is_covered |= (whole > 0) & (part == whole)
        share = np.maximum(share, part / np.maximum(whole, 1.0))
    share[is_covered] = 1.0
    share[position - target * stride == length] = _BORDER
    changes = np.concatenate(([True], share[1:] != share[:-1])) if len(share) else share
    changes = changes.astype(bool)
    return Timeline(n_targets, length, position[changes], share[changes])


def _running_sum(
    position: Integers, begin: Integers, finish: Integers, weight: Floats | None
) -> Floats:
    """Sum per segment the weights (1 if None) of what has begun and not finished."""
    size = len(position)
    # Whole numbers far below 2**53: these floats are exact.
    step: Any = np.bincount(np.searchsorted(position, begin), weight, size).astype(
        np.float64
    )
    step -= np.bincount(np.searchsorted(position, finish), weight, size)
    running: Floats = np.cumsum(step)
    return running


def covered_spans(timeline: Timeline) -> Spans:
    """Return when each target is covered, merged and keyed by target."""
    stride = timeline.length + 1
    chosen = np.flatnonzero(timeline.share == 1.0)
    begin = timeline.position[chosen]
    # A covered segment is never the last: the border of its target follows.
    finish = timeline.position[chosen + 1]
    key = begin // stride
    return Spans(key, begin - key * stride, finish - key * stride)


def overlay(timeline: Timeline, other: Timeline) -> Segments:
    """Lay two timelines of the same targets and period over each other.

    Consecutive segments differ in at least one of the two shares.
    """
    stride = timeline.length + 1
    position = np.union1d(timeline.position, other.position)
    share = timeline.share[
        np.searchsorted(timeline.position, position, side="right") - 1
    ]
    other_share = other.share[
        np.searchsorted(other.position, position, side="right") - 1
    ]
    chosen = np.flatnonzero(share != _BORDER)
    begin = position[chosen]
    target = begin // stride
    return Segments(
        target=target,
        start=begin - target * stride,
        end=position[chosen + 1] - target * stride,
        share=share[chosen],
        other_share=other_share[chosen],
    )
