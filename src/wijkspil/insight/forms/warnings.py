"""What somebody wants to be warned of."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from wijkspil.insight.catalogue import INDICATORS
from wijkspil.insight.selectors.warnings import MOST_YEARS, WARNED

USUAL_YEARS, USUAL_CHANCE = 10, 50


class WarningForm(forms.Form):
    """A figure, a threshold in its unit, how far ahead and from which chance on."""

    indicator = forms.ChoiceField(label=gettext_lazy("Figure"))
    threshold = forms.FloatField(
        label=gettext_lazy("Threshold"),
        help_text=gettext_lazy(
            "In the unit of the figure; a gap above 0 is a shortage."
        ),
        min_value=-1e6,
        max_value=1e6,
    )
    within_years = forms.IntegerField(
        label=gettext_lazy("Within how many years"),
        min_value=1,
        max_value=MOST_YEARS,
    )
    chance = forms.IntegerField(
        label=gettext_lazy("From which chance on (%)"), min_value=1, max_value=100
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["indicator"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(code, INDICATORS[code].name) for code in WARNED]


def usual_question() -> dict[str, Any]:
    """Return what is asked by itself."""
    return {
        "indicator": "gap_share",
        "threshold": 0,
        "within_years": USUAL_YEARS,
        "chance": USUAL_CHANCE,
    }
