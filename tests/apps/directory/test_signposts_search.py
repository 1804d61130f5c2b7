"""A question in somebody's own words, typed in haste, leads to the right person."""

import dataclasses
import statistics

import pytest
from benchmarks.signposts import (
    read_phrasings,
    share_found,
    time_per_query_ms,
    with_typos,
)

from wijkspil.directory.signposts.load import load_signpost_catalog
from wijkspil.directory.signposts.search import SignpostIndex, search_signposts

# a little under what was measured; docs/algorithms/signpost-search.md has the figures
FEWEST_FOUND = {"development": (0.98, 0.96), "final": (0.94, 0.90)}


@pytest.fixture(scope="module")
def index() -> SignpostIndex:
    catalog = load_signpost_catalog()
    return SignpostIndex.build(catalog.signposts, language=catalog.language)


def ids_for(query: str, index: SignpostIndex, *, limit: int = 3) -> list[str]:
    hits = search_signposts(query, signposts=index, limit=limit)
    return [hit.signpost.id for hit in hits]


@pytest.mark.parametrize("name", FEWEST_FOUND)
def test_lay_phrasings_find_the_right_profession(
    name: str, index: SignpostIndex
) -> None:
    clean = read_phrasings(name)
    damaged = with_typos(clean, seed=20261122, variants=1)
    fewest_clean, fewest_damaged = FEWEST_FOUND[name]
    assert len(clean) >= 100
    assert share_found(clean, index) >= fewest_clean
    assert share_found(damaged, index) >= fewest_damaged


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("steunkousen", "support-stockings"),
        ("steun kousen", "support-stockings"),
        ("steunkouzen", "support-stockings"),
        ("STEUNKOUS", "support-stockings"),
        ("stuenkousen", "support-stockings"),
        ("steunkuosen aantreken", "support-stockings"),
        ("hulp bij steunkousenaantrekken", "support-stockings"),
        ("diëtist", "food-and-weight"),
        ("dietist", "food-and-weight"),
        ("bloeddruk", "chronic-check-ups"),
        ("bloetdruk", "chronic-check-ups"),
        ("bloed druk meten", "chronic-check-ups"),
        ("mijnmoeder vergeet alles", "dementia-worries"),
        ("kuisvrouw gezocht", "household-help"),
        ("inspuiting thuis", "injections-at-home"),
        ("my father fell in the bathroom", "falls-at-home"),
    ],
)
def test_one_meaning_is_found_however_it_is_typed(
    query: str, expected: str, index: SignpostIndex
) -> None:
    assert ids_for(query, index, limit=1) == [expected]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ik wil dood", "suicidal-thoughts"),
        ("ik wil er niet meer zijn", "suicidal-thoughts"),
        ("ik wil niet meer leven", "suicidal-thoughts"),
        ("pijn op de borst", "chest-pain"),
        ("pijn op de bosrt", "chest-pain"),
        ("scheve mond", "stroke-signs"),
        ("mijn man slaat mij", "violence-at-home"),
        ("kind heeft bleekmiddel gedronken", "poisoning"),
    ],
)
def test_what_cannot_wait_comes_first(
    query: str, expected: str, index: SignpostIndex
) -> None:
    hits = search_signposts(query, signposts=index)
    assert hits[0].signpost.id == expected
    assert hits[0].signpost.urgent_first[0].contact.kind == "112"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "?!...",
        "😀😀",
        "asdfgh qwerty",
        "xkcd zzz",
        "blorf snazzle",
        "12345",
        "q" * 250,
        "wie kan mij daarmee helpen",
        "de het een",
        "\x00\x01",
        "<br/><p>",
    ],
)
def test_nonsense_gets_no_answer(query: str, index: SignpostIndex) -> None:
    assert search_signposts(query, signposts=index) == []


@pytest.mark.parametrize(
    "query",
    [
        "<script>alert(1)</script> wond verzorgen",
        "wond verzorgen'; DROP TABLE signposts; --",
        "<b>wond</b> verzorgen",
        "wond\nverzorgen\t",
        "  WÓND   verzórgen  ",
    ],
)
def test_odd_input_around_a_question_does_no_harm(
    query: str, index: SignpostIndex
) -> None:
    assert "wound-care-at-home" in ids_for(query, index)


def test_only_the_first_300_characters_are_read(index: SignpostIndex) -> None:
    padded = "steunkousen " + "x " * 144
    assert ids_for(padded + "kiespijn kiespijn", index) == ids_for(padded, index)
    assert search_signposts("steunkousen " * 5000, signposts=index)


def test_hits_come_best_first_and_no_more_than_asked(index: SignpostIndex) -> None:
    for query in ("medicijnen op zondag", "mijn moeder valt", "kind heeft koorts"):
        hits = search_signposts(query, signposts=index)
        scores = [hit.score for hit in hits]
        assert scores == sorted(scores, reverse=True)
        assert all(0.0 < score <= 1.0 for score in scores)
        assert len({hit.signpost.id for hit in hits}) == len(hits) <= 5
        assert ids_for(query, index, limit=2) == [hit.signpost.id for hit in hits[:2]]
    assert search_signposts("wond", signposts=index, limit=0) == []


def test_a_hit_is_explained_by_a_phrase_of_its_entry(index: SignpostIndex) -> None:
    (hit,) = search_signposts("stomazakje lekt", signposts=index, limit=1)
    assert hit.matched_phrase == "stomazakje lekt"
    for hit in search_signposts("mijn oma valt vaak", signposts=index):
        signpost = hit.signpost
        texts = {*signpost.phrases, *signpost.keywords}
        texts |= {signpost.question.nl, signpost.question.en}
        assert hit.matched_phrase in texts


def test_the_same_question_gets_the_same_answer(index: SignpostIndex) -> None:
    query = "vader haalt zijn pilen door elkar en valt"
    first = search_signposts(query, signposts=index)
    assert all(search_signposts(query, signposts=index) == first for _ in range(3))


def test_the_index_cannot_be_changed(index: SignpostIndex) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        index.signposts = ()  # type: ignore[misc]


def test_an_index_without_entries_finds_nothing() -> None:
    language = load_signpost_catalog().language
    empty = SignpostIndex.build([], language=language)
    assert search_signposts("wond", signposts=empty) == []


def test_a_query_takes_a_few_milliseconds(index: SignpostIndex) -> None:
    times = time_per_query_ms(
        with_typos(read_phrasings("final"), seed=1, variants=1), index
    )
    # processor time; 2 ms was measured, a busy machine doubles it
    assert statistics.median(times) <= 5.0
