"""One form for a call, with the fields of who calls: alarm center, post, triage.

The forms check that choices exist and that what was typed can be read; the rules of a
call are those of ``services.calls`` and are shown beside the field they name.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wijkspil.calls.errors import InvalidCall
from wijkspil.calls.types import (
    AccessBasis,
    Caller,
    CallerKind,
    CallPatientDetails,
    CallReason,
    CallUrgency,
    Known,
    NewCall,
    TreatmentLimit,
)
from wijkspil.directory.selectors.care_teams import search_home_care
from wijkspil.directory.types import CareTask

_CHOOSE = gettext_lazy("Choose one of the answers.")
_CHOICE_ERRORS = {"required": _CHOOSE, "invalid_choice": _CHOOSE}

#: Codes of the out-of-hours post: how urgent in its words, and what it means here.
TRIAGE_CODES = (
    ("U1", gettext_lazy("U1: life in danger")),
    ("U2", gettext_lazy("U2: within 15 minutes")),
    ("U3", gettext_lazy("U3: within 30 minutes")),
    ("U4", gettext_lazy("U4: within an hour")),
    ("U5", gettext_lazy("U5: before the morning")),
)
URGENCY_OF_CODE = {
    "U2": CallUrgency.WITHIN_15,
    "U3": CallUrgency.WITHIN_30,
    "U4": CallUrgency.WITHIN_60,
    "U5": CallUrgency.MORNING,
}
#: Kinds of caller that use the form of the triage nurse.
TRIAGE_KINDS = (CallerKind.TRIAGE, CallerKind.HOSPITAL, CallerKind.OWN_TEAM)

NEED_FIELDS = (
    "caller_kind",
    "postcode",
    "reason",
    "urgency",
    "triage_code",
    "tasks",
    "note",
    "own_provider",
    "caller_name",
    "caller_phone",
)
PATIENT_FIELDS = (
    "alarm_number",
    "name",
    "address",
    "phone",
    "birth_date",
    "basis",
    "treatment_limit",
    "medication_list_present",
    "order_present",
    "allergies",
    "key_safe",
)
#: Fields that a form of this kind does not ask.
_LEFT_OUT: Mapping[str, frozenset[str]] = {
    CallerKind.ALARM_CENTER: frozenset(
        {"caller_kind", "triage_code", "tasks", "medication_list_present"}
    ),
    CallerKind.OUT_OF_HOURS: frozenset(
        {"caller_kind", "urgency", "tasks", "alarm_number"}
    ),
    CallerKind.TRIAGE: frozenset({"triage_code", "alarm_number"}),
}


class PatientForm(forms.Form):
    """Who it is about, and what a nurse must know to act safely."""

    alarm_number = forms.CharField(
        label=gettext_lazy("Alarm number"), max_length=30, required=False
    )
    name = forms.CharField(
        label=gettext_lazy("Name of the client"),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    address = forms.CharField(
        label=gettext_lazy("Street and house number"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("Phone of the client"),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    birth_date = forms.DateField(
        label=gettext_lazy("Date of birth"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    basis = forms.ChoiceField(
        label=gettext_lazy("Does the client know that a nurse sees this?"),
        choices=AccessBasis.choices,
        initial=AccessBasis.INFORMED,
        widget=forms.RadioSelect,
        error_messages=_CHOICE_ERRORS,
        required=False,
    )
    treatment_limit = forms.ChoiceField(
        label=gettext_lazy("Limits of treatment"),
        choices=TreatmentLimit.choices,
        initial=TreatmentLimit.UNKNOWN,
        error_messages=_CHOICE_ERRORS,
        required=False,
    )
    medication_list_present = forms.ChoiceField(
        label=gettext_lazy("Is there a medication list in the house?"),
        choices=Known.choices,
        initial=Known.UNKNOWN,
        error_messages=_CHOICE_ERRORS,
        required=False,
    )
    order_present = forms.ChoiceField(
        label=gettext_lazy("Is there an instruction for reserved acts?"),
        choices=Known.choices,
        initial=Known.UNKNOWN,
        error_messages=_CHOICE_ERRORS,
        required=False,
    )
    allergies = forms.CharField(
        label=gettext_lazy("Allergies"), max_length=200, required=False
    )
    key_safe = forms.CharField(
        label=gettext_lazy("How to get in"),
        help_text=gettext_lazy(
            "Key safe with code. Stored encrypted; only the nurse who goes can open "
            "it, and each time is written down."
        ),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-no-draft": ""}),
    )

    def has_patient(self) -> bool:
        """Whether anything about who it is was typed."""
        typed = ("name", "address", "phone", "alarm_number", "key_safe", "birth_date")
        return any(self.cleaned_data.get(field) for field in typed)

    def as_patient(self) -> CallPatientDetails:
        """Return what was typed; the rules are those of the service."""
        data = self.cleaned_data
        return CallPatientDetails(
            name=data["name"],
            address=data["address"],
            phone=data["phone"],
            birth_date=data["birth_date"],
            alarm_number=data.get("alarm_number", ""),
            treatment_limit=data.get("treatment_limit") or TreatmentLimit.UNKNOWN,
            medication_list_present=data.get("medication_list_present")
            or Known.UNKNOWN,
            order_present=data.get("order_present") or Known.UNKNOWN,
            allergies=data["allergies"],
            key_safe=data["key_safe"],
            basis=data.get("basis") or AccessBasis.INFORMED,
        )

    def add_errors(self, error: InvalidCall) -> None:
        """Show the reasons of the service beside the fields they name."""
        for field, reasons in error.fields.items():
            for reason in reasons:
                self.add_error(field if field in self.fields else None, reason)


class CallForm(PatientForm):
    """What, where and how urgent, and who it is about, for one kind of caller."""

    caller_kind = forms.ChoiceField(
        label=gettext_lazy("From where do you call?"),
        choices=[(kind.value, kind.label) for kind in TRIAGE_KINDS],
        initial=CallerKind.TRIAGE,
        error_messages=_CHOICE_ERRORS,
    )
    postcode = forms.CharField(
        label=gettext_lazy("Postcode where the nurse is needed"),
        max_length=20,
        error_messages={"required": gettext_lazy("Type a postcode.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters"}
        ),
    )
    reason = forms.ChoiceField(
        label=gettext_lazy("What is the matter?"),
        choices=CallReason.choices,
        widget=forms.RadioSelect,
        error_messages=_CHOICE_ERRORS,
    )
    urgency = forms.ChoiceField(
        label=gettext_lazy("How soon must a nurse be there?"),
        choices=CallUrgency.choices,
        widget=forms.RadioSelect,
        error_messages=_CHOICE_ERRORS,
    )
    triage_code = forms.ChoiceField(
        label=gettext_lazy("Code of the triage"),
        choices=TRIAGE_CODES,
        widget=forms.RadioSelect,
        error_messages=_CHOICE_ERRORS,
    )
    tasks = forms.MultipleChoiceField(
        label=gettext_lazy("What must the nurse be able to do?"),
        help_text=gettext_lazy("Nothing ticked: what goes with the matter."),
        choices=CareTask.choices,
        widget=forms.CheckboxSelectMultiple,
        required=False,
        error_messages=_CHOICE_ERRORS,
    )
    note = forms.CharField(
        label=gettext_lazy("What should the nurse know before going?"),
        help_text=gettext_lazy("No names. Every nurse who is alerted reads it."),
        widget=forms.Textarea(attrs={"rows": 2}),
        max_length=300,
        required=False,
    )
    own_provider = forms.CharField(
        label=gettext_lazy("The client's own provider"),
        help_text=gettext_lazy("Empty: the provider of the neighborhood."),
        max_length=120,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    caller_name = forms.CharField(
        label=gettext_lazy("Name of who calls"), max_length=120
    )
    caller_phone = forms.CharField(
        label=gettext_lazy("Number on which the nurse can call you back"),
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel"}),
    )

    field_order = [*NEED_FIELDS, *PATIENT_FIELDS]

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        for name in _LEFT_OUT[kind]:
            del self.fields[name]

    @property
    def need_fields(self) -> list[forms.BoundField]:
        """The fields of what, where and how urgent."""
        return [self[name] for name in NEED_FIELDS if name in self.fields]

    @property
    def patient_fields(self) -> list[forms.BoundField]:
        """The fields of who it is about."""
        return [self[name] for name in PATIENT_FIELDS if name in self.fields]

    def clean_triage_code(self) -> str:
        """Refuse what is for an ambulance."""
        code: str = self.cleaned_data["triage_code"]
        if code not in URGENCY_OF_CODE:
            raise forms.ValidationError(
                _("When life is in danger, call 112. A nurse would come too late.")
            )
        return code

    def clean_own_provider(self) -> int | None:
        """Return the id of the provider whose name was typed."""
        text = self.cleaned_data["own_provider"].strip()
        if not text:
            return None
        found = search_home_care(text, limit=6)
        exact = [pk for pk, name in found if name.lower() == text.lower()]
        if exact:
            return exact[0]
        if len(found) == 1:
            return found[0][0]
        if not found:
            raise forms.ValidationError(
                _("No provider has this name. Leave it empty if you do not know.")
            )
        raise forms.ValidationError(
            _("Several providers have this in their name: %(names)s. Type more of it.")
            % {"names": ", ".join(name for _pk, name in found)}
        )

    def as_call(self, *, organization_id: int | None) -> NewCall:
        """Return what was typed; the rules are those of the service."""
        data = self.cleaned_data
        tasks = data.get("tasks")
        return NewCall(
            postcode=data["postcode"],
            reason=data["reason"],
            urgency=data.get("urgency") or URGENCY_OF_CODE[data["triage_code"]],
            caller=Caller(
                kind=data.get("caller_kind") or self.kind,
                name=data["caller_name"],
                phone=data["caller_phone"],
                organization_id=organization_id,
            ),
            tasks=tasks or None,
            note=data["note"],
            own_organization_id=data["own_provider"],
        )
