"""Read what an address, a form or a page sent along as a value, or as nothing.

For what a page itself wrote there: whoever changes it by hand gets the page without.
What a person types is read by a form, which says what is wrong.
"""

#: Digits of the largest number that a key of a table can be (2^63 - 1) is 19; one less
#: is sure to fit.
_MOST_DIGITS = 18
_LAST_PAGE = 10_000


def read_id(text: str) -> int | None:
    """Return the key of a row, or None if it cannot be one."""
    if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS:
        return int(text)
    return None


def read_page_number(text: str) -> int:
    """Return which page was asked for: from 1 to 10,000, else the first."""
    number = read_id(text)
    return 1 if number is None else max(1, min(number, _LAST_PAGE))
