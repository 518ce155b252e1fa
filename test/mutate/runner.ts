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

process.on('message', ({ changed, tests }: RunOrder) => {
  void (async () => {
    const began = performance.now()
    if (changed) vitest.invalidateFile(changed)
    const specifications = await vitest.getRelevantTestSpecifications(tests)
    const wanted = specifications.filter(({ moduleId }) =>
      tests.some((test) => moduleId.endsWith(`/${test}`)),
    )
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications(wanted)
    let failed: string | undefined = unhandledErrors.length > 0 ? 'an error outside of any test' : undefined
    for (const module of testModules) {
      if (module.errors().length > 0) failed ??= `${module.moduleId}: it does not load`
      for (const test of module.children.allTests('failed')) failed ??= test.fullName
    }
    const reply: RunReply = { failed, milliseconds: performance.now() - began }
    process.send?.(reply)
  })()
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
