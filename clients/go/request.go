package latchkey

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	defaultTimeout  = 10 * time.Second
	mostRepetitions = 3
	firstDelay      = 200 * time.Millisecond
	// Longer than any page can be.
	longestAnswer = 32 << 20
)

// requester sends requests as one key to one server.
type requester struct {
	url       string
	timeout   time.Duration
	http      *http.Client
	authorize func(http.Header)
	judges    string
}

// newRequester checks the address and the token. The token lives in a function alone, so that nothing that prints a client by its
// fields can print it.
func newRequester(address, token string, timeout time.Duration, transport http.RoundTripper) (*requester, error) {
	base, err := readAddress(address)
	if err != nil {
		return nil, err
	}
	parsed, ok := parseToken(token)
	if !ok {
		return nil, newError(CodeInvalidInput, "The token is malformed. Check it for a missing character.")
	}
	if timeout < 0 {
		return nil, invalidInput("timeout", "Must be more than 0.")
	}
	if timeout == 0 {
		timeout = defaultTimeout
	}
	if transport == nil {
		transport = newTransport()
	}
	header := "Bearer " + parsed.token
	return &requester{
		url:       base,
		timeout:   timeout,
		authorize: func(headers http.Header) { headers.Set("Authorization", header) },
		http: &http.Client{
			Transport: transport,
			// A redirect could carry the token to another address.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// newTransport makes connections of HTTP/1.1: over HTTP/2 all calls would share one, and if that were held up, so would be the
// questions by which a verifier finds out.
func newTransport() *http.Transport {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ForceAttemptHTTP2 = false
	transport.TLSNextProto = map[string]func(string, *tls.Conn) http.RoundTripper{}
	transport.MaxIdleConnsPerHost = 64
	return transport
}

func readAddress(address string) (string, error) {
	parsed, err := url.Parse(address)
	// What url.Parse says could hold a password of the address.
	if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Host == "" {
		return "", newError(CodeInvalidInput, "The url of the server must begin with http:// or https://.")
	}
	if parsed.User != nil || parsed.RawQuery != "" || parsed.Fragment != "" {
		return "", newError(CodeInvalidInput, "The url of the server must have no user, no query and no fragment.")
	}
	return parsed.Scheme + "://" + parsed.Host + strings.TrimRight(parsed.EscapedPath(), "/"), nil
}

// sending is one call.
type sending struct {
	method string
	path   string
	// body is sent as JSON, or as a form if it is url.Values; nil for none.
	body any
	// repeatable calls are sent again if nobody knows whether the server did them.
	repeatable bool
	headers    http.Header
	timeout    time.Duration
	accept     string
}

// call sends a request and reads the answer as JSON into answer, if that is not nil.
func (r *requester) call(ctx context.Context, s sending, answer any) (http.Header, error) {
	text, headers, err := r.read(ctx, s)
	if err != nil {
		return nil, err
	}
	if answer == nil {
		return headers, nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return nil, unexpected(http.StatusOK, headers, err)
	}
	return headers, nil
}

// read makes attempts, until one has its answer or none would help.
func (r *requester) read(ctx context.Context, s sending) ([]byte, http.Header, error) {
	timeout := s.timeout
	if timeout == 0 {
		timeout = r.timeout
	}
	body, kind, err := writeBody(s.body)
	if err != nil {
		return nil, nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for repetition := 0; ; repetition++ {
		text, headers, err := r.attempt(bounded, s, body, kind)
		if err == nil {
			return text, headers, nil
		}
		failure := r.toError(err, ctx, bounded)
		delay, mayPass := delayBefore(failure, repetition)
		if !s.repeatable || repetition >= mostRepetitions || !mayPass {
			return nil, nil, failure
		}
		if deadline, ok := bounded.Deadline(); ok && time.Until(deadline) <= delay {
			return nil, nil, failure
		}
		if !sleep(bounded, delay) {
			return nil, nil, r.toError(bounded.Err(), ctx, bounded)
		}
	}
}

func (r *requester) attempt(ctx context.Context, s sending, body []byte, kind string) ([]byte, http.Header, error) {
	response, err := r.open(ctx, s, body, kind)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer+1))
	if err != nil {
		return nil, nil, err
	}
	if len(text) > longestAnswer {
		return nil, nil, unexpected(response.StatusCode, response.Header, nil)
	}
	return text, response.Header, nil
}

// open sends a request once. The body of the answer is the caller's to read and to close.
func (r *requester) open(ctx context.Context, s sending, body []byte, kind string) (*http.Response, error) {
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	request, err := http.NewRequestWithContext(ctx, s.method, r.url+s.path, reader)
	if err != nil {
		return nil, err
	}
	for name, values := range s.headers {
		request.Header[name] = values
	}
	request.Header.Set("Accept", "application/json")
	if s.accept != "" {
		request.Header.Set("Accept", s.accept)
	}
	if r.judges != "" {
		request.Header.Set("Latchkey-Judges", r.judges)
	}
	if kind != "" {
		request.Header.Set("Content-Type", kind)
	}
	request.Header.Set("User-Agent", "latchkey-go/"+Version)
	r.authorize(request.Header)
	response, err := r.http.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		defer response.Body.Close()
		return nil, r.readProblem(response, s.path)
	}
	return response, nil
}

func writeBody(body any) ([]byte, string, error) {
	switch body := body.(type) {
	case nil:
		return nil, "", nil
	case url.Values:
		return []byte(body.Encode()), "application/x-www-form-urlencoded", nil
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, "", &Error{Code: CodeInvalidInput, Detail: "The input cannot be written as JSON.", cause: err}
	}
	return text, "application/json", nil
}

// toError says why there is no answer. What the transport says has the address, and no token: that is in a header alone.
func (r *requester) toError(err error, caller, bounded context.Context) *Error {
	var own *Error
	switch {
	case errors.As(err, &own):
		return own
	case caller.Err() != nil && errors.Is(caller.Err(), context.Canceled):
		return &Error{Code: CodeAborted, Detail: "The caller ended the call.", cause: caller.Err()}
	case bounded.Err() != nil:
		return &Error{Code: CodeTimedOut, Detail: r.url + " did not answer in time.", cause: bounded.Err()}
	}
	return &Error{Code: CodeServerUnreachable, Detail: r.url + " did not answer.", cause: err}
}

// readProblem reads a refusal (RFC 9457).
func (r *requester) readProblem(response *http.Response, path string) *Error {
	text, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	var problem struct {
		Code      string       `json:"code"`
		Title     string       `json:"title"`
		Detail    string       `json:"detail"`
		RequestID string       `json:"request_id"`
		Errors    []FieldError `json:"errors"`
		Rule      string       `json:"rule"`
		OauthCode string       `json:"error"`
		OauthText string       `json:"error_description"`
	}
	if err == nil {
		err = json.Unmarshal(text, &problem)
	}
	kind := response.Header.Get("Content-Type")
	// The endpoints of OAuth have errors of their own (RFC 6749, section 5.2).
	if err == nil && problem.OauthCode != "" && strings.HasPrefix(kind, "application/json") {
		problem.Code, problem.Detail = problem.OauthCode, problem.OauthText
	} else if !strings.HasPrefix(kind, "application/problem+json") || err != nil || problem.Code == "" {
		return unexpected(response.StatusCode, response.Header, err)
	}
	if problem.Detail == "" {
		problem.Detail = problem.Title
	}
	if problem.RequestID == "" {
		problem.RequestID = response.Header.Get("X-Request-Id")
	}
	return &Error{
		Code: problem.Code, Status: response.StatusCode, Detail: r.describe(problem.Code, problem.Detail, path),
		RequestID: problem.RequestID, RetryAfter: retryAfter(response.Header), Errors: problem.Errors,
		Rule: problem.Rule,
	}
}

// describe says of a refused token that it is the client's own, which is not the one that it asks about.
func (r *requester) describe(code, detail, path string) string {
	switch code {
	case "invalid_token":
		return r.url + " refuses the token that this client itself sends: it is unknown, expired or revoked."
	case "missing_permission":
		return "The token that this client itself sends may not do this. " + detail
	case "route_not_found":
		return r.url + strings.SplitN(path, "?", 2)[0] + " is no route of the server. The url of the client must be the address of" +
			" the server, without /v1 or the path of a page; a server of an earlier version may lack the route."
	}
	return detail
}

func unexpected(status int, headers http.Header, cause error) *Error {
	detail := fmt.Sprintf("The answer (%d) does not come from a Latchkey server. Check the url.", status)
	return &Error{Code: CodeUnexpectedAnswer, Status: status, Detail: detail, RetryAfter: retryAfter(headers), cause: cause}
}

// retryAfter reads RFC 9110, section 10.2.3.
func retryAfter(headers http.Header) time.Duration {
	value := headers.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil && time.Until(at) > 0 {
		return time.Until(at)
	}
	return 0
}

// delayBefore says how long to wait before a request is sent again, and false if that would not help.
func delayBefore(failure *Error, repetition int) (time.Duration, bool) {
	mayPass := failure.Code == CodeServerUnreachable || failure.Code == "idempotency_in_progress"
	if !mayPass && failure.Status != http.StatusTooManyRequests && failure.Status != http.StatusServiceUnavailable {
		return 0, false
	}
	// Each waits another while: those who failed together must not come back together.
	return failure.RetryAfter + time.Duration(rand.Float64()*float64(firstDelay<<repetition)), true
}

// sleep waits, and returns false if the context ends before.
func sleep(ctx context.Context, delay time.Duration) bool {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// segment writes an id into a path, as one segment even if it has a slash.
func segment(id string) (string, error) {
	// An empty id, or dots that URLs resolve, would name another resource.
	if strings.Trim(id, ".") == "" {
		return "", newError(CodeInvalidInput, "An id is empty or consists of dots. Pass the id of the resource.")
	}
	return url.PathEscape(id), nil
}

// pathOf puts a path together: each %s is an id.
func pathOf(format string, ids ...string) (string, error) {
	segments := make([]any, len(ids))
	for i, id := range ids {
		escaped, err := segment(id)
		if err != nil {
			return "", err
		}
		segments[i] = escaped
	}
	return fmt.Sprintf(format, segments...), nil
}

// queryOf writes the fields of a query that have no zero value.
func queryOf(input any) string {
	values := url.Values{}
	of := reflect.ValueOf(input)
	for i := 0; i < of.NumField(); i++ {
		name := of.Type().Field(i).Tag.Get("query")
		field := of.Field(i)
		if field.IsZero() {
			continue
		}
		switch value := field.Interface().(type) {
		case time.Time:
			values.Set(name, value.UTC().Format(time.RFC3339Nano))
		case []string:
			// All lists but that of tags stand in one parameter.
			if name == "tag" || name == "permission" {
				values[name] = value
			} else {
				values.Set(name, strings.Join(value, ","))
			}
		case *bool:
			values.Set(name, strconv.FormatBool(*value))
		default:
			values.Set(name, fmt.Sprint(value))
		}
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + values.Encode()
}

var nextLink = regexp.MustCompile(`<([^>]*)>\s*;\s*rel="?next"?`)

// nextOf reads where the next page begins (RFC 8288); "" if there is none.
func nextOf(headers http.Header) string {
	found := nextLink.FindStringSubmatch(strings.Join(headers.Values("Link"), ", "))
	if found == nil {
		return ""
	}
	address, err := url.Parse(found[1])
	if err != nil {
		return ""
	}
	return address.Query().Get("after")
}
