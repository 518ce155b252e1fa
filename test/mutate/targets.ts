// What is mutated, and which tests may notice.

/** One file of the source, and the tests that hold it: they are tried first, whatever time they take. */
export interface Target {
  file: string
  tests: readonly string[]
}

const target = (file: string, ...tests: string[]): Target => ({
  file: `src/${file}.ts`,
  tests: tests.map((name) => `test/${name}.test.ts`),
})

const verdict = [
  target('verification/digest', 'token', 'keys-verify'),
  target('verdict/evaluate', 'evaluate', 'keys-verify', 'keys-permissions', 'stranger-reads'),
  target('verdict/lease', 'lease-clocks', 'evaluate', 'defence-in-depth'),
  target('fairness/slices', 'slices'),
  target('fairness/turns', 'turns'),
  target('verification/verify-batch', 'verify', 'slices', 'keys-verify'),
  target('verification/verify', 'verify', 'keys-verify', 'stranger-reads'),
  target('core/token', 'token'),
  target('core/permissions', 'permissions', 'keys-permissions'),
  target('verdict/facts', 'facts', 'verify', 'cache', 'keys-verify', 'sqlite-facts'),
  target('verdict/cache', 'defence-in-depth', 'cache', 'keys-verify'),
  target(
    'verification/read-through',
    'defence-in-depth',
    'verify',
    'cache',
    'turns',
    'keys-verify',
    'stranger-reads',
  ),
  target(
    'coherence/follower',
    'defence-in-depth',
    'staleness-barrier',
    'change-streams-scoped',
    'change-streams',
  ),
  target('coherence/organization-sequences', 'organization-sequences', 'change-streams-scoped'),
  target('coherence/barrier', 'staleness-barrier'),
  target('verification/remote', 'change-streams-scoped', 'change-streams'),
  target('verification/usage', 'usage-counts', 'last-use-locks'),
  target('verdict/negative-cache', 'verify', 'stranger-reads'),
  target('jobs/jobs', 'jobs', 'jobs-claims'),
  target('jobs/claimed-job', 'jobs-claims', 'jobs'),
  target('jobs/kinds', 'jobs'),
  target('jobs/retention', 'retention'),
]
const limits = [
  target('verdict/counter', 'limits-counter', 'limits-rules', 'limits-model'),
  target('verdict/holding', 'allotments', 'limits-rules', 'limits-abuse', 'limits-model'),
  target('verdict/allotment', 'allotments', 'limits-abuse', 'limits-model'),
  target('verdict/waiters', 'allotments', 'limits-abuse'),
  target('verdict/handout', 'allotments', 'limits-abuse', 'limits-model'),
  target('verdict/drawing', 'limits-rules', 'limits'),
  target('verdict/owners', 'limits-rules', 'limits', 'plans'),
  target('core/limits', 'limits-gain', 'limits-counter', 'limits-rules'),
  target('core/periods', 'periods', 'limits-counter'),
  target('core/stored-limits', 'limits-rules', 'limits', 'plans'),
  target('core/rate-limit-headers', 'limits-rules'),
  target('fairness/rounds', 'admission', 'allotments'),
  target('domain/limits/draws', 'limits', 'limits-abuse', 'verifier-limits', 'limits-recalls'),
  target('verification/grants', 'limits-recalls', 'limits-abuse', 'limits-model', 'verifier-limits'),
  target('verification/recalls', 'limits-recalls'),
  target('verification/limit-owners', 'limits-recalls', 'limits-abuse', 'verifier-limits'),
  target('client/verifier/grants', 'limits-model', 'verifier-limits', 'limits-abuse', 'limits-recalls'),
  target('domain/limits/reservations', 'settlements', 'limits-rights'),
  target('domain/keyring', 'keyring', 'settlements'),
  target('domain/keyring-file', 'keyring'),
]
const commit = [
  target('commit/commit', 'commit', 'keys'),
  target('commit/together', 'commit', 'change-lines', 'creation'),
  target('commit/group-commit', 'group-commit', 'creation'),
  target('commit/change-lines', 'change-lines', 'commit'),
  target('commit/audit-trail', 'commit', 'audit', 'keys'),
  target('core/actor', 'commit', 'call-options'),
  target('core/call-options', 'call-options'),
  target('core/options', 'call-options', 'options'),
  target('core/access', 'keys', 'keys-permissions', 'organizations', 'escalation'),
  target('domain/authenticate', 'escalation', 'commit'),
  target('domain/keys/permissions-in-use', 'keys-permissions', 'escalation'),
  target('domain/keys/update', 'keys', 'keys-rotate', 'keys-permissions'),
  target('domain/keys/create', 'keys', 'keys-rotate', 'keys-list', 'escalation'),
  target('domain/keys/last-root-key', 'keys', 'keys-rotate'),
  target('domain/keys/root-key', 'keys', 'organizations'),
  target('domain/organizations', 'organizations'),
  target('domain/sessions/sessions', 'sessions', 'sessions-fresh', 'sessions-limit', 'sessions-page'),
  target('core/status', 'sessions', 'sessions-limit'),
  target('domain/sessions/reads', 'sessions', 'sessions-page'),
  target('domain/sessions/values', 'sessions', 'sessions-cookie'),
  target('domain/sessions/fresh-sign-in', 'sessions-fresh'),
  target('domain/sessions/sign-in-limit', 'sessions-limit'),
  target('domain/keys/creation', 'commit', 'creation', 'keys'),
  target('core/metadata', 'metadata', 'keys'),
  target('domain/audit/list', 'audit', 'keys'),
  target('domain/audit/tree', 'checkpoints'),
]
const store = [
  target('store', 'store', 'defence-in-depth'),
  target('tables', 'store'),
  target('case-folding', 'keys-list', 'organizations'),
  target('statements', 'store'),
  target('cursors', 'keys-list', 'reads', 'organizations'),
  target('facts', 'keys-verify'),
  target('keys', 'defence-in-depth', 'keys', 'keys-rotate', 'keys-list', 'reads'),
  target('secrets', 'defence-in-depth', 'keys-rotate', 'keys'),
  target('callers', 'commit', 'sessions'),
  target('sessions', 'defence-in-depth', 'sessions', 'sessions-fresh', 'sessions-limit', 'sessions-page'),
  target('organizations', 'organizations', 'keys-list', 'reads'),
  target('audit', 'audit', 'reads', 'sessions-limit'),
  target('changes', 'staleness-barrier', 'change-streams-scoped', 'change-streams'),
  target('jobs', 'jobs-claims', 'jobs', 'retention'),
  target('instants', 'jobs', 'retention'),
  target('last-use', 'defence-in-depth', 'keys-verify'),
  target('sqlite', 'sqlite-file', 'store'),
  target('sqlite-driver', 'sqlite-file', 'store', 'reads'),
  target('sqlite-facts', 'sqlite-facts', 'sqlite-file'),
  target('sqlite-file', 'sqlite-file', 'store'),
  target('sqlite-thread', 'sqlite-file', 'reads'),
  target('sqlite-worker', 'sqlite-file', 'reads'),
  target('postgres', 'store', 'store-schemas', 'postgres-servers'),
  target('postgres-connection', 'postgres-network', 'postgres-servers', 'store'),
  target('postgres-driver', 'store', 'reads'),
  target('postgres-listener', 'store', 'staleness-barrier'),
  target('key-locks', 'store', 'last-use-locks'),
  target('postgres-passfile', 'postgres-passfile', 'postgres-network'),
  target('postgres-pool', 'reads', 'store', 'postgres-servers'),
  target('postgres-reader', 'reads', 'store', 'postgres-servers'),
  target('postgres-schema', 'store-schemas'),
  target('postgres-url', 'postgres-url'),
].map((each) => ({ ...each, file: each.file.replace('src/', 'src/store/') }))

export const targets: readonly Target[] = [...verdict, ...limits, ...commit, ...store]

/**
 * The test files that may notice: those that hold these files. Tests of whole servers reach everything and notice little
 * more, in far more time.
 */
const tests = [
  'token',
  'evaluate',
  'lease-clocks',
  'organization-sequences',
  'facts',
  'verify',
  'permissions',
  'defence-in-depth',
  'slices',
  'turns',
  'cache',
  'lease',
  'stranger-reads',
  'staleness-barrier',
  'creation',
  'metadata',
  'keys',
  'keys-verify',
  'keys-rotate',
  'keys-list',
  'keys-permissions',
  'organizations',
  'escalation',
  'audit',
  'csv',
  'admission',
  'limits-counter',
  'limits-gain',
  'limits-rules',
  'limits-abuse',
  'limits-model',
  'limits-rights',
  'limits',
  'allotments',
  'periods',
  'plans',
  'settlements',
  'keyring',
  'commit',
  'call-options',
  'options',
  'change-lines',
  'group-commit',
  'sessions',
  'sessions-fresh',
  'sessions-limit',
  'sessions-page',
  'sessions-replaced',
  'sessions-cookie',
  'change-streams-scoped',
  'change-streams',
  'reads',
  'reads-http',
  'sqlite-facts',
  'sqlite-file',
  'store',
  'store-schemas',
  'last-use-locks',
  'postgres-url',
  'postgres-passfile',
  'postgres-network',
  'postgres-servers',
]

/** Where a test runs on both databases, SQLite shows as much, except of these: they hold what PostgreSQL does. */
const onBoth = /^(?:store|postgres|reads|last-use-locks|defence-in-depth)/
/** Tests of heaps and of chance that run for long and hold nothing that another test does not. */
const long =
  'a million tokens|bytes a secret|holds metadata as text|in no time|twenty processes|seen to be broken'

/** A test file, from the repository's root, and what the names of those of its tests say that are left out. */
export interface TestFile {
  file: string
  leftOut: RegExp
}

export const testFiles: readonly TestFile[] = tests.map((name) => ({
  file: `test/${name}.test.ts`,
  leftOut: new RegExp(onBoth.test(name) ? long : `${long}|on PostgreSQL`),
}))
