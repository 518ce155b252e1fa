package latchkey

import "time"

// instant is a moment by two clocks: the monotonic one, which nobody sets, and the wall's, by which keys expire.
type instant struct {
	monotonic time.Duration
	wall      time.Time
}

func (i instant) minus(age time.Duration) instant {
	return instant{i.monotonic - age, i.wall.Add(-age)}
}

// newClock reads both clocks at once. The wall's time has no monotonic reading with it: two of these are compared by the wall.
func newClock(now func() time.Time, monotonic func() time.Duration) func() instant {
	begin := time.Now()
	if now == nil && monotonic == nil {
		return func() instant {
			read := time.Now()
			return instant{read.Sub(begin), read.Round(0)}
		}
	}
	if now == nil {
		now = time.Now
	}
	if monotonic == nil {
		monotonic = func() time.Duration { return time.Since(begin) }
	}
	return func() instant { return instant{monotonic(), now().Round(0)} }
}

// leaseTime is how long memory may be believed after a question that showed every change until then.
const leaseTime = 1_800 * time.Millisecond

// lease holds for leaseTime after the instant before which every change is known here (C. Gray and D. Cheriton, Leases, SOSP 1989).
// A change that was acknowledged later is unknown here for no longer than that.
type lease struct {
	ends    instant
	isBegun bool
}

func (l *lease) confirm(at instant) {
	l.ends, l.isBegun = at.minus(-leaseTime), true
}

func (l *lease) drop() {
	l.isBegun = false
}

// holds tells whether it holds. The monotonic clock decides; the wall's may only end a lease sooner, for a machine that slept stops its
// monotonic clock.
func (l *lease) holds(at instant) bool {
	return l.isBegun && at.monotonic < l.ends.monotonic && at.wall.Before(l.ends.wall)
}
