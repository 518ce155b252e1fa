package latchkey

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// VerifierOptions are the server of a verifier, and the bounds of its memory.
type VerifierOptions struct {
	// URL is the server's address, such as https://keys.example.com; a path before /v1 may follow.
	URL string
	// Token is that of a key with latchkey:keys:verify. It is sent in the Authorization header only, and never printed.
	Token string `json:"-"`
	// Timeout is how long a verification may wait for the server in all; 3 seconds if 0.
	Timeout time.Duration
	// CachedSecrets is how many secrets are remembered at the most; 100,000 if 0, and none if negative.
	CachedSecrets int
	// CacheBytes is about how many bytes they may take; 1,280 times CachedSecrets if 0.
	CacheBytes int
	// StaleIfError has memory answer for so long after the verifier last heard of the server, while that is away, except for keys that
	// are known to have changed since. A revocation that is made meanwhile is not known here. None if 0.
	StaleIfError time.Duration
	// Transport makes the connections; one of HTTP/1.1 if nil.
	Transport http.RoundTripper
	// Now and Monotonic are the clocks; those of the machine if nil. For tests.
	Now       func() time.Time
	Monotonic func() time.Duration
}

// Format prints the options without the token, whatever the verb.
func (o VerifierOptions) Format(state fmt.State, _ rune) {
	fmt.Fprintf(state, "latchkey.VerifierOptions{URL: %q}", o.URL)
}

// LogValue logs the options without the token.
func (o VerifierOptions) LogValue() slog.Value {
	return slog.GroupValue(slog.String("url", o.URL))
}

const (
	defaultVerifierTimeout = 3 * time.Second
	defaultSecrets         = 100_000
	bytesOfSecret          = 1_280
	leastUses              = 10_000
	// For so long after it was found away, the server is not asked where an old answer will do.
	awayTime = time.Second
	// What it can judge, for the server.
	allConditions = "organization, line, limits, suspended, not_before, ips"
)

// Verifier judges tokens in this process, from facts that it got from the server, and never trusts them for longer than two seconds.
// Many goroutines may use it at once. It speaks to the server from its first use on, until Close.
type Verifier struct {
	requester *requester
	timeout   time.Duration
	staleFor  time.Duration
	clock     func() instant

	mu         sync.Mutex
	memory     *memory
	tally      *tally
	allotments *allotments
	following  *following
	grants     *grants
	asking     *asking
	reporter   *reporter
	isStarted  bool
	isClosed   bool
	// awayUntil is until when the server is taken to be away.
	awayUntil time.Duration

	ctx      context.Context
	cancel   context.CancelFunc
	running  sync.WaitGroup
	reports  sync.WaitGroup
	closing  sync.Once
	tellStop context.CancelFunc
}

// NewVerifier makes a verifier, without a request. The error is an *Error for an address that is not http or https, and for a malformed
// token.
func NewVerifier(options VerifierOptions) (*Verifier, error) {
	if options.Timeout == 0 {
		options.Timeout = defaultVerifierTimeout
	}
	if options.StaleIfError < 0 {
		return nil, invalidInput("StaleIfError", "Must be 0 or more.")
	}
	requester, err := newRequester(options.URL, options.Token, options.Timeout, options.Transport)
	if err != nil {
		return nil, err
	}
	requester.judges = allConditions
	secrets := options.CachedSecrets
	if secrets == 0 {
		secrets = defaultSecrets
	}
	secrets = max(0, secrets)
	bytes := options.CacheBytes
	if bytes == 0 {
		bytes = secrets * bytesOfSecret
	}
	v := &Verifier{
		requester: requester, timeout: options.Timeout, staleFor: options.StaleIfError,
		clock: newClock(options.Now, options.Monotonic),
	}
	v.ctx, v.cancel = context.WithCancel(context.Background())
	v.memory = newMemory(secrets, bytes)
	v.tally = newTally(max(secrets, leastUses))
	v.following = &following{v: v, outcome: make(chan struct{})}
	v.grants = newGrants(v)
	v.allotments = &allotments{
		mu: &v.mu, wake: v.grants.wake, isLeased: v.grants.isLeased, clock: v.clock,
		holdings: map[string]*holding{}, waiting: map[string]int{},
	}
	v.asking = &asking{v: v, asks: map[askName]*ask{}}
	v.reporter = &reporter{v: v, source: randomName()}
	return v, nil
}

// spawn runs a part of the verifier until it is closed. The lock is held.
func (v *Verifier) spawn(run func(ctx context.Context)) {
	v.running.Add(1)
	go func() {
		defer v.running.Done()
		run(v.ctx)
	}()
}

// start begins to speak to the server, at the first call. The lock is held.
func (v *Verifier) start() *Error {
	if v.isClosed {
		return closed()
	}
	if v.isStarted {
		return nil
	}
	v.isStarted = true
	v.spawn(v.following.run)
	ctx, stop := context.WithCancel(context.Background())
	v.tellStop = stop
	v.reports.Add(1)
	go func() {
		defer v.reports.Done()
		v.reporter.run(ctx)
	}()
	return nil
}

func closed() *Error {
	return newError(CodeAborted, "The verifier is closed.")
}

// Ready returns nil when memory may answer, or why it may not.
func (v *Verifier) Ready(ctx context.Context) error {
	v.mu.Lock()
	if err := v.start(); err != nil {
		v.mu.Unlock()
		return err
	}
	isFresh := v.memory.lease.holds(v.clock())
	outcome := v.following.outcome
	v.mu.Unlock()
	if isFresh {
		return nil
	}
	select {
	case <-outcome:
	case <-ctx.Done():
		return ended(ctx)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	switch {
	case v.memory.lease.holds(v.clock()):
		return nil
	case v.following.err != nil:
		return v.following.err
	}
	return closed()
}

// ended is the error for a context that is done.
func ended(ctx context.Context) *Error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return &Error{Code: CodeTimedOut, Detail: "The call took longer than its caller waits.", cause: ctx.Err()}
	}
	return &Error{Code: CodeAborted, Detail: "The caller ended the call.", cause: ctx.Err()}
}

// Close gives the units of limits back, reports what was counted, and closes the connections. Then no goroutine of it is left.
func (v *Verifier) Close() {
	v.closing.Do(func() {
		v.mu.Lock()
		v.isClosed = true
		stop := v.tellStop
		v.mu.Unlock()
		v.cancel()
		v.running.Wait()
		v.mu.Lock()
		v.memory.lease.drop()
		v.following.err = nil
		v.following.settle()
		v.asking.fail(closed())
		v.allotments.isClosed = true
		v.allotments.fail(v.allotments.pending, closed())
		v.mu.Unlock()
		v.grants.close()
		if stop != nil {
			stop()
		}
		v.reports.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), lastReportTime)
		defer cancel()
		v.reporter.report(ctx)
		v.requester.http.CloseIdleConnections()
	})
}

// VerifyCached judges a token from memory, without I/O. The second result is false if memory may not answer: because it has not seen the
// token, because it cannot be sure to have heard of every change, or because it has too few units of a limit.
func (v *Verifier) VerifyCached(token string, question Question) (Verdict, bool, error) {
	if err := v.check(&question); err != nil {
		return Verdict{}, false, err
	}
	if question.ReserveSeconds != 0 {
		return Verdict{}, false, nil
	}
	found := v.remembered(token, &question, nil)
	return found.verdict, found.isJudged, nil
}

// Verify judges a token from memory or, if memory may not answer, by asking the server. A refusal is an answer: look at Valid. An error
// says that nobody could judge, and is never to be taken for a verdict. With ReserveSeconds, the server draws the cost and signs the
// reservation; what memory refuses never reaches it.
func (v *Verifier) Verify(ctx context.Context, token string, question Question) (Verdict, error) {
	if err := v.check(&question); err != nil {
		return Verdict{}, err
	}
	if question.ReserveSeconds != 0 {
		return v.reserve(ctx, token, question)
	}
	found := v.remembered(token, &question, nil)
	if found.isJudged {
		return found.verdict, nil
	}
	if err := ctx.Err(); err != nil {
		return Verdict{}, ended(ctx)
	}
	return v.verdict(ctx, found, token, &question, nil)
}

// check finds what is wrong with a question, whatever the token.
func (v *Verifier) check(question *Question) error {
	if len(question.Permissions) > 0 {
		if fault := permissionsFault(question.Permissions); fault != nil {
			return fault
		}
	}
	if question.Context != (CallContext{}) {
		if fault := contextFault(&question.Context); fault != nil {
			return fault
		}
	}
	if fault := question.fault(); fault != nil {
		return fault
	}
	return nil
}

// finding is what memory says of a token: a verdict, or what must be asked.
type finding struct {
	verdict  Verdict
	isJudged bool
	// claims are what only a draw can give, of these facts.
	claims []claim
	facts  *facts
	// token is taken apart, for a question about its facts.
	token  presented
	digest digest
}

// remembered judges by what is remembered, if that may be believed. What was drawn before is not drawn again.
func (v *Verifier) remembered(token string, question *Question, paid []claim) finding {
	bare := withoutScheme(token)
	if len(bare) > mostForeign {
		v.mu.Lock()
		defer v.mu.Unlock()
		return v.unknown(CodeMalformed, question)
	}
	of := sha256.Sum256([]byte(bare))
	v.mu.Lock()
	defer v.mu.Unlock()
	// Within the lock: who waited for it must not judge by an instant before.
	now := v.clock()
	isFresh := v.memory.lease.holds(now)
	if isFresh {
		if found := v.memory.lookup(bare, of); found != nil && found.isCurrent() {
			return v.judge(found.facts, token, question, paid, now, true, &found.slot)
		}
	}
	parsed, ok := parsePresented(token, v.memory.acceptsForeign())
	if !ok {
		return v.unknown(CodeMalformed, question)
	}
	if isFresh && (v.memory.absent.has(of, now.monotonic) || v.memory.holdsAnother(parsed, of)) {
		return v.unknown(CodeNotFound, question)
	}
	return finding{token: parsed, digest: of}
}

func (v *Verifier) unknown(code string, question *Question) finding {
	if !question.isLook {
		v.tally.countUnknown(code, v.clock().wall)
	}
	return finding{verdict: Verdict{Code: code}, isJudged: true}
}

// judge evaluates facts, takes the units that the call draws, and counts the verdict. The lock is held.
func (v *Verifier) judge(of *facts, token string, question *Question, paid []claim, now instant, isFresh bool, at *slot) finding {
	verdict := of.judge(question, token, now.wall)
	drawn := paid
	if verdict.Valid && len(of.claims) > 0 && paid == nil {
		claims := claimsOf(of.claims, question.Cost)
		// What is at hand may be taken under both leases alone.
		result, isKnown := outcome{}, false
		if isFresh && v.grants.lease.holds(now) {
			result, isKnown = v.allotments.take(claims, now.monotonic)
		}
		if !isKnown {
			return finding{facts: of, claims: claims}
		}
		if !result.isTaken {
			verdict = v.exceeded(of, claims, result.exceeded, now)
		}
		drawn = claims
	}
	if !verdict.Valid {
		drawn = nil
	} else if len(of.claims) > 0 {
		verdict.Limits = v.allotments.describe(drawn, now.wall)
	}
	if !question.isLook {
		v.tally.add(of, of.kidOf(token), &verdict, question, drawn, now.wall, at)
	}
	return finding{verdict: verdict, isJudged: true}
}

// claimsOf is what a call draws that names a cost, or none.
func claimsOf(claims []claim, cost *Cost) []claim {
	if cost == nil {
		return claims
	}
	own := make([]claim, len(claims))
	for i, of := range claims {
		own[i] = claim{limit: of.limit, cost: cost.of(of.limit.name, of.cost)}
	}
	return own
}

// exceeded is the verdict on a call that some limits refuse. Quotas come first: they refuse for longer.
func (v *Verifier) exceeded(of *facts, claims, exceeded []claim, now instant) Verdict {
	verdict := of.verdict()
	verdict.Valid, verdict.Code = false, CodeRateLimited
	verdict.Limits = v.allotments.describe(claims, now.wall)
	longest, helps := int64(1), true
	for _, one := range exceeded {
		if !one.limit.isRate {
			verdict.Code = CodeQuotaExceeded
		}
		verdict.Exceeded = append(verdict.Exceeded, ExceededLimit{Name: one.limit.name, Scope: one.limit.scope, ID: one.limit.ownerID})
		wait, ok := v.allotments.holdingOf(one.limit).retryAfter(one.limit, one.cost, now)
		helps = helps && ok
		longest = max(longest, wait)
	}
	if helps {
		verdict.RetryAfterMs = &longest
	}
	return verdict
}

// verdict does what memory could not: it asks for facts, or draws.
func (v *Verifier) verdict(ctx context.Context, found finding, token string, question *Question, paid []claim) (Verdict, error) {
	if found.claims != nil {
		return v.draw(ctx, found, token, question)
	}
	// Of what was drawn already, only the server's word decides.
	mayBeStale := v.staleFor > 0 && paid == nil
	if mayBeStale {
		if verdict, ok := v.stale(token, question, false); ok {
			return verdict, nil
		}
	}
	known, err := v.asking.askFor(ctx, found.token, found.digest, question.Context)
	if err != nil {
		if mayBeStale && ctx.Err() == nil && isAbsence(err) {
			if verdict, ok := v.stale(token, question, true); ok {
				return verdict, nil
			}
		}
		return Verdict{}, err
	}
	v.mu.Lock()
	if known == nil {
		defer v.mu.Unlock()
		// By now the server has said whether it knows tokens of other systems.
		if found.token.kid == "" && !v.memory.acceptsForeign() {
			return v.unknown(CodeMalformed, question).verdict, nil
		}
		return v.unknown(CodeNotFound, question).verdict, nil
	}
	now := v.clock()
	again := v.judge(known, token, question, paid, now, v.memory.lease.holds(now), nil)
	v.mu.Unlock()
	if again.isJudged {
		return again.verdict, nil
	}
	return v.draw(ctx, again, token, question)
}

// stale judges by what was confirmed not too long ago, while the server is away: known since a moment, or found so now.
func (v *Verifier) stale(token string, question *Question, isAway bool) (Verdict, bool) {
	bare := withoutScheme(token)
	of := sha256.Sum256([]byte(bare))
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.clock()
	if isAway {
		v.awayUntil = now.monotonic + awayTime
	}
	if v.isClosed || now.monotonic >= v.awayUntil || !v.memory.isWithin(v.staleFor, now) {
		return Verdict{}, false
	}
	known := v.memory.lookup(bare, of)
	if known == nil || !known.isCurrent() {
		return Verdict{}, false
	}
	found := v.judge(known.facts, token, question, nil, now, true, &known.slot)
	return found.verdict, found.isJudged
}

// draw draws what a call wants of limits. Much may change while it waits: it is judged once more, and what it has drawn goes back if
// something else refuses it.
func (v *Verifier) draw(ctx context.Context, found finding, token string, question *Question) (Verdict, error) {
	result, err := v.waitFor(ctx, found.claims)
	if err != nil {
		return Verdict{}, err
	}
	if !result.isTaken {
		v.mu.Lock()
		defer v.mu.Unlock()
		now := v.clock()
		verdict := found.facts.judge(question, token, now.wall)
		if verdict.Valid {
			verdict = v.exceeded(found.facts, found.claims, result.exceeded, now)
		}
		if !question.isLook {
			v.tally.add(found.facts, found.facts.kidOf(token), &verdict, question, nil, now.wall, nil)
		}
		return verdict, nil
	}
	isLate := false
	again := v.remembered(token, question, result.claims)
	verdict := again.verdict
	if !again.isJudged {
		isLate = true
		verdict, err = v.verdict(ctx, again, token, question, result.claims)
	}
	if err != nil || !verdict.Valid {
		v.mu.Lock()
		v.allotments.giveBack(result.claims, isLate)
		v.mu.Unlock()
	}
	return verdict, err
}

// waitFor waits for units, and no longer than a call may take.
func (v *Verifier) waitFor(ctx context.Context, claims []claim) (outcome, error) {
	v.mu.Lock()
	if err := v.start(); err != nil {
		v.mu.Unlock()
		return outcome{}, err
	}
	waiting, failure := v.allotments.wait(claims)
	v.mu.Unlock()
	if failure != nil {
		return outcome{}, failure
	}
	timer := time.NewTimer(v.timeout)
	defer timer.Stop()
	var err error
	select {
	case <-waiting.done:
		return waiting.outcome, waiting.outcome.err
	case <-timer.C:
		err = newError(CodeTimedOut, v.requester.url+" did not answer in time what is left of a limit.")
	case <-ctx.Done():
		err = ended(ctx)
	}
	v.mu.Lock()
	v.allotments.leave(waiting)
	v.mu.Unlock()
	return outcome{}, err
}

// reserve has memory refuse what it can, and the server draw.
func (v *Verifier) reserve(ctx context.Context, token string, question Question) (Verdict, error) {
	looking := question
	looking.ReserveSeconds, looking.Cost, looking.isLook = 0, Units(0), true
	verdict, err := v.Verify(ctx, token, looking)
	if err != nil {
		return Verdict{}, err
	}
	// The server counts what it draws.
	if !verdict.Valid || len(verdict.Limits) == 0 {
		looking.isLook = false
		return v.Verify(ctx, token, looking)
	}
	question.OrganizationID = ""
	return verify(ctx, v.requester, token, question, sending{})
}

// Settle brings a reservation to what the call really cost. Once is enough, and again is safe.
func (v *Verifier) Settle(ctx context.Context, reservation string, cost *Cost, options ...CallOption) (*Settlement, error) {
	return settle(ctx, v.requester, reservation, cost, options)
}
