package latchkey

import (
	"context"
	"net/http"
)

// Leaks takes reports of tokens that stand where they must not.
type Leaks struct{ r *requester }

// Report reports tokens. To show a token is the proof that one may. It answers the same for any token, live or not.
func (l *Leaks) Report(ctx context.Context, input ReportLeaks, options ...CallOption) error {
	return l.r.change(ctx, change{method: http.MethodPost, path: "/v1/leaks", body: input, repeatable: true}, nil, options)
}

// Find tells which tokens are live that were found, by their kids and SHA-256, in the order of the question. It is no use of their keys.
func (l *Leaks) Find(ctx context.Context, input FindLeaks, options ...CallOption) (*FoundLeaks, error) {
	found := &FoundLeaks{}
	return orNil(found, l.r.change(ctx, change{method: http.MethodPost, path: "/v1/leaks/known", body: input, repeatable: true}, found, options))
}
