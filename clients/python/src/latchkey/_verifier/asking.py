"""Questions about tokens that memory cannot judge: one for all who ask at once, so many under way, by turns."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from hashlib import sha256
from urllib.parse import urlencode

from .._http import Requester
from .._token import Presented
from ..errors import LatchkeyError
from .facts import Facts, read_facts
from .following import Following, unsupported
from .lease import LEASE_MS
from .memory import Memory
from .rounds import Rounds

#: Questions at once: a flood of made-up tokens must not crowd out everybody else.
_MOST_ASKS = 64
_MOST_ATTEMPTS = 3


class _Ask:
    """A question that waits for its turn, or is under way."""

    __slots__ = ("call", "ends_at", "future", "name", "presented")

    def __init__(self, name: tuple[int, bytes], presented: Presented, call: Mapping[str, str], ends_at: float) -> None:
        self.name = name
        self.presented = presented
        #: That of who asked first.
        self.call = call
        self.ends_at = ends_at
        self.future: asyncio.Future[Facts | None] = asyncio.get_running_loop().create_future()
        # Nobody may be left who waits for it.
        self.future.add_done_callback(lambda future: future.cancelled() or future.exception())


class TooMany(LatchkeyError):
    """So many questions wait that one has to be refused: that says nothing of the server."""

    def __init__(self) -> None:
        super().__init__("timed_out", "Too many unknown tokens wait for the server to verify them. Try again.")


class Asking:
    """Asks a server for facts."""

    def __init__(self, server: Requester, memory: Memory, following: Following) -> None:
        self._server = server
        self._memory = memory
        self._following = following
        self._asks: dict[tuple[int, bytes], _Ask] = {}
        #: Tokens that were seen before have a line of their own: strangers are those that may be made up.
        self._known: Rounds[_Ask] = Rounds(16_384, 16_384)
        self._strangers: Rounds[_Ask] = Rounds(65_536, 4_096)
        self._is_strangers_turn = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, presented: Presented, asker: str, call: Mapping[str, str], seconds: float) -> Facts | None:
        """The facts of a token; None if the server knows nothing of it. ``call`` is what is known of the call."""
        loop = asyncio.get_running_loop()
        # What was asked before a change may miss it: a caller after it asks anew.
        name = (self._memory.changes, sha256(presented.token.encode()).digest())
        ask = self._asks.get(name)
        if ask is None:
            ask = _Ask(name, presented, call, loop.time() + seconds)
            is_known = self._memory.is_remembered(presented)
            if not (self._known.add("", ask) if is_known else self._strangers.add(asker, ask)):
                raise TooMany()
            self._asks[name] = ask
            self._send_next()
        try:
            return await asyncio.wait_for(asyncio.shield(ask.future), seconds)
        except asyncio.TimeoutError:
            raise LatchkeyError("timed_out", f"{self._server.url} did not answer in time.") from None

    def close(self) -> None:
        """Ends all questions."""
        for task in self._tasks:
            task.cancel()
        for ask in self._asks.values():
            if not ask.future.done():
                ask.future.set_exception(LatchkeyError("closed", "The verifier is closed."))

    def _send_next(self) -> None:
        while len(self._tasks) < _MOST_ASKS:
            first, second = self._known, self._strangers
            if self._is_strangers_turn:
                first, second = second, first
            self._is_strangers_turn = not self._is_strangers_turn
            ask = first.take() or second.take()
            if ask is None:
                return
            task = asyncio.get_running_loop().create_task(self._answer(ask))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, ask: _Ask) -> None:
        try:
            if ask.ends_at <= asyncio.get_running_loop().time():
                raise TooMany()
            facts = await self._read(ask.presented, ask.call, ask.ends_at)
            if not ask.future.done():
                ask.future.set_result(facts)
        except LatchkeyError as error:
            if not ask.future.done():
                ask.future.set_exception(error)
        finally:
            self._asks.pop(ask.name, None)
            asyncio.get_running_loop().call_soon(self._send_next)

    async def _read(self, presented: Presented, call: Mapping[str, str], ends_at: float) -> Facts | None:
        memory = self._memory
        # If the token is one of a decoy, its event says from where it was tried.
        headers = {"latchkey-call": urlencode(call)} if call else None
        attempt = 1
        while True:
            begun_at, told, changes = memory.clock.monotonic(), self._following.sequence, memory.changes
            left = max(0.001, ends_at - asyncio.get_running_loop().time())
            try:
                body = {"key": presented.token}
                sent = await self._server.send(
                    "POST", "/v1/keys/facts", body=body, headers=headers, repeatable=False, timeout=left
                )
            except LatchkeyError as error:
                if error.code != "server_unreachable" or attempt >= _MOST_ATTEMPTS:
                    raise unsupported(error, self._server.url) from None
                attempt += 1
                continue
            answer = read_facts(sent.json())
            memory.foreign = answer.foreign_tokens
            # One that was held up on its way may be from before a revocation.
            if memory.clock.monotonic() - (begun_at - answer.age_ms) >= LEASE_MS:
                if attempt >= _MOST_ATTEMPTS:
                    raise LatchkeyError("timed_out", f"{self._server.url} did not answer in time.")
                attempt += 1
                continue
            with memory.lock:
                is_whole = told is not None and answer.sequence is not None and answer.sequence >= told
                if is_whole and self._following.sequence is not None and changes == memory.changes:
                    memory.remember(presented, answer.facts)
                elif answer.facts is not None:
                    memory.forget_one(str(answer.facts.answer.key_id))
            return answer.facts
