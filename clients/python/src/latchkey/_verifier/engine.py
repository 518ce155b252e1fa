"""All that a verifier does on an event loop: it follows changes, asks for facts, draws units and reports usage."""

from __future__ import annotations

import asyncio
import math
from typing import Any

from .._clock import Clock
from .._http import Requester
from .._token import Presented
from ..errors import LatchkeyError
from ..verdict import Verdict, read_verdict
from .allotments import Allotments
from .asking import Asking, TooMany
from .following import Following, unsupported
from .grants import Grants
from .limits import date_claims
from .memory import Memory, Wanting
from .messages import TAKEN
from .question import Question
from .tally import MAX_FROZEN_MS, Report

#: What this verifier can judge (docs/reference/verifier-protocol.md).
JUDGES = "organization, line, limits, suspended, not_before, ips"
_REPORT_EVERY = 10.0
#: For so long after it was found away, the server is not asked where an old answer will do.
_AWAY_MS = 1_000
#: By these a server refuses a report for what it is.
_REFUSALS = (400, 413, 422)


class Settings:
    """What a verifier is made with."""

    __slots__ = ("cache_bytes", "cached_secrets", "clock", "stale_ms", "timeout", "token", "url")

    def __init__(
        self,
        url: str,
        token: str,
        timeout: float,
        cached_secrets: int,
        cache_bytes: int | None,
        stale_if_error: float,
        clock: Clock,
    ) -> None:
        if type(cached_secrets) is not int or not 0 <= cached_secrets <= 16_000_000:
            raise ValueError("cached_secrets: Must be a whole number from 0 to 16000000.")
        if cache_bytes is not None and (type(cache_bytes) is not int or not 0 <= cache_bytes <= 2**40):
            raise ValueError("cache_bytes: Must be a whole number from 0 to 1099511627776.")
        if type(stale_if_error) not in (int, float) or not 0 <= stale_if_error <= 2**31 / 1000:
            raise ValueError("stale_if_error: Must be a number of seconds from 0 to 2147483.")
        self.url = url
        self.token = token
        self.timeout = timeout
        self.cached_secrets = cached_secrets
        self.cache_bytes = 4_000 * cached_secrets if cache_bytes is None else cache_bytes
        self.stale_ms = stale_if_error * 1000
        self.clock = clock


class Engine:
    """One life of a verifier: a child of a process that forked begins another, which shares nothing with this one."""

    def __init__(self, settings: Settings, is_closed: bool = False) -> None:
        self._settings = settings
        self.server = Requester(settings.url, settings.token, settings.timeout, {"latchkey-judges": JUDGES})
        self.loop: asyncio.AbstractEventLoop | None = None
        self._is_woken = False
        self.memory = Memory(
            settings.clock,
            settings.cached_secrets,
            settings.cache_bytes,
            lambda is_leased: Allotments(settings.clock.monotonic, self._wake, is_leased),
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._frozen: list[Report] = []
        self._is_closed = is_closed
        #: Until then the server is taken to be away.
        self._away_until = -math.inf

    def start(self) -> None:
        """Begins, at the first call: on the loop on which all else runs."""
        if self._is_closed:
            raise LatchkeyError("closed", "The verifier is closed.")
        if self.loop is not None:
            return
        self.loop = asyncio.get_running_loop()
        self.following = Following(self.server, self.memory)
        self._asking = Asking(self.server, self.memory, self.following)
        self._grants = Grants(self.server, self.memory)
        runs = (self.following.run(), self._grants.run(), self._report_again_and_again())
        self._tasks = [self.loop.create_task(run) for run in runs]

    async def ready(self) -> None:
        """Waits until memory may answer. Raises the reason if it may not."""
        self.start()
        if not self.memory.is_fresh():
            await self.following.next_outcome()
        if not self.memory.is_fresh():
            raise self.following.error or LatchkeyError("closed", "The verifier is closed.")

    async def verify(self, text: str, asked: Question, asker: str) -> Verdict:
        """Verifies a token that memory alone could not judge, or could not a moment ago."""
        self.start()
        if asked.reserve_seconds is not None:
            return await self._reserve(text, asked, asker)
        outcome = self.memory.judge(text, asked)
        if isinstance(outcome, Presented):
            return await self._ask(outcome, text, asked, asker)
        return await self._draw(outcome, text, asked, asker) if isinstance(outcome, Wanting) else outcome

    async def close(self) -> None:
        """Gives units back, reports what was counted, and ends."""
        if self._is_closed:
            return
        self._is_closed = True
        if self.loop is None:
            return
        for task in self._tasks[1:]:
            task.cancel()
        await asyncio.gather(*self._tasks[1:], return_exceptions=True)
        try:
            await asyncio.gather(self._grants.give_back(), self._report(), return_exceptions=True)
        finally:
            self._tasks[0].cancel()
            await asyncio.gather(self._tasks[0], return_exceptions=True)
            with self.memory.lock:
                self.memory.lease.drop()
                self.memory.grants_lease.drop()
            self.following.settle()
            self._asking.close()
            await self.server.close()

    def abandon(self) -> None:
        """Forgets what belongs to the parent of this process."""
        self.server.abandon()

    def _wake(self) -> None:
        """Hears that there is something to send: under the lock, in any thread."""
        loop = self.loop
        if loop is None or self._is_woken:
            return
        self._is_woken = True
        try:
            loop.call_soon_threadsafe(self._pass_on)
        except RuntimeError:
            # The loop was closed with all that ran on it: what is held ends with its lease.
            self.memory.grants_lease.drop()

    def _pass_on(self) -> None:
        self._is_woken = False
        self._grants.wake()

    async def _ask(self, presented: Presented, text: str, asked: Question, asker: str, paid: Any = None) -> Verdict:
        # Of what was drawn already, only the server's word decides.
        stale_ms = self._settings.stale_ms if paid is None else 0.0
        if self.memory.clock.monotonic() < self._away_until:
            stale = self.memory.judge_stale(text, asked, stale_ms)
            if stale is not None:
                return stale
        error = self.following.error
        if error is not None and error.code == "unsupported_server":
            raise error
        try:
            facts = await self._asking.ask(presented, asker, asked.circumstances.context(), self._settings.timeout)
        except LatchkeyError as failure:
            if not _is_absence(failure):
                raise
            self._away_until = self.memory.clock.monotonic() + _AWAY_MS
            stale = self.memory.judge_stale(text, asked, stale_ms)
            if stale is None:
                raise
            return stale
        if facts is None:
            return self.memory.refuse_unknown(presented, asked)
        outcome = self.memory.judge_facts(presented, facts, asked, paid)
        return await self._draw(outcome, text, asked, asker) if isinstance(outcome, Wanting) else outcome

    async def _draw(self, wanting: Wanting, text: str, asked: Question, asker: str) -> Verdict:
        """Draws what a call wants. Much may change while it waits: it is judged once more, and what it has drawn goes back
        if something else refuses it."""
        outcome = await self._grants.draw(wanting.claims, self._settings.timeout)
        if outcome is not TAKEN:
            return self.memory.refuse_exceeded(wanting, outcome, text, asked)
        with self.memory.lock:
            paid = date_claims(wanting.claims)
        is_late = is_valid = False
        try:
            again = self.memory.judge(text, asked, paid)
            if isinstance(again, Presented):
                is_late = True
                again = await self._ask(again, text, asked, asker, paid)
            assert isinstance(again, Verdict)
            is_valid = again.valid
            return again
        finally:
            if not is_valid:
                with self.memory.lock:
                    self.memory.allotments.give_back(paid, is_late)

    async def _reserve(self, text: str, asked: Question, asker: str) -> Verdict:
        """Only the server has the keys that sign reservations. What memory refuses without drawing never reaches it."""
        looking = asked._replace(cost=0, reserve_seconds=None, is_counted=False)
        verdict = await self.verify(text, looking, asker)
        # The server counts what it draws.
        if not (verdict.valid and verdict.limits):
            return await self.verify(text, looking._replace(is_counted=True), asker)
        body = {
            "key": text,
            "permissions": list(asked.circumstances.permissions),
            "prefix": asked.prefix,
            "cost": asked.cost,
            "reserve_seconds": asked.reserve_seconds,
            "context": asked.circumstances.context(),
        }
        given = {name: value for name, value in body.items() if value not in (None, [], {})}
        try:
            # What a lost answer has reserved would be reserved twice.
            answer = await self.server.send("POST", "/v1/keys/verify", body=given, repeatable=False)
        except LatchkeyError as error:
            raise unsupported(error, self.server.url) from None
        return read_verdict(answer.json())

    async def _report_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(_REPORT_EVERY)
            try:
                await self._report()
            except LatchkeyError:
                # While the server is away, what was counted stays here and the next round tries again.
                pass

    async def _report(self) -> None:
        # While the server is away, what is counted is added up: reports of their own would take memory without end.
        await self._send_frozen()
        with self.memory.lock:
            self.memory.flush()
            self._frozen = self.memory.tally.freeze(self.memory.clock.monotonic())
        await self._send_frozen()

    async def _send_frozen(self) -> None:
        while self._frozen:
            report = self._frozen[0]
            if self.memory.clock.monotonic() - report.frozen_at <= MAX_FROZEN_MS:
                await self._send_report(report)
            self._frozen.pop(0)

    async def _send_report(self, report: Report) -> None:
        sent_at = self.memory.clock.now()
        try:
            answer = await self.server.send("POST", "/v1/usage/reports", body=report.body, repeatable=True)
        except LatchkeyError as error:
            # All others would wait behind one that no server will ever take.
            if error.status in _REFUSALS:
                return
            raise
        told = answer.json()
        at = told.get("at") if isinstance(told, dict) else None
        if at is not None:
            middle = (sent_at + self.memory.clock.now()) / 2
            self.memory.set_ahead(at.timestamp() * 1000 - middle)


def _is_absence(error: LatchkeyError) -> bool:
    """Whether an error is that of a server which is away."""
    if isinstance(error, TooMany):
        return False
    return error.code in ("server_unreachable", "timed_out") or (error.status or 0) >= 500
