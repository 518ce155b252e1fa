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
  target('permissions', 'permissions', 'keys-permissions'),
  target('authority', 'keys', 'keys-permissions', 'organizations', 'escalation'),
  target('token', 'token'),
  target('digest', 'token'),
  target('facts', 'guards', 'cache', 'keys-verify'),
  target('lease', 'guards', 'cache', 'lease'),
  target('judge', 'guards', 'keys-verify', 'cache', 'keys-permissions', 'lease'),
  target('verify', 'guards', 'keys-verify', 'strangers', 'lease'),
  target('memory', 'guards', 'cache', 'keys-verify', 'strangers', 'lease'),
  target('cache', 'guards', 'cache', 'keys-verify', 'lease'),
  target('follower', 'guards', 'staleness-barrier', 'changes-scoped', 'changes', 'lease'),
  target('organization-sequences', 'changes-scoped'),
  target('barrier', 'staleness-barrier', 'lease'),
  target('commit', 'keys', 'audit', 'commit', 'store'),
  target('key-changes', 'keys-rotate', 'keys', 'keys-verify', 'keys-permissions', 'audit', 'commit'),
  target(
    'keys',
    'keys',
    'keys-rotate',
    'keys-verify',
    'keys-list',
    'keys-permissions',
    'audit',
    'escalation',
  ),
  target('sessions', 'guards', 'sessions', 'sessions-fresh', 'sessions-limit', 'sessions-page'),
  target('creations', 'creation', 'keys', 'store'),
  target('audit', 'audit', 'keys', 'store'),
  target('store/keys', 'guards', 'keys', 'keys-rotate', 'keys-list', 'audit'),
  target('store/secrets', 'guards', 'keys-rotate', 'keys', 'keys-verify'),
  target('store/sessions', 'guards', 'sessions', 'sessions-fresh', 'sessions-limit', 'sessions-page'),
  target('store/changes', 'staleness-barrier', 'changes-scoped', 'changes', 'lease'),
  target('store/usage', 'guards', 'keys-verify', 'keys'),
]
