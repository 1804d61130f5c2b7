"""Declining: the reason is the button that is pressed; day and note may be added."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wijkspil.referrals.types import DeclineReason


class DeclineForm(forms.Form):
    """Why not; from when there is room again; a word for who asked."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Why can your team not take this client?"),
        choices=DeclineReason.choices,
        error_messages={
            "required": gettext_lazy("Press the reason why you cannot take it."),
            "invalid_choice": gettext_lazy("Press one of the reasons below."),
        },
    )
    room_again_on = forms.DateField(
        label=gettext_lazy("From when do you have room again?"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
    )
    note = forms.CharField(
        label=gettext_lazy("What should who asked know?"),
        help_text=gettext_lazy("No names. At most 300 characters."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=300,
        required=False,
    )

    def __init__(self, *args: Any, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today

    def clean_room_again_on(self) -> date | None:
        """Refuse a day that has passed."""
        day: date | None = self.cleaned_data["room_again_on"]
        if day is not None and day <= self.today:
            raise forms.ValidationError(
                _("Give a day after today, or leave it empty if you do not know.")
            )
        return day
