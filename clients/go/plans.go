package latchkey

import "context"

// Plans are named sets of permissions and limits, for organizations.
type Plans struct{ r *requester }

// Create makes a plan.
func (p *Plans) Create(ctx context.Context, input CreatePlan, options ...CallOption) (*Plan, error) {
	created := &Plan{}
	return orNil(created, p.r.make(ctx, "/v1/plans", input, created, options))
}

// Get returns a plan.
func (p *Plans) Get(ctx context.Context, name string, options ...CallOption) (*PlanDetails, error) {
	path, err := pathOf("/v1/plans/%s", name)
	if err != nil {
		return nil, err
	}
	plan := &PlanDetails{}
	return orNil(plan, p.r.get(ctx, path, plan, options))
}

// List returns a page of plans.
func (p *Plans) List(ctx context.Context, input ListPlansQuery, options ...CallOption) (*Page[Plan], error) {
	return readPage[Plan](ctx, p.r, "/v1/plans"+queryOf(input), options)
}

// All gives every plan, page after page.
func (p *Plans) All(ctx context.Context, input ListPlansQuery, options ...CallOption) Rows[Plan] {
	return readAll(func(after string) (*Page[Plan], error) {
		input.After = after
		return p.List(ctx, input, options...)
	}, input.After)
}

// Update changes a plan. Fields that are nil stay as they are.
func (p *Plans) Update(ctx context.Context, name string, input UpdatePlan, options ...CallOption) (*ChangedPlan, error) {
	path, err := pathOf("/v1/plans/%s", name)
	if err != nil {
		return nil, err
	}
	changed := &ChangedPlan{}
	return orNil(changed, p.r.edit(ctx, path, input, changed, options))
}

// Delete deletes a plan that no organization has.
func (p *Plans) Delete(ctx context.Context, name string, options ...CallOption) (*ChangeDone, error) {
	path, err := pathOf("/v1/plans/%s", name)
	if err != nil {
		return nil, err
	}
	return orNil(p.r.end(ctx, path, options, "revision"))
}
