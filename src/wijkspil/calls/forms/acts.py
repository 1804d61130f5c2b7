"""Small forms during a call: why not, how it ended, why in an emergency."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from wijkspil.calls.types import CallOutcome, Finish

_CHOOSE = gettext_lazy("Choose one of the answers.")


class ReasonForm(forms.Form):
    """A coded reason; it is the button that is pressed."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Why?"),
        error_messages={"required": _CHOOSE, "invalid_choice": _CHOOSE},
    )

    def __init__(self, *args: Any, choices: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].choices = choices  # type: ignore[attr-defined]


class FinishForm(forms.Form):
    """How the visit ended; minutes empty: as the moments say."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("How did it end?"),
        choices=CallOutcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _CHOOSE, "invalid_choice": _CHOOSE},
    )
    report = forms.CharField(
        label=gettext_lazy("Report for the client's own team"),
        help_text=gettext_lazy("What you saw, did and agreed. They read it at 6.45."),
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=2000,
        required=False,
    )
    travel_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes on the way"),
        min_value=0,
        max_value=720,
        required=False,
    )
    care_minutes = forms.IntegerField(
        label=gettext_lazy("Minutes with the client"),
        min_value=0,
        max_value=720,
        required=False,
    )

    def as_finish(self) -> Finish:
        """Return what was typed."""
        data = self.cleaned_data
        return Finish(
            outcome=data["outcome"],
            report=data["report"],
            travel_minutes=data["travel_minutes"],
            care_minutes=data["care_minutes"],
        )


class ReportForm(forms.Form):
    """The report alone, to mend it."""

    report = forms.CharField(
        label=gettext_lazy("Report for the client's own team"),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=2000,
        required=False,
    )


class GlassForm(forms.Form):
    """Why somebody must see a client's data after the access ended."""

    reason = forms.CharField(
        label=gettext_lazy("Why do you need it now?"),
        help_text=gettext_lazy(
            "At least 10 characters. The privacy officer of the region reads this."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
        min_length=10,
        max_length=500,
    )


class MonthForm(forms.Form):
    """A month and, for who may see more than one, a region."""

    month = forms.DateField(
        label=gettext_lazy("Month"),
        input_formats=["%Y-%m", "%Y-%m-%d"],
        widget=forms.DateInput(attrs={"type": "month"}, format="%Y-%m"),
        error_messages={"invalid": gettext_lazy("Write a month as 2026-11.")},
    )
