"""The local verifier before a real server."""

from __future__ import annotations

import asyncio
import os
import threading
import time

import pytest

from latchkey import AsyncVerifier, LatchkeyError, Verifier
from latchkey._token import kid_of

from .revocation import BOUND, last_accept_after
from .server import Proxy, Server, make_token, wait_until


def test_a_key_is_judged_by_the_server_first_and_then_from_memory(
    server: Server, proxy: Proxy, verifier: Verifier
) -> None:
    key = server.create_key(metadata={"seats": 3})
    assert verifier.verify_cached(key["key"]) is None
    first = verifier.verify(key["key"])
    assert first and first.key_id == key["id"] and first.metadata["seats"] == 3
    asked = proxy.seen.count("/v1/keys/facts")
    assert verifier.verify_cached(key["key"]) == first == verifier.verify(key["key"])
    assert verifier.verify(key["key"], ["emails:send"])
    refused = verifier.verify(key["key"], ["emails:send", "emails:read"])
    assert not refused and refused.code == "insufficient_permissions" and refused.missing == ("emails:read",)
    assert verifier.verify(key["key"], prefix="re_live").code == "wrong_environment"
    assert verifier.verify(key["key"], organization_id="other").code == "not_found"
    assert proxy.seen.count("/v1/keys/facts") == asked


def test_made_up_tokens_cost_one_question(server: Server, proxy: Proxy, verifier: Verifier) -> None:
    token = make_token()
    assert verifier.verify(token).code == "not_found"
    asked = proxy.seen.count("/v1/keys/facts")
    assert verifier.verify(token).code == "not_found"
    assert verifier.verify(token[:-1] + ("a" if token[-1] != "a" else "b")).code == "malformed"
    assert verifier.verify("sk_live_0123456789abcdef").code == "malformed"
    assert verifier.verify("nonsense").code == "malformed"
    assert proxy.seen.count("/v1/keys/facts") == asked
    # A token with a known kid and another secret is made up: no question at all.
    known = server.create_key()["key"]
    assert verifier.verify(known)
    asked = proxy.seen.count("/v1/keys/facts")
    other = make_token(kid=kid_of(known))
    assert verifier.verify(other).code == "not_found"
    assert proxy.seen.count("/v1/keys/facts") == asked


def test_a_decoy_tells_from_where_it_was_tried(server: Server, verifier: Verifier) -> None:
    key = server.create_key(decoy=True)
    context = {"ip": "192.0.2.7", "user_agent": "curl/8 (ü & co)", "operation": "POST /emails"}
    assert verifier.verify(key["key"], context=context).code == "not_found"
    address = f"/v1/audit-log?key_id={key['id']}&action=key.decoy_tried"
    wait_until(lambda: len(server.request("GET", address)) > 0)
    tried = server.request("GET", address)[0]["changes"]
    assert {name: tried[name] for name in context} == context


@pytest.mark.parametrize(
    ("question", "path"),
    [
        ({"permissions": "emails:send"}, "permissions"),
        ({"permissions": ["emails send"]}, "permissions[0]"),
        ({"permissions": ["a"] * 129}, "permissions"),
        ({"prefix": "Re"}, "prefix"),
        ({"cost": -1}, "cost"),
        ({"cost": True}, "cost"),
        ({"cost": {"credits": 1.5}}, "cost.credits"),
        ({"reserve_seconds": 0}, "reserve_seconds"),
        ({"context": {"ip": "10.0.0.1%eth0"}}, "context.ip"),
        ({"context": {"operation": "GET /?a=1"}}, "context.operation"),
        ({"context": {"user_agent": "a\nb"}}, "context.user_agent"),
        ({"context": {"agent": "a"}}, "context"),
    ],
)
def test_a_question_of_a_wrong_form_is_an_error(verifier: Verifier, question: dict[str, object], path: str) -> None:
    with pytest.raises(LatchkeyError) as raised:
        verifier.verify("whatever", **question)  # type: ignore[arg-type]
    assert raised.value.code == "invalid_input" and raised.value.errors[0].path == path


def test_a_revoked_key_is_refused_soon(server: Server, verifier: Verifier) -> None:
    key = server.create_key()
    assert verifier.verify(key["key"])
    assert last_accept_after(server, verifier, key) < BOUND
    assert verifier.verify(key["key"]).code == "revoked"


def test_a_lease_ends_by_either_clock(server: Server) -> None:
    ahead = {"wall": 0.0, "monotonic": 0.0}

    def now() -> float:
        return time.time() + ahead["wall"]

    def monotonic() -> float:
        return time.monotonic() + ahead["monotonic"]

    with Verifier(server.url, server.verifier_token(), now=now, monotonic=monotonic) as verifier:
        verifier.ready()
        key = server.create_key()["key"]
        for clock in ahead:
            assert verifier.verify(key) and verifier.verify_cached(key)
            ahead[clock] += 1.8
            assert verifier.verify_cached(key) is None
            ahead[clock] -= 1.8
            wait_until(lambda: verifier.verify_cached(key) is not None)


def test_a_broken_or_refusing_server_is_an_error_and_never_a_verdict(server: Server) -> None:
    key = server.create_key()["key"]
    with Verifier("http://127.0.0.1:1", key, timeout=0.5) as verifier:
        with pytest.raises(LatchkeyError) as raised:
            verifier.verify(key)
        assert raised.value.code == "server_unreachable"
    # A key that may not verify.
    with Verifier(server.url, key) as verifier:
        with pytest.raises(LatchkeyError) as raised:
            verifier.ready()
        assert (raised.value.code, raised.value.status) == ("missing_permission", 403)
        with pytest.raises(LatchkeyError):
            verifier.verify(key)
        assert key not in repr(raised.value) and key not in repr(verifier)


def test_many_threads_share_a_verifier_and_its_questions(server: Server, proxy: Proxy, verifier: Verifier) -> None:
    keys = [server.create_key()["key"] for _ in range(5)]
    asked = proxy.seen.count("/v1/keys/facts")
    verdicts: list[bool] = []

    def judge() -> None:
        for _ in range(50):
            verdicts.extend(verifier.verify(key).valid for key in keys)

    threads = [threading.Thread(target=judge) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts == [True] * (8 * 50 * 5)
    assert proxy.seen.count("/v1/keys/facts") - asked <= 10


def test_a_child_that_was_forked_begins_anew(server: Server, verifier: Verifier) -> None:
    key = server.create_key()["key"]
    assert verifier.verify(key)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        # No fixture of the parent's may end here.
        try:
            is_empty = verifier.verify_cached(key) is None
            verdict = verifier.verify(key)
            verifier.ready()
            verifier.close()
            os.write(writing, f"{is_empty} {verdict.code}".encode())
        finally:
            os._exit(0)
    os.close(writing)
    told = os.read(reading, 100).decode()
    os.waitpid(child, 0)
    assert told == "True valid"
    # The parent still hears of changes, over its own connections.
    assert verifier.verify_cached(key)
    other = server.create_key()
    assert verifier.verify(other["key"])
    assert last_accept_after(server, verifier, other) < BOUND


def test_a_closed_verifier_says_so(server: Server) -> None:
    key = server.create_key()["key"]
    verifier = Verifier(server.url, server.verifier_token())
    assert verifier.verify(key)
    verifier.close()
    verifier.close()
    assert verifier.verify_cached(key) is None
    for call in (verifier.ready, lambda: verifier.verify(key)):
        with pytest.raises(LatchkeyError) as raised:
            call()
        assert raised.value.code == "closed"


def test_memory_is_bounded_and_the_least_recently_used_goes_first(server: Server) -> None:
    keys = [server.create_key()["key"] for _ in range(4)]
    with Verifier(server.url, server.verifier_token(), cached_secrets=3) as verifier:
        verifier.ready()
        for key in keys[:3]:
            verifier.verify(key)
        assert verifier.verify_cached(keys[0])
        verifier.verify(keys[3])
        assert [verifier.verify_cached(key) is not None for key in keys] == [True, False, True, True]
    with Verifier(server.url, server.verifier_token(), cache_bytes=100) as verifier:
        verifier.ready()
        assert verifier.verify(keys[0]) and verifier.verify_cached(keys[0]) is None


def test_an_asynchronous_verifier_judges_alike(server: Server) -> None:
    key = server.create_key()

    async def judge() -> None:
        async with AsyncVerifier(server.url, server.verifier_token()) as verifier:
            await verifier.ready()
            verdicts = await asyncio.gather(*(verifier.verify(key["key"]) for _ in range(20)))
            assert all(verdicts) and verifier.verify_cached(key["key"]) == verdicts[0]
            await asyncio.get_running_loop().run_in_executor(None, server.revoke, key["id"])
            revoked_at = time.monotonic()
            while await verifier.verify(key["key"]):
                assert time.monotonic() - revoked_at < BOUND
                await asyncio.sleep(0.002)

    asyncio.run(judge())
