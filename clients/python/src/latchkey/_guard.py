"""What every guard does in every framework: takes the token of a request, has it verified, and says what to answer."""

from __future__ import annotations

import base64
import binascii
import json
import logging
import math
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeVar, Union

from . import _permissions
from ._addresses import is_address
from ._token import LONGEST_PRESENTED, is_prefix, redact_tokens
from ._verifier.question import LONGEST_TEXT, MAX_RESERVE_SECONDS, Cost, check_cost
from .errors import LatchkeyError
from .verdict import Verdict, VerdictLimit

Request = TypeVar("Request")
BasicPart = Literal["password", "user-name"]
Permissions = Union[Sequence[str], Callable[[Request], Sequence[str]]]
Costs = Union[Cost, Callable[[Request], Cost], None]

_MAX_INTEGER = 999_999_999_999_999
_REPORT_EVERY = 60.0
_LONGEST_SEGMENT = 24
_varying = re.compile(r"\d+|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_control = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_log = logging.getLogger("latchkey")
_OWNERS = {"key": "key", "organization": "organization", "ancestor": "key that created this key"}
_BASIC = 'Basic realm="Latchkey", charset="UTF-8"'
_DRAWN_TWICE = (
    "An earlier guard of this request has drawn from the limits of its key already, by its own cost or by their default. "
    "Give the earlier guard cost=0, or leave the cost out here."
)


class TokenVerifier(Protocol):
    """Who judges tokens: a :class:`~latchkey.Verifier` or a :class:`~latchkey.Latchkey`."""

    def verify(
        self,
        token: str,
        permissions: Sequence[str] | None = None,
        *,
        prefix: str | None = None,
        cost: Cost | None = None,
        reserve_seconds: int | None = None,
        context: Mapping[str, str] | None = None,
        asker: str = "",
    ) -> Verdict: ...


class AsyncTokenVerifier(Protocol):
    """Who judges tokens: an :class:`~latchkey.AsyncVerifier` or an :class:`~latchkey.AsyncLatchkey`."""

    def verify(
        self,
        token: str,
        permissions: Sequence[str] | None = None,
        *,
        prefix: str | None = None,
        cost: Cost | None = None,
        reserve_seconds: int | None = None,
        context: Mapping[str, str] | None = None,
        asker: str = "",
    ) -> Awaitable[Verdict]: ...


@dataclass(frozen=True)
class Refusal:
    """An answer to a request that is not let through: a problem (RFC 9457)."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Admission:
    """A request that is let through, and the headers to add to its answer."""

    key: Verdict
    headers: dict[str, str]


@dataclass(frozen=True)
class Asking:
    """What to ask of a token."""

    token: str
    wanted: tuple[str, ...]
    is_askable: bool
    question: dict[str, Any]

    @property
    def draws(self) -> bool:
        """Whether it draws from the limits of the key."""
        return self.question.get("cost") != 0


class Guard(Generic[Request]):
    """A guard's settings, and its two steps: what to ask of a request, and what the verdict means for it."""

    def __init__(
        self,
        permissions: Permissions[Request] = (),
        prefix: str | None = None,
        cost: Costs[Request] = None,
        reserve_seconds: int | None = None,
        basic_auth: BasicPart | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> None:
        if not callable(permissions):
            _check_permissions(permissions)
        if prefix is not None and not is_prefix(prefix):
            raise ValueError("prefix: Must be a token prefix, such as re or re_live.")
        if cost is not None and not callable(cost):
            check_cost(cost)
        if basic_auth not in (None, "password", "user-name"):
            raise ValueError("basic_auth: Must be password or user-name.")
        if reserve_seconds is not None and (
            cost is None or type(reserve_seconds) is not int or not 1 <= reserve_seconds <= MAX_RESERVE_SECONDS
        ):
            raise ValueError("reserve_seconds: Must be a whole number from 1 to 86400, and needs a cost.")
        self._permissions = permissions
        self._prefix = prefix
        self._cost = cost
        self._reserve_seconds = reserve_seconds
        self._basic = basic_auth
        self._on_error = on_error or _Reporter()

    def ask(
        self,
        header: Callable[[str], str | None],
        request: Request,
        *,
        has_drawn: bool,
        ip: str | None,
        method: str,
        path: str,
    ) -> Asking | Refusal:
        """What to ask of the token that a request presents; or why none can be asked about."""
        permissions = self._permissions(request) if callable(self._permissions) else self._permissions
        wanted = tuple(permissions)
        # What is made of a request is its sender's own text: it may be none that a key can hold.
        is_askable = len(wanted) <= _permissions.MOST and all(map(_permissions.is_permission, wanted))
        token = read_presented(header, self._basic)
        if token is None:
            detail = "Send a token as Authorization: Bearer <token> or as X-Api-Key: <token>."
            return _refuse(401, "missing_token", "Missing token", detail, self._challenge("Bearer"))
        # Two different ones, an empty one, or one that is too long for any: not worth a question.
        if token == "" or len(token) > LONGEST_PRESENTED:
            return self._refuse_token()
        if has_drawn and self._cost is not None:
            raise RuntimeError(_DRAWN_TWICE)
        cost = self._cost(request) if callable(self._cost) else self._cost
        if cost is not None:
            try:
                check_cost(cost)
            except LatchkeyError:
                detail = "This request costs a number of units that no limit can count."
                return _refuse(422, "invalid_input", "Invalid input", detail, {})
        # What no key can be let through with draws nothing.
        asked = 0 if has_drawn or not is_askable else cost
        question: dict[str, Any] = {"permissions": list(wanted) if is_askable else [], "asker": ip or ""}
        if self._prefix is not None:
            question["prefix"] = self._prefix
        if asked is not None:
            question["cost"] = asked
            if self._reserve_seconds is not None and not _is_nothing(asked):
                question["reserve_seconds"] = self._reserve_seconds
        context = context_of(ip, header("user-agent"), method, path)
        if context:
            question["context"] = context
        return Asking(token, wanted, is_askable, question)

    def conclude(self, asking: Asking, verdict: Verdict) -> Admission | Refusal:
        """What a verdict means for the request."""
        if verdict.valid:
            if asking.is_askable:
                return Admission(verdict, rate_limit_headers(verdict))
            # Their text is the sender's, and stands in no header.
            detail = "This request requires a permission that no key can hold."
            challenge = {"www-authenticate": 'Bearer error="insufficient_scope"'}
            return _refuse(403, "missing_permission", "Missing permission", detail, challenge)
        if verdict.code == "insufficient_permissions":
            wanted = " ".join(asking.wanted)
            challenge = {"www-authenticate": f'Bearer error="insufficient_scope", scope="{wanted}"'}
            detail = f"This request requires a key that holds {wanted}."
            return _refuse(403, "missing_permission", "Missing permission", detail, challenge)
        if verdict.code in ("rate_limited", "quota_exceeded"):
            return _refuse_exceeded(verdict)
        return self._refuse_token()

    def fail(self, error: Exception) -> Refusal:
        """No verdict: neither yes nor no. Who asked may ask again, and does not come through."""
        self._on_error(error)
        detail = "The token cannot be verified now. Try again."
        return _refuse(503, "store_unavailable", "Database unavailable", detail, {"retry-after": "1"})

    def _refuse_token(self) -> Refusal:
        """One sentence for all tokens that open nothing, so that nobody learns which once opened something."""
        detail = "The token is unknown, expired or revoked."
        return _refuse(401, "invalid_token", "Invalid token", detail, self._challenge('Bearer error="invalid_token"'))

    def _challenge(self, challenge: str) -> dict[str, str]:
        return {"www-authenticate": challenge if self._basic is None else f"{challenge}, {_BASIC}"}


def read_presented(header: Callable[[str], str | None], basic: BasicPart | None) -> str | None:
    """The token that a request presents; None if it presents none, and '' for what cannot be judged, as two different ones."""
    authorization = header("authorization")
    shown = None if authorization is None else _read_bearer(authorization)
    if shown is None and basic is not None and authorization is not None:
        shown = _read_basic(authorization, basic)
    api_key = header("x-api-key")
    if shown is not None and api_key is not None and shown != api_key:
        return ""
    return api_key if shown is None else shown


def context_of(ip: str | None, user_agent: str | None, method: str, path: str) -> dict[str, str]:
    """The context of a request's call: cut and cleaned, since it is its sender's own text."""
    segments = [
        "*" if _varying.fullmatch(segment) or len(segment) > _LONGEST_SEGMENT else segment
        for segment in path.split("?")[0].split("#")[0].split("/")
    ]
    told = {
        "ip": ip if is_address(ip) else "",
        "user_agent": _clean(user_agent or ""),
        "operation": _clean(f"{method} {'/'.join(segments) or '/'}"),
    }
    return {name: text for name, text in told.items() if text}


def rate_limit_headers(verdict: Verdict) -> dict[str, str]:
    """The headers of the limits of a verdict (draft-ietf-httpapi-ratelimit-headers); none if no limits apply."""
    limits = verdict.limits
    if not limits:
        return {}
    now = time.time()
    headers = {
        "ratelimit-policy": ", ".join(
            f'"{_name_of(limit, limits)}";q={limit.limit}'
            + (f";w={limit.window_seconds}" if limit.window_seconds else "")
            for limit in limits
        ),
        "ratelimit": ", ".join(
            f'"{_name_of(limit, limits)}";r={min(limit.remaining, _MAX_INTEGER)}{_reset_of(limit, now)}'
            for limit in limits
        ),
    }
    if verdict.retry_after_ms is not None:
        headers["retry-after"] = str(max(1, math.ceil(verdict.retry_after_ms / 1000)))
    return headers


class _Reporter:
    """Reports errors where the program has nothing of its own for them: rarely, and without any token."""

    def __init__(self) -> None:
        self._reported_at = -math.inf

    def __call__(self, error: Exception) -> None:
        now = time.monotonic()
        if now - self._reported_at >= _REPORT_EVERY:
            self._reported_at = now
            _log.error("A key could not be verified, and the request was answered 503: %s", redact_tokens(str(error)))


def _refuse(status: int, code: str, title: str, detail: str, headers: dict[str, str]) -> Refusal:
    problem = {"type": f"urn:latchkey:error:{code}", "title": title, "status": status, "detail": detail, "code": code}
    own = {"content-type": "application/problem+json", "cache-control": "no-store"}
    return Refusal(status, {**own, **headers}, json.dumps(problem).encode())


def _refuse_exceeded(verdict: Verdict) -> Refusal:
    """429 with how long to wait, or 402 if waiting does not help: clients repeat a 429 for days."""
    names = [f"{limit.name} of the {_OWNERS[limit.scope]}" for limit in verdict.exceeded]
    is_one = len(names) == 1
    named = ", ".join(names[:-1]) + (", and " if len(names) > 2 else " and " if len(names) == 2 else "") + names[-1]
    what = f"{'The limit' if is_one else 'The limits'} {named} {'has' if is_one else 'have'} too few units for this request"
    title = "Quota exceeded" if verdict.code == "quota_exceeded" else "Rate limited"
    if verdict.retry_after_ms is None:
        detail = f"{what}, and waiting gives no more."
        return _refuse(402, verdict.code, title, detail, rate_limit_headers(verdict))
    detail = f"{what} now. Try again in {max(1, math.ceil(verdict.retry_after_ms / 1000))} s."
    return _refuse(429, verdict.code, title, detail, rate_limit_headers(verdict))


def _name_of(limit: VerdictLimit, limits: Sequence[VerdictLimit]) -> str:
    """A limit of the key by its name; one of another owner, if that has the same name, with whose it is."""
    is_alone = all(other is limit or other.name != limit.name for other in limits)
    return limit.name if is_alone or limit.scope == "key" else f"{limit.scope}/{limit.name}"


def _reset_of(limit: VerdictLimit, now: float) -> str:
    return "" if limit.resets_at is None else f";t={max(0, math.ceil(limit.resets_at.timestamp() - now))}"


def _read_bearer(authorization: str) -> str | None:
    scheme, _, token = authorization.partition(" ")
    return token.lstrip(" ") if scheme.lower() == "bearer" and token else None


def _read_basic(authorization: str, part: BasicPart) -> str | None:
    """The token of HTTP Basic (RFC 7617). '' for what cannot be read, or whose token has a colon."""
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        pair = base64.b64decode(text.strip(), validate=True).decode("latin-1")
    except (binascii.Error, ValueError):
        return ""
    name, colon, password = pair.partition(":")
    if not colon:
        return ""
    token = name if password == "" and part == "user-name" else password
    # Programs do not agree on which colon ends the user name, so none may be part of a token.
    return "" if ":" in token else token


def _clean(text: str) -> str:
    """A text without control characters and tokens, of so many characters at most."""
    return redact_tokens(_control.sub(" ", text[: 4 * LONGEST_TEXT]))[:LONGEST_TEXT].strip()


def _is_nothing(cost: Cost) -> bool:
    return cost == 0 if isinstance(cost, int) else all(units == 0 for units in cost.values())


def _check_permissions(permissions: Sequence[str]) -> None:
    if isinstance(permissions, str):
        raise TypeError("permissions: Must be a list of permissions.")
    wrong = next((one for one in permissions if not _permissions.is_permission(one)), None)
    if wrong is not None:
        raise ValueError(f"{wrong!r} is not a permission such as emails:send.")
    if len(permissions) > _permissions.MOST:
        raise ValueError(f"A guard requires at most {_permissions.MOST} permissions.")
