import { configDefaults, defineConfig } from 'vitest/config'
import { LongestFirst } from './test/setup/order.ts'
import { readyProgram } from './test/setup/ready-program.ts'

const common = {
  // None of them takes as long on a machine of its own.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  // What is waited for may be late on a machine that has much else to do.
  expect: { poll: { timeout: 20_000 } },
}
const all = ['test/**/*.test.ts']
const ofConsole = ['test/console/**/*.test.ts', 'test/embed/**/*.test.ts']
// They measure what their own process holds: its memory, or what it shares.
const alone = [
  ...['test/change-streams.test.ts', 'test/facts.test.ts'],
  ...['test/http-batch.test.ts', 'test/verifier-rogue.test.ts'],
]
// They ask for what takes a few seconds on any machine, and many times that beside three others: they run one by one, after all.
const quiet = ['test/change-lines.test.ts', 'test/cli-wait.test.ts', 'test/neighbours.test.ts']
// It installs three programs of 300 MB.
const long = process.env.TEST_LONG === '1' ? [] : ['test/next.test.ts', 'test/older-node.test.ts']
const exclude = [...configDefaults.exclude, ...ofConsole, ...alone, ...quiet, ...long]

const plugins = [readyProgram()]

export default defineConfig({
  test: {
    globalSetup: [
      'test/setup/console.ts',
      'test/setup/build.ts',
      'test/setup/postgres.ts',
      'test/setup/templates.ts',
    ],
    projects: [
      // Files share processes: otherwise each file loads the source, and those of the console start a browser.
      { plugins, test: { ...common, name: 'console', include: ofConsole, isolate: false } },
      { plugins, test: { ...common, name: 'shared', include: all, exclude, isolate: false } },
      { plugins, test: { ...common, name: 'alone', include: alone } },
      {
        plugins,
        test: {
          ...common,
          name: 'quiet',
          include: quiet,
          isolate: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
    // Many files wait for databases, leases, other processes: three at a time keep two cores busy. More would keep each other waiting.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    reporters: ['default', ['json', { outputFile: '.test-output/report.json' }]],
  },
})
