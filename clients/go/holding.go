package latchkey

import (
	"math"
	"math/big"
	"time"
)

const (
	// Units that are not used go back after so long.
	idleTime = 10 * time.Second
	// A holding that waits for nothing is renewed so often at most.
	renewEvery = 100 * time.Millisecond
	// Calls wait until the last draw of their counter was so long ago, unless its bucket is small.
	drawEvery  = 65 * time.Millisecond
	smallBurst = 8
	// A bucket is asked again after so much of the time in which it fills.
	fillShare = 0.6
	// A holding that was used and drawn for so long ago is forgotten.
	forgottenTime = time.Minute
	// What is left is known for so long after somebody last looked.
	knownTime = 10 * time.Second
	// A pace is a mean over about so long, and what units serve for at the least; longer if very many counters are in use.
	paceTime = 2 * time.Second
	// A pace that rises is met at once, with at most so many times what was used since the last draw.
	maxGrowth = 4
	// A limit of whose use nothing is known is taken to be used as fast as it allows, and a quota by this share: up to so many units.
	maxFirst     = 64
	firstOfQuota = 0.001
	minGrant     = 4
	// A longer wait leads beyond the year 9999, and is none.
	lastInstantMs = 253_402_300_799_999
	maxWaitMs     = lastInstantMs / 2
)

const (
	never   = time.Duration(math.MinInt64)
	forever = time.Duration(math.MaxInt64)
)

// holding is what the verifier holds of one counter. Instants are by the monotonic clock. The verifier's lock guards it.
type holding struct {
	limit *limit
	// held units may be spent, before the instant until; used were spent since the last draw.
	held, used   int64
	until        time.Duration
	periodEndsAt time.Duration
	// left is what the server had left after the last draw; endsAt, when the period ends by its clock; zero for never.
	left   int64
	endsAt time.Time
	// lowAt is with how many units it is time to ask for more.
	lowAt int64
	// out is what the server takes to be held; unused was given to calls that did not take it.
	out, unused int64
	// period is that of the units, as the last answer gave it.
	period int64
	// answeredAt is when the answer to the last draw came. Until emptyUntil, a call that costs more than what is left is refused.
	answeredAt, emptyUntil time.Duration
	// Calls that find nothing at hand ask from then on.
	asksFrom time.Duration
	// isMarked: it stands in the list of what the next message asks for. isAsked: a message that is not answered yet asks for it.
	isMarked, isAsked bool
	// isRecalled: somebody else waits for these units, and they go back.
	isRecalled bool
	// waiting is how many calls wait for it.
	waiting         int
	usedAt, drawnAt time.Duration
	// seenUsed is what was used when somebody last asked whether it is idle.
	seenUsed int64
	// pace is in units a millisecond.
	pace float64
	// isScarce: the server did not grant all that was wanted.
	isScarce bool
}

func newHolding(of *limit, now time.Duration) *holding {
	h := &holding{
		limit: of, periodEndsAt: forever, answeredAt: never, emptyUntil: never, asksFrom: never, usedAt: now, drawnAt: now,
	}
	h.setUntil()
	return h
}

func (h *holding) setUntil() {
	h.until = h.periodEndsAt
	if h.isRecalled {
		h.until = never
	}
}

func (h *holding) setRecalled(isRecalled bool) {
	h.isRecalled = isRecalled
	h.setUntil()
}

// has tells whether so many units are at hand for a limit. Those of a limit that was changed are not.
func (h *holding) has(of *limit, cost int64, now time.Duration) bool {
	return h.held >= cost && now < h.until && h.limit.isSame(of)
}

// isKnown tells whether it is known what is left of a limit, as it is now and in the period that runs.
func (h *holding) isKnown(of *limit, now time.Duration) bool {
	return h.answeredAt != never && now-h.answeredAt < knownTime && h.limit.isSame(of) && now < h.periodEndsAt
}

// isEmptyFor tells whether a call of this cost is refused without asking.
func (h *holding) isEmptyFor(cost int64, now time.Duration) bool {
	return now < h.emptyUntil && cost > h.left+h.held
}

// spend spends units at hand, or such as were given to a call that waited.
func (h *holding) spend(cost, given int64) {
	h.held -= cost - given
	h.used += cost
}

// isLow tells whether it is time to ask for more.
func (h *holding) isLow(now time.Duration) bool {
	return h.held <= h.lowAt && now-h.drawnAt >= renewEvery
}

// isIdle tells whether nobody has used it for so long, as far as it was asked.
func (h *holding) isIdle(now time.Duration) bool {
	if h.used != h.seenUsed {
		h.seenUsed, h.usedAt = h.used, now
	}
	return now-h.usedAt >= idleTime
}

// target is how many units it should hold, for a horizon. It begins the count of what is used until the next draw.
func (h *holding) target(now, horizon time.Duration) int64 {
	span := max(1, milliseconds(now-h.drawnAt))
	used := h.used
	weight := 0.0
	if h.answeredAt != never {
		weight = 1 - math.Exp(-span/milliseconds(paceTime))
	}
	h.pace += weight * (float64(used)/span - h.pace)
	if used != h.seenUsed {
		h.usedAt = now
	}
	first := 0.0
	if used == 0 && h.held == 0 {
		first = firstOf(h.limit)
	}
	h.used, h.seenUsed, h.drawnAt = 0, 0, now
	h.asksFrom = now + h.pause()
	// One that is used more seldom than this gives its units back before.
	pace := max(h.pace, 1/milliseconds(idleTime))
	// A mean learns a new pace slowly: until then, calls would wait again and again.
	rising := min(float64(used)/span*milliseconds(horizon), float64(used)*maxGrowth)
	// What was used may come at once, and again so.
	return max(minGrant, used, int64(math.Ceil(max(pace*milliseconds(horizon), rising, first))))
}

// accept takes the answer to what was asked at an instant. What is granted may be spent from now on.
func (h *holding) accept(answer *GrantsCounter, asked *askedCounter, sentAt, now time.Duration) {
	// Units of a period that is over come back to no other one.
	if answer.Period != h.period {
		h.unused = 0
	}
	// Spent meanwhile were those that the server does not know any more, as far as they go.
	h.held = max(0, h.held-(asked.unspent-answer.Kept)) + answer.Granted
	h.out = answer.Kept + answer.Granted
	h.lowAt = h.held / 3
	h.period = answer.Period
	h.periodEndsAt = forever
	if answer.ResetsInMs != nil {
		// Its clock was read after the message was sent.
		h.periodEndsAt = later(sentAt, *answer.ResetsInMs)
	}
	h.setUntil()
	h.endsAt = orZero(answer.ResetsAt)
	h.left = answer.Remaining
	h.answeredAt = now
	h.emptyUntil = never
	if answer.EmptyForMs > 0 {
		h.emptyUntil = later(sentAt, answer.EmptyForMs)
	}
	if asked.want > 0 {
		h.isScarce = answer.Kept+answer.Granted < asked.want
	}
	h.asksFrom = h.drawnAt + h.pause()
	h.isAsked = false
}

// later is so many milliseconds after an instant, however many these are.
func later(at time.Duration, ms int64) time.Duration {
	if ms >= int64((forever-at)/time.Millisecond) {
		return forever
	}
	return at + time.Duration(ms)*time.Millisecond
}

// pause is how long after a draw calls may ask again: a bucket that holds few units, or fills soon, is asked as often as may be, for
// it gains nothing while it is full.
func (h *holding) pause() time.Duration {
	switch {
	case !h.isScarce:
		return 0
	case !h.limit.isRate:
		return drawEvery
	case h.limit.burst < smallBurst:
		return 0
	}
	fills, _ := timeToGain(h.limit, h.limit.burst)
	return min(drawEvery, time.Duration(float64(fills)*fillShare)*time.Millisecond)
}

// drop lets go of all units: nothing is known any more.
func (h *holding) drop() {
	h.held, h.out, h.unused, h.left, h.lowAt = 0, 0, 0, 0, 0
	h.isAsked = false
	h.answeredAt, h.asksFrom, h.emptyUntil = never, never, never
	h.setRecalled(false)
}

// remaining is how many units there were when somebody last looked, less what was spent here since.
func (h *holding) remaining() int64 {
	return max(0, h.held+h.left)
}

// owesReport tells whether the server does not know yet what became of its units.
func (h *holding) owesReport() bool {
	return h.out > 0 || h.unused > 0
}

func (h *holding) isForgettable(now time.Duration) bool {
	isBusy := h.owesReport() || h.isMarked || h.isAsked || h.waiting > 0
	return !isBusy && now-max(h.usedAt, h.answeredAt) >= forgottenTime
}

// retryAfter is how long a call of this cost should wait, in milliseconds; false if waiting does not help.
func (h *holding) retryAfter(of *limit, cost int64, now instant) (int64, bool) {
	if !of.isRate {
		if cost > of.limit || h.endsAt.IsZero() {
			return 0, false
		}
		return max(1, h.endsAt.Sub(now.wall).Milliseconds()), true
	}
	if cost > of.burst {
		return 0, false
	}
	gained, ok := timeToGain(of, cost-h.left)
	if !ok || gained > maxWaitMs {
		return 0, false
	}
	wait := float64(gained)
	if h.answeredAt != never {
		wait -= milliseconds(now.monotonic - h.answeredAt)
	}
	if h.emptyUntil != never {
		wait = max(wait, milliseconds(h.emptyUntil-now.monotonic))
	}
	return max(1, int64(math.Ceil(wait))), true
}

// resetsAt is when a quota begins anew, or when a rate is full; nil for never.
func (h *holding) resetsAt(of *limit, wall time.Time) *time.Time {
	if !of.isRate {
		if h.endsAt.IsZero() {
			return nil
		}
		endsAt := h.endsAt
		return &endsAt
	}
	gained, ok := timeToGain(of, of.burst-h.remaining())
	if !ok || gained > lastInstantMs-wall.UnixMilli() {
		return nil
	}
	fullAt := time.UnixMilli(wall.UnixMilli() + gained).UTC()
	return &fullAt
}

// timeToGain is in how many milliseconds a rate gains so many units, rounded up; false if it never does.
func timeToGain(of *limit, units int64) (int64, bool) {
	if units <= 0 {
		return 0, true
	}
	if of.limit == 0 {
		return 0, false
	}
	product := new(big.Int).Mul(big.NewInt(units), big.NewInt(of.windowMs))
	product.Add(product, big.NewInt(of.limit-1))
	product.Quo(product, big.NewInt(of.limit))
	if !product.IsInt64() {
		return math.MaxInt64, true
	}
	return product.Int64(), true
}

// firstOf is how many units of a limit are taken to be used in the next two seconds, before anything is known of that.
func firstOf(of *limit) float64 {
	expected := float64(of.limit) * firstOfQuota
	if of.isRate {
		expected = float64(of.limit) / float64(of.windowMs) * milliseconds(paceTime)
	}
	return min(expected, maxFirst)
}

func milliseconds(span time.Duration) float64 {
	return float64(span) / float64(time.Millisecond)
}
