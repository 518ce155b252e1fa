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
