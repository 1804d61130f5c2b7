"""Choose areas by search, also as the postcodes around a practice; no JavaScript.

The page searches by a second button of the same form, so nothing typed is lost.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wijkspil.core.typed_values import read_id
from wijkspil.directory.forms.entries import CoverageForm
from wijkspil.directory.selectors.search_areas import (
    AreaHit,
    list_areas,
    list_postcodes_around,
    search_areas,
    search_practices,
)
from wijkspil.directory.services.duty import Duty
from wijkspil.directory.types import Care
from wijkspil.directory.wording import say_number

#: Kilometres offered around a practice.
DISTANCES_KM = (1, 2, 3, 5, 10)
#: Largest number that can be an id in the database.


class AreaSearch:
    """What was searched and found, and what was already chosen."""

    def __init__(self, data: QueryDict) -> None:
        self.text = data.get("area_search", "").strip()
        self.practice_text = data.get("practice_search", "").strip()
        self.practice_id = read_id(data.get("practice", ""))
        self.km = read_id(data.get("km", "")) or 0
        chosen = [pk for text in data.getlist("areas") if (pk := read_id(text))]
        self.chosen = list_areas(chosen) if chosen else []
        self.found = search_areas(self.text) if self.text else []
        self.practices = (
            search_practices(self.practice_text) if self.practice_text else []
        )
        self.around = (
            list_postcodes_around(self.practice_id, km=self.km)
            if self.practice_id and self.km in DISTANCES_KM
            else []
        )

    @property
    def hits(self) -> list[AreaHit]:
        """Return what can be chosen: chosen before, then around, then found."""
        unique = {hit.id: hit for hit in [*self.chosen, *self.around, *self.found]}
        return list(unique.values())

    @property
    def preselected(self) -> list[int]:
        """Return what is ticked: chosen before, and everything around the practice."""
        return [hit.id for hit in [*self.chosen, *self.around]]

    @property
    def says(self) -> str:
        """Say in a sentence when a search found nothing."""
        if self.text and not self.found:
            return _("Nothing found for “%(text)s”. Try a part of the name.") % {
                "text": self.text
            }
        if self.practice_text and not self.practices and not self.practice_id:
            return _("No GP practice found for “%(text)s”.") % {
                "text": self.practice_text
            }
        if self.practice_id and self.km and not self.around:
            return _("No postcodes found around this practice.")
        return ""


class _WithAreas(forms.Form):
    """The search box and the areas that were found."""

    area_search = forms.CharField(
        label=gettext_lazy("Search an area"),
        help_text=gettext_lazy(
            "Name of a wijk, buurt or municipality, a region, or a postcode."
        ),
        max_length=100,
        required=False,
    )

    def _offer(self, hits: Iterable[AreaHit]) -> None:
        field = self.fields["areas"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(hit.id, _say_hit(hit)) for hit in hits]


class NewCoverageForm(CoverageForm, _WithAreas):
    """Areas a service covers from now on, in one role."""

    areas = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Which areas?"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one area.")},
    )
    care = forms.ChoiceField(
        label=gettext_lazy("For which care?"), choices=Care.choices
    )
    practice_search = forms.CharField(
        label=gettext_lazy("Or around a GP practice"),
        help_text=gettext_lazy("Name or postcode of the practice."),
        max_length=100,
        required=False,
    )
    practice = forms.TypedChoiceField(
        label=gettext_lazy("Which practice?"),
        coerce=int,
        empty_value=None,
        required=False,
    )
    km = forms.TypedChoiceField(
        label=gettext_lazy("Up to how far?"),
        coerce=int,
        empty_value=None,
        required=False,
        choices=[
            ("", gettext_lazy("Choose")),
            *((n, f"{n} km") for n in DISTANCES_KM),
        ],
    )
    LOOK = {**CoverageForm.LOOK, "care": (1, "medium"), "areas": (1, "")}
    DETAILS = ("care", "role", "rank", "valid_from", "valid_until")

    def __init__(self, *args: Any, search: AreaSearch, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer(search.hits)
        practice = self.fields["practice"]
        assert isinstance(practice, forms.ChoiceField)
        offered = dict(search.practices)
        if search.practice_id:
            offered.setdefault(search.practice_id, _("The practice chosen before"))
        practice.choices = [("", _("Choose")), *offered.items()]


class DutyForm(_WithAreas):
    """Who is on duty, where and when. The period is half-open."""

    areas = forms.TypedChoiceField(
        label=gettext_lazy("In which area?"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose the area.")},
    )
    person_name = forms.CharField(
        label=gettext_lazy("Name of who is on duty"), max_length=120
    )
    phone = forms.CharField(
        label=gettext_lazy("Phone number to call"),
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "off"}),
        max_length=30,
    )
    valid_from = forms.DateTimeField(
        label=gettext_lazy("From"),
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d-%m-%Y %H:%M"],
    )
    valid_until = forms.DateTimeField(
        label=gettext_lazy("Until"),
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%d-%m-%Y %H:%M"],
    )
    rank = forms.TypedChoiceField(
        label=gettext_lazy("Who is called when?"),
        coerce=int,
        choices=[
            (1, gettext_lazy("Called first")),
            (2, gettext_lazy("Called second")),
            (3, gettext_lazy("Called third")),
        ],
    )

    def __init__(self, *args: Any, hits: Sequence[AreaHit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._offer(hits)

    def duty(self, *, care: str) -> Duty:
        """Return what was filled in."""
        data = self.cleaned_data
        return Duty(
            area_id=data["areas"],
            care=care,
            rank=data["rank"],
            person_name=data["person_name"],
            phone=data["phone"],
            valid_from=data["valid_from"],
            valid_until=data["valid_until"],
        )

    def refuse(self, fields: Mapping[str, Sequence[str]]) -> None:
        """Put each reason beside the field it is about."""
        for name, reasons in fields.items():
            field = {"area": "areas"}.get(name, name)
            for reason in reasons:
                self.add_error(field if field in self.fields else None, str(reason))


def typed_values(data: QueryDict) -> dict[str, Any]:
    """Return what was typed as starting values, without judging it."""
    return {
        name: data.getlist(name) if name == "areas" else data.get(name) for name in data
    }


def _say_hit(hit: AreaHit) -> str:
    words = f"{hit.kind_label}: {hit.label}"
    if hit.distance_km is not None:
        words += _(" – %(km)s km") % {"km": say_number(hit.distance_km, 1)}
    return words
