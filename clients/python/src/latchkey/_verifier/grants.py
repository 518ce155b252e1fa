"""Draws units of limits through the server, and holds them under the lease of the process that granted them.

A verifier has its units from one process of the server, and spends them only while that one's own lease holds. If its
messages reach different processes, as behind a proxy that takes each in turn, it holds none for a while: each call then asks.
"""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from typing import Any

from .._http import Requester
from .._wire import to_milliseconds
from ..errors import LatchkeyError, unexpected
from .facts import is_age
from .following import ASK_MS, ASK_TIMEOUT_MS
from .holding import Grant
from .limits import Claims
from .memory import Memory
from .messages import CounterMessage, Message, Outcome

#: Two messages begin so far apart at least.
_BETWEEN_MS = 20
_SWEEP_EVERY_MS = 1_000
#: After a message that was not answered.
_PAUSE_MS = 100
#: For so long it holds nothing after its messages reached another process, and twice as long each time after that.
_FIRST_ROAMING_MS = 10_000
_MOST_ROAMING_MS = 600_000
#: How long a close goes on giving units back.
_LAST_MS = 1_000


@dataclass(eq=False)
class _Sent:
    """A message as it was sent: until it is answered, it is sent again as it was."""

    message: Message | None
    body: dict[str, Any]
    #: The process that granted what is held; None for any.
    server: str | None
    #: It holds nothing for a while, and takes what its calls need from any process.
    is_roaming: bool


class Grants:
    """The messages by which units come and go. All runs on one event loop; the memory's lock guards the units."""

    def __init__(self, server: Requester, memory: Memory) -> None:
        self._server = server
        self._memory = memory
        self._clock = memory.clock
        #: A name of its own, which says nothing; another one once it has let go of all that it held under it.
        self._name = str(uuid.uuid4())
        self._granter: str | None = None
        self._sequence = 0
        self._sent: _Sent | None = None
        self._renewed_at = -float("inf")
        self._roams_until = -float("inf")
        self._roaming_ms = _FIRST_ROAMING_MS
        self._news = asyncio.Event()
        self._is_closing = False

    def wake(self) -> None:
        """Hears that there is something to send."""
        self._news.set()

    async def draw(self, claims: Claims, seconds: float) -> Outcome:
        """Waits for units, and no longer than a call may take."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        with self._memory.lock:
            self._memory.allotments.wait(claims, future)
        self.wake()
        try:
            return await asyncio.wait_for(future, seconds)
        except asyncio.TimeoutError:
            detail = f"{self._server.url} did not answer in time what is left of a limit."
            raise LatchkeyError("timed_out", detail) from None

    async def run(self) -> None:
        """Sends messages until it is cancelled."""
        allotments = self._memory.allotments
        started_at = swept_at = -float("inf")
        while True:
            now = self._clock.monotonic()
            with self._memory.lock:
                if now - swept_at >= _SWEEP_EVERY_MS:
                    swept_at = now
                    allotments.sweep()
                look = allotments.next_look(now)
                has_news = allotments.has_news
            if has_news and now - started_at < _BETWEEN_MS:
                # What is asked for at about the same time goes together.
                await asyncio.sleep((started_at + _BETWEEN_MS - now) / 1000)
                continue
            if has_news or self._must_renew(now):
                started_at = now
                with self._memory.lock:
                    message = allotments.prepare()
                if (message is not None or self._must_renew(now)) and not await self._send(message):
                    await asyncio.sleep(_PAUSE_MS / 1000)
                continue
            self._news.clear()
            is_idle = len(allotments) == 0
            wait = min(look if look is not None else 100_000, 100_000 if is_idle else ASK_MS / 5)
            try:
                await asyncio.wait_for(self._news.wait(), max(0.001, wait / 1000))
            except asyncio.TimeoutError:
                pass

    async def give_back(self) -> None:
        """Gives all units back, as far as there is time."""
        allotments = self._memory.allotments
        started_at = self._clock.monotonic()
        if self._sent is not None:
            await self._send(self._sent.message)
        with self._memory.lock:
            allotments.give_all_back()
        while allotments.has_news and self._clock.monotonic() - started_at < _LAST_MS:
            with self._memory.lock:
                message = allotments.prepare()
            if message is None or not await self._send(message):
                return

    def _must_renew(self, now: float) -> bool:
        """Whether a message without counters is due, which renews the lease while units are held."""
        is_holding = self._granter is not None and len(self._memory.allotments) > 0
        if not is_holding or now - self._renewed_at < ASK_MS or self._sent is not None:
            return False
        return self._memory.grants_lease.holds(now, self._clock.now())

    async def _send(self, message: Message | None) -> bool:
        monotonic, now = self._clock.monotonic(), self._clock.now()
        sent = self._sent
        if sent is None or sent.message is not message:
            is_roaming = monotonic < self._roams_until
            self._sequence += 1
            server = None if is_roaming else self._granter
            sent = self._sent = _Sent(message, self._write(message, server, is_roaming), server, is_roaming)
        try:
            answer = await self._server.send(
                "POST", "/v1/grants", body=sent.body, repeatable=False, timeout=ASK_TIMEOUT_MS / 1000
            )
            counters = [] if message is None else message.counters
            self._accept(sent, _read_answer(answer.json(), len(counters), sent.server), monotonic, now)
        except LatchkeyError as error:
            status = error.status or 0
            with self._memory.lock:
                self._memory.allotments.fail(message, error)
                # All others would wait behind a message that the server will never take.
                if 400 <= status < 500 and status not in (408, 429):
                    self._start_over()
            return False
        return True

    def _accept(self, sent: _Sent, answer: _Answer, monotonic: float, now: float) -> None:
        memory, allotments = self._memory, self._memory.allotments
        self._sent = None
        with memory.lock:
            if sent.server is not None and answer.server != sent.server:
                # The message reached a process that has granted nothing: what the other one granted is let go of.
                self._roams_until = self._clock.monotonic() + self._roaming_ms
                self._roaming_ms = min(2 * self._roaming_ms, _MOST_ROAMING_MS)
                self._start_over()
                return
            # Once the lease was over, the server has counted what it lent as spent. Of that the answer tells for the
            # counters of the message alone.
            is_unbroken = memory.grants_lease.holds(self._clock.monotonic(), self._clock.now())
            if not is_unbroken and self._granter is not None:
                allotments.drop_beside(sent.message)
            if not sent.is_roaming:
                self._granter = answer.server
                self._renewed_at = monotonic
                memory.grants_lease.confirm(monotonic - answer.age_ms, now - answer.age_ms)
            if sent.message is not None:
                allotments.accept(sent.message, answer.grants)
            # Also what it tells of by its stream: that may be late, or leave something out.
            if answer.recalled is None:
                allotments.recall_all()
            else:
                for counter_id in answer.recalled:
                    allotments.recall(counter_id)

    def _start_over(self) -> None:
        """Lets go of what it holds, and of a message that is not answered."""
        self._sent = None
        self._granter = None
        self._name = str(uuid.uuid4())
        self._sequence = 0
        self._memory.grants_lease.drop()
        self._memory.allotments.drop()

    def _write(self, message: Message | None, server: str | None, is_roaming: bool) -> dict[str, Any]:
        counters = [] if message is None else [_write_counter(counter, is_roaming) for counter in message.counters]
        return {"verifier": self._name, "server": server, "sequence": self._sequence, "counters": counters}


def _write_counter(counter: CounterMessage, is_roaming: bool) -> dict[str, Any]:
    limit = counter.limit
    held = {"unspent": counter.unspent, "back": counter.back, "unused": counter.unused, "want": counter.want}
    return {
        "organization_id" if limit.scope == "organization" else "key_id": limit.owner_id,
        "scope": limit.scope,
        "name": limit.name,
        "kind": "rate" if limit.allowance.is_rate else "quota",
        "epoch": limit.epoch,
        "period": counter.period,
        "need": counter.need,
        "least": counter.least,
        **(dict.fromkeys(held, 0) if is_roaming else held),
    }


@dataclass
class _Answer:
    server: str
    age_ms: float
    #: The counters whose units are called back; None for all.
    recalled: list[str] | None
    grants: list[Grant]


def _read_answer(answer: Any, asked: int, expected: str | None) -> _Answer:
    """Reads an answer. Raises ``unexpected_answer`` for anything else: no unit is made of it."""
    try:
        server, age_ms, recalled = answer["server"], answer["age_ms"], answer.get("recalled", [])
        if not isinstance(server, str) or not is_age(age_ms):
            raise ValueError("No process has granted anything.")
        # Another process than the one asked says nothing of these counters.
        is_elsewhere = expected is not None and server != expected
        grants = [] if is_elsewhere else [_read_grant(told) for told in answer["counters"]]
        if not is_elsewhere and len(grants) != asked:
            raise ValueError("Not each counter has an answer.")
        return _Answer(server, age_ms, None if recalled is None else [str(one) for one in recalled], grants)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise unexpected("The grants from the server have an unknown format.") from None


def _read_grant(told: Any) -> Grant:
    granted, given, kept, period, left = (told[name] for name in ("granted", "given", "kept", "period", "remaining"))
    empty_for_ms, resets_in_ms, resets_at = told["empty_for_ms"], told["resets_in_ms"], told["resets_at"]
    is_sound = all(type(count) is int for count in (granted, given, kept, period, left)) and all(
        is_age(length) for length in (granted, given, kept, left, empty_for_ms, resets_in_ms or 0)
    )
    if not is_sound:
        raise ValueError("A count is no number.")
    ends_at = None if resets_at is None else to_milliseconds(resets_at)
    return Grant(granted, given, kept, period, left, empty_for_ms, resets_in_ms, ends_at)
