"""A refusal over FHIR says why in Dutch and in English, of whichever room it is."""

import re
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from tests.factories.referrals import make_wijk
from tests.fhir.exchanging import System, consent_resource, outcome_of, request_resource
from wijkspil.config.messages import compile_catalogues, read_catalogue
from wijkspil.fhir.mapping.wording import find_dutch
from wijkspil.fhir.views import dispatch

_PLACE = re.compile(r"%\((\w+)\)[sd]")


def english_of(issue: dict[str, Any]) -> str:
    """Return the English text of an issue."""
    extension = issue["details"]["_text"]["extension"][0]["extension"]
    assert extension[0] == {"url": "lang", "valueCode": "en"}
    return str(extension[1]["valueString"])


@pytest.mark.django_db
def test_a_refusal_of_another_room_is_told_in_both_languages() -> None:
    wijk = make_wijk(at=timezone.now())
    body = request_resource(wijk)
    body["contained"][1] = consent_resource("objected")
    issue = outcome_of(System(wijk.hospital).post("ServiceRequest", body), 409)
    assert english_of(issue) == issue["diagnostics"]
    assert issue["diagnostics"].startswith("The client objects")
    assert issue["details"]["text"].startswith("De cliënt")


def forms(text: Any) -> tuple[str, ...]:
    """Return one and many, or the one form there is."""
    return (text,) if isinstance(text, str) else tuple(text or ())


def test_every_message_with_values_is_found_again() -> None:
    compile_catalogues()
    wrong, tried = [], 0
    for message in read_catalogue():
        for one, dutch in zip(forms(message.id), forms(message.string), strict=False):
            names = set(_PLACE.findall(one))
            if not names or "%(" in _PLACE.sub("", one + dutch):
                continue
            tried += 1
            values: dict[str, object] = {n: f"q{n}z" for n in names}
            if re.search(r"%\(\w+\)d", one):
                values = dict.fromkeys(names, 7)
            english, expected = one % values, dutch % values
            if find_dutch(english) != expected:
                wrong.append(one)
    assert tried > 500
    # The same English in two contexts can have two translations.
    assert len(wrong) <= tried // 50, wrong


def test_a_value_that_is_a_message_itself_is_translated_as_well() -> None:
    compile_catalogues()
    said = find_dutch("There is no region with number Temporary stay.")
    assert said == "Er is geen regio met nummer Tijdelijk verblijf."
    assert find_dutch("A sentence nobody ever wrote.") == (
        "A sentence nobody ever wrote."
    )


def test_a_database_that_is_gone_asks_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def gone(*_args: object) -> None:
        raise OperationalError("the connection is closed")

    monkeypatch.setattr(dispatch, "perform", gone)
    answer = Client().get("/fhir/metadata")
    assert outcome_of(answer, 503)["code"] == "transient"
    assert answer["Retry-After"] == "2"
