"""What every figure means is said once, and completely."""

import pytest

from wijkspil.insight.catalogue import (
    INDICATORS,
    PROJECTED,
    UPLOADED,
    list_headlines,
    list_of_theme,
)
from wijkspil.insight.types import Indicator, Scale, Theme


@pytest.mark.parametrize("one", INDICATORS.values(), ids=lambda one: one.code)
def test_an_indicator_says_what_it_means(one: Indicator) -> None:
    for words in (one.name, one.definition, one.numerator, one.denominator):
        assert str(words).strip()
    assert str(one.unit)
    assert str(one.source)
    assert str(one.definition).endswith(".")


def test_every_theme_has_indicators_and_none_is_lost() -> None:
    found = [one for theme in Theme for one in list_of_theme(theme)]

    assert {one.code for one in found} == set(INDICATORS)
    assert len(found) == len(INDICATORS)


def test_what_is_about_few_people_has_a_smallest_number() -> None:
    about_requests = [
        *list_of_theme(Theme.WAITING),
        *list_of_theme(Theme.QUALITY),
        INDICATORS["asked_hours"],
        INDICATORS["unmet_requests"],
        INDICATORS["gp_wishes"],
    ]

    assert all(one.smallest >= 5 for one in about_requests)


def test_what_is_uploaded_or_projected_is_in_the_catalogue() -> None:
    assert set(UPLOADED) <= set(INDICATORS)
    assert set(PROJECTED) <= set(INDICATORS)


def test_a_page_opens_with_at_most_seven_figures() -> None:
    assert 5 <= len(list_headlines()) <= 7


def test_a_ratio_has_a_denominator_of_its_own() -> None:
    for one in INDICATORS.values():
        if one.scale == Scale.RATIO:
            assert one.numerator != one.denominator, one.code
