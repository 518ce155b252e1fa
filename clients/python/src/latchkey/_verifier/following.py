"""Follows the changes that a server tells of, so that a verifier knows how fresh its memory is.

The stream brings the news and proves nothing: its bytes may be stuck anywhere for any time. What proves freshness is a
question: twice a second the verifier asks for the number of the last change, notes the instant before it asks, and once
the stream has told everything up to the number in the answer, the lease runs from that instant less the answer's age.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Any

from .._http import Requester
from ..errors import LatchkeyError, unexpected
from .events import Event, read_events
from .facts import is_age, is_sequence
from .memory import Memory

ASK_MS = 500
ASK_TIMEOUT_MS = 1_600
SILENCE_MS = 2_000
_FORMAT = 1
_SHORTEST_PAUSE = 0.1
_LONGEST_PAUSE = 5.0
_MOST_PENDING = 9


class Following:
    """The stream of changes, opened again and again, and the questions beside it."""

    def __init__(self, server: Requester, memory: Memory) -> None:
        self._server = server
        self._memory = memory
        self._stream: _Stream | None = None
        #: Why nothing is heard of changes; None if that goes well.
        self.error: LatchkeyError | None = None
        self._outcome = asyncio.Event()

    @property
    def sequence(self) -> int | None:
        """Everything up to this change has been told; None while nothing is heard of changes."""
        return None if self._stream is None else self._stream.sequence

    async def next_outcome(self) -> None:
        """Waits for the next renewal of the lease or failure to follow."""
        await self._outcome.wait()

    async def run(self) -> None:
        """Follows until it is cancelled."""
        pause = _SHORTEST_PAUSE
        while True:
            stream = self._stream = _Stream(self._server, self._memory, self._confirmed)
            try:
                await stream.run()
            except Exception as cause:
                error = cause if isinstance(cause, LatchkeyError) else self._ended()
                if stream.sequence is not None:
                    pause = _SHORTEST_PAUSE
                self.error = self._unsupported(error)
                # A caller that may not hear of changes may not know what it was told before either.
                if error.status in (401, 403):
                    self._memory.forget_all()
                self.settle()
            finally:
                self._stream = None
            # Many verifiers lose their streams together, and must not come back together.
            await asyncio.sleep(pause * (0.5 + random.random()))
            pause = min(pause * 2, _LONGEST_PAUSE)

    def settle(self) -> None:
        """Wakes who waits for an outcome."""
        self._outcome.set()
        self._outcome = asyncio.Event()

    def _confirmed(self) -> None:
        self.error = None
        self.settle()

    def _ended(self) -> LatchkeyError:
        return LatchkeyError("server_unreachable", f"The stream from {self._server.url} ended early.")

    def _unsupported(self, error: LatchkeyError) -> LatchkeyError:
        return unsupported(error, self._server.url)


def unsupported(error: LatchkeyError, url: str) -> LatchkeyError:
    """What a server without this feature answers is told as that."""
    if error.code != "route_not_found":
        return error
    detail = f"{url} does not support this client's verifier. Use matching versions of client and server."
    return LatchkeyError("unsupported_server", detail)


class _Stream:
    """One stream, from its opening to its end."""

    def __init__(self, server: Requester, memory: Memory, confirmed: Callable[[], None]) -> None:
        self._server = server
        self._memory = memory
        self._confirmed = confirmed
        self._monotonic = memory.clock.monotonic
        #: What the stream has told, latest last, and since when.
        self._told: list[tuple[int, float]] = []
        #: Answers ahead of the stream: sequence, and by both clocks since when it is surely true.
        self._pending: list[tuple[int, float, float]] = []
        self._heard_at = self._monotonic()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._is_replaced = asyncio.Event()

    @property
    def sequence(self) -> int | None:
        """Everything up to this change has been told."""
        return self._told[-1][0] if self._told else None

    async def run(self) -> None:
        """Reads the stream to its end. Raises LatchkeyError for whatever ends it."""
        first = [self._start(self._read()), self._start(self._watch()), self._start(self._is_replaced.wait())]
        try:
            done, _ = await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
            raise LatchkeyError("server_unreachable", f"The stream from {self._server.url} has ended.")
        finally:
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, coroutine: Any) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _read(self) -> None:
        async with self._server.open("/v1/changes") as response:
            async for event in read_events(response.aiter_bytes()):
                self._heard_at = self._monotonic()
                if self._told:
                    self._hear(event)
                else:
                    self._greet(event)
                    self._start(self._ask_again_and_again())
        if not self._told:
            raise unexpected("The stream ended before its first event.")

    async def _watch(self) -> None:
        """Ends a stream that says nothing, and believes nothing that came by it."""
        while self._monotonic() - self._heard_at < SILENCE_MS:
            await asyncio.sleep(ASK_MS / 2000)
        with self._memory.lock:
            self._memory.lease.drop()
        raise LatchkeyError("server_unreachable", f"The stream from {self._server.url} is silent.")

    def _greet(self, event: Event) -> None:
        if event.name != "hello":
            raise unexpected("The first event of the stream is not hello.")
        if event.data.get("format") != _FORMAT:
            detail = "sends changes in a format that this client does not support. Use matching versions of client and server."
            raise LatchkeyError("unsupported_server", f"{self._server.url} {detail}")
        # What changed before is not told: nothing is remembered from before.
        self._memory.forget_all()
        self._tell(event.data.get("sequence"))

    def _hear(self, event: Event) -> None:
        if event.name == "forget":
            self._memory.forget_all()
        elif event.name == "changed":
            key_ids = event.data.get("key_ids")
            if not isinstance(key_ids, list):
                raise unexpected("A change in the stream names no keys.")
            with self._memory.lock:
                for key_id in key_ids:
                    self._memory.forget("key", str(key_id))
                for topic, name in (("organization", "organization_ids"), ("plan", "plans")):
                    for one in _list_of(event.data.get(name)):
                        self._memory.forget(topic, one)
                for counter_id in _list_of(event.data.get("counters")):
                    self._memory.allotments.recall(counter_id)
        elif event.name != "beat":
            return
        if "sequence" in event.data:
            self._tell(event.data["sequence"])

    def _tell(self, sequence: Any) -> None:
        if not is_sequence(sequence):
            raise unexpected("An event of the stream has no sequence.")
        at = self._monotonic()
        if self.sequence != sequence:
            self._told.append((sequence, at))
        # Kept as far back as an answer may reach.
        while len(self._told) > 1 and self._told[1][1] < at - 2 * SILENCE_MS:
            del self._told[0]
        ready = [answer for answer in self._pending if answer[0] <= sequence]
        self._pending = [answer for answer in self._pending if answer[0] > sequence]
        for _, monotonic, now in ready:
            self._confirm(monotonic, now)

    async def _ask_again_and_again(self) -> None:
        while True:
            # Without waiting for the answer: a slow one must not hold up the next.
            self._start(self._ask())
            await asyncio.sleep(ASK_MS / 1000)

    async def _ask(self) -> None:
        monotonic, now = self._monotonic(), self._memory.clock.now()
        try:
            timeout = ASK_TIMEOUT_MS / 1000
            answer = (await self._server.send("GET", "/v1/changes/latest", repeatable=False, timeout=timeout)).json()
        except LatchkeyError:
            # Nothing was renewed. If that goes on, the lease runs out.
            return
        if not isinstance(answer, dict) or not is_sequence(answer.get("sequence")) or not is_age(answer.get("age_ms")):
            return
        sequence, age_ms = answer["sequence"], answer["age_ms"]
        self._memory.foreign = answer.get("foreign_tokens") is True
        self._take(sequence, monotonic - age_ms, now - age_ms)

    def _take(self, sequence: int, monotonic: float, now: float) -> None:
        told_before = max((told for told, at in self._told if at <= monotonic), default=0)
        # Numbers only grow, unless the database was put back: then what was told is of another history.
        if sequence < told_before:
            self._memory.forget_all()
            self._is_replaced.set()
        elif self.sequence is not None and sequence <= self.sequence:
            self._confirm(monotonic, now)
        else:
            self._pending = [*self._pending[1 - _MOST_PENDING :], (sequence, monotonic, now)]

    def _confirm(self, monotonic: float, now: float) -> None:
        with self._memory.lock:
            if monotonic > self._memory.lease.confirmed_at:
                self._memory.lease.confirm(monotonic, now)
        self._confirmed()


def _list_of(value: object) -> list[str]:
    """Reads a list of ids, which older servers do not have."""
    return [str(one) for one in value] if isinstance(value, list) else []
