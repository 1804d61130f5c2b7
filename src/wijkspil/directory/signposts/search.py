"""Which signposts answer a question in somebody's own words.

Finds by meaning of words and forgives typing. It does not understand sentences,
does not weigh urgency and never triages: it points at fixed entries.

Method (docs/algorithms/signpost-search.md): each typed word is matched to words
that the entries know (same stem, synonym, part of a compound, same sound, few
typing errors); each match counts by how rare the word is (idf). Four scores are
added: words against the whole entry, words against its closest phrase, pieces of
words (character n-grams) against the whole entry, and all words, small ones too,
against that phrase.

The index is built once, is never changed afterwards and may be shared by threads.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from types import MappingProxyType
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from wijkspil.directory.signposts.types import Language, Signpost, SignpostHit
from wijkspil.directory.signposts.words import (
    dutch_stem,
    parts_of,
    sound_of,
    words_of,
)


@dataclass(frozen=True, slots=True)
class SearchWeights:
    """The figures of the method; chosen on the development phrasings only.

    How they were chosen is in docs/algorithms/signpost-search.md.
    """

    # share of each score in the total; together 1
    entry_share: float = 0.26
    phrase_share: float = 0.30
    pieces_share: float = 0.30
    wording_share: float = 0.14
    # how sure a match is, compared with the same stem
    synonym: float = 0.75
    compound_part: float = 0.65
    same_sound: float = 0.95
    prefix: float = 0.60
    known_part: float = 0.45
    # how much sooner a misspelled word is taken for a small one
    empty_bonus: float = 0.06
    # how much a field says about its entry
    keyword: float = 1.0
    phrase: float = 1.0
    background: float = 0.25
    # a typed word that no entry knows counts this much of a rare word
    unknown_word: float = 0.35
    # unmatched words of a phrase count this much against it
    unmatched_phrase_word: float = 0.35
    # a query of small words only must share this much with a phrase of such words
    least_wording: float = 0.50
    # a second hit with the same lead helps the reader less
    same_lead: float = 0.85
    # below this score there is no answer
    lowest_score: float = 0.13


@dataclass(frozen=True, slots=True)
class _Phrase:
    entry: int
    text: str
    weight: float  # sum of idf of its stems that carry meaning
    words: frozenset[str]  # stems of all its words, small ones too
    wording: float  # sum of rarity of those


@dataclass(frozen=True, slots=True)
class _Match:
    """What one typed word can stand for: stems with how sure each is."""

    stems: Mapping[str, float]
    weight: float


_NOWHERE: Final = (0.0, -1)
_EMPTY: Final = _Match(MappingProxyType({}), 0.0)
_LONGEST_FUZZY = 12  # words per query that get the slow look-up
_KEPT_CANDIDATES = 6
_PIECE_LENGTHS = (3, 4)
_MOST_TORN = 6  # more unknown words than this and pairs are not tried together
_SURE_ENOUGH = 0.80


@dataclass(frozen=True, eq=False)
class SignpostIndex:
    """All that a search needs, computed beforehand; see ``build``."""

    signposts: tuple[Signpost, ...]
    weights: SearchWeights
    _empty: frozenset[str]
    _empty_stems: frozenset[str]
    _parts: Mapping[str, tuple[str, ...]]
    _idf: Mapping[str, float]
    _strength: Mapping[str, Mapping[int, float]]
    _phrases: tuple[_Phrase, ...]
    _phrases_of: Mapping[str, tuple[int, ...]]
    _synonyms: Mapping[str, frozenset[str]]
    _surfaces: Mapping[str, str]
    _surface_list: tuple[str, ...]
    _sounds: Mapping[str, frozenset[str]]
    _lexicon: frozenset[str]
    _pieces: Mapping[str, tuple[tuple[int, float], ...]]
    _piece_idf: Mapping[str, float]
    _stems: Mapping[str, str]
    _near: Mapping[int, tuple[str, ...]]
    _wording_idf: Mapping[str, float]
    _small_talk: tuple[int, ...]
    _rare: float

    @classmethod
    def build(
        cls,
        signposts: Iterable[Signpost],
        *,
        language: Language,
        weights: SearchWeights = SearchWeights(),
    ) -> "SignpostIndex":
        """Compute the index; about half a second for eighty entries."""
        return _Builder(tuple(signposts), language, weights).build()

    def search(self, query: str, *, limit: int = 5) -> list[SignpostHit]:
        """The best entries for this question, best first; none for nonsense.

        Of a longer query the first 300 characters are read.
        """
        words = words_of(query)
        if not words or limit < 1:
            return []
        fresh_stem = dutch_stem()

        def stem(word: str) -> str:
            return self._stems.get(word) or fresh_stem(word)

        matches = self._matches(words, stem)
        stems = frozenset(stem(word) for word in words)
        asked = sum(match.weight for match in matches)
        if not any(match.stems for match in matches):
            return [] if asked > 0.0 else self._search_small_talk(stems, limit)
        by_entry = self._score_entries(matches, asked)
        by_phrase, by_wording = self._score_phrases(matches, asked, stems)
        by_pieces = self._score_pieces(
            word
            for word, match in zip(words, matches, strict=True)
            if match.weight > 0.0
        )
        weights = self.weights
        totals = {
            entry: min(
                1.0,
                weights.entry_share * score
                + weights.phrase_share * by_phrase.get(entry, _NOWHERE)[0]
                + weights.pieces_share * by_pieces.get(entry, 0.0)
                + weights.wording_share * by_wording.get(entry, 0.0),
            )
            for entry, score in by_entry.items()
        }
        return self._hits(totals, by_phrase, limit)

    def _search_small_talk(
        self, stems: frozenset[str], limit: int
    ) -> list[SignpostHit]:
        """Answer a query of small words only, such as "ik wil er niet meer zijn"."""
        closest: dict[int, tuple[float, int]] = {}
        words_weight = self._words_weight(stems)
        for number in self._small_talk:
            phrase = self._phrases[number]
            score = self._wording_of(stems, words_weight, phrase)
            if score > closest.get(phrase.entry, _NOWHERE)[0]:
                closest[phrase.entry] = (score, number)
        totals = {
            entry: score
            for entry, (score, _) in closest.items()
            if score >= self.weights.least_wording
        }
        return self._hits(totals, closest, limit)

    def _hits(
        self,
        totals: Mapping[int, float],
        closest: Mapping[int, tuple[float, int]],
        limit: int,
    ) -> list[SignpostHit]:
        return [
            SignpostHit(
                signpost=self.signposts[entry],
                score=round(score, 4),
                matched_phrase=self._phrases[closest[entry][1]].text
                if entry in closest
                else self.signposts[entry].question.nl,
            )
            for entry, score in self._order(totals, limit)
        ]

    def _order(
        self, totals: Mapping[int, float], limit: int
    ) -> list[tuple[int, float]]:
        """Best first; hits that repeat a lead already shown step back a little."""
        left = {
            entry: score
            for entry, score in totals.items()
            if score >= self.weights.lowest_score
        }
        chosen: list[tuple[int, float]] = []
        shown: dict[str, int] = defaultdict(int)
        while left and len(chosen) < limit:
            entry = max(
                left,
                key=lambda each: (
                    left[each]
                    * self.weights.same_lead ** shown[self.signposts[each].leads.code],
                    -each,
                ),
            )
            lead = self.signposts[entry].leads.code
            chosen.append(
                (entry, left.pop(entry) * self.weights.same_lead ** shown[lead])
            )
            shown[lead] += 1
        return chosen

    # -- what the typed words can stand for ---------------------------------

    def _matches(
        self, words: Sequence[str], stem: Callable[[str], str]
    ) -> list[_Match]:
        matches: list[_Match] = []
        unknown: set[int] = set()
        for place, word in enumerate(words):
            known = self._known(word, stem(word))
            if known is None:
                unknown.add(place)
                known = self._guess(word) if len(unknown) <= _LONGEST_FUZZY else _EMPTY
            matches.append(known)
        for left in range(len(words) - 1):
            self._join(words, matches, left, unknown)
        if not any(match.stems for match in matches):
            # nothing left to go on: a misspelled word is better than no answer
            for place in sorted(unknown)[:_MOST_TORN]:
                matches[place] = self._guess(words[place], lean=True)
        return matches

    def _join(
        self,
        words: Sequence[str],
        matches: list[_Match],
        left: int,
        unknown: set[int],
    ) -> None:
        """Read "steun kousen" as "steunkousen" when that is a word here."""
        joined = words[left] + words[left + 1]
        if len(joined) < 5:
            return
        stem = self._surfaces.get(joined, "")
        whole = self._idf.get(stem)
        torn = left in unknown or left + 1 in unknown
        if whole is not None and torn:
            # a piece that is no word by itself: the two were one word
            matches[left] = _Match({stem: 1.0}, whole)
            matches[left + 1] = _EMPTY
        elif whole is not None:
            if words[left] in self._empty and words[left + 1] in self._empty:
                return
            for place in (left, left + 1):
                found = dict(matches[place].stems)
                found[stem] = 1.0
                weight = max(matches[place].weight, whole / 2)
                matches[place] = _Match(found, weight)
        elif torn and len(joined) >= 7 and len(unknown) <= _MOST_TORN:
            guess = self._guess(joined)
            best = max(guess.stems.values(), default=0.0)
            apart = max(
                (
                    sure
                    for place in (left, left + 1)
                    if place in unknown
                    for sure in matches[place].stems.values()
                ),
                default=0.0,
            )
            if best >= _SURE_ENOUGH and best > apart:
                matches[left] = guess
                matches[left + 1] = _EMPTY

    def _known(self, word: str, stem: str) -> _Match | None:
        """A word that entries or synonyms have; None when it must be guessed."""
        if word in self._empty or (
            stem in self._empty_stems and word not in self._surfaces
        ):
            return _EMPTY
        found: dict[str, float] = {}
        weight = 0.0
        if stem in self._idf:
            found[stem] = 1.0
            weight = self._idf[stem]
        elif stem not in self._synonyms:
            return None
        for other in self._synonyms.get(stem, ()):
            if other in self._idf:
                found.setdefault(other, self.weights.synonym)
                if stem not in self._idf:
                    weight = max(weight, self._idf[other])
        for part in self._parts.get(word, ()):
            found.setdefault(part, self.weights.known_part)
        if not found:
            return None
        return _Match(found, weight)

    def _guess(self, word: str, *, lean: bool = False) -> _Match:
        """Find what an unknown word can be: compound, sound or typing error.

        ``lean`` takes a word with meaning also where a small word is nearer.
        """
        found: dict[str, float] = {}
        parts = parts_of(word, lexicon=self._lexicon)
        if parts:
            content = [part for part in parts if part not in self._empty]
            if not content:
                return _EMPTY
            for part in content:
                self._add(found, part, 0.85)
        sound = sound_of(word)
        alike = self._sounds.get(sound, frozenset())
        if alike & self._empty and not alike - self._empty:
            return _EMPTY
        for surface in alike - self._empty:
            self._add(found, surface, self.weights.same_sound)
        if not found and len(word) >= 7:
            self._add_parts_by_sound(found, sound)
        best_empty = self._add_near(found, word, lean=lean)
        self._add_prefixed(found, word)
        best = max(found.values(), default=0.0)
        # small words are typed far more often, so they win when it is close
        if (
            not lean
            and best_empty > 0.0
            and best_empty + self.weights.empty_bonus >= best
        ):
            return _EMPTY
        if not found:
            return _Match(MappingProxyType({}), self._rare * self.weights.unknown_word)
        kept = dict(
            sorted(found.items(), key=lambda each: (-each[1], each[0]))[
                :_KEPT_CANDIDATES
            ]
        )
        weight = max(self._idf[stem] * sure for stem, sure in kept.items())
        return _Match(kept, weight)

    def _add_parts_by_sound(self, found: dict[str, float], sound: str) -> None:
        """Split a compound that is spelled by ear: bekkenbodem as beckenbodem."""
        for part in parts_of(sound, lexicon=self._sounds):
            for surface in self._sounds[part] - self._empty:
                self._add(found, surface, self.weights.compound_part)

    def _add(self, found: dict[str, float], surface: str, sure: float) -> None:
        """Note what a surface word stands for, with its synonyms a little less."""
        stem = self._surfaces.get(surface)
        if stem is None:
            return
        if stem in self._idf:
            found[stem] = max(found.get(stem, 0.0), sure)
        for other in self._synonyms.get(stem, ()):
            if other in self._idf:
                less = sure * self.weights.synonym
                found[other] = max(found.get(other, 0.0), less)

    def _add_near(
        self, found: dict[str, float], word: str, *, lean: bool = False
    ) -> float:
        """Add words within a few typing errors; the best similarity of an empty one."""
        if len(word) < 3 or len(word) not in self._near:
            return 0.0
        best_empty = 0.0
        near = process.extract(
            word,
            self._near[len(word)],
            scorer=OSA.normalized_similarity,
            score_cutoff=0.66 if lean else 0.74 if len(word) < 6 else 0.66,
            limit=8,
        )
        # the longer the word, the less chance that it is near another by accident
        power = 2.0 if len(word) < 6 else 1.5 if len(word) < 8 else 1.0
        for surface, similarity, _ in near:
            # a typo seldom hits the first letter
            sure = similarity if surface[0] == word[0] else similarity - 0.06
            if surface in self._empty:
                best_empty = max(best_empty, sure**power)
            else:
                self._add(found, surface, sure**power)
        return best_empty

    def _add_prefixed(self, found: dict[str, float], word: str) -> None:
        """Add words that begin with this one, or that it begins with."""
        if len(word) < 6:
            return
        surfaces = self._surface_list
        place = bisect_left(surfaces, word)
        while place < len(surfaces) and surfaces[place].startswith(word):
            self._add(found, surfaces[place], self.weights.prefix)
            place += 1
        for length in range(5, len(word)):
            self._add(found, word[:length], self.weights.prefix)
            self._add(found, word[-length:], self.weights.prefix)

    # -- the four scores ----------------------------------------------------

    def _score_entries(
        self, matches: Sequence[_Match], asked: float
    ) -> dict[int, float]:
        """Share of the asked weight that each entry knows, by strength."""
        scores: dict[int, float] = defaultdict(float)
        for match in matches:
            best: dict[int, float] = {}
            for stem, sure in match.stems.items():
                for entry, strength in self._strength[stem].items():
                    value = sure * strength
                    if value > best.get(entry, 0.0):
                        best[entry] = value
            for entry, value in best.items():
                scores[entry] += match.weight * value
        return {entry: score / asked for entry, score in scores.items()}

    def _score_phrases(
        self, matches: Sequence[_Match], asked: float, stems: frozenset[str]
    ) -> tuple[dict[int, tuple[float, int]], dict[int, float]]:
        """For each entry the closest phrase, by meaning, and how alike in wording."""
        matched: dict[int, float] = defaultdict(float)
        covered: dict[int, float] = defaultdict(float)
        for match in matches:
            best: dict[int, tuple[float, float]] = {}
            for stem, sure in match.stems.items():
                idf = self._idf[stem]
                for number in self._phrases_of.get(stem, ()):
                    if sure > best.get(number, (0.0, 0.0))[0]:
                        best[number] = (sure, idf)
            for number, (sure, idf) in best.items():
                matched[number] += match.weight * sure
                covered[number] += idf
        closest: dict[int, tuple[float, int]] = {}
        wording: dict[int, float] = {}
        share = self.weights.wording_share
        best_sum: dict[int, float] = {}
        words_weight = self._words_weight(stems)
        for number, value in matched.items():
            phrase = self._phrases[number]
            missed = max(0.0, phrase.weight - covered[number])
            score = value / (asked + self.weights.unmatched_phrase_word * missed)
            worded = self._wording_of(stems, words_weight, phrase)
            total = self.weights.phrase_share * score + share * worded
            if total > best_sum.get(phrase.entry, 0.0):
                best_sum[phrase.entry] = total
                closest[phrase.entry] = (score, number)
                wording[phrase.entry] = worded
        return closest, wording

    def _words_weight(self, stems: frozenset[str]) -> float:
        return sum(self._wording_idf.get(stem, self._rare) for stem in stems)

    def _wording_of(
        self, stems: frozenset[str], words_weight: float, phrase: _Phrase
    ) -> float:
        """Share of all words, small ones too, that query and phrase have in common."""
        rarity = self._wording_idf
        shared = sum([rarity[stem] for stem in stems & phrase.words])
        return 2.0 * shared / (words_weight + phrase.wording)

    def _score_pieces(self, words: Iterable[str]) -> dict[int, float]:
        """Cosine of character n-grams, by sound, of the words that carry meaning."""
        counts: dict[str, float] = defaultdict(float)
        for word in words:
            for piece in _pieces_of(word):
                if piece in self._piece_idf:
                    counts[piece] += 1.0
        length = sqrt(
            sum((each * self._piece_idf[piece]) ** 2 for piece, each in counts.items())
        )
        scores: dict[int, float] = defaultdict(float)
        for piece, count in counts.items():
            value = count * self._piece_idf[piece] / length
            for entry, weight in self._pieces[piece]:
                scores[entry] += value * weight
        return {entry: min(1.0, score * 2.0) for entry, score in scores.items()}


def search_signposts(
    query: str, *, signposts: SignpostIndex, limit: int = 5
) -> list[SignpostHit]:
    """Find the signposts for a question in somebody's own words.

    Best first, at most ``limit``; an empty list for an empty query or nonsense.
    """
    return signposts.search(query, limit=limit)


def _pieces_of(word: str) -> list[str]:
    padded = f"^{sound_of(word)}$"
    return [
        padded[start : start + length]
        for length in _PIECE_LENGTHS
        for start in range(len(padded) - length + 1)
    ]


def _by_length(surfaces: Sequence[str]) -> dict[int, tuple[str, ...]]:
    """For each length of a typed word the words a few typing errors away at most."""
    longest = max((len(word) for word in surfaces), default=0)
    return {
        length: tuple(
            word
            for word in surfaces
            if abs(len(word) - length) <= (1 if length < 6 else 2 if length < 10 else 3)
        )
        for length in range(3, longest + 3)
    }


class _Builder:
    """Collects the counts of the index; thrown away afterwards."""

    def __init__(
        self,
        signposts: tuple[Signpost, ...],
        language: Language,
        weights: SearchWeights,
    ) -> None:
        self.signposts = signposts
        self.weights = weights
        self.stems: dict[str, str] = {}
        self.parts: dict[str, tuple[str, ...]] = {}
        self.fresh_stem = dutch_stem()
        self.empty = frozenset(
            word for text in language.empty_words for word in words_of(text)
        )
        self.groups = [
            frozenset(word for text in group for word in words_of(text)) - self.empty
            for group in language.synonyms
        ]
        self.counts: dict[str, dict[int, float]] = defaultdict(
            lambda: defaultdict(float)
        )
        self.surfaces: dict[str, str] = {}
        self.phrases: list[tuple[int, str, frozenset[str]]] = []
        self.pieces: dict[str, dict[int, float]] = defaultdict(
            lambda: defaultdict(float)
        )

    def stem(self, word: str) -> str:
        if word not in self.stems:
            self.stems[word] = self.fresh_stem(word)
        return self.stems[word]

    def build(self) -> SignpostIndex:
        fields = [self._fields(signpost) for signpost in self.signposts]
        for texts in fields:
            for text, _, _ in texts:
                for word in self._content(text):
                    self.surfaces[word] = self.stem(word)
        lexicon = frozenset(self.surfaces) | {
            stem for stem in self.surfaces.values() if len(stem) > 3
        }
        for word in list(lexicon):
            self.surfaces.setdefault(word, self.stem(word))
        for entry, texts in enumerate(fields):
            for text, weight, is_phrase in texts:
                self._count(entry, text, weight, is_phrase, lexicon)
        idf = self._idf()
        synonyms = self._synonyms()
        rarity = self._rarity()
        phrases = tuple(
            _Phrase(
                entry=entry,
                text=text,
                weight=sum(idf[stem] for stem in stems),
                words=self._all_stems(text),
                wording=sum(rarity[stem] for stem in self._all_stems(text)),
            )
            for entry, text, stems in self.phrases
        )
        surface_list = tuple(
            sorted(word for word in {*self.surfaces, *self.empty} if len(word) > 2)
        )
        pieces, piece_idf = self._piece_index()
        return SignpostIndex(
            signposts=self.signposts,
            weights=self.weights,
            _empty=self.empty,
            _empty_stems=frozenset(self.stem(word) for word in self.empty),
            _parts=MappingProxyType(
                {
                    word: tuple(part for part in parts if part in idf)
                    for word, parts in self.parts.items()
                    if parts
                }
            ),
            _idf=MappingProxyType(idf),
            _strength=MappingProxyType(self._strength()),
            _phrases=phrases,
            _phrases_of=MappingProxyType(self._phrases_of()),
            _stems=MappingProxyType(self.stems),
            _near=MappingProxyType(_by_length(surface_list)),
            _wording_idf=MappingProxyType(rarity),
            _small_talk=tuple(
                number for number, phrase in enumerate(phrases) if phrase.weight == 0.0
            ),
            _synonyms=MappingProxyType(synonyms),
            _surfaces=MappingProxyType(self.surfaces),
            _surface_list=surface_list,
            _sounds=MappingProxyType(self._sounds()),
            _lexicon=lexicon | {word for word in self.empty if len(word) > 1},
            _rare=max(idf.values(), default=1.0),
            _pieces=MappingProxyType(pieces),
            _piece_idf=MappingProxyType(piece_idf),
        )

    def _fields(self, signpost: Signpost) -> list[tuple[str, float, bool]]:
        """Text, weight and whether it can be the closest phrase."""
        weights = self.weights
        return [
            (signpost.question.nl, weights.phrase, True),
            (signpost.question.en, weights.phrase, True),
            *((phrase, weights.phrase, True) for phrase in signpost.phrases),
            *((keyword, weights.keyword, True) for keyword in signpost.keywords),
            *((topic, weights.phrase, False) for topic in signpost.thuisarts.topics),
            (signpost.what_to_know.nl, weights.background, False),
            (signpost.leads.name.nl, weights.phrase, False),
        ]

    def _content(self, text: str) -> list[str]:
        return [word for word in words_of(text) if word not in self.empty]

    def _count(
        self,
        entry: int,
        text: str,
        weight: float,
        is_phrase: bool,
        lexicon: frozenset[str],
    ) -> None:
        stems: set[str] = set()
        for word in self._content(text):
            stem = self.stem(word)
            stems.add(stem)
            self.counts[stem][entry] += weight
            for part in self._parts_of(word, lexicon):
                self.counts[part][entry] += weight * self.weights.compound_part
            for piece in _pieces_of(word):
                self.pieces[piece][entry] += weight
        if is_phrase:
            self.phrases.append((entry, text, frozenset(stems)))

    def _parts_of(self, word: str, lexicon: frozenset[str]) -> tuple[str, ...]:
        if word not in self.parts:
            self.parts[word] = tuple(
                self.stem(part)
                for part in parts_of(word, lexicon=lexicon)
                if part not in self.empty and self.stem(part) != self.stem(word)
            )
        return self.parts[word]

    def _idf(self) -> dict[str, float]:
        """Rarity over entries; a word in every entry says nothing."""
        total = len(self.signposts)
        idf: dict[str, float] = {}
        for stem, by_entry in self.counts.items():
            # an entry that has the word once in the background hardly counts
            holders = sum(min(1.0, count) for count in by_entry.values())
            idf[stem] = log(1.0 + total / max(holders, 0.5))
        return idf

    def _strength(self) -> dict[str, Mapping[int, float]]:
        """How strongly a stem points at each entry, 0..1."""
        strengths: dict[str, Mapping[int, float]] = {}
        for stem, by_entry in self.counts.items():
            total = sum(by_entry.values())
            strengths[stem] = MappingProxyType(
                {
                    entry: 0.6 * count / (count + 0.8) + 0.4 * count / total
                    for entry, count in by_entry.items()
                }
            )
        return strengths

    def _phrases_of(self) -> dict[str, tuple[int, ...]]:
        found: dict[str, list[int]] = defaultdict(list)
        for number, (_, _, stems) in enumerate(self.phrases):
            for stem in stems:
                found[stem].append(number)
        return {stem: tuple(numbers) for stem, numbers in found.items()}

    def _all_stems(self, text: str) -> frozenset[str]:
        return frozenset(self.stem(word) for word in words_of(text))

    def _rarity(self) -> dict[str, float]:
        """How rare each word is over the phrases, small words too."""
        counts: dict[str, int] = defaultdict(int)
        for _, text, _ in self.phrases:
            for stem in self._all_stems(text):
                counts[stem] += 1
        total = len(self.phrases)
        return {stem: log(1.0 + total / count) for stem, count in counts.items()}

    def _synonyms(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for group in self.groups:
            stems = {self.stem(word) for word in group}
            for word in group:
                self.surfaces.setdefault(word, self.stem(word))
            for stem in stems:
                found[stem] |= stems - {stem}
        return {stem: frozenset(others) for stem, others in found.items()}

    def _sounds(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for word in {*self.surfaces, *self.empty}:
            if len(word) > 2:
                found[sound_of(word)].add(word)
        return {sound: frozenset(words) for sound, words in found.items()}

    def _piece_index(
        self,
    ) -> tuple[dict[str, tuple[tuple[int, float], ...]], dict[str, float]]:
        total = len(self.signposts)
        idf = {
            piece: log(1.0 + total / len(by_entry))
            for piece, by_entry in self.pieces.items()
        }
        length: dict[int, float] = defaultdict(float)
        for piece, by_entry in self.pieces.items():
            for entry, count in by_entry.items():
                length[entry] += (log(1.0 + count) * idf[piece]) ** 2
        postings = {
            piece: tuple(
                (entry, log(1.0 + count) * idf[piece] / sqrt(length[entry]))
                for entry, count in by_entry.items()
            )
            for piece, by_entry in self.pieces.items()
        }
        return postings, idf
