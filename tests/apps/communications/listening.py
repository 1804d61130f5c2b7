"""A system that listens: a real HTTP server on this machine, in a thread."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Received:
    """One request: headers and body as they came."""

    headers: dict[str, str]
    body: bytes


@dataclass
class System:
    """What was received, and what is answered."""

    url: str = ""
    received: list[Received] = field(default_factory=list)
    status: int = 204
    location: str = ""
    before_answer: Callable[[], object] = lambda: None

    @property
    def ids(self) -> list[str]:
        """The ids that were received, in order."""
        return [request.headers["Wijkspil-Id"] for request in self.received]


@contextmanager
def listening() -> Iterator[System]:
    """Listen on a free port of this machine until left."""
    system = System()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            system.received.append(Received(dict(self.headers), body))
            system.before_answer()
            self.send_response(system.status)
            if system.location:
                self.send_header("Location", system.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    system.url = f"http://127.0.0.1:{server.server_port}/wijkspil"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield system
    finally:
        server.shutdown()
        thread.join(timeout=5)
        server.server_close()
