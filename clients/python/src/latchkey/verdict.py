"""What a verification says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Literal, cast

from ._wire import freeze, thaw, write_instant
from .errors import unexpected

VerdictCode = Literal[
    "valid",
    "malformed",
    "not_found",
    "wrong_environment",
    "revoked",
    "suspended",
    "expired",
    "not_yet_valid",
    "rotated",
    "ip_not_allowed",
    "insufficient_permissions",
    "quota_exceeded",
    "rate_limited",
]
LimitScope = Literal["key", "organization", "ancestor"]

_NOTHING: Mapping[str, Any] = MappingProxyType({})
_BARE = ("malformed", "not_found")


@dataclass(frozen=True)
class VerdictLimit:
    """A limit that applied to a call, after it."""

    #: The name of the limit.
    name: str
    #: Whose limit it is: the key's, its organization's, or that of a key which made it.
    scope: LimitScope
    #: The id of the owner.
    id: str
    #: How many units there are in each window, or in each period.
    limit: int
    #: How many are left, as far as is known.
    remaining: int
    #: When the period ends, or the bucket is full; None for never.
    resets_at: datetime | None
    #: The window of a rate; None for a quota.
    window_seconds: int | None = None


@dataclass(frozen=True)
class ExceededLimit:
    """A limit that refused a call."""

    #: The name of the limit.
    name: str
    #: Whose limit it is.
    scope: LimitScope
    #: The id of the owner.
    id: str


@dataclass(frozen=True)
class Verdict:
    """What a verification says of a token. It is true in conditions only if it is valid."""

    #: Whether the token may be used as the question asks.
    valid: bool
    #: ``valid``, or why not: the first reason in the order of judgement.
    code: VerdictCode
    #: The id of the key; None if the token is unknown.
    key_id: str | None = None
    #: The organization that owns the key.
    organization_id: str | None = None
    #: The name of the key.
    name: str | None = None
    #: What the key may do.
    permissions: tuple[str, ...] = ()
    #: When the key expires; None if never.
    expires_at: datetime | None = None
    #: The operator's own data about the key, read-only.
    metadata: Mapping[str, Any] = field(default_factory=lambda: _NOTHING, hash=False)
    #: From when on the key may be used, of ``not_yet_valid``.
    not_before: datetime | None = None
    #: The permissions that the key lacks, of ``insufficient_permissions``.
    missing: tuple[str, ...] = ()
    #: The key of whose line the reason is, if it is not the key's own.
    ancestor_id: str | None = None
    #: The limits that applied.
    limits: tuple[VerdictLimit, ...] = ()
    #: The limits that refused the call, of ``rate_limited`` and ``quota_exceeded``.
    exceeded: tuple[ExceededLimit, ...] = ()
    #: How many milliseconds to wait; None if waiting does not help.
    retry_after_ms: int | None = None
    #: What :meth:`~latchkey.Latchkey.settle` settles, if something was reserved.
    reservation: str | None = None

    def __bool__(self) -> bool:
        return self.valid

    def as_dict(self) -> dict[str, Any]:
        """The verdict as the HTTP API writes it, ready for JSON."""
        told: dict[str, Any] = {"valid": self.valid, "code": self.code}
        if self.code in _BARE:
            return told
        told["key_id"] = self.key_id
        if self.code != "rotated":
            told["organization_id"] = self.organization_id
            told["name"] = self.name
            told["permissions"] = list(self.permissions)
            told["expires_at"] = _text(self.expires_at)
            told["metadata"] = thaw(self.metadata)
        if self.not_before is not None:
            told["not_before"] = _text(self.not_before)
        if self.ancestor_id is not None:
            told["ancestor_id"] = self.ancestor_id
        if self.code == "insufficient_permissions":
            told["missing"] = list(self.missing)
        if self.limits:
            told["limits"] = [_limit_dict(limit) for limit in self.limits]
        if self.exceeded:
            told["exceeded"] = [vars(limit) for limit in self.exceeded]
            told["retry_after_ms"] = self.retry_after_ms
        if self.reservation is not None:
            told["reservation"] = self.reservation
        return told


MALFORMED = Verdict(False, "malformed")
NOT_FOUND = Verdict(False, "not_found")


def read_verdict(answer: object) -> Verdict:
    """Reads a verdict of the server. Raises ``unexpected_answer`` for anything else."""
    try:
        told = dict(cast("dict[str, Any]", answer))
        if not isinstance(told["valid"], bool) or told["valid"] != (told["code"] == "valid"):
            raise ValueError
        told["permissions"] = tuple(told.get("permissions", ()))
        told["missing"] = tuple(told.get("missing", ()))
        told["metadata"] = freeze(told.get("metadata", {}))
        told["limits"] = tuple(VerdictLimit(**_known(VerdictLimit, limit)) for limit in told.get("limits", ()))
        told["exceeded"] = tuple(ExceededLimit(**_known(ExceededLimit, limit)) for limit in told.get("exceeded", ()))
        return Verdict(**_known(Verdict, told))
    except (KeyError, TypeError, ValueError):
        raise unexpected("The verdict from the server has an unknown format.") from None


def _known(shape: type, told: Mapping[str, Any]) -> dict[str, Any]:
    """Leaves out the fields of newer servers."""
    return {name: value for name, value in told.items() if name in shape.__dataclass_fields__}  # type: ignore[attr-defined]


def _limit_dict(limit: VerdictLimit) -> dict[str, Any]:
    told = {**vars(limit), "resets_at": _text(limit.resets_at)}
    if limit.window_seconds is None:
        del told["window_seconds"]
    return told


def _text(instant: datetime | None) -> str | None:
    return None if instant is None else write_instant(instant)
