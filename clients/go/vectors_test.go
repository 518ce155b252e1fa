package latchkey

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"testing"
	"time"
)

func readVectors(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("../../test/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

type verifierVectors struct {
	Now         time.Time
	Permissions []struct{ Granted, Asked, Missing []string }
	Networks    []struct {
		Networks []string
		IP       string
		Within   bool
	}
	Verdicts []struct {
		What     string
		Secret   *FactsSecret
		Token    string
		Question struct {
			Permissions    []string
			OrganizationID string `json:"organization_id"`
			Prefix         string
			Context        CallContext
		}
		Verdict map[string]any
	}
	Counters []struct {
		Limit   FactsLimit
		Counter string
	}
	Waits []struct {
		Limit        FactsLimit
		Cost         int64
		Remaining    int64
		EndsAt       *time.Time `json:"ends_at"`
		RetryAfterMs *int64     `json:"retry_after_ms"`
		ResetsAt     *time.Time `json:"resets_at"`
	}
}

func TestTokensAreTakenApartAsEverywhere(t *testing.T) {
	var vectors []struct{ What, Kid, Token, SHA256 string }
	readVectors(t, "vectors.json", &vectors)
	if len(vectors) == 0 {
		t.Fatal("There are no vectors.")
	}
	for _, vector := range vectors {
		parsed, ok := parseToken(vector.Token)
		if !ok || parsed.kid != vector.Kid {
			t.Errorf("%s: %v %v", vector.What, parsed, ok)
		}
		if digest := sha256.Sum256([]byte(parsed.token)); hex.EncodeToString(digest[:]) != vector.SHA256 {
			t.Errorf("%s: another digest", vector.What)
		}
		last := vector.Token[len(vector.Token)-1]
		wrong := vector.Token[:len(vector.Token)-1] + string(base62[(int(last)+1)%62])
		if _, ok := parseToken(wrong); ok && wrong != vector.Token {
			t.Errorf("%s: a wrong check is taken", vector.What)
		}
	}
}

func TestPermissionsAreCoveredAsEverywhere(t *testing.T) {
	var vectors verifierVectors
	readVectors(t, "verifier-vectors.json", &vectors)
	for _, vector := range vectors.Permissions {
		missing := missingOf(vector.Granted, vector.Asked)
		if len(missing)+len(vector.Missing) > 0 && !reflect.DeepEqual(missing, vector.Missing) {
			t.Errorf("%v of %v: %v", vector.Asked, vector.Granted, missing)
		}
	}
}

func TestAddressesAreComparedAsEverywhere(t *testing.T) {
	var vectors verifierVectors
	readVectors(t, "verifier-vectors.json", &vectors)
	for _, vector := range vectors.Networks {
		networks, ok := readNetworks(vector.Networks)
		if !ok || isWithin(networks, vector.IP) != vector.Within {
			t.Errorf("%s in %v: not %v (%v)", vector.IP, vector.Networks, vector.Within, ok)
		}
	}
}

func TestTokensAreJudgedAsEverywhere(t *testing.T) {
	var vectors verifierVectors
	readVectors(t, "verifier-vectors.json", &vectors)
	for _, vector := range vectors.Verdicts {
		question := Question{
			Permissions: vector.Question.Permissions, OrganizationID: vector.Question.OrganizationID,
			Prefix: vector.Question.Prefix, Context: vector.Question.Context,
		}
		verdict := Verdict{Code: CodeMalformed}
		if _, ok := parsePresented(vector.Token, true); ok {
			known, err := readFacts(&Facts{Secret: vector.Secret})
			if err != nil {
				t.Fatal(vector.What, err)
			}
			verdict = Verdict{Code: CodeNotFound}
			if known != nil {
				verdict = known.judge(&question, vector.Token, vectors.Now)
			}
		}
		if told := wireOf(t, verdict); !sameVerdict(told, vector.Verdict) {
			t.Errorf("%s:\n%v\n%v", vector.What, told, vector.Verdict)
		}
	}
}

// sameVerdict leaves out what is null or empty on one side.
func sameVerdict(one, other map[string]any) bool {
	for _, names := range []map[string]any{one, other} {
		for name := range names {
			if !reflect.DeepEqual(orNothing(one[name]), orNothing(other[name])) {
				return false
			}
		}
	}
	return true
}

func orNothing(value any) any {
	if of := reflect.ValueOf(value); of.IsValid() && (of.Kind() == reflect.Slice || of.Kind() == reflect.Map) && of.Len() == 0 {
		return nil
	}
	return value
}

func wireOf(t *testing.T, value any) map[string]any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var wire map[string]any
	if err := json.Unmarshal(text, &wire); err != nil {
		t.Fatal(err)
	}
	for name, value := range wire {
		if at, ok := value.(string); ok {
			if instant, err := time.Parse(time.RFC3339Nano, at); err == nil {
				wire[name] = instant.UTC().Format("2006-01-02T15:04:05.000Z")
			}
		}
	}
	return wire
}

func TestCountersAreNamedAsEverywhere(t *testing.T) {
	var vectors verifierVectors
	readVectors(t, "verifier-vectors.json", &vectors)
	for _, vector := range vectors.Counters {
		of, ok := readLimit(&vector.Limit, "acme")
		if !ok || of.counterID != vector.Counter {
			t.Errorf("%v: %v", vector.Counter, of)
		}
	}
}
