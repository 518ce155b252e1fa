"""Limits and usage, as verifiers count them, before a real server."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from latchkey import Latchkey, LatchkeyError, Verdict, Verifier, _loop

from .server import Proxy, Server, make_token, wait_until

QUOTA = {"name": "credits", "limit": 200, "resets": None}


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[Latchkey]:
    with Latchkey(server.url, server.root) as one:
        yield one


def drain(verify: Callable[[], Verdict], seconds: float = 20) -> Counter[str]:
    """Verifies until a limit refuses for long; counts the verdicts."""
    codes: Counter[str] = Counter()
    ends_at, refused = time.monotonic() + seconds, 0
    while refused < 20 and time.monotonic() < ends_at:
        try:
            code: str = verify().code
        except LatchkeyError as error:
            code = error.code
        codes[code] += 1
        refused = 0 if code == "valid" else refused + 1
        if code != "valid":
            time.sleep(0.02)
    return codes


def test_a_quota_is_spent_from_memory_and_then_refuses(server: Server, proxy: Proxy, verifier: Verifier) -> None:
    key = server.create_key(limits=[{**QUOTA, "limit": 300}])["key"]
    first = verifier.verify(key)
    assert first and [(limit.name, limit.scope, limit.limit, limit.resets_at) for limit in first.limits] == [
        ("credits", "key", 300, None)
    ]
    assert first.limits[0].remaining < 300
    codes = drain(lambda: verifier.verify(key))
    assert codes["valid"] == 299 and set(codes) == {"valid", "quota_exceeded"}
    # Each call does not ask: what was held paid for nearly all.
    assert proxy.seen.count("/v1/grants") < 120
    refused = verifier.verify(key)
    assert not refused and refused.exceeded[0].name == "credits" and refused.retry_after_ms is None
    assert verifier.verify(key, cost=0).valid
    assert refused.as_dict()["limits"][0]["remaining"] == 0


def test_two_verifiers_and_the_server_together_admit_what_there_is(
    server: Server, proxy: Proxy, client: Latchkey
) -> None:
    key = server.create_key(limits=[{**QUOTA, "limit": 600}])["key"]
    with ExitStack() as stack:
        some = [stack.enter_context(Verifier(url, server.verifier_token())) for url in (proxy.url, server.url)]
        for one in some:
            one.ready()
        totals: list[Counter[str]] = []
        threads = [
            threading.Thread(target=lambda one=one: totals.append(drain(lambda: one.verify(key))))
            for one in [some[0], some[0], some[1], client]
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    total = sum(totals, Counter())
    assert all(one["valid"] > 0 for one in totals) and total["valid"] <= 600
    # What one held and did not need came back to the others.
    total["valid"] += drain(lambda: client.verify(key))["valid"]
    assert total["valid"] == 600


def test_a_bucket_fills_again_and_costs_are_the_callers(server: Server, verifier: Verifier) -> None:
    limits = [
        {"name": "requests", "limit": 4, "window_seconds": 1, "burst": 8},
        {**QUOTA, "limit": 100, "default_cost": 7},
    ]
    key = server.create_key(limits=limits)["key"]
    by_name = {limit.name: limit for limit in verifier.verify(key, cost={"credits": 2}).limits}
    assert by_name["credits"].remaining == 98 and by_name["requests"].window_seconds == 1
    assert verifier.verify(key, cost=11).code == "rate_limited"
    refused = verifier.verify(key, cost={"credits": 99})
    assert refused.code == "quota_exceeded" and [one.name for one in refused.exceeded] == ["credits"]
    wait_until(lambda: verifier.verify(key, cost={"requests": 8, "credits": 0}).valid)
    again = verifier.verify(key, cost={"requests": 8, "credits": 0})
    assert again.code == "rate_limited" and again.retry_after_ms is not None and again.retry_after_ms <= 2000
    wait_until(lambda: verifier.verify(key, cost={"requests": 3, "credits": 0}).valid)


def test_units_go_back_when_a_verifier_ends(server: Server, client: Latchkey) -> None:
    key = server.create_key(limits=[{**QUOTA, "limit": 50}])["key"]
    with Verifier(server.url, server.verifier_token()) as one:
        assert one.verify(key)
    assert client.verify(key, cost=0).limits[0].remaining == 49


def test_a_changed_limit_counts_from_then_on(server: Server, verifier: Verifier, client: Latchkey) -> None:
    key = client.keys.create(name="Changed", permissions=[], limits=[{"name": "credits", "limit": 5, "resets": None}])
    codes = drain(lambda: verifier.verify(key["key"]))
    assert codes["valid"] == 5
    # The server itself believes what it has read of a limit for a second.
    time.sleep(1.1)
    client.keys.update(key["id"], limits=[{"name": "credits", "limit": 15, "resets": None}])
    codes = drain(lambda: verifier.verify(key["key"]))
    assert codes["valid"] == 10
    client.keys.add_units(key["id"], "credits", add=3, reference="more")
    wait_until(lambda: verifier.verify(key["key"]).valid)
    client.keys.update(key["id"], limits=[])
    wait_until(lambda: verifier.verify(key["key"]).limits == ())


def test_no_unit_is_spent_twice_though_answers_are_lost(server: Server, proxy: Proxy, client: Latchkey) -> None:
    key = server.create_key(limits=[{**QUOTA, "limit": 200}])["key"]
    lost = [0]

    def loses(path: str) -> bool:
        lost[0] += path == "/v1/grants"
        return path == "/v1/grants" and lost[0] % 3 == 2

    with Verifier(proxy.url, server.verifier_token()) as one:
        one.ready()
        proxy.loses = loses
        codes = drain(lambda: one.verify(key))
        proxy.loses = lambda path: False
    assert 0 < codes["valid"] <= 200 and lost[0] > 2
    # Of calls that failed nothing is known; all others were paid for once.
    left = drain(lambda: client.verify(key))["valid"]
    assert codes["valid"] + left <= 200
    assert codes["valid"] + left + sum(codes[code] for code in codes if code != "valid") >= 200


def test_a_verifier_without_a_server_spends_nothing(server: Server, proxy: Proxy) -> None:
    key = server.create_key(limits=[{**QUOTA, "limit": 1000}])["key"]
    with Verifier(proxy.url, server.verifier_token(), timeout=0.3) as one:
        one.ready()
        plain = server.create_key()["key"]
        assert one.verify(plain) and one.verify(key) and one.verify_cached(key)
        proxy.holds = lambda path: path == "/v1/grants"
        time.sleep(2.0)
        # Its facts are as fresh as ever, and it still holds units.
        assert one.verify_cached(plain) and one.verify_cached(key) is None
        with pytest.raises(LatchkeyError) as raised:
            one.verify(key)
        assert raised.value.code == "timed_out"
        proxy.holds = lambda path: False
        wait_until(lambda: _is_valid(one, key))


def test_what_is_reserved_is_settled(server: Server, client: Latchkey) -> None:
    key = server.create_key(limits=[{**QUOTA, "limit": 100}])["key"]
    with Verifier(server.url, server.verifier_token()) as verifier:
        verifier.ready()
        assert verifier.verify_cached(key, cost=30, reserve_seconds=60) is None
        verdict = verifier.verify(key, cost=30, reserve_seconds=60)
        assert verdict and verdict.reservation
        client.settle(verdict.reservation, 10)
        # What memory refuses is not drawn.
        refused = verifier.verify(key, ["other:thing"], cost=1, reserve_seconds=60)
        assert refused.code == "insufficient_permissions"
        assert verifier.verify(make_token(), reserve_seconds=60).code == "not_found"
        # The server counts what it draws, and the verifier what it refuses.
        counted = {measure: amount for (_, _, measure), amount in verifier._engine.memory.tally._counts.items() if amount}
        assert counted == {"insufficient_permissions": 1, "not_found": 1}
    # What is left is known for a second.
    wait_until(lambda: client.verify(key, cost=0).limits[0].remaining == 90)


def test_usage_is_counted_once_though_an_answer_is_lost(server: Server, proxy: Proxy, client: Latchkey) -> None:
    client.organizations.create(id="counted", name="Counted")
    key = client.keys.create(name="Used", organization_id="counted", permissions=["a:b"])
    limited = client.keys.create(
        name="Drawn",
        organization_id="counted",
        permissions=[],
        limits=[{"name": "credits", "limit": 90, "resets": None}],
    )
    # Of a report its answer is lost, however often it is sent; of its repetition in a later round, once.
    losses = [True] * 5
    proxy.loses = lambda path: path == "/v1/usage/reports" and bool(losses) and losses.pop()
    with Verifier(proxy.url, server.verifier_token()) as one:
        one.ready()
        for _ in range(7):
            assert one.verify(key["key"], ["a:b"], context={"ip": "192.0.2.7", "operation": "GET /a"})
        for _ in range(3):
            assert not one.verify(key["key"], ["c:d"])
        for _ in range(4):
            assert one.verify(limited["key"], cost=2)
        with pytest.raises(LatchkeyError):
            _loop.run(one._engine._report())
        assert len(losses) == 1
    assert losses == []
    (row,) = client.usage.read_key(key["id"], by="total").rows
    assert (row["calls"], row["valid"], row["refused"]) == (10, 7, {"insufficient_permissions": 3})
    (row,) = client.usage.read_key(limited["id"], by="total").rows
    assert (row["valid"], [unit["units"] for unit in row["units"]]) == (4, [8])
    found = client.keys.get(key["id"])
    assert found["last_used_at"] and found["last_used"] and found["last_used"]["ip"] == "192.0.2.7"
    needed = client.keys.read_permissions(key["id"])
    assert needed["granted"][0]["calls"] == 7


if os.environ.get("TEST_LONG") == "1":

    def test_idle_units_go_back(server: Server, verifier: Verifier, client: Latchkey) -> None:
        key = server.create_key(limits=[{**QUOTA, "limit": 50}])["key"]
        assert verifier.verify(key)
        time.sleep(12)
        assert client.verify(key, cost=0).limits[0].remaining == 49

    def test_units_that_another_process_waits_for_go_back(server: Server, verifier: Verifier) -> None:
        key = server.create_key(limits=[{**QUOTA, "limit": 12}])["key"]
        other = Server(server)
        try:
            with Latchkey(other.url, server.root) as client:
                assert verifier.verify(key) and verifier.verify_cached(key)
                wait_until(lambda: client.verify(key, cost=10).valid, 8)
                assert verifier.verify(key).code == "quota_exceeded"
        finally:
            other.close()

    def test_a_verifier_whose_messages_reach_two_processes_admits_what_there_is(
        server: Server, proxy: Proxy, client: Latchkey
    ) -> None:
        key = server.create_key(limits=[{**QUOTA, "limit": 300}])["key"]
        other = Server(server)
        try:
            with Verifier(proxy.url, server.verifier_token()) as one:
                one.ready()
                proxy.takes_turns_with(other.port)
                valid = drain(lambda: one.verify(key))["valid"]
            assert 0 < valid <= 300
            wait_until(lambda: client.verify(key, cost=0).limits[0].remaining <= 300 - valid)
            valid += drain(lambda: client.verify(key))["valid"]
            # What one process had lent when the other was asked is lost, and nothing beyond.
            assert 250 < valid <= 300
        finally:
            other.close()


def _is_valid(verifier: Verifier, token: str) -> bool:
    try:
        return verifier.verify(token).valid
    except LatchkeyError:
        return False
