"""The two clocks: one that nobody sets, and the wall's, by which keys expire. Both in milliseconds."""

from __future__ import annotations

import time
from collections.abc import Callable


class Clock:
    """Reads both clocks; a test may give its own, in seconds."""

    __slots__ = ("monotonic", "now")

    def __init__(self, now: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        #: Milliseconds by a clock that is never set.
        self.monotonic: Callable[[], float] = lambda: monotonic() * 1000
        #: Milliseconds since 1970.
        self.now: Callable[[], float] = lambda: now() * 1000
