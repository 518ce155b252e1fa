"""The calls that wait for units, and the messages by which units come and go."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from .holding import Holding
from .limits import Claims, CountedLimit


class Outcome:
    """The units were taken, if nothing exceeds; or there are none for the limits of these claims."""

    __slots__ = ("exceeded",)

    def __init__(self, exceeded: Claims = ()) -> None:
        self.exceeded = exceeded


TAKEN = Outcome()


@dataclass(eq=False)
class Waiter:
    """A call that waits for a draw."""

    claims: Claims
    future: asyncio.Future[Outcome]
    #: The claims for which it asks; those of the others it takes from what is at hand.
    short: Claims = ()
    #: Others took from under it what was at hand: now it asks for all.
    asks_for_all: bool = False
    rounds: int = 0

    @property
    def organization_id(self) -> str:
        """All its limits are those of one organization."""
        return self.claims[0].limit.organization_id


@dataclass(eq=False)
class CounterMessage:
    """What a message says of a counter, and asks of it."""

    holding: Holding
    limit: CountedLimit
    period: int
    unspent: int
    back: int
    unused: int
    want: int
    need: int = 0
    least: int = 0


@dataclass(eq=False)
class Message:
    """A message for all counters that need one; sent again until it is answered."""

    counters: list[CounterMessage]
    sent_at: float
    waiters: list[Waiter] = field(default_factory=list)


def ask(holding: Holding, now: float) -> CounterMessage:
    """What a message says of a holding and wants for it, beside what calls need."""
    is_left = holding.is_recalled or (holding.is_idle(now) and holding.waiting == 0)
    target = holding.target(now)
    held, unused = holding.held, holding.unused
    holding.is_recalled = False
    holding.is_asked = True
    holding.unused = 0
    if is_left:
        holding.held = 0
        return CounterMessage(holding, holding.limit, holding.period, 0, held, unused, 0)
    return CounterMessage(holding, holding.limit, holding.period, held, 0, unused, target)
