"""One request to a server and its answer, on an event loop. Every failure is a :class:`LatchkeyError`."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import httpx

from ._token import parse_token
from ._wire import read_body, read_instant, write_body, write_query_value
from .errors import FieldError, LatchkeyError, unexpected

DEFAULT_TIMEOUT = 10.0
_MOST_REPETITIONS = 3
_FIRST_DELAY = 0.2
#: Longer than any page of keys can be, and than any row of an export.
_LONGEST_ANSWER = 32 * 1024 * 1024
_LONGEST_ROW = 64 * 1024
_next_link = re.compile(r"<([^>]*)>\s*;\s*rel=\"?next\"?")


class Answer(NamedTuple):
    """What a server answered."""

    status: int
    headers: httpx.Headers
    body: bytes

    def json(self) -> Any:
        """The answer read as JSON. Raises ``unexpected_answer``."""
        try:
            return read_body(self.body)
        except (ValueError, RecursionError):
            raise _not_latchkey(self.status) from None

    @property
    def text(self) -> str:
        """The answer as text."""
        return self.body.decode(errors="replace")

    @property
    def next_page(self) -> str | None:
        """Where the next page of a list begins (RFC 8288); None at its end."""
        link = _next_link.search(self.headers.get("link", ""))
        return None if link is None else dict(httpx.URL(link[1]).params).get("after")


class _Secret(str):
    """A text that shows itself to nobody: tracebacks that print the values of variables are kept for long."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'"


class Requester:
    """Sends requests as one key to one server, on the loop on which it is used first."""

    def __init__(self, url: str, token: str, timeout: float, headers: Mapping[str, str] | None = None) -> None:
        #: The server's address without a slash at its end.
        self.url = _read_url(url)
        self.timeout = timeout
        parsed = parse_token(token) if isinstance(token, str) else None
        if parsed is None:
            raise ValueError("The token is malformed. Check it for a missing character.")
        check_timeout(timeout)
        self._headers = {
            "authorization": _Secret(f"Bearer {parsed.token}"),
            "accept": "application/json",
            # What is compressed could be far longer than it seems.
            "accept-encoding": "identity",
            "user-agent": "latchkey-python",
            **(headers or {}),
        }
        self._http: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        #: The sockets of this process, for a child that must not share them.
        self._sockets: weakref.WeakSet[Any] = weakref.WeakSet()

    def __repr__(self) -> str:
        return f"Requester({self.url!r})"

    async def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: object = None,
        form: Mapping[str, object] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        timeout: float | None = None,
    ) -> Answer:
        """Sends a request, again if that is safe and may help, until it has its answer or the time is over."""
        check_timeout(timeout)
        seconds = self.timeout if timeout is None else timeout
        content, sent = self._write(body, form, headers)
        target = path + write_query(query)
        may_repeat = method == "GET" if repeatable is None else repeatable
        ends_at = asyncio.get_running_loop().time() + seconds
        repetition = 0
        while True:
            try:
                left = max(0.001, ends_at - asyncio.get_running_loop().time())
                return await asyncio.wait_for(self._send_once(method, target, content, sent), left)
            except asyncio.TimeoutError:
                raise LatchkeyError("timed_out", f"{self.url} did not answer in time.") from None
            except LatchkeyError as error:
                delay = _delay_before(error, repetition) if may_repeat else None
                if delay is None or asyncio.get_running_loop().time() + delay >= ends_at:
                    raise
            repetition += 1
            await asyncio.sleep(delay)

    @asynccontextmanager
    async def open(self, path: str, query: Mapping[str, object] | None = None) -> AsyncIterator[httpx.Response]:
        """Opens a stream, whose bytes are the caller's to read."""
        try:
            async with self._client().stream(
                "GET", self.url + path + write_query(query), headers=self._headers
            ) as response:
                self._note(response)
                if not response.is_success:
                    raise _read_problem(response, await _read_bytes(response), self.url)
                yield response
        except httpx.HTTPError:
            raise LatchkeyError("server_unreachable", f"{self.url} ended its answer too early.") from None

    async def rows(
        self, path: str, query: Mapping[str, object], timeout: float | None
    ) -> AsyncGenerator[tuple[httpx.Headers, Any], None]:
        """Reads an answer row by row (JSON lines); first its headers alone. A part never looks like the whole."""
        seconds = self.timeout if timeout is None else timeout
        stream = self.open(path, query)
        response = await _in_time(stream.__aenter__(), seconds, self.url)
        try:
            yield response.headers, None
            parts = response.aiter_bytes()
            rest = b""
            while True:
                part = await _in_time(anext(parts, None), seconds, self.url)
                if part is None:
                    break
                *lines, rest = (rest + part).split(b"\n")
                if len(rest) > _LONGEST_ROW:
                    raise _not_latchkey(response.status_code)
                for line in lines:
                    yield response.headers, _read_row(line, response.status_code)
            if rest:
                raise _not_latchkey(response.status_code)
        except httpx.HTTPError:
            raise LatchkeyError("server_unreachable", f"{self.url} ended its answer too early.") from None
        finally:
            await stream.__aexit__(None, None, None)

    async def close(self) -> None:
        """Closes the connections."""
        http, self._http = self._http, None
        if http is not None and self._loop is asyncio.get_running_loop():
            await http.aclose()

    def abandon(self) -> None:
        """Lets go of sockets that belong to the parent of this process, without a word on them."""
        for socket in list(self._sockets):
            if socket.fileno() >= 0:
                os.close(socket.detach())
        if self._http is not None:
            # Closing it would write to the parent's connections, and to the list of what its loop watches.
            _abandoned.append(self._http)
            self._http = None

    async def _send_once(self, method: str, target: str, content: bytes | None, headers: Mapping[str, str]) -> Answer:
        try:
            async with self._client().stream(method, self.url + target, content=content, headers=headers) as response:
                self._note(response)
                body = await _read_bytes(response)
        except (httpx.HTTPError, httpx.StreamError):
            raise LatchkeyError("server_unreachable", f"{self.url} did not answer.") from None
        if not response.is_success:
            raise _read_problem(response, body, self.url)
        return Answer(response.status_code, response.headers, body)

    def _client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        if self._http is None or self._loop is not loop:
            self._loop = loop
            # A redirect could carry the token to another address. Times are bounded above, in all.
            limits = httpx.Limits(max_connections=256, max_keepalive_connections=32, keepalive_expiry=30)
            self._http = httpx.AsyncClient(follow_redirects=False, timeout=None, limits=limits)
        return self._http

    def _note(self, response: httpx.Response) -> None:
        stream = response.extensions.get("network_stream")
        socket = None if stream is None else stream.get_extra_info("socket")
        real = getattr(socket, "_sock", socket)
        if real is not None:
            self._sockets.add(real)

    def _write(
        self, body: object, form: Mapping[str, object] | None, headers: Mapping[str, str] | None
    ) -> tuple[bytes | None, dict[str, str]]:
        sent = {**self._headers, **(headers or {})}
        if form is not None:
            sent["content-type"] = "application/x-www-form-urlencoded"
            return write_query(form)[1:].encode(), sent
        if body is None:
            return None, sent
        sent["content-type"] = "application/json"
        return write_body(body), sent


_abandoned: list[httpx.AsyncClient] = []


def check_timeout(timeout: float | None) -> None:
    """Raises ValueError for a length of time that is none."""
    if timeout is not None and not (isinstance(timeout, (int, float)) and 0 < timeout < float("inf")):
        raise ValueError("timeout: Must be a number of seconds greater than 0.")


def path_segment(text: object) -> str:
    """Writes an id into a path, as one segment. Raises ``invalid_input`` if none can be made of it."""
    # An empty id, or dots that URLs resolve, would name another resource.
    if not isinstance(text, str) or text.strip(".") == "":
        raise LatchkeyError("invalid_input", "An id is empty or consists of dots. Pass the id of the resource.")
    return quote(text, safe="")


def write_query(query: Mapping[str, object] | None) -> str:
    """Writes what is given of a query."""
    fields = []
    for name, value in (query or {}).items():
        if value is None:
            continue
        for one in value if isinstance(value, (list, tuple)) else [value]:
            fields.append((name, write_query_value(one)))
    return "?" + urlencode(fields) if fields else ""


def header_instant(headers: httpx.Headers, name: str) -> datetime | None:
    """The instant that a header has; None if it has none."""
    try:
        return read_instant(headers.get(name, ""))
    except ValueError:
        return None


async def _read_bytes(response: httpx.Response) -> bytes:
    parts, length = [], 0
    async for part in response.aiter_bytes():
        length += len(part)
        if length > _LONGEST_ANSWER:
            raise _not_latchkey(response.status_code)
        parts.append(part)
    return b"".join(parts)


async def _in_time(waiting: Any, seconds: float, url: str) -> Any:
    try:
        return await asyncio.wait_for(waiting, seconds)
    except asyncio.TimeoutError:
        raise LatchkeyError("timed_out", f"{url} did not answer in time.") from None


def _read_row(line: bytes, status: int) -> Any:
    try:
        return read_body(line)
    except ValueError:
        raise _not_latchkey(status) from None


def _read_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("The url of the server must begin with http:// or https://.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("The url of the server must have no user, no query and no fragment.")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _delay_before(error: LatchkeyError, repetition: int) -> float | None:
    """How long to wait before a request is sent again; None if that would not help."""
    may_pass = error.code in ("server_unreachable", "idempotency_in_progress") or error.status in (429, 503)
    if repetition >= _MOST_REPETITIONS or not may_pass:
        return None
    # Each waits another while: those who failed together must not come back together.
    return (error.retry_after or 0.0) + random.random() * _FIRST_DELAY * float(2**repetition)


def _not_latchkey(status: int, retry_after: float | None = None) -> LatchkeyError:
    error = unexpected(f"The answer ({status}) does not come from a Latchkey server. Check the url.", status)
    error.retry_after = retry_after
    return error


def _read_problem(response: httpx.Response, body: bytes, url: str) -> LatchkeyError:
    """Reads a refusal (RFC 9457)."""
    retry_after = _read_retry_after(response.headers.get("retry-after"))
    problem: Any = None
    if response.headers.get("content-type", "").startswith("application/problem+json"):
        try:
            problem = json.loads(body)
        except ValueError:
            pass
    if not isinstance(problem, dict) or not isinstance(problem.get("code"), str):
        return _not_latchkey(response.status_code, retry_after)
    code = problem["code"]
    errors = [
        FieldError(str(field.get("path", "")), str(field.get("message", "")))
        for field in problem.get("errors") or ()
        if isinstance(field, dict)
    ]
    return LatchkeyError(
        code,
        _describe(code, str(problem.get("detail") or problem.get("title") or code), url),
        status=response.status_code,
        request_id=problem.get("request_id"),
        retry_after=retry_after,
        errors=errors,
    )


def _describe(code: str, detail: str, url: str) -> str:
    """Says of a refused token that it is the client's own, which is not the one that it asks about."""
    if code == "invalid_token":
        return f"{url} refuses the token that this client itself sends: it is unknown, expired or revoked."
    if code == "missing_permission":
        return f"The token that this client itself sends may not do this. {detail}"
    if code == "route_not_found":
        return (
            f"{url} has no such route. The url of the client must be the address of the server, without /v1; "
            "a server of an earlier version may lack the route."
        )
    return detail


def _read_retry_after(value: str | None) -> float | None:
    """How long the server, or a proxy before it, wants to be left alone (RFC 9110, section 10.2.3)."""
    if value is None:
        return None
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        instant = parsedate_to_datetime(value)
        return max(0.0, (instant - datetime.now(instant.tzinfo)).total_seconds())
    except (TypeError, ValueError):
        return None
