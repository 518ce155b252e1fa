package latchkey

import (
	"context"
	"net/http"
)

// Invitations invites people, who become members.
type Invitations struct{ r *requester }

// Create invites a person. The link is in the answer alone.
func (i *Invitations) Create(ctx context.Context, input CreateInvitation, options ...CallOption) (*Invitation, error) {
	created := &Invitation{}
	return orNil(created, i.r.make(ctx, "/v1/invitations", input, created, options))
}

// Get returns an invitation, without its link.
func (i *Invitations) Get(ctx context.Context, id string, options ...CallOption) (*Invitation, error) {
	path, err := pathOf("/v1/invitations/%s", id)
	if err != nil {
		return nil, err
	}
	invitation := &Invitation{}
	return orNil(invitation, i.r.get(ctx, path, invitation, options))
}

// List returns a page of invitations.
func (i *Invitations) List(ctx context.Context, input ListInvitationsQuery, options ...CallOption) (*Page[Invitation], error) {
	return readPage[Invitation](ctx, i.r, "/v1/invitations"+queryOf(input), options)
}

// All gives every invitation of a list, page after page.
func (i *Invitations) All(ctx context.Context, input ListInvitationsQuery, options ...CallOption) Rows[Invitation] {
	return readAll(func(after string) (*Page[Invitation], error) {
		input.After = after
		return i.List(ctx, input, options...)
	}, input.After)
}

// Renew gives an invitation another link, and 72 hours more.
func (i *Invitations) Renew(ctx context.Context, id string, options ...CallOption) (*Invitation, error) {
	path, err := pathOf("/v1/invitations/%s/renew", id)
	if err != nil {
		return nil, err
	}
	renewed := &Invitation{}
	return orNil(renewed, i.r.change(ctx, change{path: path}, renewed, options))
}

// Revoke revokes an invitation.
func (i *Invitations) Revoke(ctx context.Context, id string, options ...CallOption) error {
	path, err := pathOf("/v1/invitations/%s", id)
	if err != nil {
		return err
	}
	return i.r.change(ctx, change{method: http.MethodDelete, path: path, repeatable: true}, &Done{}, options)
}
