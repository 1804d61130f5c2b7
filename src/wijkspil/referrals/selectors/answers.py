"""How teams answered in the last 13 weeks: how often yes, no or nothing, how soon."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from wijkspil.referrals.selectors.fair_share import WEEKS

#: A team with fewer answers leans on those of the region; these many are added to its
#: own (assumption of Wijkspil).
FEW_ANSWERS = 5
#: Where nobody answered yet: yes, no and median minutes (assumptions of Wijkspil).
UNKNOWN_TEAM = (0.4, 0.4, 30.0)

_ANSWERS = """
SELECT service_id,
       count(*) FILTER (WHERE status IN ('accepted', 'returned')),
       count(*) FILTER (WHERE status = 'declined'),
       count(*) FILTER (WHERE status = 'expired'),
       percentile_cont(0.5) WITHIN GROUP (
           ORDER BY extract(epoch FROM answered_at - offered_at) / 60
       ) FILTER (WHERE status IN ('accepted', 'declined'))
  FROM referrals_offer
 WHERE service_id = ANY (%(services)s) AND origin = 'ranking'
   AND status IN ('accepted', 'returned', 'declined', 'expired')
   AND answered_at > %(since)s AND answered_at <= %(at)s
 GROUP BY GROUPING SETS ((service_id), ())
"""


@dataclass(frozen=True)
class Answered:
    """Counts of answers, and the median minutes of those with a yes or a no."""

    yes: int = 0
    no: int = 0
    silent: int = 0
    median_minutes: float | None = None

    @property
    def total(self) -> int:
        """All questions that ended with or without an answer."""
        return self.yes + self.no + self.silent


@dataclass(frozen=True)
class Answering:
    """How teams answer, each with its own answers as far as there are enough."""

    by_service: Mapping[int, Answered]
    region: Answered

    @property
    def region_answers(self) -> int:
        """How many questions the figures rest on."""
        return self.region.total

    def is_few(self, service_id: int) -> bool:
        """Whether a team has too few answers of its own."""
        return self.by_service.get(service_id, Answered()).total < FEW_ANSWERS

    def of(self, service_id: int) -> tuple[float, float, float]:
        """Return (share of yes, share of no, median minutes) of a team."""
        own = self.by_service.get(service_id, Answered())
        yes, no, minutes = self._regional
        weight = own.total + FEW_ANSWERS
        return (
            (own.yes + FEW_ANSWERS * yes) / weight,
            (own.no + FEW_ANSWERS * no) / weight,
            # Less than a minute says that it was phoned, not that it is fast.
            max(
                1.0,
                minutes
                if self.is_few(service_id) or own.median_minutes is None
                else own.median_minutes,
            ),
        )

    @property
    def _regional(self) -> tuple[float, float, float]:
        all_of_them = self.region
        if all_of_them.total < FEW_ANSWERS or all_of_them.median_minutes is None:
            return UNKNOWN_TEAM
        return (
            all_of_them.yes / all_of_them.total,
            all_of_them.no / all_of_them.total,
            all_of_them.median_minutes,
        )


def get_answering(service_ids: Iterable[int], *, at: datetime) -> Answering:
    """Return how these teams answered the ranking's questions lately (one query)."""
    with connection.cursor() as cursor:
        cursor.execute(
            _ANSWERS,
            {
                "services": list(service_ids),
                "since": at - timedelta(weeks=WEEKS),
                "at": at,
            },
        )
        found = {
            service_id: Answered(
                yes, no, silent, None if median is None else float(median)
            )
            for service_id, yes, no, silent, median in cursor.fetchall()
        }
    return Answering(
        by_service={pk: one for pk, one in found.items() if pk is not None},
        region=found.get(None, Answered()),
    )
