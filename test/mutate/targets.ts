// What is mutated, and which tests must notice: the quick ones that hold the file, not the whole suite.

/** One file of the source and the tests that guard it, those that notice most first. */
export interface Target {
  file: string
  tests: string[]
}

const target = (file: string, ...tests: string[]): Target => ({
  file: `src/${file}.ts`,
  tests: tests.map((name) => `test/${name}.test.ts`),
})

export const targets: readonly Target[] = [
  target('permissions', 'permissions', 'keys-permissions', 'escalation'),
  target('authority', 'escalation', 'keys', 'keys-permissions', 'organizations'),
  target('token', 'token'),
  target('digest', 'token'),
  target('facts', 'cache', 'keys-verify'),
  target('lease', 'lease', 'cache'),
  target('judge', 'keys-verify', 'cache', 'lease', 'keys-permissions'),
  target('verify', 'keys-verify', 'strangers', 'lease'),
  target('memory', 'lease', 'cache', 'keys-verify', 'strangers'),
  target('cache', 'cache', 'keys-verify', 'lease'),
  target('follower', 'lease', 'staleness-barrier', 'changes'),
  target('barrier', 'lease', 'staleness-barrier'),
  target(
    'keys',
    'keys',
    'keys-rotate',
    'keys-verify',
    'keys-list',
    'keys-permissions',
    'escalation',
    'audit',
  ),
  target('sessions', 'sessions', 'sessions-fresh', 'sessions-limit', 'sessions-page'),
  target('creations', 'creation', 'keys', 'store'),
  target('audit', 'audit', 'keys', 'store'),
  target('store/keys', 'keys', 'keys-rotate', 'keys-list', 'audit'),
  target('store/secrets', 'keys-rotate', 'keys', 'keys-verify'),
  target('store/sessions', 'sessions', 'sessions-fresh', 'sessions-limit', 'sessions-page'),
  target('store/changes', 'staleness-barrier', 'changes', 'lease'),
  target('store/usage', 'keys-verify', 'keys'),
]
