package latchkey

import (
	"sync"
	"time"
)

const (
	// How long a call waits for units that others hold, and how long it waits before it asks again.
	askAgain = 50 * time.Millisecond
	// A call whose units others take, again and again, is refused.
	maxRounds = 8
	// A message has at most so many counters, of which so many are kept for those that run low.
	maxCounters = 500
	maxRenewals = 125
	// What a look at units finds to be so old is asked for again, and nobody waits for that.
	lookTime = time.Second
	// At most so many calls of an organization wait.
	maxWaiting = 16_384
)

// allotments are the units that the verifier holds, of all counters: what calls take, what waits, and the messages by which units
// come and go. A holding is
//
//	unknown   nobody has drawn yet, or all was dropped     → a call waits for a draw
//	stocked   it holds units                               → a call takes them at once; a third left: the next draw renews
//	bare      it holds none, and may get some              → a call waits for a draw
//	empty     the server had none; for a while             → a call is refused at once, then: bare
//
// The verifier's lock guards it.
type allotments struct {
	mu *sync.Mutex
	// wake is called when there is something to ask for; isLeased tells whether units may be spent.
	wake     func()
	isLeased func() bool
	clock    func() instant
	holdings map[string]*holding
	marked   []*holding
	line     turns[*waiter]
	// waiting is how many calls of an organization wait.
	waiting map[string]int
	pending *message
	active  int
	// isClosed: no message is sent for calls any more.
	isClosed bool
}

// waiter is a call that waits for a draw. All its limits are those of one organization.
type waiter struct {
	claims []claim
	// short are the claims for which it asks; it takes the others from what is at hand.
	short []claim
	// asksForAll: others took from under it what was at hand.
	asksForAll bool
	rounds     int
	isSettled  bool
	outcome    outcome
	done       chan struct{}
	// isLeft: nobody waits for it any more.
	isLeft bool
}

// outcome is what became of claims: units were taken, or these refuse, or nobody can tell.
type outcome struct {
	isTaken  bool
	claims   []claim
	exceeded []claim
	err      error
}

// message is what is sent for all counters that need something; sent again until it is answered.
type message struct {
	counters []*askedCounter
	sentAt   time.Duration
	waiters  []*waiter
}

// askedCounter is what a message says of a holding and wants for it.
type askedCounter struct {
	holding                                  *holding
	epoch, period                            int64
	unspent, back, unused, need, least, want int64
}

func (a *allotments) hasNews() bool {
	return a.pending != nil || a.line.size > 0 || len(a.marked) > 0
}

func (a *allotments) holdingOf(of *limit) *holding {
	found := a.holdings[of.counterID]
	if found == nil {
		found = newHolding(of, a.clock().monotonic)
		a.holdings[of.counterID] = found
	}
	return found
}

// take takes all units at once, or none; false if only a draw can tell. To be called while the leases hold.
func (a *allotments) take(claims []claim, now time.Duration) (outcome, bool) {
	for i := range claims {
		if a.isShort(&claims[i], now) {
			exceeded := a.refuse(claims, now)
			return outcome{exceeded: exceeded}, len(exceeded) > 0
		}
	}
	for i := range claims {
		a.use(&claims[i], now)
	}
	return outcome{isTaken: true}, true
}

// isShort tells whether a claim needs a draw: not enough is at hand or, if it costs nothing, nothing is known of what is left.
func (a *allotments) isShort(of *claim, now time.Duration) bool {
	holding := a.holdingOf(of.limit)
	if of.cost == 0 {
		return !holding.isKnown(of.limit, now)
	}
	return !holding.has(of.limit, of.cost, now)
}

func (a *allotments) use(of *claim, now time.Duration) {
	holding := a.holdingOf(of.limit)
	if of.cost > 0 {
		holding.spend(of.cost, 0)
		if holding.isLow(now) {
			a.mark(holding)
		}
	} else if now-holding.answeredAt >= lookTime && !holding.isAsked {
		a.mark(holding)
	}
}

func (a *allotments) refuse(claims []claim, now time.Duration) []claim {
	var exceeded []claim
	for _, of := range claims {
		holding := a.holdingOf(of.limit)
		if of.cost > 0 && holding.limit.isSame(of.limit) && holding.isEmptyFor(of.cost, now) {
			exceeded = append(exceeded, of)
		}
	}
	return exceeded
}

// wait begins to wait for a draw.
func (a *allotments) wait(claims []claim) (*waiter, *Error) {
	now := a.clock().monotonic
	organization := claims[0].limit.organizationID
	if a.waiting[organization] >= maxWaiting {
		failure := newError("too_many_requests", "Too many calls wait for the limits of this organization. Try again.")
		failure.RetryAfter = time.Second
		return nil, failure
	}
	made := &waiter{claims: claims, short: claims, done: make(chan struct{})}
	a.waiting[organization]++
	pause := time.Duration(0)
	for i := range claims {
		holding := a.holdingOf(claims[i].limit)
		holding.waiting++
		if a.isShort(&claims[i], now) && holding.asksFrom != never {
			pause = max(pause, holding.asksFrom-now)
		}
	}
	a.askAgain(made, pause)
	return made, nil
}

// leave has a call wait no longer: what comes too late is for nobody.
func (a *allotments) leave(of *waiter) {
	if of.isSettled && of.outcome.isTaken {
		a.giveBack(of.outcome.claims, false)
	}
	of.isLeft = true
}

func (a *allotments) settle(of *waiter, with outcome) {
	if of.isSettled {
		return
	}
	of.isSettled = true
	organization := of.claims[0].limit.organizationID
	if a.waiting[organization]--; a.waiting[organization] == 0 {
		delete(a.waiting, organization)
	}
	for _, one := range of.claims {
		a.holdingOf(one.limit).waiting--
	}
	if with.isTaken {
		// With the periods of the units: others may begin before they are given back.
		with.claims = make([]claim, len(of.claims))
		for i, one := range of.claims {
			with.claims[i] = claim{limit: one.limit, cost: one.cost, period: a.holdingOf(one.limit).period}
		}
		if of.isLeft {
			a.giveBack(with.claims, false)
		}
	}
	of.outcome = with
	close(of.done)
}

// prepare gives the message to send now; nil if there is nothing to say. Until it is answered, it is the same.
func (a *allotments) prepare() *message {
	if a.pending != nil {
		return a.pending
	}
	now := a.clock().monotonic
	made := &message{sentAt: now}
	counters := map[*holding]*askedCounter{}
	a.takeWaiters(made, counters, now)
	some := a.marked[:min(len(a.marked), maxCounters-len(counters))]
	a.marked = append([]*holding(nil), a.marked[len(some):]...)
	for _, holding := range some {
		holding.isMarked = false
		if counters[holding] == nil {
			a.ask(holding, made, counters, now)
		}
	}
	if len(made.counters) == 0 {
		return nil
	}
	a.pending = made
	return made
}

func (a *allotments) ask(of *holding, in *message, counters map[*holding]*askedCounter, now time.Duration) *askedCounter {
	horizon := max(paceTime, time.Duration(a.active)*time.Millisecond)
	isLeft := of.isRecalled || (of.isIdle(now) && of.waiting == 0)
	target := of.target(now, horizon)
	asked := &askedCounter{
		holding: of, epoch: of.limit.epoch, period: of.period, unspent: of.held, unused: of.unused, want: target,
	}
	of.setRecalled(false)
	of.isAsked = true
	of.unused = 0
	if isLeft {
		asked.back, asked.unspent, asked.want = of.held, 0, 0
		of.held = 0
	}
	counters[of] = asked
	in.counters = append(in.counters, asked)
	return asked
}

// takeWaiters takes the calls that fit into a message: by turns of their organizations.
func (a *allotments) takeWaiters(in *message, counters map[*holding]*askedCounter, now time.Duration) {
	most := maxCounters - min(len(a.marked), maxRenewals)
	for len(counters) < most {
		of, ok := a.line.take()
		if !ok {
			return
		}
		if of.isLeft || of.isSettled {
			a.settle(of, outcome{})
			continue
		}
		isLeased := a.isLeased()
		// Another draw has found a counter empty since it began to wait.
		if isLeased && of.rounds == 0 {
			if exceeded := a.refuse(of.claims, now); len(exceeded) > 0 {
				a.settle(of, outcome{exceeded: exceeded})
				continue
			}
		}
		asksForAll := of.asksForAll || !isLeased
		of.short = nil
		for i := range of.claims {
			if one := &of.claims[i]; (asksForAll && one.cost > 0) || a.isShort(one, now) {
				of.short = append(of.short, *one)
			}
		}
		if len(of.short) == 0 {
			for i := range of.claims {
				a.use(&of.claims[i], now)
			}
			a.settle(of, outcome{isTaken: true})
			continue
		}
		in.waiters = append(in.waiters, of)
		for i := range of.short {
			a.askFor(&of.short[i], in, counters, now)
		}
	}
}

func (a *allotments) askFor(of *claim, in *message, counters map[*holding]*askedCounter, now time.Duration) {
	holding := a.holdingOf(of.limit)
	asked := counters[holding]
	if asked == nil {
		asked = a.ask(holding, in, counters, now)
	}
	isSame := holding.limit.isSame(of.limit)
	// Not enough, or of another limit or epoch: it goes back.
	if of.cost > 0 || !isSame {
		asked.back += holding.held
		asked.unspent = 0
		holding.held = 0
	}
	if !isSame {
		holding.limit = of.limit
		asked.epoch = of.limit.epoch
	}
	asked.need += of.cost
	if of.cost > 0 && (asked.least == 0 || of.cost < asked.least) {
		asked.least = of.cost
	}
}

// accept takes the answers to the message that was prepared, in its order.
func (a *allotments) accept(of *message, answers []GrantsCounter) {
	if of != a.pending {
		return
	}
	a.pending = nil
	now := a.clock().monotonic
	given := map[*holding]int64{}
	for i, asked := range of.counters {
		asked.holding.accept(&answers[i], asked, of.sentAt, now)
		given[asked.holding] = answers[i].Given
	}
	for _, one := range of.waiters {
		a.serve(one, given, now)
	}
	for holding, units := range given {
		if units > 0 {
			holding.unused += units
			a.mark(holding)
		}
	}
	if a.hasNews() {
		a.wake()
	}
}

// serve gives one call its units, all or none.
func (a *allotments) serve(of *waiter, given map[*holding]int64, now time.Duration) {
	if of.isLeft || of.isSettled {
		a.settle(of, outcome{})
		return
	}
	isLeased := a.isLeased()
	givenTo := func(one *claim) int64 {
		if isShortOf(of.short, one.limit) {
			return given[a.holdingOf(one.limit)]
		}
		return 0
	}
	var lacking, exceeded []claim
	for i := range of.claims {
		one := &of.claims[i]
		missing := one.cost - givenTo(one)
		if one.cost > 0 && missing > 0 && !(isLeased && a.holdingOf(one.limit).has(one.limit, missing, now)) {
			lacking = append(lacking, *one)
			if isShortOf(of.short, one.limit) {
				exceeded = append(exceeded, *one)
			}
		}
	}
	if len(lacking) == 0 {
		for i := range of.claims {
			one := &of.claims[i]
			if one.cost == 0 {
				continue
			}
			holding := a.holdingOf(one.limit)
			taken := min(one.cost, givenTo(one))
			if taken > 0 {
				given[holding] -= taken
			}
			holding.spend(one.cost, taken)
		}
		a.settle(of, outcome{isTaken: true})
		return
	}
	of.rounds++
	switch {
	case of.rounds < maxRounds && len(exceeded) == 0:
		of.asksForAll = true
		a.askAgain(of, 0)
	case len(exceeded) > 0:
		a.settle(of, outcome{exceeded: exceeded})
	default:
		a.settle(of, outcome{exceeded: lacking})
	}
}

func isShortOf(short []claim, of *limit) bool {
	for i := range short {
		if short[i].limit == of {
			return true
		}
	}
	return false
}

// askAgain has a call ask, after a while.
func (a *allotments) askAgain(of *waiter, delay time.Duration) {
	if delay > 0 {
		time.AfterFunc(delay, func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			a.askAgain(of, 0)
		})
		return
	}
	if a.isClosed {
		a.settle(of, outcome{err: closed()})
		return
	}
	a.line.add(of.claims[0].limit.organizationID, of)
	a.wake()
}

// fail ends the waiting of all calls: the message was not answered, and is sent again.
func (a *allotments) fail(of *message, err error) {
	waiters := a.line.takeAll()
	if of != nil {
		waiters = append(waiters, of.waiters...)
		of.waiters = nil
	}
	for _, one := range waiters {
		a.settle(one, outcome{err: err})
	}
}

// giveBack gives back what a call took that something else refuses. What it took of a rate comes back at once or not at all: after
// another message, its bucket may have been full meanwhile. Units of a period or an epoch that has ended are void.
func (a *allotments) giveBack(claims []claim, isLate bool) {
	for _, of := range claims {
		if of.cost == 0 || (isLate && of.limit.isRate) {
			continue
		}
		holding := a.holdingOf(of.limit)
		if holding.limit.epoch != of.limit.epoch || holding.period != of.period {
			continue
		}
		holding.unused += of.cost
		a.mark(holding)
	}
}

// giveAllBack gives all units back: the verifier closes.
func (a *allotments) giveAllBack() {
	for _, holding := range a.holdings {
		holding.setRecalled(true)
		if holding.owesReport() || holding.isAsked {
			a.mark(holding)
		}
	}
}

// recall gives back the units of a counter for which somebody else waits, and asks anew whether it is empty.
func (a *allotments) recall(counterID string, now time.Duration) {
	holding := a.holdings[counterID]
	if holding == nil {
		return
	}
	holding.emptyUntil = never
	// What is on its way to it goes back too.
	if !holding.owesReport() && !holding.isAsked {
		return
	}
	holding.setRecalled(true)
	// That all was spent is worth no message of its own, if calls soon ask anyway.
	if holding.held == 0 && holding.asksFrom > now {
		time.AfterFunc(holding.asksFrom-now, func() {
			a.mu.Lock()
			defer a.mu.Unlock()
			if holding.isRecalled {
				a.mark(holding)
			}
		})
		return
	}
	a.mark(holding)
}

func (a *allotments) recallAll(now time.Duration) {
	for counterID := range a.holdings {
		a.recall(counterID, now)
	}
}

// dropBeside drops the units of all counters for which a message does not ask, and says so: its answer tells nothing of them.
func (a *allotments) dropBeside(of *message) {
	asked := map[*holding]bool{}
	if of != nil {
		for _, one := range of.counters {
			asked[one.holding] = true
		}
	}
	for _, holding := range a.holdings {
		if asked[holding] {
			continue
		}
		if holding.owesReport() {
			a.mark(holding)
		}
		holding.drop()
	}
}

// drop drops all units, since the lease under which they were granted has ended; what waits asks anew.
func (a *allotments) drop() {
	for _, holding := range a.holdings {
		holding.drop()
	}
	waiters := a.line.takeAll()
	if a.pending != nil {
		waiters = append(a.pending.waiters, waiters...)
	}
	a.pending = nil
	for _, one := range waiters {
		a.line.add(one.claims[0].limit.organizationID, one)
	}
	if a.hasNews() {
		a.wake()
	}
}

func (a *allotments) mark(of *holding) {
	if of.isMarked {
		return
	}
	of.isMarked = true
	a.marked = append(a.marked, of)
	a.wake()
}

// sweep has idle units go back, and forgets what nobody has used for long. To be called every second or so.
func (a *allotments) sweep() {
	now := a.clock().monotonic
	a.active = 0
	for counterID, holding := range a.holdings {
		switch {
		case !holding.isIdle(now):
			a.active++
		case holding.owesReport():
			a.mark(holding)
		case holding.isForgettable(now):
			delete(a.holdings, counterID)
		}
	}
}

// describe tells what a verdict has of the limits of claims.
func (a *allotments) describe(claims []claim, wall time.Time) []VerdictLimit {
	described := make([]VerdictLimit, len(claims))
	for i, of := range claims {
		holding := a.holdingOf(of.limit)
		described[i] = VerdictLimit{
			Name: of.limit.name, Scope: of.limit.scope, ID: of.limit.ownerID, Limit: of.limit.limit,
			Remaining: holding.remaining(), ResetsAt: holding.resetsAt(of.limit, wall),
		}
		if of.limit.isRate {
			described[i].WindowSeconds = Ptr(of.limit.windowMs / 1000)
		}
	}
	return described
}
