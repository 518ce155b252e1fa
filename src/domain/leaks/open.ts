// Reports of leaked tokens in an open Latchkey: what takes them, and what acts on them.
import { offerMethods } from '../calls.ts'
import type { Engine } from '../engine.ts'
import { leaksJob } from './act.ts'
import { leakMethods } from './methods.ts'
import { LeakInbox, leaksKind } from './receive.ts'

/** Opens both; `wake` has this process look for work at once. */
export function openLeaks(engine: Engine, wake: () => void) {
  const leakInbox = new LeakInbox({ ...engine, wake })
  return {
    jobs: { [leaksKind]: leaksJob(engine) },
    parts: { leaks: offerMethods(engine, leakMethods(engine, leakInbox)), leakInbox },
  }
}
