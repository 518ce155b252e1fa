// Runs the files of tests that take longest first, so that none of them begins when all others have ended, and alone
// what would hold up all others.
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The longest first. One that is missing here takes less, and costs time at most. */
const longest = [
  'console/sign-in',
  'console/accessibility',
  'console/foreign-text',
  'console/key',
  'console/lists',
  'console/audit-log',
  'console/new-key',
  'console/layout',
  'console/fresh-sign-in',
  'console/organizations',
  'console/revoke',
  'console/rotate',
  'workers',
  'cli-stop',
  'docs',
  'verifier-faults',
  'reads',
  'scale',
  'package',
  'random-model',
  'lease',
  'database-unavailable',
  'change-streams',
  'cli-serve',
  'secret-leaks',
  'staleness',
  'neighbours',
  'jobs',
  'durability',
  'cli-terminal',
  'audit-export',
  'retention',
  'store-schemas',
  'postgres-servers',
  'commit',
  'change-streams-scoped',
  'key-reach',
  'postgres-network',
  'keys-rotate',
  'http-fuzz',
  'gateways',
  'connections',
  'creation',
  'sqlite-file',
  'log-stalled',
  'staleness-barrier',
  'staleness-faults',
]

/** One project after the other: its files share processes, which end when a file of another project begins. */
const projects = ['console', 'shared', 'alone']

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
      const start = projects.indexOf(file.project.name) * (longest.length + 1)
      return start + (at === -1 ? longest.length : at)
    }
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b))
  }
}
