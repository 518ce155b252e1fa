package latchkey

import (
	"crypto/sha256"
	"crypto/subtle"
	"time"
)

type digest = [sha256.Size]byte

// memory is what a verifier remembers of the tokens that it has seen, and whether that may be believed. It holds digests and never a
// token. The verifier's lock guards it.
type memory struct {
	lease lease
	// confirmed is since when every change is known; only a later one renews the lease.
	confirmed   instant
	isConfirmed bool
	// changes grows each time something had to be forgotten: what was asked before must not be remembered after.
	changes uint64
	// foreign tells whether the server may know tokens of other systems; isToldForeign, whether it has said.
	foreign, isToldForeign bool

	maxSecrets, maxBytes int
	bytes                int
	byKid                map[string]*entry
	byDigest             map[digest]*entry
	owners               map[string]*owner
	// ring is the order of use: next is the most recently used.
	ring   entry
	absent absent
}

// entry is a secret that is remembered.
type entry struct {
	facts      *facts
	kid        string
	digest     digest
	owners     []*owner
	next, last *entry
	slot       slot
}

// owner is a key, an organization or a plan by whose change facts end.
type owner struct {
	isChanged bool
	entries   int
}

func newMemory(maxSecrets, maxBytes int) *memory {
	m := &memory{
		maxSecrets: maxSecrets, maxBytes: maxBytes,
		byKid: map[string]*entry{}, byDigest: map[digest]*entry{}, owners: map[string]*owner{},
	}
	m.ring.next, m.ring.last = &m.ring, &m.ring
	return m
}

func (m *memory) acceptsForeign() bool {
	return m.foreign || !m.isToldForeign
}

func (m *memory) noteForeign(foreign bool) {
	m.foreign, m.isToldForeign = foreign, true
}

// confirm renews the lease from the instant before which every change was heard of.
func (m *memory) confirm(at instant) {
	if m.isConfirmed && at.monotonic <= m.confirmed.monotonic {
		return
	}
	m.confirmed, m.isConfirmed = at, true
	m.lease.confirm(at)
}

// isWithin tells whether every change was known less than a span ago, by both clocks.
func (m *memory) isWithin(span time.Duration, at instant) bool {
	return m.isConfirmed && at.monotonic-m.confirmed.monotonic < span && at.wall.Sub(m.confirmed.wall) < span
}

// lookup finds what is remembered of exactly this token, and makes it the most recently used. Equal digests prove the whole token.
// They are compared in constant time: the kid is public, so a caller that guesses the rest must learn nothing.
func (m *memory) lookup(token string, of digest) *entry {
	if len(token) > bodyLength {
		if found := m.byKid[kidOf(token)]; found != nil && subtle.ConstantTimeCompare(found.digest[:], of[:]) == 1 {
			m.touch(found)
			return found
		}
	}
	if len(m.byDigest) == 0 {
		return nil
	}
	found := m.byDigest[of]
	if found != nil {
		m.touch(found)
	}
	return found
}

// holdsAnother tells whether the kid of a token is remembered with another secret: the token was made up.
func (m *memory) holdsAnother(token presented, of digest) bool {
	found := m.byKid[token.kid]
	return token.kid != "" && found != nil && found.isCurrent() && subtle.ConstantTimeCompare(found.digest[:], of[:]) == 0
}

// isCurrent tells whether no change was heard of that ends the facts.
func (e *entry) isCurrent() bool {
	for _, of := range e.owners {
		if of.isChanged {
			return false
		}
	}
	return true
}

// remember keeps facts, in place of what was known of the secret; the least recently used ones make room.
func (m *memory) remember(token presented, of digest, known *facts) {
	kid := token.kid
	if known.foreignKid != "" {
		kid = known.foreignKid
	}
	if before := m.byKid[kid]; before != nil {
		m.drop(before)
	}
	if m.maxSecrets == 0 || known.size > m.maxBytes {
		return
	}
	for len(m.byKid) >= m.maxSecrets || m.bytes+known.size > m.maxBytes {
		m.drop(m.ring.last)
	}
	made := &entry{facts: known, kid: kid, digest: of}
	for _, name := range known.owners {
		one := m.owners[name]
		if one == nil {
			one = &owner{}
			m.owners[name] = one
		}
		one.entries++
		made.owners = append(made.owners, one)
	}
	m.byKid[kid] = made
	if known.foreignKid != "" {
		m.byDigest[of] = made
	}
	m.bytes += known.size
	m.link(made)
}

func (m *memory) drop(e *entry) {
	m.unlink(e)
	delete(m.byKid, e.kid)
	if e.facts.foreignKid != "" {
		delete(m.byDigest, e.digest)
	}
	m.bytes -= e.facts.size
	for i, of := range e.owners {
		// One that has changed stands there no more, or another one by its name.
		if of.entries--; of.entries == 0 && m.owners[e.facts.owners[i]] == of {
			delete(m.owners, e.facts.owners[i])
		}
	}
}

// forget ends the facts of all secrets of an owner: "key/<id>", "organization/<id>" or "plan/<name>".
func (m *memory) forget(name string) {
	m.changes++
	if of := m.owners[name]; of != nil {
		of.isChanged = true
		delete(m.owners, name)
	}
}

func (m *memory) forgetAll() {
	m.changes++
	m.lease.drop()
	m.byKid, m.byDigest, m.owners = map[string]*entry{}, map[digest]*entry{}, map[string]*owner{}
	m.bytes = 0
	m.ring.next, m.ring.last = &m.ring, &m.ring
	m.absent = absent{}
}

func (m *memory) touch(e *entry) {
	if m.ring.next == e {
		return
	}
	m.unlink(e)
	m.link(e)
}

func (m *memory) link(e *entry) {
	e.next, e.last = m.ring.next, &m.ring
	m.ring.next.last = e
	m.ring.next = e
}

func (m *memory) unlink(e *entry) {
	e.last.next, e.next.last = e.next, e.last
}

const (
	absentTime = 200 * time.Millisecond
	maxAbsent  = 16_384
)

// absent remembers tokens that were unknown a moment ago, in bounded memory: the oldest go first.
type absent struct {
	since map[digest]time.Duration
	order []digest
}

func (a *absent) has(of digest, now time.Duration) bool {
	since, ok := a.since[of]
	return ok && now-since < absentTime
}

func (a *absent) add(of digest, now time.Duration) {
	if a.since == nil {
		a.since = map[digest]time.Duration{}
	}
	for len(a.order) > 0 && (len(a.order) >= maxAbsent || now-a.since[a.order[0]] >= absentTime) {
		delete(a.since, a.order[0])
		a.order = a.order[1:]
	}
	if _, ok := a.since[of]; ok {
		return
	}
	a.since[of] = now
	a.order = append(a.order, of)
}

// forgetFactsOf ends the facts of a key without counting that as a change, of which the stream tells.
func (m *memory) forgetFactsOf(keyID string) {
	changes := m.changes
	m.forget("key/" + keyID)
	m.changes = changes
}
