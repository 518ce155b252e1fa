// May this token do this, now? Answered from memory, or else from the store.
import { digestToken, sameDigest } from './digest.ts'
import type { Facts } from './facts.ts'
import {
  checkAskedPermissions,
  judge,
  malformed,
  notFound,
  nothingAsked,
  verdictOf,
  verifyCached,
} from './judge.ts'
import { leaseMs } from './lease.ts'
import type { KnownSecret, Memory } from './memory.ts'
import type { Verdict, VerifyOptions, VerifyRequest } from './schemas.ts'
import { parseToken } from './token.ts'

/** Judges a token from memory or, where that may not answer, from the store. Throws `store_unavailable`. */
export async function verify(memory: Memory, token: string, asked = nothingAsked): Promise<Verdict> {
  const verdict = verifyCached(memory, token, asked)
  if (verdict !== undefined) return verdict
  const parsed = parseToken(token)
  if (parsed === undefined) return malformed
  const known = await readPromptly(memory, parsed.kid)
  if (known === undefined || !sameDigest(digestToken(parsed.token), known.digest)) return notFound
  return judgeUse(memory, parsed.kid, known.facts, asked)
}

/**
 * Judges the secret of a kid by what the store has of it, whatever is remembered: for who has proved by other
 * means to be let in by it. Throws `store_unavailable`.
 */
export async function verifyStored(memory: Memory, kid: string): Promise<Verdict> {
  const known = await readPromptly(memory, kid)
  return known === undefined ? notFound : judgeUse(memory, kid, known.facts, nothingAsked)
}

/** Reads a secret. A process that was paused meanwhile may hold an answer from before a revocation: it asks again. */
async function readPromptly(memory: Memory, kid: string): Promise<KnownSecret | undefined> {
  const { known, begunAt } = await memory.read(kid)
  return memory.clock.monotonic() - begunAt >= leaseMs ? readPromptly(memory, kid) : known
}

function judgeUse(memory: Memory, kid: string, { answer, terms }: Facts, asked: VerifyOptions): Verdict {
  const now = memory.clock.now()
  const refusal = judge(terms, asked, now)
  if (refusal === undefined) memory.noteUse(kid, answer, now)
  return verdictOf(answer, terms, refusal)
}

/** Judges many tokens; the verdicts come in the order of the requests. Throws `invalid_input`, `store_unavailable`. */
export async function verifyBatch(
  memory: Memory,
  requests: readonly VerifyRequest[],
  { organizationId }: Pick<VerifyOptions, 'organizationId'> = {},
): Promise<Verdict[]> {
  for (const [i, { permissions }] of requests.entries())
    checkAskedPermissions(permissions, `[${i}].permissions`)
  const verdicts = requests.map(({ key, permissions }) => {
    const asked = {
      ...(permissions && { permissions }),
      ...(organizationId !== undefined && { organizationId }),
    }
    return verifyCached(memory, key, asked) ?? verify(memory, key, asked)
  })
  return Promise.all(verdicts)
}
