// `createKey`: the only answer that ever holds the token.
import { holdsDatabase } from '../../core/actor.ts'
import { refuseField } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import { type CreateKeyInput, createKeySchema } from '../../core/shapes/key-changes.ts'
import type { CreatedKey } from '../../core/shapes/keys.ts'
import { generateToken } from '../../core/token.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { requireTerm } from './rules.ts'

/**
 * Creates a key and its first secret; the answer is the only one that ever holds the token. The operator must name the
 * organization. Throws `invalid_input`, `organization_not_found`, `permission_escalation`, `missing_permission` for
 * metadata that the caller may not set, `root_organization_required`, `too_many_changes`, `store_unavailable`.
 */
export async function createKey(
  engine: Engine,
  input: CreateKeyInput,
  options: CommandOptions = {},
): Promise<CreatedKey> {
  const { prefix: asked, ...wanted } = parseInput(createKeySchema, input)
  const actor = actorOf(options)
  requireTerm(wanted, engine.now())
  const organizationId = wanted.organizationId ?? (holdsDatabase(actor) ? undefined : actor.organizationId)
  if (organizationId === undefined)
    refuseField('organizationId', 'Name the organization that will own the key.')
  const prefixes = await engine.prefixes.read()
  const prefix = asked ?? prefixes[0]
  if (!prefixes.includes(prefix)) refuseField('prefix', `Must be one of ${prefixes.join(', ')}.`)
  const token = generateToken(prefix, engine.random)
  const created = await engine.creations.commit(actor, { ...wanted, organizationId, token }, options)
  // Somebody may have tried the kid a moment before it was.
  engine.memory.forgetAbsent(token.kid)
  return created
}
