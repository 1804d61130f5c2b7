"""Re-housing: which practice stops, its households as a file, who takes people over."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wijkspil.registrations.errors import InvalidRegistration
from wijkspil.registrations.services.rehousing import TakerGiven

_DAY = {"type": "date"}


class _Form(forms.Form):
    def refuse(self, error: InvalidRegistration) -> None:
        """Put each reason beside the field it is about."""
        for name, reasons in error.fields.items():
            for reason in reasons:
                self.add_error(name if name in self.fields else None, reason)


class RehousingForm(_Form):
    """What is known when a practice stops."""

    failing = forms.TypedChoiceField(
        label=_("Which practice stops?"),
        coerce=int,
        error_messages={"required": _("Choose the practice that stops.")},
    )
    also_failing = forms.TypedMultipleChoiceField(
        label=_("Do more practices stop at once?"),
        coerce=int,
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )
    starts_on = forms.DateField(
        label=_("From which day can people move?"),
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        error_messages={"required": _("Give the day.")},
    )
    most_minutes = forms.IntegerField(
        label=_("At most how many minutes by car from home?"),
        help_text=_("Who cannot leave the house stays within ten minutes, if it can."),
        error_messages={"required": _("Give a number of minutes.")},
    )

    def __init__(
        self, *args: Any, practices: Sequence[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name in ("failing", "also_failing"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = (
                [("", _("Choose a practice")), *practices]
                if name == "failing"
                else list(practices)
            )


class HouseholdsForm(_Form):
    """The file of one practice that stops."""

    file = forms.FileField(
        label=_("Households as CSV"),
        help_text=_("At most 5 MB. No names, no birth dates, no BSN."),
        error_messages={
            "required": _("Choose the file."),
            "empty": _("The file is empty."),
        },
    )


class TakersForm(_Form):
    """One row of numbers for each practice that may take people over."""

    def __init__(
        self,
        *args: Any,
        practices: Iterable[tuple[int, str, int, int, bool]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.ids: list[int] = []
        for service_id, name, places, per_day, is_temporary in practices:
            self.ids.append(service_id)
            self.fields[f"places_{service_id}"] = forms.IntegerField(
                label=_("Places at %(name)s") % {"name": name},
                required=False,
                min_value=0,
                initial=places or None,
            )
            self.fields[f"per_day_{service_id}"] = forms.IntegerField(
                label=_("People a day at %(name)s") % {"name": name},
                required=False,
                min_value=1,
                initial=per_day,
            )
            self.fields[f"temporary_{service_id}"] = forms.BooleanField(
                label=_("%(name)s is temporary") % {"name": name},
                required=False,
                initial=is_temporary,
            )

    def takers(self) -> list[TakerGiven]:
        """Return what was filled in."""
        data = self.cleaned_data
        return [
            TakerGiven(
                service_id=pk,
                places=data.get(f"places_{pk}") or 0,
                per_day=data.get(f"per_day_{pk}") or 50,
                is_temporary=bool(data.get(f"temporary_{pk}")),
            )
            for pk in self.ids
        ]
