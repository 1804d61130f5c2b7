"""How is an ensemble spread over machines, when it outgrows one?

By Dask distributed: the problem goes to every worker once, a group of areas is a task.
The bits are those of one machine.
"""

from collections.abc import Iterator
from typing import Any

import distributed

from wijkspil_engines.projection.ensemble import Group, Job, run_group
from wijkspil_engines.projection.problem import InvalidProblem

#: In the place of an address: a cluster on this machine.
LOCAL = "local"

_dask: Any = distributed  # Its functions have no types.


def spread(job: Job, *, workers: int, scheduler: str) -> Iterator[Group]:
    """Yield all groups of a job in their order.

    Parameters
    ----------
    scheduler
        Address, as ``tcp://host:8786``, of a cluster whose workers have this package;
        or ``LOCAL``.

    Raises
    ------
    InvalidProblem
        If no scheduler answers there.
    """
    if scheduler == LOCAL:
        with (
            _dask.LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                processes=True,
                dashboard_address=None,
            ) as cluster,
            _dask.Client(cluster) as client,
        ):
            yield from _play(client, job)
        return
    try:
        client = _dask.Client(scheduler, timeout=10)
    except (OSError, ValueError) as error:
        raise InvalidProblem(
            f"{scheduler[:100]!r}: no Dask scheduler answers there ({error})",
            field="scheduler",
        ) from error
    with client:
        yield from _play(client, job)


def _play(client: Any, job: Job) -> Iterator[Group]:
    shared = client.scatter(job, broadcast=True, hash=False)
    ahead = 4 * max(1, len(client.scheduler_info()["workers"]))
    waiting: dict[int, Any] = {}
    for number in range(job.n_groups):
        for later in range(number, min(number + ahead, job.n_groups)):
            if later not in waiting:
                waiting[later] = client.submit(run_group, shared, later, pure=False)
        future = waiting[number]
        yield future.result()
        future.release()
        waiting[number] = None
