// What of an event is a leaf of the log: a line of JSON that never changes, with commitments to what may have to be erased.
//
// A commitment is the SHA-256 of a salt, 22 characters of base64url, and of a text of JSON behind it. Who has both sees that
// they belong to the leaf. Without the salt nobody can guess the text from the hash, so erasing both leaves the log as it was.
import { hash } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'
import { leafHash } from './merkle.ts'

/** The form of the leaves of today. Leaves of an older form stay as they are. */
const leafVersion = 1

/** What a leaf is made of. Once released, the form of a version never changes. */
export interface LeafSource {
  id: string
  /** Milliseconds since 1970. */
  at: number
  action: string
  actor: string | null
  actorType: string
  /** Whether the actor is of another organization: then who it was stands apart, for that one alone. */
  isForeign: boolean
  organizationId: string
  keyId: string | null
  /** JSON. */
  changes: string
  requestId: string | null
  ip: string | null
  /** The portal session by which a user acted; null for every other actor. */
  via: string | null
}

/** The texts to which a leaf commits, as they are hashed: JSON. */
export interface LeafTexts {
  /** What was changed, and by whom, if that is no stranger to the organization. */
  details: string
  /** Who of another organization did it, and from where; null if nobody. */
  origin: string | null
}

/** The salts of both, 22 characters of base64url each. */
export interface LeafSalts {
  details: string
  origin: string | null
}

/** Writes the texts of an event: the same again from the same event, as long as nothing of it was erased. */
export function leafTexts(source: LeafSource): LeafTexts {
  try {
    return textsOf(source, JSON.parse(source.changes))
  } catch {
    // What an old row has with half of a surrogate pair has no canonical form, nor has what is no JSON: its bytes stand for it.
    return textsOf(source, { raw: Buffer.from(source.changes).toString('base64url') })
  }
}

function textsOf(
  { actor, actorType, isForeign, ip, requestId, via }: LeafSource,
  changes: unknown,
): LeafTexts {
  const who = { actor, ip, request_id: requestId, ...(via !== null && { via }) }
  if (!isForeign) return { details: canonicalJson({ changes, ...who }), origin: null }
  const details = canonicalJson({ changes: withoutActor(changes, actor) })
  return { details, origin: canonicalJson({ ...who, actor_type: actorType }) }
}

/** What was changed, without who did it: a key is created by whoever makes it, unless that is somebody else. */
export function withoutActor<Changes>(changes: Changes, actor: string | null): Changes {
  if (typeof changes !== 'object' || changes === null) return changes
  const { created_by: createdBy, ...others } = changes as Changes & { created_by?: unknown }
  return createdBy === actor ? (others as Changes) : changes
}

/** Makes a leaf of an event, its texts and their salts. */
export function leafOf(source: LeafSource, texts: LeafTexts, salts: LeafSalts): string {
  return writeLeaf(source, {
    details: commitmentTo(salts.details, texts.details),
    origin: texts.origin === null ? null : commitmentTo(salts.origin ?? '', texts.origin),
  })
}

/** Makes a leaf of an event with the commitments of another leaf: the same text, if that is the leaf of this event. */
export function leafLike(leaf: string, source: LeafSource): string {
  try {
    return writeLeaf(source, JSON.parse(leaf))
  } catch {
    return '{}'
  }
}

function writeLeaf(
  source: LeafSource,
  { details, origin }: { details: string; origin: string | null },
): string {
  return canonicalJson({
    v: leafVersion,
    id: source.id,
    at: new Date(source.at).toISOString(),
    action: source.action,
    actor_type: source.isForeign ? 'operator' : source.actorType,
    organization_id: source.organizationId,
    key_id: source.keyId,
    details,
    origin,
  })
}

/** What is kept of a leaf that is cut: its hash. A leaf itself begins with a brace. */
export function cutLeaf(leaf: string): string {
  return cutHash(leaf) === undefined ? `=${leafHash(leaf).toString('base64')}` : leaf
}

/** The hash that is left of a leaf that was cut; undefined for a whole one. */
export function cutHash(kept: string): Buffer | undefined {
  return kept.startsWith('=') ? Buffer.from(kept.slice(1), 'base64') : undefined
}

/** The commitment to a text, in base64. */
export function commitmentTo(salt: string, text: string): string {
  return hash('sha256', salt + text, 'base64')
}
