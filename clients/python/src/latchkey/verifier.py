"""Verifiers judge tokens in this process, from facts that they got from a server, and never trust them for longer than two
seconds (docs/reference/verifier-protocol.md)."""

from __future__ import annotations

import asyncio
import atexit
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType

from . import _loop
from ._clock import Clock
from ._verifier.engine import Engine, Settings
from ._verifier.question import NOTHING_ASKED, Cost, Question, read_question
from .errors import LatchkeyError
from .verdict import Verdict

__all__ = ["AsyncVerifier", "Verifier"]

DEFAULT_TIMEOUT = 3.0
DEFAULT_SECRETS = 100_000
#: How long a process that ends waits for the last report of a verifier that nobody has closed.
_LAST_SECONDS = 1.0


class _Base:
    """What both verifiers share: memory, and all that it can answer."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        cached_secrets: int = DEFAULT_SECRETS,
        cache_bytes: int | None = None,
        stale_if_error: float = 0,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Makes a verifier, which speaks to the server from its first use on.

        :param url: the server's address, such as ``https://keys.example.com``
        :param token: of a key with ``latchkey:keys:verify``; it is sent in the ``Authorization`` header only
        :param timeout: how long a verification may wait for the server in all, in seconds
        :param cached_secrets: how many secrets are remembered at the most; 0 for none
        :param cache_bytes: about how many bytes they may take; 4,000 times ``cached_secrets`` if absent
        :param stale_if_error: if the server is away, memory answers for so many seconds after the verifier last heard of it,
            except for keys that are known to have changed since; of a revocation that is made meanwhile it does not know
        :param now: seconds since 1970, for tests
        :param monotonic: seconds by a clock that is never set, for tests
        :raises ValueError: for an address that is not http or https, a malformed token and a number out of bounds
        """
        self._settings = Settings(
            url, token, timeout, cached_secrets, cache_bytes, stale_if_error, Clock(now, monotonic)
        )
        self._engine = Engine(self._settings)
        self._is_closed = False
        _loop.begin_anew_after_fork(self)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._settings.url!r})"

    def verify_cached(
        self,
        token: str,
        permissions: Sequence[str] | None = None,
        *,
        organization_id: str | None = None,
        prefix: str | None = None,
        cost: Cost | None = None,
        reserve_seconds: int | None = None,
        context: Mapping[str, str] | None = None,
    ) -> Verdict | None:
        """Verifies a token from memory alone, without I/O; None if memory may not answer, and to reserve.

        Raises ``invalid_input`` for a question of a wrong form.
        """
        asked = _read(permissions, organization_id, prefix, cost, reserve_seconds, context)
        if reserve_seconds is not None:
            return None
        outcome = self._engine.memory.judge(token, asked)
        return outcome if isinstance(outcome, Verdict) else None

    def _begin_anew(self) -> None:
        """This is a child of the process that made it: it shares no socket, lease or unit with that."""
        self._engine.abandon()
        self._engine = Engine(self._settings, self._is_closed)


class Verifier(_Base):
    """Verifies tokens in this process, for programs with threads. Many threads may use one at once.

    In a child of a process that forked, such as a worker of gunicorn with ``preload_app``, it begins anew by itself.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        timeout: float = DEFAULT_TIMEOUT,
        cached_secrets: int = DEFAULT_SECRETS,
        cache_bytes: int | None = None,
        stale_if_error: float = 0,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(
            url,
            token,
            timeout=timeout,
            cached_secrets=cached_secrets,
            cache_bytes=cache_bytes,
            stale_if_error=stale_if_error,
            now=now,
            monotonic=monotonic,
        )
        _open.add(self)

    __init__.__doc__ = _Base.__init__.__doc__

    def verify(
        self,
        token: str,
        permissions: Sequence[str] | None = None,
        *,
        organization_id: str | None = None,
        prefix: str | None = None,
        cost: Cost | None = None,
        reserve_seconds: int | None = None,
        context: Mapping[str, str] | None = None,
        asker: str = "",
    ) -> Verdict:
        """Verifies a token from memory or, if memory may not answer, by asking the server. A refusal is an answer.

        :param permissions: what the key must hold, such as ``["emails:send"]``
        :param organization_id: the organization whose key it must be
        :param prefix: the prefix that the token must have
        :param cost: how many units the call draws of each limit, or of those that a mapping names
        :param reserve_seconds: reserves the cost for so long; the verdict has a ``reservation``
        :param context: ``ip``, ``user_agent`` and ``operation`` of the call, which are counted; ``ip`` is judged too
        :param asker: on whose behalf, such as the client's address: askers share the questions to the server fairly
        :raises LatchkeyError: ``server_unreachable``, ``timed_out`` and any other code with which the server refuses the
            verifier; never a verdict in place of an answer. ``invalid_input`` for a question of a wrong form.
        """
        asked = _read(permissions, organization_id, prefix, cost, reserve_seconds, context)
        if reserve_seconds is None:
            outcome = self._engine.memory.judge(token, asked)
            if isinstance(outcome, Verdict):
                return outcome
        return _loop.run(self._verify_again(token, asked, asker))

    def ready(self) -> None:
        """Waits until memory may answer; raises the reason if it may not."""
        self._require_open()
        _loop.run(self._engine.ready())

    def close(self) -> None:
        """Gives units back, reports what was counted, and closes the connections."""
        self._is_closed = True
        _open.discard(self)
        _loop.run(self._engine.close())

    def __enter__(self) -> Verifier:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def _verify_again(self, token: str, asked: Question, asker: str) -> Verdict:
        return await self._engine.verify(token, asked, asker)

    def _require_open(self) -> None:
        if self._is_closed:
            raise LatchkeyError("closed", "The verifier is closed.")


class AsyncVerifier(_Base):
    """Verifies tokens in this process, for programs with an event loop."""

    async def verify(
        self,
        token: str,
        permissions: Sequence[str] | None = None,
        *,
        organization_id: str | None = None,
        prefix: str | None = None,
        cost: Cost | None = None,
        reserve_seconds: int | None = None,
        context: Mapping[str, str] | None = None,
        asker: str = "",
    ) -> Verdict:
        asked = _read(permissions, organization_id, prefix, cost, reserve_seconds, context)
        if reserve_seconds is None:
            outcome = self._engine.memory.judge(token, asked)
            if isinstance(outcome, Verdict):
                return outcome
        return await self._here().verify(token, asked, asker)

    verify.__doc__ = Verifier.verify.__doc__

    async def ready(self) -> None:
        """Waits until memory may answer; raises the reason if it may not."""
        await self._here().ready()

    async def close(self) -> None:
        """Gives units back, reports what was counted, and closes the connections."""
        self._is_closed = True
        if self._engine.loop in (None, asyncio.get_running_loop()):
            await self._engine.close()

    async def __aenter__(self) -> AsyncVerifier:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def _here(self) -> Engine:
        """The engine of the running loop: what ran on another, as of a test before, is void."""
        if self._is_closed:
            raise LatchkeyError("closed", "The verifier is closed.")
        if self._engine.loop not in (None, asyncio.get_running_loop()):
            self._engine = Engine(self._settings)
        return self._engine


#: Verifiers that nobody has closed yet.
_open: weakref.WeakSet[Verifier] = weakref.WeakSet()


def _read(
    permissions: Sequence[str] | None,
    organization_id: str | None,
    prefix: str | None,
    cost: Cost | None,
    reserve_seconds: int | None,
    context: Mapping[str, str] | None,
) -> Question:
    is_plain = permissions is None and organization_id is None and prefix is None and cost is None
    if is_plain and reserve_seconds is None and context is None:
        return NOTHING_ASKED
    return read_question(permissions, organization_id, prefix, cost, reserve_seconds, context)


@atexit.register
def _close_all() -> None:
    """Reports what verifiers counted that nobody has closed, if the server answers soon."""
    for verifier in list(_open):
        if verifier._engine.loop is None:
            continue
        try:
            closing = asyncio.run_coroutine_threadsafe(verifier._engine.close(), _loop.get_loop())
            closing.result(_LAST_SECONDS)
        except BaseException:
            # The process ends; there is nobody to tell.
            continue
