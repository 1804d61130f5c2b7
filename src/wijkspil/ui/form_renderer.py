"""Draw the controls of forms without a template each; a form has dozens of them.

The text is that of Django's own templates, sign by sign. What is not in ``_DRAWN``
is drawn by those.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.forms.renderers import DjangoTemplates
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from wijkspil.ui.markup import shown


class FormRenderer(DjangoTemplates):
    """Django's renderer; the plain controls are drawn here."""

    def render(
        self, template_name: str, context: Mapping[str, Any], request: Any = None
    ) -> SafeString:
        """Return a control as HTML."""
        draw = _DRAWN.get(template_name)
        widget = context.get("widget", {})
        if draw is None or widget.get("wrap_label"):
            return SafeString(super().render(template_name, dict(context), request))
        return SafeString(draw(widget))


def _text(value: object) -> str:
    """Return a value as a machine reads it: not localized."""
    text = str(value)
    return text if isinstance(value, SafeString) else conditional_escape(text)


def _draw_attributes(attributes: Mapping[str, Any]) -> str:
    return "".join(
        f" {shown(name)}" if value is True else f' {shown(name)}="{_text(value)}"'
        for name, value in attributes.items()
        if value is not False
    )


def _draw_input(widget: Mapping[str, Any]) -> str:
    value = widget["value"]
    given = "" if value is None else f' value="{_text(value)}"'
    return (
        f'<input type="{shown(widget["type"])}" name="{shown(widget["name"])}"{given}'
        f"{_draw_attributes(widget['attrs'])}>"
    )


def _draw_select(widget: Mapping[str, Any]) -> str:
    attributes = _draw_attributes(widget["attrs"])
    parts = [f'<select name="{shown(widget["name"])}"{attributes}>']
    for group, options, _place in widget["optgroups"]:
        if group:
            parts.append(f'\n  <optgroup label="{shown(group)}">')
        parts += [f"\n  {_draw_option(option)}" for option in options]
        if group:
            parts.append("\n  </optgroup>")
    return "".join([*parts, "\n</select>"])


def _draw_option(option: Mapping[str, Any]) -> str:
    return (
        f'<option value="{_text(option["value"])}"'
        f"{_draw_attributes(option['attrs'])}>{shown(option['label'])}</option>\n"
    )


_INPUTS = (
    "checkbox",
    "checkbox_option",
    "date",
    "datetime",
    "email",
    "hidden",
    "input",
    "number",
    "radio_option",
    "text",
    "time",
)
_DRAWN: dict[str, Callable[[Mapping[str, Any]], str]] = {
    **{f"django/forms/widgets/{name}.html": _draw_input for name in _INPUTS},
    "django/forms/widgets/select.html": _draw_select,
}
