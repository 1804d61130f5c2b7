"""Ask for a stay: the place, what happened, and the questions of the catalogue.

The questions come from ``suggestion.yaml``; this form only shows them.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from wijkspil.directory.opening_hours import AMSTERDAM
from wijkspil.stays.catalogue import load_catalogue
from wijkspil.stays.errors import InvalidStay
from wijkspil.stays.types import (
    CancelReason,
    ConsentGiven,
    ConsentGiver,
    Feature,
    Gender,
    Happened,
    PatientDetails,
    Requester,
    StayConsentDecision,
    StayNeed,
)

#: Prefix of the fields that hold an answer.
ANSWER = "q_"
_DAY = {"type": "date"}


class StayForm(forms.Form):
    """A form that shows what a service refused beside its field."""

    def refuse(self, error: InvalidStay) -> None:
        """Put each reason beside the field it is about."""
        for name, reasons in error.fields.items():
            field = name if name in self.fields else f"{ANSWER}{name}"
            for reason in reasons:
                self.add_error(field if field in self.fields else None, reason)


class AskForm(StayForm):
    """What and where; nobody is named."""

    postcode = forms.CharField(
        label=_("Postcode of the client"),
        help_text=_("As in 2512 AB. Four figures are enough."),
        max_length=10,
        error_messages={"required": _("Give the postcode.")},
    )
    age = forms.IntegerField(
        label=_("Age"),
        min_value=0,
        max_value=120,
        error_messages={"required": _("Give the age in years.")},
    )
    happened = forms.ChoiceField(
        label=_("What happened?"),
        choices=Happened.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what happened.")},
    )
    needed_on = forms.DateField(
        label=_("From which day is a bed needed?"),
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        error_messages={"required": _("Give the day.")},
    )
    needs = forms.MultipleChoiceField(
        label=_("What must the bed have?"),
        choices=Feature.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    gender = forms.ChoiceField(
        label=_("In which shared room can this person be?"),
        choices=[
            (Gender.ANY, _("A room of one's own is best, or I do not know")),
            (Gender.WOMEN, _("With women")),
            (Gender.MEN, _("With men")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    note = forms.CharField(
        label=_("What must the provider know?"),
        help_text=_("Without names. The provider sees it once you take a bed."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=300,
        required=False,
    )
    requester_name = forms.CharField(
        label=_("Your name or department"),
        max_length=120,
        error_messages={"required": _("Give the name of who asks.")},
    )
    requester_phone = forms.CharField(
        label=_("Your number, for questions"),
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel"}),
        error_messages={"required": _("Give a number to call back.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for question in load_catalogue().questions.values():
            self.fields[f"{ANSWER}{question.code}"] = forms.ChoiceField(
                label=str(question.text),
                help_text=str(question.help or ""),
                choices=[(code, str(text)) for code, text in question.answers.items()],
                widget=forms.RadioSelect,
                error_messages={
                    "required": _("Choose an answer. You can change it later.")
                },
            )

    @property
    def questions(self) -> list[forms.BoundField]:
        """The fields of the catalogue's questions, in its order."""
        return [self[f"{ANSWER}{code}"] for code in load_catalogue().questions]

    def need(self) -> StayNeed:
        """Return what is asked."""
        data = self.cleaned_data
        return StayNeed(
            postcode=data["postcode"],
            age=data["age"],
            happened=data["happened"],
            needed_on=data["needed_on"],
            answers={
                code: data[f"{ANSWER}{code}"] for code in load_catalogue().questions
            },
            needs=tuple(data["needs"]),
            gender=data["gender"] or Gender.ANY,
            note=data["note"],
        )

    def requester(self) -> Requester:
        """Return who asks."""
        data = self.cleaned_data
        return Requester(data["requester_name"], data["requester_phone"])


class ConfirmForm(StayForm):
    """When the client comes, and who it is."""

    arrival_day = forms.DateField(
        label=_("On which day does the client come?"),
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        error_messages={"required": _("Give the day.")},
    )
    arrival_time = forms.TimeField(
        label=_("At what time, about?"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={"required": _("Give the time, as in 14:30.")},
    )
    planned_end = forms.DateField(
        label=_("Until which day, as you expect?"),
        help_text=_("Some days before, both sides get a reminder to plan going home."),
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
        error_messages={"required": _("Give the day you expect.")},
    )
    decision = forms.ChoiceField(
        label=_("What does the client say to sharing with this provider?"),
        choices=StayConsentDecision.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say what the client said to sharing.")},
    )
    given_by = forms.ChoiceField(
        label=_("Who said it?"),
        choices=ConsentGiver.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Say who said it.")},
    )
    name = forms.CharField(label=_("Name of the client"), max_length=120)
    birth_date = forms.DateField(
        label=_("Date of birth"),
        widget=forms.DateInput(attrs=_DAY, format="%Y-%m-%d"),
    )
    address = forms.CharField(label=_("Address"), max_length=200)
    phone = forms.CharField(label=_("Phone"), max_length=30, required=False)
    contact_name = forms.CharField(
        label=_("Name of a relative"), max_length=120, required=False
    )
    contact_phone = forms.CharField(
        label=_("Phone of the relative"), max_length=30, required=False
    )
    gp_name = forms.CharField(label=_("GP"), max_length=120, required=False)

    _PERSON = (
        "name",
        "birth_date",
        "address",
        "phone",
        "contact_name",
        "contact_phone",
        "gp_name",
    )

    def __init__(self, *args: Any, is_known: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_known = is_known
        if is_known:
            for name in self._PERSON:
                del self.fields[name]

    def refuse(self, error: InvalidStay) -> None:
        """Put what is wrong with the moment at the day."""
        fields = dict(error.fields)
        if "arrives_at" in fields:
            fields["arrival_day"] = fields.pop("arrives_at")
        super().refuse(InvalidStay(fields))

    @property
    def arrives_at(self) -> datetime:
        """The moment of arrival; local time."""
        data = self.cleaned_data
        return datetime.combine(data["arrival_day"], data["arrival_time"], AMSTERDAM)

    def patient(self) -> PatientDetails | None:
        """Return who it is, or None if that was given before."""
        if self.is_known:
            return None
        return PatientDetails(
            **{name: self.cleaned_data[name] for name in self._PERSON}
        )

    def consent(self) -> ConsentGiven:
        """Return on which ground it is shared."""
        return ConsentGiven(
            self.cleaned_data["decision"], self.cleaned_data["given_by"]
        )


class CancelForm(StayForm):
    """Why no bed is needed any more."""

    reason = forms.ChoiceField(
        label=_("Why is no bed needed any more?"),
        choices=CancelReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a reason.")},
    )


class NoteForm(StayForm):
    """A line for who has it next."""

    text = forms.CharField(
        label=_("What was said or agreed?"),
        help_text=_("Without names."),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=300,
        error_messages={"required": _("Write what was said.")},
    )


def initial_arrival(now: datetime, needed_on: date) -> dict[str, Any]:
    """Return starting values: in two hours, or at ten on the day that was asked."""
    today = timezone.localdate(now)
    if needed_on > today:
        day, at = needed_on, time(10)
    else:
        soon = timezone.localtime(now, AMSTERDAM) + timedelta(hours=2)
        day, at = soon.date(), soon.time().replace(minute=0, second=0, microsecond=0)
    return {
        "arrival_day": day,
        "arrival_time": at,
        "planned_end": day + timedelta(days=14),
    }
