"""What is asked of the coverage map: which region, which week, which care."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from wijkspil.directory.types import Care

#: Days looked at: one week.
DAYS = 7
#: How far back or ahead a week may begin.
REACH = timedelta(days=730)


class CoverageMapForm(forms.Form):
    """The question, from the address of the page."""

    regio = forms.TypedChoiceField(
        label=gettext_lazy("Region"), coerce=int, required=False
    )
    zorg = forms.ChoiceField(
        label=gettext_lazy("Kind of care"),
        choices=[c for c in Care.choices if c[0] != Care.COORDINATION],
        required=False,
    )
    vanaf = forms.DateField(
        label=gettext_lazy("Seven days from"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        required=False,
    )

    def __init__(
        self,
        data: Any,
        *,
        regions: Sequence[tuple[int, str]],
        today: date,
        **kwargs: Any,
    ) -> None:
        asked = {
            "regio": data.get("regio") or (regions[0][0] if regions else ""),
            "zorg": data.get("zorg") or Care.DISTRICT_NURSING.value,
            "vanaf": data.get("vanaf") or today.isoformat(),
        }
        super().__init__(asked, **kwargs)
        self.today = today
        region = self.fields["regio"]
        assert isinstance(region, forms.ChoiceField)
        region.choices = list(regions)

    def clean_vanaf(self) -> date:
        """Refuse a day the directory cannot say anything sensible of."""
        day: date = self.cleaned_data["vanaf"]
        if abs(day - self.today) > REACH:
            raise forms.ValidationError(
                gettext_lazy("Choose a day within two years from now.")
            )
        return day
