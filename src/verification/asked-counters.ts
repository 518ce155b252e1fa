// What a verifier elsewhere asks of counters: whose limits they are, and what its calls that wait need of them.
import { LatchkeyError } from '../core/errors.ts'
import type { AskedCounter } from '../core/shapes/grants.ts'
import type { Claim } from '../verdict/claims.ts'
import type { CountedLimit } from '../verdict/holding.ts'
import type { Owner } from './limit-owners.ts'

/** So many calls of a counter that wait elsewhere are served one by one, and of all in a message; the others as one. */
const maxPieces = { ofCounter: 256, ofMessage: 2_048 }

/** The limit that is asked for. To a caller of one organization, another's limits do not exist. */
export function findLimit(
  owners: ReadonlyMap<string, Owner>,
  asked: AskedCounter,
  organizationId: string | undefined,
): CountedLimit | undefined {
  const scope = asked.scope === 'organization' ? 'organization' : 'key'
  const owner = owners.get(`${scope}/${ownerOf(asked)}`)
  if (organizationId !== undefined && owner?.organizationId !== organizationId) return undefined
  return owner?.limits.find(
    ({ limit: { name, allowance } }) =>
      name === asked.name && (asked.kind === undefined || asked.kind === allowance.kind),
  )?.limit
}

export function ownerOf({ scope, keyId, organizationId }: AskedCounter): string {
  return (scope === 'organization' ? organizationId : keyId) as string
}

/** By what a verifier's units of a counter are known. */
export function nameOf(asked: AskedCounter): string {
  const scope = asked.scope === 'organization' ? 'organization' : 'key'
  return `${scope}/${ownerOf(asked)}/${asked.name}/${asked.kind ?? ''}`
}

/** The names by which a verifier's units of a counter may be known. */
export function namesOf(counterId: string): string[] {
  const owner = counterId.slice(0, counterId.lastIndexOf('/') + 1)
  return ['rate', 'quota', ''].map((kind) => owner + kind)
}

/** What calls need in pieces that are taken each for itself: as far as there are units, some of them are served. */
function piecesOf({ need, least }: AskedCounter, most: number): number[] {
  if (need === 0) return [0]
  const size = least === 0 || least > need ? need : least
  const pieces: number[] = []
  let rest = need
  while (rest > 0) {
    const piece = pieces.length < most - 1 && rest >= size ? size : rest
    pieces.push(piece)
    rest -= piece
  }
  return pieces
}

/**
 * Which counters of a message stand there for the first time. A limit whose kind changed a moment ago may stand there twice; the
 * calls that wait come first.
 */
export function firstOfName(counters: readonly AskedCounter[]): boolean[] {
  const names = new Set<string>()
  return counters.map((asked) => names.size < names.add(nameOf(asked)).size)
}

/** What the calls that wait elsewhere claim of each counter, in pieces. */
export function claimsOfCalls(
  counters: readonly AskedCounter[],
  limits: readonly (CountedLimit | undefined)[],
): Claim[][] {
  const most = Math.max(2, Math.min(maxPieces.ofCounter, Math.floor(maxPieces.ofMessage / counters.length)))
  return counters.map((asked, i) => {
    const limit = limits[i]
    return limit === undefined ? [] : piecesOf(asked, most).map((cost) => ({ limit, cost }))
  })
}

export type Settled = PromiseSettledResult<number | undefined>

/** What calls that wait elsewhere were given of a counter; `messages` is `Holding.messages` at that time, and -1 if not all was given at one time. */
export interface Given {
  units: number
  messages: number
}

export const noUnits: Given = { units: 0, messages: -1 }

/** What the pieces were given of which some could be taken. */
export function givenOf(pieces: readonly Claim[], taken: readonly Settled[]): Given {
  let given: Given | undefined
  for (const [i, outcome] of taken.entries()) {
    if (outcome.status === 'rejected' || outcome.value === undefined) continue
    const messages = given === undefined || given.messages === outcome.value ? outcome.value : -1
    given = { units: (given?.units ?? 0) + (pieces[i]?.cost ?? 0), messages }
  }
  return given ?? noUnits
}

/** Very many calls of one organization wait: the others of a message are served all the same. */
export function isCrowded(error: unknown): boolean {
  return error instanceof LatchkeyError && error.code === 'too_many_requests'
}
