"""What did somebody type on the home page: a postcode, or a question in own words?"""

import re
from dataclasses import dataclass

from wijkspil.core.errors import InvalidValue
from wijkspil.core.identifiers import clean_postcode

#: A postcode inside a sentence: letters close to the figures or in capitals, so that
#: "in 2019 is mijn moeder gevallen" stays a sentence.
_POSTCODE_IN_WORDS = re.compile(r"\b([1-9][0-9]{3})(?:\s?([A-Z]{2})|([a-z]{2}))\b")


@dataclass(frozen=True, slots=True)
class Question:
    """``words`` without the postcode, and the postcode if one was given."""

    words: str
    postcode: str


def read_question(text: str) -> Question:
    """Tell a postcode from a question; a sentence may hold both."""
    words = " ".join(text.split())
    try:
        return Question(words="", postcode=clean_postcode(words))
    except InvalidValue:
        pass
    found = _POSTCODE_IN_WORDS.search(words)
    if found is None:
        return Question(words=words, postcode="")
    try:
        postcode = clean_postcode(found.group())
    except InvalidValue:
        return Question(words=words, postcode="")
    rest = words[: found.start()] + words[found.end() :]
    return Question(words=" ".join(rest.split()).strip(" ,.?"), postcode=postcode)
