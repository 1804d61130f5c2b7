"""Let fictional teams tell their room again and again, as in the weeks of a play.

What a team had left it keeps; a round adds new places, drawn over the teams so that
all of them together are as many as asked for. Some teams skip a round: what they said
grows old and their room is unknown until they speak again.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np

from wijkspil.directory.fictional.capacity import VALID_HOURS, invent_report
from wijkspil.directory.models import CapacityReport
from wijkspil.directory.types import CapacitySource, PartOfDay, SizeBand

#: Share of the teams that says nothing in a round (assumption).
SHARE_SKIPPED = 0.1


class RoomRounds:
    """The teams of a demo that tell their room; silent teams stay silent."""

    def __init__(self, *, seed: int) -> None:
        """Take over from the generated reports: they go, the rounds come instead."""
        generated = CapacityReport.objects.filter(source=CapacitySource.GENERATED)
        self.service_ids: list[int] = sorted(
            generated.order_by().values_list("service_id", flat=True).distinct()
        )
        self._labels = dict(
            generated.order_by("service_id", "-reported_at")
            .distinct("service_id")
            .values_list("service_id", "reporter_label")
        )
        generated.delete()
        self._rng = np.random.default_rng([seed, 41])
        leaning = self._rng.gamma(0.9, 1.0, len(self.service_ids)) + 0.05
        self._share = leaning / leaning.sum()
        #: Places told by each service since the start.
        self.told: dict[int, int] = dict.fromkeys(self.service_ids, 0)

    def tell(self, *, at: datetime, places: int, left: Mapping[int, int]) -> None:
        """Add a report of every team that speaks in this round (one query).

        ``left`` is what each team has left of what it told before.
        """
        rng, count = self._rng, len(self.service_ids)
        speaks = rng.random(count) >= SHARE_SKIPPED
        if not speaks.any():
            speaks[0] = True
        share = np.where(speaks, self._share, 0.0)
        new = rng.multinomial(places, share / share.sum())
        draws = rng.random((count, 6))
        minutes = rng.integers(0, 120, count)
        rows = []
        for place, service_id in enumerate(self.service_ids):
            if not speaks[place]:
                continue
            self.told[service_id] += int(new[place])
            report = invent_report(
                service_id,
                int(new[place]) + left.get(service_id, 0),
                at + timedelta(minutes=int(minutes[place]) - 120),
                draws[place].tolist(),
                self._labels[service_id],
            )
            rows.append(
                CapacityReport(
                    service_id=service_id,
                    source=CapacitySource.GENERATED,
                    **{
                        name: value
                        for name, value in report._asdict().items()
                        if name != "service"
                    },
                )
            )
        CapacityReport.objects.bulk_create(rows)

    def tell_open(self, service_id: int, *, at: datetime, left: int) -> None:
        """Let one team tell room at every hour for as many as ask it at the end."""
        places = max(left, OPEN_PLACES)
        self.told[service_id] = self.told.get(service_id, 0) + places - left
        CapacityReport.objects.create(
            service_id=service_id,
            new_clients=places,
            size_band=SizeBand.ANY,
            parts_of_day=list(PartOfDay.values),
            reported_at=at,
            valid_until=at + timedelta(hours=VALID_HOURS),
            source=CapacitySource.GENERATED,
            reporter_label=self._labels.get(service_id, ""),
        )


#: Places of a team that is waited for at the end.
OPEN_PLACES = 3
#: A round holds until the next one.
ROUND = timedelta(hours=VALID_HOURS - 4)
