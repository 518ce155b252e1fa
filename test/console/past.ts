// What happened on a database before a test begins: its uses are written down, as they are after some seconds.
import { type Latchkey, openLatchkey } from '../../src/latchkey.ts'

/** Lets something happen so many milliseconds ago; whatever it used was used then. */
export async function inThePast<Result>(
  database: string,
  agoMs: number,
  happen: (latchkey: Latchkey) => Promise<Result>,
): Promise<Result> {
  await using latchkey = await openLatchkey({ database, now: () => Date.now() - agoMs })
  return await happen(latchkey)
}
