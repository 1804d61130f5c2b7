"""The acts of who steers a request, each as a form of one or two questions.

The names of the fields are those of the services, so that a refusal lands beside the
field it is about.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wijkspil.core.errors import InvalidValue
from wijkspil.directory.types import CareTask, PartOfDay
from wijkspil.referrals.errors import InvalidRequest
from wijkspil.referrals.types import (
    REOPEN_BY_HAND,
    AdmissionPlace,
    ChangeReason,
    CloseReason,
    ConsentGiver,
)

#: (value, label) of a choice.
Choices = Sequence[tuple[Any, Any]]

#: Why a client or representative stops it; a death has a page of its own.
WITHDRAW_REASONS = (
    CloseReason.CLIENT_REFUSES,
    CloseReason.OBJECTION,
    CloseReason.OWN_NETWORK,
    CloseReason.NOT_NEEDED,
    CloseReason.ADMITTED,
    CloseReason.OTHER_LAW,
)
#: Why other care is needed; the other reasons are about the day.
NEED_REASONS = (
    ChangeReason.WORSE,
    ChangeReason.BETTER,
    ChangeReason.CLIENT_ASKED,
    ChangeReason.MISTAKE,
)
#: Why who sent it stops it.
CANCEL_REASONS = (
    CloseReason.MISTAKE,
    CloseReason.NOT_NEEDED,
    CloseReason.ADMITTED,
    CloseReason.OWN_NETWORK,
    CloseReason.OTHER_LAW,
)


class SteeringForm(forms.Form):
    """A form whose refusals by a service are shown beside its fields."""

    def refuse(self, error: InvalidValue) -> None:
        """Put what a service refused beside the field, or above the form."""
        if not isinstance(error, InvalidRequest):
            self.add_error(None, str(error))
            return
        for name, reasons in error.fields.items():
            for reason in reasons:
                self.add_error(name if name in self.fields else None, reason)


class AskForm(SteeringForm):
    """Which teams get the question."""

    service_ids = forms.TypedMultipleChoiceField(
        label=_("Which teams do you ask?"),
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick at least one team.")},
    )

    def __init__(self, *args: Any, teams: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_choices(self.fields["service_ids"], teams)


class TeamForm(SteeringForm):
    """To which team the client is assigned."""

    service_id = forms.TypedChoiceField(
        label=_("Which team?"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the team.")},
    )

    def __init__(self, *args: Any, teams: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_choices(self.fields["service_id"], teams)


class PhoneForm(TeamForm):
    """Which team took it on the phone, and who said so."""

    spoke_with = forms.CharField(
        label=_("Who did you speak?"), max_length=120, required=False
    )


class DateForm(SteeringForm):
    """Until when it can wait, and why."""

    due_at = forms.DateTimeField(
        label=_("New date and time"),
        help_text=_("Ahead, and at most 31 days from now."),
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
        ),
        error_messages={"required": _("Give a day and a time.")},
    )
    why = forms.CharField(
        label=_("Why does the date move?"),
        max_length=200,
        error_messages={"required": _("Say in a few words why the date moves.")},
    )


class BridgeForm(SteeringForm):
    """Who helps for now, and until which day."""

    helped_by = forms.CharField(
        label=_("Who helps until there is a team?"),
        help_text=_("An organization or a role, no name of a person."),
        max_length=200,
        error_messages={"required": _("Say who helps until then.")},
    )
    until = forms.DateField(
        label=_("Until which day?"),
        help_text=_("On that day at 9.00 you look at it again."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"required": _("Give a day.")},
    )


class ObjectionForm(SteeringForm):
    """To which provider the client objects, and who said so."""

    organization = forms.TypedChoiceField(
        label=_("Which provider does the client not want?"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a provider from the list.")},
    )
    given_by = forms.ChoiceField(
        label=_("Who said it?"),
        choices=ConsentGiver.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Say who said it: the client or the representative.")
        },
    )

    def __init__(self, *args: Any, providers: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_choices(self.fields["organization"], providers)


class StayForm(SteeringForm):
    """Where the client stays."""

    where = forms.CharField(
        label=_("Where does the client stay?"),
        max_length=200,
        error_messages={"required": _("Say where the client stays.")},
    )


class InsurerForm(SteeringForm):
    """That the dossier went to the insurer."""

    is_sent = forms.BooleanField(
        label=_("The dossier is on its way to the insurer"),
        help_text=_("By a safe way, such as the insurer's portal for mediation."),
        error_messages={
            "required": _("Send the dossier first; without it nobody can mediate.")
        },
    )


class WithdrawForm(SteeringForm):
    """Why the client stops."""

    reason = forms.ChoiceField(
        label=_("Why does the client stop?"),
        widget=forms.RadioSelect,
        choices=[(reason.value, reason.label) for reason in WITHDRAW_REASONS],
        error_messages={"required": _("Choose why it stops.")},
    )


class CancelForm(SteeringForm):
    """Why who sent it stops."""

    reason = forms.ChoiceField(
        label=_("Why do you cancel it?"),
        widget=forms.RadioSelect,
        choices=[(reason.value, reason.label) for reason in CANCEL_REASONS],
        error_messages={"required": _("Choose why it stops.")},
    )


class ReopenForm(SteeringForm):
    """Why it is looked at again."""

    reason = forms.ChoiceField(
        label=_("Why is it needed again?"),
        widget=forms.RadioSelect,
        choices=[(reason.value, reason.label) for reason in REOPEN_BY_HAND],
        error_messages={"required": _("Choose why it is needed again.")},
    )


class ColleagueForm(SteeringForm):
    """Which coordinator takes over."""

    user_id = forms.TypedChoiceField(
        label=_("Colleague who takes over"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the colleague who takes over.")},
    )

    def __init__(self, *args: Any, colleagues: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_choices(self.fields["user_id"], colleagues)


class SeenForm(SteeringForm):
    """A form that knows what its page showed, so that sending it twice is harmless."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=400)


class VisitForm(SeenForm):
    """On which day the first visit is, and why on another."""

    day = forms.DateField(
        label=_("On which day is the first visit?"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": _("Give a day."),
            "invalid": _("Give a day, as in 26-11-2026."),
        },
    )
    reason = forms.ChoiceField(
        label=_("Why does it change?"),
        choices=ChangeReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why it changes.")},
    )

    def refuse(self, error: InvalidValue) -> None:
        """Put what is wrong with the day beside the day."""
        if isinstance(error, InvalidRequest) and "first_visit_on" in error.fields:
            for reason in error.fields["first_visit_on"]:
                self.add_error("day", reason)
            return
        super().refuse(error)


class NeedForm(SeenForm):
    """Which care is needed, when on the day, and why it is other care."""

    tasks = forms.MultipleChoiceField(
        label=_("What has to be done?"),
        choices=CareTask.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": _("Choose at least one thing that has to be done.")
        },
    )
    parts_of_day = forms.MultipleChoiceField(
        label=_("At which parts of the day?"),
        choices=PartOfDay.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one part of the day.")},
    )
    reason = forms.ChoiceField(
        label=_("Why does it change?"),
        choices=[(reason.value, reason.label) for reason in NEED_REASONS],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose why it changes.")},
    )


class PauseForm(SteeringForm):
    """Where the client is, and until when."""

    where = forms.ChoiceField(
        label=_("Where is the client?"),
        choices=AdmissionPlace.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose where the client is.")},
    )
    home_on = forms.DateField(
        label=_("When does the client come home, as far as you know?"),
        help_text=_("Leave it empty if nobody knows yet; we ask again in a week."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
        error_messages={"invalid": _("Give a day, as in 26-11-2026.")},
    )


class ResumeForm(SteeringForm):
    """On which day the first visit at home is."""

    first_visit_on = forms.DateField(
        label=_("On which day is the first visit at home?"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": _("Give a day."),
            "invalid": _("Give a day, as in 26-11-2026."),
        },
    )


class DeathForm(SteeringForm):
    """Nothing to fill in."""


class NoteForm(SteeringForm):
    """A line for colleagues."""

    text = forms.CharField(
        label=_("What should colleagues know?"),
        help_text=_("No names. At most 300 characters."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=300,
        error_messages={"required": _("Write what colleagues should know.")},
    )


def _set_choices(field: forms.Field, choices: Iterable[tuple[Any, Any]]) -> None:
    assert isinstance(field, forms.ChoiceField)
    field.choices = list(choices)
