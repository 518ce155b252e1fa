// `createKey` and `deriveKey`: the only answers that ever hold the token.
import type { ChangeLines } from '../../commit/change-lines.ts'
import type { Writer } from '../../commit/commit.ts'
import { Together } from '../../commit/together.ts'
import { requireKeyCaller, scopeOf } from '../../core/access.ts'
import { holdsDatabase } from '../../core/actor.ts'
import { derivedKeySeconds } from '../../core/bounds.ts'
import { refuseField } from '../../core/errors.ts'
import type { IdSource } from '../../core/ids.ts'
import { parseInput } from '../../core/input.ts'
import {
  type CreateKeyInput,
  createKeySchema,
  type DeriveKeyInput,
  deriveKeySchema,
} from '../../core/shapes/key-changes.ts'
import type { CreatedKey } from '../../core/shapes/keys.ts'
import { generateToken } from '../../core/token.ts'
import type { StoreDialect } from '../../store/backend.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { keyCreation, keyDerivation, type WantedKey } from './creation.ts'
import { requireTerm } from './rules.ts'

/** Opens the creation of keys, and that of the children that keys make of themselves. */
export function openCreations(
  writer: Writer,
  lines: ChangeLines,
  source: IdSource,
  dialect: StoreDialect,
): Pick<Engine, 'creations' | 'derivations'> {
  return {
    creations: new Together(writer, lines, keyCreation(source, dialect)),
    derivations: new Together(writer, lines, keyDerivation(source, dialect)),
  }
}

/**
 * Creates a key and its first secret; the answer is the only one that ever holds the token. The operator must name the
 * organization. Throws `invalid_input`, `organization_not_found`, `permission_escalation`, `missing_permission` for
 * metadata that the caller may not set, `root_organization_required`, `policy`, `too_many_changes`, `store_unavailable`; of a parent
 * `key_not_found`, `key_revoked`, `key_expired`, `line_too_long`, `too_many_children`.
 */
export async function createKey(
  engine: Engine,
  input: CreateKeyInput,
  options: CommandOptions = {},
): Promise<CreatedKey> {
  const wanted = parseInput(createKeySchema, input)
  const actor = actorOf(options)
  requireTerm(wanted, engine.now())
  if (wanted.decoy && wanted.parentId !== undefined)
    refuseField('decoy', 'Must not stand beside parent_id: a decoy is no child.')
  const organizationId = wanted.organizationId ?? (holdsDatabase(actor) ? undefined : actor.organizationId)
  if (organizationId === undefined)
    refuseField('organizationId', 'Name the organization that will own the key.')
  return makeKey(engine, engine.creations, { ...wanted, organizationId }, options)
}

/**
 * Creates a child of the calling key, which ends with the secret by which that one asks. Throws `invalid_input`,
 * `permission_escalation`, `missing_permission`, `line_too_long`, `too_many_children`, `policy`, `too_many_changes`,
 * `store_unavailable`.
 */
export async function deriveKey(
  engine: Engine,
  input: DeriveKeyInput,
  options: CommandOptions = {},
): Promise<CreatedKey> {
  const { expiresAt: asked, ...wanted } = parseInput(deriveKeySchema, input)
  const actor = requireKeyCaller(actorOf(options))
  const expiresAt = asked ?? new Date(engine.now() + derivedKeySeconds * 1000)
  requireTerm({ ...wanted, expiresAt }, engine.now())
  const { organizationId, keyId: parentId } = actor
  const child = { ...wanted, expiresAt, organizationId, parentId, endsWithCaller: asked === undefined }
  return makeKey(engine, engine.derivations, child, options)
}

async function makeKey(
  engine: Engine,
  together: Engine['creations'],
  { prefix: asked, ...wanted }: Omit<WantedKey, 'token' | 'isInReach'> & { prefix?: string | undefined },
  options: CommandOptions,
): Promise<CreatedKey> {
  const prefixes = await engine.prefixes.read()
  const prefix = asked ?? prefixes[0]
  if (!prefixes.includes(prefix)) refuseField('prefix', `Must be one of ${prefixes.join(', ')}.`)
  const token = generateToken(prefix, engine.random)
  const actor = actorOf(options)
  const scope = scopeOf(actor)
  const isInReach = scope === undefined || scope === wanted.organizationId
  const created = await together.commit(actor, { ...wanted, token, isInReach }, options)
  // Somebody may have tried the kid a moment before it was.
  engine.memory.forgetAbsent(token.kid)
  return created
}
