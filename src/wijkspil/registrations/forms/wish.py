"""What a resident fills in: where, why, for whom, and how to reach them.

The first steps go by GET: going back keeps them, and they name nobody. Names come last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from wijkspil.core.typed_values import read_id
from wijkspil.registrations.errors import InvalidRegistration
from wijkspil.registrations.services.household import MOST_MEMBERS
from wijkspil.registrations.types import (
    MOST_CHOICES,
    Consent,
    ContactGiven,
    ContactKind,
    DeclineReason,
    MemberGiven,
    WishGiven,
    WishReason,
    WithdrawReason,
)
from wijkspil.ui.private_pages import CodeForm

_DAY = {"type": "date", "autocomplete": "bday"}


@dataclass(frozen=True)
class Asked:
    """What the first steps gave, as it stands in the address."""

    postcode: str = ""
    reason: str = ""
    #: None: not said yet. 0: none, or not in our list.
    current_id: int | None = None
    choices: tuple[int, ...] = ()
    member_at: tuple[int, ...] = ()
    direct_id: int | None = None
    is_helping: bool = False
    is_far: bool = False

    @classmethod
    def read(cls, query: QueryDict) -> Self:
        """Return what an address says; what nobody could mean is left out."""
        choices = [one for text in query.getlist("keuze") if (one := read_id(text))]
        members = [one for text in query.getlist("lid") if (one := read_id(text))]
        reason = query.get("reden", "")
        return cls(
            postcode=query.get("postcode", "").replace("\0", "").strip()[:10],
            reason=reason if reason in WishReason.values else "",
            current_id=read_id(query.get("nu", "")),
            choices=tuple(dict.fromkeys(choices))[:MOST_CHOICES],
            member_at=tuple(dict.fromkeys(members))[:MOST_CHOICES],
            direct_id=read_id(query.get("direct", "")) or None,
            is_helping=query.get("hulp") == "ja",
            is_far=query.get("verder") == "ja",
        )

    def query(self, **changes: Any) -> str:
        """Return the query of an address with these changes."""
        asked = replace(self, **changes)
        pairs: list[tuple[str, str | int]] = []
        if asked.postcode:
            pairs.append(("postcode", asked.postcode))
        if asked.reason:
            pairs.append(("reden", asked.reason))
        if asked.current_id is not None:
            pairs.append(("nu", asked.current_id))
        pairs += [("keuze", one) for one in asked.choices]
        pairs += [("lid", one) for one in asked.member_at]
        if asked.direct_id:
            pairs.append(("direct", asked.direct_id))
        if asked.is_helping:
            pairs.append(("hulp", "ja"))
        if asked.is_far:
            pairs.append(("verder", "ja"))
        return urlencode(pairs)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The same as hidden fields of a form."""
        return [
            (name, value)
            for name, values in QueryDict(self.query()).lists()
            for value in values
        ]

    def wants(self) -> tuple[int, ...]:
        """Return the practices asked for, best first."""
        return (self.direct_id,) if self.direct_id else self.choices


class RegistrationForm(forms.Form):
    """A form that shows what a service refused beside its field."""

    def refuse(self, error: InvalidRegistration) -> None:
        """Put each reason beside the field it is about, else on top."""
        for name, reasons in error.fields.items():
            for reason in reasons:
                self.add_error(name if name in self.fields else None, reason)


class PostcodeForm(RegistrationForm):
    """Where somebody lives."""

    postcode = forms.CharField(
        label=_("Your postcode"),
        help_text=_("As in 2512 AB. With the letters the distance is right."),
        max_length=10,
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
        error_messages={"required": _("Fill in your postcode.")},
    )


class SituationForm(PostcodeForm):
    """Where somebody lives and why they look for a GP."""

    reden = forms.ChoiceField(
        label=_("Why do you look for a GP?"),
        choices=WishReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why you look for a GP.")},
    )
    lid = forms.BooleanField(
        label=_("Somebody of my household is a patient of this practice already"),
        required=False,
    )

    def __init__(self, *args: Any, asks_member: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_member:
            del self.fields["lid"]


class HouseholdForm(RegistrationForm):
    """Who registers together, and how to reach them."""

    aantal = forms.IntegerField(
        min_value=1, max_value=MOST_MEMBERS, widget=forms.HiddenInput
    )
    by_guardian = forms.BooleanField(
        label=_("I am the parent or guardian, and do not register myself"),
        help_text=_("Then fill in only the children who register."),
        required=False,
    )
    kind = forms.ChoiceField(
        label=_("How may we reach you?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose how we can reach you.")},
    )
    email = forms.CharField(
        label=_("E-mail address"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "email", "autocomplete": "email"}),
    )
    phone = forms.CharField(
        label=_("Mobile number"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    def __init__(
        self, *args: Any, people: int, is_helping: bool, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.people = max(1, min(people, MOST_MEMBERS))
        self.is_helping = is_helping
        kinds = [
            (ContactKind.EMAIL.value, gettext("By e-mail")),
            (ContactKind.PHONE.value, gettext("By text message")),
        ]
        if is_helping:
            kinds.append((ContactKind.DESK.value, gettext("Only through us")))
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        for row in range(1, self.people + 1):
            self.fields[f"name_{row}"] = forms.CharField(
                label=_("First and last name"),
                max_length=120,
                widget=forms.TextInput(
                    attrs={"autocomplete": "name" if row == 1 else "off"}
                ),
                error_messages={"required": _("Fill in the name.")},
            )
            self.fields[f"birth_date_{row}"] = forms.DateField(
                label=_("Date of birth"),
                widget=forms.DateInput(
                    attrs=_DAY if row == 1 else {"type": "date"}, format="%Y-%m-%d"
                ),
                error_messages={
                    "required": _("Fill in the date of birth."),
                    "invalid": _("Fill in a date, as in 24-5-1980."),
                },
            )

    @property
    def rows(self) -> list[tuple[int, forms.BoundField, forms.BoundField]]:
        """The members: number, field of the name, field of the date of birth."""
        return [
            (row, self[f"name_{row}"], self[f"birth_date_{row}"])
            for row in range(1, self.people + 1)
        ]

    def clean(self) -> dict[str, Any]:
        """Ask for the address that was chosen."""
        data = super().clean() or {}
        if data.get("kind") == ContactKind.EMAIL and not data.get("email"):
            self.add_error("email", _("Give your e-mail address."))
        if data.get("kind") == ContactKind.PHONE and not data.get("phone"):
            self.add_error("phone", _("Give your mobile number."))
        return data

    def wish(self, asked: Asked) -> WishGiven:
        """Return what the household wants."""
        data = self.cleaned_data
        return WishGiven(
            postcode=asked.postcode,
            reason=asked.reason,
            members=[
                MemberGiven(data[f"name_{row}"], data[f"birth_date_{row}"])
                for row in range(1, self.people + 1)
            ],
            choices=asked.wants(),
            current_practice_id=asked.current_id or None,
            member_at=asked.member_at,
            by_guardian=data["by_guardian"],
        )

    def contact(self) -> ContactGiven:
        """Return how to reach them."""
        data = self.cleaned_data
        value = {
            ContactKind.EMAIL: data["email"],
            ContactKind.PHONE: data["phone"],
        }.get(data["kind"], "")
        return ContactGiven(data["kind"], value)


class MemberForm(RegistrationForm):
    """Somebody who comes along as well."""

    name = forms.CharField(
        label=_("First and last name"),
        max_length=120,
        error_messages={"required": _("Fill in the name.")},
    )
    birth_date = forms.DateField(
        label=_("Date of birth"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": _("Fill in the date of birth."),
            "invalid": _("Fill in a date, as in 24-5-1980."),
        },
    )

    def refuse(self, error: InvalidRegistration) -> None:
        """Put what is wrong with the newest row beside these two fields."""
        fields: Mapping[str, list[str]] = {
            (
                "name"
                if name.startswith("name")
                else "birth_date"
                if name.startswith("birth_date")
                else name
            ): reasons
            for name, reasons in error.fields.items()
        }
        super().refuse(InvalidRegistration(fields))

    def member(self) -> MemberGiven:
        """Return who it is."""
        return MemberGiven(self.cleaned_data["name"], self.cleaned_data["birth_date"])


class WishCodeForm(CodeForm):
    """Six digits, told apart from the link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = _(
            "You saw it on the screen, or got it at the desk."
        )


class LostLinkForm(forms.Form):
    """The number of a wish and who asked, for a new link."""

    number = forms.CharField(
        label=_("Number of your wish"),
        help_text=_("As in H-7K3F9Q. It is in every message from us."),
        max_length=20,
        error_messages={"required": _("Fill in the number.")},
    )
    birth_date = forms.DateField(
        label=_("Date of birth of the first person on the wish"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": _("Fill in the date of birth."),
            "invalid": _("Fill in a date, as in 24-5-1980."),
        },
    )

    def asked(self) -> tuple[str, date]:
        """Return number and date of birth."""
        return self.cleaned_data["number"], self.cleaned_data["birth_date"]


class DeclineForm(RegistrationForm):
    """Why a place is not taken."""

    reason = forms.ChoiceField(
        label=_("Why do you not take this place?"),
        choices=DeclineReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why.")},
    )


class WithdrawForm(RegistrationForm):
    """Why nobody looks any more."""

    reason = forms.ChoiceField(
        label=_("Why do you stop looking?"),
        choices=WithdrawReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why.")},
    )


class ConsentForm(forms.Form):
    """One member's own answer."""

    agrees = forms.ChoiceField(
        label=_("Do you move along to a new GP?"),
        choices=[("yes", _("Yes, I move along")), ("no", _("No, I do not move along"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose yes or no.")},
    )

    @classmethod
    def of(cls, consent: str) -> Self:
        """Return the form with what was said before."""
        before = {Consent.AGREED: "yes", Consent.OBJECTED: "no"}.get(Consent(consent))
        return cls(initial={"agrees": before})
