"""What a region agreed on, as a form; the engine and the services check the values."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wijkspil.referrals.forms.steering import Choices, SteeringForm
from wijkspil.referrals.selectors.policy import (
    ANSWER_MINUTES,
    COORDINATOR_MINUTES,
    Agreed,
)
from wijkspil.referrals.types import Urgency

#: Terms of the ranking in words; what the engine weighs.
TERM_WORDS = {
    "own_team": _("The neighborhood's own team"),
    "continuity": _("A provider that already knows the client"),
    "preference": _("What the client prefers"),
    "first_visit": _("A first visit in time"),
    "travel": _("Little travel"),
    "fair_share": _("A fair share of the work"),
    "size_fit": _("Room that fits the size of the care"),
    "part_fit": _("Room at the part of the day"),
}
#: How many terms can go before the weights.
MOST_FIRST = 3
MOST_WEIGHT = 10
_PLACES = (_("First"), _("Then"), _("After that"))
_MINUTES = {
    "answer_minutes": (_("Minutes a team has to answer"), ANSWER_MINUTES),
    "coordinator_minutes": (
        _("Minutes until a request is too late"),
        COORDINATOR_MINUTES,
    ),
}


class PolicyForm(SteeringForm):
    """Weights, order, numbers and times; ``agreed`` gives them back as one value."""

    travel_km = forms.FloatField(
        label=_("Distance at which travel counts for half"),
        min_value=0.1,
        max_value=100,
    )
    first_visit_days = forms.FloatField(
        label=_("Days too late at which a first visit counts for nothing"),
        min_value=0.5,
        max_value=60,
    )
    unknown_room = forms.ChoiceField(
        label=_("Teams whose room is not known"),
        widget=forms.RadioSelect,
        choices=[
            ("ask", _("come last, with a warning")),
            ("exclude", _("are not asked")),
        ],
    )
    teams_at_once = forms.IntegerField(
        label=_("Teams that are asked at the same time when it is urgent"),
        min_value=1,
        max_value=10,
    )
    min_residents = forms.IntegerField(
        label=_("Residents an area must have before a team sees its name"),
        help_text=_(
            "The area in a profile widens until at least this many residents of the "
            "age band live there."
        ),
        min_value=1,
        max_value=100_000,
    )
    retention_days = forms.IntegerField(
        label=_("Days until identity is removed after the end"),
        min_value=30,
        max_value=7305,
    )
    why = forms.CharField(
        label=_("What it is to mend"),
        help_text=_("For who must approve it."),
        max_length=500,
        required=False,
    )

    def __init__(self, data: Any = None, *, agreed: Agreed, weights: Any) -> None:
        super().__init__(data, initial=_initial_of(agreed, weights))
        for term, label in TERM_WORDS.items():
            self.fields[f"weight_{term}"] = forms.FloatField(
                label=label, min_value=0, max_value=MOST_WEIGHT
            )
        terms: list[tuple[str, Any]] = [("", _("no term")), *TERM_WORDS.items()]
        for place in range(1, MOST_FIRST + 1):
            self.fields[f"order_{place}"] = forms.ChoiceField(
                label=_PLACES[place - 1], choices=terms, required=False
            )
        for name in _MINUTES:
            for urgency in Urgency:
                self.fields[f"{name}_{urgency.value}"] = forms.IntegerField(
                    label=urgency.label, min_value=1, max_value=60 * 24 * 31
                )

    @property
    def weight_fields(self) -> list[forms.BoundField]:
        """The weights, in the order of the words."""
        return [self[f"weight_{term}"] for term in TERM_WORDS]

    @property
    def first_fields(self) -> list[forms.BoundField]:
        """What goes before the weights."""
        return [self[f"order_{place}"] for place in range(1, MOST_FIRST + 1)]

    @property
    def minute_groups(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """The times, per kind."""
        return [
            (label, [self[f"{name}_{urgency.value}"] for urgency in Urgency])
            for name, (label, _national) in _MINUTES.items()
        ]

    def agreed(self, region_id: int) -> Agreed:
        """Return what was filled in, as one value."""
        data = self.cleaned_data
        order = [
            data[f"order_{place}"]
            for place in range(1, MOST_FIRST + 1)
            if data[f"order_{place}"]
        ]
        return Agreed(
            region_id=region_id,
            ranking={
                "weights": {term: data[f"weight_{term}"] for term in TERM_WORDS},
                "order": order,
                "travel_km": data["travel_km"],
                "first_visit_days": data["first_visit_days"],
                "unknown_room": data["unknown_room"],
            },
            teams_at_once=data["teams_at_once"],
            min_residents=data["min_residents"],
            retention_days=data["retention_days"],
            **{
                name: {
                    urgency.value: data[f"{name}_{urgency.value}"]
                    for urgency in Urgency
                }
                for name in _MINUTES
            },
        )


class AgreementForm(SteeringForm):
    """A provider signed for being assigned requests."""

    organization_id = forms.TypedChoiceField(
        label=_("Provider"),
        coerce=int,
        error_messages={"required": _("Choose the provider that signed.")},
    )
    signed_by = forms.CharField(
        label=_("Signed by"), help_text=_("Name and function."), max_length=120
    )
    signed_on = forms.DateField(
        label=_("Signed on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    valid_from = forms.DateField(
        label=_("Holds from"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    valid_until = forms.DateField(
        label=_("Holds until"),
        help_text=_("Empty: until it is ended."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
    )
    document = forms.CharField(
        label=_("Where the signed document is kept"), max_length=200
    )

    def __init__(self, *args: Any, organizations: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["organization_id"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Choose a provider")), *organizations]


def _initial_of(agreed: Agreed, weights: Any) -> dict[str, Any]:
    ranking = agreed.ranking
    order = [*ranking.get("order", ()), *[""] * MOST_FIRST][:MOST_FIRST]
    initial: dict[str, Any] = {
        "travel_km": _short(weights["travel_km"]),
        "first_visit_days": _short(weights["first_visit_days"]),
        "unknown_room": weights["unknown_room"],
        "teams_at_once": agreed.teams_at_once,
        "min_residents": agreed.min_residents,
        "retention_days": agreed.retention_days,
    }
    initial |= {
        f"weight_{term}": _short(weights["weights"][term]) for term in TERM_WORDS
    }
    initial |= {f"order_{place}": term for place, term in enumerate(order, start=1)}
    for name, (_label, national) in _MINUTES.items():
        own = getattr(agreed, name)
        initial |= {
            f"{name}_{urgency.value}": own.get(urgency.value, national[urgency])
            for urgency in Urgency
        }
    return initial


def _short(number: float) -> float:
    """Return 4 instead of 4.0, as people write it."""
    return int(number) if number == int(number) else number
