"""The local verifier before a real server."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator

import pytest

from latchkey import AsyncVerifier, LatchkeyError, Verifier
from latchkey._token import kid_of

from .server import Proxy, Server, make_token, wait_until

#: From the acknowledged revocation to the last accept, at the most.
BOUND = 2.0


@pytest.fixture
def verifier(server: Server, proxy: Proxy) -> Iterator[Verifier]:
    with Verifier(proxy.url, server.verifier_token()) as one:
        one.ready()
        yield one


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


def last_accept_after(server: Server, verifier: Verifier, key: dict[str, str], seconds: float = BOUND + 0.5) -> float:
    """For how long a key is accepted after its revocation was acknowledged."""
    server.revoke(key["id"])
    acknowledged_at = last = time.monotonic()
    while time.monotonic() - acknowledged_at < seconds:
        try:
            if verifier.verify(key["key"]).valid:
                last = time.monotonic()
            elif verifier.verify_cached(key["key"]) is not None:
                break
        except LatchkeyError:
            pass
        time.sleep(0.002)
    return last - acknowledged_at


def test_a_revoked_key_is_refused_soon(server: Server, verifier: Verifier) -> None:
    key = server.create_key()
    assert verifier.verify(key["key"])
    assert last_accept_after(server, verifier, key) < BOUND
    assert verifier.verify(key["key"]).code == "revoked"


#: What is held; all at once only where there is time.
HELD = ["the stream", "the last change", *(["all"] if os.environ.get("TEST_LONG") == "1" else [])]


@pytest.mark.parametrize("what", HELD)
def test_a_revoked_key_is_refused_within_two_seconds_while_answers_are_held(
    server: Server, proxy: Proxy, what: str
) -> None:
    held = {"the stream": "/v1/changes", "the last change": "/v1/changes/latest", "all": ""}[what]
    with Verifier(proxy.url, server.verifier_token(), timeout=0.3) as verifier:
        verifier.ready()
        key = server.create_key()
        assert verifier.verify(key["key"])
        assert verifier.verify_cached(key["key"])
        proxy.holds = lambda path: path == held or (held == "" and path.startswith("/v1"))
        try:
            assert last_accept_after(server, verifier, key) < BOUND
            assert verifier.verify_cached(key["key"]) is None or not verifier.verify_cached(key["key"])
        finally:
            proxy.holds = lambda path: False
        wait_until(lambda: verifier.verify_cached(key["key"]) is not None or _judges(verifier, key["key"]))
        assert verifier.verify(key["key"]).code == "revoked"


def test_a_late_answer_proves_nothing_of_what_came_after_its_question(server: Server, proxy: Proxy) -> None:
    proxy.delays = lambda path: 1.2 if path == "/v1/changes/latest" else 0
    with Verifier(proxy.url, server.verifier_token(), timeout=0.3) as verifier:
        verifier.ready()
        key = server.create_key()
        wait_until(lambda: verifier.verify(key["key"]).valid and verifier.verify_cached(key["key"]) is not None)
        # From now on nothing is heard of changes; the answers that are under way say that there was none.
        proxy.holds = lambda path: path == "/v1/changes"
        assert last_accept_after(server, verifier, key) < BOUND
        proxy.holds = lambda path: False


def test_a_late_stream_holds_up_the_lease(server: Server, proxy: Proxy) -> None:
    # Something comes before it is taken for silent, and all of it is late.
    proxy.delays = lambda path: 1.8 if path == "/v1/changes" else 0
    with Verifier(proxy.url, server.verifier_token(), timeout=0.3) as verifier:
        key = server.create_key()
        wait_until(lambda: _judges(verifier, key["key"]) and verifier.verify_cached(key["key"]) is not None)
        assert last_accept_after(server, verifier, key) < BOUND


@pytest.mark.parametrize(("held", "first"), [(0.5, "valid"), (1.9, "revoked")])
def test_facts_from_before_a_revocation_are_not_remembered_and_soon_not_judged_by(
    server: Server, proxy: Proxy, held: float, first: str
) -> None:
    with Verifier(proxy.url, server.verifier_token(), timeout=5) as verifier:
        verifier.ready()
        key = server.create_key()
        proxy.holds = lambda path: path == "/v1/keys/facts"
        codes: list[str] = []
        asking = threading.Thread(target=lambda: codes.append(verifier.verify(key["key"]).code))
        asked_at = time.monotonic()
        asking.start()
        wait_until(lambda: "/v1/keys/facts" in proxy.seen)
        # The server has answered by now, and the answer waits.
        time.sleep(0.2)
        server.revoke(key["id"])
        time.sleep(max(0.0, asked_at + held - time.monotonic()))
        proxy.holds = lambda path: False
        asking.join()
        # On a machine that has much else to do, the answer may have come too late already.
        assert codes[0] in (first, "revoked")
        assert verifier.verify(key["key"]).code == "revoked"


def test_a_revoked_key_is_refused_while_the_stream_is_cut_again_and_again(
    server: Server, proxy: Proxy, verifier: Verifier
) -> None:
    key = server.create_key()
    assert verifier.verify(key["key"])
    is_over = threading.Event()

    def cut() -> None:
        while not is_over.wait(0.05):
            proxy.cut()

    cutting = threading.Thread(target=cut)
    cutting.start()
    try:
        assert last_accept_after(server, verifier, key) < BOUND
    finally:
        is_over.set()
        cutting.join()
    wait_until(lambda: _judges(verifier, key["key"]))


def test_a_verifier_whose_server_stands_still_fails_and_comes_back() -> None:
    server = Server()
    try:
        with Verifier(server.url, server.verifier_token(), timeout=0.3) as verifier:
            verifier.ready()
            key = server.create_key()
            assert verifier.verify(key["key"])
            server.stop()
            stopped_at = last = time.monotonic()
            while time.monotonic() - stopped_at < BOUND + 0.2:
                if verifier.verify_cached(key["key"]):
                    last = time.monotonic()
                time.sleep(0.002)
            assert last - stopped_at < BOUND
            with pytest.raises(LatchkeyError) as raised:
                verifier.verify(key["key"])
            assert raised.value.code == "timed_out"
            server.go_on()
            assert last_accept_after(server, verifier, key) < BOUND
            wait_until(lambda: _judges(verifier, key["key"]))
            assert verifier.verify(key["key"]).code == "revoked"
    finally:
        server.close()


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


def _judges(verifier: Verifier, token: str) -> bool:
    try:
        return verifier.verify(token) is not None
    except LatchkeyError:
        return False
