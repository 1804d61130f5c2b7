"""A provider says which beds are free, or that it cannot deliver: big choices."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wijkspil.stays.forms.asking import StayForm
from wijkspil.stays.selectors.beds import FreeBeds
from wijkspil.stays.types import (
    Beds,
    EndReason,
    Feature,
    Gender,
    NotDeliveredGround,
    StayKind,
)

#: The highest number to choose with one press; more is typed by a system.
MOST = 5
VALID_HOURS = (12, 24, 48, 72)


class BedsForm(StayForm):
    """How many beds of one kind are free, and what they can do."""

    kind = forms.ChoiceField(
        label=_("Which kind of bed?"),
        choices=StayKind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose which kind of bed it is.")},
    )
    free = forms.TypedChoiceField(
        label=_("How many are free?"),
        help_text=_("Beds that were claimed are not free: do not count them."),
        coerce=int,
        choices=[(0, _("None")), *((n, str(n)) for n in range(1, MOST + 1))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a number, or none.")},
    )
    valid_hours = forms.TypedChoiceField(
        label=_("How long does that hold?"),
        coerce=int,
        choices=[
            (12, _("12 hours")),
            (24, _("1 day")),
            (48, _("2 days")),
            (72, _("3 days")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how long you promise this.")},
    )
    from_on = forms.DateField(
        label=_("Free from which day?"),
        help_text=_("Leave it empty if they are free now."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
    )
    features = forms.MultipleChoiceField(
        label=_("What can these beds do?"),
        choices=Feature.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    gender = forms.ChoiceField(
        label=_("For whom?"),
        choices=Gender.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    seen_report_id = forms.IntegerField(widget=forms.HiddenInput, required=False)
    seen_left = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def beds(self) -> Beds:
        """Return what is promised."""
        data = self.cleaned_data
        return Beds(
            free=data["free"],
            from_on=data["from_on"],
            features=tuple(data["features"]),
            gender=data["gender"] or Gender.ANY,
            valid_hours=data["valid_hours"],
        )


class NotDeliveredForm(StayForm):
    """Why a promised bed cannot be delivered."""

    ground = forms.ChoiceField(
        label=_("Why can you not deliver this bed?"),
        choices=NotDeliveredGround.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why.")},
    )
    free_left = forms.TypedChoiceField(
        label=_("How many beds of this kind are still free?"),
        coerce=int,
        choices=[(0, _("None")), *((n, str(n)) for n in range(1, MOST + 1))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a number, or none.")},
    )


class EndForm(StayForm):
    """How the stay ended."""

    reason = forms.ChoiceField(
        label=_("Where does the client go?"),
        choices=EndReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose where the client goes.")},
    )


class PlannedEndForm(StayForm):
    """On which day the client is expected to leave."""

    planned_end = forms.DateField(
        label=_("Until which day, as you expect?"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Give the day you expect.")},
    )


def initial_of(told: FreeBeds | None, *, kind: str, today: date) -> dict[str, Any]:
    """Return starting values: what is left of what was promised last."""
    if told is None:
        return {"kind": kind, "gender": Gender.ANY, "valid_hours": 24}
    hours = (told.valid_until - told.reported_at) // timedelta(hours=1)
    from_on = told.from_on
    return {
        "kind": told.kind,
        "free": min(told.left, MOST),
        "valid_hours": hours if hours in VALID_HOURS else 24,
        "from_on": from_on if from_on and from_on > today else None,
        "features": list(told.features),
        "gender": told.gender,
        "seen_report_id": told.report_id,
        "seen_left": told.left,
    }
