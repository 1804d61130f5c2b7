"""Dutch registered identifiers: their written form and the rules they obey.

Answers: is this a possible AGB code, URA, KvK number, UZOVI code or postcode?
It does not say whether the number was issued: that takes the register itself.
"""

import re
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from stdnum.exceptions import ValidationError as NumberError
from stdnum.nl import postcode as stdnum_postcode

from wijkspil.core.errors import InvalidValue

PC4 = re.compile(r"[1-9][0-9]{3}")


def _digits(value: str, *, length: int, field: str, name: str) -> str:
    text = re.sub(r"[\s.-]", "", value)
    if not re.fullmatch(rf"[0-9]{{{length}}}", text) or int(text) == 0:
        raise InvalidValue(
            _(
                "“%(value)s” is not a %(name)s: it has %(length)d digits, "
                "leading zeros included, and is not all zeros."
            )
            % {"value": value, "name": name, "length": length},
            field=field,
        )
    return text


def clean_agb_code(value: str) -> str:
    """Return an AGB code (Vektis): 8 digits, the first two the kind of caregiver.

    Raises
    ------
    InvalidValue
        If it is anything but 8 digits.
    """
    return _digits(value, length=8, field="agb_code", name=_("AGB code"))


def clean_ura(value: str) -> str:
    """Return a URA, the UZI register's subscriber number: 8 digits (CIBG).

    Raises
    ------
    InvalidValue
        If it is anything but 8 digits.
    """
    return _digits(value, length=8, field="ura", name=_("URA"))


def clean_kvk_number(value: str) -> str:
    """Return a Chamber of Commerce (KvK) number: 8 digits.

    Raises
    ------
    InvalidValue
        If it is anything but 8 digits.
    """
    return _digits(value, length=8, field="kvk_number", name=_("KvK number"))


def clean_uzovi(value: str) -> str:
    """Return a UZOVI code of a health insurer (Vektis): 4 digits.

    Raises
    ------
    InvalidValue
        If it is anything but 4 digits.
    """
    return _digits(value, length=4, field="uzovi", name=_("UZOVI code"))


def clean_postcode(value: str) -> str:
    """Return a postcode as ``1234`` (PC4) or ``1234AB`` (PC6).

    Spaces and case are forgiven. PC6 never ends in SA, SD or SS.

    Raises
    ------
    InvalidValue
        If it is neither form; the message shows both.
    """
    text = re.sub(r"[\s.-]", "", value).upper()
    if PC4.fullmatch(text):
        return text
    try:
        if text.isascii():
            return str(stdnum_postcode.validate(text)).replace(" ", "")
    except NumberError:
        pass
    raise InvalidValue(
        _("“%(value)s” is not a postcode. Write it as 1234 or 1234 AB.")
        % {"value": value[:20]},
        field="postcode",
    )


def _validate(clean: Callable[[str], str], value: str) -> None:
    if value:
        try:
            clean(value)
        except InvalidValue as error:
            raise ValidationError(str(error), code=error.code) from error


def validate_agb_code(value: str) -> None:
    """Django validator for an optional AGB code."""
    _validate(clean_agb_code, value)


def validate_ura(value: str) -> None:
    """Django validator for an optional URA."""
    _validate(clean_ura, value)


def validate_kvk_number(value: str) -> None:
    """Django validator for an optional KvK number."""
    _validate(clean_kvk_number, value)


def validate_postcode(value: str) -> None:
    """Django validator for an optional postcode."""
    _validate(clean_postcode, value)
