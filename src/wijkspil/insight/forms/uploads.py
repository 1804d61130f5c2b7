"""Forms of bringing in indicators."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wijkspil.insight.services.upload_files import MOST_BYTES


class IndicatorFileForm(forms.Form):
    """A file of indicators to look at."""

    file = forms.FileField(
        label=gettext_lazy("File with figures (CSV)"),
        help_text=gettext_lazy("At most 1 MB. You see first what would change."),
    )

    def clean_file(self) -> Any:
        """Refuse a file that is too large before it is read."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 1 MB. Split it."))
        return file
