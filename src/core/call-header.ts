// What a verifier tells of the call for which it asks about a token that it does not know: that may be a decoy's, and the server
// then says from where it was tried. In a header, since a server of 0.3.0 refuses a field of the body that it does not know.
import { contextFault } from './call-context.ts'
import type { CallContext } from './shapes/verification.ts'

/** The request header in which a verifier tells of a call, as `ip=…&user_agent=…&operation=…`, percent-encoded. */
export const callHeader = 'latchkey-call'

const names = { ip: 'ip', userAgent: 'user_agent', operation: 'operation' } as const
/** As long as three texts of the longest, percent-encoded, and their names. */
const maxLength = 8_192

/** Writes what is known of a call; undefined if nothing is. */
export function writeCall(context: CallContext | undefined): string | undefined {
  const fields = new URLSearchParams()
  for (const [name, field] of Object.entries(names)) {
    const value = context?.[name as keyof typeof names]
    if (value !== undefined) fields.set(field, value)
  }
  return fields.size === 0 ? undefined : fields.toString()
}

/** Reads the header. What is not of the form of a context is left out: nothing is judged by it. */
export function readCall(text: string | undefined): CallContext | undefined {
  if (text === undefined || text.length > maxLength) return undefined
  const fields = new URLSearchParams(text)
  const context: CallContext = {}
  for (const [name, field] of Object.entries(names)) {
    const value = fields.get(field)
    if (value !== null && contextFault({ [name]: value }) === undefined)
      context[name as keyof typeof names] = value
  }
  return context
}
