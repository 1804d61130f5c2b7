"""Which signposts answer a question in somebody's own words.

Finds by meaning of words and forgives typing. It does not understand sentences,
does not weigh urgency and never triages: it points at fixed entries.

Method (docs/algorithms/signpost-search.md): each typed word is matched to words
that the entries know (same stem, synonym, part of a compound, same sound, few
typing errors); each match counts by how rare the word is (idf). Three scores are
added: words against the whole entry, words against its closest phrase, and pieces
of words (character n-grams) against the whole entry.

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
    entry_share: float = 0.45
    phrase_share: float = 0.35
    pieces_share: float = 0.20
    # how sure a match is, compared with the same stem
    synonym: float = 0.75
    compound_part: float = 0.55
    same_sound: float = 0.90
    prefix: float = 0.60
    # how much a field says about its entry
    keyword: float = 2.0
    phrase: float = 1.0
    background: float = 0.25
    # a typed word that no entry knows counts this much of a rare word
    unknown_word: float = 0.35
    # unmatched words of a phrase count this much against it
    unmatched_phrase_word: float = 0.45
    # a phrase that also shares the small words is closer; alone they must share a lot
    wording_share: float = 0.12
    least_wording: float = 0.50
    # a second hit with the same lead helps the reader less
    same_lead: float = 0.93
    # below this score there is no answer
    lowest_score: float = 0.10


@dataclass(frozen=True, slots=True)
class _Phrase:
    entry: int
    text: str
    weight: float  # sum of idf of its stems
    wording: float  # sum of rarity of all its words, small ones too


@dataclass(frozen=True, slots=True)
class _Match:
    """What one typed word can stand for: stems with how sure each is."""

    stems: Mapping[str, float]
    weight: float


_NOWHERE: Final = (0.0, -1)
_EMPTY: Final = _Match(MappingProxyType({}), 0.0)
_LONGEST_FUZZY = 24  # words per query that get the slow look-up
_KEPT_CANDIDATES = 6
_PIECE_LENGTHS = (3, 4)


@dataclass(frozen=True, eq=False)
class SignpostIndex:
    """All that a search needs, computed beforehand; see ``build``."""

    signposts: tuple[Signpost, ...]
    weights: SearchWeights
    _empty: frozenset[str]
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
    _wording: Mapping[str, tuple[int, ...]]
    _wording_idf: Mapping[str, float]
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
        stem = dutch_stem()
        matches = self._matches(words, stem)
        by_wording = self._score_wording({stem(word) for word in words})
        asked = sum(match.weight for match in matches)
        if not any(match.stems for match in matches):
            if asked > 0.0:
                return []
            return self._hits(
                {
                    entry: score
                    for entry, (score, _) in by_wording.items()
                    if score >= self.weights.least_wording
                },
                by_wording,
                limit,
            )
        by_entry = self._score_entries(matches, asked)
        by_phrase = self._score_phrases(matches, asked)
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
                + weights.wording_share * by_wording.get(entry, _NOWHERE)[0],
            )
            for entry, score in by_entry.items()
        }
        return self._hits(totals, by_phrase, limit)

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
        slow = 0
        for word in words:
            known = self._known(word, stem(word))
            if known is None:
                slow += 1
                known = self._guess(word) if slow <= _LONGEST_FUZZY else _EMPTY
            matches.append(known)
        for left in range(len(words) - 1):
            self._join(words, matches, left, stem(words[left] + words[left + 1]))
        return matches

    def _join(
        self, words: Sequence[str], matches: list[_Match], left: int, joined: str
    ) -> None:
        """Read "steun kousen" as "steunkousen" when that is a word here."""
        if len(joined) < 5 or joined not in self._idf:
            return
        if words[left] in self._empty and words[left + 1] in self._empty:
            return
        for place in (left, left + 1):
            found = dict(matches[place].stems)
            found[joined] = 1.0
            weight = max(matches[place].weight, self._idf[joined] / 2)
            matches[place] = _Match(found, weight)

    def _known(self, word: str, stem: str) -> _Match | None:
        """A word that entries or synonyms have; None when it must be guessed."""
        if word in self._empty:
            return _EMPTY
        found: dict[str, float] = {}
        if stem in self._idf:
            found[stem] = 1.0
            weight = self._idf[stem]
        elif stem in self._synonyms:
            weight = 0.0
        else:
            return None
        for other in self._synonyms.get(stem, ()):
            if other in self._idf:
                found.setdefault(other, self.weights.synonym)
                if stem not in self._idf:
                    weight = max(weight, self._idf[other])
        if not found:
            return None
        return _Match(found, weight)

    def _guess(self, word: str) -> _Match:
        """Find what an unknown word can be: compound, sound or typing error."""
        found: dict[str, float] = {}
        parts = parts_of(word, lexicon=self._lexicon)
        if parts:
            content = [part for part in parts if part not in self._empty]
            if not content and min(len(part) for part in parts) > 2:
                return _EMPTY
            for part in content:
                self._add(found, part, 0.85)
        for surface in self._sounds.get(sound_of(word), ()):
            if surface in self._empty:
                return _EMPTY
            self._add(found, surface, self.weights.same_sound)
        best_empty = self._add_near(found, word)
        self._add_prefixed(found, word)
        best = max(found.values(), default=0.0)
        if best_empty > best:
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

    def _add_near(self, found: dict[str, float], word: str) -> float:
        """Add words within a few typing errors; the best similarity of an empty one."""
        if len(word) < 3:
            return 0.0
        cutoff = 0.74 if len(word) < 6 else 0.66
        best_empty = 0.0
        near = process.extract(
            word,
            self._surface_list,
            scorer=OSA.normalized_similarity,
            score_cutoff=cutoff,
            limit=8,
        )
        for surface, similarity, _ in near:
            # a typo seldom hits the first letter
            sure = similarity if surface[0] == word[0] else similarity - 0.06
            if surface in self._empty:
                best_empty = max(best_empty, sure)
            else:
                self._add(found, surface, sure * sure)
        return best_empty * best_empty

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

    # -- the three scores ----------------------------------------------------

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
        self, matches: Sequence[_Match], asked: float
    ) -> dict[int, tuple[float, int]]:
        """For each entry the closest phrase: overlap against both lengths."""
        matched: dict[int, float] = defaultdict(float)
        covered: dict[int, float] = defaultdict(float)
        for match in matches:
            best: dict[int, tuple[float, float]] = {}
            for stem, sure in match.stems.items():
                idf = self._idf[stem]
                for phrase in self._phrases_of.get(stem, ()):
                    if sure > best.get(phrase, (0.0, 0.0))[0]:
                        best[phrase] = (sure, idf)
            for phrase, (sure, idf) in best.items():
                matched[phrase] += match.weight * sure
                covered[phrase] += idf
        found: dict[int, tuple[float, int]] = {}
        for number, value in matched.items():
            phrase = self._phrases[number]
            missed = max(0.0, phrase.weight - covered[number])
            score = value / (asked + self.weights.unmatched_phrase_word * missed)
            if score > found.get(phrase.entry, (0.0, -1))[0]:
                found[phrase.entry] = (score, number)
        return found

    def _score_wording(self, stems: Iterable[str]) -> dict[int, tuple[float, int]]:
        """For each entry the phrase that shares most words, small ones too."""
        shared: dict[int, float] = defaultdict(float)
        asked = 0.0
        for stem in stems:
            rarity = self._wording_idf.get(stem)
            if rarity is None:
                asked += self._rare
                continue
            asked += rarity
            for phrase in self._wording[stem]:
                shared[phrase] += rarity
        found: dict[int, tuple[float, int]] = {}
        for number, value in shared.items():
            phrase = self._phrases[number]
            score = 2.0 * value / (asked + phrase.wording)
            if score > found.get(phrase.entry, _NOWHERE)[0]:
                found[phrase.entry] = (score, number)
        return found

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
        self.stem = dutch_stem()
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
        wording = self._wording()
        wording_idf = {
            stem: log(1.0 + len(self.phrases) / len(numbers))
            for stem, numbers in wording.items()
        }
        return SignpostIndex(
            signposts=self.signposts,
            weights=self.weights,
            _empty=self.empty,
            _idf=MappingProxyType(idf),
            _strength=MappingProxyType(self._strength()),
            _phrases=tuple(
                _Phrase(
                    entry=entry,
                    text=text,
                    weight=sum(idf[stem] for stem in stems),
                    wording=sum(wording_idf[stem] for stem in self._all_stems(text)),
                )
                for entry, text, stems in self.phrases
            ),
            _phrases_of=MappingProxyType(self._phrases_of()),
            _synonyms=MappingProxyType(synonyms),
            _surfaces=MappingProxyType(self.surfaces),
            _surface_list=tuple(
                sorted(word for word in {*self.surfaces, *self.empty} if len(word) > 2)
            ),
            _wording=MappingProxyType(wording),
            _wording_idf=MappingProxyType(wording_idf),
            _sounds=MappingProxyType(self._sounds()),
            _lexicon=lexicon | {word for word in self.empty if len(word) > 2},
            _rare=max(idf.values(), default=1.0),
            **self._piece_index(),
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
            for part in parts_of(word, lexicon=lexicon):
                part_stem = self.stem(part)
                if part not in self.empty and part_stem != stem:
                    self.counts[part_stem][entry] += weight * self.weights.compound_part
            for piece in _pieces_of(word):
                self.pieces[piece][entry] += weight
        if is_phrase:
            self.phrases.append((entry, text, frozenset(stems)))

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

    def _all_stems(self, text: str) -> set[str]:
        return {self.stem(word) for word in words_of(text)}

    def _wording(self) -> dict[str, tuple[int, ...]]:
        found: dict[str, list[int]] = defaultdict(list)
        for number, (_, text, _) in enumerate(self.phrases):
            for stem in self._all_stems(text):
                found[stem].append(number)
        return {stem: tuple(numbers) for stem, numbers in found.items()}

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

    def _piece_index(self) -> dict[str, Mapping[str, object]]:
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
        return {
            "_pieces": MappingProxyType(postings),
            "_piece_idf": MappingProxyType(idf),
        }
