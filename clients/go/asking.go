package latchkey

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"
)

const (
	// Questions at once: a flood of made-up tokens must not crowd out everybody else.
	maxAsks = 64
	// Questions that wait for their turn.
	maxAsksWaiting = 16_384
	maxAttempts    = 3
)

// asking asks the server for facts: one question serves all who ask for the same token at once. The verifier's lock guards it.
type asking struct {
	v        *Verifier
	asks     map[askName]*ask
	line     turns[*ask]
	underWay int
}

// askName is that of a question. What was asked before a change may miss it: who asks after it asks anew.
type askName struct {
	digest  digest
	changes uint64
}

type ask struct {
	name   askName
	token  presented
	digest digest
	// call is that of who asked first.
	call   CallContext
	endsAt time.Time
	facts  *facts
	err    error
	isSent bool
	isDone bool
	done   chan struct{}
}

// askFor returns the facts of a token; nil if it is unknown. Who asks for tokens that were seen before, and who from one address for
// others, take turns.
func (a *asking) askFor(ctx context.Context, token presented, of digest, call CallContext) (*facts, error) {
	a.v.mu.Lock()
	if err := a.v.start(); err != nil {
		a.v.mu.Unlock()
		return nil, err
	}
	if err := a.v.following.err; err != nil && err.Code == CodeUnsupportedServer {
		a.v.mu.Unlock()
		return nil, err
	}
	name := askName{of, a.v.memory.changes}
	one := a.asks[name]
	if one == nil {
		if a.line.size >= maxAsksWaiting {
			a.v.mu.Unlock()
			return nil, tooMany()
		}
		one = &ask{name: name, token: token, digest: of, call: call, endsAt: time.Now().Add(a.v.timeout), done: make(chan struct{})}
		a.asks[name] = one
		group := "from " + call.IP
		if a.v.memory.lookup(token.token, of) != nil {
			group = "remembered"
		}
		a.line.add(group, one)
		a.next()
	}
	a.v.mu.Unlock()
	timer := time.NewTimer(time.Until(one.endsAt))
	defer timer.Stop()
	select {
	case <-one.done:
		return one.facts, one.err
	case <-ctx.Done():
		return nil, ended(ctx)
	case <-timer.C:
	}
	a.v.mu.Lock()
	defer a.v.mu.Unlock()
	if one.isSent {
		a.settle(one, nil, a.late())
	} else {
		a.settle(one, nil, tooMany())
	}
	return one.facts, one.err
}

func (a *asking) late() *Error {
	return newError(CodeTimedOut, a.v.requester.url+" did not answer in time.")
}

// errTooMany causes a refusal that says nothing of the server.
var errTooMany = errors.New("too many questions wait")

func tooMany() *Error {
	detail := "Too many unknown tokens wait for the server to verify them. Try again."
	return &Error{Code: CodeTimedOut, Detail: detail, cause: errTooMany}
}

// next sends the questions whose turn it is. The lock is held.
func (a *asking) next() {
	for a.underWay < maxAsks && !a.v.isClosed {
		one, ok := a.line.take()
		if !ok {
			return
		}
		if one.isDone {
			continue
		}
		a.underWay++
		one.isSent = true
		a.v.spawn(func(ctx context.Context) {
			bounded, cancel := context.WithDeadline(ctx, one.endsAt)
			defer cancel()
			known, err := a.read(bounded, one)
			a.v.mu.Lock()
			defer a.v.mu.Unlock()
			a.underWay--
			a.settle(one, known, err)
			a.next()
		})
	}
}

func (a *asking) settle(one *ask, known *facts, err error) {
	if one.isDone {
		return
	}
	one.isDone, one.facts, one.err = true, known, err
	delete(a.asks, one.name)
	close(one.done)
}

// fail ends all questions that wait.
func (a *asking) fail(err error) {
	for _, one := range a.asks {
		a.settle(one, nil, err)
	}
}

// read asks once, and again if the answer came too late or not at all.
func (a *asking) read(ctx context.Context, one *ask) (*facts, error) {
	for attempt := 1; ; attempt++ {
		a.v.mu.Lock()
		begunAt := a.v.clock()
		told, isTold := a.v.following.sequence()
		changes := a.v.memory.changes
		a.v.mu.Unlock()
		var answer Facts
		call := sending{method: http.MethodPost, path: "/v1/keys/facts", body: ReadFacts{Key: one.token.token}, timeout: a.v.timeout}
		call.headers = writeCall(one.call)
		_, err := a.v.requester.call(ctx, call, &answer)
		if err != nil {
			var of *Error
			errors.As(err, &of)
			switch {
			case a.v.ctx.Err() != nil:
				return nil, closed()
			case of.Code == "route_not_found":
				return nil, unsupported(a.v.requester.url, of)
			case of.Code == CodeServerUnreachable && attempt < maxAttempts:
				continue
			}
			return nil, err
		}
		known, fault := readFacts(&answer)
		if fault != nil {
			return nil, fault
		}
		a.v.mu.Lock()
		now := a.v.clock()
		a.v.memory.noteForeign(answer.ForeignTokens)
		// One that was held up on its way may be from before a revocation.
		isRecent := now.monotonic-begunAt.minus(time.Duration(answer.AgeMs)*time.Millisecond).monotonic < leaseTime
		if isRecent {
			_, isFollowed := a.v.following.sequence()
			isWhole := isTold && answer.Sequence != nil && *answer.Sequence >= told
			if isWhole && isFollowed && changes == a.v.memory.changes {
				a.remember(one, known, now)
			} else if known != nil {
				// A verifier that could remember them forgets what is older.
				a.v.memory.forgetFactsOf(known.keyID)
			}
		}
		a.v.mu.Unlock()
		switch {
		case isRecent:
			return known, nil
		case attempt >= maxAttempts:
			return nil, a.late()
		}
	}
}

// writeCall tells the server of the call that a question is for: if the token is one of a decoy, its event says from where it was tried.
func writeCall(of CallContext) http.Header {
	fields := url.Values{}
	for name, value := range map[string]string{"ip": of.IP, "user_agent": of.UserAgent, "operation": of.Operation} {
		if value != "" {
			fields.Set(name, value)
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return http.Header{"Latchkey-Call": {fields.Encode()}}
}

func (a *asking) remember(one *ask, known *facts, now instant) {
	if known == nil {
		a.v.memory.absent.add(one.digest, now.monotonic)
		return
	}
	a.v.memory.remember(one.token, one.digest, known)
}
