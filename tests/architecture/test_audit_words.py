"""The auditor reads words: whatever the code writes in the trail has them."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import wijkspil
from wijkspil.accounts.forms import ACTION_WORDS
from wijkspil.accounts.templatetags.accounts import ENTITY_WORDS, purpose_words
from wijkspil.core.models import AuditEvent

SOURCE = Path(wijkspil.__file__).parent
#: What stands in for the number in a purpose that ends in one.
NUMBER = "7"


def values_written(name: str) -> dict[str, str]:
    """Return what the code passes on as ``name``, with a place where it does."""
    found: dict[str, str] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        if "fictional" in path.parts or "importing" in path.parts:
            continue
        place = str(path.relative_to(SOURCE))
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                for value in _passed(node, name):
                    text = _text_of(value, path)
                    if text:
                        found.setdefault(text, place)
    return found


def _passed(call: ast.Call, name: str) -> Iterator[ast.expr]:
    yield from (word.value for word in call.keywords if word.arg == name)
    if (
        name == "purpose"
        and isinstance(call.func, ast.Name)
        and call.func.id in {"_record", "record_duties"}
    ):
        yield from (arg for arg in call.args if isinstance(arg, ast.Constant))


def _text_of(value: ast.expr, path: Path) -> str | None:
    """Return the text of a literal, an f-string or a constant of the module."""
    if isinstance(value, ast.Constant):
        return value.value if isinstance(value.value, str) else None
    if isinstance(value, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else NUMBER
            for part in value.values
        )
    if isinstance(value, ast.Name):
        module = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
        text = getattr(import_module(module), value.id, None)
        return text if isinstance(text, str) else None
    return None


def test_every_purpose_in_the_code_has_words() -> None:
    written = values_written("purpose")
    assert {"page.request", f"release-to-service-{NUMBER}", "duty.enter"} <= set(
        written
    )
    bare = {code: place for code, place in written.items() if said(code) == code}
    assert bare == {}


def test_every_kind_of_thing_in_the_code_has_words() -> None:
    written = values_written("entity_type")
    assert {"patient", "routing-policy", "sign-in-name"} <= set(written)
    assert {
        code: place for code, place in written.items() if code not in ENTITY_WORDS
    } == {}


def test_the_number_in_a_purpose_is_said_with_it() -> None:
    assert said("release-to-service-41") == (
        "Given to the team that accepted, service 41"
    )
    assert said("region-x") == "region-x"


def test_every_action_has_words() -> None:
    assert set(ACTION_WORDS) == set(AuditEvent.Action)


def said(code: str) -> str:
    """Return the words of a purpose."""
    return str(purpose_words(code))
