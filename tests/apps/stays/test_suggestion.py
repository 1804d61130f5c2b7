"""Which kind fits: every combination of answers, and the data behind it."""

import itertools
from collections import Counter
from datetime import date

import pytest
import yaml
from django.utils import translation

from wijkspil.stays.catalogue import (
    OUTCOMES,
    Text,
    load_catalogue,
    read_catalogue,
)
from wijkspil.stays.errors import InvalidStay
from wijkspil.stays.policies import Suggestion, check_answers, suggest
from wijkspil.stays.types import Advice, Decider, StayKind

CATALOGUE = load_catalogue()
#: Every answer to every question, and none.
CHOICES = [[*question.answers, None] for question in CATALOGUE.questions.values()]


def combinations() -> list[tuple[dict[str, str], Suggestion]]:
    """Return every combination of answers with what is suggested."""
    return [
        (answers, suggest(answers))
        for combo in itertools.product(*CHOICES)
        for answers in [
            {
                code: answer
                for code, answer in zip(CATALOGUE.questions, combo, strict=True)
                if answer
            }
        ]
    ]


ALL = combinations()
COMPLETE = [pair for pair in ALL if len(pair[0]) == len(CATALOGUE.questions)]


class TestEveryCombination:
    def test_there_are_as_many_as_the_questions_allow(self) -> None:
        assert len(COMPLETE) == 4 * 3 * 4 * 2 * 3 * 4 * 3
        assert len(ALL) == 5 * 4 * 5 * 3 * 4 * 5 * 4

    def test_each_gives_one_suggestion_of_the_list_with_who_decides(self) -> None:
        for answers, found in ALL:
            assert found.kind in OUTCOMES, answers
            assert found.decider in Decider, answers
            assert found.why, answers
            assert found.sources, answers

    def test_every_kind_is_reached_by_complete_answers(self) -> None:
        assert {found.kind for _answers, found in COMPLETE} == set(OUTCOMES)

    def test_every_rule_is_reached_by_complete_answers(self) -> None:
        reached = {found.rule.partition("/")[2] for _answers, found in COMPLETE}
        rules = {rule.id for rule in CATALOGUE.rules}
        assert reached >= rules

    def test_none_is_a_dead_end(self) -> None:
        for answers, found in ALL:
            assert found.arrange, answers
            if not found.is_bed and found.kind not in (
                Advice.CALL_112,
                Advice.HOSPITAL,
            ):
                assert found.kinds, answers

    def test_an_alternative_is_never_the_suggestion_itself(self) -> None:
        assert all(found.kind not in found.alternatives for _a, found in ALL)

    def test_danger_to_life_is_always_112(self) -> None:
        for answers, found in ALL:
            is_life = answers.get("urgent") == "life"
            assert is_life == (found.kind == Advice.CALL_112)

    def test_no_bed_is_suggested_where_home_works(self) -> None:
        assert not any(
            found.is_bed for answers, found in ALL if answers.get("home") == "yes"
        )

    def test_with_a_wlz_indication_no_stay_of_another_law_is_suggested(self) -> None:
        kinds = {f.kind for a, f in ALL if a.get("wlz") == "has"}
        assert kinds & set(StayKind.values) == {StayKind.WLZ_CRISIS}

    def test_a_crisis_bed_takes_haste_and_a_look_at_home_first(self) -> None:
        for answers, found in ALL:
            if found.kind == StayKind.WLZ_CRISIS:
                assert answers["urgent"] == "today"
                assert answers["home"] == "no"
                assert answers["wlz"] in ("has", "expected")

    def test_rehabilitation_is_suggested_only_after_somebody_assessed_it(self) -> None:
        for answers, found in ALL:
            if found.kind == StayKind.GRZ:
                assert answers["recover"] in ("after-hospital", "after-assessment")

    def test_no_answers_at_all_ask_for_an_assessment(self) -> None:
        assert suggest({}).kind == Advice.ASSESSMENT

    def test_most_complete_answers_lead_further_than_an_assessment(self) -> None:
        counts = Counter(found.kind for _answers, found in COMPLETE)
        assert counts[Advice.ASSESSMENT] < len(COMPLETE) * 0.25

    def test_the_same_answers_in_another_order_give_the_same(self) -> None:
        for answers, found in COMPLETE[::97]:
            turned = dict(reversed(answers.items()))
            assert suggest(turned) == found


class TestExamples:
    @pytest.mark.parametrize(
        ("changes", "kind", "decider"),
        [
            ({}, StayKind.ELV_LOW, Decider.GP),
            ({"medical": "complex"}, StayKind.ELV_HIGH, Decider.GP),
            ({"last_phase": "yes"}, StayKind.ELV_PALLIATIVE, Decider.GP),
            ({"recover": "after-hospital"}, StayKind.GRZ, Decider.GERIATRIC_TEAM),
            ({"medical": "none"}, StayKind.WMO, Decider.MUNICIPALITY),
            (
                {"wlz": "expected", "urgent": "today"},
                StayKind.WLZ_CRISIS,
                Decider.CIZ,
            ),
            ({"wlz": "has"}, Advice.ASSESSMENT, Decider.CARE_OFFICE),
            ({"back_home": "no"}, Advice.ASSESSMENT, Decider.CIZ),
            (
                {"recover": "expected", "medical": "complex"},
                Advice.ASSESSMENT,
                Decider.GERIATRIC_TEAM,
            ),
            ({"home": "yes"}, Advice.HOME, Decider.GP),
            ({"urgent": "hospital"}, Advice.HOSPITAL, Decider.GP),
        ],
    )
    def test_a_known_case_gets_its_kind_and_who_decides(
        self, changes: dict[str, str], kind: str, decider: Decider
    ) -> None:
        from tests.factories.stays import ELV_LOW

        found = suggest(ELV_LOW | changes)
        assert (found.kind, found.decider) == (kind, decider)


class TestData:
    def test_every_source_says_what_it_is_and_when_it_was_looked_up(self) -> None:
        used = {code for rule in CATALOGUE.rules for code in rule.source}
        used |= {code for one in CATALOGUE.outcomes.values() for code in one.source}
        for source in CATALOGUE.sources.values():
            assert source.retrieved_on >= date(2026, 1, 1)
            assert source.title
        assert used <= set(CATALOGUE.sources)

    def test_an_assumption_of_ours_is_told_as_such(self) -> None:
        unsure = [rule.id for rule in CATALOGUE.rules if "assumption" in rule.source]
        assert unsure
        for _answers, found in ALL:
            rule = found.rule.partition("/")[2]
            if rule in unsure:
                assert not found.is_sure

    def test_the_rules_are_to_be_looked_at_again(self) -> None:
        assert CATALOGUE.valid_from < CATALOGUE.review_before

    def test_every_text_is_in_both_languages(self) -> None:
        texts: list[Text] = []
        for question in CATALOGUE.questions.values():
            texts += [question.text, *question.answers.values()]
        for outcome in CATALOGUE.outcomes.values():
            texts += [outcome.what, *outcome.arrange]
        texts += [rule.why for rule in (*CATALOGUE.rules, CATALOGUE.otherwise)]
        for text in texts:
            assert text.nl
            assert text.en
            assert text.nl != text.en
            assert "!" not in text.nl + text.en

    def test_a_text_follows_the_language_of_the_page(self) -> None:
        text = Text("bed", "couch")
        with translation.override("nl"):
            assert str(text) == "bed"
        with translation.override("en"):
            assert str(text) == "couch"

    @pytest.mark.parametrize(
        ("place", "value"),
        [
            (("rules", 0, "suggest"), "hotel"),
            (("rules", 0, "when"), {"urgent": ["soon"]}),
            (("rules", 0, "when"), {"weather": ["rain"]}),
            (("rules", 0, "source"), ["hearsay"]),
            (("rules", 0, "alternatives"), ["home"]),
        ],
    )
    def test_a_mistake_in_the_file_is_named(
        self, place: tuple[str, int, str], value: object
    ) -> None:
        from importlib.resources import files

        text = files("wijkspil.stays").joinpath("suggestion.yaml").read_text("utf-8")
        told = yaml.safe_load(text)
        told[place[0]][place[1]][place[2]] = value
        with pytest.raises(ValueError, match="rule life"):
            read_catalogue(told)


class TestAnswers:
    def test_an_unknown_question_is_refused(self) -> None:
        with pytest.raises(InvalidStay, match="weather"):
            check_answers({"weather": "rain"})

    def test_an_unknown_answer_names_what_is_known(self) -> None:
        with pytest.raises(InvalidStay, match="life, hospital, today, days") as refusal:
            check_answers({"urgent": "whenever"})
        assert list(refusal.value.fields) == ["urgent"]

    def test_an_empty_answer_is_no_answer(self) -> None:
        assert check_answers({"urgent": "", "home": "no"}) == {"home": "no"}
