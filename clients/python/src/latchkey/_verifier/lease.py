"""How long what this process remembers may be believed without asking."""

from __future__ import annotations

import math

LEASE_MS = 1_800


class Lease:
    """Holds for 1,800 ms after an instant at which every change was heard of (Gray and Cheriton, Leases, SOSP 1989)."""

    __slots__ = ("_confirmed_by_wall", "_ends_by_wall", "_ends_monotonic", "confirmed_at")

    def __init__(self) -> None:
        self.confirmed_at = -math.inf
        self._confirmed_by_wall = -math.inf
        self._ends_monotonic = -math.inf
        self._ends_by_wall = -math.inf

    def confirm(self, monotonic: float, now: float) -> None:
        """Begins anew from the readings of both clocks at such an instant."""
        self.confirmed_at = monotonic
        self._confirmed_by_wall = now
        self._ends_monotonic = monotonic + LEASE_MS
        self._ends_by_wall = now + LEASE_MS

    def drop(self) -> None:
        """Ends now."""
        self._ends_monotonic = -math.inf

    def holds(self, monotonic: float, now: float) -> bool:
        """Whether it holds. The monotonic clock decides; the wall's ends it sooner on a machine that slept."""
        return monotonic < self._ends_monotonic and now < self._ends_by_wall

    def is_within(self, milliseconds: float, monotonic: float, now: float) -> bool:
        """Whether it was last confirmed less than so long ago, by both clocks; also if it has ended since."""
        return max(monotonic - self.confirmed_at, now - self._confirmed_by_wall) < milliseconds
