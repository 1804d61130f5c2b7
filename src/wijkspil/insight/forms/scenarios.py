"""Suppose a future: two numbers for each value, and why; practices that stop.

Numbers are shown as people say them (27 %, not 0.27); what is not touched comes back
exactly as it was. Works without JavaScript; ``scenario.js`` lays sliders over it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from wijkspil.insight.data_wording import say_data, say_source
from wijkspil.insight.engine_io.projection import ScenarioParameter
from wijkspil.insight.errors import InvalidScenario
from wijkspil.insight.scenario_wording import (
    GROUPS,
    STATUSES,
    TARGET,
    Shown,
    group_of,
    say_parameter,
    say_range,
    scale_of,
)
from wijkspil.insight.services.scenarios import (
    CLOSING_YEARS,
    LONGEST_NAME,
    Closing,
    ScenarioGiven,
    Supposed,
    check_interval,
    is_as_in_base,
)

#: Practices that can be supposed to stop on one page.
CLOSING_ROWS = 3
#: Unit -> the ends of the slider, as shown; numbers beyond it can be typed.
_SLIDER_ENDS: Mapping[str, tuple[float, float]] = {
    "factor": (0.0, 200.0),
    "share a year": (-5.0, 5.0),
}
_EXACT = 1e-7


@dataclass(frozen=True, slots=True)
class ParameterLine:
    """One value on the page, with its fields and what is known of it."""

    name: str
    label: str
    unit: str
    low: forms.BoundField
    high: forms.BoundField
    why: forms.BoundField
    base_words: str
    base_low: str
    base_high: str
    slider_low: str
    slider_high: str
    step: str
    source: str
    status: str
    base_why: str
    set_by: str
    set_at: datetime | None
    is_changed: bool
    errors: Sequence[str]


@dataclass(frozen=True, slots=True)
class ParameterGroup:
    """Values that belong together."""

    key: str
    title: str
    words: str
    lines: Sequence[ParameterLine]
    is_open: bool
    changed: int


class ScenarioForm(forms.Form):
    """Name, note, intervals with their reasons, and practices that stop."""

    name = forms.CharField(
        label=_("Name of the scenario"),
        max_length=LONGEST_NAME,
        error_messages={"required": _("Give the scenario a name.")},
    )
    note = forms.CharField(
        label=_("What is it about?"),
        help_text=_("One or two sentences for who reads it later."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(
        self,
        *args: Any,
        base: str,
        parameters: Sequence[ScenarioParameter],
        overrides: Mapping[str, Mapping[str, Any]],
        practices: Sequence[tuple[int, str]],
        first_year: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.base = base
        self.parameters = {each.name: each for each in parameters}
        self.overrides = overrides
        self.practices = practices
        for each in parameters:
            self._add_parameter(each)
        years = [(str(first_year + n), str(first_year + n)) for n in range(1, 16)]
        assert len(years) == CLOSING_YEARS
        for row in range(CLOSING_ROWS if practices else 0):
            self.fields[f"practice-{row}"] = forms.ChoiceField(
                label=_("GP practice that stops"),
                choices=[("", _("None")), *((str(pk), name) for pk, name in practices)],
                required=False,
            )
            self.fields[f"year-{row}"] = forms.ChoiceField(
                label=_("At the start of"), choices=years, required=False
            )

    def _add_parameter(self, each: ScenarioParameter) -> None:
        low, high = self._now(each)
        shown = scale_of(each.unit)
        label = say_parameter(each.name)
        for key, value, words in (
            ("low", low, _t("%(what)s: lowest")),
            ("high", high, _t("%(what)s: highest")),
        ):
            self.fields[f"{key}:{each.name}"] = forms.FloatField(
                label=words % {"what": label},
                initial=as_typed(value * shown.factor),
                widget=forms.NumberInput(
                    attrs={"step": "any", "inputmode": "decimal", "autocomplete": "off"}
                ),
                error_messages={
                    "required": _("Give a number."),
                    "invalid": _("This is not a number."),
                },
            )
        self.fields[f"why:{each.name}"] = forms.CharField(
            label=_t("%(what)s: why") % {"what": label},
            initial=self.overrides.get(each.name, {}).get("why", ""),
            max_length=500,
            required=False,
        )

    def _now(self, each: ScenarioParameter) -> tuple[float, float]:
        chosen = self.overrides.get(each.name)
        return (chosen["low"], chosen["high"]) if chosen else (each.low, each.high)

    def clean(self) -> dict[str, Any]:
        """Check every interval, so that all that is wrong is said at once."""
        cleaned = super().clean() or {}
        for each in self.parameters.values():
            supposed = self._supposed(each, cleaned)
            if supposed is None:
                continue
            try:
                check_interval(each, supposed)
            except InvalidScenario as error:
                self.add_error(f"low:{each.name}", say_error(each, supposed, error))
                continue
            if not is_as_in_base(each, supposed) and not supposed.why.strip():
                self.add_error(
                    f"why:{each.name}",
                    _t("Say in a sentence why you suppose this; readers will ask."),
                )
        return cleaned

    def _supposed(
        self, each: ScenarioParameter, cleaned: Mapping[str, Any]
    ) -> Supposed | None:
        """Return the interval in the engine's unit; untouched numbers exactly."""
        shown = scale_of(each.unit)
        found = []
        for key, now in zip(("low", "high"), self._now(each), strict=True):
            typed = cleaned.get(f"{key}:{each.name}")
            if typed is None:
                return None
            is_untouched = abs(typed - float(as_typed(now * shown.factor))) <= _EXACT
            found.append(now if is_untouched else typed / shown.factor)
        return Supposed(found[0], found[1], cleaned.get(f"why:{each.name}", ""))

    def given(self) -> ScenarioGiven:
        """Return what a valid form says."""
        data = self.cleaned_data
        overrides = {}
        for name, each in self.parameters.items():
            supposed = self._supposed(each, data)
            if supposed is not None and not is_as_in_base(each, supposed):
                overrides[name] = supposed
        closing = [
            Closing(int(data[f"practice-{row}"]), int(data[f"year-{row}"]))
            for row in range(CLOSING_ROWS)
            if data.get(f"practice-{row}") and data.get(f"year-{row}")
        ]
        return ScenarioGiven(
            name=data["name"],
            note=data["note"],
            base=self.base,
            overrides=overrides,
            closing=closing,
        )

    def refuse(self, error: InvalidScenario) -> None:
        """Put a reason beside the field it is about."""
        for name in (error.field, f"low:{error.field}", f"{error.field}-0"):
            if name in self.fields:
                self.add_error(name, str(error))
                return
        self.add_error(None, str(error))

    def closing_rows(self) -> Iterator[tuple[forms.BoundField, forms.BoundField]]:
        """Yield the fields of each practice that may stop."""
        for row in range(CLOSING_ROWS):
            if f"practice-{row}" in self.fields:
                yield self[f"practice-{row}"], self[f"year-{row}"]

    def groups(self) -> list[ParameterGroup]:
        """Return the values in groups, as the page shows them."""
        found: list[ParameterGroup] = []
        for key, (title, words) in GROUPS.items():
            lines = [
                self._line(each)
                for each in sorted(
                    self.parameters.values(),
                    key=lambda one: not one.name.endswith(TARGET),
                )
                if group_of(each.name) == key
            ]
            if lines:
                changed = sum(line.is_changed for line in lines)
                is_open = (
                    not found or bool(changed) or any(line.errors for line in lines)
                )
                found.append(
                    ParameterGroup(key, str(title), str(words), lines, is_open, changed)
                )
        return found

    def _line(self, each: ScenarioParameter) -> ParameterLine:
        shown = scale_of(each.unit)
        chosen = self.overrides.get(each.name, {})
        fields = [self[f"{key}:{each.name}"] for key in ("low", "high", "why")]
        ends = slider_ends(each, shown, *self._now(each))
        return ParameterLine(
            name=each.name,
            label=say_parameter(each.name),
            unit=shown.unit,
            low=fields[0],
            high=fields[1],
            why=fields[2],
            base_words=say_range(each.low, each.high, each.unit),
            base_low=as_typed(each.low * shown.factor),
            base_high=as_typed(each.high * shown.factor),
            slider_low=as_typed(ends[0]),
            slider_high=as_typed(ends[1]),
            step=as_typed(shown.step),
            source=say_source(each.source),
            status=str(STATUSES.get(each.status, each.status)),
            base_why=say_data(each.why),
            set_by=chosen.get("set_by", ""),
            set_at=datetime.fromisoformat(chosen["set_at"])
            if chosen.get("set_at")
            else None,
            is_changed=bool(chosen),
            errors=[str(one) for field in fields for one in field.errors],
        )


class NewScenarioForm(forms.Form):
    """Choose where to start from."""

    region = forms.TypedChoiceField(label=_("Region"), coerce=int)
    base = forms.ChoiceField(label=_("Start from"), widget=forms.RadioSelect)
    name = forms.CharField(
        label=_("Name of the scenario"),
        help_text=_("Empty: the name of what you start from."),
        max_length=LONGEST_NAME,
        required=False,
    )

    def __init__(
        self,
        *args: Any,
        regions: Sequence[tuple[int, str]],
        bases: Sequence[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        region, base = self.fields["region"], self.fields["base"]
        assert isinstance(region, forms.TypedChoiceField)
        assert isinstance(base, forms.ChoiceField)
        region.choices = list(regions)
        base.choices = list(bases)
        if len(regions) == 1:
            region.widget = forms.HiddenInput()


def slider_ends(
    each: ScenarioParameter, shown: Shown, low: float, high: float
) -> tuple[float, float]:
    """Return the ends of a slider, as shown: round, and around all values."""
    values = [value * shown.factor for value in (low, high, each.low, each.high)]
    start, end = _SLIDER_ENDS.get(
        each.unit,
        (0.0, 100.0) if shown.factor != 1.0 else (0.0, max(2 * max(values), 1.0)),
    )
    start = max(min(start, *values), each.least * shown.factor)
    end = min(max(end, *values), each.most * shown.factor)
    return start, end


def as_typed(value: float) -> str:
    """Return a number as a number field holds it: short, with a point."""
    return f"{round(value, 8):.10g}"


def say_error(
    each: ScenarioParameter, supposed: Supposed, error: InvalidScenario
) -> str:
    """Return what is wrong with an interval in the unit of the page."""
    if supposed.low > supposed.high:
        return _t("Give the lowest value first: %(low)s is more than %(high)s.") % {
            "low": as_typed(supposed.low * scale_of(each.unit).factor),
            "high": as_typed(supposed.high * scale_of(each.unit).factor),
        }
    if each.least <= supposed.low and supposed.high <= each.most:
        return str(error)
    return _t("Give values within %(range)s.") % {
        "range": say_range(each.least, each.most, each.unit)
    }
