"""The units of one counter that this process has at hand. Spans and instants are milliseconds of the monotonic clock."""

from __future__ import annotations

import math
from typing import NamedTuple

from .limits import Allowance, CountedLimit, time_to_gain

#: Units that are not used go back after so long.
_IDLE_MS = 10_000
#: A holding that waits for nothing is renewed so often at most.
_RENEW_EVERY_MS = 100
#: Calls wait until the last draw of their counter was so long ago, unless its bucket is small.
_DRAW_EVERY_MS = 65
_SMALL_BURST = 8
#: A bucket is asked again after so much of the time in which it fills.
_FILL_SHARE = 0.6
#: A holding that was used and drawn for so long ago is forgotten.
_FORGOTTEN_MS = 60_000
#: What is left is known for so long after somebody last looked.
_KNOWN_MS = 10_000
#: A pace is a mean over about so long, and units serve for so long.
_PACE_MS = 2_000
#: A pace that rises is met at once, with at most so many times what was used since the last draw.
_MAX_GROWTH = 4
_LEAST_GRANT = 4
#: A limit of whose use nothing is known is taken to be used as it allows, and a quota by this share, up to so many units.
_FIRST_MOST = 64
_FIRST_OF_QUOTA = 0.001
#: A longer wait leads beyond the year 9999, and is none.
_MAX_WAIT_MS = 253_402_300_799_999 / 2
_NEVER = -math.inf


class Grant(NamedTuple):
    """What the server answered of one counter."""

    granted: int
    given: int
    kept: int
    period: int
    remaining: int
    empty_for_ms: float
    resets_in_ms: float | None
    #: When the period ends by the server's clock, in milliseconds since 1970.
    ends_at: int | None


class Holding:
    """What this process holds of one counter."""

    def __init__(self, limit: CountedLimit, now: float) -> None:
        self.counter_id = limit.counter_id
        #: The limit as it was last met: a change of it counts from the next draw on.
        self.limit = limit
        #: It was let go of: whoever still has it must look for the new one.
        self.is_gone = False
        self.held = 0
        #: How many were spent since the last draw.
        self.used = 0
        #: With how many it is time to ask for more.
        self.low_at = 0.0
        #: What the server had left after the last draw.
        self.left = 0
        self.ends_at: int | None = None
        self.period_ends_at = math.inf
        #: Somebody else waits for these units: they go back, and nobody spends them.
        self.is_recalled = False
        #: How many units are out in the server's eyes.
        self.out = 0
        self.period = 0
        self.answered_at = _NEVER
        #: Until then a call that costs more than what is left is refused.
        self.empty_until = _NEVER
        #: Units that were given to calls which did not take them, and that the server has counted as spent.
        self.unused = 0
        #: It stands in the list of what the next message asks for.
        self.is_marked = False
        #: A message that is not answered yet asks for it.
        self.is_asked = False
        #: Calls that find nothing at hand ask from then on.
        self.asks_from = _NEVER
        #: How many calls wait for it.
        self.waiting = 0
        self._used_at = now
        self._drawn_at = now
        self._seen_used = 0
        self._pace = 0.0
        self._is_scarce = False

    def has(self, limit: CountedLimit, cost: int, now: float) -> bool:
        """Whether so many units are at hand for a limit; those of a limit that was changed are not."""
        return self.held >= cost and not self.is_recalled and now < self.period_ends_at and limit.is_same(self.limit)

    def is_known(self, limit: CountedLimit, now: float) -> bool:
        """Whether it is known what is left of a limit, as it is now and in the period that runs."""
        return now - self.answered_at < _KNOWN_MS and limit.is_same(self.limit) and now < self.period_ends_at

    def is_empty_for(self, cost: int, now: float) -> bool:
        """Whether a call of this cost is refused without asking."""
        return now < self.empty_until and cost > self.left + self.held

    def spend(self, cost: int, given: int) -> None:
        """Units at hand are spent, or such as were given to a call that waited."""
        self.held -= cost - given
        self.used += cost

    def is_low(self, now: float) -> bool:
        """Whether it is time to ask for more."""
        return self.held <= self.low_at and now - self._drawn_at >= _RENEW_EVERY_MS

    def is_idle(self, now: float) -> bool:
        """Whether nobody has used it for so long, as far as it was asked."""
        if self.used != self._seen_used:
            self._seen_used = self.used
            self._used_at = now
        return now - self._used_at >= _IDLE_MS

    def target(self, now: float) -> int:
        """How many units it should hold; begins the count of what is used until the next draw."""
        span = max(1.0, now - self._drawn_at)
        used = self.used
        weight = 0.0 if self.answered_at == _NEVER else 1 - math.exp(-span / _PACE_MS)
        self._pace += weight * (used / span - self._pace)
        if used != self._seen_used:
            self._used_at = now
        self.used = 0
        self._seen_used = 0
        self._drawn_at = now
        self.asks_from = now + self._pause_ms()
        # One that is used more seldom than this gives its units back before.
        pace = max(self._pace, 1 / _IDLE_MS)
        # A mean learns a new pace slowly: until then, calls would wait again and again.
        rising = min(used / span * _PACE_MS, used * _MAX_GROWTH)
        first = _first_of(self.limit.allowance) if used == 0 and self.held == 0 else 0
        # What was used may come at once, and again so.
        return max(_LEAST_GRANT, used, math.ceil(max(pace * _PACE_MS, rising, first)))

    def accept(self, grant: Grant, unspent: int, want: int, sent_at: float, now: float) -> None:
        """Takes the answer to a message that said it keeps ``unspent``. What is granted may be spent from now on."""
        # Units of a period that is over come back to no other one.
        if grant.period != self.period:
            self.unused = 0
        # Spent meanwhile were those that the server does not know any more, as far as they go.
        self.held = max(0, self.held - (unspent - grant.kept)) + grant.granted
        self.out = grant.kept + grant.granted
        self.low_at = self.held // 3
        self.period = grant.period
        # The server read its clock after the message was sent.
        self.period_ends_at = math.inf if grant.resets_in_ms is None else sent_at + grant.resets_in_ms
        self.ends_at = grant.ends_at
        self.left = grant.remaining
        self.answered_at = now
        self.empty_until = _NEVER if grant.empty_for_ms == 0 else sent_at + grant.empty_for_ms
        if want > 0:
            self._is_scarce = grant.kept + grant.granted < want
        self.asks_from = self._drawn_at + self._pause_ms()
        self.is_asked = False

    def drop(self) -> None:
        """Lets go of all units: nothing is known any more."""
        self.held = 0
        self.out = 0
        self.unused = 0
        self.left = 0
        self.low_at = 0
        self.is_recalled = False
        self.is_asked = False
        self.answered_at = _NEVER
        self.asks_from = _NEVER
        self.empty_until = _NEVER

    @property
    def remaining(self) -> int:
        """How many units there were when somebody last looked, less what was spent here since."""
        return max(0, self.held + self.left)

    @property
    def owes_report(self) -> bool:
        """Whether the server does not know yet what became of its units."""
        return self.out > 0 or self.unused > 0

    def is_forgettable(self, now: float) -> bool:
        """Whether nobody has used it for so long, and nothing is on its way to it or back."""
        is_busy = self.owes_report or self.is_marked or self.is_asked or self.waiting > 0
        return not is_busy and now - max(self._used_at, self.answered_at) >= _FORGOTTEN_MS

    def retry_after_ms(self, allowance: Allowance, cost: int, now: float, wall: float) -> int | None:
        """How long a call of this cost should wait; None if waiting does not help."""
        if allowance.is_rate:
            gained = None if cost > allowance.burst else time_to_gain(allowance, cost - self.left)
            if gained is None or gained > _MAX_WAIT_MS:
                return None
            return max(1, math.ceil(max(gained - (now - self.answered_at), self.empty_until - now)))
        if cost > allowance.limit or self.ends_at is None:
            return None
        return max(1, math.ceil(self.ends_at - wall))

    def _pause_ms(self) -> float:
        """A bucket that holds few units, or fills soon, is asked as often as may be: it gains nothing while it is full."""
        allowance = self.limit.allowance
        if not self._is_scarce:
            return 0
        if not allowance.is_rate:
            return _DRAW_EVERY_MS
        if allowance.burst < _SMALL_BURST:
            return 0
        return min(_DRAW_EVERY_MS, (time_to_gain(allowance, allowance.burst) or 0) * _FILL_SHARE)


def _first_of(allowance: Allowance) -> float:
    """How many units are taken to be used in the next two seconds, before anything is known of that."""
    if allowance.is_rate:
        return min(allowance.limit / allowance.window_ms * _PACE_MS, _FIRST_MOST)
    return min(allowance.limit * _FIRST_OF_QUOTA, _FIRST_MOST)
