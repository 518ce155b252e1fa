"""The guards of FastAPI and Django, before a real server."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import httpx
import pytest
from django.http import HttpRequest, JsonResponse
from django.test import AsyncRequestFactory, RequestFactory
from fastapi import Depends, FastAPI

import latchkey.django
import latchkey.fastapi
from latchkey import AsyncVerifier, LatchkeyError, Verdict, Verifier
from latchkey._guard import context_of

from .server import Server, make_token, wait_until

Answer = tuple[int, Any, Any]
Call = Callable[[dict[str, str]], Answer]


class Judges:
    """Both verifiers of a server, and the loop of the one that is asynchronous."""

    def __init__(self, url: str, token: str) -> None:
        self.verifier = Verifier(url, token)
        self.asynchronous = AsyncVerifier(url, token)
        self._loop = asyncio.new_event_loop()

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self._loop.run_until_complete(coroutine)

    def close(self) -> None:
        self.verifier.close()
        self.run(self.asynchronous.close())
        self._loop.close()


@pytest.fixture(scope="module")
def judges(server: Server) -> Iterator[Judges]:
    both = Judges(server.url, server.verifier_token())
    yield both
    both.close()


@pytest.fixture
def verifier(judges: Judges) -> Verifier:
    return judges.verifier


def call_django(judges: Judges, **options: Any) -> Call:
    verifier = judges.verifier

    @latchkey.django.require_key(verifier, **options)
    def view(request: HttpRequest) -> JsonResponse:
        return JsonResponse({"key_id": latchkey.django.key_of(request).key_id})

    def call(headers: dict[str, str]) -> Answer:
        answer = view(RequestFactory().get("/emails/12", headers=headers))
        return answer.status_code, answer.headers, httpx.Response(200, content=answer.content).json()

    return call


def call_async_django(judges: Judges, **options: Any) -> Call:
    @latchkey.django.require_key(judges.asynchronous, **options)
    async def view(request: HttpRequest) -> JsonResponse:
        return JsonResponse({"key_id": latchkey.django.key_of(request).key_id})

    def call(headers: dict[str, str]) -> Answer:
        answer = judges.run(view(AsyncRequestFactory().get("/emails/12", headers=headers)))
        return answer.status_code, answer.headers, httpx.Response(200, content=answer.content).json()

    return call


def call_fastapi(judges: Judges, **options: Any) -> Call:
    app = FastAPI()
    latchkey.fastapi.install(app)
    guard = latchkey.fastapi.require_key(judges.asynchronous, **options)

    @app.get("/emails/{number}")
    async def read(number: int, key: Verdict = Depends(guard)) -> dict[str, str | None]:
        return {"key_id": key.key_id}

    def call(headers: dict[str, str]) -> Answer:
        async def send() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as client:
                return await client.get("/emails/12", headers=headers)

        answer = judges.run(send())
        return answer.status_code, answer.headers, answer.json()

    return call


FRAMEWORKS = [call_django, call_async_django, call_fastapi]


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@pytest.mark.parametrize("make", FRAMEWORKS)
def test_a_guard_lets_through_what_the_verdict_does(server: Server, judges: Judges, make: Any) -> None:
    key = server.create_key(limits=[{"name": "requests", "limit": 3, "window_seconds": 3600}])
    call = make(judges, permissions=["emails:send"])
    status, headers, body = call(bearer(key["key"]))
    assert (status, body) == (200, {"key_id": key["id"]})
    assert headers["ratelimit-policy"] == '"requests";q=3;w=3600' and '"requests";r=2' in headers["ratelimit"]
    assert call({"x-api-key": key["key"]})[0] == 200
    # No token, one that is unknown, two different ones.
    for sent, code in (
        ({}, "missing_token"),
        (bearer(make_token()), "invalid_token"),
        (bearer("nonsense"), "invalid_token"),
        (bearer("x" * 300), "invalid_token"),
        ({**bearer(key["key"]), "x-api-key": make_token()}, "invalid_token"),
        ({"authorization": "Basic " + base64.b64encode(f"a:{key['key']}".encode()).decode()}, "missing_token"),
    ):
        status, headers, body = call(sent)
        assert (status, body["code"], body["status"]) == (401, code, 401)
        assert body["type"] == f"urn:latchkey:error:{code}" and headers["content-type"] == "application/problem+json"
        assert headers["www-authenticate"].startswith("Bearer") and headers["cache-control"] == "no-store"
    status, headers, body = make(judges, permissions=["emails:read", "emails:send"])(bearer(key["key"]))
    assert (status, body["code"]) == (403, "missing_permission")
    assert headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="emails:read emails:send"'
    assert call(bearer(key["key"]))[0] == 200
    status, headers, body = call(bearer(key["key"]))
    assert (status, body["code"]) == (429, "rate_limited") and 0 < int(headers["retry-after"]) <= 1200
    spent = server.create_key(limits=[{"name": "credits", "limit": 0, "resets": None}])["key"]
    status, headers, body = call(bearer(spent))
    assert (status, body["code"]) == (402, "quota_exceeded") and "retry-after" not in headers
    assert body["detail"].startswith("The limit credits of the key has too few units for this request, and waiting")


@pytest.mark.parametrize("make", FRAMEWORKS)
def test_a_guard_takes_a_token_of_another_system_however_long_one_may_be(
    server: Server, judges: Judges, make: Any
) -> None:
    server.request("POST", "/v1/organizations", {"id": make.__name__, "name": "Moved"})
    longest = f"sk|{make.__name__}".ljust(512, "~")
    key = {"organization_id": make.__name__, "name": "Moved", "permissions": ["emails:send"]}
    tokens = [longest[:257], longest]
    server.request("POST", "/v1/keys/import", [{**key, "token": token} for token in tokens])
    call = make(judges, permissions=["emails:send"])
    # A verifier hears a moment later that there are tokens of other systems.
    wait_until(lambda: bool(call(bearer(tokens[0]))[0] == 200))
    for token in (*tokens, f"secret-token:{longest}"):
        assert call(bearer(token))[0] == 200
    assert call(bearer(longest + "~"))[0] == 401


@pytest.mark.parametrize("make", FRAMEWORKS)
def test_a_guard_answers_503_if_nobody_can_judge(make: Any, caplog: pytest.LogCaptureFixture) -> None:
    token = make_token()
    told: list[Exception] = []
    judges = Judges("http://127.0.0.1:1", make_token())
    status, headers, body = make(judges, on_error=told.append)(bearer(token))
    assert (status, body["code"], headers["retry-after"]) == (503, "store_unavailable", "1")
    assert isinstance(told[0], LatchkeyError) and told[0].code == "server_unreachable"
    caplog.set_level(logging.ERROR, "latchkey")
    make(judges)(bearer(token))
    judges.close()
    assert "could not be verified" in caplog.text and token not in caplog.text


@pytest.mark.parametrize("make", FRAMEWORKS)
def test_what_a_guard_is_made_of_may_come_from_the_request(server: Server, judges: Judges, make: Any) -> None:
    key = server.create_key(limits=[{"name": "credits", "limit": 50, "resets": None}])["key"]
    assert make(judges, permissions=lambda request: ["emails:send"], cost=lambda request: 5)(bearer(key))[0] == 200
    status, headers, body = make(judges, permissions=lambda request: ['a" b'])(bearer(key))
    assert (status, body["code"]) == (403, "missing_permission") and 'a"' not in headers["www-authenticate"]
    status, _, body = make(judges, cost=lambda request: -1)(bearer(key))
    assert (status, body["code"]) == (422, "invalid_input")
    sent = {"authorization": "Basic " + base64.b64encode(f"a:{key}".encode()).decode()}
    assert make(judges, basic_auth="password")(sent)[0] == 200
    status, headers, _ = make(judges, basic_auth="password")({})
    assert status == 401 and headers["www-authenticate"].endswith('Basic realm="Latchkey", charset="UTF-8"')
    assert make(judges, prefix="re_live")(bearer(key))[0] == 401


def test_a_request_draws_once(server: Server, verifier: Verifier) -> None:
    key = server.create_key(limits=[{"name": "credits", "limit": 50, "resets": None}])["key"]

    @latchkey.django.require_key(verifier)
    @latchkey.django.require_key(verifier, ["emails:send"])
    def view(request: HttpRequest) -> JsonResponse:
        return JsonResponse({"remaining": latchkey.django.key_of(request).limits[0].remaining})

    request = RequestFactory().get("/", headers=bearer(key))
    assert b"49" in view(request).content

    @latchkey.django.require_key(verifier)
    @latchkey.django.require_key(verifier, cost=2)
    def twice(request: HttpRequest) -> JsonResponse:
        return JsonResponse({})

    with pytest.raises(RuntimeError, match="drawn"):
        twice(RequestFactory().get("/", headers=bearer(key)))


def test_a_guard_of_a_wrong_form_is_refused_where_it_is_made(verifier: Verifier) -> None:
    for options in (
        {"permissions": "emails:send"},
        {"permissions": ["emails send"]},
        {"prefix": "Re"},
        {"cost": -1},
        {"reserve_seconds": 5},
        {"basic_auth": "both"},
    ):
        with pytest.raises((TypeError, ValueError, LatchkeyError)):
            latchkey.django.require_key(verifier, **options)
    with pytest.raises(TypeError):

        @latchkey.django.require_key(verifier)
        async def view(request: HttpRequest) -> JsonResponse:
            return JsonResponse({})

    with pytest.raises(RuntimeError):
        latchkey.django.key_of(RequestFactory().get("/"))


def test_what_is_told_of_a_request_is_cut_and_cleaned() -> None:
    assert context_of("192.0.2.7", "curl/8", "GET", "/emails/12/parts/0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e") == {
        "ip": "192.0.2.7",
        "user_agent": "curl/8",
        "operation": "GET /emails/*/parts/*",
    }
    told = context_of("unix", f"a\nb {make_token()}", "GET", "/" + "x" * 30)
    assert told["operation"] == "GET /*" and "ip" not in told and len(told["user_agent"]) < 30
    assert context_of(None, "x" * 1000, "GET", "")["user_agent"] == "x" * 256
