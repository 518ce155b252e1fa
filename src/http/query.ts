// Reads a query string: each parameter once, but for a few that are lists, in plain UTF-8, under the library's names.

import { checkAskedPermissions } from '../core/asked-permissions.ts'
import { maxLimitUnits } from '../core/bounds.ts'
import { LatchkeyError } from '../core/errors.ts'
import { limitNamePattern } from '../core/limits.ts'
import { prefixFault } from '../core/options.ts'
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

/** What is no text; a value of another form stays one, for the library to refuse. */
const readers: Readonly<Record<string, (value: string) => number | boolean | string[] | undefined>> = {
  limit: readNumber,
  sequence: readNumber,
  size: readNumber,
  from: readNumber,
  wait_seconds: readNumber,
  types: (value) => value.split(','),
  key_ids: (value) => value.split(','),
  never_used: readBoolean,
  exposed: readBoolean,
  breaks_policy: readBoolean,
  decoy: readBoolean,
  count: readBoolean,
}

/** What may come more than once, and is a list. */
export const repeatable: ReadonlySet<string> = new Set(['tag'])

function readBoolean(value: string): boolean | undefined {
  return { true: true, false: false }[value]
}

function readNumber(value: string): number | undefined {
  return /^\d{1,15}$/.test(value) ? Number(value) : undefined
}

/**
 * Reads the parameters as a library input: numbers and booleans where those are wanted. Throws
 * `invalid_input` for a parameter that comes twice; unknown ones are the library's to refuse.
 */
export function readQuery(query: string): Record<string, unknown> {
  const parameters = new Map<string, unknown>()
  for (const [name, value] of splitQuery(query)) {
    if (repeatable.has(name)) {
      parameters.set(name, [...((parameters.get(name) as string[] | undefined) ?? []), value])
      continue
    }
    if (parameters.has(name)) refuse(name, 'Must be given once.')
    if (name === '__proto__') refuse(name, 'Unknown field.')
    parameters.set(name, readers[name]?.(value) ?? value)
  }
  return fromWire(Object.fromEntries(parameters))
}

/** What a proxy asks of a token. */
export interface ProxyQuestion {
  permissions: string[]
  /** Undefined for any. */
  prefix: string | undefined
  /** Undefined for what each limit draws by default. */
  cost: number | Record<string, number> | undefined
  /** The status by which limits refuse; undefined for 429 and 402. */
  refuses: number | undefined
}

/**
 * Reads what a proxy asks of a token: permissions, each as `permission=…`, `prefix=…`, `cost=…` or `cost.NAME=…`, and
 * `refuse=403`.
 * Throws `invalid_input`.
 */
export function readWanted(query: string): ProxyQuestion {
  const permissions: string[] = []
  const costs = new Map<string, number>()
  let refuses: number | undefined
  let prefix: string | undefined
  for (const [name, value] of splitQuery(query)) {
    if (name === 'permission') permissions.push(value)
    else if (name === 'prefix') prefix = readPrefix(prefix, value)
    else if (name === 'cost' || name.startsWith('cost.')) readCost(costs, name, value)
    else if (name === 'refuse' && value === '403' && refuses === undefined) refuses = 403
    else if (name === 'refuse') refuse(name, refuses === undefined ? 'Must be 403.' : 'Must be given once.')
    else refuse(name, 'Unknown field.')
  }
  checkAskedPermissions(permissions, 'permission')
  return { permissions, prefix, cost: costOf(costs), refuses }
}

function readPrefix(before: string | undefined, prefix: string): string {
  if (before !== undefined) refuse('prefix', 'Must be given once.')
  const fault = prefixFault(prefix)
  if (fault) refuse(fault.path, fault.message)
  return prefix
}

/** Reads the cost among fields, each `cost` or `cost.NAME`; undefined if there is none. Throws `invalid_input`. */
export function readCosts(
  fields: readonly (readonly [name: string, value: string])[],
): ProxyQuestion['cost'] {
  const costs = new Map<string, number>()
  for (const [name, value] of fields)
    if (name === 'cost' || name.startsWith('cost.')) readCost(costs, name, value)
  return costOf(costs)
}

function readCost(costs: Map<string, number>, name: string, value: string): void {
  const limit = name.slice('cost.'.length)
  if (name !== 'cost' && !limitNamePattern.test(limit)) refuse('cost', 'Must be cost=… or cost.NAME=….')
  if (costs.has(limit)) refuse('cost', 'Must be given once for each limit.')
  const cost = /^\d{1,13}$/.test(value) ? Number(value) : Number.NaN
  if (!(cost <= maxLimitUnits)) refuse('cost', `Must be a whole number from 0 to ${maxLimitUnits}.`)
  costs.set(limit, cost)
}

function costOf(costs: ReadonlyMap<string, number>): ProxyQuestion['cost'] {
  if (costs.size === 0) return undefined
  const forAll = costs.get('')
  if (forAll === undefined) return Object.fromEntries(costs)
  if (costs.size > 1)
    refuse('cost', 'Name either cost, for each limit, or the cost of limits by their names.')
  return forAll
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
