// What a verification tells of the call that it is for: from where it came, and of which operation. Checked on the path of each
// call, so by hand. What a program says outright must be right; what comes in the headers of a request is cut to fit.
import { isAddress } from './addresses.ts'
import { maxOperationLength, maxUserAgentLength } from './bounds.ts'
import { type OptionFault, unknownOption } from './options.ts'
import { containsToken } from './token.ts'

const names = ['ip', 'userAgent', 'operation'] as const

/** Finds what is wrong with a context. */
export function contextFault(context: unknown): OptionFault | undefined {
  if (context === undefined) return undefined
  if (typeof context !== 'object' || context === null || Array.isArray(context))
    return { path: 'context', message: 'Must be an object, such as { ip: … }.' }
  const unknown = unknownOption(context, names)
  if (unknown) return { ...unknown, path: `context.${unknown.path}` }
  const given = context as Record<(typeof names)[number], unknown>
  for (const name of names) {
    const message = given[name] === undefined ? undefined : faults[name](given[name])
    if (message !== undefined) return { path: `context.${name}`, message }
  }
  return undefined
}

const faults = { ip: addressFault, userAgent: userAgentFault, operation: operationFault }

/** Says what is wrong with an address. */
export function addressFault(value: unknown): string | undefined {
  return typeof value === 'string' && isAddress(value) ? undefined : 'Must be an IPv4 or IPv6 address.'
}

/** Says what is wrong with the user agent of a client. */
export function userAgentFault(value: unknown): string | undefined {
  return textFault(value, maxUserAgentLength)
}

/** Says what is wrong with the name of an operation. A query is no part of one: it may hold anything. */
export function operationFault(value: unknown): string | undefined {
  const fault = textFault(value, maxOperationLength)
  return fault ?? ((value as string).includes('?') ? 'Must not contain a query.' : undefined)
}

function textFault(value: unknown, longest: number): string | undefined {
  if (typeof value !== 'string' || value === '' || isLonger(value, longest))
    return `Must be a string of 1 to ${longest} characters.`
  if (!value.isWellFormed() || control.test(value))
    return 'Must not contain control characters or broken Unicode.'
  return containsToken(value) ? 'Must not contain a token.' : undefined
}

/** Counts characters, as JSON Schema does, and only of a text that may have too many. */
function isLonger(text: string, longest: number): boolean {
  if (text.length <= longest) return false
  return text.length > 2 * longest || [...text].length > longest
}

const control = /\p{Cc}/u
