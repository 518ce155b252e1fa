// Runs test files again and again in one Vitest, in a process of its own that can be ended when a mutant never does.
import { createVitest } from 'vitest/node'

/** Run these, after this file has changed. */
export interface RunOrder {
  changed: string | undefined
  tests: string[]
}

/** Which test failed first; undefined where none did. */
export interface RunReply {
  failed: string | undefined
  milliseconds: number
}

const vitest = await createVitest('test', {
  root: process.argv[2] as string,
  config: false,
  watch: false,
  include: ['test/**/*.test.ts'],
  // The rules are the same on both databases, and SQLite needs no server. A million tokens take a while.
  testNamePattern: /^(?!.*(?:on PostgreSQL|a million tokens))/,
  testTimeout: 60_000,
  pool: 'threads',
  maxWorkers: 2,
  bail: 1,
  reporters: [{}],
})

async function runFile(test: string): Promise<string | undefined> {
  const specifications = await vitest.getRelevantTestSpecifications([test])
  const wanted = specifications.filter(({ moduleId }) => moduleId.endsWith(`/${test}`))
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(wanted)
  for (const module of testModules) {
    if (module.errors().length > 0) return `${test} does not load`
    for (const failure of module.children.allTests('failed')) return failure.fullName
  }
  return unhandledErrors.length > 0 ? `${test}: an error outside of any test` : undefined
}

process.on('message', ({ changed, tests }: RunOrder) => {
  void (async () => {
    const began = performance.now()
    if (changed) vitest.invalidateFile(changed)
    let failed: string | undefined
    // One after the other: the slow ones are for what the quick ones do not notice.
    for (const test of tests) failed ??= await runFile(test)
    const reply: RunReply = { failed, milliseconds: performance.now() - began }
    process.send?.(reply)
  })()
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
