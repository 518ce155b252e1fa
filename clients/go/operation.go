package latchkey

import (
	"context"
	"encoding/json"
	"net/http"
)

// Operation tells the operator of health, readiness and metrics.
type Operation struct{ r *requester }

// CheckHealth returns nil if the server is alive.
func (o *Operation) CheckHealth(ctx context.Context, options ...CallOption) error {
	return o.r.get(ctx, "/healthz", nil, options)
}

// CheckReadiness returns nil if the database accepts durable writes now; else the error is store_unavailable.
func (o *Operation) CheckReadiness(ctx context.Context, options ...CallOption) error {
	return o.r.get(ctx, "/readyz", nil, options)
}

// ReadMetrics returns the metrics in Prometheus' text format.
func (o *Operation) ReadMetrics(ctx context.Context, options ...CallOption) (string, error) {
	read, err := readOptions(options)
	if err != nil {
		return "", err
	}
	call := sending{method: http.MethodGet, path: "/metrics", repeatable: true, timeout: read.timeout, accept: "text/plain"}
	text, _, err := o.r.read(ctx, call)
	return string(text), err
}

// ReadOpenAPI returns the OpenAPI document.
func (o *Operation) ReadOpenAPI(ctx context.Context, options ...CallOption) (json.RawMessage, error) {
	var document json.RawMessage
	err := o.r.get(ctx, "/openapi.json", &document, options)
	return document, err
}
