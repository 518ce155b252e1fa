// What somebody presents as a token: one of ours, or what may be another system's.
import { type PresentedToken, parseForeign } from '../core/foreign-token.ts'
import { kidOf, parseToken } from '../core/token.ts'
import type { Terms } from './facts.ts'

/** Takes apart what somebody presents: a token of ours, or what may be another system's; undefined for what is neither. */
export function parsePresented(
  memory: { acceptsForeign(): boolean },
  token: string,
): PresentedToken | undefined {
  const parsed = parseToken(token) ?? parseForeign(token)
  return parsed === undefined || parsed.kid !== undefined || memory.acceptsForeign() ? parsed : undefined
}

/** The kid of a token whose facts these are. */
export function kidIn(token: string, { terms }: { terms: Pick<Terms, 'foreignKid'> }): string {
  return terms.foreignKid ?? kidOf(token)
}

/** The token without a `secret-token:` before it (RFC 8959). */
export function withoutScheme(token: string): string {
  return token.startsWith('secret-token:') ? token.slice('secret-token:'.length) : token
}
