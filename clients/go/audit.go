package latchkey

import "context"

// Audit reads the audit log: every change, and its actor.
type Audit struct{ r *requester }

// List returns a page of events, newest first.
func (a *Audit) List(ctx context.Context, input ListAuditEventsQuery, options ...CallOption) (*Page[AuditEvent], error) {
	return readPage[AuditEvent](ctx, a.r, "/v1/audit-log"+queryOf(input), options)
}

// All gives every event, page after page.
func (a *Audit) All(ctx context.Context, input ListAuditEventsQuery, options ...CallOption) Rows[AuditEvent] {
	return readAll(func(after string) (*Page[AuditEvent], error) {
		input.After = after
		return a.List(ctx, input, options...)
	}, input.After)
}

// Export gives events in one answer, as they come.
func (a *Audit) Export(ctx context.Context, input ExportAuditEventsQuery, options ...CallOption) (Rows[AuditEvent], error) {
	rows, _, err := readRows[AuditEvent](ctx, a.r, "/v1/audit-log/export", input, options)
	return rows, err
}

// Erase empties what events tell of people.
func (a *Audit) Erase(ctx context.Context, input EraseEvents, options ...CallOption) (*Erased, error) {
	erased := &Erased{}
	// What is erased already is not erased again: it is safe to repeat.
	return orNil(erased, a.r.change(ctx, change{path: "/v1/audit-log/erase", body: input, repeatable: true}, erased, options))
}

// ReadCheckpoint returns the newest checkpoint of a log.
func (a *Audit) ReadCheckpoint(ctx context.Context, input ReadCheckpointQuery, options ...CallOption) (*Checkpoint, error) {
	checkpoint := &Checkpoint{}
	return orNil(checkpoint, a.r.get(ctx, "/v1/audit-log/checkpoint"+queryOf(input), checkpoint, options))
}

// ListCheckpoints returns a page of the checkpoints that were kept.
func (a *Audit) ListCheckpoints(ctx context.Context, input ListCheckpointsQuery, options ...CallOption) (*Page[KeptCheckpoint], error) {
	return readPage[KeptCheckpoint](ctx, a.r, "/v1/audit-log/checkpoints"+queryOf(input), options)
}

// ListSealed returns a page of events in the form in which they are hashed.
func (a *Audit) ListSealed(ctx context.Context, input ListSealedEventsQuery, options ...CallOption) (*Page[SealedEvent], error) {
	return readPage[SealedEvent](ctx, a.r, "/v1/audit-log/sealed"+queryOf(input), options)
}

// ProveEvent proves that an event stands in a log.
func (a *Audit) ProveEvent(ctx context.Context, input ProveEventQuery, options ...CallOption) (*EventProof, error) {
	proof := &EventProof{}
	return orNil(proof, a.r.get(ctx, "/v1/audit-log/inclusion"+queryOf(input), proof, options))
}

// ProveGrowth proves that a log has only grown.
func (a *Audit) ProveGrowth(ctx context.Context, input ProveGrowthQuery, options ...CallOption) (*GrowthProof, error) {
	proof := &GrowthProof{}
	return orNil(proof, a.r.get(ctx, "/v1/audit-log/consistency"+queryOf(input), proof, options))
}

// ListSigners returns the keys that sign checkpoints.
func (a *Audit) ListSigners(ctx context.Context, options ...CallOption) ([]LogSigner, error) {
	var signers []LogSigner
	err := a.r.get(ctx, "/v1/audit-log/keys", &signers, options)
	return signers, err
}

// RotateSigner has a new key sign checkpoints.
func (a *Audit) RotateSigner(ctx context.Context, options ...CallOption) (*LogSigner, error) {
	signer := &LogSigner{}
	return orNil(signer, a.r.change(ctx, change{path: "/v1/audit-log/keys/rotate"}, signer, options))
}
