// May this token do this, now? Answered from memory, or else from the store.
import { digestToken, sameDigest } from './digest.ts'
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
import type { Memory } from './memory.ts'
import type { Verdict, VerifyOptions, VerifyRequest } from './schemas.ts'
import { parseToken } from './token.ts'

/** Judges a token from memory or, where that may not answer, from the store. Throws `store_unavailable`. */
export async function verify(memory: Memory, token: string, asked = nothingAsked): Promise<Verdict> {
  const verdict = verifyCached(memory, token, asked)
  if (verdict !== undefined) return verdict
  const parsed = parseToken(token)
  if (parsed === undefined) return malformed
  const { known, begunAt } = await memory.read(parsed.kid)
  // A process that was paused while it read may hold an answer from before a revocation: it asks again.
  if (memory.clock.monotonic() - begunAt >= leaseMs) return verify(memory, token, asked)
  if (known === undefined || !sameDigest(digestToken(parsed.token), known.digest)) return notFound
  const now = memory.clock.now()
  const { answer, terms } = known.facts
  const refusal = judge(terms, asked, now)
  if (refusal === undefined) memory.noteUse(parsed.kid, answer, now)
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
