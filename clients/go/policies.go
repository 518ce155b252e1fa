package latchkey

import (
	"context"
	"net/http"
)

// Policies bound which keys may be made, in the deployment and in an organization.
type Policies struct{ r *requester }

// Get returns the policy of the deployment.
func (p *Policies) Get(ctx context.Context, options ...CallOption) (*Policy, error) {
	policy := &Policy{}
	return orNil(policy, p.r.get(ctx, "/v1/policy", policy, options))
}

// Set replaces the policy of the deployment.
func (p *Policies) Set(ctx context.Context, input SetPolicy, options ...CallOption) (*ChangedPolicy, error) {
	return p.set(ctx, "/v1/policy", input, options)
}

// GetFor returns the policy of an organization.
func (p *Policies) GetFor(ctx context.Context, organizationID string, options ...CallOption) (*Policy, error) {
	path, err := pathOf("/v1/organizations/%s/policy", organizationID)
	if err != nil {
		return nil, err
	}
	policy := &Policy{}
	return orNil(policy, p.r.get(ctx, path, policy, options))
}

// SetFor replaces the policy of an organization.
func (p *Policies) SetFor(ctx context.Context, organizationID string, input SetPolicy, options ...CallOption) (*ChangedPolicy, error) {
	path, err := pathOf("/v1/organizations/%s/policy", organizationID)
	if err != nil {
		return nil, err
	}
	return p.set(ctx, path, input, options)
}

// DeleteFor takes the policy of an organization away: that of the deployment is left.
func (p *Policies) DeleteFor(ctx context.Context, organizationID string, options ...CallOption) (*ChangeDone, error) {
	path, err := pathOf("/v1/organizations/%s/policy", organizationID)
	if err != nil {
		return nil, err
	}
	return orNil(p.r.end(ctx, path, options, "revision"))
}

func (p *Policies) set(ctx context.Context, path string, input SetPolicy, options []CallOption) (*ChangedPolicy, error) {
	changed := &ChangedPolicy{}
	// What is set again as it is changes nothing.
	of := change{method: http.MethodPut, path: path, body: input, repeatable: true, known: []string{"wait", "revision"}}
	return orNil(changed, p.r.change(ctx, of, changed, options))
}
