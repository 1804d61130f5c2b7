"""What is asked about duties: which week, which file, until when, which calendar."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from wijkspil.core.errors import InvalidValue
from wijkspil.directory.selectors.duty_week import OwnService, Week
from wijkspil.directory.services.duty_files import MOST_BYTES
from wijkspil.directory.types import AreaKind, Care

CARES = [c for c in Care.choices if c[0] != Care.COORDINATION]


class DutyWeekForm(forms.Form):
    """The question of the week page, from its address."""

    regio = forms.TypedChoiceField(
        label=gettext_lazy("Region"), coerce=int, required=False
    )
    zorg = forms.ChoiceField(label=gettext_lazy("Kind of care"), choices=CARES)
    week = forms.CharField(
        label=gettext_lazy("Week"),
        help_text=gettext_lazy("For example 2026-W48."),
        widget=forms.TextInput(attrs={"type": "week"}),
        max_length=20,
    )

    def __init__(
        self, data: Any, *, regions: Sequence[tuple[int, str]], today: date
    ) -> None:
        super().__init__(
            {
                "regio": data.get("regio") or (regions[0][0] if regions else ""),
                "zorg": data.get("zorg") or Care.DISTRICT_NURSING.value,
                "week": data.get("week") or Week.of(today).code,
            }
        )
        region = self.fields["regio"]
        assert isinstance(region, forms.ChoiceField)
        region.choices = list(regions)

    def clean_week(self) -> Week:
        """Read the week."""
        return _read_week(self.cleaned_data["week"])


class _OfServices(forms.Form):
    service = forms.TypedChoiceField(
        label=gettext_lazy("Which service?"), coerce=int, required=False
    )
    ALL: Any = None

    def __init__(
        self, *args: Any, services: Sequence[OwnService], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["service"]
        assert isinstance(field, forms.ChoiceField)
        offered = [
            (service.id, f"{service.name}, {service.organization_name}")
            for service in services
        ]
        first = [("", self.ALL)] if self.ALL and len(services) > 1 else []
        field.choices = [*first, *offered]
        field.required = not first


class RepeatForm(_OfServices):
    """Which week is repeated, for whom and until when."""

    ALL = gettext_lazy("All services of this page")

    until = forms.DateField(
        label=gettext_lazy("Repeat it every week until"),
        help_text=gettext_lazy("This day included, at most 26 weeks."),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Left out, it is every service of the page: with one service, that one.
        self.fields["service"].required = False


class DutyFileForm(_OfServices):
    """A roster to take in. The file itself, or what was previewed of it."""

    ALL = gettext_lazy("As the file says (column service_code)")

    file = forms.FileField(
        label=gettext_lazy("Roster as CSV or ICS"),
        help_text=gettext_lazy("At most 1 MB. You see first what would change."),
    )
    area = forms.CharField(
        label=gettext_lazy("Area, if the calendar names none"),
        help_text=gettext_lazy("For example wijk/WK051801."),
        max_length=80,
        required=False,
    )

    def clean_file(self) -> Any:
        """Refuse a file that is too large before it is read."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 1 MB. Split it."))
        return file

    def clean_area(self) -> tuple[str, str] | None:
        """Return kind and code of the area."""
        return read_area(self.cleaned_data["area"])


def read_area(text: str) -> tuple[str, str] | None:
    """Return kind and code of "wijk/WK051801"; None for an empty text."""
    kind, slash, code = text.strip().rpartition("/")
    if not code:
        return None
    kind = kind.lower() if slash else AreaKind.WIJK.value
    if kind not in AreaKind.values:
        raise forms.ValidationError(_("Write it as wijk/WK051801."))
    return kind, code


class CalendarForm(_OfServices):
    """A calendar address to make."""

    person_name = forms.CharField(
        label=gettext_lazy("Only duties of"),
        help_text=gettext_lazy("The name as it stands in the roster. Empty: everyone."),
        max_length=120,
        required=False,
    )
    with_phone = forms.BooleanField(
        label=gettext_lazy("Put the phone numbers in it as well"), required=False
    )


class SwapForm(forms.Form):
    """With which duty another one changes persons."""

    other = forms.TypedChoiceField(
        label=gettext_lazy("Swap with"),
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a duty.")},
    )

    def __init__(
        self, *args: Any, offered: Sequence[tuple[int, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["other"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(offered)


def _read_week(text: str) -> Week:
    try:
        return Week.read(text)
    except InvalidValue as error:
        raise forms.ValidationError(str(error)) from error
