"""Another FHIR directory, small and in memory, with the faults that real ones have."""

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
Resource = dict[str, Any]


class Peer:
    """A directory: ``put`` changes it, HTTP reads it (and writes it, by PUT)."""

    def __init__(self) -> None:
        self.versions: list[Resource] = []
        self.now = START
        self.page_size = 3
        #: Answers to give first: (status, headers), once each.
        self.faults: list[tuple[int, dict[str, str]]] = []
        #: Faults of one page: path with query contains -> status.
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.link_base = ""
        self.change_history: Callable[[Resource], None] = lambda bundle: None
        self.refuse: Callable[[Resource], tuple[int, Resource] | None] = lambda _: None
        self.before_put: Callable[[], None] = lambda: None
        self.after_put: Callable[[], None] = lambda: None
        self.has_stamps = True

    def put(self, type_: str, id_: str, **elements: Any) -> Resource:
        """Write a version, a minute after the one before."""
        self.now += timedelta(minutes=1)
        before = [
            v for v in self.versions if (v["resourceType"], v["id"]) == (type_, id_)
        ]
        resource = {
            "resourceType": type_,
            "id": id_,
            "meta": {
                "versionId": str(len(before) + 1),
                "lastUpdated": self.now.isoformat(),
            },
            **elements,
        }
        self.versions.append(resource)
        return resource

    def delete(self, type_: str, id_: str) -> None:
        """Remove, as the Dutch guide forbids and servers do."""
        self.now += timedelta(minutes=1)
        self.versions.append({"resourceType": type_, "id": id_, "deleted": True})

    def current(self, type_: str) -> list[Resource]:
        """Return the newest version of each resource of a type."""
        found = {v["id"]: v for v in self.versions if v["resourceType"] == type_}
        return [v for v in found.values() if "deleted" not in v]

    # --- answers

    def answer(
        self, method: str, target: str, headers: dict[str, str], body: Resource | None
    ) -> tuple[int, dict[str, str], Resource | None]:
        """Answer a request to ``/fhir/...``."""
        self.asked.append((method, target, headers))
        if self.faults:
            status, told = self.faults.pop(0)
            return status, told, {"resourceType": "OperationOutcome", "issue": []}
        parts = urlsplit(target)
        path = parts.path.removeprefix("/fhir/").strip("/").split("/")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if method == "PUT":
            assert body is not None
            return self._put(path[0], path[1], headers, body)
        if path[-1] == "_history":
            return 200, {}, self._history(path[0], query)
        if len(path) == 2:
            found = [v for v in self.current(path[0]) if v["id"] == path[1]]
            if not found:
                return 404, {}, {"resourceType": "OperationOutcome", "issue": []}
            etag = f'W/"{found[0]["meta"]["versionId"]}"'
            return 200, {"ETag": etag}, found[0]
        return 200, {}, self._search(path[0], query)

    def _put(
        self, type_: str, id_: str, headers: dict[str, str], body: Resource
    ) -> tuple[int, dict[str, str], Resource | None]:
        self.before_put()
        found = [v for v in self.current(type_) if v["id"] == id_]
        match = headers.get("if-match")
        if match and (not found or match != f'W/"{found[0]["meta"]["versionId"]}"'):
            return 412, {}, {"resourceType": "OperationOutcome", "issue": []}
        refused = self.refuse(body)
        if refused is not None:
            return refused[0], {}, refused[1]
        made = self.put(
            type_,
            id_,
            **{
                n: v for n, v in body.items() if n not in {"resourceType", "id", "meta"}
            },
        )
        self.after_put()
        etag = f'W/"{made["meta"]["versionId"]}"'
        return (200 if found else 201), {"ETag": etag}, made

    def _search(self, type_: str, query: dict[str, str]) -> Resource:
        entries = [
            {"resource": one, "search": {"mode": "match"}}
            for one in self.current(type_)
        ]
        return self._page("searchset", f"{type_}", entries, query)

    def _history(self, type_: str, query: dict[str, str]) -> Resource:
        since = datetime.fromisoformat(query.get("_since", START.isoformat()))
        entries: list[Resource] = []
        at = START
        for version in self.versions:
            meta = version.get("meta", {})
            at = datetime.fromisoformat(meta["lastUpdated"]) if meta else at
            if version["resourceType"] != type_ or at < since:
                continue
            address = f"{type_}/{version['id']}"
            if "deleted" in version:
                entries.append({"request": {"method": "DELETE", "url": address}})
            else:
                entries.append(
                    {"resource": version, "request": {"method": "PUT", "url": address}}
                )
        bundle = self._page("history", f"{type_}/_history", entries[::-1], query)
        self.change_history(bundle)
        return bundle

    def _page(
        self, kind: str, path: str, entries: list[Resource], query: dict[str, str]
    ) -> Resource:
        start = int(query.get("page", "0"))
        bundle: Resource = {
            "resourceType": "Bundle",
            "type": kind,
            "meta": {"lastUpdated": self.now.isoformat()},
            "link": [{"relation": "self", "url": "http://inside:8080/x"}],
            "entry": deepcopy(entries[start : start + self.page_size]),
        }
        if not self.has_stamps:
            del bundle["meta"]
        if start + self.page_size < len(entries):
            since = f"&_since={query['_since']}" if "_since" in query else ""
            url = f"{self.link_base}/fhir/{path}?page={start + self.page_size}{since}"
            bundle["link"].append({"relation": "next", "url": url.replace("+", "%2B")})
        return bundle


@contextmanager
def served(peer: Peer) -> Iterator[str]:
    """Serve it on a port of its own; yields the address."""

    class Answering(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            told = {name.lower(): value for name, value in self.headers.items()}
            status, headers, content = peer.answer(self.command, self.path, told, body)
            if status == 0:  # killed before it answered
                self.close_connection = True
                self.connection.close()
                return
            text = json.dumps(content).encode() if content is not None else b""
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_PUT = _answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    peer.link_base = f"http://127.0.0.1:{server.server_port}"
    try:
        yield f"http://127.0.0.1:{server.server_port}/fhir"
    finally:
        server.shutdown()
        server.server_close()
