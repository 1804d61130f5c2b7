"""Asking for district nursing as two forms: what and where, then who.

The forms check that choices exist and that what was typed can be read; the rules of a
request are those of ``services.requests`` and are shown beside the field they name.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.formats import date_format
from django.utils.translation import (
    get_language_info,
    gettext_lazy,
    pgettext,
    pgettext_lazy,
)
from django.utils.translation import gettext as _

from wijkspil.core.errors import InvalidValue
from wijkspil.directory.selectors.care_teams import (
    get_organization_names,
    search_home_care,
)
from wijkspil.directory.types import CareLaw, CareTask, PartOfDay
from wijkspil.referrals.catalogue import needs_order
from wijkspil.referrals.errors import InvalidRequest
from wijkspil.referrals.insurers import INSURERS
from wijkspil.referrals.types import (
    ConsentDecision,
    ConsentGiven,
    ConsentGiver,
    Need,
    PatientDetails,
    Presence,
    Requester,
    RequesterKind,
    Urgency,
    UrgencyReason,
)
from wijkspil.ui.form_fields import ChoiceView, FieldView, describe_field

#: The tasks in the order in which somebody thinks of them.
TASK_GROUPS: tuple[tuple[Any, tuple[CareTask, ...]], ...] = (
    (
        gettext_lazy("Care of every day"),
        (CareTask.PERSONAL_CARE, CareTask.STOCKINGS, CareTask.MEDICATION),
    ),
    (
        gettext_lazy("Nursing"),
        (
            CareTask.WOUND,
            CareTask.COMPLEX_WOUND,
            CareTask.INSULIN,
            CareTask.INJECTION,
            CareTask.CATHETER,
            CareTask.STOMA,
            CareTask.TUBE_FEEDING,
            CareTask.INFUSION,
        ),
    ),
    (
        gettext_lazy("Support"),
        (CareTask.PALLIATIVE, CareTask.DEMENTIA, CareTask.GUIDANCE),
    ),
)
#: Latest day of the first visit, in days from today, by how soon it must be.
DAYS_AHEAD = {Urgency.TODAY: 0, Urgency.TOMORROW: 1, Urgency.DAYS: 3, Urgency.WEEK: 7}
LANGUAGES = ("nl", "en", "de", "fr", "pl", "tr", "ar", "es", "it", "ro", "uk", "pt")
#: Fields in which a provider is named; the last three are those the client refuses.
NAMED = ("preferred", "known", "refused_1", "refused_2", "refused_3")
REFUSED = NAMED[2:]
#: More matches than this are not offered: the name must be more precise.
MOST_MATCHES = 8
LONGEST_NOTE = 500

_CHOOSE = gettext_lazy("Choose one of the answers.")
_CHOICE_ERRORS = {"required": _CHOOSE, "invalid_choice": _CHOOSE}
_YES_OR_NO = (
    (Presence.YES.value, Presence.YES.label),
    (Presence.NO.value, Presence.NO.label),
)
_FIELD_OF_NEED = {
    "preferred_organization": "preferred",
    "refused_organizations": "refused_1",
}


def _date_input() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _name_field(label: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=False,
        max_length=120,
        widget=forms.TextInput(
            attrs={
                "list": "providers",
                "autocomplete": "off",
                "hx-trigger": "input changed delay:250ms",
                "hx-target": "#providers",
            }
        ),
    )


class NeedForm(forms.Form):
    """What and where: nothing in it says who it is about."""

    postcode = forms.CharField(
        label=gettext_lazy("Postcode where the care is given"),
        max_length=20,
        error_messages={"required": gettext_lazy("Type a postcode.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "characters"}
        ),
    )
    tasks = forms.MultipleChoiceField(
        label=gettext_lazy("What has to be done?"),
        choices=CareTask.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Choose at least one thing that has to be done."),
            "invalid_choice": gettext_lazy("Choose from the list."),
        },
    )
    order_present = forms.ChoiceField(
        label=gettext_lazy(
            "Is there an instruction for reserved acts (uitvoeringsverzoek)?"
        ),
        help_text=gettext_lazy(
            "The doctor signs it; without it the team cannot begin with injections, "
            "wounds, catheters, tubes or infusions."
        ),
        choices=_YES_OR_NO,
        widget=forms.RadioSelect,
        required=False,
        error_messages=_CHOICE_ERRORS,
    )
    materials_present = forms.ChoiceField(
        label=gettext_lazy("Are the materials there?"),
        help_text=gettext_lazy("Such as bandages, needles or the tube feeding."),
        choices=_YES_OR_NO,
        widget=forms.RadioSelect,
        required=False,
        error_messages=_CHOICE_ERRORS,
    )
    parts_of_day = forms.MultipleChoiceField(
        label=gettext_lazy("At which parts of the day?"),
        choices=PartOfDay.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": gettext_lazy("Choose at least one part of the day."),
            "invalid_choice": gettext_lazy("Choose from the list."),
        },
    )
    urgency = forms.ChoiceField(
        label=gettext_lazy("When must the first visit be?"),
        choices=(
            (Urgency.TODAY.value, gettext_lazy("Today")),
            (Urgency.TOMORROW.value, gettext_lazy("Tomorrow")),
            (Urgency.DAYS.value, gettext_lazy("Within 3 days")),
            (Urgency.WEEK.value, gettext_lazy("Within a week")),
            (Urgency.PLANNED.value, gettext_lazy("On a day I choose")),
        ),
        widget=forms.RadioSelect,
        error_messages=_CHOICE_ERRORS,
    )
    first_visit_on = forms.DateField(
        label=gettext_lazy("Day of the first visit"),
        required=False,
        widget=_date_input(),
        error_messages={"invalid": gettext_lazy("This is no date.")},
    )
    urgency_reason = forms.ChoiceField(
        label=gettext_lazy("Why then?"),
        choices=UrgencyReason.choices,
        widget=forms.RadioSelect,
        error_messages=_CHOICE_ERRORS,
    )
    age = forms.IntegerField(
        label=gettext_lazy("Age of the client"),
        help_text=gettext_lazy("Teams see ten years, such as 80 to 90."),
        required=False,
        min_value=0,
        max_value=120,
        error_messages={
            name: gettext_lazy("Give a whole number from 0 to 120.")
            for name in ("invalid", "min_value", "max_value")
        },
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the client"),
        required=False,
        error_messages=_CHOICE_ERRORS,
    )
    insurer = forms.ChoiceField(
        label=gettext_lazy("Health insurer"),
        help_text=gettext_lazy("Then we can warn when a team has no contract with it."),
        choices=[("", gettext_lazy("Not known")), *INSURERS.items()],
        required=False,
        error_messages=_CHOICE_ERRORS,
    )
    care_law = forms.ChoiceField(
        label=gettext_lazy("Who pays the care"),
        help_text=gettext_lazy("Almost always the Health Insurance Act."),
        choices=CareLaw.choices,
        required=False,
        error_messages=_CHOICE_ERRORS,
    )
    preferred = _name_field(gettext_lazy("Provider the client prefers"))
    known = _name_field(gettext_lazy("Provider that already cares for the client"))
    refused_1 = _name_field(gettext_lazy("Provider the client does not want"))
    refused_2 = _name_field(gettext_lazy("Another provider the client does not want"))
    refused_3 = _name_field(gettext_lazy("One more provider the client does not want"))
    note = forms.CharField(
        label=gettext_lazy("What else must a team know?"),
        help_text=gettext_lazy("No names: every team that is asked reads this."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self,
        *args: Any,
        today: date,
        is_family: bool,
        kept_refused: Sequence[int] = (),
        providers_url: str = "",
        **kwargs: Any,
    ) -> None:
        """Prepare the form; ``kept_refused`` are refusals beyond the three fields."""
        super().__init__(*args, **kwargs)
        self.today = today
        self.is_family = is_family
        self.kept_refused = tuple(kept_refused)
        self.organization_ids: dict[str, int] = {}
        languages = self.fields["language"]
        assert isinstance(languages, forms.ChoiceField)
        languages.choices = [
            (code, get_language_info(code)["name_translated"]) for code in LANGUAGES
        ]
        for name in NAMED:
            self.fields[name].widget.attrs["hx-get"] = providers_url
            self.fields[_which(name)] = forms.IntegerField(
                label=_("Which one?"), required=False, widget=forms.RadioSelect
            )

    @property
    def task_field(self) -> FieldView:
        """The tasks as the components of the site show them."""
        return describe_field(
            self["tasks"],
            hints={},
            columns=2,
            prefix="",
            suffix="",
            width="",
            optional=False,
        )

    @property
    def task_groups(self) -> list[tuple[Any, list[ChoiceView]]]:
        """The choices of ``tasks`` by group."""
        choices = dict(zip(CareTask.values, self.task_field.choices, strict=True))
        return [
            (label, [choices[task.value] for task in tasks])
            for label, tasks in TASK_GROUPS
        ]

    @property
    def urgency_hints(self) -> dict[str, str]:
        """The day behind each quick answer, by its value."""
        shown = pgettext("format of a date", "l j F")
        said = {
            urgency.value: date_format(self.today + timedelta(days=days), shown)
            for urgency, days in DAYS_AHEAD.items()
        }
        for urgency in (Urgency.DAYS, Urgency.WEEK):
            said[urgency] = _("%(day)s at the latest") % {"day": said[urgency]}
        return said

    @property
    def named(self) -> list[tuple[Any, Any]]:
        """Each field of a provider with its choices, if the name fits several."""
        return [
            (self[name], self[_which(name)] if self._is_unclear(name) else None)
            for name in NAMED
        ]

    @property
    def is_more_open(self) -> bool:
        """Whether something under "more" was filled in or must be mended."""
        if self.is_bound:
            return any(self[name].errors for name in _MORE)
        return any(
            self.initial.get(name) not in (None, "", "nl", CareLaw.ZVW.value)
            for name in _MORE
        )

    def clean(self) -> dict[str, Any]:
        """Find the providers by name; ask for what the answers make necessary."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("urgency") == Urgency.PLANNED and (
            not cleaned.get("first_visit_on") and "first_visit_on" not in self.errors
        ):
            self.add_error(
                "first_visit_on", _("Give the day, or choose another answer.")
            )
        if not self.is_family and needs_order(cleaned.get("tasks", ())):
            for name in ("order_present", "materials_present"):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, _("Choose yes or not yet."))
        if len(cleaned.get("note", "")) > LONGEST_NOTE:
            self.add_error(
                "note",
                _("Keep it under %(most)s characters; there are %(n)s now.")
                % {"most": LONGEST_NOTE, "n": len(cleaned["note"])},
            )
        for name in NAMED:
            if cleaned.get(name):
                self._find_provider(name, cleaned[name], cleaned.get(_which(name)))
        return cleaned

    def need(self) -> Need:
        """Return what is asked, without answers to questions that did not apply."""
        data = self.cleaned_data
        urgency, day = self._when()
        absent = Presence.NO if needs_order(data["tasks"]) else Presence.NOT_NEEDED
        is_needed = absent is Presence.NO
        found = self.organization_ids
        return Need(
            postcode=data["postcode"],
            tasks=tuple(data["tasks"]),
            parts_of_day=tuple(data["parts_of_day"]),
            first_visit_on=day,
            urgency=urgency,
            urgency_reason=data["urgency_reason"],
            age=data["age"],
            language=data["language"] or "nl",
            insurer=data["insurer"],
            care_law=data["care_law"] or CareLaw.ZVW,
            order_present=(is_needed and data["order_present"]) or absent,
            materials_present=(is_needed and data["materials_present"]) or absent,
            preferred_organization_id=found.get("preferred"),
            known_organization_id=found.get("known"),
            refused_organization_ids=tuple(
                dict.fromkeys(
                    [*(found[n] for n in REFUSED if n in found), *self.kept_refused]
                )
            ),
            note=data["note"],
        )

    def refuse(self, error: InvalidValue) -> None:
        """Put a refusal of the service beside the field it is about."""
        if isinstance(error, InvalidRequest):
            for name, reasons in error.fields.items():
                _add(self, _FIELD_OF_NEED.get(name, name), reasons)
        else:
            _add(self, error.field or "", [str(error)])

    def _when(self) -> tuple[str, date]:
        """Return how soon, and the day; a chosen day says itself how soon it is."""
        chosen = Urgency(self.cleaned_data["urgency"])
        if chosen is not Urgency.PLANNED:
            return chosen, self.today + timedelta(days=DAYS_AHEAD[chosen])
        day: date = self.cleaned_data["first_visit_on"]
        days = (day - self.today).days
        for urgency, most in DAYS_AHEAD.items():
            if days <= most:
                return urgency, day
        return Urgency.PLANNED, day

    def _is_unclear(self, name: str) -> bool:
        return bool(getattr(self.fields[_which(name)].widget, "choices", ()))

    def _find_provider(self, name: str, text: str, chosen: int | None) -> None:
        found = search_home_care(text, limit=200)
        exact = [row for row in found if row[1].casefold() == text.casefold()]
        found = exact or found
        if chosen is not None and chosen in dict(found):
            found = [(chosen, dict(found)[chosen])]
        if not found:
            self.add_error(
                name,
                _(
                    "No provider of district nursing has this name. Check how it is "
                    "written, or leave this empty."
                ),
            )
        elif len(found) == 1:
            self.organization_ids[name] = found[0][0]
        elif len(found) > MOST_MATCHES:
            self.add_error(
                name,
                _("%(n)s providers fit this. Type more of the name.")
                % {"n": len(found)},
            )
        else:
            widget = self.fields[_which(name)].widget
            assert isinstance(widget, forms.RadioSelect)
            widget.choices = found
            self.add_error(name, _("More than one provider fits. Choose below."))


_MORE = ("language", "insurer", "care_law", *NAMED, "note")


def _which(name: str) -> str:
    return f"{name}_which"


def _add(form: forms.Form, name: str, reasons: Iterable[str]) -> None:
    for reason in reasons:
        form.add_error(name if name in form.fields else None, reason)


def initial_need(need: Need, *, today: date) -> dict[str, Any]:
    """Return the starting values for a draft (one query if it names providers)."""
    refused = list(need.refused_organization_ids)[: len(REFUSED)]
    ids = {
        "preferred": need.preferred_organization_id,
        "known": need.known_organization_id,
        **dict(zip(REFUSED, refused, strict=False)),
    }
    named = {pk for pk in ids.values() if pk is not None}
    names: Mapping[int, str] = get_organization_names(named) if named else {}
    days = (need.first_visit_on - today).days
    urgency = (
        need.urgency
        if DAYS_AHEAD.get(Urgency(need.urgency)) == days
        else Urgency.PLANNED.value
    )
    return {
        "postcode": need.postcode,
        "tasks": list(need.tasks),
        "parts_of_day": list(need.parts_of_day),
        "urgency": urgency,
        "first_visit_on": need.first_visit_on if urgency == Urgency.PLANNED else None,
        "urgency_reason": need.urgency_reason,
        "age": need.age,
        "language": need.language,
        "insurer": need.insurer,
        "care_law": need.care_law,
        "order_present": need.order_present,
        "materials_present": need.materials_present,
        "note": need.note,
        **{name: names.get(pk, "") for name, pk in ids.items() if pk is not None},
    }


#: Who of the family asks.
SELF = "self"
RELATIONS = (
    (SELF, pgettext_lazy("who asks", "I ask for myself")),
    ("partner", pgettext_lazy("who asks", "Partner")),
    ("child", pgettext_lazy("who asks", "Son or daughter")),
    ("parent", pgettext_lazy("who asks", "Father or mother")),
    ("other", pgettext_lazy("who asks", "Other family, friend or neighbor")),
)


class WhoForm(forms.Form):
    """Who it is about, on which basis, and who asks."""

    relation = forms.ChoiceField(
        label=gettext_lazy("Who are you?"),
        choices=RELATIONS,
        widget=forms.RadioSelect,
        error_messages=_CHOICE_ERRORS,
    )
    requester_name = forms.CharField(
        label=gettext_lazy("Your name"),
        required=False,
        max_length=90,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    requester_kind = forms.ChoiceField(
        label=gettext_lazy("On whose behalf do you ask?"),
        choices=[c for c in RequesterKind.choices if c[0] != RequesterKind.FAMILY],
        widget=forms.RadioSelect,
        error_messages=_CHOICE_ERRORS,
    )
    requester_phone = forms.CharField(
        label=gettext_lazy("Your phone number"),
        help_text=gettext_lazy("For the team that takes the client."),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )
    decision = forms.ChoiceField(
        label=gettext_lazy("What does the client or representative say to sharing?"),
        widget=forms.RadioSelect,
        choices=(
            (ConsentDecision.AGREED.value, gettext_lazy("Agrees")),
            (
                ConsentDecision.INFORMED.value,
                gettext_lazy("Was informed and has no objection"),
            ),
            (ConsentDecision.OBJECTED.value, gettext_lazy("Objects")),
        ),
        error_messages=_CHOICE_ERRORS,
    )
    given_by = forms.ChoiceField(
        label=gettext_lazy("Who said so?"),
        widget=forms.RadioSelect,
        choices=ConsentGiver.choices,
        required=False,
        error_messages=_CHOICE_ERRORS,
    )
    name = forms.CharField(
        label=gettext_lazy("Name of the client"),
        max_length=120,
        error_messages={"required": gettext_lazy("Give the name of the client.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    birth_date = forms.DateField(
        label=gettext_lazy("Date of birth"),
        widget=_date_input(),
        error_messages={
            "required": gettext_lazy("Give the date of birth."),
            "invalid": gettext_lazy("This is no date. Check day, month and year."),
        },
    )
    address = forms.CharField(
        label=gettext_lazy("Street and number"),
        max_length=180,
        error_messages={
            "required": gettext_lazy("Give the address where the care is given.")
        },
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    phone = forms.CharField(
        label=gettext_lazy("Phone number of the client"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    representative_name = forms.CharField(
        label=gettext_lazy("Representative or first contact"),
        help_text=gettext_lazy("If the team had better call somebody else."),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    representative_phone = forms.CharField(
        label=gettext_lazy("Phone number of this person"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
    )
    gp_name = forms.CharField(
        label=gettext_lazy("GP of the client"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    spoke_with = forms.CharField(
        label=gettext_lazy("With whom did you speak?"),
        required=False,
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(
        self,
        *args: Any,
        is_family: bool,
        kind: str = "",
        is_phoned: bool = False,
        **kwargs: Any,
    ) -> None:
        """Prepare the form; ``kind`` of a professional is asked only if unknown."""
        super().__init__(*args, **kwargs)
        self.is_family = is_family
        self.kind = RequesterKind.FAMILY.value if is_family else kind
        dropped = ["requester_kind"] if self.kind else []
        if not is_family:
            dropped += ["relation", "requester_name"]
        if not is_phoned:
            dropped.append("spoke_with")
        for name in dropped:
            del self.fields[name]

    @property
    def is_self(self) -> bool:
        """Whether the client asks, as far as was answered."""
        return self.is_family and self.data.get("relation") == SELF

    @property
    def is_objection(self) -> bool:
        """Whether the answer on sharing is no: then nothing else is read."""
        return bool(self.data.get("decision") == ConsentDecision.OBJECTED)

    def clean(self) -> dict[str, Any]:
        """Ask for what the answers make necessary."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.is_self:
            cleaned["given_by"] = ConsentGiver.CLIENT.value
            if not cleaned.get("phone") and "phone" not in self.errors:
                self.add_error("phone", _("Give a number to call back."))
            return cleaned
        if not cleaned.get("given_by") and "given_by" not in self.errors:
            self.add_error(
                "given_by", _("Say who said it: the client or the representative.")
            )
        wanted = {"requester_phone": _("Give a number to call back.")}
        if self.is_family:
            wanted["requester_name"] = _("Give your name.")
        for name, message in wanted.items():
            if not cleaned.get(name) and name not in self.errors:
                self.add_error(name, message)
        return cleaned

    def patient(self, *, postcode: str) -> PatientDetails:
        """Return who it is about."""
        data = self.cleaned_data
        return PatientDetails(
            name=data["name"],
            birth_date=data["birth_date"],
            address=f"{data['address']}, {postcode}",
            phone=data["phone"],
            representative_name=data["representative_name"],
            representative_phone=data["representative_phone"],
            gp_name=data["gp_name"],
        )

    def consent(self) -> ConsentGiven:
        """Return on which basis."""
        return ConsentGiven(
            decision=self.cleaned_data["decision"],
            given_by=self.cleaned_data["given_by"],
        )

    def requester(self, *, name: str, organization_id: int | None) -> Requester:
        """Return who asks; the name of a client who asks stays out of it."""
        data = self.cleaned_data
        phone = data["requester_phone"]
        if self.is_family:
            relation = data["relation"]
            if relation == SELF:
                name, phone = _("The client"), data["phone"]
            else:
                who = str(dict(RELATIONS)[relation])
                name = f"{data['requester_name']} ({who[:1].lower()}{who[1:]})"
        return Requester(
            kind=self.kind or data["requester_kind"],
            name=name,
            phone=phone,
            organization_id=organization_id,
        )

    def refuse(self, error: InvalidRequest) -> None:
        """Put a refusal of the service beside the field it is about."""
        for name, reasons in error.fields.items():
            _add(self, "decision" if name == "consent" else name, reasons)
