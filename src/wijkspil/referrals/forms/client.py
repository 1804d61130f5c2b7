"""The forms on the client's page: a code, an objection, taking the request back."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wijkspil.referrals.types import CloseReason

#: What a client or family would say, in their words; the rest is for professionals.
CLIENT_REASONS = (
    (CloseReason.CLIENT_REFUSES.value, _("I do not want it any more")),
    (CloseReason.NOT_NEEDED.value, _("It is no longer needed")),
    (CloseReason.OWN_NETWORK.value, _("Family or neighbors help me")),
    (CloseReason.ADMITTED.value, _("I was admitted to a hospital or home")),
    (CloseReason.OBJECTION.value, _("I do not want my details to be shared")),
    (CloseReason.DIED.value, _("The person it was for has died")),
)


class ObjectionForm(forms.Form):
    """One provider that may not get the request."""

    organization = forms.TypedChoiceField(
        label=_("Which provider do you not want?"),
        coerce=int,
        error_messages={
            "required": _("Choose a provider."),
            "invalid_choice": _("Choose a provider from the list."),
        },
    )

    def __init__(
        self, *args: Any, providers: Sequence[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["organization"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("Choose a provider")), *providers]


class TakeBackForm(forms.Form):
    """Why the request is taken back."""

    reason = forms.ChoiceField(
        label=_("Why do you take the request back?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a reason.")},
        choices=CLIENT_REASONS,
    )
