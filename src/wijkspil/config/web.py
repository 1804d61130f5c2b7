"""The web workers: granian, with one queue of connections for all of them.

Left to itself granian on Linux gives each worker a queue of its own, and with a worker
goes what waited in its queue; and it stops the site when one worker ends. Here the
first process listens and the workers take from its queue, so that a worker may be
stopped (SIGTERM: it finishes what it has in hand) or killed at any moment: what waits
is answered by another, and a new worker comes in its place. That is a copy of the first
process, which has loaded the application and serves nobody itself: it takes
milliseconds, not the seconds that loading takes. Measured by ``benchmarks/kill.py``.

Started by ``runtime.serve``.
"""

import socket
import threading
import time
from typing import Any

from django.conf import settings
from django.db import connections
from django.urls import base
from django.utils import timezone
from django.utils.translation import trans_real
from granian._granian import ListenerSpec
from granian.constants import Interfaces
from granian.server.mp import MPServer

APPLICATION = "wijkspil.config.wsgi:application"
#: Who has not answered what was in hand by then is killed.
STOP_WITHIN_S = 30
#: Of what is the same for all readers of a region: ``core.kept``.
KEPT_FOR_S = 30
#: Where workers end as soon as they start, no more are started in a second than two.
_PAUSE_S = 0.5


# Granian's package is pinned; what is overridden here is private to it, and
# tests/web/test_kill_small.py tells when that no longer holds.
class Site(MPServer):
    """Granian that listens once, and goes on when a worker ends."""

    def _init_shared_socket(self) -> None:
        self._respawned_at_s = 0.0
        spec = ListenerSpec(self.bind_addr, self.bind_port, self.backlog)
        self._shd: Any = spec.build()
        self._sfd = self._shd.get_fd()
        self._ssp = None
        self._sso = socket.socket(fileno=self._sfd)
        self._sso.set_inheritable(True)

    def _respawn_workers(self, *args: Any, **kwargs: Any) -> None:
        time.sleep(max(0.0, self._respawned_at_s + _PAUSE_S - time.monotonic()))
        self._respawned_at_s = time.monotonic()
        super()._respawn_workers(*args, **kwargs)
        # A worker that is killed twice in a row is no reason to stop them all.
        self.respawned_wrks.clear()


def run_site(*, host: str, port: int, workers: int) -> None:
    """Serve until SIGTERM or SIGINT; requests in hand are answered first."""
    keep_state_by_thread()
    settings.KEPT_FOR_S = KEPT_FOR_S
    from wijkspil.config.wsgi import application

    # What is copied to each worker may hold no connection.
    connections.close_all()
    Site(
        APPLICATION,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        # One thread a worker: threads that wait for the interpreter lock doubled
        # the slowest answers. More at once takes more workers.
        blocking_threads=1,
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=STOP_WITHIN_S,
    ).serve(target_loader=lambda: application, wrap_loader=False)


def keep_state_by_thread() -> None:
    """Keep what Django knows of the request by thread only.

    Its own store also serves event loops, of which a web worker has none, and takes
    5 of the 5.4 microseconds of translating a word and 10 of the 12 of a local time;
    a page does that a thousand times.
    """
    for module, name in (
        (trans_real, "_active"),
        (timezone, "_active"),
        (base, "_prefixes"),
        (base, "_urlconfs"),
    ):
        if hasattr(module, name):  # private to Django: without it all works, slower
            setattr(module, name, threading.local())
