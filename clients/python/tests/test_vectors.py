"""The vectors by which verifiers in all languages are held to one another."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from latchkey._addresses import is_within, read_network
from latchkey._permissions import missing_permissions
from latchkey._token import kid_of, parse_presented, parse_token
from latchkey._verifier.allotments import Allotments
from latchkey._verifier.facts import Facts
from latchkey._verifier.holding import Grant
from latchkey._verifier.judgement import evaluate
from latchkey._verifier.limits import Claim, CountedLimit, describe_claims
from latchkey._verifier.question import read_question
from latchkey._wire import read_body, read_instant, to_milliseconds
from latchkey.verdict import MALFORMED, NOT_FOUND, Verdict, read_verdict

_tests = Path(__file__).parents[3] / "test"
TOKENS: list[Any] = json.loads((_tests / "vectors.json").read_text())
VECTORS: dict[str, Any] = json.loads((_tests / "verifier-vectors.json").read_text())
NOW = to_milliseconds(read_instant(VECTORS["now"]))


@pytest.mark.parametrize("case", TOKENS, ids=lambda case: case["what"])
def test_a_token_is_taken_apart(case: Any) -> None:
    parsed = parse_token(case["token"])
    assert parsed is not None and parsed.kid == case["kid"] == kid_of(case["token"])
    assert sha256(parsed.token.encode()).hexdigest() == case["sha256"]
    assert parse_token(case["token"][:-1]) is None
    assert parse_token(case["token"] + "0") is None
    other = "0" if case["token"][-1] != "0" else "1"
    assert parse_token(case["token"][:-1] + other) is None


@pytest.mark.parametrize("case", VECTORS["permissions"], ids=json.dumps)
def test_permissions(case: Any) -> None:
    assert list(missing_permissions(case["granted"], case["asked"])) == case["missing"]


@pytest.mark.parametrize("case", VECTORS["networks"], ids=json.dumps)
def test_networks(case: Any) -> None:
    networks = tuple(network for text in case["networks"] if (network := read_network(text)))
    assert len(networks) == len(case["networks"])
    assert is_within(networks, case["ip"]) is case["within"]


def judge(case: Any) -> Verdict:
    question = case["question"]
    asked = read_question(
        question.get("permissions"),
        question.get("organization_id"),
        question.get("prefix"),
        None,
        None,
        question.get("context"),
    )
    if parse_presented(case["token"], accepts_foreign=True) is None:
        return MALFORMED
    if case["secret"] is None:
        return NOT_FOUND
    facts = Facts(read_body(json.dumps(case["secret"])))
    refusal = evaluate(facts, asked, NOW, case["token"])
    return facts.answer if refusal is None else refusal


@pytest.mark.parametrize("case", VECTORS["verdicts"], ids=lambda case: case["what"])
def test_a_token_is_judged(case: Any) -> None:
    verdict = judge(case)
    assert verdict.as_dict() == case["verdict"]
    assert bool(verdict) is case["verdict"]["valid"]
    # The server writes a verdict as this package does.
    assert read_verdict(read_body(json.dumps(case["verdict"]))) == verdict


@pytest.mark.parametrize("case", VECTORS["counters"], ids=lambda case: case["counter"])
def test_the_counter_of_a_limit(case: Any) -> None:
    assert CountedLimit(read_body(json.dumps(case["limit"])), "acme").counter_id == case["counter"]


@pytest.mark.parametrize("case", VECTORS["waits"], ids=lambda case: f"{case['limit']} {case['cost']}")
def test_how_long_to_wait(case: Any) -> None:
    async def draw() -> None:
        limit = CountedLimit(read_body(json.dumps(case["limit"])), "acme")
        allotments = Allotments(lambda: 0, lambda: None, lambda: True)
        allotments.wait((Claim(limit, case["cost"]),), asyncio.get_running_loop().create_future())
        message = allotments.prepare()
        assert message is not None
        ends_at = None if case["ends_at"] is None else to_milliseconds(read_instant(case["ends_at"]))
        resets_in_ms = None if ends_at is None else ends_at - NOW
        allotments.accept(message, [Grant(0, 0, 0, 0, case["remaining"], 0, resets_in_ms, ends_at)])
        assert limit.holding is not None
        assert limit.holding.retry_after_ms(limit.allowance, case["cost"], 0, NOW) == case["retry_after_ms"]
        (told,) = describe_claims((Claim(limit, case["cost"]),), NOW)
        expected = case["resets_at"]
        assert told.resets_at == (None if expected is None else read_instant(expected))

    asyncio.run(draw())
