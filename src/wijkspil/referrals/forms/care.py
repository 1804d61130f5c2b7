"""After accepting: the hours, the end, giving back, stopping an assignment.

What makes a value right is decided by ``services.course`` and shown beside its field.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from wijkspil.directory.wording import say_hours
from wijkspil.referrals.errors import InvalidRequest
from wijkspil.referrals.types import CloseReason, ReopenReason, SafetyGround

#: How long after the intake the hours are usually looked at again.
REVIEW_AFTER = timedelta(weeks=6)
#: For which reasons a team ends care; the others are for who sent the request.
END_REASONS = (
    CloseReason.GOALS_REACHED,
    CloseReason.NOT_NEEDED,
    CloseReason.OWN_NETWORK,
    CloseReason.OTHER_LAW,
    CloseReason.ADMITTED,
    CloseReason.CLIENT_REFUSES,
    CloseReason.DIED,
)
GIVE_BACK_REASONS = (
    ReopenReason.TEAM_STOPS,
    ReopenReason.CHANGED_NEED,
    ReopenReason.UNSAFE,
)


class HoursField(forms.DecimalField):
    """Hours a week, with a comma or a point as people type it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_digits=5,
            decimal_places=2,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "maxlength": 8}),
            error_messages={
                "required": gettext_lazy("Give the hours a week, as in 3.5."),
                "invalid": gettext_lazy(
                    "Give the hours a week as a number, as in 3.5."
                ),
            },
            **kwargs,
        )

    def to_python(  # type: ignore[override]
        self, value: Any
    ) -> Decimal | None:
        """Read "3,25" as well as "3.25"."""
        if isinstance(value, str):
            value = value.strip().replace(",", ".")
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        """Show a stored number as people write it."""
        if isinstance(value, Decimal):
            return say_hours(float(value))
        return value


class CareForm(forms.Form):
    """A form that shows what a service refused beside its field."""

    def refuse(self, error: InvalidRequest) -> None:
        """Put each reason beside the field it is about."""
        for name, reasons in error.fields.items():
            for reason in reasons:
                self.add_error(name if name in self.fields else None, reason)


class HoursForm(CareForm):
    """The hours after the intake or a review, and when to look again."""

    hours_per_week = HoursField(label=gettext_lazy("Hours a week"))
    review_on = forms.DateField(
        label=gettext_lazy("When do you look at it again?"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": gettext_lazy("Give the day on which you look again.")
        },
    )
    hours_expected = HoursField(
        label=gettext_lazy("Hours a week that you expect then"),
        help_text=gettext_lazy(
            "If the client learns to do more alone (reablement), less care is needed. "
            "Your expectation shows others when room comes."
        ),
        required=False,
    )


class EndForm(CareForm):
    """Why care ends."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Why does care end?"),
        widget=forms.RadioSelect,
        choices=[(reason.value, reason.label) for reason in END_REASONS],
        error_messages={"required": gettext_lazy("Choose why care ends.")},
    )


class GiveBackForm(CareForm):
    """Why a team gives a client back."""

    reason = forms.ChoiceField(
        label=gettext_lazy("Why do you give the client back?"),
        widget=forms.RadioSelect,
        choices=[(reason.value, reason.label) for reason in GIVE_BACK_REASONS],
        error_messages={
            "required": gettext_lazy("Choose why you give the client back.")
        },
    )


class StopForm(CareForm):
    """On which safety ground an assignment is stopped."""

    ground = forms.ChoiceField(
        label=gettext_lazy("What is not safe?"),
        widget=forms.RadioSelect,
        choices=SafetyGround.choices,
        error_messages={
            "required": gettext_lazy("Choose on which ground you stop it.")
        },
    )
    explanation = forms.CharField(
        label=gettext_lazy("Explain in one sentence"),
        help_text=gettext_lazy(
            "No names. The coordinator reads it and looks for another solution."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=300,
        error_messages={
            "required": gettext_lazy("Explain in one sentence what is not safe.")
        },
    )


def initial_hours(hours: Decimal | None, *, today: date) -> dict[str, Any]:
    """Return the starting values: the hours of now, and a review in six weeks."""
    return {"hours_per_week": hours, "review_on": _working_day(today + REVIEW_AFTER)}


def _working_day(day: date) -> date:
    """Return the day, or the Monday after it when it falls in a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
