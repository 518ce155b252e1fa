// Runs the files of tests that take longest first, so that none of them begins when all others have ended, and alone
// what would hold up all others.
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The longest first. One that is missing here takes less, and costs time at most. */
const longest = [
  'console/sign-in-pages',
  'docs',
  'console/accessibility',
  'console/accessibility-states',
  'console/layout',
  'console/people',
  'verifier-limits',
  'webhooks',
  'verifier-limits-processes',
  'workers',
  'verifier-faults',
  'clients-python',
  'random-model',
  'jobs',
  'database-unavailable',
  'keys-rotate-evidence',
  'cli-stop',
  'console/usage',
  'console/sign-in',
  'change-streams',
  'store-schemas',
  'staleness',
  'clients-go',
  'change-streams-scoped',
  'cli-serve',
  'console/foreign-text',
  'console/webhooks',
  'connections',
  'console/key',
  'durability',
  'retention',
  'lease',
  'console/edits',
  'limits-processes',
  'console/lists',
  'package',
  'notices',
  'clock',
  'console/new-key',
  'gateways',
  'http-applied',
  'import-broken-off',
  'secret-leaks',
  'console/audit-log',
  'scale',
  'console/previews',
  'sealing',
  'console/bulk',
  'sqlite-file',
  'console/rotate',
  'limits-recalls',
  'staleness-faults',
  'keys-rotate-frozen',
  'postgres-servers',
  'idempotency',
  'client-calls',
  'audit-export',
  'console/keys',
  'console/revoke',
  'limits-reached',
  'cli-limits',
  'cli-places',
  'console/limits',
  'console/plans',
  'relay-chain',
  'reads',
  'console/organizations',
  'audit-agreement',
  'commit',
  'checkpoints',
  'cli-containers',
  'idempotency-faults',
  'staleness-barrier',
  'console/places',
  'cli-terminal',
  'cli',
  'store',
]

/** One project after the other: files share processes, which end when a file of another project begins. The many come last. */
const projects = ['console', 'alone', 'shared', 'quiet']

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
