"""Declining: the reason is the button that is pressed; the rest may be added."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wijkspil.directory.selectors.capacity import RoomLeft
from wijkspil.directory.types import CareTask, PartOfDay
from wijkspil.referrals.services.correction import RoomCorrection
from wijkspil.referrals.types import DeclineReason

#: More places than this are not a choice but a figure; the page of the room has it.
MOST_PLACES = 5


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

    corrects = forms.CharField(
        widget=forms.HiddenInput, required=False, max_length=1, initial="1"
    )
    places = forms.TypedChoiceField(
        label=gettext_lazy("How many new clients can you still take?"),
        coerce=int,
        empty_value=None,
        widget=forms.RadioSelect,
        required=False,
        error_messages={"invalid_choice": gettext_lazy("Choose from the list.")},
    )
    parts_of_day = forms.MultipleChoiceField(
        label=gettext_lazy("At which parts of the day do you have room?"),
        choices=PartOfDay.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    tasks_excluded = forms.MultipleChoiceField(
        label=gettext_lazy("What of this can your team not take on now?"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(
        self,
        *args: Any,
        today: date,
        room: RoomLeft | None = None,
        tasks: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        """Ask what is left only of a team that stated ``room``."""
        super().__init__(*args, **kwargs)
        self.today = today
        self.room = room
        if room is None:
            for name in ("corrects", "places", "parts_of_day", "tasks_excluded"):
                del self.fields[name]
            return
        _set_choices(
            self.fields["places"],
            [
                ("", _("What the reason below says")),
                *((n, str(n)) for n in range(min(room.clients, MOST_PLACES) + 1)),
            ],
        )
        self.initial.setdefault("parts_of_day", list(room.parts_of_day))
        left = [task for task in tasks if task not in room.tasks_excluded]
        _set_choices(
            self.fields["tasks_excluded"], [(t, CareTask(t).label) for t in left]
        )

    @property
    def correction(self) -> RoomCorrection | None:
        """What a valid form says is left; None when its page did not ask."""
        data = self.cleaned_data
        if self.room is None or not data["corrects"]:
            return None
        parts = data["parts_of_day"]
        return RoomCorrection(
            new_clients=data["places"],
            parts_of_day=None
            if set(parts) == set(self.room.parts_of_day)
            else tuple(parts),
            tasks_excluded=tuple(data["tasks_excluded"]),
        )

    def clean_room_again_on(self) -> date | None:
        """Refuse a day that has passed."""
        day: date | None = self.cleaned_data["room_again_on"]
        if day is not None and day <= self.today:
            raise forms.ValidationError(
                _("Give a day after today, or leave it empty if you do not know.")
            )
        return day


def _set_choices(field: forms.Field, choices: Iterable[tuple[Any, Any]]) -> None:
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)
