"""Does the search of the signposts find the right professional, and how fast?

Strict measure: a phrasing counts as found when one of its right professions leads
one of the first three hits. Phrasings are in ``lay_phrasings.csv`` beside the
tests, in two sets: ``development`` (words and weights were improved on its misses)
and ``final`` (written after the words were fixed and asked once).

Run: python benchmarks/signposts.py [--misses development]
"""

import argparse
import csv
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator, default_rng

from wijkspil.directory.signposts.load import load_signpost_catalog
from wijkspil.directory.signposts.search import SignpostIndex, search_signposts

PHRASINGS_FILE = (
    Path(__file__).parents[1] / "tests/apps/directory/data/lay_phrasings.csv"
)
TYPO_VARIANTS = 5
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_SOUND_SWAPS = (
    ("ei", "ij"),
    ("ij", "ei"),
    ("ij", "y"),
    ("au", "ou"),
    ("ou", "au"),
    ("ch", "g"),
    ("g", "ch"),
    ("d", "t"),
    ("t", "d"),
    ("c", "k"),
    ("k", "c"),
    ("v", "f"),
    ("f", "v"),
    ("z", "s"),
    ("s", "z"),
    ("ie", "i"),
    ("oe", "ou"),
)


@dataclass(frozen=True, slots=True)
class Phrasing:
    """What somebody types, and the professions that are right."""

    query: str
    professions: frozenset[str]


def read_phrasings(name: str) -> list[Phrasing]:
    """The phrasings of one set, in the order of the file."""
    with PHRASINGS_FILE.open(encoding="utf-8", newline="") as file:
        return [
            Phrasing(row["query"], frozenset(row["professions"].split("|")))
            for row in csv.DictReader(file)
            if row["set"] == name
        ]


def is_found(phrasing: Phrasing, index: SignpostIndex, *, among: int = 3) -> bool:
    """Whether a right profession leads one of the first hits."""
    hits = search_signposts(phrasing.query, signposts=index, limit=among)
    return any(hit.signpost.leads.code in phrasing.professions for hit in hits)


def share_found(phrasings: Sequence[Phrasing], index: SignpostIndex) -> float:
    return sum(is_found(each, index) for each in phrasings) / len(phrasings)


def with_typos(
    phrasings: Sequence[Phrasing],
    *,
    seed: int,
    share: float = 0.5,
    variants: int = TYPO_VARIANTS,
) -> list[Phrasing]:
    """Each phrasing damaged several times; see ``damage_query``."""
    rng = default_rng(seed)
    return [
        Phrasing(damage_query(phrasing.query, rng, share=share), phrasing.professions)
        for phrasing in phrasings
        for _ in range(variants)
    ]


def damage_query(query: str, rng: Generator, *, share: float) -> str:
    """Put typing errors in a query: in one longer word and this share of the others.

    Swapped, dropped, doubled and neighboring keys, spelling by ear, a word torn in
    two; one in ten queries also loses a space.
    """
    words = query.split()
    long_ones = [place for place, word in enumerate(words) if len(word) >= 4]
    if not long_ones:
        return query
    chosen = {place for place in long_ones if rng.random() < share}
    chosen.add(long_ones[int(rng.integers(len(long_ones)))])
    damages: list[Callable[[str, Generator], str]] = [
        swap,
        drop,
        double,
        neighbor_key,
        by_ear,
        by_ear,
        split,
    ]
    for place in chosen:
        words[place] = damages[int(rng.integers(len(damages)))](words[place], rng)
    if len(words) > 2 and rng.random() < 0.1:
        place = int(rng.integers(len(words) - 1))
        words[place : place + 2] = [words[place] + words[place + 1]]
    return " ".join(words)


def swap(word: str, rng: Generator) -> str:
    place = int(rng.integers(len(word) - 1))
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def drop(word: str, rng: Generator) -> str:
    place = int(rng.integers(len(word)))
    return word[:place] + word[place + 1 :]


def double(word: str, rng: Generator) -> str:
    place = int(rng.integers(len(word)))
    return word[:place] + word[place] + word[place:]


def neighbor_key(word: str, rng: Generator) -> str:
    place = int(rng.integers(len(word)))
    for row in _KEYBOARD:
        at = row.find(word[place])
        if at >= 0:
            near = row[max(0, at - 1) : at] + row[at + 1 : at + 2]
            return word[:place] + near[int(rng.integers(len(near)))] + word[place + 1 :]
    return word


def by_ear(word: str, rng: Generator) -> str:
    possible = [(old, new) for old, new in _SOUND_SWAPS if old in word]
    if not possible:
        return drop(word, rng)
    old, new = possible[int(rng.integers(len(possible)))]
    return word.replace(old, new, 1)


def split(word: str, rng: Generator) -> str:
    if len(word) < 6:
        return double(word, rng)
    place = int(rng.integers(3, len(word) - 2))
    return f"{word[:place]} {word[place:]}"


def time_per_query_ms(
    phrasings: Sequence[Phrasing], index: SignpostIndex
) -> list[float]:
    """Milliseconds of every query, each asked once."""
    times: list[float] = []
    for phrasing in phrasings:
        started = time.thread_time()
        search_signposts(phrasing.query, signposts=index)
        times.append((time.thread_time() - started) * 1000.0)
    return times


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--misses", choices=("development", "final"))
    parser.add_argument("--sets", nargs="+", default=["development", "final"])
    parser.add_argument("--seed", type=int, default=20261122)
    options = parser.parse_args(arguments)
    catalog = load_signpost_catalog()
    started = time.thread_time()
    index = SignpostIndex.build(catalog.signposts, language=catalog.language)
    write = sys.stdout.write
    write(
        f"{len(catalog.signposts)} signposts, index built in "
        f"{time.thread_time() - started:.2f} s\n"
    )
    for name in options.sets:
        clean = read_phrasings(name)
        damaged = with_typos(clean, seed=options.seed)
        slipped = with_typos(clean, seed=options.seed, share=0.0)
        times = time_per_query_ms([*clean, *damaged], index)
        write(
            f"{name:12} n={len(clean):4}  clean {share_found(clean, index):6.1%}  "
            f"one typo {share_found(slipped, index):6.1%}  "
            f"half typos {share_found(damaged, index):6.1%}  "
            f"ms median {np.median(times):.2f} p99 {np.percentile(times, 99):.2f} "
            f"max {max(times):.2f}\n"
        )
    if options.misses:
        for phrasing in read_phrasings(options.misses):
            if not is_found(phrasing, index):
                hits = search_signposts(phrasing.query, signposts=index, limit=3)
                shown = ", ".join(f"{h.signpost.id} {h.score:.2f}" for h in hits)
                write(
                    f"- {phrasing.query} -> {'|'.join(sorted(phrasing.professions))}; "
                    f"got {shown or 'nothing'}\n"
                )


if __name__ == "__main__":
    main(sys.argv[1:])
