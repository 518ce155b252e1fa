// What is sealed under the keyring: counted by its keys, and sealed anew by the first of them.
import type { Commit } from '../commit/commit.ts'
import { system } from '../core/actor.ts'
import { LatchkeyError } from '../core/errors.ts'
import type { SealedValues } from '../core/sealed-values.ts'
import type { JobKind, Work } from '../jobs/kinds.ts'
import {
  countSealed,
  readSealedByOthers,
  replaceSealed,
  type SealedColumn,
  type SealedValue,
  sealedColumns,
} from '../store/sealed-values.ts'
import type { Store } from '../store/store.ts'
import { forgetOldSecrets } from '../store/webhooks.ts'
import type { Keyring } from './keyring.ts'

/** How soon a new first key is noticed. */
const everyMs = 60_000
/** After so long it is looked again: a process that was not restarted yet seals by a first key of its own. */
const againMs = 3_600_000
/** How many values a transaction replaces: others wait for it on SQLite. */
const pageValues = 100

/** What sealing anew needs. */
export interface Resealing {
  store: Pick<Store, 'read'>
  commit: Commit
  keyring: Keyring
  now: () => number
  monotonic: () => number
  warn: (message: string) => void
}

/** Counts what each key has sealed. Throws `keyring_missing` for a file that cannot be read. */
export async function countSealedValues({
  store,
  keyring,
}: Pick<Resealing, 'store' | 'keyring'>): Promise<SealedValues> {
  const counts = await store.read(countSealed)
  const names = keyring.names()
  const keys = names.map((name) => ({ name, values: counts.get(name) ?? 0 }))
  const lost = [...counts].filter(([name]) => !names.includes(name))
  return { keys, lost: lost.map(([name, values]) => ({ name, values })) }
}

/**
 * The work of sealing by the first key what others have sealed, by one process at a time. What somebody replaces meanwhile is
 * left alone: it is sealed by a key of today.
 */
export function resealingJob(resealing: Resealing): JobKind {
  const { keyring, monotonic, warn } = resealing
  let done: { name: string; at: number } | undefined
  let wasMissing = false
  return {
    everyMs,
    run: async (work) => {
      const missing = keyring.missingFile()
      if (missing !== undefined && !wasMissing)
        warn(
          `The keyring ${missing} was removed. This process goes on with the keys that it has read; when it ends, nobody can open what they have sealed. Put the file back from your copy.`,
        )
      wasMissing = missing !== undefined
      const [name] = keyring.names()
      if (name === undefined || (done?.name === name && monotonic() - done.at < againMs)) return undefined
      const at = monotonic()
      // What nothing signs with any more need not be sealed.
      await resealing.commit(system, { permission: 'any key' }, ({ tx, now }) => forgetOldSecrets(tx, now))
      let lost = 0
      for (const column of sealedColumns) lost += await resealColumn(resealing, column, name, work)
      // A lost key may be given back.
      done = lost === 0 ? { name, at } : undefined
      return undefined
    },
  }
}

/** Seals the values of a column anew, a page at a time; tells how many nobody can open. */
async function resealColumn(
  { store, commit, keyring }: Resealing,
  column: SealedColumn,
  name: string,
  work: Work,
): Promise<number> {
  let lost = 0
  let after: SealedValue['row'] | undefined
  for (;;) {
    work.requireHeld()
    const found = await store.read((db) => readSealedByOthers(db, column, name, { after, limit: pageValues }))
    const opened = found.flatMap((value) => {
      const again = sealAgain(keyring, column, value)
      return again === undefined ? [] : [{ ...value, again }]
    })
    lost += found.length - opened.length
    if (opened.length > 0)
      await commit(system, { permission: 'any key' }, ({ tx }) => replaceSealed(tx, column, opened))
    after = found.at(-1)?.row
    if (found.length < pageValues) return lost
  }
}

/** A value sealed by the first key; undefined if the key that sealed it is lost. */
function sealAgain(
  keyring: Keyring,
  { table, column }: SealedColumn,
  { row, sealed }: SealedValue,
): string | undefined {
  const place = { table, row: String(row), column }
  try {
    return keyring.seal(place, keyring.unseal(place, sealed))
  } catch (error) {
    if (error instanceof LatchkeyError && error.code === 'unsealable') return undefined
    throw error
  }
}
