"""A write sent twice is done once: over HTTP, in races, and after a crash.

A small API of our own stands for the rooms; the last class walks every write of the
real one.
"""

import hashlib
import json
import re
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client
from django.urls import path
from django.utils import timezone
from ninja import Router, Status

from tests.apps.directory.at_once import at_once
from tests.apps.directory.signing_in import token_header
from tests.factories.directory import OrganizationFactory
from wijkspil.config.api import api as real_api
from wijkspil.core.api import CamelSchema, WijkspilApi
from wijkspil.core.audit import record_access
from wijkspil.core.errors import Conflict, WijkspilError
from wijkspil.core.idempotency import (
    MalformedIdempotencyKey,
    MissingIdempotencyKey,
    digest_body,
    read_key,
    remove_old_idempotency_records,
)
from wijkspil.core.models import AuditEvent, IdempotencyRecord

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)
router = Router()


class Visitor(WijkspilError):
    code = "unknown-token"


class Note(CamelSchema):
    text: str = ""


def name_caller(request):
    if "X-Caller" not in request.headers:
        raise Visitor("Say who you are.")
    return request.headers["X-Caller"]


def act(text):
    """Store one row, so that it can be counted how often this was done."""
    record_access(
        at=AT,
        actor_id=None,
        actor_label="test",
        action=AuditEvent.Action.CREATE,
        entity_type="note",
        entity_ids=[text],
        purpose="test",
    )
    return AuditEvent.objects.latest("pk").pk


@router.api_operation(["POST", "PUT", "PATCH", "DELETE"], "/notes/{number}")
def write_note(request, number: int, body: Note):
    return {"id": act(body.text), "text": body.text}


@router.get("/notes/{number}")
def read_note(request, number: int):
    return {"id": number}


@router.post("/made", response={201: Note})
def make_note(request):
    act("made")
    return Status(201, Note(text="é"))


@router.post("/slow")
def write_slowly(request):
    time.sleep(0.3)
    return {"id": act("slow")}


@router.post("/refused/{status}")
def act_and_refuse(request, status: int):
    act("refused")
    if status == 409:
        raise Conflict("Somebody was first.")
    return HttpResponse("no", status=status)


class Switch:
    """What the next request meets; set and reset by one test."""

    broken = ""
    entered = threading.Event()
    leave = threading.Event()


@router.post("/breaking")
def act_and_break(request):
    act("breaking")
    if Switch.broken == "error":
        raise RuntimeError("broken")
    if Switch.broken == "stream":
        return StreamingHttpResponse(["no"])
    if Switch.broken == "connection":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    return {"done": True}


@router.post("/waiting")
def act_and_wait(request):
    number = act("waiting")
    Switch.entered.set()
    Switch.leave.wait(timeout=10)
    return {"id": number}


api = WijkspilApi(get_caller=name_caller, urls_namespace="idempotency-test")
api.add_our_errors()
api.add_router("", router)


@api.post("/own")
def write_in_the_api_itself(request):
    return {"id": act("own")}


urlpatterns = [path("", api.urls)]


def send(url, body=None, *, key=None, method="post", caller="one", **kwargs):
    client = Client(raise_request_exception=False)
    headers = {"X-Caller": caller} if caller else {}
    if key is not None:
        headers["Idempotency-Key"] = key
    return getattr(client, method)(
        url,
        body if isinstance(body, str) else json.dumps(body or {}),
        content_type="application/json",
        headers=headers,
        **kwargs,
    )


def code_of(answer):
    assert answer["Content-Type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def acts():
    return AuditEvent.objects.filter(entity_type="note").count()


@pytest.mark.urls(__name__)
@pytest.mark.django_db
class TestSendingTwice:
    @pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
    def test_the_same_answer_comes_back_and_nothing_is_done_twice(self, method):
        first = send("/notes/1", {"text": "a"}, key="k", method=method)
        again = send("/notes/1", {"text": "a"}, key="k", method=method)
        assert first.status_code == again.status_code == 200
        assert "Idempotency-Replayed" not in first
        assert again["Idempotency-Replayed"] == "true"
        assert again.content == first.content
        assert again["Content-Type"] == first["Content-Type"]
        assert again["API-Version"] == first["API-Version"]
        assert acts() == 1

    def test_a_new_key_does_it_again(self):
        for key in ("k", "l"):
            assert "Idempotency-Replayed" not in send("/notes/1", key=key)
        assert acts() == 2

    def test_status_and_letters_with_accents_are_kept(self):
        send("/made", key="k")
        again = send("/made", key="k")
        assert (again.status_code, again.json()) == (201, {"text": "é"})

    def test_an_operation_of_the_api_itself_is_done_once_too(self):
        assert code_of(send("/own")) == (400, "idempotency-key-missing")
        assert send("/own", key="k").json() == send("/own", key="k").json()
        assert acts() == 1

    def test_two_callers_may_choose_the_same_key(self):
        send("/notes/1", {"text": "a"}, key="k", caller="one")
        other = send("/notes/1", {"text": "b"}, key="k", caller="two")
        assert other.json()["text"] == "b"
        assert acts() == 2

    def test_quotes_of_a_structured_string_make_no_other_key(self):
        first = send("/notes/1", key="k-1")
        assert send("/notes/1", key='"k-1"').content == first.content
        assert acts() == 1

    @pytest.mark.parametrize(
        ("url", "body", "method"),
        [
            ("/notes/1", {"text": "b"}, "post"),
            ("/notes/2", {"text": "a"}, "post"),
            ("/notes/1?x=1", {"text": "a"}, "post"),
            ("/notes/1", {"text": "a"}, "put"),
        ],
    )
    def test_another_request_with_the_same_key_is_refused(self, url, body, method):
        send("/notes/1", {"text": "a"}, key="k")
        answer = send(url, body, key="k", method=method)
        assert code_of(answer) == (422, "idempotency-key-reused")
        assert "/notes/1" in answer.json()["detail"]
        assert acts() == 1

    def test_reading_takes_no_key(self):
        assert Client().get("/notes/1").status_code == 200
        assert not IdempotencyRecord.objects.exists()


@pytest.mark.urls(__name__)
@pytest.mark.django_db
class TestRefusals:
    def test_a_write_without_a_key_is_refused_with_what_to_send(self):
        answer = send("/notes/1", {"text": "a"})
        assert code_of(answer) == (400, "idempotency-key-missing")
        assert "Idempotency-Key" in answer.json()["detail"]
        assert "UUID" in answer.json()["detail"]
        assert acts() == 0

    @pytest.mark.parametrize("key", ["", " ", "k" * 256, "a\x07b", "sleutel-é", '"k'])
    def test_what_cannot_be_a_key_is_refused(self, key):
        answer = send("/notes/1", {"text": "a"}, key=key)
        assert code_of(answer) == (400, "idempotency-key-malformed")
        assert acts() == 0

    def test_who_may_not_write_hears_that_first(self):
        for key in (None, "", "k"):
            answer = send("/notes/1", "{", key=key, caller="")
            assert code_of(answer) == (401, "unknown-token")

    def test_what_was_done_before_a_refusal_is_undone_and_the_key_stays_free(self):
        for status in (409, 400, 500, 302):
            assert send(f"/refused/{status}", key="k").status_code == status
        assert send("/notes/1", "{", key="k").status_code == 400
        assert acts() == 0
        assert not IdempotencyRecord.objects.exists()
        assert send("/notes/1", key="k").status_code == 200

    def test_a_body_that_is_too_large_is_refused(self, settings):
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
        answer = send("/notes/1", {"text": "a" * 20}, key="k")
        assert code_of(answer) == (413, "body-too-large")


class TestKey:
    @pytest.mark.parametrize(
        ("header", "key"),
        [
            ("k", "k"),
            (" k ", "k"),
            ("k" * 255, "k" * 255),
            ('"k"', "k"),
            (r'"a\"b\\c"', r'a"b\c'),
            ('a"b', 'a"b'),
        ],
    )
    def test_a_key_is_read_with_or_without_quotes(self, header, key):
        assert read_key(header) == key

    @pytest.mark.parametrize(
        "header", ["", '""', '"', '"a', '"a"b"', r'"a\b"', "a\0b", "é", "k" * 256]
    )
    def test_what_is_no_key_is_shown_safely(self, header):
        with pytest.raises(MalformedIdempotencyKey) as caught:
            read_key(header)
        assert str(caught.value).isprintable()

    def test_no_header_is_told_apart_from_an_empty_one(self):
        with pytest.raises(MissingIdempotencyKey):
            read_key(None)


@pytest.mark.urls(__name__)
@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    def test_of_many_sends_exactly_one_is_done(self):
        for turn in range(5):
            key = str(uuid.uuid4())
            answers = at_once(*[lambda key=key: send("/slow", key=key)] * 6)
            assert {answer.status_code for answer in answers} <= {200, 409}
            done = [answer for answer in answers if answer.status_code == 200]
            first = [a for a in done if "Idempotency-Replayed" not in a]
            assert len(first) == 1
            assert {answer.content for answer in done} == {first[0].content}
            assert acts() == IdempotencyRecord.objects.count() == turn + 1

    def test_while_the_first_is_running_the_second_is_told_to_wait(self):
        Switch.entered.clear()
        Switch.leave.clear()

        def send_the_second():
            try:
                assert Switch.entered.wait(timeout=10)
                return send("/waiting", key="k"), send("/own", key="l")
            finally:
                Switch.leave.set()

        first, (second, other) = at_once(
            lambda: send("/waiting", key="k"), send_the_second
        )
        assert code_of(second) == (409, "request-in-progress")
        assert second["Retry-After"] == "1"
        assert other.status_code == 200  # another key does not wait
        again = send("/waiting", key="k")
        assert again["Idempotency-Replayed"] == "true"
        assert again.content == first.content
        assert acts() == 2

    @pytest.mark.parametrize("broken", ["error", "stream", "connection"])
    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_a_crash_leaves_neither_act_nor_record_and_the_key_free(self, broken):
        Switch.broken = broken
        try:
            (answer,) = at_once(lambda: send("/breaking", key="k"))
        finally:
            Switch.broken = ""
        assert isinstance(answer, Exception) or answer.status_code == 500
        assert acts() == 0
        assert not IdempotencyRecord.objects.exists()
        assert send("/breaking", key="k").json() == {"done": True}
        assert acts() == 1


@pytest.mark.django_db
class TestKeeping:
    def test_records_from_before_the_moment_are_removed(self):
        for hours in (23, 24, 25):
            IdempotencyRecord.objects.create(
                caller="one",
                key=f"{hours} hours",
                method="POST",
                path="/notes/1",
                body_sha256=digest_body(b""),
                response_status=200,
                response_body=b"{}",
                response_content_type="application/json",
                created_at=AT - timedelta(hours=hours),
            )
        assert remove_old_idempotency_records(before=AT - timedelta(hours=24)) == 1
        left = set(IdempotencyRecord.objects.values_list("key", flat=True))
        assert left == {"23 hours", "24 hours"}

    @pytest.mark.urls(__name__)
    def test_what_is_kept_names_no_secret_and_not_the_body_sent(self):
        started = timezone.now()
        answer = send("/made", {"text": "secret"}, key="k")
        row = IdempotencyRecord.objects.get()
        assert row.created_at >= started
        assert row.body_sha256 == digest_body(b'{"text": "secret"}')
        # Who reads the table cannot try bodies until one fits.
        assert row.body_sha256 != hashlib.sha256(b'{"text": "secret"}').hexdigest()
        assert answer.content not in bytes(row.response_body)
        kept = {**IdempotencyRecord.objects.values().get()}
        kept["response_body"] = bytes(row.response_body)
        assert "secret" not in str(kept)
        assert str(row) == "POST /made 201"


def list_real_writes():
    """Return (method, path) of every write, with 1 in every variable part."""
    return [
        (method, "/api/v1/" + re.sub(r"{[^}]*}", "1", f"{bound.prefix}{route}")[1:])
        for bound in real_api._get_bound_routers()
        for route, view in bound.path_operations.items()
        for operation in view.operations
        for method in operation.methods
        if method not in {"GET", "HEAD", "OPTIONS"}
    ]


@pytest.mark.django_db
class TestEveryWriteOfTheRealApi:
    @pytest.mark.parametrize(("method", "url"), list_real_writes())
    def test_it_takes_a_token_and_then_a_key(self, method, url):
        def answer_to(**headers):
            return Client().generic(
                method, url, "{}", content_type="application/json", headers=headers
            )

        assert code_of(answer_to()) == (401, "unknown-token")
        wrong = answer_to(Authorization="Bearer x", **{"Idempotency-Key": "k"})
        assert code_of(wrong) == (401, "unknown-token")
        token = token_header(OrganizationFactory())
        assert code_of(answer_to(**token)) == (400, "idempotency-key-missing")

    def test_it_is_described_with_the_key(self):
        schema = real_api.get_openapi_schema()
        described = [
            operation
            for operations in schema["paths"].values()
            for method, operation in operations.items()
            if method in {"post", "put", "patch", "delete"}
        ]
        assert len(described) == len(list_real_writes()) >= 4
        reference = {"$ref": "#/components/parameters/IdempotencyKey"}
        for operation in described:
            assert operation["parameters"].count(reference) == 1
            assert {400, 401, 409, 422} <= set(operation["responses"])
        assert "Problem" in schema["components"]["schemas"]
        parameter = schema["components"]["parameters"]["IdempotencyKey"]
        assert (parameter["in"], parameter["required"]) == ("header", True)
        read = schema["paths"]["/services"]["get"]
        assert reference not in read["parameters"]
