"""How a person wants to be reached, and a system to connect."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from wijkspil.communications.types import EmailChoice, list_topics


class ContactForm(forms.Form):
    """Which messages come outside the app as well."""

    email = forms.ChoiceField(
        label=_("Which messages also by e-mail?"),
        choices=[
            (EmailChoice.ALL, _("All")),
            (EmailChoice.URGENT, _("Only what cannot wait")),
            (EmailChoice.NONE, _("None")),
        ],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one.")},
    )
    text_number = forms.CharField(
        label=_("Mobile number for text messages"),
        help_text=_("Only for what cannot wait. Leave it empty for no text messages."),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )

    def __init__(self, *args: Any, has_text: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_text:
            del self.fields["text_number"]


class EndpointForm(forms.Form):
    """A system of an organization, and what it is told of."""

    organization_id = forms.TypedChoiceField(label=_("Organization"), coerce=int)
    url = forms.CharField(
        label=_("Address of the system"),
        help_text=_("Begins with https://. Your supplier knows it."),
        max_length=500,
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Type the address of the system.")},
    )
    topics = forms.MultipleChoiceField(
        label=_("What is it told of?"),
        help_text=_("Choose nothing to tell it everything."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(
        self, *args: Any, organizations: list[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        choice: Any = self.fields["organization_id"]
        choice.choices = organizations
        if len(organizations) == 1:
            choice.widget = forms.HiddenInput()
            choice.initial = organizations[0][0]
        topics: Any = self.fields["topics"]
        topics.choices = [
            (topic.code, topic.title)
            for topic in list_topics()
            if topic.code != "communications.test"
        ]
