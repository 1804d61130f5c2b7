"""Results that say nothing of anybody, kept for some seconds by a web worker.

For what is the same for all readers of a region and costs a tenth of a second to work
out. The key holds all that the result depends on, the last change of the directory
included, so that who changes something sees it at once; what another worker changes
beside that is seen within ``settings.KEPT_FOR_S`` seconds. Outside the web workers
nothing is kept.

May never hold what depends on who asks: check who may see it before ``get``.
"""

import time
from collections.abc import Callable, Hashable
from typing import TypeVar

from django.conf import settings

Result = TypeVar("Result")


class Kept:
    """At most ``most`` results, each for ``KEPT_FOR_S`` seconds.

    ``for_s`` keeps longer what a browser keeps for a day anyway.
    """

    def __init__(self, most: int, *, for_s: float | None = None) -> None:
        self._most = most
        self._for_s = for_s
        self._results: dict[Hashable, tuple[float, object]] = {}

    def get(self, key: Hashable, make: Callable[[], Result]) -> Result:
        """Return what was kept under ``key``, else what ``make`` gives."""
        if not settings.KEPT_FOR_S:
            return make()
        now_s = time.monotonic()
        until_s, kept = self._results.get(key, (0.0, None))
        if until_s > now_s:
            return kept  # type: ignore[return-value]  # a key has one maker
        made = make()
        if len(self._results) >= self._most:
            self._results.clear()
        self._results[key] = (now_s + (self._for_s or settings.KEPT_FOR_S), made)
        return made
