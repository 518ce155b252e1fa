package latchkey

import (
	"context"
	"errors"
	"net/http"
	"time"
)

const (
	reportEvery = 10 * time.Second
	// What no server takes for so long is not counted.
	maxFrozenTime = time.Hour
	// So long a close waits for its last reports.
	lastReportTime = 3 * time.Second
)

// reporter reports what was counted: in numbered reports, off the path of a verification. A report is the same each time that it is
// sent, and the server writes a number of a source once: it may be sent again to any server until one answers.
type reporter struct {
	v      *Verifier
	source string
	number int64
	frozen []frozenReport
}

type frozenReport struct {
	report UsageReport
	at     time.Duration
}

func (r *reporter) run(ctx context.Context) {
	ticks := time.NewTicker(reportEvery)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			r.report(ctx)
		}
	}
}

// report sends what was not answered and, if a server takes that, what was counted since: while the server is away, what is counted is
// added up.
func (r *reporter) report(ctx context.Context) {
	if !r.sendFrozen(ctx) {
		return
	}
	r.v.mu.Lock()
	now := r.v.clock().monotonic
	reports := r.v.tally.collect(r.source, &r.number)
	r.v.mu.Unlock()
	for _, report := range reports {
		r.frozen = append(r.frozen, frozenReport{report, now})
	}
	r.sendFrozen(ctx)
}

func (r *reporter) sendFrozen(ctx context.Context) bool {
	for len(r.frozen) > 0 {
		isOld := r.v.clock().monotonic-r.frozen[0].at > maxFrozenTime
		if !isOld && !r.send(ctx, &r.frozen[0].report) {
			return false
		}
		r.frozen = r.frozen[1:]
	}
	return true
}

// send sends one report, and tells whether it is done with.
func (r *reporter) send(ctx context.Context, report *UsageReport) bool {
	sentAt := r.v.clock().wall
	var reported UsageReported
	call := sending{method: http.MethodPost, path: "/v1/usage/reports", body: report, repeatable: true, timeout: defaultTimeout}
	_, err := r.v.requester.call(ctx, call, &reported)
	if err != nil {
		// All others would wait behind one that no server will ever take.
		var of *Error
		return errors.As(err, &of) && (of.Status == 400 || of.Status == 413 || of.Status == 422)
	}
	r.v.mu.Lock()
	defer r.v.mu.Unlock()
	now := r.v.clock().wall
	r.v.tally.setAhead(reported.At.Sub(sentAt.Add(now.Sub(sentAt) / 2)))
	return true
}
