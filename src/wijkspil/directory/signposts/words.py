"""How words as typed become words that can be compared.

Three views of one word, each more forgiving: as normalized (no capitals, accents
or signs, y as ij), as a stem (Snowball's Dutch stemmer, folded a little further)
and as it sounds (ei/ij, au/ou, g/ch, d/t, c/k, f/v, s/z fall together). Compounds
are split against a lexicon, because Dutch writes as one word what people type as
two, and the reverse.

Stemmer: M. Porter's Dutch algorithm, https://snowballstem.org/algorithms/dutch/
"""

import re
import unicodedata
from collections.abc import Callable, Collection

import snowballstemmer

LONGEST_QUERY = 300
"""Characters that are read of a query; nobody asks a question in more."""

_WORD = re.compile(r"[a-z0-9]+")
_TAGS = re.compile(r"<[^<>]*>")
_DOUBLED = re.compile(r"(.)\1+")
_SOFT_C = re.compile(r"c(?=[eiéy1])")
_SOUNDS = (
    ("ouw", "2"),
    ("auw", "2"),
    ("ou", "2"),
    ("au", "2"),
    ("ij", "1"),
    ("ei", "1"),
    ("ie", "i"),
    ("oe", "u"),
    ("ph", "f"),
    ("th", "t"),
    ("qu", "kw"),
    ("x", "ks"),
    ("sch", "sg"),
    ("ch", "g"),
    ("ck", "k"),
)
_SAME_SOUND = str.maketrans("zvdcb", "sftkp")
_LINKING = ("s", "e", "en", "n", "er")
_SHORTEST_PART = 3


def words_of(text: str) -> list[str]:
    """The normalized words of a text, in order; tags and signs fall away."""
    # a <tag> is a slip of the clipboard, not a question
    decomposed = unicodedata.normalize("NFKD", _TAGS.sub(" ", text[:LONGEST_QUERY]))
    plain = "".join(each for each in decomposed if not unicodedata.combining(each))
    return [word.replace("y", "ij") for word in _WORD.findall(plain.lower())]


def dutch_stem() -> Callable[[str], str]:
    """A stemmer of its own; Snowball's holds state, so threads share none."""
    snowball = snowballstemmer.stemmer("dutch")

    def stem(word: str) -> str:
        if word.isdigit() or len(word) < 3:
            return word
        stemmed: str = snowball.stemWord(word)
        # the stemmer leaves leef/lev and reis/reiz apart
        folded = _DOUBLED.sub(r"\1", stemmed)
        if folded[-1] == "v":
            return folded[:-1] + "f"
        if folded[-1] == "z":
            return folded[:-1] + "s"
        if folded.endswith("dt"):
            return folded[:-1]
        return folded

    return stem


def sound_of(word: str) -> str:
    """A key that words spelled by ear share with the right spelling."""
    key = word
    for written, sound in _SOUNDS:
        key = key.replace(written, sound)
    key = _SOFT_C.sub("s", key).translate(_SAME_SOUND)
    return _DOUBLED.sub(r"\1", key)


def parts_of(
    word: str, *, lexicon: Collection[str], deepest: int = 2
) -> tuple[str, ...]:
    """The known words that make up a compound, or nothing.

    The split with the longest shortest part wins: huis|arts, not hui|sarts. A
    linking s, e, en or n between the parts is dropped.
    """
    best: tuple[str, ...] = ()
    best_length = 0
    # only the first part may be as short as ik or mn: ikheb, mnmoeder
    for cut in range(_SHORTEST_PART - 1, len(word) - _SHORTEST_PART + 1):
        head = _known_head(word[:cut], lexicon)
        if head is None:
            continue
        tail = word[cut:]
        tails: tuple[str, ...] = (tail,) if tail in lexicon else ()
        if not tails and deepest > 1:
            tails = parts_of(tail, lexicon=lexicon, deepest=deepest - 1)
        if not tails:
            continue
        shortest = min(len(head), *(len(each) for each in tails))
        if shortest > best_length:
            best, best_length = (head, *tails), shortest
    return best


def _known_head(head: str, lexicon: Collection[str]) -> str | None:
    if head in lexicon:
        return head
    for link in _LINKING:
        bare = head.removesuffix(link)
        if bare != head and len(bare) >= _SHORTEST_PART and bare in lexicon:
            return bare
    return None
