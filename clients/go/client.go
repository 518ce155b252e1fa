package latchkey

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Options are the address of a server, and the key that calls it.
type Options struct {
	// URL is the server's address, such as https://keys.example.com; a path before /v1 may follow.
	URL string
	// Token is that of the calling key. It is sent in the Authorization header only, and never printed.
	Token string `json:"-"`
	// Timeout is how long a call may take in all; 10 seconds if 0.
	Timeout time.Duration
	// Transport makes the connections; one of HTTP/1.1 if nil.
	Transport http.RoundTripper
}

// Format prints the options without the token, whatever the verb.
func (o Options) Format(state fmt.State, _ rune) {
	fmt.Fprintf(state, "latchkey.Options{URL: %q}", o.URL)
}

// LogValue logs the options without the token.
func (o Options) LogValue() slog.Value {
	return slog.GroupValue(slog.String("url", o.URL))
}

// Client calls one server with one key. Many goroutines may use it at once. Every failed call returns an *Error.
//
// If the server is busy (429, 503) or cannot be reached, it sends a call again up to three times if that is safe: every read, every
// verification that names no cost, creations, which have an idempotency key, and the calls that end a key or a secret.
type Client struct {
	requester *requester

	// Keys creates, reads, changes, rotates and revokes keys.
	Keys *Keys
	// Organizations creates, reads and changes the owners of keys.
	Organizations *Organizations
	// Plans are named sets of permissions and limits, for organizations.
	Plans *Plans
	// Policies bound which keys may be made.
	Policies *Policies
	// Webhooks are to where events are sent, and what became of each.
	Webhooks *Webhooks
	// Audit reads the audit log: every change, and its actor.
	Audit *Audit
	// Events reads and follows events in the order of the log.
	Events *Events
	// Usage tells how many calls there were, and how many units they drew.
	Usage *Usage
	// Members reads, changes and removes the people of organizations.
	Members *Members
	// Invitations invites people, who become members.
	Invitations *Invitations
	// PortalSessions makes, lists and ends the sessions of your users on their customers' page.
	PortalSessions *PortalSessions
	// Leaks takes reports of tokens that stand where they must not.
	Leaks *Leaks
	// Sessions lists and ends the sessions of the calling key.
	Sessions *Sessions
	// Verifiers is what a verifier in another process asks of the server.
	Verifiers *Verifiers
	// OAuth has the endpoints of RFC 7662, 7009 and 8414.
	OAuth *OAuth
	// Operation tells the operator of health, readiness and metrics.
	Operation *Operation
}

// New makes a client, without a request. The error is an *Error for an address that is not http or https, and for a malformed token.
func New(options Options) (*Client, error) {
	r, err := newRequester(options.URL, options.Token, options.Timeout, options.Transport)
	if err != nil {
		return nil, err
	}
	return newClient(r), nil
}

func newClient(r *requester) *Client {
	return &Client{
		requester: r, Keys: &Keys{r}, Organizations: &Organizations{r}, Plans: &Plans{r}, Policies: &Policies{r}, Webhooks: &Webhooks{r},
		Members: &Members{r}, Invitations: &Invitations{r}, PortalSessions: &PortalSessions{r},
		Audit: &Audit{r}, Events: &Events{r}, Usage: &Usage{r}, Leaks: &Leaks{r}, Sessions: &Sessions{r}, Verifiers: &Verifiers{r},
		OAuth: &OAuth{r}, Operation: &Operation{r},
	}
}

// Close closes the connections that wait for a next call.
func (c *Client) Close() {
	c.requester.http.CloseIdleConnections()
}

// Page is a part of a list.
type Page[Item any] struct {
	Items []Item
	// Next is where the next page begins, for After; "" at the end.
	Next string
	// Total is how many items there are, if that was asked for.
	Total *Total
}

// Total is how many items a list has.
type Total struct {
	Count int64
	// IsMore tells that there may be more.
	IsMore bool
}

// Rows gives items one after the other: each is the last one or comes with a nil error. With Go 1.23 or later, range over it.
type Rows[Item any] func(yield func(Item, error) bool)

func (r *requester) get(ctx context.Context, path string, answer any, options []CallOption) error {
	read, err := readOptions(options)
	if err != nil {
		return err
	}
	_, err = r.call(ctx, sending{method: http.MethodGet, path: path, repeatable: true, timeout: read.timeout}, answer)
	return err
}

func readPage[Item any](ctx context.Context, r *requester, path string, options []CallOption) (*Page[Item], error) {
	read, err := readOptions(options)
	if err != nil {
		return nil, err
	}
	page := &Page[Item]{}
	call := sending{method: http.MethodGet, path: path, repeatable: true, timeout: read.timeout}
	headers, err := r.call(ctx, call, &page.Items)
	if err != nil {
		return nil, err
	}
	page.Next = nextOf(headers)
	page.Total = totalOf(headers.Get("Latchkey-Total-Count"))
	return page, nil
}

func totalOf(text string) *Total {
	var total Total
	if n, _ := fmt.Sscanf(text, "%d", &total.Count); n != 1 {
		return nil
	}
	total.IsMore = len(text) > 5 && text[len(text)-5:] == ";more"
	return &total
}

// readAll gives every item of a list as it is asked for.
func readAll[Item any](read func(after string) (*Page[Item], error), after string) Rows[Item] {
	return func(yield func(Item, error) bool) {
		for next := after; ; {
			page, err := read(next)
			if err != nil {
				var none Item
				yield(none, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			next = page.Next
		}
	}
}

// The kinds of changes, by what makes them safe to repeat.

// make creates something once, under an idempotency key.
func (r *requester) make(ctx context.Context, path string, body, answer any, options []CallOption) error {
	return r.change(ctx, change{path: path, body: body, makes: true, repeatable: true, known: []string{"idempotency key"}}, answer, options)
}

// changeOnce changes something once, under an idempotency key.
func (r *requester) changeOnce(ctx context.Context, path string, body, answer any, options []CallOption, known ...string) error {
	known = append(known, "wait", "idempotency key")
	return r.change(ctx, change{path: path, body: body, makes: true, repeatable: true, known: known}, answer, options)
}

// edit changes what others may edit as well. On the condition of a revision it is safe to repeat.
func (r *requester) edit(ctx context.Context, path string, body, answer any, options []CallOption) error {
	of := change{method: http.MethodPatch, path: path, body: body, isEdit: true, known: []string{"wait", "revision"}}
	return r.change(ctx, of, answer, options)
}

// bring brings something into a state in which it may be already.
func (r *requester) bring(ctx context.Context, path string, body, answer any, options []CallOption) error {
	return r.change(ctx, change{path: path, body: body, repeatable: true, known: []string{"wait", "revision"}}, answer, options)
}

// end ends something for good, which is safe to repeat.
func (r *requester) end(ctx context.Context, path string, options []CallOption, known ...string) (*ChangeDone, error) {
	done := &ChangeDone{}
	of := change{method: http.MethodDelete, path: path, repeatable: true, known: append(known, "wait")}
	return done, r.change(ctx, of, done, options)
}

type change struct {
	method     string
	path       string
	body       any
	makes      bool
	isEdit     bool
	repeatable bool
	timeout    time.Duration
	known      []string
}

func (r *requester) change(ctx context.Context, of change, answer any, options []CallOption) error {
	read, err := readOptions(options, of.known...)
	if err != nil {
		return err
	}
	headers, err := read.headers(of.makes)
	if err != nil {
		return err
	}
	if of.method == "" {
		of.method = http.MethodPost
	}
	if read.timeout != 0 {
		of.timeout = read.timeout
	}
	repeatable := of.repeatable || (of.isEdit && contains(read.given, "revision"))
	query := read.query()
	if strings.Contains(of.path, "?") {
		query = strings.Replace(query, "?", "&", 1)
	}
	_, err = r.call(ctx, sending{
		method: of.method, path: of.path + query, body: of.body, repeatable: repeatable, headers: headers, timeout: of.timeout,
	}, answer)
	return err
}
