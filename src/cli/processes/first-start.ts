// What a server says once it has its port; on an empty database it makes the first root key, if it can show it.
import { fstatSync, statSync } from 'node:fs'
import { devNull } from 'node:os'
import type { Logger } from 'pino'
import { type ServeSettings, withoutPassword } from '../../config.ts'
import { LatchkeyError } from '../../core/errors.ts'
import type { Latchkey } from '../../latchkey.ts'
import { CommandError, exitCodes } from '../kit/failures.ts'
import { printSurely } from '../kit/output.ts'
import { formatFirstStart } from './banner.ts'

/** Standard output takes no token: nobody would ever see the key. */
class NotShown extends LatchkeyError {
  constructor(cause?: unknown) {
    super('internal', 'Standard output cannot show the root key.', { cause })
  }
}

/**
 * Says on standard output where Latchkey serves. On an empty database it makes the first root key and shows it in the
 * same write; where it cannot be shown it is not made, and the log says how to make one. Throws `store_unavailable`.
 */
export async function announce(
  latchkey: Latchkey,
  url: string,
  settings: ServeSettings,
  log: Logger,
): Promise<void> {
  const place = `Latchkey serves ${url} from ${withoutPassword(settings.database)}`
  if (settings.rootKey !== undefined) await latchkey.ensureRootKey(settings.rootKey)
  else if (await makeRootKey(latchkey, log, (rootKey) => [place, ...formatFirstStart(url, rootKey)])) return
  // Nobody needs to read where it serves, and nothing depends on it.
  await printSurely(place).catch(() => {})
}

/** Makes the first root key, if there is none and it can be shown; tells whether it did. */
async function makeRootKey(
  latchkey: Latchkey,
  log: Logger,
  format: (rootKey: string) => string[],
): Promise<boolean> {
  let isShown = false
  try {
    const made = await latchkey.ensureRootKey(undefined, async ({ key }) => {
      if (isShown) return
      if (goesNowhere()) throw new NotShown()
      // Before the commit: a key that could not be shown would be made and lost.
      await printSurely(...format(key)).catch((error: unknown) => {
        throw new NotShown(error)
      })
      isShown = true
    })
    // The answer to its commit was lost, or another process was quicker meanwhile.
    if (isShown && made === undefined) log.warn('the root key above may not have been made: try it')
    return made !== undefined
  } catch (error) {
    if (isShown) {
      const sentence =
        'The database failed, and the root key above was probably not made. Start again, and try it.'
      throw new CommandError(exitCodes.unreachable, sentence, error)
    }
    if (!(error instanceof NotShown)) throw error
    log.warn(
      'no root key was made, because standard output cannot show it: `latchkey root-key` makes one, or set LATCHKEY_ROOT_KEY',
    )
    return false
  }
}

/** Whether standard output is the null device, which Node puts in the place of a closed one, too. */
function goesNowhere(): boolean {
  const nothing = statSync(devNull, { throwIfNoEntry: false })
  const output = fstatSync(1)
  return output.isCharacterDevice() && output.rdev === nothing?.rdev
}
