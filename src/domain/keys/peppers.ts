// The secrets of the settings with which other systems have hashed tokens that were imported.
import { LatchkeyError } from '../../core/errors.ts'
import { pepperNamePattern } from '../../core/recipes.ts'
import type { Peppers } from '../../verification/foreign.ts'

const form = /^([^=]*)=([A-Za-z0-9+/]+={0,2})$/

/**
 * Reads `name=base64` each, as an option gives them or else the environment. Throws `invalid_input`, and says nothing of what
 * is behind a name.
 */
export function readPeppers(option: readonly string[] | undefined, environment: readonly string[]): Peppers {
  const [given, from] = option ? [option, 'peppers'] : [environment, 'LATCHKEY_PEPPERS']
  const peppers = new Map<string, Uint8Array>()
  for (const pepper of given) {
    const [, name = '', text = ''] = form.exec(pepper) ?? []
    if (!pepperNamePattern.test(name))
      throw new LatchkeyError(
        'invalid_input',
        `${from}: Each pepper must be name=base64. A name has letters, digits, _ and -, and at most 64 characters.`,
      )
    if (peppers.has(name)) throw new LatchkeyError('invalid_input', `${from}: ${name} stands there twice.`)
    peppers.set(name, Buffer.from(text, 'base64'))
  }
  return peppers
}
