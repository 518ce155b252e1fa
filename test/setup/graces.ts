// Graces that end by evidence, under a clock that the test moves: a key that was rotated, processes whose flushes and evictions
// the test decides, and the work that ends graces, done by whichever of them it names.
import { openChangeLog } from '../../src/coherence/change-log.ts'
import { ChangeLines } from '../../src/commit/change-lines.ts'
import { type Commit, Writer } from '../../src/commit/commit.ts'
import { LatchkeyError } from '../../src/core/errors.ts'
import { allOfPlaces } from '../../src/core/places.ts'
import { parseToken } from '../../src/core/token.ts'
import { graceJob } from '../../src/domain/keys/end-graces.ts'
import { systemRandom } from '../../src/domain/random.ts'
import { openLatchkey } from '../../src/latchkey.ts'
import { instantsOf } from '../../src/store/instants.ts'
import { openStore } from '../../src/store/store.ts'
import { saveUsage, type UsageBatch } from '../../src/store/usage.ts'
import { bareCircumstances } from '../../src/verdict/circumstances.ts'
import { systemClock } from '../../src/verdict/clock.ts'
import { FlushMarks } from '../../src/verification/flush-marks.ts'
import { UsageRecorder } from '../../src/verification/usage.ts'
import { saveReport } from '../../src/verification/usage-reports.ts'
import { createAcme } from './acme.ts'
import { makeClock } from './clock.ts'
import { connectDirectly } from './direct.ts'
import { work } from './jobs.ts'

const second = 1_000
export const minute = 60 * second
export const hour = 60 * minute

/** One process on the database. */
export interface GraceProcess {
  /** Notes a use of the old secret, which stays unwritten until the process flushes; by a clock that is so far off. */
  use(aheadMs?: number): void
  flush(): Promise<void>
  /** Flushes while the database takes no uses. */
  flushInVain(): Promise<void>
  /** Serves a verifier elsewhere. */
  serve(): void
  /** Writes a use that a verifier elsewhere noted so long ago. */
  report(agoMs: number): Promise<void>
  /**
   * Does the work of ending graces; gives why the old secret ended, none while it has not. Something may happen before it locks a
   * secret that it found.
   */
  judge(meanwhile?: () => Promise<void>): Promise<unknown[]>
  /** Is taken for dead, and does not know. */
  beEvicted(): Promise<void>
  /** Registers again after that. */
  register(): Promise<void>
}

/** Rotates a key so that its old secret ends after an hour of silence, and after a day in any case. */
export async function openGraceStage(
  database: string,
  grace = { untilSilentSeconds: 3_600, atMostSeconds: 86_400 },
) {
  const clock = makeClock()
  const stack = new AsyncDisposableStack()
  const direct = await connectDirectly(database)
  stack.use(direct)
  const open = () => openLatchkey({ database, now: clock.now })
  const created = await (async () => {
    await using latchkey = await open()
    await createAcme(latchkey)
    const created = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    await latchkey.keys.rotate(created.id, { grace })
    return created
  })()
  const kid = parseToken(created.key)?.kid as string
  const answer = { ...created, valid: true, code: 'valid', keyId: created.id, permissions: [] } as const
  let processes = 0
  return {
    clock,
    direct,
    created,
    kid,
    open,
    /** The code of a verdict on the old token by a process that remembers nothing. */
    async codeOfOld(): Promise<string> {
      await using latchkey = await open()
      return (await latchkey.verify(created.key)).code
    },
    async startProcess(): Promise<GraceProcess> {
      const store = await openStore(database)
      stack.defer(() => store.close())
      const at = instantsOf(store.dialect, clock.now)
      const source = `process ${++processes}`
      let [follower, isInVain]: [string | undefined, boolean] = [undefined, false]
      const log = openChangeLog(store)
      const marks = new FlushMarks({ store, source, now: clock.now, at, follower: () => follower })
      const recorder = new UsageRecorder({
        source,
        clock: { now: clock.now, monotonic: clock.now },
        save: async (batch: UsageBatch) => {
          if (isInVain) throw new LatchkeyError('store_unavailable', 'The database cannot be reached.')
          return saveUsage(store, batch, at())
        },
      })
      stack.defer(() => recorder.close())
      recorder.aroundFlush = (flush) => marks.around(flush)
      const memory = { forget: () => {}, lookNow: () => {}, noteEvents: () => {} }
      const lines = new ChangeLines(store.changesAtOnce)
      const writer = new Writer(store, memory, { now: clock.now, random: systemRandom }, lines)
      const flush = () => recorder.flush()
      let beforeLock = async () => {}
      const commit: Commit = async (...args) => {
        await beforeLock()
        return writer.commit(...args)
      }
      const job = graceJob({ store, marks, at, flush, commit })
      let reports = 0
      const self: GraceProcess = {
        use: (aheadMs = 0) =>
          recorder.note({ kid, answer, circumstances: bareCircumstances }, clock.now() + aheadMs),
        flush,
        flushInVain: async () => {
          isInVain = true
          await flush().catch(() => {})
          isInVain = false
        },
        serve: () => void marks.noteVerifier(),
        report: async (agoMs) => {
          marks.noteVerifier()
          const uses = [{ kid, at: new Date(clock.now() - agoMs) }]
          const verifier = { source: crypto.randomUUID(), number: ++reports, counts: [], profiles: [], uses }
          await saveReport(
            store,
            { ...verifier, reporter: created.id, organizationId: undefined },
            allOfPlaces,
            at(),
          )
        },
        judge: async (meanwhile = async () => {}) => {
          beforeLock = meanwhile
          await job.run(work)
          const events = await direct.run(
            `select changes from audit_events where action = 'key.grace_ended' and actor_type = 'system' order by id`,
          )
          return events.map(({ changes }) => JSON.parse(String(changes)).reason)
        },
        beEvicted: async () => {
          await log.deregister(follower as string)
        },
        register: async () => {
          follower = `${source} ${systemClock.monotonic()}`
          await log.register(follower)
        },
      }
      await self.register()
      return self
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}
