// May this token do this, now? Facts are remembered, decisions never: permissions, expiry and time are judged at
// every call.
import { hash } from 'node:crypto'
import { nowhere } from './cache.ts'
import type { Facts, Terms } from './facts.ts'
import { leaseMs } from './lease.ts'
import type { Memory } from './memory.ts'
import { missingPermissions, permissionPattern } from './permissions.ts'
import { refuseField, type Verdict, type VerifyOptions, type VerifyRequest } from './schemas.ts'
import { digestToken, parseToken, sameDigest, tokenBodyLength } from './token.ts'

const malformed: Verdict = Object.freeze({ valid: false, code: 'malformed' })
const notFound: Verdict = Object.freeze({ valid: false, code: 'not_found' })
const nothingAsked: VerifyOptions = Object.freeze({})

/**
 * Judges a token from memory: no promise, no I/O. Undefined where memory may not answer, because it has not
 * seen the secret, or because it cannot be sure to have seen every change (`lease.ts`). Throws `invalid_input`
 * for permissions of a wrong form.
 */
export function verifyCached(memory: Memory, token: string, asked = nothingAsked): Verdict | undefined {
  if (typeof token !== 'string') return malformed
  const plain = token.startsWith('secret-token:') ? token.slice('secret-token:'.length) : token
  const slot = memory.cache.find(plain, plain.length - tokenBodyLength)
  // Equal digests prove the whole token, its shape and its check included. All 32 bytes, in constant time: the
  // kid is public, so whoever guesses at the rest must learn nothing.
  if (slot === nowhere || !memory.cache.digestMatches(slot, hash('sha256', plain, 'latin1'))) {
    checkAskedPermissions(asked.permissions)
    const parsed = parseToken(plain)
    if (parsed === undefined) return malformed
    const unknown = slot !== nowhere || memory.isAbsent(parsed.kid)
    return unknown && memory.isFresh(memory.clock.now()) ? notFound : undefined
  }
  const now = memory.clock.now()
  // Whatever fails elsewhere, nothing is believed that is older than the lease.
  if (!memory.isFresh(now)) return undefined
  const refusal = judge(memory.cache.termsAt(slot), asked, now)
  if (refusal === undefined) memory.cache.noteUse(slot, now)
  return verdictOf(memory.cache.answerAt(slot), memory.cache.termsAt(slot), refusal)
}

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
  if (refusal === undefined) memory.usage.note(parsed.kid, answer.keyId, answer.organizationId, now)
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

type Refusal =
  | { code: 'not_found' | 'revoked' | 'expired' | 'rotated' }
  | { code: 'insufficient_permissions'; missing: string[] }

/** Judges terms at an instant, the gravest reason first; undefined where all are met. */
function judge(terms: Terms, asked: VerifyOptions, now: number): Refusal | undefined {
  const missing = missingOf(terms.permissions, asked.permissions)
  // To a caller of one organization, another's tokens do not exist.
  if (asked.organizationId !== undefined && asked.organizationId !== terms.organizationId)
    return { code: 'not_found' }
  if (terms.revokedAt !== null) return { code: 'revoked' }
  if (terms.expiresAt !== null && terms.expiresAt <= now) return { code: 'expired' }
  if (terms.isEnded || (terms.graceEndsAt !== null && terms.graceEndsAt <= now)) return { code: 'rotated' }
  return missing && { code: 'insufficient_permissions', missing }
}

function verdictOf(answer: Facts['answer'], { expiresAt }: Terms, refusal: Refusal | undefined): Verdict {
  if (refusal === undefined && expiresAt === null) return answer
  if (refusal?.code === 'not_found') return notFound
  // A Date can be changed by whoever gets it: each gets its own.
  const known = expiresAt === null ? answer : { ...answer, expiresAt: new Date(expiresAt) }
  return refusal === undefined ? known : { ...known, valid: false, ...refusal }
}

/** The permissions asked for and not granted; undefined where there are none. Throws `invalid_input`. */
function missingOf(granted: readonly string[], asked: readonly string[] | undefined): string[] | undefined {
  // What is granted word for word is well-formed, and the usual case.
  if (asked === undefined || (Array.isArray(asked) && holdsAll(granted, asked))) return undefined
  checkAskedPermissions(asked)
  const missing = missingPermissions(granted, asked)
  return missing.length > 0 ? missing : undefined
}

function holdsAll(granted: readonly string[], asked: readonly string[]): boolean {
  for (let i = 0; i < asked.length; i++) if (!granted.includes(asked[i] as string)) return false
  return true
}

/** Checks by hand what the types promise of the permissions asked for. Throws `invalid_input`. */
export function checkAskedPermissions(
  permissions: readonly string[] | undefined,
  path = 'permissions',
): void {
  if (permissions === undefined) return
  if (!Array.isArray(permissions)) refuseField(path, 'A list of permissions.')
  if (permissions.length > 128) refuseField(path, 'At most 128 permissions.')
  for (let i = 0; i < permissions.length; i++) {
    const permission: unknown = permissions[i]
    if (typeof permission !== 'string' || permission.length > 128 || !permissionPattern.test(permission)) {
      refuseField(
        `${path}[${i}]`,
        'A permission such as emails:send: A-Z a-z 0-9 _ . / -, or *, between colons.',
      )
    }
  }
}
