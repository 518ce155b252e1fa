package latchkey

import "context"

// Webhooks are to where events are sent, and what became of each.
type Webhooks struct{ r *requester }

// Create makes a webhook. Its secret is in the answer alone.
func (w *Webhooks) Create(ctx context.Context, input CreateWebhook, options ...CallOption) (*CreatedWebhook, error) {
	created := &CreatedWebhook{}
	return orNil(created, w.r.make(ctx, "/v1/webhooks", input, created, options))
}

// Get returns a webhook.
func (w *Webhooks) Get(ctx context.Context, id string, options ...CallOption) (*Webhook, error) {
	path, err := pathOf("/v1/webhooks/%s", id)
	if err != nil {
		return nil, err
	}
	webhook := &Webhook{}
	return orNil(webhook, w.r.get(ctx, path, webhook, options))
}

// List returns a page of webhooks.
func (w *Webhooks) List(ctx context.Context, input ListWebhooksQuery, options ...CallOption) (*Page[Webhook], error) {
	return readPage[Webhook](ctx, w.r, "/v1/webhooks"+queryOf(input), options)
}

// All gives every webhook, page after page.
func (w *Webhooks) All(ctx context.Context, input ListWebhooksQuery, options ...CallOption) Rows[Webhook] {
	return readAll(func(after string) (*Page[Webhook], error) {
		input.After = after
		return w.List(ctx, input, options...)
	}, input.After)
}

// Update changes a webhook. Fields that are nil stay as they are.
func (w *Webhooks) Update(ctx context.Context, id string, input UpdateWebhook, options ...CallOption) (*ChangedWebhook, error) {
	path, err := pathOf("/v1/webhooks/%s", id)
	if err != nil {
		return nil, err
	}
	changed := &ChangedWebhook{}
	return orNil(changed, w.r.edit(ctx, path, input, changed, options))
}

// Delete deletes a webhook.
func (w *Webhooks) Delete(ctx context.Context, id string, options ...CallOption) (*ChangeDone, error) {
	path, err := pathOf("/v1/webhooks/%s", id)
	if err != nil {
		return nil, err
	}
	return orNil(w.r.end(ctx, path, options, "revision"))
}

// Rotate gives a webhook a new secret.
func (w *Webhooks) Rotate(ctx context.Context, id string, input RotateWebhook, options ...CallOption) (*RotatedWebhook, error) {
	path, err := pathOf("/v1/webhooks/%s/rotate", id)
	if err != nil {
		return nil, err
	}
	rotated := &RotatedWebhook{}
	return orNil(rotated, w.r.changeOnce(ctx, path, input, rotated, options, "revision"))
}

// Test sends an event to a webhook now, and tells what it answered.
func (w *Webhooks) Test(ctx context.Context, id string, options ...CallOption) (*WebhookTest, error) {
	path, err := pathOf("/v1/webhooks/%s/test", id)
	if err != nil {
		return nil, err
	}
	test := &WebhookTest{}
	return orNil(test, w.r.change(ctx, change{path: path}, test, options))
}

// Replay sends all events since an instant again.
func (w *Webhooks) Replay(ctx context.Context, id string, input ReplayWebhook, options ...CallOption) (*Webhook, error) {
	path, err := pathOf("/v1/webhooks/%s/replay", id)
	if err != nil {
		return nil, err
	}
	webhook := &Webhook{}
	return orNil(webhook, w.r.change(ctx, change{path: path, body: input}, webhook, options))
}

// ListDeliveries returns a page of what became of events.
func (w *Webhooks) ListDeliveries(ctx context.Context, id string, input ListDeliveriesQuery, options ...CallOption) (*Page[Delivery], error) {
	path, err := pathOf("/v1/webhooks/%s/deliveries", id)
	if err != nil {
		return nil, err
	}
	return readPage[Delivery](ctx, w.r, path+queryOf(input), options)
}

// AllDeliveries gives what became of every event, page after page.
func (w *Webhooks) AllDeliveries(ctx context.Context, id string, input ListDeliveriesQuery, options ...CallOption) Rows[Delivery] {
	return readAll(func(after string) (*Page[Delivery], error) {
		input.After = after
		return w.ListDeliveries(ctx, id, input, options...)
	}, input.After)
}

// RetryDelivery sends an event again that was not delivered.
func (w *Webhooks) RetryDelivery(ctx context.Context, id, deliveryID string, options ...CallOption) (*Delivery, error) {
	path, err := pathOf("/v1/webhooks/%s/deliveries/%s/retry", id, deliveryID)
	if err != nil {
		return nil, err
	}
	delivery := &Delivery{}
	return orNil(delivery, w.r.change(ctx, change{path: path}, delivery, options))
}
