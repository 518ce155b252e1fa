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
  target('digest', 'token', 'keys-verify'),
  target('judge', 'judge', 'keys-verify', 'keys-permissions', 'strangers'),
  target('lease', 'lease-clocks', 'judge', 'guards'),
  target('verdict/slices', 'slices'),
  target('verdict/turns', 'turns'),
  target('verify-batch', 'verify', 'slices', 'keys-verify'),
  target('verify', 'verify', 'keys-verify', 'strangers'),
  target('token', 'token'),
  target('permissions', 'permissions', 'keys-permissions'),
  target('facts', 'facts', 'verify', 'cache', 'keys-verify', 'sqlite-facts'),
  target('cache', 'guards', 'cache', 'keys-verify'),
  target('memory', 'guards', 'verify', 'cache', 'turns', 'keys-verify', 'strangers'),
  target('follower', 'guards', 'staleness-barrier', 'changes-scoped', 'changes'),
  target('organization-sequences', 'organization-sequences', 'changes-scoped'),
  target('barrier', 'staleness-barrier'),
]
const commit = [
  target('commit', 'commit', 'keys'),
  target('authority', 'keys', 'keys-permissions', 'organizations', 'escalation'),
  target('callers', 'escalation', 'commit'),
  target('granted', 'keys-permissions', 'escalation'),
  target('key-changes', 'keys', 'keys-rotate', 'keys-permissions'),
  target('keys', 'keys', 'keys-rotate', 'keys-list', 'escalation'),
  target('last-root-key', 'keys', 'keys-rotate'),
  target('root', 'keys', 'organizations'),
  target('organizations', 'organizations'),
  target('sessions', 'sessions', 'sessions-fresh', 'sessions-limit', 'sessions-page'),
  target('session-limits', 'sessions', 'sessions-limit'),
  target('session-reads', 'sessions', 'sessions-page'),
  target('session-values', 'sessions', 'sessions-cookie'),
  target('fresh-sign-in', 'sessions-fresh'),
  target('sign-in-limit', 'sessions-limit'),
  target('creations', 'creation', 'keys'),
  target('metadata', 'metadata', 'keys'),
  target('audit', 'audit', 'keys'),
]
const store = [
  target('store', 'store', 'guards'),
  target('tables', 'store'),
  target('names', 'keys-list', 'organizations'),
  target('statements', 'store'),
  target('pages', 'keys-list', 'reads', 'organizations'),
  target('facts', 'keys-verify'),
  target('keys', 'guards', 'keys', 'keys-rotate', 'keys-list', 'reads'),
  target('secrets', 'guards', 'keys-rotate', 'keys'),
  target('callers', 'commit', 'sessions'),
  target('sessions', 'guards', 'sessions', 'sessions-fresh', 'sessions-limit', 'sessions-page'),
  target('organizations', 'organizations', 'keys-list', 'reads'),
  target('audit', 'audit', 'reads', 'sessions-limit'),
  target('changes', 'staleness-barrier', 'changes-scoped', 'changes'),
  target('usage', 'guards', 'keys-verify'),
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
  target('postgres-locks', 'store', 'usage-locks'),
  target('postgres-passfile', 'postgres-passfile', 'postgres-network'),
  target('postgres-pool', 'reads', 'store', 'postgres-servers'),
  target('postgres-reader', 'reads', 'store', 'postgres-servers'),
  target('postgres-schema', 'store-schemas'),
  target('postgres-url', 'postgres-url'),
].map((each) => ({ ...each, file: each.file.replace('src/', 'src/store/') }))

export const targets: readonly Target[] = [...verdict, ...commit, ...store]

/**
 * The test files that may notice: those that hold these files. Tests of whole servers reach everything and notice little
 * more, in far more time.
 */
const tests = [
  'token',
  'judge',
  'lease-clocks',
  'organization-sequences',
  'facts',
  'verify',
  'permissions',
  'guards',
  'slices',
  'turns',
  'cache',
  'lease',
  'strangers',
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
  'commit',
  'sessions',
  'sessions-fresh',
  'sessions-limit',
  'sessions-page',
  'sessions-replaced',
  'sessions-cookie',
  'changes-scoped',
  'changes',
  'reads',
  'reads-http',
  'sqlite-facts',
  'sqlite-file',
  'store',
  'store-schemas',
  'usage-locks',
  'postgres-url',
  'postgres-passfile',
  'postgres-network',
  'postgres-servers',
]

/** Where a test runs on both databases, SQLite shows as much, except of these: they hold what PostgreSQL does. */
const onBoth = /^(?:store|postgres|reads|usage-locks|guards)/
/** Tests of heaps and of chance that run for long and hold nothing that another test does not. */
const long = 'a million tokens|bytes a secret|holds metadata as text|in no time|twenty processes'

/** A test file, from the repository's root, and what the names of those of its tests say that are left out. */
export interface TestFile {
  file: string
  leftOut: RegExp
}

export const testFiles: readonly TestFile[] = tests.map((name) => ({
  file: `test/${name}.test.ts`,
  leftOut: new RegExp(onBoth.test(name) ? long : `${long}|on PostgreSQL`),
}))
