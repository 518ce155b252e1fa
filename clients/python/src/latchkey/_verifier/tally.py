"""Counts verdicts in memory, by key, hour and code, and the units that calls draw by limit. Pure.

A report is the same each time that it is sent, and the server writes a number of a source once: so it may be sent again until
one is answered. While the server is away, what is counted is added up.
"""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

from .._wire import from_milliseconds
from .limits import Claims
from .question import BARE, Circumstances

HOUR_MS = 3_600_000
#: What no server takes for so long is not counted.
MAX_FROZEN_MS = 3_600_000
_MAX_ROWS = 500
_MAX_PROFILES = 100
#: So many counts, uses and profiles wait at most: what is beyond, while the server is away for long, is not told apart.
_MAX_COUNTS = 100_000
_MAX_KEPT_PROFILES = 20_000
_MAX_OF_SECRET = 256
#: Beyond its first few profiles, a secret takes room only while half of all is free.
_FEW_OF_SECRET = 8
#: The permissions of a profile have so many characters at most.
_MAX_PERMISSIONS = 1_000


class Profile(NamedTuple):
    """Calls of a secret that have the same in common; circumstances are None for the rest, which found no room."""

    kid: str
    hour: int
    code: str
    circumstances: Circumstances | None


class Report(NamedTuple):
    """A report as it is sent until a server answers."""

    body: dict[str, Any]
    frozen_at: float


class Tally:
    """What the server does not know of yet."""

    def __init__(self, most_uses: int) -> None:
        #: No other verifier has it.
        self._source = str(uuid.uuid4())
        self._number = 0
        self._most_uses = most_uses
        #: How far the server's clock, which decides what the hour is, is ahead of the wall's here.
        self.ahead_ms = 0.0
        self._counts: dict[tuple[str | None, int, str], int] = {}
        self._profiles: dict[Profile, list[float]] = {}
        self._of_secret: dict[str, int] = {}
        self._uses: dict[str, tuple[float, Circumstances]] = {}

    def hour_of(self, now: float) -> int:
        """Hours since 1970 by the server's clock."""
        return int((now + self.ahead_ms) // HOUR_MS)

    def count(self, key_id: str | None, code: str, now: float, amount: int = 1) -> None:
        """Counts verdicts, or units, of a key; of none for what is no token of a key."""
        place = (key_id, self.hour_of(now), code)
        if place in self._counts or len(self._counts) < _MAX_COUNTS:
            self._counts[place] = self._counts.get(place, 0) + amount

    def count_units(self, key_id: str, claims: Claims, now: float, calls: int = 1) -> None:
        """Counts what calls have drawn."""
        for limit, cost, _ in claims:
            if cost > 0:
                self.count(key_id, f"{limit.scope}/{limit.name}", now, cost * calls)

    def profile(self, kid: str, circumstances: Circumstances, code: str, calls: int, last: float) -> None:
        """Counts calls by what they have in common."""
        hour = self.hour_of(last)
        place = Profile(kid, hour, code, circumstances)
        total = self._profiles.get(place)
        if total is None and not self._has_room(kid):
            place = Profile(kid, hour, code, None)
            total = self._profiles.get(place)
        if total is not None:
            total[0] += calls
            total[1] = max(total[1], last)
        elif len(self._profiles) < 2 * _MAX_KEPT_PROFILES:
            self._profiles[place] = [calls, last]
            self._of_secret[kid] = self._of_secret.get(kid, 0) + 1

    def note_use(self, kid: str, circumstances: Circumstances, at: float) -> None:
        """Notes when a secret was last found valid."""
        known = self._uses.get(kid)
        # With the server away for long, the oldest secrets are reported and the newest are not.
        if known is None and len(self._uses) >= self._most_uses:
            return
        if known is None or at > known[0]:
            self._uses[kid] = (at, circumstances)

    def freeze(self, monotonic: float) -> list[Report]:
        """Divides all that was counted into reports; from then on each stays as it is."""
        counts = [
            {"key_id": key_id, "start": from_milliseconds(hour * HOUR_MS), "measure": measure, "amount": amount}
            for (key_id, hour, measure), amount in self._counts.items()
        ]
        profiles = [_write_profile(place, calls, last) for place, (calls, last) in self._profiles.items()]
        uses = [
            {"kid": kid, "at": from_milliseconds(at), **_write_context(circumstances)}
            for kid, (at, circumstances) in self._uses.items()
        ]
        self._counts, self._profiles, self._of_secret, self._uses = {}, {}, {}, {}
        rows = max(len(counts), len(uses))
        reports = max(-(-rows // _MAX_ROWS), -(-len(profiles) // _MAX_PROFILES))
        return [
            self._freeze_one(
                _page(counts, i, _MAX_ROWS), _page(profiles, i, _MAX_PROFILES), _page(uses, i, _MAX_ROWS), monotonic
            )
            for i in range(reports)
        ]

    def _freeze_one(self, counts: list[Any], profiles: list[Any], uses: list[Any], monotonic: float) -> Report:
        self._number += 1
        body = {"source": self._source, "number": self._number, "counts": counts, "profiles": profiles, "uses": uses}
        return Report(body, monotonic)

    def _has_room(self, kid: str) -> bool:
        of_secret, in_all = self._of_secret.get(kid, 0), len(self._profiles)
        is_fair = of_secret < _FEW_OF_SECRET or in_all < _MAX_KEPT_PROFILES // 2
        return of_secret < _MAX_OF_SECRET and in_all < _MAX_KEPT_PROFILES and is_fair


def _page(rows: list[Any], number: int, length: int) -> list[Any]:
    return rows[number * length : (number + 1) * length]


def _write_profile(place: Profile, calls: float, last: float) -> dict[str, Any]:
    circumstances = place.circumstances
    permissions = [] if circumstances is None else sorted(set(circumstances.permissions))
    if len(" ".join(permissions)) > _MAX_PERMISSIONS:
        circumstances, permissions = None, []
    return {
        "kid": place.kid,
        "start": from_milliseconds(place.hour * HOUR_MS),
        "code": place.code,
        **_write_context(circumstances or BARE),
        "permissions": permissions,
        "is_rest": circumstances is None,
        "calls": int(calls),
        "last": from_milliseconds(last),
    }


def _write_context(circumstances: Circumstances) -> dict[str, Any]:
    context = circumstances.context()
    return {"context": context} if context else {}
