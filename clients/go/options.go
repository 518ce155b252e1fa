package latchkey

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// CallOption says how one call is made. A call refuses an option that it does not have.
type CallOption func(*callOptions)

type callOptions struct {
	given          []string
	timeout        time.Duration
	idempotencyKey string
	ifRevision     []string
	wait           string
	secretsAfter   string
	reason         string
	judges         string
}

// WithTimeout bounds a call, its repetitions included. The context bounds it too.
func WithTimeout(timeout time.Duration) CallOption {
	return func(o *callOptions) { o.timeout = timeout; o.given = append(o.given, "timeout") }
}

// WithIdempotencyKey has the server make something once, however often it is sent with this key within 24 hours. If absent, each
// call makes a key of its own, under which the client repeats it.
func WithIdempotencyKey(key string) CallOption {
	return func(o *callOptions) { o.idempotencyKey = key; o.given = append(o.given, "idempotency key") }
}

// WithIfRevision makes a change only if the thing still has one of these revisions; else the error is precondition_failed.
func WithIfRevision(revisions ...string) CallOption {
	return func(o *callOptions) {
		o.ifRevision = append([]string{}, revisions...)
		o.given = append(o.given, "revision")
	}
}

// WithWait has the call answer when every process on the server's database acts on the change: the answer has Applied.
func WithWait() CallOption {
	return func(o *callOptions) { o.wait = "applied"; o.given = append(o.given, "wait") }
}

// WithReason says why a key is revoked: unspecified, compromised, superseded, no_longer_used or owner_left.
func WithReason(reason string) CallOption {
	return func(o *callOptions) { o.reason = reason; o.given = append(o.given, "reason") }
}

// WithSecretsAfter continues the secrets of a key behind the last kid of a page.
func WithSecretsAfter(kid string) CallOption {
	return func(o *callOptions) { o.secretsAfter = kid; o.given = append(o.given, "secrets after") }
}

// readOptions takes the options of a call that knows these, and the timeout.
func readOptions(options []CallOption, known ...string) (*callOptions, error) {
	read := &callOptions{}
	for _, option := range options {
		if option != nil {
			option(read)
		}
	}
	for _, given := range read.given {
		if given != "timeout" && !contains(known, given) {
			return nil, newError(CodeInvalidInput, "This call has no option for "+given+".")
		}
	}
	if contains(read.given, "timeout") && read.timeout <= 0 {
		return nil, invalidInput("timeout", "Must be more than 0.")
	}
	return read, nil
}

// headers are those of an edit on a condition, and of a creation that is made once.
func (o *callOptions) headers(makes bool) (http.Header, error) {
	headers := http.Header{}
	if contains(o.given, "revision") {
		tags := make([]string, len(o.ifRevision))
		for i, revision := range o.ifRevision {
			tags[i] = `"` + revision + `"`
		}
		// The empty tag is that of nothing.
		if len(tags) == 0 {
			tags = []string{`""`}
		}
		headers.Set("If-Match", strings.Join(tags, ", "))
	}
	if !makes {
		return headers, nil
	}
	key := o.idempotencyKey
	if !contains(o.given, "idempotency key") {
		random := make([]byte, 16)
		if _, err := rand.Read(random); err != nil {
			return nil, &Error{Code: CodeInvalidInput, Detail: "There are no random bytes.", cause: err}
		}
		key = hex.EncodeToString(random)
	}
	if !isIdempotencyKey(key) {
		return nil, invalidInput("idempotency_key", "Must be a text of 1 to 255 characters of ASCII, without quotes and backslashes.")
	}
	headers.Set("Idempotency-Key", `"`+key+`"`)
	return headers, nil
}

func isIdempotencyKey(key string) bool {
	if key == "" || len(key) > 255 {
		return false
	}
	for i := 0; i < len(key); i++ {
		if c := key[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func (o *callOptions) query() string {
	query := url.Values{}
	for name, value := range map[string]string{"wait": o.wait, "reason": o.reason, "secrets_after": o.secretsAfter} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if len(query) == 0 {
		return ""
	}
	return "?" + query.Encode()
}

func contains(list []string, item string) bool {
	for _, one := range list {
		if one == item {
			return true
		}
	}
	return false
}
