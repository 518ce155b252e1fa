// Writes the body of a request as JSON, and nothing that JSON would make something else of.
import { pathOf } from '../../core/errors.ts'
import { isOpaque } from '../../core/options.ts'
import { toWire } from '../../core/wire.ts'
import { LatchkeyClientError } from '../errors.ts'

/**
 * Writes a body in the wire's form. Throws `invalid_input` for what JSON would change, such as NaN, which it writes as
 * null, and for what it cannot hold: a BigInt, or a value that holds itself.
 */
export function writeBody(body: object): string {
  requireFields(body)
  const paths = new Map<unknown, PropertyKey[]>()
  // JSON.stringify calls it for each value, first for the whole body, as a method of the object that holds the value.
  function requireSame(this: object, name: string, value: unknown): unknown {
    const holder = paths.get(this)
    const path = holder === undefined ? [] : [...holder, Array.isArray(this) ? Number(name) : name]
    if (typeof value === 'object' && value !== null) paths.set(value, path)
    if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))) refuse(path)
    return value
  }
  try {
    return JSON.stringify(toWire(body), requireSame)
  } catch (cause) {
    if (cause instanceof LatchkeyClientError) throw cause
    throw new LatchkeyClientError(
      'invalid_input',
      'The input is not JSON, because one of its values contains itself.',
      {
        cause,
      },
    )
  }
}

/** Throws `invalid_input` for what hides its fields, and would be sent as if it had none; null would be no body at all. */
export function requireFields(input: object | null): void {
  if (input !== null && (!isOpaque(input) || Array.isArray(input))) return
  throw new LatchkeyClientError('invalid_input', 'The input is no JSON object: its fields cannot be read.', {
    errors: [{ path: '', message: 'A JSON object.' }],
  })
}

function refuse(place: PropertyKey[]): never {
  const path = pathOf(place)
  const message = 'Must be a finite number and no BigInt. Send any other number as a string.'
  throw new LatchkeyClientError('invalid_input', `${path}: ${message}`, { errors: [{ path, message }] })
}
