"""The client before a real server."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

import pytest

from latchkey import AsyncLatchkey, Latchkey, LatchkeyError

from .server import Proxy, Server, make_token


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Latchkey]:
    with Latchkey(server.url, server.root) as one:
        yield one


def test_keys_from_their_creation_to_their_end(client: Latchkey) -> None:
    ends = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=1)
    made = client.keys.create(
        name="CI", organization_id="root", permissions=["emails:send"], expires_at=ends, metadata={"at": "noon"}
    )
    assert made["expires_at"] == ends and made["metadata"] == {"at": "noon"}
    assert isinstance(made["created_at"], datetime)
    assert client.verify(made["key"], ["emails:send"])
    found = client.keys.get(made["id"])
    assert found["name"] == "CI" and found["revoked_at"] is None
    changed = client.keys.update(made["id"], name="CI 2", expires_at=None, wait="applied")
    assert changed["name"] == "CI 2" and changed["expires_at"] is None
    rotated = client.keys.rotate(made["id"], grace_seconds=60)
    assert rotated["key"] != made["key"]
    assert client.keys.suspend(made["id"], reason="a look")["suspended_at"]
    assert client.verify(rotated["key"]).code == "suspended"
    client.keys.resume(made["id"])
    client.keys.revoke(made["id"], reason="superseded")
    assert client.verify(rotated["key"]).code == "revoked"
    verdicts = client.verify_batch([{"key": rotated["key"]}, {"key": "nonsense"}])
    assert [verdict.code for verdict in verdicts] == ["revoked", "malformed"]


def test_lists_have_pages(client: Latchkey) -> None:
    client.organizations.create(id="paged", name="Paged")
    made = [client.keys.create(name=f"Key {i}", organization_id="paged", permissions=[])["id"] for i in range(5)]
    first = client.keys.list(organization_id="paged", limit=2, count=True)
    assert (len(first.items), first.total, first.is_more) == (2, 5, False) and first.next
    second = client.keys.list(organization_id="paged", limit=2, after=first.next)
    assert {key["id"] for key in first.items}.isdisjoint(key["id"] for key in second.items)
    every = [key["id"] for key in client.keys.list_all(organization_id="paged", limit=2)]
    assert sorted(every) == sorted(made)
    tagged = client.keys.create(name="Tagged", organization_id="paged", permissions=[], tags=["team:a", "env:b"])["id"]
    assert [key["id"] for key in client.keys.list(tag=["team:a", "env:b"], organization_id="paged").items] == [tagged]


def test_what_else_there_is(client: Latchkey, server: Server) -> None:
    key = client.keys.create(name="Else", organization_id="root", permissions=["emails:send"])
    usage = client.usage.read(by="day")
    assert isinstance(usage.as_of, datetime) and isinstance(usage.rows, list)
    assert list(client.usage.export(by="day")) == []
    events = client.events.read(types=["key.created"], limit=1)
    assert events["events"][0]["action"] == "key.created"
    assert client.events.read(after=events["cursor"], wait_seconds=0)["cursor"]
    assert any(event["action"] == "key.created" for event in client.audit.export())
    assert client.audit.list(action="key.created", limit=1).items
    plan = client.plans.create(name="pro", limits=[{"name": "requests", "limit": 5, "window_seconds": 60}])
    assert plan["limits"][0]["name"] == "requests"
    assert client.oauth.introspect(key["key"])["active"] is True
    assert client.operation.check_health()["status"] == "ok"
    assert "latchkey_" in client.operation.read_metrics()
    assert client.operation.read_openapi()["openapi"].startswith("3.")
    proof = client.audit.prove_growth(from_=1)
    assert proof
    client.oauth.revoke(key["key"])
    assert client.verify(key["key"]).code == "revoked"


def test_an_edit_on_the_condition_of_a_revision(client: Latchkey) -> None:
    key = client.keys.create(name="Edited", organization_id="root", permissions=[])
    client.keys.update(key["id"], name="Other", if_revision=key["revision"])
    with pytest.raises(LatchkeyError) as raised:
        client.keys.update(key["id"], name="Third", if_revision=key["revision"])
    assert (raised.value.code, raised.value.status) == ("precondition_failed", 412)


def test_a_refusal_is_an_error_with_all_that_the_server_says(client: Latchkey, server: Server) -> None:
    with pytest.raises(LatchkeyError) as raised:
        client.keys.create(name="", organization_id="root", permissions=["emails send"])
    error = raised.value
    assert (error.code, error.status) == ("invalid_input", 422) and error.request_id
    assert {field.path for field in error.errors} == {"name", "permissions[0]"}
    with pytest.raises(LatchkeyError) as raised:
        client.keys.get("0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e")
    assert raised.value.code == "key_not_found"
    for wrong in ("", "..", "."):
        with pytest.raises(LatchkeyError) as raised:
            client.keys.get(wrong)
        assert raised.value.code == "invalid_input"
    with pytest.raises(LatchkeyError) as raised:
        Latchkey(server.url, make_token()).keys.own()
    assert (raised.value.code, raised.value.status) == ("invalid_token", 401)
    with pytest.raises(LatchkeyError) as raised:
        client.keys.create(name="A", organization_id="root", permissions=[], metadata={"a": float("nan")})
    assert raised.value.code == "invalid_input"
    with pytest.raises(LatchkeyError) as raised:
        client.keys.create(name="A", organization_id="root", permissions=[], expires_at=datetime(2100, 1, 1))
    assert raised.value.code == "invalid_input"


def test_what_is_made_is_made_once_though_its_answer_is_lost(client: Latchkey, server: Server, proxy: Proxy) -> None:
    client.organizations.create(id="once", name="Once")
    losses = [True, True]
    proxy.loses = lambda path: path == "/v1/keys" and bool(losses) and losses.pop()
    with Latchkey(proxy.url, server.root) as lossy:
        key = lossy.keys.create(name="Once", organization_id="once", permissions=[])
        assert losses == [] and proxy.seen.count("/v1/keys") == 3
        assert [one["id"] for one in client.keys.list(organization_id="once").items] == [key["id"]]
        # The caller's own key works over several calls.
        again = [
            lossy.keys.create(name="Twice", organization_id="once", permissions=[], idempotency_key="mine")["key"]
            for _ in range(2)
        ]
        assert again[0] == again[1]
        # What would not be safe is not sent again.
        proxy.loses = lambda path: path.endswith("/preview")
        with pytest.raises(LatchkeyError) as raised:
            lossy.keys.preview(key["id"], revoke=True)
        assert raised.value.code == "server_unreachable"
        assert sum(path.endswith("/preview") for path in proxy.seen) == 1


def test_a_call_has_its_time_in_all(server: Server, proxy: Proxy) -> None:
    proxy.holds = lambda path: True
    begun_at = time.monotonic()
    with Latchkey(proxy.url, server.root, timeout=0.2) as slow:
        with pytest.raises(LatchkeyError) as raised:
            slow.keys.own()
    assert raised.value.code == "timed_out" and time.monotonic() - begun_at < 10
    for timeout in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="timeout"):
            Latchkey(server.url, server.root, timeout=timeout)


class _Stranger(BaseHTTPRequestHandler):
    seen: list[str] = []

    def do_GET(self) -> None:
        _Stranger.seen.append(self.path)
        if self.path == "/v1/keys/self":
            self.send_response(302)
            self.send_header("location", "/elsewhere")
            self.end_headers()
            return
        self.send_response(503 if self.path == "/readyz" else 200)
        self.send_header("retry-after", "60")
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, *_: object) -> None:
        pass


def test_another_server_is_not_taken_for_ours_and_gets_no_token_elsewhere() -> None:
    stranger = ThreadingHTTPServer(("127.0.0.1", 0), _Stranger)
    threading.Thread(target=stranger.serve_forever, daemon=True).start()
    try:
        with Latchkey(f"http://127.0.0.1:{stranger.server_port}", make_token()) as client:
            for call in (client.keys.own, client.keys.list, client.operation.check_readiness):
                with pytest.raises(LatchkeyError) as raised:
                    call()
                assert raised.value.code == "unexpected_answer"
        assert "/elsewhere" not in _Stranger.seen
        assert raised.value.retry_after == 60 and _Stranger.seen.count("/readyz") == 1
    finally:
        stranger.shutdown()
        stranger.server_close()


def test_the_token_stands_nowhere(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    token = make_token()
    client = Latchkey(server.url, token)
    with pytest.raises(LatchkeyError) as raised:
        client.keys.own()
    body = token[3:]
    for text in (repr(client), str(raised.value), repr(raised.value), repr(vars(raised.value)), caplog.text):
        assert body not in text
    frame: TracebackType | None = raised.tb
    while frame is not None:
        if frame.tb_frame.f_code.co_filename.endswith("_http.py"):
            assert body not in repr(frame.tb_frame.f_locals)
        frame = frame.tb_next
    assert raised.value.__context__ is None or body not in repr(raised.value.__context__)
    with pytest.raises(ValueError) as malformed:
        Latchkey(server.url, token[:-1])
    assert body[:-1] not in str(malformed.value)


@pytest.mark.parametrize(
    "url", ["ftp://keys", "keys.example.com", "http://a:b@keys", "http://keys/?a", "http://keys#a"]
)
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        Latchkey(url, make_token())


def test_an_asynchronous_client_calls_alike(server: Server) -> None:
    async def call() -> None:
        async with AsyncLatchkey(server.url, server.root) as client:
            keys = await asyncio.gather(
                *(client.keys.create(name=f"A{i}", organization_id="root", permissions=[]) for i in range(5))
            )
            assert len({key["id"] for key in keys}) == 5
            listed = [key["id"] async for key in client.keys.list_all(limit=2)]
            assert {key["id"] for key in keys} <= set(listed)
            assert (await client.verify(keys[0]["key"])).valid
            assert [row async for row in client.usage.export()] == []

    # Each on a loop of its own.
    asyncio.run(call())
    asyncio.run(call())


def test_both_clients_have_the_same_methods() -> None:
    def methods(one: Any) -> dict[str, list[str]]:
        named = inspect.getmembers(one, inspect.isroutine)
        return {name: list(inspect.signature(method).parameters) for name, method in named if name[0] != "_"}

    token = make_token()
    client, other = Latchkey("http://localhost", token), AsyncLatchkey("http://localhost", token)
    assert methods(client) == methods(other)
    nouns = [name for name, value in vars(other).items() if not name.startswith("_")]
    assert nouns == [name for name in vars(client) if not name.startswith("_")]
    for noun in nouns:
        assert methods(getattr(client, noun)) == methods(getattr(other, noun))
