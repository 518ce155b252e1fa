// How each operation is called by the clients and on the command line. The names follow from one: `keys.endSecret` is
// `keys.end_secret` in Python and `Keys.EndSecret` in Go; what differs is said.

/** The call of an operation in every language. */
export interface Call {
  /** The noun and the method of the TypeScript client. */
  method: string
  /** Another name in Python, or false if that client has no such call. */
  python?: string
  go?: string
  /** False if the TypeScript client has no such call. */
  typescript?: false
  /** A command that does the same: one of the examples in its help. */
  command?: string
  /** What its example asks for in the query. */
  query?: Record<string, string | number>
  /** The fields of the body that methods take by their place, before all others. */
  byPlace?: readonly string[]
}

/** Ids in examples, by what they are ids of. */
export const exampleIds = {
  key: '019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071',
  kid: '0aB1cD2eF3gH4iJ5',
  member: '0198f3a2-5c1b-7000-8000-0d1c2b3a4f5e',
  invitation: '0198f3a2-5c1b-7000-8000-7a8b9c0d1e2f',
  portalSession: '0198f3a2-5c1b-7000-8000-5f4e3d2c1b0a',
  user: 'u_81',
  session: '019ab3c4-6e7f-7081-9a1b-2c3d4e5f6071',
  webhook: '0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e',
  delivery: '0198f3a2-5c1b-7000-8000-7a6b5c4d3e2f',
  organization: 'acme',
  plan: 'starter',
  limit: 'credits',
}
const { key, kid, webhook, delivery, session, member, invitation, portalSession, user } = exampleIds

const ofAcme = { organization_id: 'acme' }

/** The calls by operation. What is not here is no call of a program: a page, or what a browser does. */
export const calls: Record<string, Call> = {
  verifyKey: { method: 'verify', byPlace: ['key'], command: 'latchkey keys verify --permission emails:send' },
  verifyKeys: { method: 'verifyBatch' },
  settleReservation: { method: 'settle', byPlace: ['reservation', 'cost'] },
  introspectToken: { method: 'oauth.introspect', typescript: false, byPlace: ['token'] },
  revokeToken: { method: 'oauth.revoke', typescript: false, byPlace: ['token'] },
  readServerMetadata: {
    method: 'oauth.readServerMetadata',
    typescript: false,
    python: 'oauth.read_metadata',
  },
  readLatestChange: { method: 'verifiers.latestChange' },
  readFacts: { method: 'verifiers.readFacts', byPlace: ['key'] },
  reportUses: { method: 'verifiers.reportUses' },
  drawGrants: { method: 'verifiers.draw' },
  reportUsage: { method: 'verifiers.report' },
  createKey: {
    method: 'keys.create',
    command: 'latchkey keys create --organization acme --name CI --permission emails:send --expires 90d',
  },
  deriveKey: {
    method: 'keys.derive',
    command: 'TOKEN=$(latchkey keys derive --name "Job 42" --permission emails:send --expires 10m)',
  },
  listChildren: { method: 'keys.listChildren', command: `latchkey keys children ${key}` },
  revokeChild: { method: 'keys.revokeChild' },
  listKeys: {
    method: 'keys.list',
    query: ofAcme,
    command: 'latchkey keys list --organization acme --sort -last_used_at',
  },
  getKey: { method: 'keys.get', command: `latchkey keys get ${key}` },
  getOwnKey: { method: 'keys.self', python: 'keys.own' },
  importKeys: {
    method: 'keys.import',
    python: 'keys.import_',
    command: 'latchkey import --from csv --yes keys.csv',
  },
  listRecipes: { method: 'keys.listRecipes', command: 'latchkey keys recipes' },
  listPermissions: { method: 'keys.listPermissions', query: ofAcme },
  readKeyPermissions: { method: 'keys.readPermissions', command: `latchkey keys permissions ${key}` },
  readKeyPlaces: { method: 'keys.readPlaces', command: `latchkey keys places ${key}` },
  forgetKeyPlaces: { method: 'keys.forgetPlaces', command: `latchkey keys forget-places ${key} --yes` },
  previewKey: { method: 'keys.preview', command: `latchkey keys preview ${key} --permission emails:send` },
  updateKey: {
    method: 'keys.update',
    command: `latchkey keys update ${key} --permission emails:* --expires never`,
  },
  changeKeys: {
    method: 'keys.bulk',
    command: 'latchkey keys bulk revoke --tag team:billing --expect 12 --yes',
  },
  rotateKey: { method: 'keys.rotate', command: `latchkey keys rotate ${key} --grace 24h` },
  endKeySecret: { method: 'keys.endSecret', command: `latchkey keys end-secret ${key} ${kid} --yes` },
  suspendKey: {
    method: 'keys.suspend',
    command: `latchkey keys suspend ${key} --reason "Unpaid invoice" --wait`,
  },
  resumeKey: { method: 'keys.resume', command: `latchkey keys resume ${key}` },
  revokeKey: { method: 'keys.revoke', command: `latchkey keys revoke ${key} --yes --wait` },
  revokeOwnKey: {
    method: 'keys.revokeSelf',
    command: 'latchkey keys revoke-self --reason compromised --yes',
  },
  clearKeyExposure: { method: 'keys.clearExposure', command: `latchkey keys clear-exposure ${key}` },
  reportLeaks: { method: 'leaks.report', command: 'latchkey leak report < tokens.txt' },
  findLeaks: { method: 'leaks.find', command: 'latchkey scan --url https://keys.example.com .' },
  addKeyUnits: {
    method: 'keys.addUnits',
    command: `latchkey keys add-units ${key} credits 500 --reference "payment 4711"`,
  },
  listPrefixes: { method: 'keys.listPrefixes', command: 'latchkey keys prefixes' },
  setPrefixes: { method: 'keys.setPrefixes', command: 'latchkey keys set-prefixes re_live,re_test' },
  listCatalogue: { method: 'keys.listCatalogue', command: 'latchkey permissions list' },
  describePermissions: {
    method: 'keys.describePermissions',
    command: 'latchkey permissions set emails:send --description "Send emails" --group Emails',
  },
  createOrganization: {
    method: 'organizations.create',
    command: 'latchkey orgs create acme --name "Acme Inc."',
  },
  listOrganizations: { method: 'organizations.list', command: 'latchkey orgs list --query acme' },
  getOrganization: { method: 'organizations.get', command: 'latchkey orgs get acme' },
  updateOrganization: {
    method: 'organizations.update',
    command: 'latchkey orgs update acme --name "Acme Ltd."',
  },
  suspendOrganization: {
    method: 'organizations.suspend',
    command: 'latchkey orgs suspend acme --reason "Unpaid invoice" --wait',
  },
  resumeOrganization: { method: 'organizations.resume', command: 'latchkey orgs resume acme' },
  addOrganizationUnits: {
    method: 'organizations.addUnits',
    command: 'latchkey orgs add-units acme credits 500 --reference "payment 4711"',
  },
  createPlan: {
    method: 'plans.create',
    command: 'latchkey plans create starter --key-limit requests=100/1m --limit credits=10000/month',
  },
  listPlans: { method: 'plans.list', command: 'latchkey plans list' },
  getPlan: { method: 'plans.get', command: 'latchkey plans get starter' },
  updatePlan: {
    method: 'plans.update',
    command: 'latchkey plans update starter --key-limit requests=500/1m --wait',
  },
  deletePlan: { method: 'plans.delete', command: 'latchkey plans delete starter --yes' },
  getPolicy: { method: 'policies.get', command: 'latchkey policy get' },
  setPolicy: { method: 'policies.set', command: 'latchkey policy set --max-lifetime 90d --max-keys 100' },
  getOrganizationPolicy: { method: 'policies.getFor', command: 'latchkey policy get --organization acme' },
  setOrganizationPolicy: {
    method: 'policies.setFor',
    command: 'latchkey policy set --organization acme --permission emails:* --require-allowed-ips',
  },
  deleteOrganizationPolicy: { method: 'policies.deleteFor', command: 'latchkey policy delete acme --yes' },
  listMembers: {
    method: 'members.list',
    query: ofAcme,
    command: 'latchkey members list --organization acme',
  },
  getOwnMember: { method: 'members.self', python: 'members.own' },
  updateOwnIdentity: { method: 'members.updateOwnIdentity' },
  removeOwnIdentity: { method: 'members.removeOwnIdentity' },
  getMember: { method: 'members.get', command: `latchkey members show ${member}` },
  updateMember: { method: 'members.update', command: `latchkey members role ${member} viewer` },
  suspendMember: {
    method: 'members.suspend',
    command: `latchkey members suspend ${member} --reason "On leave" --yes`,
  },
  resumeMember: { method: 'members.resume', command: `latchkey members resume ${member}` },
  resetMember: { method: 'members.reset', command: `latchkey members reset ${member} --yes` },
  removeMember: {
    method: 'members.remove',
    query: { management_keys: 'revoke' },
    command: `latchkey members remove ${member} --management-keys revoke --yes`,
  },
  eraseMember: { method: 'members.erase', command: `latchkey members erase ${member} --yes` },
  createInvitation: {
    method: 'invitations.create',
    command: 'latchkey members invite --organization acme --email ada@acme.example --role admin',
  },
  listInvitations: {
    method: 'invitations.list',
    query: ofAcme,
    command: 'latchkey invitations list --organization acme',
  },
  getInvitation: { method: 'invitations.get', command: `latchkey invitations show ${invitation}` },
  renewInvitation: { method: 'invitations.renew', command: `latchkey invitations renew ${invitation}` },
  revokeInvitation: {
    method: 'invitations.revoke',
    command: `latchkey invitations revoke ${invitation} --yes`,
  },
  createPortalSession: {
    method: 'portalSessions.create',
    command: `latchkey portal create --organization acme --user ${user} --permission latchkey:keys:read`,
  },
  listPortalSessions: {
    method: 'portalSessions.list',
    query: ofAcme,
    command: 'latchkey portal list --organization acme',
  },
  endPortalSessions: {
    method: 'portalSessions.endAll',
    query: { ...ofAcme, user_id: user },
    command: `latchkey portal end-all --organization acme --user ${user}`,
  },
  endPortalSession: { method: 'portalSessions.end', command: `latchkey portal end ${portalSession}` },
  forgetPortalUser: {
    method: 'portalSessions.forgetUser',
    command: `latchkey portal forget-user acme ${user} --yes`,
  },
  readUsage: {
    method: 'usage.read',
    query: { by: 'hour', ...ofAcme },
    command: 'latchkey usage --since 24h --by hour --organization acme',
  },
  readKeyUsage: {
    method: 'usage.readKey',
    query: { by: 'hour' },
    command: `latchkey keys usage ${key} --since 24h --by hour`,
  },
  exportUsage: {
    method: 'usage.export',
    query: { by: 'hour', ...ofAcme },
    command: 'latchkey usage export --by hour --organization acme | jq -s length',
  },
  listAuditEvents: {
    method: 'audit.list',
    query: { ...ofAcme, action: 'key.revoked' },
    command: 'latchkey audit list --organization acme --action key.revoked',
  },
  exportAuditEvents: {
    method: 'audit.export',
    typescript: false,
    query: ofAcme,
    command: 'latchkey audit list --since 7d --all --csv > audit.csv',
  },
  eraseEvents: {
    method: 'audit.erase',
    command: 'latchkey audit erase --key 0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e --before 30d --yes',
  },
  readCheckpoint: { method: 'audit.readCheckpoint', command: 'latchkey audit checkpoint > checkpoint.txt' },
  listCheckpoints: { method: 'audit.listCheckpoints' },
  listSealedEvents: { method: 'audit.listSealed', command: 'latchkey audit export --file latchkey.log' },
  proveEvent: { method: 'audit.proveEvent', query: { sequence: 1 } },
  proveGrowth: { method: 'audit.proveGrowth', query: { from: 1 } },
  listLogSigners: { method: 'audit.listSigners', command: 'latchkey audit signers' },
  rotateLogSigner: { method: 'audit.rotateSigner', command: 'latchkey audit rotate-signer' },
  readEvents: { method: 'events.read', query: ofAcme, command: 'latchkey events --organization acme' },
  createWebhook: {
    method: 'webhooks.create',
    command: 'latchkey webhooks create https://example.com/webhooks --events "key.*"',
  },
  listWebhooks: { method: 'webhooks.list', command: 'latchkey webhooks list' },
  getWebhook: { method: 'webhooks.get', command: `latchkey webhooks get ${webhook}` },
  updateWebhook: {
    method: 'webhooks.update',
    command: `latchkey webhooks update ${webhook} --enable --resume-from now`,
  },
  deleteWebhook: { method: 'webhooks.delete', command: `latchkey webhooks delete ${webhook} --yes` },
  rotateWebhook: { method: 'webhooks.rotate', command: `latchkey webhooks rotate ${webhook}` },
  testWebhook: { method: 'webhooks.test', command: `latchkey webhooks test ${webhook}` },
  replayWebhook: {
    method: 'webhooks.replay',
    command: `latchkey webhooks replay ${webhook} --since 2026-01-31T12:00:00Z`,
  },
  listDeliveries: {
    method: 'webhooks.listDeliveries',
    query: { state: 'failed' },
    command: `latchkey webhooks deliveries ${webhook} --state failed`,
  },
  retryDelivery: {
    method: 'webhooks.retryDelivery',
    command: `latchkey webhooks retry ${webhook} ${delivery}`,
  },
  listSessions: { method: 'sessions.list', command: 'latchkey sessions list --url https://keys.example.com' },
  endSession: {
    method: 'sessions.end',
    command: `latchkey sessions end ${session} --url https://keys.example.com`,
  },
  checkHealth: { method: 'operation.checkHealth' },
  checkReadiness: { method: 'operation.checkReadiness' },
  readMetrics: { method: 'operation.readMetrics' },
  readOpenApi: {
    method: 'operation.readOpenApi',
    python: 'operation.read_openapi',
    go: 'Operation.ReadOpenAPI',
  },
}
