"""Open a round: few choices, all of them filled in already."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wijkspil.registrations.errors import InvalidRegistration

_DAY = {"type": "date"}


class RoundForm(forms.Form):
    """What is agreed when a round is opened."""

    name = forms.CharField(
        label=_("Name of the round"),
        help_text=_("Residents and practices read it, as in: Ruilronde najaar 2026."),
        max_length=80,
        error_messages={"required": _("Give the round a name.")},
    )
    region = forms.TypedChoiceField(label=_("Region"), coerce=int)
    join_until = forms.DateField(
        label=_("Until and including which day can practices join?"),
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        error_messages={"required": _("Give the day.")},
    )
    answer_days = forms.IntegerField(
        label=_("How many days do households and practices have to answer?"),
        help_text=_("Ten days leaves time for who reads a message late."),
        error_messages={"required": _("Give a number of days.")},
    )
    effective_on = forms.DateField(
        label=_("On which day do registrations change?"),
        help_text=_(
            "After everybody has answered, and never on the first day of a quarter."
        ),
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        error_messages={"required": _("Give the day.")},
    )
    is_guarded = forms.BooleanField(
        label=_("No group is served later than by a waiting list"),
        help_text=_("Costs a few moves; the report says how many."),
        required=False,
    )

    def __init__(
        self, *args: Any, regions: list[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["region"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = regions
        if len(regions) == 1:
            field.widget = forms.HiddenInput()

    def refuse(self, error: InvalidRegistration) -> None:
        """Put each reason beside the field it is about."""
        for name, reasons in error.fields.items():
            for reason in reasons:
                self.add_error(name if name in self.fields else None, reason)
