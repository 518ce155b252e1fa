import { configDefaults, defineConfig } from 'vitest/config'
import { LongestFirst } from './test/setup/order.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // It installs three programs of 300 MB.
    exclude: [...configDefaults.exclude, ...(process.env.TEST_LONG === '1' ? [] : ['test/next.test.ts'])],
    globalSetup: [
      'test/setup/console.ts',
      'test/setup/build.ts',
      'test/setup/postgres.ts',
      'test/setup/templates.ts',
    ],
    // None of them takes as long on a machine of its own.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What is waited for may be late on a machine that has much else to do.
    expect: { poll: { timeout: 20_000 } },
    // Most files wait: on databases, leases, other processes. Three at a time, however few cores there are.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', ['json', { outputFile: '.test-output/report.json' }]],
  },
})
