"""The local verifier while the ways to its server, or the server, are disturbed."""

from __future__ import annotations

import os
import threading
import time
from functools import partial

import pytest

from latchkey import LatchkeyError, Verifier

from .revocation import BOUND, judges, last_accept_after
from .server import Proxy, Server, wait_until

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
        wait_until(lambda: verifier.verify_cached(key["key"]) is not None or judges(verifier, key["key"]))
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
        wait_until(lambda: judges(verifier, key["key"]) and verifier.verify_cached(key["key"]) is not None)
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
    wait_until(lambda: judges(verifier, key["key"]))


def _remembers(verifier: Verifier, token: str) -> bool:
    return judges(verifier, token) and verifier.verify_cached(token) is not None


def test_memory_answers_for_longer_if_the_server_is_away(server: Server, proxy: Proxy) -> None:
    passed = 0.0
    with Verifier(
        proxy.url,
        server.verifier_token(),
        timeout=0.2,
        stale_if_error=60,
        now=lambda: time.time() + passed,
        monotonic=lambda: time.monotonic() + passed,
    ) as verifier:
        verifier.ready()
        kept, revoked, unseen = server.create_key(), server.create_key(), server.create_key()
        for token in (kept["key"], revoked["key"]):
            wait_until(partial(_remembers, verifier, token))
        server.revoke(revoked["id"])
        wait_until(lambda: not verifier.verify_cached(revoked["key"]))
        proxy.holds = lambda path: True
        passed = 30.0
        assert verifier.verify(kept["key"])
        assert verifier.verify(kept["key"])
        assert verifier.verify(kept["key"], ["a:b"]).code == "insufficient_permissions"
        assert verifier.verify_cached(kept["key"]) is None
        for key in (revoked, unseen):
            with pytest.raises(LatchkeyError):
                verifier.verify(key["key"])
        passed = 120.0
        with pytest.raises(LatchkeyError):
            verifier.verify(kept["key"])
        proxy.holds = lambda path: False
        wait_until(lambda: judges(verifier, unseen["key"]))
    for wrong in (-1, "1", float("inf"), True):
        with pytest.raises(ValueError, match="stale_if_error"):
            Verifier(proxy.url, server.root, stale_if_error=wrong)  # type: ignore[arg-type]


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
            wait_until(lambda: judges(verifier, key["key"]))
            assert verifier.verify(key["key"]).code == "revoked"
    finally:
        server.close()
