package latchkey

import (
	"context"
	"net/http"
)

// Members reads, changes and removes the people of organizations.
type Members struct{ r *requester }

// Get returns a member with its identities.
func (m *Members) Get(ctx context.Context, id string, options ...CallOption) (*MemberDetails, error) {
	path, err := pathOf("/v1/members/%s", id)
	if err != nil {
		return nil, err
	}
	member := &MemberDetails{}
	return orNil(member, m.r.get(ctx, path, member, options))
}

// Self returns the member that asks. A key is none.
func (m *Members) Self(ctx context.Context, options ...CallOption) (*OwnMember, error) {
	member := &OwnMember{}
	return orNil(member, m.r.get(ctx, "/v1/members/self", member, options))
}

// List returns a page of members.
func (m *Members) List(ctx context.Context, input ListMembersQuery, options ...CallOption) (*Page[Member], error) {
	return readPage[Member](ctx, m.r, "/v1/members"+queryOf(input), options)
}

// All gives every member of a list, page after page.
func (m *Members) All(ctx context.Context, input ListMembersQuery, options ...CallOption) Rows[Member] {
	return readAll(func(after string) (*Page[Member], error) {
		input.After = after
		return m.List(ctx, input, options...)
	}, input.After)
}

// Update changes the role or the name of a member. Fields that are nil stay as they are.
func (m *Members) Update(ctx context.Context, id string, input UpdateMember, options ...CallOption) (*ChangedMember, error) {
	path, err := pathOf("/v1/members/%s", id)
	if err != nil {
		return nil, err
	}
	changed := &ChangedMember{}
	return orNil(changed, m.r.edit(ctx, path, input, changed, options))
}

// Suspend keeps a member from acting until it is resumed, and ends its sessions.
func (m *Members) Suspend(ctx context.Context, id string, input Suspend, options ...CallOption) (*Departure, error) {
	path, err := pathOf("/v1/members/%s/suspend", id)
	if err != nil {
		return nil, err
	}
	left := &Departure{}
	return orNil(left, m.r.bring(ctx, path, input, left, options))
}

// Resume undoes a suspension.
func (m *Members) Resume(ctx context.Context, id string, options ...CallOption) (*ChangedMember, error) {
	path, err := pathOf("/v1/members/%s/resume", id)
	if err != nil {
		return nil, err
	}
	changed := &ChangedMember{}
	return orNil(changed, m.r.bring(ctx, path, nil, changed, options))
}

// Reset invites a member anew that has lost what it signs in by.
func (m *Members) Reset(ctx context.Context, id string, input ResetMember, options ...CallOption) (*Invitation, error) {
	path, err := pathOf("/v1/members/%s/reset", id)
	if err != nil {
		return nil, err
	}
	invitation := &Invitation{}
	return orNil(invitation, m.r.change(ctx, change{path: path, body: input}, invitation, options))
}

// Remove removes a member for good. The keys that it has made stay.
func (m *Members) Remove(ctx context.Context, id string, input RemoveMemberQuery, options ...CallOption) (*Departure, error) {
	path, err := pathOf("/v1/members/%s", id)
	if err != nil {
		return nil, err
	}
	left := &Departure{}
	of := change{method: http.MethodDelete, path: path + queryOf(input), repeatable: true, known: []string{"wait", "revision"}}
	return orNil(left, m.r.change(ctx, of, left, options))
}

// Erase erases the address, the name and the identities of a removed member.
func (m *Members) Erase(ctx context.Context, id string, options ...CallOption) (*Member, error) {
	path, err := pathOf("/v1/members/%s/erase", id)
	if err != nil {
		return nil, err
	}
	member := &Member{}
	return orNil(member, m.r.change(ctx, change{path: path, repeatable: true}, member, options))
}

// UpdateOwnIdentity gives an identity of the calling member another label.
func (m *Members) UpdateOwnIdentity(ctx context.Context, id string, input UpdateOwnIdentity, options ...CallOption) (*Identity, error) {
	path, err := pathOf("/v1/members/self/identities/%s", id)
	if err != nil {
		return nil, err
	}
	identity := &Identity{}
	return orNil(identity, m.r.change(ctx, change{method: http.MethodPatch, path: path, body: input, repeatable: true}, identity, options))
}

// RemoveOwnIdentity takes an identity from the calling member, which signs in by it no more.
func (m *Members) RemoveOwnIdentity(ctx context.Context, id string, options ...CallOption) error {
	path, err := pathOf("/v1/members/self/identities/%s", id)
	if err != nil {
		return err
	}
	return m.r.change(ctx, change{method: http.MethodDelete, path: path, repeatable: true}, nil, options)
}
