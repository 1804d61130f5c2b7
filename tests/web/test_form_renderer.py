"""Controls drawn without templates are those of Django, sign by sign."""

from typing import Any

import pytest
from django import forms
from django.forms.renderers import DjangoTemplates

from wijkspil.ui.form_renderer import FormRenderer

CHOICES = [("a&b", "A & b"), (2, "Two"), ("Group", [("c", "<c>"), (1234, 5678)])]
ATTRIBUTES = {"id": "x", "required": True, "hidden": False, "data-n": 1234, "t": '"<'}


@pytest.mark.parametrize(
    ("widget", "value"),
    [
        (forms.TextInput(), 'a "quoted" <value>'),
        (forms.TextInput(), None),
        (forms.NumberInput(), 1234),
        (forms.EmailInput(), "a@example.nl"),
        (forms.HiddenInput(), "kept"),
        (forms.DateInput(), "2026-11-22"),
        (forms.DateTimeInput(), "2026-11-22T03:00"),
        (forms.TimeInput(), "08:00"),
        (forms.CheckboxInput(), True),
        (forms.CheckboxInput(), "yes"),
        (forms.Select(choices=CHOICES), "2"),
        (forms.Select(choices=CHOICES), "1234"),
        (forms.Textarea(), "more\nlines"),
        (forms.RadioSelect(choices=CHOICES), "a&b"),
        (forms.PasswordInput(), "secret"),
    ],
)
def test_a_control_is_the_same_as_that_of_django(
    widget: forms.Widget, value: Any
) -> None:
    drawn, expected = (
        widget.render("name", value, attrs=dict(ATTRIBUTES), renderer=renderer)
        for renderer in (FormRenderer(), DjangoTemplates())
    )
    assert drawn == expected


@pytest.mark.parametrize("kind", [forms.RadioSelect, forms.CheckboxSelectMultiple])
def test_a_choice_is_the_same_as_that_of_django(kind: type[forms.RadioSelect]) -> None:
    widget = kind(choices=CHOICES[:2])
    for option in widget.subwidgets("name", ["2"], attrs=dict(ATTRIBUTES)):
        context = {"widget": {**option, "wrap_label": False}}
        assert FormRenderer().render(
            option["template_name"], context
        ) == DjangoTemplates().render(option["template_name"], context)
