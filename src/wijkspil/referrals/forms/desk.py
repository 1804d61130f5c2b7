"""What a coordinator does by hand from the desk: a call to a team, a team chosen.

The names of the fields are those of the services, so that a refusal lands beside the
field it is about.
"""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wijkspil.referrals.forms.steering import Choices, SteeringForm
from wijkspil.referrals.services.desk import (
    PlacementReason,
    PlacementWay,
)
from wijkspil.referrals.types import CallOutcome, DeclineReason


class CallForm(SteeringForm):
    """Which team was called, and what came of it."""

    service_id = forms.TypedChoiceField(
        label=_("Which team did you call?"),
        coerce=int,
        error_messages={
            "required": _("Choose the team."),
            "invalid_choice": _("Choose a team from the list."),
        },
    )
    outcome = forms.ChoiceField(
        label=_("What came of it?"),
        choices=CallOutcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what came of the call.")},
    )
    reason = forms.ChoiceField(
        label=_("Why does the team say no?"),
        help_text=_("Only when it says no."),
        choices=[("", _("Choose a reason")), *DeclineReason.choices],
        required=False,
    )
    call_back_at = forms.DateTimeField(
        label=_("When do you call back?"),
        help_text=_("Only when you call back: the request gets this as its date."),
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
        required=False,
    )
    spoke_with = forms.CharField(
        label=_("Who did you speak?"), max_length=120, required=False
    )
    is_sure = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, teams: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["service_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Choose the team")), *teams]


class PlacementForm(SteeringForm):
    """Which team a coordinator chooses, why, and what happens now."""

    service_id = forms.TypedChoiceField(
        label=_("Which team?"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose the team."),
            "invalid_choice": _("Choose a team from the list."),
        },
    )
    reason = forms.ChoiceField(
        label=_("Why this team?"),
        help_text=_("This stays on the timeline of the request."),
        choices=[("", _("Choose a reason")), *PlacementReason.choices],
        error_messages={"required": _("Choose why you choose this team.")},
    )
    why = forms.CharField(
        label=_("In your own words"),
        help_text=_("No names. At most 200 characters."),
        max_length=200,
        required=False,
    )
    way = forms.ChoiceField(
        label=_("What happens now?"),
        choices=PlacementWay.choices,
        initial=PlacementWay.ASK,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what happens now.")},
    )

    def __init__(self, *args: Any, teams: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["service_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(teams)
