// What a server says once it has its port. On an empty database it makes the first root key, if it can show it.
import { fstatSync, statSync } from 'node:fs'
import { devNull } from 'node:os'
import type { Logger } from 'pino'
import { type ServeSettings, withoutPassword } from '../../config.ts'
import { LatchkeyError } from '../../core/errors.ts'
import type { Latchkey } from '../../latchkey.ts'
import { printSurely } from '../kit/output.ts'
import { formatFirstStart } from './banner.ts'

/** Standard output cannot or must not show a token: nobody would ever see the key. */
class NotShown extends LatchkeyError {
  constructor(cause?: unknown) {
    super('internal', 'Standard output cannot show the root key.', { cause })
  }
}

/**
 * Prints on standard output where Latchkey serves. On an empty database it makes the first root key, and prints it in the
 * same write, once the key is durable: a key that a person has seen is there. If standard output takes nothing, it makes
 * no key, and the log says how to make one. Throws `store_unavailable`.
 */
export async function announce(
  latchkey: Latchkey,
  url: string,
  settings: ServeSettings,
  log: Logger,
): Promise<void> {
  const place = `Latchkey serves ${url} from ${withoutPassword(settings.database)}`
  const rootKey = await ensureRootKey(latchkey, settings, log)
  try {
    await printSurely(place, ...(rootKey === undefined ? [] : formatFirstStart(url, rootKey)))
  } catch (error) {
    // Nobody needs to read where it serves, and nothing depends on it.
    if (rootKey !== undefined)
      log.error({ err: error }, 'the root key was not shown: create another one with `latchkey root-key`')
  }
  // Whatever fails here fails again where the keys are needed, and says so to whoever needs them.
  await tellOfLostKeys(latchkey, log).catch(() => {})
}

/** Says which keys somebody has taken out of the keyring too early. */
async function tellOfLostKeys(latchkey: Latchkey, log: Logger): Promise<void> {
  const { lost } = await latchkey.sealedValues()
  if (lost.length === 0) return
  const names = lost.map(({ name }) => name).join(', ')
  log.error(
    { lost },
    `the keyring does not have keys by which something is sealed (${names}): give them back, since calls that need it answer unsealable`,
  )
}

/** Makes the first root key if there is none and it can be shown; returns its token if it is to be shown. */
async function ensureRootKey(
  latchkey: Latchkey,
  { rootKey }: ServeSettings,
  log: Logger,
): Promise<string | undefined> {
  if (rootKey !== undefined && rootKey !== 'none') {
    await latchkey.ensureRootKey(rootKey)
    return undefined
  }
  let isTried = false
  try {
    const made = await latchkey.ensureRootKey(undefined, async () => {
      if (rootKey === 'none' || goesNowhere()) throw new NotShown()
      if (isTried) return
      isTried = true
      // Before the commit, and without the key: what cannot be written now would be lost then.
      await printSurely('The database is empty. Latchkey creates its first root key.').catch((error) => {
        throw new NotShown(error)
      })
    })
    return made?.key
  } catch (error) {
    if (!(error instanceof NotShown)) throw error
    if (rootKey === 'none')
      log.warn('there is no root key, as LATCHKEY_ROOT_KEY says: create one with `latchkey root-key`')
    else
      log.warn(
        'no root key was made, because standard output cannot show it: create one with `latchkey root-key`, or set LATCHKEY_ROOT_KEY',
      )
    return undefined
  }
}

/** Whether standard output is the null device, which Node puts in the place of a closed one, too. */
function goesNowhere(): boolean {
  const nothing = statSync(devNull, { throwIfNoEntry: false })
  const output = fstatSync(1)
  return output.isCharacterDevice() && output.rdev === nothing?.rdev
}
