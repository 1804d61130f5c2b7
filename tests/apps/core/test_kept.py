"""Results are kept by web workers only, by key, and not beyond their time."""

import time
from typing import Any

import pytest

from tests.factories.directory import CoverageFactory
from wijkspil.core.kept import Kept
from wijkspil.directory.selectors.last_change import get_last_change


class Maker:
    """Counts how often something is made."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        return self.times


def test_outside_the_web_workers_nothing_is_kept() -> None:
    store, make = Kept(most=2), Maker()
    assert [store.get("key", make), store.get("key", make)] == [1, 2]


def test_a_worker_keeps_a_result_under_its_key_only(settings: Any) -> None:
    settings.KEPT_FOR_S = 30
    store, make = Kept(most=2), Maker()
    assert [store.get(key, make) for key in ("a", "a", "b", "a")] == [1, 1, 2, 1]


def test_a_result_is_made_anew_after_its_time(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.KEPT_FOR_S = 30
    store, make = Kept(most=2), Maker()
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    store.get("key", make)
    monkeypatch.setattr(time, "monotonic", lambda: 130.0)
    assert store.get("key", make) == 2


def test_no_more_are_kept_than_was_said(settings: Any) -> None:
    settings.KEPT_FOR_S = 30
    store, make = Kept(most=2), Maker()
    assert [store.get(key, make) for key in ("a", "b", "c", "a")] == [1, 2, 3, 4]


@pytest.mark.django_db
def test_each_change_of_who_covers_what_is_another_key() -> None:
    before = get_last_change()
    coverage = CoverageFactory()
    entered = get_last_change()
    coverage.delete()
    assert len({before, entered, get_last_change()}) == 3
