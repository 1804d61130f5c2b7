"""Load a server on this machine with a fixed number of connections, and time it.

Closed loop: each connection sends the next request when the answer is in. Only
addresses of this machine are called.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LoadResult:
    """What a run gave: seconds per request and wall time."""

    latencies_s: np.ndarray
    wall_s: float
    statuses: dict[int, int]

    @property
    def requests_per_s(self) -> float:
        """Answers per second over the whole run."""
        return len(self.latencies_s) / self.wall_s

    def percentile_ms(self, share: float) -> float:
        """Return the latency that ``share`` percent stays under."""
        return float(np.percentile(self.latencies_s, share) * 1000)

    def line(self, name: str) -> str:
        """Return one line for a report."""
        return (
            f"{name}: {len(self.latencies_s)} requests, "
            f"{self.requests_per_s:.0f}/s, p50 {self.percentile_ms(50):.1f} ms, "
            f"p95 {self.percentile_ms(95):.1f} ms, "
            f"p99 {self.percentile_ms(99):.1f} ms, "
            f"statuses {self.statuses}"
        )


async def _connection(
    port: int, paths: Sequence[str], latencies: list[float], statuses: dict[int, int]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for path in paths:
        request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        started = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        await reader.readexactly(length)
        latencies.append(time.perf_counter() - started)
        status = int(head[9:12])
        statuses[status] = statuses.get(status, 0) + 1
    writer.close()


async def _run(port: int, paths: Sequence[str], connections: int) -> LoadResult:
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    started = time.perf_counter()
    await asyncio.gather(
        *(
            _connection(port, paths[number::connections], latencies, statuses)
            for number in range(connections)
        )
    )
    wall = time.perf_counter() - started
    return LoadResult(np.array(latencies), wall, statuses)


def load(port: int, paths: Sequence[str], *, connections: int) -> LoadResult:
    """Send every path once over ``connections`` kept-alive connections."""
    return asyncio.run(_run(port, paths, connections))
