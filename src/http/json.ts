// Reads JSON as strictly as a security product should: UTF-8 without flaws, no name twice, no `__proto__`, nothing that
// would be stored as something else.
import { maxObjectFields } from '../core/bounds.ts'
import { describeFaults, LatchkeyError } from '../core/errors.ts'
import { findInexact, showName, visitNames } from '../core/exact-json.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads a JSON text (RFC 8259) in linear time. Throws `invalid_json` for broken UTF-8 or JSON, a byte order
 * mark and a repeated name, and `invalid_input` for a field called `__proto__`, a number that a double does not hold
 * exactly, half of a surrogate pair, and an object with more fields than any has. No message repeats what was sent.
 */
export function readJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw invalid('The body is empty. Send a JSON value.')
  const text = decode(bytes)
  const value = parse(text)
  visitNames(text, checkName)
  const errors = findInexact(text)
  if (errors.length > 0) throw new LatchkeyError('invalid_input', describeFaults(errors), { errors })
  return value
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw invalid('The body is not valid UTF-8.')
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // The parser's own message quotes the text, which may be a token.
    const position = / at position (\d+)/.exec((error as Error).message)?.[1]
    throw invalid(
      position === undefined
        ? 'The body is not JSON, or ends before it is complete.'
        : `The body is not valid JSON at character ${Number(position) + 1}.`,
    )
  }
}

function checkName(name: string, isRepeated: boolean, count: number): void {
  if (count > maxObjectFields) {
    const message = `Must not have an object with more than ${maxObjectFields} fields.`
    throw new LatchkeyError('invalid_input', message, { errors: [{ path: '', message }] })
  }
  if (name === '__proto__') {
    const errors = [{ path: name, message: 'Must not have a field named __proto__.' }]
    throw new LatchkeyError('invalid_input', 'Must not have a field named __proto__.', { errors })
  }
  if (isRepeated) throw invalid(`An object in the body contains ${showName(name)} twice.`)
}

function invalid(detail: string): LatchkeyError {
  return new LatchkeyError('invalid_json', detail)
}
