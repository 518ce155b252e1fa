package latchkey

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestWaitsAreToldAsEverywhere(t *testing.T) {
	var vectors verifierVectors
	readVectors(t, "verifier-vectors.json", &vectors)
	if len(vectors.Waits) == 0 {
		t.Fatal("There are no vectors.")
	}
	for _, vector := range vectors.Waits {
		of, ok := readLimit(&vector.Limit, "acme")
		if !ok {
			t.Fatal(vector.Limit)
		}
		holding := newHolding(of, 0)
		holding.accept(&GrantsCounter{Remaining: vector.Remaining, ResetsAt: vector.EndsAt}, &askedCounter{}, 0, 0)
		now := instant{0, vectors.Now}
		wait, helps := holding.retryAfter(of, vector.Cost, now)
		if helps != (vector.RetryAfterMs != nil) || (helps && wait != *vector.RetryAfterMs) {
			t.Errorf("%+v: %d %v", vector, wait, helps)
		}
		resetsAt := holding.resetsAt(of, now.wall)
		if (resetsAt == nil) != (vector.ResetsAt == nil) || (resetsAt != nil && !resetsAt.Equal(*vector.ResetsAt)) {
			t.Errorf("%+v: %v", vector, resetsAt)
		}
	}
}

func TestTwoVerifiersAndTheServerTogetherAdmitNoMoreThanTheLimit(t *testing.T) {
	const limit = 300
	ctx := withTimeout(t)
	key := newKey(t, CreateKey{Limits: []Limit{{Name: "credits", Limit: limit, Resets: Null[string]()}}})
	one, other := newTestVerifier(t, VerifierOptions{}), newTestVerifier(t, VerifierOptions{})
	ready(t, one)
	ready(t, other)
	var admitted, refused atomic.Int64
	var wait sync.WaitGroup
	for i := range [9]int{} {
		verify := []func() (Verdict, error){
			func() (Verdict, error) { return one.Verify(ctx, key.Key, Question{}) },
			func() (Verdict, error) { return other.Verify(ctx, key.Key, Question{}) },
			func() (Verdict, error) { return shared.client.Verify(ctx, key.Key, Question{Cost: Units(1)}) },
		}[i%3]
		wait.Add(1)
		go func() {
			defer wait.Done()
			for range [limit / 4]int{} {
				verdict, err := verify()
				switch {
				case err != nil:
					t.Error(err)
				case verdict.Valid:
					admitted.Add(1)
				case verdict.Code == CodeQuotaExceeded && verdict.RetryAfterMs == nil && len(verdict.Exceeded) == 1:
					refused.Add(1)
				default:
					t.Errorf("%+v", verdict)
				}
			}
		}()
	}
	wait.Wait()
	if admitted.Load() > limit || admitted.Load() < limit/2 {
		t.Errorf("%d admitted of %d, %d refused", admitted.Load(), limit, refused.Load())
	}
	one.Close()
	other.Close()
	// All that they held comes back.
	eventually(t, "units are lost", func() bool {
		verdict := must(shared.client.Verify(ctx, key.Key, Question{Cost: Units(1)}))(t)
		if verdict.Valid {
			admitted.Add(1)
		}
		return admitted.Load() == limit
	})
	if verdict := must(shared.client.Verify(ctx, key.Key, Question{Cost: Units(1)}))(t); verdict.Valid {
		t.Error("one more is admitted")
	}
}

func TestUnitsAreTakenFromMemoryAndGoBack(t *testing.T) {
	ctx := withTimeout(t)
	v := newTestVerifier(t, VerifierOptions{})
	ready(t, v)
	key := newKey(t, CreateKey{Permissions: []string{"a"}, Limits: []Limit{
		{Name: "requests", Limit: 1000, WindowSeconds: Ptr(int64(60))}, {Name: "credits", Limit: 100, Resets: Set("monthly"), DefaultCost: Ptr(int64(2))},
	}})
	var verdict Verdict
	eventually(t, "no units are held", func() bool {
		_ = must(v.Verify(ctx, key.Key, Question{}))(t)
		var isKnown bool
		verdict, isKnown, _ = v.VerifyCached(key.Key, Question{})
		return isKnown
	})
	if !verdict.Valid || len(verdict.Limits) != 2 || *verdict.Limits[0].WindowSeconds != 60 || verdict.Limits[1].ResetsAt == nil {
		t.Errorf("%+v", verdict)
	}
	if verdict = must(v.Verify(ctx, key.Key, Question{Permissions: []string{"b"}}))(t); verdict.Code != CodeInsufficientPermissions || verdict.Limits != nil {
		t.Errorf("what another reason refuses draws: %+v", verdict)
	}
	verdict = must(v.Verify(ctx, key.Key, Question{Cost: UnitsOf(map[string]int64{"credits": 101, "none": 5})}))(t)
	if verdict.Code != CodeQuotaExceeded || verdict.RetryAfterMs != nil || verdict.Exceeded[0].Name != "credits" {
		t.Errorf("%+v", verdict)
	}
	before := must(v.Verify(ctx, key.Key, Question{Cost: Units(0)}))(t)
	after := must(v.Verify(ctx, key.Key, Question{Cost: Units(0)}))(t)
	if !after.Valid || after.Limits[1].Remaining < before.Limits[1].Remaining {
		t.Errorf("a look draws: %+v %+v", before, after)
	}
	v.Close()
	for name, holding := range v.allotments.holdings {
		if holding.owesReport() || holding.held > 0 {
			t.Errorf("%d units of %s do not go back", holding.held, name)
		}
	}
}

func TestAMessageThatWasNotAnsweredIsSentAgainAsItWas(t *testing.T) {
	ctx := withTimeout(t)
	p := newProxy(t, shared.url)
	v := newTestVerifier(t, VerifierOptions{URL: p.url})
	ready(t, v)
	key := newKey(t, CreateKey{Limits: []Limit{{Name: "credits", Limit: 10, Resets: Null[string]()}}})
	p.lose("/v1/grants")
	if _, err := v.Verify(ctx, key.Key, Question{Cost: Units(4)}); err == nil {
		t.Error("a draw that was not answered is a verdict")
	}
	admitted := 0
	eventually(t, "it does not go on", func() bool {
		verdict, err := v.Verify(ctx, key.Key, Question{})
		if err == nil && verdict.Valid {
			admitted++
		}
		return err == nil && !verdict.Valid
	})
	// What the lost message was given, nobody took: it goes back, and nothing is given twice.
	if admitted > 10 {
		t.Errorf("%d admitted", admitted)
	}
	eventually(t, "units are lost", func() bool {
		if verdict, err := v.Verify(ctx, key.Key, Question{}); err == nil && verdict.Valid {
			admitted++
		}
		return admitted == 10
	})
}

func TestALimitThatCannotBeJudgedIsNeverAVerdict(t *testing.T) {
	ctx := withTimeout(t)
	p := newProxy(t, shared.url)
	v := newTestVerifier(t, VerifierOptions{URL: p.url, Timeout: 300 * time.Millisecond})
	ready(t, v)
	key := newKey(t, CreateKey{Limits: []Limit{{Name: "requests", Limit: 2, WindowSeconds: Ptr(int64(3600))}}})
	_ = must(v.Verify(ctx, key.Key, Question{}))(t)
	p.hold("/v1/grants")
	for range [3]int{} {
		if verdict, err := v.Verify(ctx, key.Key, Question{Cost: Units(2)}); err == nil && verdict.Valid {
			t.Errorf("%+v", verdict)
		}
	}
	p.release()
	eventually(t, "it does not come back", func() bool {
		verdict, err := v.Verify(ctx, key.Key, Question{})
		return err == nil && verdict.Valid
	})
}

func TestAReservationIsDrawnByTheServerAndSettled(t *testing.T) {
	ctx := withTimeout(t)
	v := newTestVerifier(t, VerifierOptions{})
	ready(t, v)
	key := newKey(t, CreateKey{Limits: []Limit{{Name: "credits", Limit: 10, Resets: Null[string]()}}})
	verdict := must(v.Verify(ctx, key.Key, Question{Cost: Units(5), ReserveSeconds: 60}))(t)
	if !verdict.Valid || verdict.Reservation == "" {
		t.Fatalf("%+v", verdict)
	}
	if refused := must(v.Verify(ctx, key.Key, Question{ReserveSeconds: 60, Permissions: []string{"b"}}))(t); refused.Valid {
		t.Errorf("%+v", refused)
	}
	unknown := must(v.Verify(ctx, newToken("re"), Question{ReserveSeconds: 60}))(t)
	if unknown.Code != CodeNotFound {
		t.Errorf("%+v", unknown)
	}
	// The server counts what it draws, and the verifier what it refuses.
	v.mu.Lock()
	counted := map[string]int64{}
	for of, calls := range v.tally.counts {
		if *calls > 0 {
			counted[of.measure] = *calls
		}
	}
	v.mu.Unlock()
	if len(counted) != 2 || counted[CodeInsufficientPermissions] != 1 || counted[CodeNotFound] != 1 {
		t.Errorf("%v", counted)
	}
	settlement := must(v.Settle(ctx, verdict.Reservation, Units(2)))(t)
	if len(settlement.Settled) != 1 || settlement.Settled[0].Cost != 2 {
		t.Errorf("%+v", settlement)
	}
}

func TestUsageArrivesAndIsCountedOnce(t *testing.T) {
	ctx := withTimeout(t)
	p := newProxy(t, shared.url)
	v := must(NewVerifier(VerifierOptions{URL: p.url, Token: shared.token}))(t)
	ready(t, v)
	key := newKey(t, CreateKey{Permissions: []string{"a"}, Limits: []Limit{{Name: "credits", Limit: 100, Resets: Null[string]()}}})
	const calls = 12
	place := CallContext{IP: "192.0.2.7", UserAgent: "curl/8", Operation: "GET /a"}
	for range [calls]int{} {
		if verdict := must(v.Verify(ctx, key.Key, Question{Permissions: []string{"a"}, Context: place}))(t); !verdict.Valid {
			t.Fatalf("%+v", verdict)
		}
	}
	_ = must(v.Verify(ctx, key.Key, Question{Permissions: []string{"b"}}))(t)
	p.lose("/v1/usage/reports")
	v.Close()
	if p.count("/v1/usage/reports") < 2 {
		t.Error("a report whose answer was lost is not sent again")
	}
	eventually(t, "the usage does not arrive", func() bool {
		rows := must(shared.client.Usage.ReadKey(context.Background(), key.ID, ReadKeyUsageQuery{By: "total"}))(t).Rows
		if len(rows) == 0 || rows[0].Calls < calls+1 {
			return false
		}
		of := rows[0]
		if of.Calls != calls+1 || of.Valid != calls || of.Refused[CodeInsufficientPermissions] != 1 || len(of.Units) != 1 || of.Units[0].Units != calls {
			t.Fatalf("%+v", of)
		}
		return true
	})
	details := must(shared.client.Keys.Get(ctx, key.ID))(t)
	if details.LastUsed == nil || details.LastUsed.IP == nil || *details.LastUsed.IP != place.IP {
		t.Errorf("%+v", details.LastUsed)
	}
	eventually(t, "the profiles do not arrive", func() bool {
		permissions := must(shared.client.Keys.ReadPermissions(ctx, key.ID))(t)
		return len(permissions.Granted) == 1 && permissions.Granted[0].Calls == calls
	})
}
