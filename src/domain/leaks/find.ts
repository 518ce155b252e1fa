// Tells what tokens are that were found, to whoever has their digests. Whatever is asked for, the same is read.
import { scopeOf } from '../../core/access.ts'
import { parseInput } from '../../core/input.ts'
import {
  type FindLeaksInput,
  type FoundLeak,
  type FoundLeaks,
  findLeaksSchema,
  type LeakStatus,
} from '../../core/shapes/leaks.ts'
import { hasPassed, isRotated } from '../../core/status.ts'
import { tokenHint } from '../../core/token.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { findSecretsOfKids } from '../../store/secrets.ts'
import { type Terms, toFacts } from '../../verdict/facts.ts'
import { Owners } from '../../verdict/owners.ts'
import { sameDigest } from '../../verification/digest.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'

/** Finds tokens by kid and SHA-256, in the order of the question. Throws `invalid_input`, `too_many_reads`. */
export async function findLeaks(
  { store, now }: Pick<Engine, 'store' | 'now'>,
  input: FindLeaksInput,
  options: CommandOptions,
): Promise<FoundLeaks> {
  const { tokens } = parseInput(findLeaksSchema, input)
  const actor = actorOf(options)
  const scope = scopeOf(actor)
  const kids = [...new Set(tokens.map(({ kid }) => kid))]
  const rows = await store.read((db) => findSecretsOfKids(db, store.dialect, kids), turnOf(actor, options))
  const known = await store.findManyFacts(kids)
  const prefixes = new Map(rows.map(({ kid, prefix }) => [kid, prefix]))
  const byKid = new Map(known.map((stored) => [stored.kid, stored]))
  const owners = new Owners(known.length)
  const at = now()
  return {
    tokens: tokens.map(({ kid, sha256 }): FoundLeak => {
      const stored = byKid.get(kid)
      const prefix = prefixes.get(kid)
      const isShown = stored !== undefined && sameDigest(stored.digest, Buffer.from(sha256, 'hex'))
      // A decoy is like no token at all, to its owner too: whoever asks may be the thief.
      const isKnown = isShown && stored.decoyTries === null && prefix !== undefined
      if (!isKnown || (scope !== undefined && scope !== stored.organizationId)) return unknown(kid)
      const { keyId, name, organizationId } = stored
      const status = statusAt(toFacts(stored, owners).terms, at)
      return { kid, status, keyId, name, organizationId, hint: tokenHint(prefix, kid) }
    }),
  }
}

function unknown(kid: string): FoundLeak {
  return { kid, status: 'unknown', keyId: null, name: null, organizationId: null, hint: null }
}

/** By what its whole line is: who is suspended today may be resumed tomorrow. */
function statusAt({ revokedAt, expiresAt, isEnded, graceEndsAt }: Terms, now: number): LeakStatus {
  if (revokedAt !== null || hasPassed(expiresAt, now) || isRotated(isEnded, graceEndsAt, now)) return 'ended'
  return graceEndsAt === null ? 'live' : 'in_grace'
}
