"""Load a server on this machine with a fixed number of connections, and time it.

Closed loop: each connection sends the next request when the answer is in. Only
addresses of this machine are called.
"""

import re
import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


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


class _Connection:
    """One kept-alive connection with the requests it still has to send."""

    def __init__(self, port: int, paths: Sequence[str], *, token: str = "") -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        signed = f"Authorization: Bearer {token}\r\n" if token else ""
        self.requests = [
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{signed}\r\n".encode()
            for path in reversed(paths)
        ]
        self.received = b""
        self.sent_at = 0.0

    def send(self) -> bool:
        """Send the next request; return whether there was one."""
        if not self.requests:
            return False
        self.received = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(self.requests.pop())
        return True

    def receive(self) -> int | None:
        """Take what came in; return the status once the answer is complete."""
        self.received += self.socket.recv(65_536)
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return None
        length = LENGTH.search(head)
        if length is None or len(body) < int(length[1]):
            return None
        return int(head[9:12])


def load(
    port: int, paths: Sequence[str], *, connections: int, token: str = ""
) -> LoadResult:
    """Send every path once over ``connections`` kept-alive connections.

    ``token``: sent along as a bearer token.
    """
    latencies: list[float] = []
    statuses: dict[int, int] = {}
    open_connections = [
        _Connection(port, paths[number::connections], token=token)
        for number in range(connections)
    ]
    started = time.perf_counter()
    with selectors.DefaultSelector() as selector:
        for connection in open_connections:
            if connection.send():
                selector.register(connection.socket, selectors.EVENT_READ, connection)
        while selector.get_map():
            for key, _events in selector.select():
                connection = key.data
                status = connection.receive()
                if status is None:
                    continue
                latencies.append(time.perf_counter() - connection.sent_at)
                statuses[status] = statuses.get(status, 0) + 1
                if not connection.send():
                    selector.unregister(key.fileobj)
                    connection.socket.close()
    return LoadResult(np.array(latencies), time.perf_counter() - started, statuses)
