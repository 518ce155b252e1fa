package latchkey

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand"
	"net/http"
	"sync"
	"time"
)

// The stream brings the news and proves nothing: bytes may be stuck anywhere for any time. What proves freshness is a question. See
// "The lease" in docs/reference/verifier-protocol.md.

const (
	askEvery      = 500 * time.Millisecond
	askTimeout    = 1_600 * time.Millisecond
	silence       = 2 * time.Second
	shortestPause = 100 * time.Millisecond
	longestPause  = 5 * time.Second
	longestEvent  = 64 << 10
	streamFormat  = 1
	maxPending    = 9
)

// told is what the stream has told, and since when.
type told struct {
	sequence int64
	at       time.Duration
}

// answered is a number of the last change, and when it was surely that.
type answered struct {
	sequence int64
	at       instant
}

// following follows the changes. The verifier's lock guards its fields.
type following struct {
	v       *Verifier
	told    []told
	pending []answered
	heardAt time.Duration
	err     *Error
	// outcome is closed at the next renewal of the lease, or failure to follow.
	outcome chan struct{}
}

// sequence is up to where all is told; false while nothing is heard of changes.
func (f *following) sequence() (int64, bool) {
	if len(f.told) == 0 {
		return 0, false
	}
	return f.told[len(f.told)-1].sequence, true
}

func (f *following) settle() {
	close(f.outcome)
	f.outcome = make(chan struct{})
}

func (f *following) run(ctx context.Context) {
	pause := shortestPause
	for ctx.Err() == nil {
		err := f.follow(ctx, func() { pause = shortestPause })
		f.v.mu.Lock()
		f.told, f.pending = nil, nil
		if ctx.Err() == nil {
			f.err = err
			// Who may not hear of changes may not know what it was told before either.
			if err.Status == http.StatusUnauthorized || err.Status == http.StatusForbidden {
				f.v.memory.forgetAll()
			}
			f.settle()
		}
		f.v.mu.Unlock()
		// Many verifiers lose their streams together, and must not come back together.
		sleep(ctx, time.Duration(float64(pause)*(0.5+rand.Float64())))
		pause = min(2*pause, longestPause)
	}
}

// follow reads one stream to its end.
func (f *following) follow(ctx context.Context, begun func()) *Error {
	stream, cancel := context.WithCancel(ctx)
	var asking sync.WaitGroup
	defer asking.Wait()
	defer cancel()
	f.v.mu.Lock()
	f.heardAt = f.v.clock().monotonic
	f.v.mu.Unlock()
	asking.Add(1)
	go func() {
		defer asking.Done()
		f.watch(stream, cancel)
	}()
	response, err := f.v.requester.open(stream, sending{method: http.MethodGet, path: "/v1/changes", accept: "text/event-stream"}, nil, "")
	if err != nil {
		failure := f.v.requester.toError(err, stream, stream)
		if failure.Code == "route_not_found" {
			return unsupported(f.v.requester.url, failure)
		}
		if failure.Code == CodeAborted {
			failure.Code, failure.Detail = CodeServerUnreachable, f.v.requester.url+" did not answer."
		}
		return failure
	}
	defer response.Body.Close()
	isGreeted := false
	err = readEvents(response.Body, func(name string, data []byte) *Error {
		f.v.mu.Lock()
		defer f.v.mu.Unlock()
		f.heardAt = f.v.clock().monotonic
		if isGreeted {
			return f.hear(name, data)
		}
		if err := f.greet(name, data); err != nil {
			return err
		}
		isGreeted = true
		begun()
		asking.Add(1)
		go func() {
			defer asking.Done()
			f.ask(stream, cancel)
		}()
		return nil
	})
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	if !isGreeted {
		return newError(CodeUnexpectedAnswer, "The stream ended before its first event.")
	}
	return &Error{Code: CodeServerUnreachable, Detail: "The stream from " + f.v.requester.url + " has ended.", cause: err}
}

// watch ends a stream that says nothing, and believes nothing that came by it.
func (f *following) watch(stream context.Context, cancel func()) {
	ticks := time.NewTicker(askEvery / 2)
	defer ticks.Stop()
	for {
		select {
		case <-stream.Done():
			return
		case <-ticks.C:
		}
		f.v.mu.Lock()
		isSilent := f.v.clock().monotonic-f.heardAt >= silence
		if isSilent {
			f.v.memory.lease.drop()
		}
		f.v.mu.Unlock()
		if isSilent {
			cancel()
			return
		}
	}
}

// ask asks for the last change again and again, without waiting for the answer before: a slow one must not hold up the next.
func (f *following) ask(stream context.Context, cancel func()) {
	var asking sync.WaitGroup
	defer asking.Wait()
	ticks := time.NewTicker(askEvery)
	defer ticks.Stop()
	for {
		asking.Add(1)
		go func() {
			defer asking.Done()
			f.askOnce(stream, cancel)
		}()
		select {
		case <-stream.Done():
			return
		case <-ticks.C:
		}
	}
}

func (f *following) askOnce(stream context.Context, cancel func()) {
	at := f.v.clock()
	var latest struct {
		Sequence      *int64 `json:"sequence"`
		AgeMs         *int64 `json:"age_ms"`
		ForeignTokens bool   `json:"foreign_tokens"`
	}
	_, err := f.v.requester.call(stream, sending{method: http.MethodGet, path: "/v1/changes/latest", timeout: askTimeout}, &latest)
	f.v.mu.Lock()
	defer f.v.mu.Unlock()
	if stream.Err() != nil {
		return
	}
	if err == nil && (latest.Sequence == nil || latest.AgeMs == nil || *latest.AgeMs < 0) {
		err = newError(CodeUnexpectedAnswer, "The sequence of the last change is not a number.")
	}
	if err != nil {
		// Nothing was renewed. If that goes on, the lease runs out.
		errors.As(err, &f.err)
		return
	}
	f.v.memory.noteForeign(latest.ForeignTokens)
	answer := answered{*latest.Sequence, at.minus(time.Duration(*latest.AgeMs) * time.Millisecond)}
	before := int64(0)
	for _, one := range f.told {
		if one.at <= answer.at.monotonic {
			before = one.sequence
		}
	}
	now, _ := f.sequence()
	switch {
	// Numbers only grow, unless the database was put back: then what was told is of another history.
	case answer.sequence < before:
		f.v.memory.forgetAll()
		cancel()
	case answer.sequence <= now:
		f.confirm(answer)
	default:
		f.pending = append(f.pending[max(0, len(f.pending)-maxPending+1):], answer)
	}
}

func (f *following) confirm(answer answered) {
	f.v.memory.confirm(answer.at)
	f.err = nil
	f.settle()
}

// streamed is the data of an event. Fields that it does not have are ignored.
type streamed struct {
	Format          int       `json:"format"`
	Sequence        *int64    `json:"sequence"`
	KeyIDs          *[]string `json:"key_ids"`
	OrganizationIDs []string  `json:"organization_ids"`
	Plans           []string  `json:"plans"`
	Counters        []string  `json:"counters"`
}

func badStream(detail string) *Error {
	return newError(CodeUnexpectedAnswer, detail)
}

func (f *following) greet(name string, data []byte) *Error {
	var event streamed
	if err := json.Unmarshal(data, &event); err != nil || name != "hello" {
		return badStream("The first event of the stream is not hello.")
	}
	if event.Format != streamFormat {
		return unsupported(f.v.requester.url, nil)
	}
	// What changed before is not told: nothing is remembered from before.
	f.v.memory.forgetAll()
	return f.tell(event.Sequence, true)
}

func (f *following) hear(name string, data []byte) *Error {
	var event streamed
	if err := json.Unmarshal(data, &event); err != nil {
		return badStream("An event of the stream is not JSON.")
	}
	switch name {
	case "forget":
		f.v.memory.forgetAll()
	case "changed":
		if event.KeyIDs == nil {
			return badStream("A change in the stream names no keys.")
		}
		for _, id := range *event.KeyIDs {
			f.v.memory.forget("key/" + id)
		}
		for _, id := range event.OrganizationIDs {
			f.v.memory.forget("organization/" + id)
		}
		for _, plan := range event.Plans {
			f.v.memory.forget("plan/" + plan)
		}
		now := f.v.clock()
		for _, counter := range event.Counters {
			f.v.allotments.recall(counter, now.monotonic)
		}
	case "beat":
	default:
		return nil
	}
	return f.tell(event.Sequence, false)
}

// tell notes up to where all is told, now that all that the event names is forgotten.
func (f *following) tell(sequence *int64, isRequired bool) *Error {
	if sequence == nil {
		if isRequired {
			return badStream("An event of the stream has no sequence.")
		}
		return nil
	}
	now := f.v.clock().monotonic
	if last, ok := f.sequence(); !ok || last != *sequence {
		f.told = append(f.told, told{*sequence, now})
	}
	// Kept as far back as an answer may reach.
	for len(f.told) > 1 && f.told[1].at < now-2*silence {
		f.told = f.told[1:]
	}
	waiting := f.pending
	f.pending = nil
	for _, answer := range waiting {
		if answer.sequence <= *sequence {
			f.confirm(answer)
		} else {
			f.pending = append(f.pending, answer)
		}
	}
	return nil
}

// readEvents reads server-sent events (WHATWG HTML, section 9.2) in bounded memory, from any sender, to the end of the body.
func readEvents(body io.Reader, hear func(name string, data []byte) *Error) error {
	reader := bufio.NewReaderSize(body, longestEvent)
	name, data, length := "", []byte(nil), 0
	for {
		line, err := reader.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			return badStream("An event of the stream is too long.")
		}
		if err != nil {
			return err
		}
		if length += len(line); length > longestEvent {
			return badStream("An event of the stream is too long.")
		}
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if len(line) == 0 {
			// A comment, sent to keep a connection open, has neither.
			if name != "" || data != nil {
				if err := hear(name, data); err != nil {
					return err
				}
			}
			name, data, length = "", nil, 0
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			name = string(value)
		case "data":
			data = append(data, value...)
		}
	}
}

func unsupported(url string, cause *Error) *Error {
	failure := newError(CodeUnsupportedServer, url+" does not support this client's verifier. Use matching versions of client and server.")
	if cause != nil {
		failure.cause = cause
		failure.Status = cause.Status
	}
	return failure
}
