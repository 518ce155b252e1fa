import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/setup/console.ts', 'test/setup/build.ts', 'test/setup/postgres.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Most files wait: on databases, leases, other processes. Two at a time, however few cores there are.
    maxWorkers: 2,
    reporters: ['default', ['json', { outputFile: '.test-output/report.json' }]],
  },
})
