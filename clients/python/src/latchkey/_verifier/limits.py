"""Limits as facts tell them, and what a call claims of them. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from .._wire import from_milliseconds, to_milliseconds
from ..verdict import ExceededLimit, LimitScope, Verdict, VerdictLimit

if TYPE_CHECKING:
    from .holding import Holding

MAX_UNITS = 10**12
#: The last instant that RFC 3339 can write, in the year 9999: what lies beyond never comes.
_LAST_INSTANT = 253_402_300_799_999


class Allowance(NamedTuple):
    """How many units there are, and when: a bucket if it has a window, else a store for each period."""

    limit: int
    #: The kind of its counter: ``rate``, or when a quota begins anew.
    kind: str
    window_ms: int
    burst: int
    overdraft: int | None

    @property
    def is_rate(self) -> bool:
        """Whether it is a bucket, which gains units evenly."""
        return self.kind == "rate"


class CountedLimit:
    """A limit as a verification meets it."""

    __slots__ = (
        "allowance",
        "counter_id",
        "default_cost",
        "epoch",
        "holding",
        "name",
        "organization_id",
        "owner_id",
        "scope",
    )

    def __init__(self, told: Mapping[str, Any], organization_id: str) -> None:
        """Reads a limit of facts. Raises KeyError, TypeError, ValueError for anything else."""
        self.scope: LimitScope = told["scope"]
        self.owner_id: str = told["id"]
        self.name: str = told["name"]
        self.epoch = _count(told["epoch"])
        self.default_cost = _count(told["default_cost"])
        self.allowance = _read_allowance(told)
        self.organization_id = organization_id
        if self.scope not in ("key", "organization", "ancestor"):
            raise ValueError("The scope of a limit is unknown.")
        if not isinstance(self.name, str) or not isinstance(self.owner_id, str):
            raise TypeError("A limit has no name.")
        owner = "organization" if self.scope == "organization" else "key"
        self.counter_id = f"{owner}/{self.owner_id}/{self.name}/{self.allowance.kind}"
        self.holding: Holding | None = None

    def is_same(self, other: CountedLimit) -> bool:
        """Whether units that the other granted may be spent of this one."""
        return self is other or (self.epoch == other.epoch and self.allowance == other.allowance)


class Claim(NamedTuple):
    """What a call draws from one limit."""

    limit: CountedLimit
    cost: int
    #: The period of the units that were drawn, if another may have begun since.
    period: int | None = None


Claims = tuple[Claim, ...]


def claims_of(claims: Claims, cost: int | Mapping[str, int] | None) -> Claims:
    """What a call draws that names a cost, or none."""
    if cost is None:
        return claims
    if isinstance(cost, int):
        return tuple(Claim(limit, cost) for limit, _, _ in claims)
    return tuple(Claim(claim.limit, cost.get(claim.limit.name, claim.cost)) for claim in claims)


def date_claims(claims: Claims) -> Claims:
    """What was drawn just now, with the periods of the units: others may begin before they are given back."""
    return tuple(
        Claim(limit, cost, None if limit.holding is None else limit.holding.period) for limit, cost, _ in claims
    )


def time_to_gain(allowance: Allowance, units: int) -> int | None:
    """How long a rate takes to gain so many units, in milliseconds, rounded up; None if it never does."""
    if units <= 0:
        return 0
    return None if allowance.limit == 0 else -(-units * allowance.window_ms // allowance.limit)


def describe_claims(claims: Claims, wall: float) -> tuple[VerdictLimit, ...]:
    """What a verdict tells of the limits of claims."""
    return tuple(_describe(limit, wall) for limit, _, _ in claims)


def exceeded_verdict(answer: Verdict, claims: Claims, exceeded: Sequence[Claim], now: float, wall: float) -> Verdict:
    """The verdict on a call that some limits refuse. Quotas come first: they refuse for longer."""
    is_quota = any(not limit.allowance.is_rate for limit, _, _ in exceeded)
    return Verdict(
        False,
        "quota_exceeded" if is_quota else "rate_limited",
        answer.key_id,
        answer.organization_id,
        answer.name,
        answer.permissions,
        answer.expires_at,
        answer.metadata,
        limits=describe_claims(claims, wall),
        exceeded=tuple(ExceededLimit(limit.name, limit.scope, limit.owner_id) for limit, _, _ in exceeded),
        retry_after_ms=_retry_after(exceeded, now, wall),
    )


def _retry_after(exceeded: Sequence[Claim], now: float, wall: float) -> int | None:
    longest = 1
    for limit, cost, _ in exceeded:
        wait = cast("Holding", limit.holding).retry_after_ms(limit.allowance, cost, now, wall)
        if wait is None:
            return None
        longest = max(longest, wait)
    return longest


def _describe(limit: CountedLimit, wall: float) -> VerdictLimit:
    holding, allowance = limit.holding, limit.allowance
    remaining = 0 if holding is None else holding.remaining
    if not allowance.is_rate:
        ends_at = None if holding is None else holding.ends_at
        resets_at = None if ends_at is None else from_milliseconds(ends_at)
        return VerdictLimit(limit.name, limit.scope, limit.owner_id, allowance.limit, remaining, resets_at)
    gained = time_to_gain(allowance, allowance.burst - remaining)
    is_never = gained is None or wall + gained > _LAST_INSTANT
    full_at = None if is_never or gained is None else from_milliseconds(math.floor(wall) + gained)
    window = allowance.window_ms // 1000
    return VerdictLimit(limit.name, limit.scope, limit.owner_id, allowance.limit, remaining, full_at, window)


def _read_allowance(told: Mapping[str, Any]) -> Allowance:
    limit = _count(told["limit"])
    window = told.get("window_seconds")
    if window is not None:
        if _count(window) == 0:
            raise ValueError("A window is empty.")
        return Allowance(limit, "rate", window * 1000, _count(told["burst"]), None)
    resets, anchor = told["resets"], told.get("anchor")
    if resets not in (None, "hourly", "daily", "weekly", "monthly"):
        raise ValueError("A quota begins anew when nobody knows.")
    kind = resets or "never"
    if anchor is not None:
        kind += f"@{to_milliseconds(anchor)}"
    return Allowance(limit, kind, 0, 0, told.get("overdraft"))


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value <= 2**53:
        raise TypeError("A count is no number.")
    return value
