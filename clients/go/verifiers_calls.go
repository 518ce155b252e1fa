package latchkey

import (
	"context"
	"io"
	"net/http"
)

// Verifiers has the calls that a [Verifier] makes, for programs that have a verifier of their own. See
// docs/reference/verifier-protocol.md.
type Verifiers struct{ r *requester }

// ReadFacts returns what a token is judged by. Secret is nil if the token is unknown. To a caller that names no conditions the
// server gives facts for a single call, for which it draws the default cost.
func (v *Verifiers) ReadFacts(ctx context.Context, token string, options ...CallOption) (*Facts, error) {
	facts := &Facts{}
	of := change{path: "/v1/keys/facts", body: ReadFacts{Key: token}, repeatable: true}
	return orNil(facts, v.r.change(ctx, of, facts, options))
}

// Draw draws units of limits. Do not send a message again with another sequence before it is answered.
func (v *Verifiers) Draw(ctx context.Context, message GrantsRequest, options ...CallOption) (*Grants, error) {
	grants := &Grants{}
	return orNil(grants, v.r.change(ctx, change{path: "/v1/grants", body: message, repeatable: true}, grants, options))
}

// ReportUses reports when secrets were last found valid.
func (v *Verifiers) ReportUses(ctx context.Context, uses []Use, options ...CallOption) error {
	return v.r.change(ctx, change{path: "/v1/keys/uses", body: uses, repeatable: true}, nil, options)
}

// Report reports what was counted. One that was not answered must be sent again as it was.
func (v *Verifiers) Report(ctx context.Context, report UsageReport, options ...CallOption) (*UsageReported, error) {
	reported := &UsageReported{}
	return orNil(reported, v.r.change(ctx, change{path: "/v1/usage/reports", body: report, repeatable: true}, reported, options))
}

// LatestChange returns the number of the last change, and how long ago it was surely the last.
func (v *Verifiers) LatestChange(ctx context.Context, options ...CallOption) (*LatestChange, error) {
	latest := &LatestChange{}
	return orNil(latest, v.r.get(ctx, "/v1/changes/latest", latest, options))
}

// FollowChanges opens the stream of changes, which does not end: close it, or end the context.
func (v *Verifiers) FollowChanges(ctx context.Context) (io.ReadCloser, error) {
	call := sending{method: http.MethodGet, path: "/v1/changes", accept: "text/event-stream"}
	response, err := v.r.open(ctx, call, nil, "")
	if err != nil {
		return nil, v.r.toError(err, ctx, ctx)
	}
	return response.Body, nil
}
