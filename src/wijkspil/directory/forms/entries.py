"""Forms of the directory's entries. They read what was typed; services decide.

Every form carries the version of the entry that was on the screen, takes a service's
refusal beside the field it is about, and can say its values in words, so that two
editors can compare what each of them wanted.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.timezone import get_current_timezone, localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wijkspil.directory.errors import InvalidEntry
from wijkspil.directory.forms.opening_hours import (
    as_weekday_texts,
    hours_field,
    read_weekday_texts,
)
from wijkspil.directory.models import (
    Alliance,
    CareTeam,
    ContactPoint,
    Coverage,
    HealthcareService,
    Organization,
)
from wijkspil.directory.services.alliances import AllianceDetails
from wijkspil.directory.services.coverage import CoverageDetails
from wijkspil.directory.services.organizations import (
    MAX_MEMBERS,
    ContactDetails,
    OrganizationDetails,
    ServiceDetails,
    TeamDetails,
)
from wijkspil.directory.types import (
    WEEKDAYS,
    AllianceRole,
    Audience,
    Care,
    CareLaw,
    CareTask,
    ContactPurpose,
    ContactSystem,
    CoverageRole,
    OrganizationType,
)
from wijkspil.directory.wording import join_words, say_date

#: Languages most spoken in the Netherlands besides Dutch, and sign language.
LANGUAGES = {
    "nl": gettext_lazy("Dutch"),
    "en": gettext_lazy("English"),
    "de": gettext_lazy("German"),
    "fr": gettext_lazy("French"),
    "tr": gettext_lazy("Turkish"),
    "ar": gettext_lazy("Arabic"),
    "ber": gettext_lazy("Berber"),
    "pl": gettext_lazy("Polish"),
    "es": gettext_lazy("Spanish"),
    "pt": gettext_lazy("Portuguese"),
    "pap": gettext_lazy("Papiamento"),
    "srn": gettext_lazy("Sranan Tongo"),
    "hi": gettext_lazy("Hindi"),
    "zh": gettext_lazy("Chinese"),
    "uk": gettext_lazy("Ukrainian"),
    "so": gettext_lazy("Somali"),
    "fy": gettext_lazy("Frisian"),
    "dse": gettext_lazy("Dutch Sign Language"),
}

#: Professions of which a team says how many it has.
PROFESSIONS = {
    "district-nurse": gettext_lazy("District nurses"),
    "nurse": gettext_lazy("Nurses"),
    "carer": gettext_lazy("Carers"),
    "care-assistant": gettext_lazy("Care assistants"),
    "social-worker": gettext_lazy("Social workers"),
}

NO_RESTRICTION = ("", gettext_lazy("Choose"))


@dataclass(frozen=True)
class Row:
    """How one field stands on the page."""

    bound: BoundField
    columns: int
    width: str


class EntryForm(forms.Form):
    """What every form of an entry shares."""

    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    #: field -> (columns of choice cards, width)
    LOOK: Mapping[str, tuple[int, str]] = {}
    #: name used by the service -> field of this form, where they differ
    RENAMED: Mapping[str, str] = {}

    def rows(self) -> Iterator[Row]:
        """Return the visible fields as they stand on the page."""
        for bound in self.visible_fields():
            columns, width = self.LOOK.get(bound.name, (1, ""))
            yield Row(bound=bound, columns=columns, width=width)

    def refuse(self, error: InvalidEntry) -> None:
        """Put each reason beside the field it is about."""
        for name, reasons in error.fields.items():
            field = self.RENAMED.get(name, name)
            for reason in reasons:
                self.add_error(field if field in self.fields else None, str(reason))

    def say(self, name: str, value: Any) -> str:
        """Return a value of a field in words."""
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            choices: Any = field.choices
            labels = {str(key): str(word) for key, word in choices}
            values = value if isinstance(value, (list, tuple)) else [value]
            return join_words([labels.get(str(v), str(v)) for v in values if v != ""])
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, datetime):
            return f"{say_date(localtime(value).date())} {localtime(value):%H:%M}"
        if isinstance(value, date):
            return say_date(value)
        return "" if value is None else str(value)

    def differences(self, stored: Mapping[str, Any]) -> list[tuple[str, str, str]]:
        """Return (label, stored, typed) in words of each field that differs."""
        rows = []
        for name, field in self.fields.items():
            if name == "version" or name not in stored:
                continue
            theirs = self.say(name, stored[name]) or "–"
            mine = self.say(name, self.cleaned_data.get(name)) or "–"
            if theirs != mine:
                rows.append((str(field.label), theirs, mine))
        return rows


class OrganizationForm(EntryForm):
    """A legal care organization."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    type = forms.ChoiceField(
        label=gettext_lazy("Kind of organization"),
        choices=[NO_RESTRICTION, *OrganizationType.choices],
    )
    agb_code = forms.CharField(
        label=gettext_lazy("AGB code"),
        help_text=gettext_lazy("8 digits, from Vektis."),
        max_length=20,
        required=False,
    )
    ura = forms.CharField(
        label=gettext_lazy("URA"),
        help_text=gettext_lazy("8 digits, from the UZI register."),
        max_length=20,
        required=False,
    )
    kvk_number = forms.CharField(
        label=gettext_lazy("KvK number"),
        help_text=gettext_lazy("8 digits, from the Chamber of Commerce."),
        max_length=20,
        required=False,
    )
    LOOK = {
        "type": (1, "medium"),
        "agb_code": (1, "short"),
        "ura": (1, "short"),
        "kvk_number": (1, "short"),
    }

    def details(self) -> OrganizationDetails:
        """Return what was filled in."""
        data = self.cleaned_data
        return OrganizationDetails(
            name=data["name"],
            type=data["type"],
            agb_code=data["agb_code"],
            ura=data["ura"],
            kvk_number=data["kvk_number"],
        )

    @staticmethod
    def values_of(entry: Organization) -> dict[str, Any]:
        """Return the stored values as the form's."""
        return {
            "name": entry.name,
            "type": entry.type,
            "agb_code": entry.agb_code,
            "ura": entry.ura,
            "kvk_number": entry.kvk_number,
        }


class ServiceForm(EntryForm):
    """What an organization offers from one place."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    description = forms.CharField(
        label=gettext_lazy("Description"),
        help_text=gettext_lazy("In one or two sentences, for residents."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=2000,
        required=False,
    )
    specialty = forms.CharField(
        label=gettext_lazy("Specialty"),
        help_text=gettext_lazy("For example physiotherapy. Often empty."),
        max_length=60,
        required=False,
    )
    postcode = forms.CharField(
        label=gettext_lazy("Postcode"),
        help_text=gettext_lazy("Of the place the team works from."),
        max_length=10,
        required=False,
    )
    hours_mon = hours_field("mon")
    hours_tue = hours_field("tue")
    hours_wed = hours_field("wed")
    hours_thu = hours_field("thu")
    hours_fri = hours_field("fri")
    hours_sat = hours_field("sat")
    hours_sun = hours_field("sun")
    is_open_on_holidays = forms.BooleanField(
        label=gettext_lazy("Open at its usual hours on public holidays"),
        required=False,
    )
    tasks = forms.MultipleChoiceField(
        label=gettext_lazy("What does the service do?"),
        widget=forms.CheckboxSelectMultiple,
        choices=CareTask.choices,
        required=False,
    )
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    care_laws = forms.MultipleChoiceField(
        label=gettext_lazy("Paid under which laws?"),
        widget=forms.CheckboxSelectMultiple,
        choices=CareLaw.choices,
        required=False,
    )
    insurers = forms.CharField(
        label=gettext_lazy("Contracted insurers"),
        help_text=gettext_lazy("UZOVI codes of 4 digits, with a space between them."),
        max_length=400,
        required=False,
    )
    LOOK = {
        "postcode": (1, "short"),
        "specialty": (1, "medium"),
        "tasks": (2, ""),
        "languages": (3, ""),
        "care_laws": (1, ""),
        **{f"hours_{day}": (1, "medium") for day in WEEKDAYS},
    }

    def __init__(
        self, *args: Any, known_languages: Sequence[str] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        languages = self.fields["languages"]
        assert isinstance(languages, forms.MultipleChoiceField)
        languages.choices = [
            *LANGUAGES.items(),
            *((code, code) for code in known_languages if code not in LANGUAGES),
        ]

    def clean(self) -> dict[str, Any]:
        """Read the opening hours; a mistake stands beside its weekday."""
        cleaned: dict[str, Any] = super().clean() or {}
        texts = {day: cleaned.get(f"hours_{day}", "") for day in WEEKDAYS}
        cleaned["opening_hours"], mistakes = read_weekday_texts(texts)
        for day, reason in mistakes.items():
            self.add_error(f"hours_{day}", reason)
        return cleaned

    def details(self) -> ServiceDetails:
        """Return what was filled in."""
        data = self.cleaned_data
        return ServiceDetails(
            name=data["name"],
            description=data["description"],
            specialty=data["specialty"],
            tasks=data["tasks"],
            languages=data["languages"],
            insurers=data["insurers"].replace(",", " ").split(),
            care_laws=data["care_laws"],
            opening_hours=data["opening_hours"],
            is_open_on_holidays=data["is_open_on_holidays"],
            postcode=data["postcode"],
        )

    @staticmethod
    def values_of(entry: HealthcareService) -> dict[str, Any]:
        """Return the stored values as the form's."""
        texts = as_weekday_texts(entry.opening_hours)
        return {
            "name": entry.name,
            "description": entry.description,
            "specialty": entry.specialty,
            "postcode": entry.postcode,
            "tasks": entry.tasks,
            "languages": entry.languages,
            "care_laws": entry.care_laws,
            "insurers": " ".join(entry.insurers),
            "is_open_on_holidays": entry.is_open_on_holidays,
            **{f"hours_{day}": texts[day] for day in WEEKDAYS},
        }


class NewServiceForm(ServiceForm):
    """A service that is added: its kind of care is chosen once."""

    care = forms.ChoiceField(
        label=gettext_lazy("Kind of care"), choices=[NO_RESTRICTION, *Care.choices]
    )
    field_order = ("care", "name")


class TeamForm(EntryForm):
    """A named team: how many of each profession."""

    name = forms.CharField(label=gettext_lazy("Name of the team"), max_length=120)
    LOOK = {f"n_{code}": (1, "short") for code in PROFESSIONS}
    RENAMED = {"composition": "name"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, label in PROFESSIONS.items():
            self.fields[f"n_{code}"] = forms.IntegerField(
                label=label, min_value=0, max_value=MAX_MEMBERS, required=False
            )

    def details(self, *, stored: Mapping[str, int] | None = None) -> TeamDetails:
        """Return what was filled in; other professions that are stored stay."""
        counts = {code: self.cleaned_data[f"n_{code}"] for code in PROFESSIONS}
        others = {
            code: count
            for code, count in (stored or {}).items()
            if code not in PROFESSIONS
        }
        return TeamDetails(
            name=self.cleaned_data["name"],
            composition={
                code: count for code, count in {**counts, **others}.items() if count
            },
        )

    @staticmethod
    def values_of(entry: CareTeam) -> dict[str, Any]:
        """Return the stored values as the form's."""
        return {
            "name": entry.name,
            **{f"n_{code}": entry.composition.get(code) for code in PROFESSIONS},
        }


class ContactForm(EntryForm):
    """A number or address, with the audience that sees it."""

    audience = forms.ChoiceField(
        label=gettext_lazy("Who may see this?"),
        widget=forms.RadioSelect,
        choices=Audience.choices,
    )
    system = forms.ChoiceField(
        label=gettext_lazy("Kind of contact"), choices=ContactSystem.choices
    )
    value = forms.CharField(label=gettext_lazy("Number or address"), max_length=250)
    purpose = forms.ChoiceField(
        label=gettext_lazy("What is it for?"), choices=ContactPurpose.choices
    )
    person_name = forms.CharField(
        label=gettext_lazy("Who holds this function"),
        help_text=gettext_lazy("Shown to professionals only. Rather a function."),
        max_length=120,
        required=False,
    )
    LOOK = {"system": (1, "medium"), "purpose": (1, "medium"), "value": (1, "medium")}

    def details(self, *, area_id: int | None) -> ContactDetails:
        """Return what was filled in; the area is not changed here."""
        data = self.cleaned_data
        return ContactDetails(
            audience=data["audience"],
            purpose=data["purpose"],
            system=data["system"],
            value=data["value"],
            person_name=data["person_name"],
            area_id=area_id,
        )

    @staticmethod
    def values_of(entry: ContactPoint) -> dict[str, Any]:
        """Return the stored values as the form's."""
        return {
            "audience": entry.audience,
            "system": entry.system,
            "value": entry.value,
            "purpose": entry.purpose,
            "person_name": entry.person_name,
        }


class CoverageForm(EntryForm):
    """Role, order and period of a coverage, by whole days."""

    role = forms.ChoiceField(
        label=gettext_lazy("In what role?"),
        widget=forms.RadioSelect,
        choices=CoverageRole.choices,
    )
    rank = forms.IntegerField(
        label=gettext_lazy("Order among services with the same role"),
        help_text=gettext_lazy("1 is called first."),
        min_value=1,
        max_value=99,
        initial=1,
    )
    valid_from = forms.DateField(
        label=gettext_lazy("From"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    valid_until = forms.DateField(
        label=gettext_lazy("Until"),
        help_text=gettext_lazy(
            "The first day it no longer holds. Empty: no end known."
        ),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
    )
    LOOK = {
        "rank": (1, "short"),
        "valid_from": (1, "medium"),
        "valid_until": (1, "medium"),
    }

    def details(self, *, stored: Coverage | None = None) -> CoverageDetails:
        """Return what was filled in; a stored moment on the same day stays."""
        data = self.cleaned_data
        return CoverageDetails(
            role=data["role"],
            rank=data["rank"],
            valid_from=day_start(
                data["valid_from"], stored=stored.valid_from if stored else None
            ),
            valid_until=None
            if data["valid_until"] is None
            else day_start(
                data["valid_until"], stored=stored.valid_until if stored else None
            ),
        )

    @staticmethod
    def values_of(entry: Coverage) -> dict[str, Any]:
        """Return the stored values as the form's."""
        return {
            "role": entry.role,
            "rank": entry.rank,
            "valid_from": localtime(entry.valid_from).date(),
            "valid_until": None
            if entry.valid_until is None
            else localtime(entry.valid_until).date(),
        }


class AllianceForm(EntryForm):
    """Name and contact of an alliance."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=120)
    complex_care_name = forms.CharField(
        label=gettext_lazy("Contact for complex care"),
        help_text=gettext_lazy(
            "A function, for example: practice nurse for the elderly."
        ),
        max_length=120,
        required=False,
    )
    complex_care_phone = forms.CharField(
        label=gettext_lazy("Phone of this contact"), max_length=30, required=False
    )
    LOOK = {"complex_care_phone": (1, "medium")}

    def details(self) -> AllianceDetails:
        """Return what was filled in."""
        data = self.cleaned_data
        return AllianceDetails(
            name=data["name"],
            complex_care_name=data["complex_care_name"],
            complex_care_phone=data["complex_care_phone"],
        )

    @staticmethod
    def values_of(entry: Alliance) -> dict[str, Any]:
        """Return the stored values as the form's."""
        return {
            "name": entry.name,
            "complex_care_name": entry.complex_care_name,
            "complex_care_phone": entry.complex_care_phone,
        }


class MemberForm(forms.Form):
    """A service that joins an alliance, in a role."""

    service_id = forms.TypedChoiceField(
        label=gettext_lazy("Which service?"), coerce=int, widget=forms.RadioSelect
    )
    role = forms.ChoiceField(
        label=gettext_lazy("In what role?"), choices=AllianceRole.choices
    )

    def __init__(
        self, *args: Any, services: Sequence[tuple[int, str]] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["service_id"]
        assert isinstance(chosen, forms.ChoiceField)
        chosen.choices = list(services)


def day_start(day: date, *, stored: datetime | None) -> datetime:
    """Return local midnight of a day, or the stored moment when it is on that day."""
    if stored is not None and localtime(stored).date() == day:
        return stored
    return datetime.combine(day, time(), get_current_timezone())
