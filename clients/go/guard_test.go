package latchkey

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// guarded serves a handler behind guards, the first one outermost.
func guarded(t *testing.T, options ...GuardOptions) *httptest.Server {
	t.Helper()
	var handler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		verdict, ok := KeyOf(r.Context())
		if !ok || !verdict.Valid {
			t.Error("a handler has no key")
		}
		io.WriteString(w, verdict.KeyID)
	})
	for i := len(options) - 1; i >= 0; i-- {
		handler = must(NewGuard(options[i]))(t)(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func visit(t *testing.T, url string, headers ...string) (*http.Response, map[string]any) {
	t.Helper()
	request := must(http.NewRequest("GET", url, nil))(t)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	response := must(http.DefaultClient.Do(request))(t)
	defer response.Body.Close()
	var problem map[string]any
	text := must(io.ReadAll(response.Body))(t)
	if response.StatusCode != 200 {
		if err := json.Unmarshal(text, &problem); err != nil || response.Header.Get("Content-Type") != "application/problem+json" || response.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("no problem: %s %v", text, response.Header)
		}
		if problem["status"] != float64(response.StatusCode) || problem["type"] != "urn:latchkey:error:"+problem["code"].(string) {
			t.Errorf("%v", problem)
		}
	} else {
		problem = map[string]any{"key": string(text)}
	}
	return response, problem
}

func TestAGuardAnswersAsTheOthers(t *testing.T) {
	v := newTestVerifier(t, VerifierOptions{})
	ready(t, v)
	key := newKey(t, CreateKey{Permissions: []string{"emails:*"}})
	weak := newKey(t, CreateKey{})
	for what, verifier := range map[string]TokenVerifier{"verifier": v, "client": shared.client} {
		server := guarded(t, GuardOptions{Verifier: verifier, Permissions: []string{"emails:send"}, Prefix: "re"})
		bearer := "Bearer " + key.Key
		basic := "Basic " + base64.StdEncoding.EncodeToString([]byte("user:"+key.Key))
		for _, one := range []struct {
			headers   []string
			status    int
			code      string
			challenge string
		}{
			{nil, 401, "missing_token", "Bearer"},
			{[]string{"Authorization", bearer}, 200, "", ""},
			{[]string{"Authorization", "bEARER   " + key.Key}, 200, "", ""},
			{[]string{"X-Api-Key", key.Key}, 200, "", ""},
			{[]string{"X-Api-Key", key.Key, "Authorization", bearer}, 200, "", ""},
			{[]string{"X-Api-Key", weak.Key, "Authorization", bearer}, 401, "invalid_token", `Bearer error="invalid_token"`},
			{[]string{"Authorization", bearer, "Authorization", bearer}, 401, "invalid_token", `Bearer error="invalid_token"`},
			{[]string{"Authorization", "Bearer " + newToken("re")}, 401, "invalid_token", `Bearer error="invalid_token"`},
			{[]string{"Authorization", "Bearer " + strings.Repeat("x", 600)}, 401, "invalid_token", `Bearer error="invalid_token"`},
			{[]string{"X-Api-Key", ""}, 401, "invalid_token", `Bearer error="invalid_token"`},
			{[]string{"Authorization", "Bearer " + weak.Key}, 403, "missing_permission", `Bearer error="insufficient_scope", scope="emails:send"`},
			{[]string{"Authorization", basic}, 401, "missing_token", "Bearer"},
		} {
			response, problem := visit(t, server.URL, one.headers...)
			if response.StatusCode != one.status || response.Header.Get("WWW-Authenticate") != one.challenge {
				t.Errorf("%s %v: %d %v", what, one, response.StatusCode, response.Header)
			}
			if one.status == 200 && problem["key"] != key.ID || one.status != 200 && problem["code"] != one.code {
				t.Errorf("%s %v: %v", what, one, problem)
			}
		}
		server = guarded(t, GuardOptions{Verifier: verifier, BasicAuth: BasicPassword})
		if response, _ := visit(t, server.URL, "Authorization", basic); response.StatusCode != 200 {
			t.Errorf("%s: %d", what, response.StatusCode)
		}
		if response, _ := visit(t, server.URL); !strings.Contains(response.Header.Get("WWW-Authenticate"), "Basic realm") {
			t.Errorf("%s: %v", what, response.Header)
		}
	}
}

func TestAGuardTellsOfLimits(t *testing.T) {
	v := newTestVerifier(t, VerifierOptions{})
	ready(t, v)
	key := newKey(t, CreateKey{Limits: []Limit{{Name: "requests", Limit: 2, WindowSeconds: Ptr(int64(3600))}, {Name: "credits", Limit: 100, Resets: Null[string]()}}})
	cost := UnitsOf(map[string]int64{"credits": 0})
	server := guarded(t, GuardOptions{Verifier: v, Cost: cost})
	for i := range [3]int{} {
		response, problem := visit(t, server.URL, "X-Api-Key", key.Key)
		if response.Header.Get("RateLimit-Policy") != `"requests";q=2;w=3600, "credits";q=100` || !strings.HasPrefix(response.Header.Get("RateLimit"), `"requests";r=`) {
			t.Errorf("%v", response.Header)
		}
		if i < 2 && response.StatusCode != 200 {
			t.Errorf("%v", problem)
		}
		if i == 2 && (response.StatusCode != 429 || problem["code"] != CodeRateLimited || len(response.Header.Get("Retry-After")) != 4) {
			t.Errorf("%v %v", problem, response.Header)
		}
	}
	server = guarded(t, GuardOptions{Verifier: v, CostOf: func(*http.Request) *Cost { return UnitsOf(map[string]int64{"requests": 0, "credits": 101}) }})
	if response, problem := visit(t, server.URL, "X-Api-Key", key.Key); response.StatusCode != 402 || response.Header.Get("Retry-After") != "" || !strings.Contains(problem["detail"].(string), "credits of the key has too few") {
		t.Errorf("%v %v", problem, response.Header)
	}
	server = guarded(t, GuardOptions{Verifier: v, CostOf: func(*http.Request) *Cost { return Units(-1) }})
	if response, _ := visit(t, server.URL, "X-Api-Key", key.Key); response.StatusCode != 422 {
		t.Errorf("%d", response.StatusCode)
	}
}

func TestARequestDrawsOnce(t *testing.T) {
	v := newTestVerifier(t, VerifierOptions{})
	ready(t, v)
	key := newKey(t, CreateKey{Permissions: []string{"a"}, Limits: []Limit{{Name: "credits", Limit: 3, Resets: Null[string]()}}})
	var failures []error
	onError := func(_ *http.Request, err error) { failures = append(failures, err) }
	server := guarded(t, GuardOptions{Verifier: v}, GuardOptions{Verifier: v, Permissions: []string{"a"}})
	for range [3]int{} {
		if response, problem := visit(t, server.URL, "X-Api-Key", key.Key); response.StatusCode != 200 {
			t.Errorf("%v", problem)
		}
	}
	if response, _ := visit(t, server.URL, "X-Api-Key", key.Key); response.StatusCode != 402 {
		t.Errorf("%d", response.StatusCode)
	}
	another := newKey(t, CreateKey{Limits: []Limit{{Name: "credits", Limit: 3, Resets: Null[string]()}}})
	server = guarded(t, GuardOptions{Verifier: v}, GuardOptions{Verifier: v, Cost: Units(1), OnError: onError})
	if response, _ := visit(t, server.URL, "X-Api-Key", another.Key); response.StatusCode != 500 || len(failures) != 1 {
		t.Errorf("%d %v", response.StatusCode, failures)
	}
	// What no key can hold draws nothing, and stands in no header.
	server = guarded(t, GuardOptions{Verifier: v, PermissionsOf: func(*http.Request) []string { return []string{"a b\""} }})
	if response, _ := visit(t, server.URL, "X-Api-Key", another.Key); response.StatusCode != 403 || strings.Contains(response.Header.Get("WWW-Authenticate"), "scope=") {
		t.Errorf("%d %v", response.StatusCode, response.Header)
	}
	if verdict := must(shared.client.Verify(withTimeout(t), another.Key, Question{Cost: Units(0)}))(t); !verdict.Valid {
		t.Errorf("%+v", verdict)
	}
}

func TestAGuardThatCannotJudgeLetsNobodyThrough(t *testing.T) {
	v := newTestVerifier(t, VerifierOptions{URL: "http://127.0.0.1:1", Timeout: 100 * time.Millisecond})
	var told error
	server := guarded(t, GuardOptions{Verifier: v, OnError: func(_ *http.Request, err error) { told = err }})
	response, problem := visit(t, server.URL, "X-Api-Key", newToken("re"))
	if response.StatusCode != 503 || response.Header.Get("Retry-After") != "1" || problem["code"] != "store_unavailable" || asError(t, told).Code != CodeServerUnreachable {
		t.Errorf("%v %v", problem, told)
	}
	for _, options := range []GuardOptions{
		{}, {Verifier: v, Permissions: []string{"a b"}}, {Verifier: v, Prefix: "A"}, {Verifier: v, Cost: Units(-1)},
		{Verifier: v, ReserveSeconds: 60}, {Verifier: v, BasicAuth: "both"},
	} {
		if _, err := NewGuard(options); err == nil {
			t.Errorf("%+v is taken", options)
		}
	}
}

// questioned remembers what a guard asks.
type questioned struct{ question Question }

func (a *questioned) Verify(_ context.Context, _ string, question Question) (Verdict, error) {
	a.question = question
	return Verdict{Valid: true, Code: CodeValid}, nil
}

func TestAGuardTellsOfTheCall(t *testing.T) {
	verifier := &questioned{}
	handler := must(NewGuard(GuardOptions{Verifier: verifier}))(t)(http.NotFoundHandler())
	for target, operation := range map[string]string{
		"/emails/17/01234567-89ab-cdef-0123-456789abcdef?token=x": "GET /emails/*/*",
		"https://api.example.com/a#b":                             "GET /a",
		"/re_" + newToken("re")[3:]:                               "GET /*",
	} {
		request := httptest.NewRequest("GET", "/", nil)
		request.RequestURI, request.RemoteAddr = target, "[2001:db8::7]:80"
		request.Header.Set("Authorization", "Bearer t")
		request.Header.Set("User-Agent", " curl\t\x01/8 "+newToken("re")+strings.Repeat("é", 300))
		handler.ServeHTTP(httptest.NewRecorder(), request)
		of := verifier.question.Context
		if of.Operation != operation || of.IP != "2001:db8::7" || contextFault(&of) != nil || !strings.HasPrefix(of.UserAgent, "curl /8 re_") {
			t.Errorf("%s: %+v %v", target, of, contextFault(&of))
		}
	}
}
