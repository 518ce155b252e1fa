// Runs the files of tests that take longest first, so that none of them begins when all others have ended, and alone
// what would hold up all others.
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The longest first. One that is missing here takes less, and costs time at most. */
const longest = [
  'cli',
  'cli-wait',
  'console/key',
  'workers',
  'docs',
  'verifier-faults',
  'package',
  'cli-usage',
  'console/new-key',
  'cli-stop',
  'durability',
  'console/accessibility',
  'console/audit-log',
  'console/rotate',
  'console/sign-in',
  'staleness',
  'creation',
  'staleness-faults',
  'lease',
  'token',
  'console/foreign-text',
  'cli-output',
  'cli-serve',
  'escalation',
  'neighbours',
  'database-unavailable',
  'secret-leaks',
  'verifier-stranger-reads',
  'verifier-heap',
  'console/lists',
  'console/try-token',
  'console/other-origins',
  'console/organizations',
  'console/keys',
  'console/sessions',
  'http-applied',
  'random-model',
  'clock',
]

/** These start so many processes that nothing beside them gets on: they come when all others are done. */
const last = ['bootstrap']

/** Without a memory of earlier runs: continuous integration has none. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeIn = (names: readonly string[], { moduleId }: TestSpecification) =>
      names.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
    const place = (file: TestSpecification) => {
      if (placeIn(last, file) !== -1) return Number.POSITIVE_INFINITY
      const at = placeIn(longest, file)
      // The console's first, one after the other: they share processes, which end when a file of another project begins.
      const start = file.project.name === 'console' ? 0 : longest.length + 1
      return start + (at === -1 ? longest.length : at)
    }
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b))
  }
}
