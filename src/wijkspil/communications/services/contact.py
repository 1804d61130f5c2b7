"""Keep how a person wants to be reached."""

import re

from django.utils.translation import gettext as _

from wijkspil.communications.errors import InvalidNumber
from wijkspil.communications.models import ContactChoice
from wijkspil.communications.types import EmailChoice

_MOBILE = re.compile(r"(?:\+|00)[1-9]\d{7,14}|06\d{8}")


def choose_contact(*, user_id: int, email: EmailChoice, text_number: str = "") -> None:
    """Keep the choice; an empty number means no text messages.

    Raises
    ------
    InvalidNumber
        If the number is no mobile number.
    """
    number = re.sub(r"[\s\-().]", "", text_number)
    if number and not _MOBILE.fullmatch(number):
        raise InvalidNumber(
            _("“%(number)s” is no mobile number. Write 06 12345678 or +31612345678.")
            % {"number": text_number[:30]},
            field="text_number",
        )
    ContactChoice.objects.update_or_create(
        user_id=user_id, defaults={"email": email, "text_number": number}
    )
