"""What a verifier remembers of the tokens that it has seen, and whether that may still be believed.

Everything here is done under one lock: many threads judge, and one event loop hears of changes.
"""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest

from .._clock import Clock
from .._token import Presented, kid_of, parse_presented, without_scheme
from ..verdict import MALFORMED, NOT_FOUND, Verdict
from .allotments import Allotments
from .facts import Facts
from .judgement import evaluate
from .lease import Lease
from .limits import Claims, claims_of, describe_claims, exceeded_verdict
from .messages import Outcome
from .question import Circumstances, Question
from .tally import Tally

#: How long a token stays unknown without asking: what was made elsewhere is found within this.
_ABSENT_MS = 200
_MAX_ABSENT = 10_000
#: How many uses are kept until the server hears of them, also if no secret is remembered.
_LEAST_USES = 10_000


class _Owner:
    """A key, an organization or a plan; true until a change of it is heard of."""

    __slots__ = ("__weakref__", "is_current")

    def __init__(self) -> None:
        self.is_current = True


class Entry:
    """A secret that is remembered, by its digest and never by its token."""

    __slots__ = ("calls", "circumstances", "digest", "facts", "kid", "last", "owners")

    def __init__(self, kid: str, digest: bytes, facts: Facts, owners: tuple[_Owner, ...]) -> None:
        self.kid = kid
        self.digest = digest
        self.facts = facts
        self.owners = owners
        #: Valid calls of the same circumstances, which are not counted yet.
        self.calls = 0
        self.last = 0.0
        self.circumstances: Circumstances | None = None


class Wanting:
    """A call that nothing refuses but, perhaps, a limit: not enough units are at hand, and the server may have some."""

    __slots__ = ("claims", "facts")

    def __init__(self, facts: Facts, claims: Claims) -> None:
        self.facts = facts
        self.claims = claims


class Memory:
    """The facts under their lease, and the tokens known to be absent."""

    def __init__(
        self, clock: Clock, most: int, most_bytes: int, allotments: Callable[[Callable[[], bool]], Allotments]
    ) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.tally = Tally(max(most, _LEAST_USES))
        self.lease = Lease()
        #: The lease of the process that granted units.
        self.grants_lease = Lease()
        self.allotments = allotments(lambda: self.grants_lease.holds(clock.monotonic(), clock.now()))
        #: Grows each time something had to be forgotten: what was asked before must not be remembered after.
        self.changes = 0
        #: Whether the server may know tokens of other systems; None until it has said.
        self.foreign: bool | None = None
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        #: By kid, or by digest for tokens of other systems; least recently used first.
        self._entries: OrderedDict[str | bytes, Entry] = OrderedDict()
        self._owners: weakref.WeakValueDictionary[tuple[str, str], _Owner] = weakref.WeakValueDictionary()
        self._active: dict[Entry, None] = {}
        self._hour_ends = 0.0
        self._hour_begins = 0.0
        self._absent: OrderedDict[bytes, float] = OrderedDict()

    def is_fresh(self) -> bool:
        """Whether memory may answer now."""
        return self.lease.holds(self.clock.monotonic(), self.clock.now())

    @property
    def accepts_foreign(self) -> bool:
        """Whether there may be tokens of other systems: if not, what is no token of Latchkey is malformed."""
        return self.foreign is not False

    def judge(self, text: object, asked: Question, paid: Claims | None = None) -> Verdict | Presented | Wanting:
        """Judges a token from memory; the token taken apart if only a question to the server can judge it."""
        if not isinstance(text, str):
            return self._refuse_unknown(MALFORMED, asked)
        with self.lock:
            entry = self._find(text)
            if entry is not None:
                now, monotonic = self.clock.now(), self.clock.monotonic()
                # Even if all else fails, nothing is believed that is older than the lease.
                if self.lease.holds(monotonic, now) and all([owner.is_current for owner in entry.owners]):
                    return self._judge_entry(entry, text, asked, now, monotonic, paid)
            return self._refuse_unproven(text, entry, asked)

    def judge_stale(self, text: str, asked: Question, milliseconds: float) -> Verdict | None:
        """Judges a token from memory that was confirmed less than so long ago, and may be older than its lease; None if it
        may not answer. Units of limits are spent as long as their own lease allows."""
        with self.lock:
            entry = self._find(text)
            now, monotonic = self.clock.now(), self.clock.monotonic()
            if entry is None or not self.lease.is_within(milliseconds, monotonic, now):
                return None
            if not all([owner.is_current for owner in entry.owners]):
                return None
            outcome = self._judge_entry(entry, text, asked, now, monotonic, None)
            return outcome if isinstance(outcome, Verdict) else None

    def judge_facts(
        self, presented: Presented, facts: Facts, asked: Question, paid: Claims | None = None
    ) -> Verdict | Wanting:
        """Judges one call by facts that were just read."""
        with self.lock:
            now = self.clock.now()
            kid = facts.foreign_kid or str(presented.kid)
            verdict = evaluate(facts, asked, now, presented.token)
            if verdict is None and not facts.claims:
                verdict = facts.answer
            if verdict is not None:
                self._count(facts, kid, asked, verdict, now)
                return verdict
            return self._draw(facts, kid, asked, now, self.clock.monotonic(), paid, self.is_fresh())

    def refuse_unknown(self, presented: Presented, asked: Question) -> Verdict:
        """The verdict on a token of which the server knows nothing."""
        # By now the server has said whether it knows tokens of other systems.
        is_token = presented.kid is not None or self.accepts_foreign
        return self._refuse_unknown(NOT_FOUND if is_token else MALFORMED, asked)

    def refuse_exceeded(self, wanting: Wanting, outcome: Outcome, text: str, asked: Question) -> Verdict:
        """The verdict on a call for which the server had too few units. Much may have changed while it waited."""
        with self.lock:
            now = self.clock.now()
            facts = wanting.facts
            verdict = evaluate(facts, asked, now, text)
            if verdict is None:
                exceeded, monotonic = outcome.exceeded, self.clock.monotonic()
                verdict = exceeded_verdict(facts.answer, wanting.claims, exceeded, monotonic, now)
            self._count(facts, facts.foreign_kid or kid_of(text), asked, verdict, now)
            return verdict

    def remember(self, presented: Presented, facts: Facts | None) -> None:
        """Remembers what a token is judged by; that there is nothing, for a moment."""
        with self.lock:
            digest = sha256(presented.token.encode()).digest()
            if facts is None:
                self._absent[digest] = self.clock.monotonic() + _ABSENT_MS
                if len(self._absent) > _MAX_ABSENT:
                    self._absent.popitem(last=False)
                return
            place: str | bytes = digest if presented.kid is None else presented.kid
            kid = facts.foreign_kid or presented.kid
            if kid is None:
                return
            self._forget_entry(place)
            owners = tuple(self._owner(topic) for topic in facts.topics)
            self._entries[place] = Entry(kid, digest, facts, owners)
            self._bytes += facts.size
            while len(self._entries) > self._most or self._bytes > self._most_bytes:
                self._forget_entry(next(iter(self._entries)))

    def forget(self, topic: str, name: str) -> None:
        """Forgets what is known of a key, an organization or a plan that changed."""
        with self.lock:
            self.changes += 1
            owner = self._owners.pop((topic, name), None)
            if owner is not None:
                owner.is_current = False

    def forget_one(self, key_id: str) -> None:
        """Forgets what is known of a key of which facts came that may not be remembered: it did not change by that."""
        owner = self._owners.pop(("key", key_id), None)
        if owner is not None:
            owner.is_current = False

    def forget_all(self) -> None:
        """Forgets all, and believes nothing until that is confirmed anew."""
        with self.lock:
            self.changes += 1
            self.lease.drop()
            self.flush()
            self._entries.clear()
            self._owners.clear()
            self._absent.clear()
            self._bytes = 0

    def is_remembered(self, presented: Presented) -> bool:
        """Whether the token was found before: strangers are those that may be made up."""
        with self.lock:
            return self._find(presented.token) is not None

    def flush(self) -> None:
        """Counts what the entries have counted."""
        for entry in self._active:
            self._flush_entry(entry)
        self._active.clear()

    def _find(self, text: str) -> Entry | None:
        token = without_scheme(text)
        if len(token) > 512 or not token.isascii():
            return None
        digest = sha256(token.encode()).digest()
        place: str | bytes = token[-65:-49]
        entry = self._entries.get(place)
        if entry is None or not compare_digest(entry.digest, digest):
            place = digest
            entry = self._entries.get(digest)
            if entry is None:
                return None
        self._entries.move_to_end(place)
        return entry

    def _judge_entry(
        self, entry: Entry, text: str, asked: Question, now: float, monotonic: float, paid: Claims | None
    ) -> Verdict | Wanting:
        facts = entry.facts
        verdict = evaluate(facts, asked, now, text)
        if verdict is not None:
            self._count(facts, entry.kid, asked, verdict, now)
            return verdict
        if facts.claims:
            return self._draw(facts, entry.kid, asked, now, monotonic, paid, True)
        if not asked.is_counted:
            return facts.answer
        if not self._hour_begins <= now < self._hour_ends:
            self._turn_hour(now)
        circumstances = asked.circumstances
        if entry.circumstances is not circumstances and entry.circumstances != circumstances:
            if entry.calls > 0:
                self._flush_entry(entry)
            entry.circumstances = circumstances
        if entry.calls == 0:
            self._active[entry] = None
        entry.calls += 1
        entry.last = now
        return facts.answer

    def _draw(
        self,
        facts: Facts,
        kid: str,
        asked: Question,
        now: float,
        monotonic: float,
        paid: Claims | None,
        is_fresh: bool,
    ) -> Verdict | Wanting:
        """Takes what a call draws, unless it has paid already."""
        claims = paid
        if claims is None:
            claims = claims_of(facts.claims, asked.cost)
            outcome = self.allotments.take(claims, monotonic) if is_fresh else None
            if outcome is None:
                return Wanting(facts, claims)
            if outcome.exceeded:
                verdict = exceeded_verdict(facts.answer, claims, outcome.exceeded, monotonic, now)
                self._count(facts, kid, asked, verdict, now)
                return verdict
        answer = facts.answer
        verdict = Verdict(
            True,
            "valid",
            answer.key_id,
            answer.organization_id,
            answer.name,
            answer.permissions,
            answer.expires_at,
            answer.metadata,
            limits=describe_claims(claims, now),
        )
        self._count(facts, kid, asked, verdict, now)
        self.tally.count_units(str(answer.key_id), claims, now)
        return verdict

    def _count(self, facts: Facts, kid: str, asked: Question, verdict: Verdict, now: float) -> None:
        if not asked.is_counted:
            return
        # Of a key of another organization, the caller may not know: it counts as unknown.
        if verdict is NOT_FOUND:
            self.tally.count(None, "not_found", now)
            return
        self.tally.count(facts.answer.key_id, verdict.code, now)
        self.tally.profile(kid, asked.circumstances, verdict.code, 1, now)
        if verdict.valid:
            self.tally.note_use(kid, asked.circumstances, now)

    def _flush_entry(self, entry: Entry) -> None:
        circumstances = entry.circumstances
        if entry.calls > 0 and circumstances is not None:
            self.tally.count(entry.facts.answer.key_id, "valid", entry.last, entry.calls)
            self.tally.profile(entry.kid, circumstances, "valid", entry.calls, entry.last)
            self.tally.note_use(entry.kid, circumstances, entry.last)
        entry.calls = 0

    def _turn_hour(self, now: float) -> None:
        """Counts what was counted before in the hour in which it was."""
        self.flush()
        hour = self.tally.hour_of(now)
        self._hour_begins = hour * 3_600_000 - self.tally.ahead_ms
        self._hour_ends = self._hour_begins + 3_600_000

    def _refuse_unproven(self, text: str, entry: Entry | None, asked: Question) -> Verdict | Presented:
        """Refuses what is no token, and what memory is sure is not known; takes apart what only a question can judge."""
        presented = parse_presented(text, self.accepts_foreign)
        if presented is None:
            return self._refuse_unknown(MALFORMED, asked)
        if entry is not None or not self.is_fresh():
            return presented
        until = self._absent.get(sha256(presented.token.encode()).digest())
        if until is not None and self.clock.monotonic() < until:
            return self._refuse_unknown(NOT_FOUND, asked)
        # A token with a known kid and another digest is made up.
        other = None if presented.kid is None else self._entries.get(presented.kid)
        if other is not None and all(owner.is_current for owner in other.owners):
            return self._refuse_unknown(NOT_FOUND, asked)
        return presented

    def _refuse_unknown(self, verdict: Verdict, asked: Question) -> Verdict:
        if not asked.is_counted:
            return verdict
        with self.lock:
            self.tally.count(None, verdict.code, self.clock.now())
        return verdict

    def _owner(self, topic: tuple[str, str]) -> _Owner:
        owner = self._owners.get(topic)
        if owner is None:
            owner = self._owners[topic] = _Owner()
        return owner

    def _forget_entry(self, place: str | bytes) -> None:
        entry = self._entries.pop(place, None)
        if entry is not None:
            self._bytes -= entry.facts.size
            if entry.calls > 0:
                self._flush_entry(entry)
                self._active.pop(entry, None)

    def set_ahead(self, milliseconds: float) -> None:
        """Learns how far the server's clock is ahead of the wall's here."""
        with self.lock:
            self.flush()
            self.tally.ahead_ms = milliseconds
            self._hour_ends = 0.0
