package latchkey

import (
	"context"
	"errors"
	"net/http"
	"time"
)

const (
	// Two messages begin so far apart at least.
	betweenMessages = 20 * time.Millisecond
	sweepEvery      = time.Second
	// After a message that was not answered.
	pauseAfterFailure = 100 * time.Millisecond
	// For so long it holds nothing after its messages reached another process, and twice as long each time after that.
	firstRoaming = 10 * time.Second
	mostRoaming  = 10 * time.Minute
	// How long a close goes on giving units back.
	lastTime = time.Second
)

// grants draws units of limits through the server, and holds them under the lease of the process that granted them. If its messages
// reach different processes, as behind a proxy that takes each in turn, it holds none for a while: each call then asks. The
// verifier's lock guards its fields.
type grants struct {
	v *Verifier
	// name is its own, and says nothing; another one once it has let go of all that it held under it.
	name       string
	lease      lease
	granter    *string
	sequence   int64
	sent       *sentMessage
	startedAt  time.Duration
	renewedAt  time.Duration
	roamsUntil time.Duration
	roaming    time.Duration
	isStarted  bool
	news       chan struct{}
}

// sentMessage is a message as it was sent: until it is answered, it is sent again as it was.
type sentMessage struct {
	message *message
	body    grantsBody
	// isRoaming: it holds nothing for a while, and takes what its calls need from any process.
	isRoaming bool
}

// grantsBody is GrantsRequest with all of its fields.
type grantsBody struct {
	Verifier string         `json:"verifier"`
	Server   *string        `json:"server"`
	Sequence int64          `json:"sequence"`
	Counters []AskedCounter `json:"counters"`
}

func newGrants(v *Verifier) *grants {
	return &grants{
		v: v, name: randomName(), news: make(chan struct{}, 1),
		startedAt: -time.Hour, renewedAt: -time.Hour, roamsUntil: -time.Hour, roaming: firstRoaming,
	}
}

func (g *grants) isLeased() bool {
	return g.lease.holds(g.v.clock())
}

// wake has a message sent soon. What is asked for at once goes together.
func (g *grants) wake() {
	if !g.isStarted && !g.v.isClosed {
		g.isStarted = true
		g.v.spawn(g.run)
	}
	select {
	case g.news <- struct{}{}:
	default:
	}
}

func (g *grants) run(ctx context.Context) {
	renews, sweeps := time.NewTicker(askEvery), time.NewTicker(sweepEvery)
	defer renews.Stop()
	defer sweeps.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-sweeps.C:
			g.v.mu.Lock()
			g.v.allotments.sweep()
			g.v.mu.Unlock()
		case <-renews.C:
			if g.mustRenew() {
				g.send(ctx, nil)
				g.goOn(ctx, true)
			}
		case <-g.news:
			g.v.mu.Lock()
			wait := g.startedAt + betweenMessages - g.v.clock().monotonic
			g.v.mu.Unlock()
			if !sleep(ctx, max(0, min(wait, betweenMessages))) {
				return
			}
			g.v.mu.Lock()
			message := g.v.allotments.prepare()
			g.v.mu.Unlock()
			if message != nil {
				g.goOn(ctx, g.send(ctx, message))
			}
		}
	}
}

// goOn sends the next message, if there is news; after a failure, in a while.
func (g *grants) goOn(ctx context.Context, isDone bool) {
	if !isDone && !sleep(ctx, pauseAfterFailure) {
		return
	}
	g.v.mu.Lock()
	defer g.v.mu.Unlock()
	if g.v.allotments.hasNews() {
		g.wake()
	}
}

// mustRenew tells whether a message without counters is due, which renews the lease while it lasts: what is held for nobody goes back
// by itself.
func (g *grants) mustRenew() bool {
	g.v.mu.Lock()
	defer g.v.mu.Unlock()
	now := g.v.clock()
	isHolding := g.granter != nil && len(g.v.allotments.holdings) > 0
	return isHolding && g.sent == nil && now.monotonic-g.renewedAt >= askEvery-betweenMessages && g.lease.holds(now)
}

// send sends a message, or the one that was not answered, and takes its answer.
func (g *grants) send(ctx context.Context, of *message) bool {
	g.v.mu.Lock()
	at := g.v.clock()
	g.startedAt = at.monotonic
	if g.sent == nil || g.sent.message != of {
		g.sequence++
		isRoaming := at.monotonic < g.roamsUntil
		g.sent = &sentMessage{message: of, isRoaming: isRoaming}
		g.sent.body = g.write(of, isRoaming)
	}
	sent := g.sent
	g.v.mu.Unlock()
	var answer Grants
	_, err := g.v.requester.call(ctx, sending{method: http.MethodPost, path: "/v1/grants", body: sent.body, timeout: askTimeout}, &answer)
	g.v.mu.Lock()
	defer g.v.mu.Unlock()
	expected := sent.body.Server
	isElsewhere := err == nil && expected != nil && answer.Server != *expected
	if err == nil && !isElsewhere && !isSound(&answer, len(sent.body.Counters)) {
		err = newError(CodeUnexpectedAnswer, "The grants from the server have an unknown format.")
	}
	if err != nil {
		g.v.allotments.fail(of, err)
		if isRefused(err) {
			g.startOver()
		}
		return false
	}
	g.sent = nil
	if isElsewhere {
		// The message reached a process that has granted nothing: what the other one granted is let go of.
		g.roamsUntil = at.monotonic + g.roaming
		g.roaming = min(2*g.roaming, mostRoaming)
		g.startOver()
		return true
	}
	// Once the lease was over, the server has counted what it lent as spent. Of that the answer tells for the counters of the message
	// alone.
	if !g.isLeased() && g.granter != nil {
		g.v.allotments.dropBeside(of)
	}
	if !sent.isRoaming {
		g.granter = &answer.Server
		g.renewedAt = at.monotonic
		g.lease.confirm(at.minus(time.Duration(answer.AgeMs) * time.Millisecond))
	}
	if of != nil {
		g.v.allotments.accept(of, answer.Counters)
	}
	// Also what it tells of by its stream: that may be late, or leave something out.
	now := g.v.clock().monotonic
	if answer.Recalled == nil {
		g.v.allotments.recallAll(now)
	}
	for _, counterID := range answer.Recalled {
		g.v.allotments.recall(counterID, now)
	}
	return true
}

// startOver lets go of all that it holds, and of a message that the server will never take: all others would wait behind it.
func (g *grants) startOver() {
	g.sent, g.granter, g.sequence = nil, nil, 0
	g.name = randomName()
	g.lease.drop()
	g.v.allotments.drop()
}

func (g *grants) write(of *message, isRoaming bool) grantsBody {
	body := grantsBody{Verifier: g.name, Server: g.granter, Sequence: g.sequence, Counters: []AskedCounter{}}
	if isRoaming {
		body.Server = nil
	}
	if of == nil {
		return body
	}
	for _, asked := range of.counters {
		limit := asked.holding.limit
		counter := AskedCounter{
			Scope: limit.scope, Name: limit.name, Kind: limit.kind(), Epoch: asked.epoch, Period: Ptr(asked.period),
			Unspent: asked.unspent, Back: Ptr(asked.back), Unused: Ptr(asked.unused), Need: asked.need, Least: Ptr(asked.least),
			Want: asked.want,
		}
		if limit.scope == "organization" {
			counter.OrganizationID = limit.ownerID
		} else {
			counter.KeyID = limit.ownerID
		}
		if isRoaming {
			counter.Unspent, counter.Back, counter.Unused, counter.Want = 0, Ptr(int64(0)), Ptr(int64(0)), 0
		}
		body.Counters = append(body.Counters, counter)
	}
	return body
}

// close gives all units back, as far as there is time. The loop of run has ended.
func (g *grants) close() {
	ctx, cancel := context.WithTimeout(context.Background(), lastTime)
	defer cancel()
	g.v.mu.Lock()
	g.v.allotments.giveAllBack()
	g.v.mu.Unlock()
	for ctx.Err() == nil {
		g.v.mu.Lock()
		message := g.v.allotments.prepare()
		g.v.mu.Unlock()
		if message == nil || !g.send(ctx, message) {
			return
		}
	}
}

// isRefused tells whether the server refused a message for what it is, so that it would refuse it again.
func isRefused(err error) bool {
	var of *Error
	return errors.As(err, &of) && of.Status >= 400 && of.Status < 500 && of.Status != 408 && of.Status != 429
}

// isSound checks an answer: no unit is made of anything else.
func isSound(answer *Grants, asked int) bool {
	if answer.Server == "" || answer.AgeMs < 0 || len(answer.Counters) != asked {
		return false
	}
	for _, of := range answer.Counters {
		if of.Granted < 0 || of.Given < 0 || of.Kept < 0 || of.EmptyForMs < 0 || of.Remaining < 0 {
			return false
		}
		if of.ResetsInMs != nil && *of.ResetsInMs < 0 {
			return false
		}
	}
	return true
}
