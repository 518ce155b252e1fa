// Reads a query string: each parameter once, in plain UTF-8, under the library's names.

import { checkAskedPermissions } from '../core/asked-permissions.ts'
import { LatchkeyError } from '../core/errors.ts'
import { fromWire } from '../core/wire.ts'

/** The parameters of a query string (without its `?`) in their order. Throws `invalid_input` for broken UTF-8. */
export function splitQuery(query: string): [name: string, value: string][] {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=')
      return [decode(name), decode(value.join('='))]
    })
}

/**
 * Reads the parameters as a library input: digits become numbers where a number is wanted. Throws
 * `invalid_input` for a parameter that comes twice; unknown ones are the library's to refuse.
 */
export function readQuery(query: string): Record<string, unknown> {
  const parameters = new Map<string, unknown>()
  for (const [name, value] of splitQuery(query)) {
    if (parameters.has(name)) refuse(name, 'Must be given once.')
    if (name === '__proto__') refuse(name, 'Unknown field.')
    parameters.set(name, name === 'limit' && /^\d{1,9}$/.test(value) ? Number(value) : value)
  }
  return fromWire(Object.fromEntries(parameters))
}

/** Reads the permissions that a proxy wants of a token, each as `permission=…`. Throws `invalid_input`. */
export function readWanted(query: string): string[] {
  const wanted = splitQuery(query).map(([name, value]) =>
    name === 'permission' ? value : refuse(name, 'Unknown field.'),
  )
  checkAskedPermissions(wanted, 'permission')
  return wanted
}

/** Refuses every parameter, for calls that take none. Throws `invalid_input`. */
export function refuseQuery(query: string): void {
  for (const [name] of splitQuery(query)) refuse(name, 'Unknown field.')
}

/** Throws `invalid_input` for one parameter, whose name is shown only if it is an ordinary one. */
function refuse(name: string, message: string): never {
  const path = /^\w{1,40}$/.test(name) ? name : '(unprintable)'
  throw new LatchkeyError('invalid_input', `${path}: ${message}`, { errors: [{ path, message }] })
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw new LatchkeyError('invalid_input', 'The query is not percent-encoded UTF-8.', {
      errors: [{ path: '', message: 'The query is not percent-encoded UTF-8.' }],
    })
  }
}
