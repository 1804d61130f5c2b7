"""How is one field of a Django form shown? Everything its drawing needs, decided here.

Kinds: ``control`` (one box to type or choose in), ``cards`` (radio buttons or
checkboxes as big choices), ``tick`` (a single checkbox).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.safestring import SafeString

CONTROL_CLASSES: tuple[tuple[type[forms.Widget], str], ...] = (
    (forms.Textarea, "utrecht-textarea utrecht-textarea--html-textarea"),
    (forms.Select, "utrecht-select utrecht-select--html-select"),
)
TEXTBOX = "utrecht-textbox utrecht-textbox--html-input"


@dataclass(frozen=True, slots=True)
class ChoiceView:
    """One big choice: ``control`` is the rendered input."""

    control: SafeString
    id: str
    label: object
    hint: object


@dataclass(frozen=True, slots=True)
class FieldView:
    """All that ``field_markup.draw_field`` shows."""

    kind: str
    id: str
    help_id: str
    error_id: str
    label: object
    help_text: object
    errors: list[str]
    control: SafeString
    choices: list[ChoiceView] = field(default_factory=list)
    columns: int = 1
    prefix: object = ""
    suffix: object = ""
    width: str = ""
    optional: bool = False
    hidden: bool = False
    multiple: bool = False


def is_group(widget: forms.Widget) -> bool:
    """Say whether a widget is a set of choices, each with a control of its own."""
    return isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple)


def find_first_control(bound: BoundField) -> str:
    """Return the id of the control a link to this field should reach."""
    field_id = bound.auto_id or f"id_{bound.html_name}"
    if is_group(bound.field.widget):
        return f"{field_id}_0"
    return bound.id_for_label or field_id


def control_class(widget: forms.Widget) -> str:
    """Return the classes of the design system for a widget."""
    for widget_type, classes in CONTROL_CLASSES:
        if isinstance(widget, widget_type):
            return classes
    return TEXTBOX


def describe_field(
    bound: BoundField,
    *,
    hints: Mapping[Any, object],
    columns: int,
    prefix: object,
    suffix: object,
    width: str,
    optional: bool | None,
) -> FieldView:
    """Return how ``bound`` is shown.

    A field that may stay empty says so in its label, unless ``optional`` decides.
    ``hints`` maps the value of a choice (as text) to a line under it.
    """
    widget = bound.field.widget
    field_id = find_first_control(bound)
    help_id, error_id = f"{field_id}-help", f"{field_id}-error"
    described = " ".join(
        part
        for part, there in ((help_id, bound.help_text), (error_id, bound.errors))
        if there
    )
    attributes: dict[str, Any] = {}
    if described:
        attributes["aria-describedby"] = described
    if bound.errors:
        attributes["aria-invalid"] = "true"
    grouped = is_group(widget)
    tick = isinstance(widget, forms.CheckboxInput)
    choices: list[ChoiceView] = []
    control = SafeString("")
    if grouped:
        group_id = bound.auto_id or f"id_{bound.html_name}"
        help_id, error_id = f"{group_id}-help", f"{group_id}-error"
        choices = [_describe_choice(option, hints) for option in bound.subwidgets]
    else:
        attributes["class"] = _join(
            widget.attrs.get("class", ""),
            "utrecht-checkbox utrecht-checkbox--html-input"
            if tick
            else control_class(widget),
        )
        control = bound.as_widget(attrs=attributes)
    return FieldView(
        kind="cards" if grouped else "tick" if tick else "control",
        id=field_id,
        help_id=help_id,
        error_id=error_id,
        label=bound.label,
        help_text=bound.help_text,
        errors=[str(error) for error in bound.errors],
        control=control,
        choices=choices,
        columns=columns,
        prefix=prefix,
        suffix=suffix,
        width=width,
        optional=(
            not bound.field.required and not tick if optional is None else optional
        ),
        hidden=bound.is_hidden,
        multiple=isinstance(widget, forms.CheckboxSelectMultiple),
    )


def _describe_choice(option: Any, hints: Mapping[Any, object]) -> ChoiceView:
    data = option.data
    data["attrs"]["class"] = (
        "utrecht-radio-button utrecht-radio-button--html-input"
        if data["type"] == "radio"
        else "utrecht-checkbox utrecht-checkbox--html-input"
    )
    identifier = data["attrs"].get("id", "")
    hint = hints.get(data["value"], hints.get(str(data["value"]), ""))
    if hint:
        data["attrs"]["aria-describedby"] = f"{identifier}-hint"
    return ChoiceView(
        control=option.tag(wrap_label=False),
        id=identifier,
        label=option.choice_label,
        hint=hint,
    )


def _join(*classes: str) -> str:
    return " ".join(part for part in classes if part)
