// What calls may send to the routes that take a body.

/** A body that the route would take, so that nothing but the caller is at fault. */
export const bodies: Record<string, unknown> = {
  createKey: { name: 'A' },
  importKeys: [{ organization_id: 'acme', name: 'A', token: 'from-another-system' }],
  updateKey: { name: 'B' },
  rotateKey: {},
  changeKeys: { action: 'revoke', ids: ['0192f0c1-0000-7000-8000-000000000000'], expect: 1 },
  suspendKey: { reason: 'A' },
  suspendOrganization: { reason: 'A' },
  deriveKey: { name: 'C' },
  setPrefixes: { prefixes: ['re', 're_test'] },
  previewKey: { revoke: true },
  verifyKey: { key: 'x' },
  verifyKeys: [{ key: 'x' }],
  verifyTrufflehogFinding: { latchkey: { token: ['x'] } },
  readFacts: { key: 'x' },
  reportUses: [{ kid: '0123456789abcdef', at: '2026-01-31T12:00:00Z' }],
  reportUsage: { source: 'V', number: 1, counts: [], uses: [] },
  describePermissions: { permissions: [{ name: 'a' }] },
  createOrganization: { name: 'A' },
  updateOrganization: { name: 'B' },
  addKeyUnits: { add: 1 },
  addOrganizationUnits: { add: 1 },
  updateMember: { role: 'viewer' },
  suspendMember: { reason: 'A' },
  createInvitation: { email: 'ada@example.com', role: 'viewer' },
  createPlan: { name: 'pro' },
  updatePlan: { permissions: null },
  setPolicy: { max_keys: 1_000 },
  setOrganizationPolicy: { max_keys: 1_000 },
  reportLeaks: { keys: ['not-a-token-of-ours'] },
  revokeOwnKey: {},
  settleReservation: { reservation: 'r1.', cost: 0 },
  createWebhook: { url: 'https://receiver.example/', events: ['*'] },
  updateWebhook: { description: 'B' },
  rotateWebhook: {},
  replayWebhook: { since: new Date().toISOString() },
  eraseEvents: { key_id: '0192f0c1-0000-7000-8000-000000000000', before: '2026-01-31T12:00:00Z' },
  drawGrants: { verifier: 'V', sequence: 1, counters: [] },
}

/** The same for the routes that take something in their query. */
export const queries: Record<string, string> = {
  proveEvent: '?sequence=1',
  proveGrowth: '?from=1',
}
