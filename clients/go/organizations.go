package latchkey

import "context"

// Organizations creates, reads and changes the owners of keys.
type Organizations struct{ r *requester }

// Create makes an organization.
func (o *Organizations) Create(ctx context.Context, input CreateOrganization, options ...CallOption) (*Organization, error) {
	created := &Organization{}
	return orNil(created, o.r.make(ctx, "/v1/organizations", input, created, options))
}

// Get returns an organization.
func (o *Organizations) Get(ctx context.Context, id string, options ...CallOption) (*OrganizationDetails, error) {
	path, err := pathOf("/v1/organizations/%s", id)
	if err != nil {
		return nil, err
	}
	organization := &OrganizationDetails{}
	return orNil(organization, o.r.get(ctx, path, organization, options))
}

// List returns a page of organizations.
func (o *Organizations) List(ctx context.Context, input ListOrganizationsQuery, options ...CallOption) (*Page[Organization], error) {
	return readPage[Organization](ctx, o.r, "/v1/organizations"+queryOf(input), options)
}

// All gives every organization of a list, page after page.
func (o *Organizations) All(ctx context.Context, input ListOrganizationsQuery, options ...CallOption) Rows[Organization] {
	return readAll(func(after string) (*Page[Organization], error) {
		input.After = after
		return o.List(ctx, input, options...)
	}, input.After)
}

// Update changes an organization. Fields that are nil stay as they are.
func (o *Organizations) Update(ctx context.Context, id string, input UpdateOrganization, options ...CallOption) (*ChangedOrganization, error) {
	path, err := pathOf("/v1/organizations/%s", id)
	if err != nil {
		return nil, err
	}
	changed := &ChangedOrganization{}
	return orNil(changed, o.r.edit(ctx, path, input, changed, options))
}

// Suspend suspends an organization with all of its keys, until it is resumed.
func (o *Organizations) Suspend(ctx context.Context, id string, input Suspend, options ...CallOption) (*ChangedOrganization, error) {
	path, err := pathOf("/v1/organizations/%s/suspend", id)
	if err != nil {
		return nil, err
	}
	changed := &ChangedOrganization{}
	return orNil(changed, o.r.bring(ctx, path, input, changed, options))
}

// Resume undoes a suspension.
func (o *Organizations) Resume(ctx context.Context, id string, options ...CallOption) (*ChangedOrganization, error) {
	path, err := pathOf("/v1/organizations/%s/resume", id)
	if err != nil {
		return nil, err
	}
	changed := &ChangedOrganization{}
	return orNil(changed, o.r.bring(ctx, path, nil, changed, options))
}

// AddUnits adds units to a quota of an organization, or takes some away.
func (o *Organizations) AddUnits(ctx context.Context, id, limit string, input AddUnits, options ...CallOption) (*ChangedLimit, error) {
	path, err := pathOf("/v1/organizations/%s/limits/%s/units", id, limit)
	if err != nil {
		return nil, err
	}
	changed := &ChangedLimit{}
	return orNil(changed, o.r.changeOnce(ctx, path, input, changed, options))
}
