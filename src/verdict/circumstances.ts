// What calls have in common beside their key and their verdict: what they ask for, from where, and of which operation. Calls of
// the same circumstances share one object, so that one which repeats them costs a comparison.
import { contextFault } from '../core/call-context.ts'
import { refuseField } from '../core/errors.ts'
import type { CallContext, VerifyOptions } from '../core/shapes/verification.ts'

/** What is asked of a call, as far as it is counted. */
export type CallQuestion = Pick<VerifyOptions, 'permissions' | 'context'>

export interface Circumstances {
  readonly permissions: readonly string[]
  /** Whether the call told nothing of itself. */
  readonly isBare: boolean
  readonly operation: string | undefined
  readonly ip: string | undefined
  readonly userAgent: string | undefined
  /** About how many bytes it takes. */
  readonly bytes: number
}

const noPermissions: readonly string[] = Object.freeze([])

/** Those of a call of which nothing is known. */
export const bareCircumstances: Circumstances = Object.freeze({
  permissions: noPermissions,
  isBare: true,
  operation: undefined,
  ip: undefined,
  userAgent: undefined,
  bytes: 0,
})

/** Tells whether a call has these circumstances: on the path of each call. */
export function areOf(known: Circumstances, { permissions, context }: CallQuestion): boolean {
  const wanted = known.permissions
  if (permissions === undefined ? wanted.length > 0 : permissions !== wanted && !areSame(wanted, permissions))
    return false
  if (context === undefined) return known.isBare
  return (
    !known.isBare &&
    context !== null &&
    context.operation === known.operation &&
    context.ip === known.ip &&
    context.userAgent === known.userAgent
  )
}

function areSame(some: readonly string[], others: readonly string[]): boolean {
  if (some.length !== others.length) return false
  for (let i = 0; i < some.length; i++) if (some[i] !== others[i]) return false
  return true
}

/** What all that are known take at most, about: so much, and so much more for each secret that may hold some. */
const leastBytes = 2 ** 24
const bytesOfSecret = 256
const objectBytes = 160

type Text = string | undefined

/** Finds the one object for equal circumstances. */
export class KnownCircumstances {
  /** Those of calls that told nothing of themselves, by permissions. A program may ask for as many as it has resources. */
  readonly #bare = new Map<string, Circumstances>()
  /** All others by permissions, operation, user agent and address: those with the fewest texts first. */
  readonly #known = new Map<string, Map<Text, Map<Text, Map<Text, Circumstances>>>>()
  /** Operations and user agents, each once. */
  readonly #texts = new Map<string, string>()
  #maxBytes = leastBytes
  #bytes = 0

  /** Called when all are let go of, so that whoever holds some lets go of them too. */
  onClear: () => void = () => {}

  /** Makes room for as many as there are secrets that may hold some. */
  makeRoomFor(secrets: number): void {
    this.#maxBytes = leastBytes + bytesOfSecret * secrets
  }

  /** The circumstances of a call whose permissions were checked. Throws `invalid_input` for a context of a wrong form. */
  of(question: CallQuestion): Circumstances {
    if (areOf(bareCircumstances, question)) return bareCircumstances
    const { context } = question
    const permissions: readonly string[] = question.permissions ?? noPermissions
    if (context !== undefined && tellsNothing(context)) {
      requireSound(context)
      return this.of({ permissions: question.permissions })
    }
    const name = nameOf(permissions)
    const known =
      context === undefined
        ? this.#bare.get(name)
        : this.#known.get(name)?.get(context.operation)?.get(context.userAgent)?.get(context.ip)
    return known ?? this.#add(permissions, context, name)
  }

  #add(permissions: readonly string[], context: CallContext | undefined, name: string): Circumstances {
    requireSound(context)
    if (this.#bytes > this.#maxBytes) this.#clear()
    const ip = context?.ip
    const before = this.#bytes
    const operation = this.#share(context?.operation)
    const userAgent = this.#share(context?.userAgent)
    const length = permissions.reduce((sum, permission) => sum + permission.length, ip?.length ?? 0)
    // Of one permission, the name is its own text.
    this.#bytes += objectBytes + 2 * (length + (permissions.length > 1 ? name.length : 0))
    const ofUserAgent = context && this.#makeMaps(name, operation, userAgent)
    const circumstances: Circumstances = {
      // A caller can change its list.
      permissions: Object.isFrozen(permissions) ? permissions : Object.freeze([...permissions]),
      isBare: context === undefined,
      operation,
      ip,
      userAgent,
      bytes: this.#bytes - before,
    }
    if (ofUserAgent === undefined) this.#bare.set(name, circumstances)
    else ofUserAgent.set(ip, circumstances)
    return circumstances
  }

  #makeMaps(name: string, operation: Text, userAgent: Text): Map<Text, Circumstances> {
    const make = <Key, Value>() => {
      this.#bytes += objectBytes
      return new Map<Key, Value>()
    }
    const ofName = getOrMake(this.#known, name, make<Text, Map<Text, Map<Text, Circumstances>>>)
    const ofOperation = getOrMake(ofName, operation, make<Text, Map<Text, Circumstances>>)
    return getOrMake(ofOperation, userAgent, make<Text, Circumstances>)
  }

  #share(text: Text): Text {
    if (text === undefined) return undefined
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    this.#texts.set(text, text)
    this.#bytes += objectBytes + 2 * text.length
    return text
  }

  #clear(): void {
    this.#bare.clear()
    this.#known.clear()
    this.#texts.clear()
    this.#bytes = 0
    this.onClear()
  }
}

/** Such a context is like none, or is of a wrong form: it stands for no others, so that each one is checked. */
function tellsNothing(context: CallContext | null): boolean {
  return context?.operation === undefined && context?.ip === undefined && context?.userAgent === undefined
}

/** Throws `invalid_input` for a context of a wrong form. */
function requireSound(context: CallContext | undefined): void {
  const fault = contextFault(context)
  if (fault) refuseField(fault.path, fault.message)
}

/** One text for a list of permissions, which have no space in them. */
function nameOf(permissions: readonly string[]): string {
  return permissions.length === 1 ? (permissions[0] as string) : permissions.join(' ')
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}
