package latchkey

import (
	"context"
	"net/http"
)

// Sessions lists and ends the sessions of the calling key. A session begins in a browser, which keeps it in a cookie.
type Sessions struct{ r *requester }

// List returns the sessions of the calling key.
func (s *Sessions) List(ctx context.Context, options ...CallOption) ([]Session, error) {
	var sessions []Session
	err := s.r.get(ctx, "/v1/sessions", &sessions, options)
	return sessions, err
}

// End ends a session. It is never sent twice: of a session that has ended, the server knows nothing any more.
func (s *Sessions) End(ctx context.Context, id string, options ...CallOption) error {
	path, err := pathOf("/v1/sessions/%s", id)
	if err != nil {
		return err
	}
	return s.r.change(ctx, change{method: http.MethodDelete, path: path}, nil, options)
}
