"""The capacity page as a form: a few big choices, made with a thumb.

Checks only that the choices exist; what makes a report complete is decided by
``services.capacity`` and shown beside the field it names.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from math import floor
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from wijkspil.directory.errors import InvalidCapacity, RoomTakenSince
from wijkspil.directory.room import RoomReport
from wijkspil.directory.services.capacity import Capacity
from wijkspil.directory.types import CareTask, NoRoomReason, PartOfDay, SizeBand

#: The highest number to choose; the label says "or more".
MOST_CLIENTS = 5
#: Weeks after which a full team often has room again, as quick choices.
WEEKS_AHEAD = (1, 2, 4)
OTHER_DAY = "other"

_FIELD_OF = {"no_room_until": "room_again_on"}


class CapacityForm(forms.Form):
    """Number of clients, size, parts of the day; or why there is no room."""

    new_clients = forms.TypedChoiceField(
        label=gettext_lazy("How many new clients can you take?"),
        coerce=int,
        widget=forms.RadioSelect,
        choices=[
            (0, gettext_lazy("None, we are full")),
            *((n, str(n)) for n in range(1, MOST_CLIENTS)),
            (MOST_CLIENTS, gettext_lazy("5 or more")),
        ],
        error_messages={
            "required": gettext_lazy("Choose a number, or that you are full.")
        },
    )
    size_band = forms.ChoiceField(
        label=gettext_lazy("How much care per client?"),
        widget=forms.RadioSelect,
        choices=SizeBand.choices,
        required=False,
    )
    parts_of_day = forms.MultipleChoiceField(
        label=gettext_lazy("At what time of day?"),
        widget=forms.CheckboxSelectMultiple,
        choices=PartOfDay.choices,
        required=False,
    )
    tasks_excluded = forms.MultipleChoiceField(
        label=gettext_lazy("What can you not take on now?"),
        widget=forms.CheckboxSelectMultiple,
        choices=CareTask.choices,
        required=False,
    )
    hours_per_week = forms.DecimalField(
        label=gettext_lazy("Free hours a week in total"),
        min_value=0,
        max_value=9999,
        decimal_places=1,
        required=False,
    )
    no_room_reason = forms.ChoiceField(
        label=gettext_lazy("Why are you full?"),
        widget=forms.RadioSelect,
        choices=NoRoomReason.choices,
        required=False,
    )
    room_again = forms.ChoiceField(
        label=gettext_lazy("When do you expect room again?"),
        widget=forms.RadioSelect,
        required=False,
    )
    room_again_on = forms.DateField(
        label=gettext_lazy("On another day, namely"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
    )
    seen_report_id = forms.IntegerField(widget=forms.HiddenInput, required=False)
    seen_reservation_id = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self, *args: Any, today: date, tasks: Sequence[str] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        again = self.fields["room_again"]
        excluded = self.fields["tasks_excluded"]
        assert isinstance(again, forms.ChoiceField)
        assert isinstance(excluded, forms.MultipleChoiceField)
        again.choices = [
            ("", _("I do not know yet")),
            *(_weeks_choice(today, weeks) for weeks in WEEKS_AHEAD),
            (OTHER_DAY, _("On another day")),
        ]
        if tasks:
            excluded.choices = [c for c in CareTask.choices if c[0] in tasks]

    def room_again_hints(self) -> dict[str, str]:
        """Return the day behind each quick choice, by its value."""
        days = [_weeks_choice(self.today, weeks)[0] for weeks in WEEKS_AHEAD]
        day_format = pgettext("format of a date", "l j F")
        return {day: date_format(date.fromisoformat(day), day_format) for day in days}

    def clean(self) -> dict[str, Any]:
        """Ask for the day when "another day" was chosen."""
        cleaned: dict[str, Any] = super().clean() or {}
        if (
            cleaned.get("new_clients") == 0
            and cleaned.get("room_again") == OTHER_DAY
            and cleaned.get("room_again_on") is None
            and "room_again_on" not in self.errors
        ):
            self.add_error(
                "room_again_on", _("Give the day, or choose another answer.")
            )
        return cleaned

    def capacity(self) -> Capacity:
        """Return the report; answers to questions that did not apply are left out."""
        data = self.cleaned_data
        if data["new_clients"] == 0:
            again = data["room_again"]
            return Capacity(
                new_clients=0,
                no_room_reason=data["no_room_reason"],
                no_room_until=data["room_again_on"]
                if again == OTHER_DAY
                else date.fromisoformat(again)
                if again
                else None,
            )
        return Capacity(
            new_clients=data["new_clients"],
            size_band=data["size_band"],
            parts_of_day=tuple(data["parts_of_day"]),
            tasks_excluded=tuple(data["tasks_excluded"]),
            hours_per_week=data["hours_per_week"],
        )

    def refuse(self, error: InvalidCapacity) -> None:
        """Put the service's refusal beside the field it is about."""
        field = _FIELD_OF.get(error.field or "", error.field)
        self.add_error(field if field in self.fields else None, str(error))

    def ask_again(self, error: RoomTakenSince) -> None:
        """Ask whether the figure still holds; sent again, it has seen what is new."""
        self.add_error("new_clients", str(error))
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["seen_reservation_id"] = str(error.newest_reservation_id)
        self.data = data


def initial_of(report: RoomReport | None, *, report_id: int) -> dict[str, Any]:
    """Return the form's starting values: what is left of what the team said last."""
    if report is None:
        return {"seen_report_id": 0, "room_again": ""}
    until = report.no_room_until
    return {
        "new_clients": 0 if report.is_taken else min(report.new_clients, MOST_CLIENTS),
        "size_band": report.size_band,
        "parts_of_day": list(report.parts_of_day),
        "tasks_excluded": list(report.tasks_excluded),
        # In tenths, as the field; rounded down, so that it is never more than is left.
        "hours_per_week": None
        if report.hours_per_week is None
        else floor(round(report.hours_per_week * 10, 1)) / 10,
        "no_room_reason": NoRoomReason.FULL
        if report.is_taken
        else report.no_room_reason,
        "room_again": OTHER_DAY if until else "",
        "room_again_on": until,
        "seen_report_id": report_id,
    }


def _weeks_choice(today: date, weeks: int) -> tuple[str, str]:
    said = {1: _("In a week"), 2: _("In two weeks"), 4: _("In four weeks")}[weeks]
    return ((today + timedelta(weeks=weeks)).isoformat(), said)
