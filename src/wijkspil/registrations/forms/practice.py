"""Forms of a practice: its list, what it gives to a round, and why it refuses."""

from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wijkspil.registrations.errors import InvalidRegistration
from wijkspil.registrations.types import (
    LOAD_UNIT,
    REFUSALS_OF_WHO,
    AgeBand,
    Conditions,
    ListGiven,
    ListReason,
    ListStatus,
    RefusalReason,
)

_WHOLE = {"inputmode": "numeric", "min": "0"}
#: Age band -> name of its field.
BAND_FIELDS = {band: f"most_{number}" for number, band in enumerate(AgeBand.values)}


class PracticeForm(forms.Form):
    """A form that shows what a service refused beside its field."""

    #: Field of a service -> field here, where they differ.
    NAMES: dict[str, str] = {}

    def refuse(self, error: InvalidRegistration) -> None:
        """Put each reason beside the field it is about."""
        for name, reasons in error.fields.items():
            field = self.NAMES.get(name, name)
            for reason in reasons:
                self.add_error(field if field in self.fields else None, reason)


def _number(label: Any, help_text: Any = "", *, least: int = 0) -> forms.IntegerField:
    return forms.IntegerField(
        label=label,
        help_text=help_text,
        min_value=least,
        max_value=1_000_000,
        required=False,
        widget=forms.NumberInput(attrs=_WHOLE),
    )


def _load(label: Any, help_text: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        help_text=help_text,
        min_value=0,
        max_value=100_000,
        decimal_places=1,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "decimal", "step": "0.1"}),
    )


class ListForm(PracticeForm):
    """Whether the list is open, for whom and how many; filled in as it was last."""

    NAMES = {"most_of_band": next(iter(BAND_FIELDS.values()))}

    status = forms.ChoiceField(
        label=_("Do you take new patients?"),
        choices=ListStatus.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose open, with conditions, or closed.")},
    )
    reason = forms.ChoiceField(
        label=_("Why is the list closed or limited?"),
        help_text=_("Not needed for an open list. People read it."),
        choices=ListReason.choices,
        widget=forms.RadioSelect,
        required=False,
    )
    expected_until = forms.DateField(
        label=_("Until which day, as you expect?"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
    )
    places_per_month = _number(
        _("How many new people a month?"),
        _("Empty means: no limit. So no rush comes on you."),
        least=1,
    )
    postcodes = forms.CharField(
        label=_("Only from these postcodes"),
        help_text=_("Four digits take all of them: 2512, 2513. Empty: from anywhere."),
        required=False,
        max_length=2000,
    )
    most_minutes = _number(
        _("At most so many minutes by car"),
        _("From the practice, for house calls. 15 is usual."),
        least=1,
    )
    only_with_member = forms.BooleanField(
        label=_("Only who has somebody of the household on our list"),
        required=False,
    )
    people = _number(_("How many people are on your list?"))
    load_per_month = _load(
        _("Most load a month"),
        _("One person under 65 counts as 1, of 65 to 74 as 1.3, over 85 as 2.3."),
    )
    work_per_day = _number(
        _("How many registrations does your desk enter on a usual day?"),
        _("No day ever gets more than twice as many."),
        least=1,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for band, name in BAND_FIELDS.items():
            self.fields[name] = _number(
                _("Most people a month, %(band)s years") % {"band": AgeBand(band).label}
            )

    @property
    def band_fields(self) -> list[forms.BoundField]:
        """The caps per age band."""
        return [self[name] for name in BAND_FIELDS.values()]

    @property
    def has_conditions(self) -> bool:
        """Whether to show the conditions at once."""
        names = ("postcodes", "most_minutes", "only_with_member", *BAND_FIELDS.values())
        return self["status"].value() == ListStatus.LIMITED or any(
            self[name].errors or self[name].value() not in (None, "", False)
            for name in names
        )

    @property
    def has_more(self) -> bool:
        """Whether to show what few fill in."""
        return bool(self["load_per_month"].errors or self["work_per_day"].errors)

    def given(self) -> ListGiven:
        """Return what is given; only of a valid form."""
        data = self.cleaned_data
        load: Decimal | None = data["load_per_month"]
        return ListGiven(
            status=data["status"],
            reason=data["reason"],
            expected_until=data["expected_until"],
            places_per_month=data["places_per_month"],
            load_per_month=None if load is None else round(load * LOAD_UNIT),
            conditions=Conditions(
                postcodes=tuple(
                    one
                    for one in data["postcodes"].replace(";", ",").split(",")
                    if one.strip()
                ),
                most_minutes=data["most_minutes"],
                only_with_member=data["only_with_member"],
                most_of_band={
                    band: data[name]
                    for band, name in BAND_FIELDS.items()
                    if data[name] is not None
                },
            ),
            people=data["people"],
            work_per_day=data["work_per_day"],
        )


def initial_of(given: ListGiven | None, *, people: int | None, today: date) -> Any:
    """Return what a form is filled in with: the last list, and the people since."""
    if given is None:
        return {"people": people}
    conditions = given.conditions
    expected = given.expected_until
    return {
        "status": given.status,
        "reason": given.reason,
        "expected_until": expected if expected is None or expected > today else None,
        "places_per_month": given.places_per_month,
        "postcodes": ", ".join(conditions.postcodes),
        "most_minutes": conditions.most_minutes,
        "only_with_member": conditions.only_with_member,
        "people": people if people is not None else given.people,
        "load_per_month": shown_load(given.load_per_month),
        "work_per_day": given.work_per_day,
    } | {name: conditions.most_of_band.get(band) for band, name in BAND_FIELDS.items()}


class JoinForm(PracticeForm):
    """What a practice gives to a round."""

    free_places = forms.IntegerField(
        label=_("How many places do you give away for good?"),
        help_text=_("0 is fine: then you only swap, and your list does not grow."),
        min_value=0,
        max_value=2_000,
        widget=forms.NumberInput(attrs=_WHOLE | {"data-promise": "people"}),
        error_messages={"required": _("Give a number; 0 if you only swap.")},
    )
    max_inflow = _number(
        _("How many new people at most?"),
        _("Filled in: what your desk can enter before the change."),
    )
    free_load = _load(
        _("How much heavier may the list get?"),
        _(
            "Counted as people under 65. Empty: it does not matter. A little leaves "
            "people of different ages room to swap."
        ),
    )

    def thousandths(self) -> int | None:
        """Return the bound on load as it is stored; only of a valid form."""
        load: Decimal | None = self.cleaned_data["free_load"]
        return None if load is None else round(load * LOAD_UNIT)


class RefuseForm(PracticeForm):
    """Why a household is not taken. Health is never a reason."""

    reason = forms.ChoiceField(
        label=_("Why can you not take this household?"),
        help_text=_("They read it. Health is never a reason."),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the reason: they read it.")},
    )

    def __init__(self, *args: Any, is_known: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["reason"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (code, label)
            for code, label in RefusalReason.choices
            if is_known or code not in REFUSALS_OF_WHO
        ]


def shown_load(load: int | None) -> Decimal | None:
    """Return a load in thousandths as a form shows it."""
    if load is None:
        return None
    return (Decimal(load) / LOAD_UNIT).quantize(Decimal("0.1"))
