package latchkey

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var isLong = os.Getenv("TEST_LONG") == "1"

func newTestVerifier(t *testing.T, options VerifierOptions) *Verifier {
	t.Helper()
	if options.URL == "" {
		options.URL = shared.url
	}
	if options.Token == "" {
		options.Token = shared.token
	}
	v := must(NewVerifier(options))(t)
	t.Cleanup(v.Close)
	return v
}

// ready waits until memory may answer.
func ready(t *testing.T, v *Verifier) {
	t.Helper()
	if err := v.Ready(withTimeout(t)); err != nil {
		t.Fatal(err)
	}
}

func newKey(t *testing.T, input CreateKey) *CreatedKey {
	t.Helper()
	if input.Name == "" {
		input.Name = "CI"
	}
	return must(shared.client.Keys.Create(withTimeout(t), input))(t)
}

// eventually waits until something holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what)
		}
	}
}

func TestATokenIsJudgedFromMemoryAndChangesAreHeardOf(t *testing.T) {
	ctx := withTimeout(t)
	v := newTestVerifier(t, VerifierOptions{})
	ready(t, v)
	key := newKey(t, CreateKey{Permissions: []string{"emails:*"}, Metadata: map[string]any{"seats": 3.0}})
	question := Question{Permissions: []string{"emails:send"}}
	if _, isKnown, _ := v.VerifyCached(key.Key, question); isKnown {
		t.Error("a token is known that was never seen")
	}
	eventually(t, "the token is not remembered", func() bool {
		verdict := must(v.Verify(ctx, key.Key, question))(t)
		if !verdict.Valid || verdict.KeyID != key.ID || verdict.Metadata["seats"] != 3.0 {
			t.Fatalf("%+v", verdict)
		}
		_, isKnown, _ := v.VerifyCached(key.Key, question)
		return isKnown
	})
	if verdict := must(v.Verify(ctx, "secret-token:"+key.Key, Question{Permissions: []string{"a", "emails:b"}}))(t); verdict.Code != CodeInsufficientPermissions || len(verdict.Missing) != 1 {
		t.Errorf("%+v", verdict)
	}
	must(shared.client.Keys.Update(ctx, key.ID, UpdateKey{Permissions: Set([]string{"domains:read"})}))(t)
	eventually(t, "the change is not heard of", func() bool {
		return must(v.Verify(ctx, key.Key, question))(t).Code == CodeInsufficientPermissions
	})
	must(shared.client.Keys.Suspend(ctx, key.ID, Suspend{}))(t)
	eventually(t, "the suspension is not heard of", func() bool {
		return must(v.Verify(ctx, key.Key, Question{}))(t).Code == CodeSuspended
	})
}

func TestOthersTokensAreRefused(t *testing.T) {
	ctx := withTimeout(t)
	v := newTestVerifier(t, VerifierOptions{})
	ready(t, v)
	key := newKey(t, CreateKey{})
	eventually(t, "the token is not remembered", func() bool {
		_ = must(v.Verify(ctx, key.Key, Question{}))(t)
		_, isKnown, _ := v.VerifyCached(key.Key, Question{})
		return isKnown
	})
	// Another secret under a kid that is known.
	made := "re_" + kidOf(key.Key) + newToken("re")[3+kidLength:]
	made = made[:len(made)-checkLength] + checkOf(made[:len(made)-checkLength])
	unknown := newToken("re")
	for token, code := range map[string]string{
		made: CodeNotFound, unknown: CodeNotFound, key.Key[:len(key.Key)-1]: CodeMalformed, "": CodeMalformed, "a b": CodeMalformed,
		key.Key + "x": CodeMalformed,
	} {
		if verdict := must(v.Verify(ctx, token, Question{}))(t); verdict.Valid || verdict.Code != code {
			t.Errorf("%q: %+v and not %s", token, verdict, code)
		}
	}
	if verdict, isKnown, _ := v.VerifyCached(made, Question{}); !isKnown || verdict.Code != CodeNotFound {
		t.Errorf("a made-up secret: %+v", verdict)
	}
	for _, question := range []Question{
		{Permissions: []string{"a b"}}, {Cost: Units(-1)}, {Prefix: "RE"}, {Context: CallContext{IP: "1.2.3"}},
		{Context: CallContext{Operation: "GET /?a"}}, {ReserveSeconds: -1}, {Context: CallContext{UserAgent: key.Key}},
	} {
		if _, err := v.Verify(ctx, unknown, question); asError(t, err).Code != CodeInvalidInput {
			t.Errorf("%+v: %v", question, err)
		}
	}
}

func TestATokenOfAnotherSystemIsFoundByItsDigest(t *testing.T) {
	ctx := withTimeout(t)
	must(shared.client.Organizations.Create(ctx, CreateOrganization{ID: "moved", Name: "Moved"}))(t)
	token := "sk_legacy_" + newToken("re")[20:50]
	outcomes := must(shared.client.Keys.Import(ctx, []ImportedKey{{OrganizationID: "moved", Name: "Old", Token: token}}))(t)
	if outcomes[0].ID == "" {
		t.Fatalf("%+v", outcomes)
	}
	v := newTestVerifier(t, VerifierOptions{})
	ready(t, v)
	eventually(t, "the token is not remembered", func() bool {
		if verdict := must(v.Verify(ctx, token, Question{}))(t); !verdict.Valid || verdict.KeyID != outcomes[0].ID {
			t.Fatalf("%+v", verdict)
		}
		_, isKnown, _ := v.VerifyCached(token, Question{})
		return isKnown
	})
	must(shared.client.Keys.Revoke(ctx, outcomes[0].ID))(t)
	eventually(t, "the revocation is not heard of", func() bool {
		return must(v.Verify(ctx, token, Question{}))(t).Code == CodeRevoked
	})
}

func TestADecoyTellsFromWhereItWasTried(t *testing.T) {
	ctx := withTimeout(t)
	v := newTestVerifier(t, VerifierOptions{})
	isDecoy := true
	key := newKey(t, CreateKey{Decoy: &isDecoy})
	question := Question{Context: CallContext{IP: "192.0.2.7", UserAgent: "curl/8 (ü & co)", Operation: "POST /emails"}}
	if verdict := must(v.Verify(ctx, key.Key, question))(t); verdict.Code != "not_found" {
		t.Fatalf("%+v", verdict)
	}
	var tried map[string]any
	eventually(t, "The try of the decoy is not told.", func() bool {
		page := must(shared.client.Audit.List(ctx, ListAuditEventsQuery{KeyID: key.ID, Action: "key.decoy_tried"}))(t)
		if len(page.Items) > 0 {
			tried = page.Items[0].Changes
		}
		return tried != nil
	})
	if tried["ip"] != "192.0.2.7" || tried["user_agent"] != "curl/8 (ü & co)" || tried["operation"] != "POST /emails" {
		t.Fatalf("%+v", tried)
	}
}

func TestAChildFallsWithItsParent(t *testing.T) {
	ctx := withTimeout(t)
	must(shared.client.Organizations.Create(ctx, CreateOrganization{ID: "line", Name: "Line"}))(t)
	parent := newKey(t, CreateKey{OrganizationID: "line", Permissions: []string{"a:*"}, AllowedIPs: Set([]string{"10.0.0.0/8"})})
	child := newKey(t, CreateKey{OrganizationID: "line", Permissions: []string{"a:b", "c"}, ParentID: parent.ID})
	v := newTestVerifier(t, VerifierOptions{})
	ready(t, v)
	question := Question{Permissions: []string{"a:b"}, Context: CallContext{IP: "10.1.2.3"}}
	eventually(t, "the token is not remembered", func() bool {
		if verdict := must(v.Verify(ctx, child.Key, question))(t); !verdict.Valid {
			t.Fatalf("%+v", verdict)
		}
		_, isKnown, _ := v.VerifyCached(child.Key, question)
		return isKnown
	})
	if verdict := must(v.Verify(ctx, child.Key, Question{}))(t); verdict.Code != CodeIPNotAllowed || verdict.AncestorID != parent.ID {
		t.Errorf("%+v", verdict)
	}
	must(shared.client.Keys.Revoke(ctx, parent.ID))(t)
	eventually(t, "the revocation is not heard of", func() bool {
		verdict := must(v.Verify(ctx, child.Key, question))(t)
		return verdict.Code == CodeRevoked && verdict.AncestorID == parent.ID
	})
}

func TestALeaseHoldsByBothClocks(t *testing.T) {
	var wall, monotonic atomic.Int64
	begun := time.Now()
	v := newTestVerifier(t, VerifierOptions{
		Now:       func() time.Time { return time.Now().Add(time.Duration(wall.Load())) },
		Monotonic: func() time.Duration { return time.Since(begun) + time.Duration(monotonic.Load()) },
	})
	key := newKey(t, CreateKey{})
	for _, clock := range []*atomic.Int64{&wall, &monotonic} {
		eventually(t, "the token is not remembered", func() bool {
			_ = must(v.Verify(withTimeout(t), key.Key, Question{}))(t)
			// Nothing renews the lease between the two.
			v.mu.Lock()
			defer v.mu.Unlock()
			if !v.memory.lease.holds(v.clock()) {
				return false
			}
			clock.Add(int64(leaseTime))
			return !v.memory.lease.holds(v.clock())
		})
	}
}

func TestMemoryIsBounded(t *testing.T) {
	m := newMemory(3, 4_000)
	remember := func(kid string, size int) digest {
		of := digest{kid[0]}
		m.remember(presented{kid: kid}, of, &facts{keyID: kid, size: size, owners: []string{"key/" + kid, "organization/acme"}})
		return of
	}
	token := func(kid string) string {
		return "re_" + kid + "123456789012345" + "0000000000000000000000000000000000000000000000000"
	}
	kid := func(name string) string { return name + "123456789012345" }
	a, b := remember(kid("a"), 1000), remember(kid("b"), 1000)
	remember(kid("c"), 1000)
	if m.lookup(token("a"), a) == nil || m.lookup(token("a"), b) != nil {
		t.Error("a secret is not found by its digest alone")
	}
	remember(kid("d"), 1000)
	if m.lookup(token("b"), b) != nil || m.lookup(token("a"), a) == nil || len(m.byKid) != 3 {
		t.Error("the least recently used does not go first")
	}
	remember(kid("e"), 2500)
	if m.bytes > 4000 || m.lookup(token("a"), a) == nil {
		t.Errorf("%d bytes of %d", m.bytes, len(m.byKid))
	}
	remember(kid("f"), 5000)
	if m.byKid[kid("f")] != nil {
		t.Error("one is remembered that is larger than all")
	}
	m.forget("organization/acme")
	if m.lookup(token("a"), a).isCurrent() {
		t.Error("the facts of an organization's keys do not end with a change of it")
	}
	m.forgetAll()
	if len(m.byKid)+len(m.owners)+m.bytes != 0 {
		t.Error("something is left")
	}
	for i := range [maxAbsent + 10]int{} {
		m.absent.add(digest{byte(i), byte(i >> 8), byte(i >> 16)}, 0)
	}
	if len(m.absent.since) != maxAbsent || m.absent.has(digest{0, 1}, absentTime) || !m.absent.has(digest{0, 1}, absentTime-1) {
		t.Error("unknown tokens are not bounded")
	}
}

func TestOneQuestionServesAllWhoAskAtOnce(t *testing.T) {
	proxy := newProxy(t, shared.url)
	v := newTestVerifier(t, VerifierOptions{URL: proxy.url})
	ready(t, v)
	key := newKey(t, CreateKey{})
	proxy.hold("/v1/keys/facts")
	var wait sync.WaitGroup
	for range [50]int{} {
		wait.Add(1)
		go func() {
			defer wait.Done()
			if verdict, err := v.Verify(context.Background(), key.Key, Question{}); err != nil || !verdict.Valid {
				t.Errorf("%+v %v", verdict, err)
			}
		}()
	}
	ended, cancel := context.WithCancel(context.Background())
	go func() {
		time.Sleep(50 * time.Millisecond)
		cancel()
		proxy.release()
	}()
	if _, err := v.Verify(ended, key.Key, Question{}); asError(t, err).Code != CodeAborted {
		t.Errorf("%v", err)
	}
	wait.Wait()
	// A change of another test's may have one asked anew.
	if asked := proxy.count("/v1/keys/facts"); asked > 3 {
		t.Errorf("asked %d times", asked)
	}
}

func TestABrokenServerIsAnErrorAndNeverAVerdict(t *testing.T) {
	v := newTestVerifier(t, VerifierOptions{URL: "http://127.0.0.1:1", Timeout: 200 * time.Millisecond})
	for _, token := range []string{newToken("re"), "sk_legacy_0123456789abcdef"} {
		verdict, err := v.Verify(context.Background(), token, Question{})
		if of := asError(t, err); verdict.Valid || verdict.Code != "" || of.Code != CodeServerUnreachable {
			t.Errorf("%+v %+v", verdict, of)
		}
	}
	if err := v.Ready(context.Background()); asError(t, err).Code != CodeServerUnreachable {
		t.Errorf("%v", err)
	}
	stranger := newTestVerifier(t, VerifierOptions{Token: newToken("re")})
	if err := stranger.Ready(withTimeout(t)); asError(t, err).Code != "invalid_token" {
		t.Errorf("%v", err)
	}
}

func TestNoGoroutineIsLeftAfterClose(t *testing.T) {
	shared.client.Close()
	before := runtime.NumGoroutine()
	v := must(NewVerifier(VerifierOptions{URL: shared.url, Token: shared.token}))(t)
	ready(t, v)
	key := newKey(t, CreateKey{Limits: []Limit{{Name: "requests", Limit: 100, WindowSeconds: Ptr(int64(60))}}})
	if verdict := must(v.Verify(withTimeout(t), key.Key, Question{}))(t); !verdict.Valid {
		t.Errorf("%+v", verdict)
	}
	v.Close()
	v.Close()
	shared.client.Close()
	eventually(t, "goroutines are left", func() bool { return runtime.NumGoroutine() <= before })
	if _, err := v.Verify(context.Background(), key.Key, Question{}); asError(t, err).Code != CodeAborted {
		t.Errorf("%v", err)
	}
	if err := v.Ready(context.Background()); asError(t, err).Code != CodeAborted {
		t.Errorf("%v", err)
	}
}

func TestNothingOfAVerifierPrintsTheToken(t *testing.T) {
	options := VerifierOptions{URL: shared.url, Token: shared.token}
	v := newTestVerifier(t, options)
	secret := shared.token[len(shared.token)-bodyLength+kidLength:]
	for _, format := range []string{"%v", "%+v", "%#v"} {
		told := fmt.Sprintf(format, options) + fmt.Sprintf(format, v)
		for at := 0; at+len(secret) <= len(told); at++ {
			if told[at:at+len(secret)] == secret {
				t.Fatal("a token is printed")
			}
		}
	}
}
