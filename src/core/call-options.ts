// Checks the options of a call at once: what nobody reads is refused, and nobody acts as the operator by mistake.
import type { Actor } from './actor.ts'
import { isPlainObject, type OptionFault, signalFault, unknownOption } from './options.ts'
import type { CallOptions, EditOptions } from './shapes/calls.ts'

/** The options of every call of the library. */
export interface ActorOptions extends CallOptions {
  /** The actor, as `latchkey.authenticate` returns it; if absent, the process itself, which may do everything. */
  actor?: Actor
}

/**
 * Says what is wrong with the options of a call; undefined if nothing is. `known` are their names. Before version 0.2.0
 * the library took a caller in their place: it is never read as options that name no actor.
 */
export function callOptionsFault(options: unknown, known: readonly string[]): OptionFault | undefined {
  if (options === undefined) return undefined
  if (!isPlainObject(options)) return { path: 'options', message: `Write ${exampleOf(known)}.` }
  if (known.includes('actor') && callerFields.some((name) => name in options && !known.includes(name)))
    return { path: 'options', message: 'This is a caller. Write { actor: caller }.' }
  const { actor, wait, ifRevision, signal } = options as ActorOptions & EditOptions
  if (known.includes('actor') && 'actor' in options && (actor === undefined || actor === null))
    return {
      path: 'actor',
      message: 'The actor is undefined or null. Leave it out to act as the process itself.',
    }
  if (known.includes('wait') && wait !== undefined && wait !== 'applied')
    return { path: 'wait', message: "Must be 'applied'." }
  if (known.includes('ifRevision') && ifRevision !== undefined && ![ifRevision].flat().every(isRevision))
    return { path: 'ifRevision', message: 'Must be a `revision` of what is changed, or several.' }
  return unknownOption(options, known) ?? signalFault(signal)
}

/** Tells whether a value has the form of a revision. */
export function isRevision(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,16}$/.test(value)
}

/** What a caller has and options do not. */
const callerFields = ['type', 'keyId', 'memberId', 'organizationId', 'kid', 'permissions']

function exampleOf(known: readonly string[]): string {
  return known.includes('actor') ? '{ actor: caller }' : `an object, such as { ${known[0]}: … }`
}
