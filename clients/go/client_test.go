package latchkey

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestTheLifeOfAKey(t *testing.T) {
	ctx := withTimeout(t)
	keys := shared.client.Keys
	expiresAt := time.Now().Add(time.Hour).Truncate(time.Millisecond)
	input := CreateKey{
		Name: "CI", Permissions: []string{"emails:send"}, ExpiresAt: Set(expiresAt), Metadata: map[string]any{"seats": 3.0},
		Limits: []Limit{{Name: "credits", Limit: 10, Resets: Null[string]()}},
	}
	created := must(keys.Create(ctx, input, WithIdempotencyKey("once")))(t)
	again := must(keys.Create(ctx, input, WithIdempotencyKey("once")))(t)
	if created.ID != again.ID || created.Key != again.Key || !created.ExpiresAt.Equal(expiresAt) {
		t.Errorf("made twice, or otherwise: %v", again.ID)
	}
	if created.Limits[0].Resets != nil || created.Limits[0].Remaining != 10 {
		t.Errorf("limits: %+v", created.Limits)
	}
	added := must(keys.AddUnits(ctx, created.ID, "credits", AddUnits{Add: 5}))(t)
	if added.Remaining != 15 {
		t.Errorf("remaining: %d", added.Remaining)
	}
	verdict := must(shared.client.Verify(ctx, created.Key, Question{Permissions: []string{"emails:send"}, Cost: UnitsOf(map[string]int64{"credits": 2})}))(t)
	if !verdict.Valid || verdict.Metadata["seats"] != 3.0 || verdict.Limits[0].Remaining != 13 {
		t.Errorf("verdict: %+v", verdict)
	}
	changed := must(keys.Update(ctx, created.ID, UpdateKey{ExpiresAt: Null[time.Time](), Name: Ptr("Build")}, WithIfRevision(created.Revision), WithWait()))(t)
	if changed.ExpiresAt != nil || changed.Name != "Build" || len(changed.Permissions) != 1 || !changed.Applied.Confirmed {
		t.Errorf("changed: %+v", changed)
	}
	_, err := keys.Update(ctx, created.ID, UpdateKey{Name: Ptr("Late")}, WithIfRevision(created.Revision))
	if of := asError(t, err); of.Code != "precondition_failed" || of.Status != 412 || of.RequestID == "" {
		t.Errorf("a change of another revision: %+v", of)
	}
	rotated := must(keys.Rotate(ctx, created.ID, RotateKey{GraceSeconds: Ptr(int64(60))}))(t)
	details := must(keys.Get(ctx, created.ID))(t)
	if rotated.Key == created.Key || len(details.Secrets) != 2 {
		t.Errorf("secrets: %+v", details.Secrets)
	}
	must(keys.EndSecret(ctx, created.ID, kidOf(created.Key)))(t)
	must(keys.Revoke(ctx, created.ID, WithReason("superseded")))(t)
	verdicts := must(shared.client.VerifyBatch(ctx, []VerifyKey{{Key: created.Key}, {Key: rotated.Key}}))(t)
	if verdicts[0].Code != CodeRevoked || verdicts[1].Code != CodeRevoked {
		t.Errorf("verdicts: %+v", verdicts)
	}
}

func TestListsArePagedByTheirLinks(t *testing.T) {
	ctx := withTimeout(t)
	must(shared.client.Organizations.Create(ctx, CreateOrganization{ID: "paged", Name: "Paged"}))(t)
	for i := range [3]int{} {
		must(shared.client.Keys.Create(ctx, CreateKey{OrganizationID: "paged", Name: fmt.Sprint(i), Tags: []string{"one", "two"}}))(t)
	}
	query := ListKeysQuery{OrganizationID: "paged", Limit: 1, Sort: "name", Tag: []string{"one", "two"}, Count: Ptr(true)}
	page := must(shared.client.Keys.List(ctx, query))(t)
	if len(page.Items) != 1 || page.Next == "" || page.Total == nil || *page.Total != (Total{Count: 3}) {
		t.Errorf("page: %+v", page)
	}
	var names []string
	shared.client.Keys.All(ctx, query)(func(key Key, err error) bool {
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, key.Name)
		return true
	})
	if strings.Join(names, "") != "012" {
		t.Errorf("names: %v", names)
	}
	rows := must(shared.client.Audit.Export(ctx, ExportAuditEventsQuery{OrganizationID: "paged"}))(t)
	events := 0
	rows(func(event AuditEvent, err error) bool {
		if err != nil || event.OrganizationID != "paged" {
			t.Errorf("row: %+v %v", event, err)
		}
		events++
		return true
	})
	if events != 4 {
		t.Errorf("%d events", events)
	}
	events = 0
	ended, cancel := context.WithCancel(ctx)
	defer cancel()
	shared.client.Events.Follow(ended, ReadEventsQuery{OrganizationID: "paged", Limit: 2})(func(event LogEvent, err error) bool {
		events++
		return err == nil && events < 4
	})
	if events != 4 {
		t.Errorf("%d events followed", events)
	}
	if usage := must(shared.client.Usage.Read(ctx, ReadUsageQuery{By: "day"}))(t); usage.AsOf.IsZero() || usage.ClosedUntil.IsZero() {
		t.Errorf("usage: %+v", usage)
	}
}

func TestARefusalSaysWhatIsWrong(t *testing.T) {
	_, err := shared.client.Keys.Create(withTimeout(t), CreateKey{})
	of := asError(t, err)
	if of.Code != "invalid_input" || of.Status != 422 || len(of.Errors) != 1 || of.Errors[0].Path != "name" {
		t.Errorf("%+v", of)
	}
	must(shared.client.Organizations.Create(withTimeout(t), CreateOrganization{ID: "bound", Name: "Bound"}))(t)
	must(shared.client.Policies.SetFor(withTimeout(t), "bound", SetPolicy{RequireExpiry: Ptr(true)}))(t)
	_, err = shared.client.Keys.Create(withTimeout(t), CreateKey{OrganizationID: "bound", Name: "CI"})
	if of := asError(t, err); of.Code != "policy" || of.Rule == "" {
		t.Errorf("%+v", of)
	}
	stranger := must(New(Options{URL: shared.url, Token: newToken("re")}))(t)
	_, err = stranger.Keys.Self(withTimeout(t))
	if of := asError(t, err); of.Code != "invalid_token" || of.Status != 401 || !strings.Contains(of.Detail, "that this client itself sends") {
		t.Errorf("%+v", of)
	}
	if _, err = shared.client.Keys.Get(withTimeout(t), ".."); asError(t, err).Code != CodeInvalidInput {
		t.Error("dots are an id")
	}
	if _, err = shared.client.Keys.Get(withTimeout(t), "id", WithReason("x")); asError(t, err).Code != CodeInvalidInput {
		t.Error("an option that a call does not have is taken")
	}
}

func TestNothingPrintsTheToken(t *testing.T) {
	options := Options{URL: "http://127.0.0.1:1", Token: shared.token}
	client := must(New(options))(t)
	_, err := client.Keys.Self(withTimeout(t), WithTimeout(time.Millisecond))
	of := asError(t, err)
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("made", "options", options, "client", client, "error", err)
	text, _ := json.Marshal(options)
	secret := shared.token[len(shared.token)-bodyLength+kidLength:]
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		for _, value := range []any{options, &options, client, *client, client.requester, err, of, errors.Unwrap(of)} {
			log.WriteString(fmt.Sprintf(format, value))
		}
	}
	if told := log.String() + string(text); strings.Contains(told, secret) || strings.Contains(told, fmt.Sprintf("%x", secret)) {
		t.Error("a token is printed")
	}
}

// recorder answers with these statuses, one after the other, and then with an object.
func recorder(t *testing.T, statuses ...int) (*Client, *[]*http.Request) {
	requests := &[]*http.Request{}
	var count atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		*requests = append(*requests, request.Clone(context.Background()))
		n := int(count.Add(1)) - 1
		w.Header().Set("Content-Type", "application/problem+json")
		if n < len(statuses) {
			w.Header().Set("Location", "/v1/keys/self")
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(statuses[n])
			fmt.Fprint(w, `{"code":"store_unavailable","title":"Away"}`)
			return
		}
		fmt.Fprint(w, `{"code":"valid","valid":true}`)
	}))
	t.Cleanup(server.Close)
	return must(New(Options{URL: server.URL, Token: shared.token}))(t), requests
}

func TestWhatIsSafeToRepeatIsRepeated(t *testing.T) {
	ctx := withTimeout(t)
	client, requests := recorder(t, 503, 429, 503)
	must(client.Keys.Create(ctx, CreateKey{Name: "CI"}))(t)
	keys := map[string]bool{}
	for _, request := range *requests {
		keys[request.Header.Get("Idempotency-Key")] = true
	}
	if len(*requests) != 4 || len(keys) != 1 || keys[""] {
		t.Errorf("%d requests under %v", len(*requests), keys)
	}
	client, requests = recorder(t, 503, 503)
	must(client.Verify(ctx, "t", Question{}))(t)
	if len(*requests) != 3 {
		t.Errorf("%d requests", len(*requests))
	}
	for what, call := range map[string]func(*Client) error{
		"a question with a cost": func(c *Client) error { _, err := c.Verify(ctx, "t", Question{Cost: Units(1)}); return err },
		"an edit":                func(c *Client) error { _, err := c.Keys.Update(ctx, "id", UpdateKey{}); return err },
		"a bulk change":          func(c *Client) error { _, err := c.Keys.Bulk(ctx, BulkChange{}); return err },
		"a redirect":             func(c *Client) error { _, err := c.Keys.Self(ctx); return err },
	} {
		status := http.StatusServiceUnavailable
		if what == "a redirect" {
			status = http.StatusTemporaryRedirect
		}
		client, requests = recorder(t, status)
		if err := call(client); err == nil || len(*requests) != 1 {
			t.Errorf("%s: %d requests, %v", what, len(*requests), err)
		}
	}
}

func TestACallEndsInTime(t *testing.T) {
	held := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-held }))
	defer server.Close()
	defer close(held)
	client := must(New(Options{URL: server.URL, Token: shared.token, Timeout: 20 * time.Millisecond}))(t)
	_, err := client.Keys.Self(context.Background())
	if of := asError(t, err); of.Code != CodeTimedOut || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%+v", of)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = client.Keys.Self(ctx)
	if of := asError(t, err); of.Code != CodeAborted || !errors.Is(err, context.Canceled) {
		t.Errorf("%+v", of)
	}
}

func TestOtherAddressesAndTokensAreRefused(t *testing.T) {
	for _, options := range []Options{
		{URL: "ftp://a", Token: shared.token}, {URL: "http://u:p@a", Token: shared.token}, {URL: "http://a?b", Token: shared.token},
		{URL: "http://a", Token: shared.token[1:]}, {URL: "http://a", Token: ""}, {URL: "http://a", Token: shared.token, Timeout: -1},
	} {
		if _, err := New(options); asError(t, err).Code != CodeInvalidInput {
			t.Errorf("%v: %v", options, err)
		}
	}
}

func asError(t *testing.T, err error) *Error {
	t.Helper()
	var of *Error
	if !errors.As(err, &of) {
		t.Fatalf("no error of ours: %v", err)
	}
	return of
}
