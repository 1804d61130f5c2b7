"""What somebody asks of the picture: which figure, when, where, against what."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

Choices = Sequence[tuple[str, Any]]


class PictureForm(forms.Form):
    """Everything may be left out; then the newest month and no comparison."""

    cijfer = forms.ChoiceField(label=_("Figure"), required=False)
    maand = forms.ChoiceField(label=_("Month"), required=False)
    naast = forms.ChoiceField(label=_("Beside month"), required=False)
    met = forms.ChoiceField(label=_("Beside region"), required=False)
    deel = forms.ChoiceField(label=_("Part of the day"), required=False)
    niveau = forms.ChoiceField(label=_("Per"), required=False)

    def __init__(
        self,
        data: Any,
        *,
        indicators: Choices,
        months: Choices,
        parts: Choices,
        regions: Choices,
        levels: Choices,
    ) -> None:
        super().__init__(data)
        none = [("", _("Nothing"))]
        self._set("cijfer", list(indicators))
        self._set("maand", [("", _("Newest")), *months])
        self._set("naast", [*none, *months])
        self._set("met", [*none, *regions])
        self._set("deel", [("", _("The whole day")), *parts])
        self._set("niveau", list(levels))
        for name, choices in (("deel", parts), ("met", regions), ("niveau", levels)):
            if len(choices) < (2 if name == "niveau" else 1):
                del self.fields[name]
        if len(months) < 2:
            del self.fields["maand"], self.fields["naast"]

    def _set(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def chosen(self, name: str, default: str = "") -> str:
        """Return a valid choice, or the default."""
        value = self.cleaned_data.get(name, "") if self.is_valid() else ""
        return str(value) or default
