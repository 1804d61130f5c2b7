"""A form field as text: label, help, errors and control; a page has dozens of them."""

from django.utils.safestring import SafeString
from django.utils.translation import gettext

from wijkspil.ui.form_fields import ChoiceView, FieldView
from wijkspil.ui.markup import shown


def draw_field(field: FieldView) -> SafeString:
    """Return a field in the shape that its kind asks for."""
    if field.hidden:
        return field.control
    invalid = " wp-field--invalid" if field.errors else ""
    if field.kind == "cards":
        return _draw_cards(field, invalid)
    if field.kind == "tick":
        return _draw_tick(field, invalid)
    width = f" wp-field--{field.width}" if field.width else ""
    return SafeString(
        f'<div class="wp-field{width}{invalid}">\n'
        '  <label class="wp-field__label utrecht-form-label" '
        f'for="{shown(field.id)}">{_label(field)}</label>\n'
        f"{_help(field, 'utrecht-form-field-description')}{_errors(field)}"
        f'  <div class="wp-field__control">{_affix(field.prefix)}{field.control}'
        f"{_affix(field.suffix)}</div>\n</div>\n"
    )


def _draw_cards(field: FieldView, invalid: str) -> SafeString:
    ids = (
        f"{shown(field.help_id) if field.help_text else ''}"
        f"{f' {shown(field.error_id)}' if field.errors else ''}"
    )
    described = f' aria-describedby="{ids}"' if ids else ""
    choices = "".join(f"{_draw_choice(choice)}\n" for choice in field.choices)
    return SafeString(
        f'<fieldset class="wp-field wp-field--cards{invalid}"{described}>\n'
        f'  <legend class="wp-field__label utrecht-form-label">{_label(field)}'
        "</legend>\n"
        f"{_help(field, 'utrecht-form-field-description')}{_errors(field)}"
        f'  <div class="wp-choices wp-choices--{field.columns}">\n{choices}  </div>\n'
        "</fieldset>\n"
    )


def _draw_choice(choice: ChoiceView) -> str:
    identifier = shown(choice.id)
    hint = (
        f'<p class="wp-choice__hint" id="{identifier}-hint">{shown(choice.hint)}</p>'
        if choice.hint
        else ""
    )
    return (
        f'<div class="wp-choice">{choice.control}'
        f'<label class="wp-choice__label" for="{identifier}">'
        f"<span>{shown(choice.label)}</span></label>{hint}</div>"
    )


def _draw_tick(field: FieldView, invalid: str) -> SafeString:
    return SafeString(
        f'<div class="wp-field wp-field--tick{invalid}">\n{_errors(field)}'
        f'  <div class="wp-choice">{field.control}'
        f'<label class="wp-choice__label" for="{shown(field.id)}">'
        f"<span>{shown(field.label)}</span></label>"
        f"{_help(field, 'wp-choice__hint')}</div>\n</div>\n"
    )


def _label(field: FieldView) -> str:
    if not field.optional:
        return shown(field.label)
    words = shown(gettext("(not required)"))
    return f'{shown(field.label)} <span class="wp-field__optional">{words}</span>'


def _help(field: FieldView, css_class: str) -> str:
    if not field.help_text:
        return ""
    identifier, words = shown(field.help_id), shown(field.help_text)
    return f'<p class="{css_class}" id="{identifier}">{words}</p>\n'


def _errors(field: FieldView) -> str:
    """Return the errors; the control is described by the first."""
    ids = [f' id="{shown(field.error_id)}"'] + [""] * len(field.errors)
    return "".join(
        f'<p class="utrecht-form-field-error-message"{identifier}>{shown(error)}</p>\n'
        for identifier, error in zip(ids, field.errors, strict=False)
    )


def _affix(words: object) -> str:
    return f'<span class="wp-field__affix">{shown(words)}</span>' if words else ""
