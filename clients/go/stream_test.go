package latchkey

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// scripted is a server that says what a test wants: a stream that goes on beating, however late it is, is made by no cut.
type scripted struct {
	told, latest, format atomic.Int64
	facts                atomic.Int64
	// changed is the id of a key of which the stream tells with its next event.
	changed atomic.Value
	// latestTakes and factsTake are how many milliseconds answers come late.
	latestTakes, factsTake atomic.Int64
	url                    string
}

func newScripted(t *testing.T) *scripted {
	s := &scripted{}
	s.told.Store(1)
	s.latest.Store(1)
	s.format.Store(streamFormat)
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/changes", func(w http.ResponseWriter, request *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprintf(w, ": a comment\r\n\r\nevent: hello\r\ndata: {\"format\":%d,\"sequence\":%d}\r\n\r\n", s.format.Load(), s.told.Load())
		for request.Context().Err() == nil {
			fmt.Fprintf(w, "event: new\nid: 7\ndata: {}\n\nevent: beat\ndata: {\"sequence\":%d}\n\n", s.told.Load())
			if id, ok := s.changed.Swap("").(string); ok && id != "" {
				fmt.Fprintf(w, "event: changed\ndata: {\"sequence\":%d,\"key_ids\":[%q]}\n\n", s.told.Load(), id)
			}
			w.(http.Flusher).Flush()
			time.Sleep(50 * time.Millisecond)
		}
	})
	mux.HandleFunc("/v1/changes/latest", func(w http.ResponseWriter, _ *http.Request) {
		latest := s.latest.Load()
		time.Sleep(time.Duration(s.latestTakes.Load()) * time.Millisecond)
		fmt.Fprintf(w, `{"sequence":%d,"age_ms":0,"foreign_tokens":false}`, latest)
	})
	mux.HandleFunc("/v1/keys/facts", func(w http.ResponseWriter, request *http.Request) {
		s.facts.Add(1)
		if request.Header.Get("Latchkey-Judges") != allConditions {
			t.Error("the server is not told what this can judge")
		}
		latest := s.latest.Load()
		time.Sleep(time.Duration(s.factsTake.Load()) * time.Millisecond)
		fmt.Fprintf(w, `{"sequence":%d,"age_ms":0,"foreign_tokens":false,"secret":{"key_id":"k","organization_id":"acme","name":"n",
			"permissions":[],"metadata":{}}}`, latest)
	})
	mux.HandleFunc("/v1/usage/reports", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"at":"2026-01-31T12:00:00.000Z"}`) })
	server := httptest.NewServer(mux)
	t.Cleanup(server.CloseClientConnections)
	s.url = server.URL
	return s
}

func TestAStreamThatIsLateAndGoesOnBeatingProvesNothing(t *testing.T) {
	ctx := withTimeout(t)
	server := newScripted(t)
	v := newTestVerifier(t, VerifierOptions{URL: server.url})
	ready(t, v)
	token := newToken("re")
	isRemembered := func() bool {
		_, isKnown, _ := v.VerifyCached(token, Question{})
		return isKnown
	}
	_ = must(v.Verify(ctx, token, Question{}))(t)
	if !isRemembered() || !must(v.Verify(ctx, token, Question{}))(t).Valid || server.facts.Load() != 1 {
		t.Error("facts are not remembered")
	}
	// A change of which the stream does not tell.
	server.latest.Store(2)
	time.Sleep(staleness)
	if isRemembered() {
		t.Error("memory is believed without a lease")
	}
	if verdict := must(v.Verify(ctx, token, Question{}))(t); !verdict.Valid || server.facts.Load() != 2 {
		t.Errorf("%+v by %d questions", verdict, server.facts.Load())
	}
	server.told.Store(2)
	eventually(t, "the lease does not begin again", func() bool {
		_ = must(v.Verify(ctx, token, Question{}))(t)
		return isRemembered()
	})
	// A database that was put back tells less than it told before: all is forgotten, and the stream opened anew.
	asked := server.facts.Load()
	time.Sleep(20 * time.Millisecond)
	server.latest.Store(1)
	eventually(t, "a database that was put back is not noticed", func() bool {
		_ = must(v.Verify(ctx, token, Question{}))(t)
		return server.facts.Load() > asked
	})
}

func TestALeaseRunsFromTheQuestionAndNotFromItsAnswer(t *testing.T) {
	server := newScripted(t)
	server.latestTakes.Store(1_200)
	v := newTestVerifier(t, VerifierOptions{URL: server.url})
	asked := v.clock().monotonic
	ready(t, v)
	v.mu.Lock()
	defer v.mu.Unlock()
	// The question was asked after this, and before its answer came.
	if ends := v.memory.lease.ends.monotonic; ends > v.clock().monotonic-1_200*time.Millisecond+leaseTime || ends < asked+leaseTime {
		t.Errorf("the lease ends %v after the answer", ends-v.clock().monotonic)
	}
}

func TestFactsFromBeforeAChangeAreNotRemembered(t *testing.T) {
	ctx := withTimeout(t)
	server := newScripted(t)
	v := newTestVerifier(t, VerifierOptions{URL: server.url})
	ready(t, v)
	token := newToken("re")
	isRemembered := func() bool {
		_, isKnown, _ := v.VerifyCached(token, Question{})
		return isKnown
	}
	server.factsTake.Store(300)
	go func() {
		time.Sleep(100 * time.Millisecond)
		server.changed.Store("another")
	}()
	if verdict := must(v.Verify(ctx, token, Question{}))(t); !verdict.Valid || isRemembered() {
		t.Error("facts are remembered that were asked for before a change")
	}
	// Of another history, or behind what the stream has told.
	server.factsTake.Store(0)
	server.told.Store(5)
	eventually(t, "the stream tells nothing", func() bool {
		v.mu.Lock()
		defer v.mu.Unlock()
		sequence, _ := v.following.sequence()
		return sequence == 5
	})
	if _ = must(v.Verify(ctx, token, Question{}))(t); isRemembered() {
		t.Error("facts are remembered that are behind the stream")
	}
	// What came too late proves nothing, and is not judged by.
	late := newScripted(t)
	late.factsTake.Store(leaseTime.Milliseconds() + 50)
	v = newTestVerifier(t, VerifierOptions{URL: late.url, Timeout: 2_500 * time.Millisecond})
	if verdict, err := v.Verify(ctx, token, Question{}); err == nil || verdict.Valid {
		t.Errorf("%+v", verdict)
	}
}

func TestAStreamOfAnotherFormatIsRefused(t *testing.T) {
	server := newScripted(t)
	server.format.Store(2)
	v := newTestVerifier(t, VerifierOptions{URL: server.url})
	if err := v.Ready(withTimeout(t)); asError(t, err).Code != CodeUnsupportedServer {
		t.Errorf("%v", err)
	}
	if _, err := v.Verify(withTimeout(t), newToken("re"), Question{}); asError(t, err).Code != CodeUnsupportedServer {
		t.Errorf("%v", err)
	}
}

func TestEventsAreBounded(t *testing.T) {
	for what, text := range map[string]string{
		"a line":   "data: " + strings.Repeat("x", longestEvent),
		"an event": strings.Repeat("data: 0123456789\n", longestEvent/16),
	} {
		err := readEvents(strings.NewReader(text), func(string, []byte) *Error { return nil })
		if of, ok := err.(*Error); !ok || of.Code != CodeUnexpectedAnswer {
			t.Errorf("%s has no bound: %v", what, err)
		}
	}
}
