"""Make a measure of a gap: what, whose, by when, and what is expected of it."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wijkspil.insight.errors import InvalidMeasure
from wijkspil.insight.services.plans import MeasureGiven
from wijkspil.insight.types import OwnerKind

_NUMBER = {"step": "any", "inputmode": "decimal", "autocomplete": "off"}
_NO_NUMBER = {"invalid": _("This is not a number.")}


class MeasureForm(forms.Form):
    """What is agreed to do about a gap."""

    title = forms.CharField(
        label=_("What will be done?"),
        help_text=_("Short, as in: two teams more in the evening in Zuiderpark."),
        max_length=200,
        error_messages={"required": _("Say in a few words what will be done.")},
    )
    owner_kind = forms.ChoiceField(
        label=_("Whose is it?"),
        choices=OwnerKind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose whose this is.")},
    )
    owner = forms.TypedChoiceField(
        label=_("Which provider?"),
        help_text=_("Only when a provider does it."),
        coerce=int,
        empty_value=None,
        required=False,
    )
    due_on = forms.DateField(
        label=_("By when?"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Give the day.")},
    )
    scenario = forms.TypedChoiceField(
        label=_("Take the expected effect from a scenario"),
        help_text=_(
            "What the scenario changes against the base, in the year of the date."
        ),
        coerce=int,
        empty_value=None,
        required=False,
    )
    expected_effect = forms.FloatField(
        label=_("Or: which change do you expect?"),
        help_text=_("Less is a minus, as in -40."),
        widget=forms.NumberInput(attrs=_NUMBER),
        error_messages=_NO_NUMBER,
        required=False,
    )
    expected_low = forms.FloatField(
        label=_("At the lowest"),
        widget=forms.NumberInput(attrs=_NUMBER),
        error_messages=_NO_NUMBER,
        required=False,
    )
    expected_high = forms.FloatField(
        label=_("At the highest"),
        widget=forms.NumberInput(attrs=_NUMBER),
        error_messages=_NO_NUMBER,
        required=False,
    )
    note = forms.CharField(
        label=_("Why, and how?"),
        help_text=_("Needed when you type an expected change yourself."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(
        self,
        *args: Any,
        providers: Sequence[tuple[int, str]],
        scenarios: Sequence[tuple[int, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("owner", providers), ("scenario", scenarios)):
            field = self.fields[name]
            assert isinstance(field, forms.TypedChoiceField)
            field.choices = [("", _("None")), *((str(pk), n) for pk, n in choices)]

    def given(self, *, region_id: int, area_id: int, indicator: str) -> MeasureGiven:
        """Return what a valid form says."""
        data = self.cleaned_data
        is_provider = data["owner_kind"] == OwnerKind.PROVIDER
        return MeasureGiven(
            region_id=region_id,
            area_id=area_id,
            indicator=indicator,
            title=data["title"],
            owner_kind=data["owner_kind"],
            owner_id=data["owner"] if is_provider else None,
            due_on=data["due_on"],
            note=data["note"],
            expected_effect=data["expected_effect"],
            expected_low=data["expected_low"],
            expected_high=data["expected_high"],
            scenario_id=data["scenario"],
        )

    def refuse(self, error: InvalidMeasure) -> None:
        """Put the reason beside the field it is about."""
        self.add_error(error.field if error.field in self.fields else None, str(error))


class OutcomeForm(forms.Form):
    """Say in words what came of it, or why it stops."""

    outcome = forms.CharField(
        label=_("What came of it, or why does it stop?"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=4000,
    )
