package latchkey

import (
	"context"
	"net/http"
)

// PortalSessions makes, lists and ends the sessions of your users on their customers' page.
type PortalSessions struct{ r *requester }

// Create makes a session for a user. Its URL, or its Token, is in the answer alone.
func (p *PortalSessions) Create(ctx context.Context, input CreatePortalSession, options ...CallOption) (*PortalSession, error) {
	created := &PortalSession{}
	return orNil(created, p.r.make(ctx, "/v1/portal-sessions", input, created, options))
}

// List returns a page of sessions, newest first, without their secrets.
func (p *PortalSessions) List(ctx context.Context, input ListPortalSessionsQuery, options ...CallOption) (*Page[PortalSession], error) {
	return readPage[PortalSession](ctx, p.r, "/v1/portal-sessions"+queryOf(input), options)
}

// All gives every session of a list, page after page.
func (p *PortalSessions) All(ctx context.Context, input ListPortalSessionsQuery, options ...CallOption) Rows[PortalSession] {
	return readAll(func(after string) (*Page[PortalSession], error) {
		input.After = after
		return p.List(ctx, input, options...)
	}, input.After)
}

// End ends a session.
func (p *PortalSessions) End(ctx context.Context, id string, options ...CallOption) error {
	path, err := pathOf("/v1/portal-sessions/%s", id)
	if err != nil {
		return err
	}
	return p.end(ctx, path, options)
}

// EndAll ends the sessions of a user, or of a whole organization.
func (p *PortalSessions) EndAll(ctx context.Context, input EndPortalSessionsQuery, options ...CallOption) error {
	return p.end(ctx, "/v1/portal-sessions"+queryOf(input), options)
}

// ForgetUser ends the sessions of a user, and forgets its name.
func (p *PortalSessions) ForgetUser(ctx context.Context, organizationID, userID string, options ...CallOption) error {
	path, err := pathOf("/v1/portal-users/%s/%s", organizationID, userID)
	if err != nil {
		return err
	}
	return p.end(ctx, path, options)
}

// end ends sessions, which is safe to repeat.
func (p *PortalSessions) end(ctx context.Context, path string, options []CallOption) error {
	return p.r.change(ctx, change{method: http.MethodDelete, path: path, repeatable: true}, &Done{}, options)
}
