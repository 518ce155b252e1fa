// What a verifier remembers of the tokens that it has seen, and whether that may still be believed.

import type { FactsAnswer } from '../../core/shapes/verifiers.ts'
import type { ParsedToken } from '../../core/token.ts'
import { type CacheBounds, FactsCache } from '../../verdict/cache.ts'
import type { Clock } from '../../verdict/clock.ts'
import type { Remembered } from '../../verdict/evaluate.ts'
import { type Facts, toFacts } from '../../verdict/facts.ts'
import { Lease } from '../../verdict/lease.ts'
import { NegativeCache } from '../../verdict/negative-cache.ts'
import { sha256 } from './sha256.ts'

/** The facts under their lease, and the tokens known to be absent. Holds digests and never a token. */
export class VerifierMemory implements Remembered {
  readonly clock: Clock
  readonly cache: FactsCache
  readonly digest = sha256
  /** The same for when the server is away: what was confirmed so long ago at the most is believed. */
  readonly stale: Remembered
  readonly #lease = new Lease()
  readonly #absent: NegativeCache
  #confirmed = { monotonic: Number.NEGATIVE_INFINITY, now: Number.NEGATIVE_INFINITY }
  #changes = 0

  constructor(
    clock: Clock,
    bounds: CacheBounds,
    staleMs: number,
    noteUse: (kid: string, at: number) => void,
  ) {
    this.clock = clock
    this.cache = new FactsCache(bounds, sha256, (kid, _, at) => noteUse(kid, at))
    this.#absent = new NegativeCache(clock)
    const isFresh = (now: number) =>
      Math.max(clock.monotonic() - this.#confirmed.monotonic, now - this.#confirmed.now) < staleMs
    this.stale = { clock, cache: this.cache, isFresh, isAbsent: () => false }
  }

  /** Grows each time something had to be forgotten: what was asked before must not be remembered after. */
  get changes(): number {
    return this.#changes
  }

  isFresh(now: number): boolean {
    return this.#lease.holds(this.clock.monotonic(), now)
  }

  isAbsent({ token }: ParsedToken): boolean {
    return this.#absent.has(sha256(token))
  }

  /** Renews the lease from the instant, by both clocks, before which every change was heard of. */
  confirm(monotonic: number, now: number): void {
    if (monotonic <= this.#confirmed.monotonic) return
    this.#confirmed = { monotonic, now }
    this.#lease.confirm(monotonic, now)
  }

  /** Believes nothing from now on until it is confirmed anew. */
  distrust(): void {
    this.#lease.drop()
  }

  forgetKey(keyId: string): void {
    this.#changes++
    this.cache.forgetKey(keyId)
  }

  forgetAll(): void {
    this.#changes++
    this.#lease.drop()
    this.cache.clear()
    this.#absent.clear()
  }

  /** Remembers what a token is judged by; that there is nothing, for a moment. */
  remember({ kid, token }: ParsedToken, facts: Facts | undefined): void {
    const digest = sha256(token)
    if (facts) {
      this.cache.remember(
        kid,
        Uint8Array.from(digest, (letter) => letter.charCodeAt(0)),
        facts,
      )
      return
    }
    this.#absent.add(digest)
  }
}

/** Reads the server's facts; undefined if the answer is of another form. */
export function readSecret(secret: FactsAnswer['secret']): Facts | undefined {
  if (typeof secret !== 'object' || secret === null) return undefined
  const { keyId, organizationId, name, permissions, metadata, isEnded } = secret
  const texts: unknown[] = [
    keyId,
    organizationId,
    name,
    ...(Array.isArray(permissions) ? permissions : [null]),
  ]
  const instants = [secret.expiresAt, secret.revokedAt, secret.graceEndsAt].map(toMilliseconds)
  const [expiresAt, revokedAt, graceEndsAt] = instants
  if (texts.some((text) => typeof text !== 'string') || typeof isEnded !== 'boolean') return undefined
  if (expiresAt === undefined || revokedAt === undefined || graceEndsAt === undefined) return undefined
  if (typeof metadata !== 'object' || metadata === null) return undefined
  return toFacts({
    graceEndsAt,
    endedAt: isEnded ? 0 : null,
    keyId,
    organizationId,
    name,
    permissions: JSON.stringify(permissions),
    metadata: JSON.stringify(metadata),
    expiresAt,
    revokedAt,
  })
}

function toMilliseconds(instant: unknown): number | null | undefined {
  if (instant === null) return null
  const milliseconds = instant instanceof Date ? instant.getTime() : Number.NaN
  return Number.isNaN(milliseconds) ? undefined : milliseconds
}
