package latchkey

import (
	"context"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// staleness is the bound of all verdicts: from the acknowledged revocation to the last accept.
const staleness = 2 * time.Second

// fault makes something go wrong; what it gives mends that.
type fault struct {
	what string
	make func(server *testServer, p *proxy) (mend func())
}

var faults = []fault{
	{"nothing", func(*testServer, *proxy) func() { return func() {} }},
	{"the stream held, and not the questions", func(_ *testServer, p *proxy) func() { p.holdOnly("/v1/changes"); return p.release }},
	{"the stream cut", func(_ *testServer, p *proxy) func() { p.cut("/v1/changes"); return func() {} }},
	{"the stream held", func(_ *testServer, p *proxy) func() { p.hold("/v1/changes"); return p.release }},
	{"the questions held", func(_ *testServer, p *proxy) func() { p.hold("/v1/changes/latest"); return p.release }},
	{"all held", func(_ *testServer, p *proxy) func() { p.hold("/"); return p.release }},
	{"the server stopped", func(server *testServer, _ *proxy) func() {
		server.process.Signal(syscall.SIGSTOP)
		return func() { server.process.Signal(syscall.SIGCONT) }
	}},
}

func TestARevokedKeyIsRefusedInTimeWhateverFails(t *testing.T) {
	for i, one := range faults {
		// The others take three seconds each.
		if !isLong && i > 1 {
			continue
		}
		t.Run(one.what, func(t *testing.T) { testRevocation(t, one) })
	}
}

func testRevocation(t *testing.T, one fault) {
	ctx := withTimeout(t)
	server, stop, err := startServer(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	p := newProxy(t, server.url)
	v := newTestVerifier(t, VerifierOptions{URL: p.url, Token: server.token, Timeout: 100 * time.Millisecond})
	ready(t, v)
	key := must(server.client.Keys.Create(ctx, CreateKey{Name: "CI"}))(t)
	other := must(server.client.Keys.Create(ctx, CreateKey{Name: "CI"}))(t)
	eventually(t, "the token is not remembered", func() bool {
		_, _ = v.Verify(ctx, key.Key, Question{})
		_, isKnown, _ := v.VerifyCached(key.Key, Question{})
		return isKnown
	})
	mend := func() {}
	// A server that is stopped acknowledges nothing.
	isStopped := one.what == "the server stopped"
	if !isStopped {
		mend = one.make(server, p)
	}
	must(server.client.Keys.Revoke(ctx, key.ID))(t)
	acknowledged := time.Now()
	if isStopped {
		mend = one.make(server, p)
	}
	// An accept counts from before it was asked for: a verdict after that is no younger.
	last := acknowledged
	for time.Since(acknowledged) < staleness+500*time.Millisecond {
		asked := time.Now()
		verdict, err := v.Verify(ctx, key.Key, Question{})
		if err == nil && verdict.Valid {
			last = asked
		}
		if err == nil && !verdict.Valid && one.what == "nothing" {
			break
		}
		time.Sleep(time.Millisecond)
	}
	bound := last.Sub(acknowledged)
	t.Logf("%s: the last accept %v after the acknowledged revocation", one.what, bound.Round(time.Millisecond))
	if bound > staleness {
		t.Errorf("a revoked key was accepted for %v", bound)
	}
	mend()
	eventually(t, "it does not come back", func() bool {
		verdict, err := v.Verify(context.Background(), other.Key, Question{})
		_, isKnown, _ := v.VerifyCached(other.Key, Question{})
		return err == nil && verdict.Valid && isKnown
	})
	eventually(t, "the key is not refused", func() bool {
		verdict, err := v.Verify(context.Background(), key.Key, Question{})
		if err == nil && verdict.Valid {
			t.Fatal("it is accepted again")
		}
		return err == nil && verdict.Code == CodeRevoked
	})
}

func TestMemoryAnswersForLongerIfTheServerIsAway(t *testing.T) {
	ctx := withTimeout(t)
	p := newProxy(t, shared.url)
	var passed atomic.Int64
	begin := time.Now()
	v := newTestVerifier(t, VerifierOptions{
		URL: p.url, Timeout: 200 * time.Millisecond, StaleIfError: time.Minute,
		Now:       func() time.Time { return time.Now().Add(time.Duration(passed.Load())) },
		Monotonic: func() time.Duration { return time.Since(begin) + time.Duration(passed.Load()) },
	})
	ready(t, v)
	kept, revoked, unseen := newKey(t, CreateKey{}), newKey(t, CreateKey{}), newKey(t, CreateKey{})
	for _, key := range []*CreatedKey{kept, revoked} {
		eventually(t, "the token is not remembered", func() bool {
			_, _ = v.Verify(ctx, key.Key, Question{})
			_, isKnown, _ := v.VerifyCached(key.Key, Question{})
			return isKnown
		})
	}
	must(shared.client.Keys.Revoke(ctx, revoked.ID))(t)
	eventually(t, "the revocation is not heard of", func() bool {
		verdict, isKnown, _ := v.VerifyCached(revoked.Key, Question{})
		return !isKnown || !verdict.Valid
	})
	p.hold("/")
	// What is under way by the old clock confirms nothing later than that.
	passed.Store(int64(30 * time.Second))
	for i := 0; i < 2; i++ {
		verdict, err := v.Verify(ctx, kept.Key, Question{})
		if err != nil || !verdict.Valid {
			t.Fatalf("memory does not answer: %v %v", verdict, err)
		}
	}
	if _, isKnown, _ := v.VerifyCached(kept.Key, Question{}); isKnown {
		t.Error("memory alone answers for longer than its lease")
	}
	if verdict, err := v.Verify(ctx, kept.Key, Question{Permissions: []string{"a:b"}}); err != nil || verdict.Valid {
		t.Errorf("a permission is not judged: %v %v", verdict, err)
	}
	for _, key := range []*CreatedKey{revoked, unseen} {
		if verdict, err := v.Verify(ctx, key.Key, Question{}); err == nil {
			t.Errorf("what is not remembered was judged: %v", verdict)
		}
	}
	passed.Store(int64(2 * time.Minute))
	if verdict, err := v.Verify(ctx, kept.Key, Question{}); err == nil {
		t.Errorf("it was judged after the time was over: %v", verdict)
	}
	p.release()
	eventually(t, "it does not come back", func() bool {
		verdict, err := v.Verify(ctx, unseen.Key, Question{})
		return err == nil && verdict.Valid
	})
}

func TestHowLongToAnswerForIsNoNegativeTime(t *testing.T) {
	if _, err := NewVerifier(VerifierOptions{URL: shared.url, Token: shared.token, StaleIfError: -1}); err == nil {
		t.Error("it was taken")
	}
}
