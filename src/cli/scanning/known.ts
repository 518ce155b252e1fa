// Asks a server which of the tokens are live that a scan has found: by kid and SHA-256, never by the token.
import { createClient } from '../../client/index.ts'
import { maxReportedTokens } from '../../core/bounds.ts'
import type { FoundLeak, FoundLeaks } from '../../core/shapes/leaks.ts'
import { findTarget, withToken } from '../kit/target.ts'
import type { HeldLeak, Leak, Scanned } from './scanner.ts'

/** A place where a token stands, and what a server has said of the token, if one was asked. */
export interface ToldLeak
  extends Leak,
    Partial<Pick<FoundLeak, 'status' | 'keyId' | 'name' | 'organizationId'>> {}

/** What a scan has come to, as it is printed. */
export interface ToldScan extends Omit<Scanned, 'leaks'> {
  leaks: ToldLeak[]
}

/** Gives what a server says of tokens, in their order. */
type Ask = (leaks: readonly HeldLeak[]) => Promise<FoundLeak[]>

/** Finds the server and the key to ask with, before a long scan. Throws CommandError, and `invalid_input`. */
export async function askerOf(url: string): Promise<Ask> {
  const target = findTarget({ url })
  // A flag names a server: no database is found instead.
  const { leaks } = createClient(await withToken(target as Extract<typeof target, { url: string }>))
  return async (held) => {
    const tokens = [...new Map(held.map(({ kid, sha256 }) => [sha256, { kid, sha256 }])).values()]
    const found = new Map<string, FoundLeak>()
    for (let at = 0; at < tokens.length; at += maxReportedTokens) {
      const part = tokens.slice(at, at + maxReportedTokens)
      const answer: FoundLeaks = await leaks.find({ tokens: part })
      for (const [i, { sha256 }] of part.entries()) found.set(sha256, answer.tokens[i] as FoundLeak)
    }
    return held.map(({ sha256 }) => found.get(sha256) as FoundLeak)
  }
}

/** What is told of a scan. Throws what the client throws. */
export async function tellScan({ leaks, ...rest }: Scanned, ask: Ask | undefined): Promise<ToldScan> {
  const found = (await ask?.(leaks)) ?? []
  const told = leaks.map(({ sha256: _, ...leak }, i): ToldLeak => {
    const { status, keyId, name, organizationId } = found[i] ?? {}
    return status === undefined ? leak : ({ ...leak, status, keyId, name, organizationId } as ToldLeak)
  })
  return { ...rest, leaks: told }
}
