"""What visitors fill in on the public pages. All by GET: the address keeps it."""

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wijkspil.core.errors import InvalidValue
from wijkspil.core.identifiers import clean_postcode
from wijkspil.directory.selectors.search_areas import get_example_postcode
from wijkspil.directory.types import Care
from wijkspil.portal.templatetags.portal import spaced_postcode
from wijkspil.portal.who_helps import CARE_WORDS

LONGEST_QUESTION = 200


def example_postcode() -> str:
    """Return a postcode that leads somewhere here, as people write it."""
    return spaced_postcode(get_example_postcode() or "2512AB")


class QuestionForm(forms.Form):
    """One field: a postcode, or a question in own words."""

    q = forms.CharField(
        label=_("Your postcode or your question"),
        error_messages={"required": _("Type your postcode or your question.")},
        # Not ``max_length``: a browser then cuts a question off without a word.
        validators=[
            MaxLengthValidator(
                LONGEST_QUESTION,
                _("Your question is too long. Use at most %(limit_value)d characters."),
            )
        ],
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    postcode = forms.CharField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].help_text = gettext(
            "For example %(postcode)s, or: my mother cannot put on her stockings."
        ) % {"postcode": example_postcode()}


class PostcodeForm(forms.Form):
    """Where somebody lives, asked beside an answer."""

    postcode = forms.CharField(
        label=_("Postcode"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "postal-code", "autocapitalize": "characters"}
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["postcode"].error_messages["required"] = gettext(
            "Type a postcode, such as %(postcode)s."
        ) % {"postcode": example_postcode()}


def read_postcode(typed: str) -> tuple[str, PostcodeForm]:
    """Return the postcode if it can be read, and the form that asks for it.

    It lives in the address of a page only: nothing about a place is kept.
    """
    if not typed:
        return "", PostcodeForm()
    form = PostcodeForm({"postcode": typed})
    try:
        return (clean_postcode(typed) if form.is_valid() else ""), form
    except InvalidValue as error:
        form.add_error("postcode", str(error))
        return "", form


class WhoHelpsForm(PostcodeForm):
    """Where, what and when."""

    zorg = forms.ChoiceField(label=_("What for"), required=False)
    moment = forms.CharField(
        label=_("Moment"),
        required=False,
        max_length=40,
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
    )

    def __init__(self, *args: Any, cares: tuple[Care, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(care.value, CARE_WORDS[care]) for care in cares]
        field = self.fields["zorg"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
        field.error_messages["invalid_choice"] = _(
            "“%(value)s” is not a kind of care. Choose one from the list."
        )
