"""What every signpost owes its reader."""

import pytest

from wijkspil.directory.signposts.load import load_signpost_catalog
from wijkspil.directory.signposts.types import THUISARTS_URL, Signpost

CATALOG = load_signpost_catalog()
URGENT = (
    "chest-pain",
    "stroke-signs",
    "breathlessness",
    "bleeding-and-injuries",
    "allergic-reaction",
    "poisoning",
    "child-ill",
    "suicidal-thoughts",
    "violence-at-home",
)
every_signpost = pytest.mark.parametrize(
    "signpost", CATALOG.signposts, ids=lambda each: each.id
)


@every_signpost
def test_the_texts_are_calm_and_short(signpost: Signpost) -> None:
    texts = [signpost.question, signpost.what_to_know]
    texts += [urgent.when for urgent in signpost.urgent_first]
    for text in texts:
        assert "!" not in text.nl + text.en
        assert "http" not in text.nl + text.en
    assert 2 <= signpost.what_to_know.nl.count(".") <= 5
    assert all(len(each) < 160 for each in signpost.what_to_know.nl.split(". "))


@every_signpost
def test_112_stands_before_everything_else(signpost: Signpost) -> None:
    kinds = [urgent.contact.kind for urgent in signpost.urgent_first]
    assert "112" not in kinds[1:]
    assert len(kinds) == len(set(kinds))


@every_signpost
def test_thuisarts_is_never_linked_below_its_front_page(signpost: Signpost) -> None:
    assert signpost.thuisarts.url in {None, THUISARTS_URL}


@every_signpost
def test_the_kind_of_care_of_the_lead_is_among_the_services(
    signpost: Signpost,
) -> None:
    kind = signpost.leads.kind_of_care
    assert kind is None or kind in signpost.services


@pytest.mark.parametrize("signpost_id", URGENT)
def test_112_is_named_first_where_it_fits(signpost_id: str) -> None:
    (signpost,) = [each for each in CATALOG.signposts if each.id == signpost_id]
    assert signpost.urgent_first[0].contact.kind == "112"


def test_113_is_named_with_thoughts_of_suicide_and_low_mood() -> None:
    for signpost in CATALOG.signposts:
        if signpost.id in {"suicidal-thoughts", "low-mood-anxiety-stress"}:
            kinds = [each.contact.kind for each in signpost.urgent_first]
            assert kinds[:2] == ["112", "113"]


def test_every_profession_plays_a_part_somewhere() -> None:
    used = {
        each.code for signpost in CATALOG.signposts for each in signpost.professions
    }
    assert used == set(CATALOG.professions)


def test_the_core_of_the_neighborhood_alliance_leads_somewhere() -> None:
    leads = {signpost.leads.code for signpost in CATALOG.signposts}
    assert {
        "general-practitioner",
        "district-nurse",
        "pharmacist",
        "social-worker",
    } <= leads
