"""What is known of a secret and its key. Facts, never a decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from .._addresses import Network, read_network
from .._token import is_foreign_kid
from .._wire import freeze, to_milliseconds
from ..errors import LatchkeyError, unexpected
from ..verdict import Verdict
from .limits import Claim, Claims, CountedLimit

_LINE_REASONS = ("revoked", "suspended", "expired", "not_yet_valid", "rotated")


class Facts:
    """What a secret is judged by; instants in milliseconds since 1970."""

    __slots__ = (
        "allowed_ips",
        "ancestor_ips",
        "ancestors",
        "answer",
        "begins_at",
        "claims",
        "expires_at",
        "foreign_kid",
        "grace_ends_at",
        "granted",
        "has_terms",
        "is_ended",
        "is_suspended",
        "not_before",
        "revoked_at",
        "size",
        "topics",
    )

    def __init__(self, secret: Mapping[str, Any]) -> None:
        """Reads the facts of a server. Raises KeyError, TypeError, ValueError for anything else."""
        key_id, organization_id = _text(secret["key_id"]), _text(secret["organization_id"])
        permissions = tuple(_text(permission) for permission in _list(secret["permissions"]))
        expires_at = _instant(secret["expires_at"])
        #: The verdict if all terms are met, made once.
        self.answer = Verdict(
            True,
            "valid",
            key_id,
            organization_id,
            _text(secret["name"]),
            permissions,
            expires_at,
            freeze(_mapping(secret["metadata"])),
        )
        self.granted = frozenset(permissions)
        self.expires_at = _milliseconds(expires_at)
        self.revoked_at = _milliseconds(_instant(secret["revoked_at"]))
        self.grace_ends_at = _milliseconds(_instant(secret["grace_ends_at"]))
        # Older servers have none of these.
        self.is_suspended = (
            _instant(secret.get("suspended_at")) is not None
            or _instant(secret.get("organization_suspended_at")) is not None
        )
        self.begins_at = _instant(secret.get("not_before"))
        self.not_before = _milliseconds(self.begins_at)
        self.allowed_ips = _networks(secret)
        if not isinstance(secret["is_ended"], bool):
            raise TypeError("Whether a secret has ended is not said.")
        self.is_ended: bool = secret["is_ended"]
        #: Only another system's token has one that it does not show.
        self.foreign_kid: str | None = secret.get("kid")
        if self.foreign_kid is not None and not is_foreign_kid(self.foreign_kid):
            raise ValueError("A kid has an unknown form.")
        self.ancestors: dict[str, str] = {}
        self.ancestor_ips: tuple[tuple[str, tuple[Network, ...]], ...] = ()
        self._read_ancestors(_list(secret.get("ancestors", [])))
        self.claims: Claims = ()
        limits = [CountedLimit(_mapping(told), organization_id) for told in _list(secret.get("limits", []))]
        if limits:
            self.claims = tuple(Claim(limit, limit.default_cost) for limit in limits)
        #: What makes the facts void if the stream names it.
        self.topics = [("key", key_id), ("organization", organization_id)]
        self.topics += [("key", _text(line)) for line in _list(secret.get("line", []))]
        if secret.get("plan") is not None:
            self.topics.append(("plan", _text(secret["plan"])))
        #: Whether anything but limits and permissions may refuse a call.
        self.has_terms = (
            self.is_ended
            or self.is_suspended
            or bool(self.allowed_ips or self.ancestor_ips)
            or (self.expires_at, self.revoked_at, self.grace_ends_at, self.not_before) != (None,) * 4
        )
        #: About how many bytes they take.
        self.size = 1_500 + len(repr(secret))

    def _read_ancestors(self, ancestors: list[Any]) -> None:
        ips = []
        for told in ancestors:
            ancestor_id, reasons = _text(told["id"]), _list(told["reasons"])
            for reason in _LINE_REASONS:
                if reason in reasons:
                    self.ancestors[reason] = ancestor_id
            networks = _networks(told)
            if networks:
                ips.append((ancestor_id, networks))
        self.ancestor_ips = tuple(ips)


class FactsAnswer(NamedTuple):
    """An answer of the server about a token."""

    #: None if the server does not follow changes, or gives facts for one call alone.
    sequence: int | None
    age_ms: float
    #: Whether there may be tokens of other systems.
    foreign_tokens: bool
    #: None if the token is unknown.
    facts: Facts | None


def read_facts(answer: Any) -> FactsAnswer:
    """Reads an answer. Raises ``unexpected_answer`` for anything else: no verdict is made of it."""
    try:
        sequence, age_ms, secret = answer["sequence"], answer["age_ms"], answer["secret"]
        if not is_age(age_ms) or not (sequence is None or is_sequence(sequence)):
            raise ValueError("The age or the sequence is no number.")
        facts = None if secret is None else Facts(_mapping(secret))
        return FactsAnswer(sequence, age_ms, answer.get("foreign_tokens") is True, facts)
    except (KeyError, TypeError, ValueError, AttributeError, LatchkeyError):
        raise unexpected("The facts from the server have an unknown format.") from None


def is_sequence(value: object) -> bool:
    """Tells whether something is the number of a change."""
    return type(value) is int and abs(value) <= 2**53


def is_age(value: object) -> bool:
    """Tells whether something is a length of time in milliseconds."""
    return type(value) in (int, float) and 0 <= value < float("inf")  # type: ignore[operator]


def _milliseconds(instant: datetime | None) -> int | None:
    return None if instant is None else to_milliseconds(instant)


def _instant(value: object) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    raise TypeError("What should be an instant is none.")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("What should be a text is none.")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("What should be a list is none.")
    return value


def _mapping(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("What should be an object is none.")
    return value


def _networks(holder: Mapping[str, Any]) -> tuple[Network, ...]:
    networks = []
    for text in _list(holder.get("allowed_ips", [])):
        network = read_network(text)
        if network is None:
            raise ValueError("What should be a network is none.")
        networks.append(network)
    return tuple(networks)
