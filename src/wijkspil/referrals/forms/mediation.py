"""What the insurer writes down about a request that it mediates."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wijkspil.referrals.forms.steering import Choices, SteeringForm


class PassedOnForm(SteeringForm):
    """To whom it was passed on."""

    to = forms.CharField(
        label=_("To whom did you pass it on?"),
        help_text=_("A provider or a department; no name of the client."),
        max_length=120,
        error_messages={"required": _("Say to whom you passed it on.")},
    )


class FoundForm(SteeringForm):
    """Which team was found."""

    service_id = forms.TypedChoiceField(
        label=_("Which team did you find?"),
        help_text=_("It gets the question at once and answers in its own inbox."),
        coerce=int,
        error_messages={
            "required": _("Choose the team that you found."),
            "invalid_choice": _("Choose a team from the list."),
        },
    )

    def __init__(self, *args: Any, teams: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["service_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Choose a team")), *teams]


class NobodyForm(SteeringForm):
    """What was tried before giving it back."""

    tried = forms.CharField(
        label=_("What did you try?"),
        help_text=_("One line, for the coordinator; no name of the client."),
        max_length=200,
        error_messages={"required": _("Say in a few words what you tried.")},
    )
