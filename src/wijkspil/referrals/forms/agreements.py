"""What a region agreed on, as a form; the engine and the services check the values.

What is as it is nationally is left out of a version: only what differs is kept.
"""

from collections.abc import Sequence
from datetime import time
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from wijkspil.referrals.engine_io import full_ranking
from wijkspil.referrals.forms.steering import Choices, SteeringForm
from wijkspil.referrals.policies import (
    LEAST_RESIDENTS,
    LEAST_RETENTION_DAYS,
    LONGEST_ANSWER,
    LONGEST_TO_MOVE,
    MOST_RETENTION_DAYS,
    MOST_ROOM_KEPT_DAYS,
    MOST_TEAMS_AT_ONCE,
)
from wijkspil.referrals.selectors.policy import PER_URGENCY, Agreed
from wijkspil.referrals.types import AnswerHours, SignalTopic, Urgency
from wijkspil.referrals.wording_agreements import TERM_WORDS

#: How many terms can go before the weights.
MOST_FIRST = 3
MOST_WEIGHT = 10
_PLACES = (_("First"), _("Then"), _("After that"))
_COLUMNS: dict[str, Any] = {
    "teams_at_once": _("Teams at the same time"),
    "answer_minutes": _("Minutes to answer"),
    "coordinator_minutes": _("Late after, in minutes"),
}
#: Values of the ranking that the form asks; others stay as they are.
_ASKED = ("weights", "order", "travel_km", "first_visit_days", "unknown_room")


def _most(name: str, urgency: Urgency) -> int:
    if name == "teams_at_once":
        return MOST_TEAMS_AT_ONCE
    return (LONGEST_ANSWER if name == "answer_minutes" else LONGEST_TO_MOVE)[urgency]


#: Lines of help with a limit in them, put in words per reader.
_LIMITS: tuple[tuple[str, Any, dict[str, int]], ...] = (
    (
        "min_residents",
        _("The area widens until so many live there. At least %(n)s."),
        {"n": LEAST_RESIDENTS},
    ),
    (
        "room_kept_days",
        _("Days; at most %(n)s, and 0 keeps none."),
        {"n": MOST_ROOM_KEPT_DAYS},
    ),
    (
        "retention_days",
        _("Days after the end; from %(least)s to %(most)s."),
        {"least": LEAST_RETENTION_DAYS, "most": MOST_RETENTION_DAYS},
    ),
)


class TimeOfDay(forms.TimeInput):
    """A time as the browser asks it."""

    input_type = "time"


class PolicyForm(SteeringForm):
    """Everything a region can agree on; ``agreed`` gives it back as one value."""

    own_team_first = forms.BooleanField(
        label=_("Ask the neighborhood's own team first, alone"),
        help_text=_("The others are asked when it says no, or nothing."),
        required=False,
    )
    unknown_room = forms.ChoiceField(
        label=_("Teams whose room is not known"),
        widget=forms.RadioSelect,
        choices=[
            ("ask", _("come last, with a warning")),
            ("exclude", _("are not asked")),
        ],
    )
    answer_hours = forms.ChoiceField(
        label=_("When does the time to answer run?"),
        help_text=_("“Today” and “Within 24 hours” always run on at night."),
        widget=forms.RadioSelect,
        choices=AnswerHours.choices,
    )
    day_from = forms.TimeField(
        label=_("The day begins at"),
        help_text=_("At 10:00 at the latest."),
        widget=TimeOfDay(format="%H:%M"),
    )
    day_until = forms.TimeField(
        label=_("The day ends at"),
        help_text=_("A day lasts 8 hours or more."),
        widget=TimeOfDay(format="%H:%M"),
    )
    fallback_user_id = forms.TypedChoiceField(
        label=_("Who owns what nobody takes?"),
        help_text=_("A request is never without an owner and a date."),
        coerce=int,
        empty_value=None,
        required=False,
    )
    reach_name = forms.CharField(
        label=_("Whom do referrers reach, day and night?"),
        help_text=_("A desk or a service, as people call it."),
        max_length=120,
        required=False,
    )
    reach_phone = forms.CharField(
        label=_("On which number?"),
        help_text=_("Somebody answers it at any hour."),
        max_length=30,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
    )
    min_residents = forms.IntegerField(
        label=_("Residents of the age band in the area that a team sees"),
        min_value=1,
        max_value=100_000,
    )
    room_kept_days = forms.IntegerField(
        label=_("How long is the place of an admitted client kept?"),
        min_value=0,
        max_value=10_000,
    )
    retention_days = forms.IntegerField(
        label=_("When is it removed who the client was?"),
        min_value=1,
        max_value=100_000,
    )
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
    signal_ids = forms.TypedMultipleChoiceField(
        label=_("Which signals does this answer?"),
        help_text=_("They stay in the history of these agreements."),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    why = forms.CharField(
        label=_("What is it to mend?"),
        help_text=_("Nurses and referrers read this before they agree."),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        required=False,
    )

    def __init__(
        self,
        data: Any = None,
        *,
        agreed: Agreed,
        why: str = "",
        coordinators: Choices = (),
        signals: Choices = (),
        linked: Sequence[int] = (),
    ) -> None:
        initial = {**_initial_of(agreed), "why": why, "signal_ids": list(linked)}
        super().__init__(data, initial=initial)
        self._base = agreed
        for name, text, numbers in _LIMITS:
            self.fields[name].help_text = text % numbers
        for term, label in TERM_WORDS.items():
            self.fields[f"weight_{term}"] = forms.FloatField(
                label=label, min_value=0, max_value=MOST_WEIGHT
            )
        terms: list[tuple[str, Any]] = [("", _("no term")), *TERM_WORDS.items()]
        for place in range(1, MOST_FIRST + 1):
            self.fields[f"order_{place}"] = forms.ChoiceField(
                label=_PLACES[place - 1], choices=terms, required=False
            )
        for name, column in _COLUMNS.items():
            for urgency in Urgency:
                most = _most(name, urgency)
                self.fields[f"{name}_{urgency.value}"] = forms.IntegerField(
                    # Beside its row the urgency need not be said again.
                    label=format_html(
                        '{}<span class="wa-at">, {}</span>',
                        column,
                        _("at “%(urgency)s”") % {"urgency": urgency.label},
                    ),
                    help_text=_("at most %(n)s") % {"n": most},
                    min_value=1,
                    # The service refuses what is over the limit, and says why.
                    max_value=60 * 24 * 31,
                    widget=forms.NumberInput(attrs={"max": most}),
                )
        self._offer("fallback_user_id", coordinators)
        self._offer("signal_ids", signals)

    def _offer(self, name: str, choices: Choices) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        if name == "fallback_user_id":
            nobody = ("", _("The coordinator with the fewest in hand"))
            choices = [nobody, *choices]
        field.choices = list(choices)
        if name == "signal_ids" and not choices:
            del self.fields[name]

    @property
    def weight_fields(self) -> list[forms.BoundField]:
        """The weights, in the order of the words."""
        return [self[f"weight_{term}"] for term in TERM_WORDS]

    @property
    def first_fields(self) -> list[forms.BoundField]:
        """What goes before the weights."""
        return [self[f"order_{place}"] for place in range(1, MOST_FIRST + 1)]

    @property
    def columns(self) -> list[Any]:
        """The headings of what is asked per urgency."""
        return list(_COLUMNS.values())

    @property
    def urgency_rows(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """What is asked per urgency: its word, and a field per column."""
        return [
            (urgency.label, [self[f"{name}_{urgency.value}"] for name in _COLUMNS])
            for urgency in Urgency
        ]

    def agreed(self, region_id: int) -> Agreed:
        """Return what was filled in, as one value."""
        data = self.cleaned_data
        return Agreed(
            region_id=region_id,
            ranking=self._ranking(),
            own_team_first=data["own_team_first"],
            min_residents=data["min_residents"],
            answer_hours=data["answer_hours"],
            day_from=_clock(data["day_from"]),
            day_until=_clock(data["day_until"]),
            room_kept_days=data["room_kept_days"],
            retention_days=data["retention_days"],
            fallback_user_id=data["fallback_user_id"],
            reach_name=data["reach_name"].strip(),
            reach_phone=data["reach_phone"].strip(),
            teams_at_once=self._per_urgency("teams_at_once"),
            answer_minutes=self._per_urgency("answer_minutes"),
            coordinator_minutes=self._per_urgency("coordinator_minutes"),
        )

    def _per_urgency(self, name: str) -> dict[str, int]:
        return {
            urgency.value: number
            for urgency in Urgency
            if (number := self.cleaned_data[f"{name}_{urgency.value}"])
            != PER_URGENCY[name][urgency]
        }

    def _ranking(self) -> dict[str, Any]:
        data = self.cleaned_data
        asked: dict[str, Any] = {
            "weights": {term: data[f"weight_{term}"] for term in TERM_WORDS},
            "order": [
                data[f"order_{place}"]
                for place in range(1, MOST_FIRST + 1)
                if data[f"order_{place}"]
            ],
            **{name: data[name] for name in _ASKED[2:]},
        }
        # What the form does not ask, such as the value of each part, stays.
        kept = {k: v for k, v in self._base.ranking.items() if k not in _ASKED}
        national = full_ranking({})
        return {
            name: value
            for name, value in (kept | asked).items()
            if value != _as_asked(national[name])
        }


class ProposalForm(SteeringForm):
    """From when it would hold."""

    effective_from = forms.DateTimeField(
        label=_("From when does it hold?"),
        help_text=_("Empty: as soon as nurses and referrers both agree."),
        required=False,
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )


class JudgementForm(SteeringForm):
    """Yes or no, for the party that somebody speaks for."""

    # An empty box is no mistake yet.
    use_required_attribute = False

    agrees = forms.TypedChoiceField(
        label=_("What do you say?"),
        coerce=lambda value: value == "yes",
        empty_value=None,
        widget=forms.RadioSelect,
        choices=[("yes", _("Yes, we agree")), ("no", _("No, this must change"))],
        error_messages={"required": _("Choose yes or no.")},
    )
    remark = forms.CharField(
        label=_("Remark"),
        help_text=_("With a no: say what has to change."),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class SignalForm(SteeringForm):
    """What goes wrong, in one's own words."""

    # An empty box is no mistake yet.
    use_required_attribute = False

    topic = forms.ChoiceField(
        label=_("What is it about?"),
        widget=forms.RadioSelect,
        choices=SignalTopic.choices,
        error_messages={"required": _("Choose what it is about.")},
    )
    text = forms.CharField(
        label=_("What goes wrong?"),
        help_text=_("What happened, how often, and what it does to clients or staff."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={
            "required": _("Say in a few words what goes wrong, without names.")
        },
    )


class SignalAnswerForm(SteeringForm):
    """What is done with a signal, and why."""

    # An empty box is no mistake yet.
    use_required_attribute = False

    answer = forms.CharField(
        label=_("Your answer"),
        help_text=_("What you do with it, and why. Who filed it reads this."),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Write what you do with it, and why.")},
    )
    is_changing = forms.BooleanField(
        label=_("The agreements will change because of this"),
        help_text=_("You can tick this signal when you write the draft."),
        required=False,
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


def _initial_of(agreed: Agreed) -> dict[str, Any]:
    ranking = full_ranking(agreed.ranking)
    order = [*ranking["order"], *[""] * MOST_FIRST][:MOST_FIRST]
    initial: dict[str, Any] = {
        "travel_km": _short(ranking["travel_km"]),
        "first_visit_days": _short(ranking["first_visit_days"]),
        "unknown_room": ranking["unknown_room"],
        "day_from": time.fromisoformat(agreed.day_from),
        "day_until": time.fromisoformat(agreed.day_until),
    }
    initial |= {
        name: getattr(agreed, name)
        for name in (
            "own_team_first",
            "answer_hours",
            "fallback_user_id",
            "reach_name",
            "reach_phone",
            "min_residents",
            "room_kept_days",
            "retention_days",
        )
    }
    initial |= {
        f"weight_{term}": _short(ranking["weights"][term]) for term in TERM_WORDS
    }
    initial |= {f"order_{place}": term for place, term in enumerate(order, start=1)}
    for name, national in PER_URGENCY.items():
        own = getattr(agreed, name)
        initial |= {
            f"{name}_{urgency.value}": own.get(urgency.value, national[urgency])
            for urgency in Urgency
        }
    return initial


def _as_asked(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _clock(value: time) -> str:
    return value.strftime("%H:%M")


def _short(number: float) -> float:
    """Return 4 instead of 4.0, as people write it."""
    return int(number) if number == int(number) else number
