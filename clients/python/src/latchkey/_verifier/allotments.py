"""The units that this process has at hand, of all counters: what calls take, what waits, and the messages between.

=========  ==========================================  =================================================================
state      is                                          a call
=========  ==========================================  =================================================================
unknown    nobody has drawn yet, or all was dropped    waits for a draw
stocked    it holds units                              takes them at once; a third left: the next message asks for more
bare       it holds none, and may get some             waits for a draw
empty      the server had none; for a while            is refused at once; then: bare
=========  ==========================================  =================================================================

Units leave a holding by being spent, by going back (idle, recalled, at the end), or by being dropped with the lease. Pure:
who runs it holds the lock of the memory, sends the messages, and gives :meth:`Allotments.accept` the answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from ..errors import LatchkeyError
from .holding import Grant, Holding
from .limits import Claim, Claims, CountedLimit
from .messages import TAKEN, CounterMessage, Message, Outcome, Waiter, ask
from .rounds import Rounds

#: A call whose units others take, again and again, is refused.
_MAX_ROUNDS = 8
#: A message has at most so many counters.
_MAX_COUNTERS = 500
#: So many of these are kept for those that run low, however many calls wait.
_MAX_RENEWALS = 125
#: What a look at units finds to be so old is asked for again, and nobody waits for that.
_LOOK_MS = 1_000
_MAX_WAITING = 16_384


class Allotments:
    """All holdings of a process. ``wake`` is called if there is something to send."""

    def __init__(self, monotonic: Callable[[], float], wake: Callable[[], None], is_leased: Callable[[], bool]) -> None:
        self._monotonic = monotonic
        self._wake = wake
        self._is_leased = is_leased
        self._holdings: dict[str, Holding] = {}
        #: What the next message asks for, beside what calls wait for.
        self._marked: list[Holding] = []
        self._line: Rounds[Waiter] = Rounds(4 * _MAX_WAITING, _MAX_WAITING)
        self._pending: Message | None = None
        #: Calls that wait until their counter may be asked again; whoever runs it looks through them.
        self._later: list[tuple[float, Waiter]] = []

    def __len__(self) -> int:
        return len(self._holdings)

    @property
    def has_news(self) -> bool:
        """Whether a message should be sent."""
        return self._pending is not None or self._line.size > 0 or bool(self._marked)

    def holding_of(self, limit: CountedLimit) -> Holding:
        """What is held of a limit."""
        known = limit.holding
        if known is not None and not known.is_gone:
            return known
        holding = self._holdings.get(limit.counter_id)
        if holding is None:
            holding = self._holdings[limit.counter_id] = Holding(limit, self._monotonic())
        limit.holding = holding
        return holding

    def take(self, claims: Claims, now: float) -> Outcome | None:
        """Takes all units at once, or none; None if only a draw can tell."""
        if not self._is_leased():
            return None
        for claim in claims:
            if self._is_short(claim, now):
                exceeded = self._refuse(claims, now)
                return Outcome(exceeded) if exceeded else None
        for claim in claims:
            self._use(claim, now)
        return TAKEN

    def wait(self, claims: Claims, future: asyncio.Future[Outcome]) -> None:
        """Waits for a draw, whose outcome the future gets. Raises ``too_many_requests``."""
        now = self._monotonic()
        waiter = Waiter(claims, future, claims)
        pause = max(
            (self.holding_of(claim.limit).asks_from for claim in claims if self._is_short(claim, now)), default=now
        )
        for claim in claims:
            self.holding_of(claim.limit).waiting += 1
        if pause > now and len(self._later) < _MAX_WAITING:
            self._later.append((pause, waiter))
            self._wake()
        else:
            self._add(waiter)

    def next_look(self, now: float) -> float | None:
        """Puts those into line whose counters may be asked again; gives how long until the next of them may."""
        due = [waiter for at, waiter in self._later if at <= now]
        self._later = [(at, waiter) for at, waiter in self._later if at > now]
        for waiter in due:
            self._add(waiter)
        return min((at - now for at, _ in self._later), default=None)

    def prepare(self) -> Message | None:
        """The message to send now; None if there is nothing to say. Until it is answered, it is the same."""
        if self._pending is not None:
            return self._pending
        now = self._monotonic()
        counters: dict[Holding, CounterMessage] = {}
        waiters = self._take_waiters(counters, now)
        room = max(0, _MAX_COUNTERS - len(counters))
        some, self._marked = self._marked[:room], self._marked[room:]
        for holding in some:
            holding.is_marked = False
            if holding not in counters:
                counters[holding] = ask(holding, now)
        if not counters:
            return None
        self._pending = Message(list(counters.values()), now, waiters)
        return self._pending

    def give_back(self, claims: Claims, is_late: bool = False) -> None:
        """Gives back what a call took that something else refuses.

        What it took of a rate comes back at once or not at all: after another message, its bucket may have been full
        meanwhile. Units of a period or an epoch that has ended are void.
        """
        for limit, cost, period in claims:
            if cost == 0 or (is_late and limit.allowance.is_rate):
                continue
            holding = self.holding_of(limit)
            if holding.limit.epoch != limit.epoch or period not in (None, holding.period):
                continue
            holding.unused += cost
            self._mark(holding)

    def give_all_back(self) -> None:
        """Gives all units back: the verifier ends."""
        for holding in self._holdings.values():
            holding.is_recalled = True
            if holding.owes_report or holding.is_asked:
                self._mark(holding)

    def recall(self, counter_id: str) -> None:
        """Gives back the units of a counter for which somebody else waits, and asks anew whether it is empty."""
        holding = self._holdings.get(counter_id)
        if holding is None:
            return
        holding.empty_until = -float("inf")
        # What is on its way to it goes back too.
        if holding.owes_report or holding.is_asked:
            holding.is_recalled = True
            self._mark(holding)

    def recall_all(self) -> None:
        """The same of all counters."""
        for counter_id in list(self._holdings):
            self.recall(counter_id)

    def accept(self, message: Message, grants: Sequence[Grant]) -> None:
        """Takes the answers to the message that was prepared, in its order."""
        if message is not self._pending:
            return
        self._pending = None
        now = self._monotonic()
        given: dict[Holding, int] = {}
        for asked, grant in zip(message.counters, grants, strict=True):
            asked.holding.accept(grant, asked.unspent, asked.want, message.sent_at, now)
            given[asked.holding] = grant.given
        for waiter in message.waiters:
            self._serve(waiter, given, now)
        for holding, units in given.items():
            if units > 0:
                holding.unused += units
                self._mark(holding)
        if self.has_news:
            self._wake()

    def fail(self, message: Message | None, error: Exception) -> None:
        """The message was not answered: all calls that wait fail, and it is sent again."""
        waiting = self._line.take_all() + [waiter for _, waiter in self._later]
        self._later = []
        if message is not None:
            waiting += message.waiters
            message.waiters = []
        for waiter in waiting:
            self._end(waiter, error)

    def drop_beside(self, message: Message | None) -> None:
        """Drops the units of all counters for which a message does not ask, and says so: its answer tells nothing of them."""
        asked = set() if message is None else {counter.holding for counter in message.counters}
        for holding in self._holdings.values():
            if holding in asked:
                continue
            if holding.owes_report:
                self._mark(holding)
            holding.drop()

    def drop(self) -> None:
        """Drops all units, since what was granted is void; what waits asks anew."""
        for holding in self._holdings.values():
            holding.drop()
        waiting = [] if self._pending is None else self._pending.waiters
        self._pending = None
        for waiter in waiting:
            self._add(waiter, is_new=False)
        if self.has_news:
            self._wake()

    def sweep(self) -> None:
        """Has idle units go back, and forgets what nobody has used for long. To be called every second or so."""
        now = self._monotonic()
        for holding in list(self._holdings.values()):
            if not holding.is_idle(now):
                continue
            if holding.owes_report:
                self._mark(holding)
            elif holding.is_forgettable(now):
                holding.is_gone = True
                del self._holdings[holding.counter_id]

    def _is_short(self, claim: Claim, now: float) -> bool:
        """Whether a claim needs a draw: not enough is at hand or, if it costs nothing, nothing is known of what is left."""
        limit, cost, _ = claim
        holding = self.holding_of(limit)
        return not holding.is_known(limit, now) if cost == 0 else not holding.has(limit, cost, now)

    def _use(self, claim: Claim, now: float) -> None:
        holding = self.holding_of(claim.limit)
        if claim.cost > 0:
            holding.spend(claim.cost, 0)
            if holding.is_low(now):
                self._mark(holding)
        elif now - holding.answered_at >= _LOOK_MS and not holding.is_asked:
            self._mark(holding)

    def _refuse(self, claims: Claims, now: float) -> Claims:
        exceeded = []
        for claim in claims:
            holding = self.holding_of(claim.limit)
            if claim.cost > 0 and claim.limit.is_same(holding.limit) and holding.is_empty_for(claim.cost, now):
                exceeded.append(claim)
        return tuple(exceeded)

    def _mark(self, holding: Holding) -> None:
        if not holding.is_marked:
            holding.is_marked = True
            self._marked.append(holding)
            self._wake()

    def _add(self, waiter: Waiter, is_new: bool = True) -> None:
        if self._line.add(waiter.organization_id, waiter):
            if is_new:
                self._wake()
            return
        detail = "Too many calls wait for the limits of this organization. Try again."
        self._end(waiter, LatchkeyError("too_many_requests", detail, retry_after=1))

    def _end(self, waiter: Waiter, outcome: Outcome | Exception) -> None:
        for claim in waiter.claims:
            self.holding_of(claim.limit).waiting -= 1
        if waiter.future.done():
            # What comes too late is for nobody.
            if outcome is TAKEN:
                self.give_back(waiter.claims)
        elif isinstance(outcome, Outcome):
            waiter.future.set_result(outcome)
        else:
            waiter.future.set_exception(outcome)

    def _take_waiters(self, counters: dict[Holding, CounterMessage], now: float) -> list[Waiter]:
        waiters: list[Waiter] = []
        most = _MAX_COUNTERS - min(len(self._marked), _MAX_RENEWALS)
        while len(counters) < most:
            waiter = self._line.take()
            if waiter is None:
                break
            is_leased = self._is_leased()
            # Another draw has found a counter empty since it began to wait.
            exceeded = self._refuse(waiter.claims, now) if is_leased and waiter.rounds == 0 else ()
            if exceeded:
                self._end(waiter, Outcome(exceeded))
                continue
            asks_for_all = waiter.asks_for_all or not is_leased
            waiter.short = tuple(
                claim for claim in waiter.claims if (asks_for_all and claim.cost > 0) or self._is_short(claim, now)
            )
            if not waiter.short:
                for claim in waiter.claims:
                    self._use(claim, now)
                self._end(waiter, TAKEN)
                continue
            waiters.append(waiter)
            for claim in waiter.short:
                self._ask_for(claim, counters, now)
        return waiters

    def _ask_for(self, claim: Claim, counters: dict[Holding, CounterMessage], now: float) -> None:
        limit, cost, _ = claim
        holding = self.holding_of(limit)
        asked = counters.get(holding)
        if asked is None:
            asked = counters[holding] = ask(holding, now)
        is_changed = not limit.is_same(holding.limit)
        # Not enough, or of another limit or epoch: it goes back.
        if cost > 0 or is_changed:
            asked.back += holding.held
            asked.unspent = 0
            holding.held = 0
        if is_changed:
            holding.limit = asked.limit = limit
        asked.need += cost
        if cost > 0:
            asked.least = cost if asked.least == 0 else min(asked.least, cost)

    def _serve(self, waiter: Waiter, given: dict[Holding, int], now: float) -> None:
        """Gives one call its units, all or none."""
        is_leased = self._is_leased()
        short = {claim.limit for claim in waiter.short}

        def units_for(limit: CountedLimit) -> int:
            return given.get(self.holding_of(limit), 0) if limit in short else 0

        lacking = []
        for claim in waiter.claims:
            missing = claim.cost - units_for(claim.limit)
            if claim.cost > 0 and missing > 0:
                if not (is_leased and self.holding_of(claim.limit).has(claim.limit, missing, now)):
                    lacking.append(claim)
        if not lacking:
            for limit, cost, _ in waiter.claims:
                if cost > 0:
                    holding = self.holding_of(limit)
                    taken = min(cost, units_for(limit))
                    if taken > 0:
                        given[holding] -= taken
                    holding.spend(cost, taken)
            self._end(waiter, TAKEN)
            return
        exceeded = tuple(claim for claim in lacking if claim.limit in short)
        waiter.rounds += 1
        if waiter.rounds < _MAX_ROUNDS and not exceeded:
            waiter.asks_for_all = True
            self._add(waiter)
        else:
            self._end(waiter, Outcome(exceeded or tuple(lacking)))
