package latchkey

import (
	"context"
	"net/http"
)

// Verify has the server judge a token. A refusal is an answer: look at Valid. A question that names a cost is never sent twice, since
// it would draw twice.
func (c *Client) Verify(ctx context.Context, token string, question Question) (Verdict, error) {
	if question.OrganizationID != "" {
		return Verdict{}, invalidInput("organization_id", "Only a Verifier judges it.")
	}
	if fault := question.fault(); fault != nil {
		return Verdict{}, fault
	}
	return verify(ctx, c.requester, token, question, sending{})
}

func verify(ctx context.Context, r *requester, token string, question Question, s sending) (Verdict, error) {
	body := VerifyKey{Key: token, Permissions: question.Permissions, Prefix: question.Prefix, Cost: question.Cost}
	if question.ReserveSeconds != 0 {
		body.ReserveSeconds = &question.ReserveSeconds
	}
	if question.Context != (CallContext{}) {
		body.Context = &question.Context
	}
	s.method, s.path, s.body = http.MethodPost, "/v1/keys/verify", body
	s.repeatable = question.Cost == nil && question.ReserveSeconds == 0
	var verdict Verdict
	if _, err := r.call(ctx, s, &verdict); err != nil {
		return Verdict{}, err
	}
	if verdict.Code == "" {
		return Verdict{}, unexpected(http.StatusOK, nil, nil)
	}
	return verdict, nil
}

// VerifyBatch has the server judge up to 1,000 tokens. The verdicts stand in the order of the requests.
func (c *Client) VerifyBatch(ctx context.Context, requests []VerifyKey, options ...CallOption) ([]Verdict, error) {
	var verdicts []Verdict
	of := change{path: "/v1/keys/verify/batch", body: requests, repeatable: true}
	if err := c.requester.change(ctx, of, &verdicts, options); err != nil {
		return nil, err
	}
	if len(verdicts) != len(requests) {
		return nil, unexpected(http.StatusOK, nil, nil)
	}
	return verdicts, nil
}

// Settle brings a reservation to what the call really cost. Once is enough, and again is safe.
func (c *Client) Settle(ctx context.Context, reservation string, cost *Cost, options ...CallOption) (*Settlement, error) {
	return settle(ctx, c.requester, reservation, cost, options)
}

func settle(ctx context.Context, r *requester, reservation string, cost *Cost, options []CallOption) (*Settlement, error) {
	if fault := cost.fault(); fault != nil {
		return nil, fault
	}
	settlement := &Settlement{}
	of := change{path: "/v1/settlements", body: Settle{Reservation: reservation, Cost: cost}, repeatable: true}
	return orNil(settlement, r.change(ctx, of, settlement, options))
}
