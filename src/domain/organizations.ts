// Organizations: the operator's customers. Each owns its keys and sees nothing of the others.
import { narrowScope, requireRoot, rootOrganizationId, scopeOf, unknownOrganization } from '../core/access.ts'
import type { Actor } from '../core/actor.ts'
import type { ActorOptions } from '../core/call-options.ts'
import { LatchkeyError } from '../core/errors.ts'
import { organizationIdSchema } from '../core/fields.ts'
import { newId } from '../core/ids.ts'
import { parseInput } from '../core/input.ts'
import {
  type CreateOrganizationInput,
  createOrganizationSchema,
  type ListOrganizationsInput,
  listOrganizationsSchema,
  type Organization,
  type Organizations,
  type UpdateOrganizationInput,
  updateOrganizationSchema,
} from '../core/shapes/organizations.ts'
import type { Page } from '../core/shapes/page.ts'
import { turnOf } from '../fairness/caller-turn.ts'
import {
  findOrganization,
  insertOrganization,
  lockOrganization,
  readOrganizationSlice,
  renameOrganization,
  toOrganization,
} from '../store/organizations.ts'
import { checkOptions, listMethods } from './calls.ts'
import { actorOf, type CommandOptions, type Engine } from './engine.ts'
import { readPage } from './listing.ts'

const permission = 'latchkey:organizations:write'

/** Makes the methods on organizations of an open Latchkey. */
export function organizationMethods(engine: Engine): Organizations<ActorOptions> {
  return {
    ...listMethods(engine, listOrganizations),
    create: async (input, options) => createOrganization(engine, input, checkOptions(options)),
    get: async (id, options) => getOrganization(engine, id, checkOptions(options)),
    update: async (id, input, options) => updateOrganization(engine, id, input, checkOptions(options)),
  }
}

/** Creates an organization. Throws `invalid_input`, `organization_exists`, `root_organization_required`. */
async function createOrganization(
  engine: Engine,
  input: CreateOrganizationInput,
  options: CommandOptions = {},
): Promise<Organization> {
  const { id = newId(engine), name } = parseInput(createOrganizationSchema, input)
  const row = { id, name, created_at: engine.now() }
  const requirements = { permission, signal: options.signal } as const
  await engine.commit(actorOf(options), requirements, async ({ tx, actor, record }) => {
    requireRoot(actor, 'create organizations')
    // `root` is made by the bootstrap alone, with the first key that may act on all the others.
    if (id === rootOrganizationId || !(await insertOrganization(tx, row))) {
      throw new LatchkeyError('organization_exists', `The organization ${id} already exists.`)
    }
    record({
      action: 'organization.created',
      organizationId: id,
      changes: { name },
    })
  })
  return toOrganization(row)
}

/** Gets an organization. Throws `organization_not_found`, for a foreign id too. */
async function getOrganization(
  engine: Engine,
  id: string,
  options: CommandOptions = {},
): Promise<Organization> {
  const actor = actorOf(options)
  requireOwn(id, actor)
  const row = await engine.store.read((db) => findOrganization(db, id), turnOf(actor, options))
  if (!row) throw unknownOrganization()
  return toOrganization(row)
}

/** Lists organizations, newest first; outside the root organization a caller sees its own alone. */
async function listOrganizations(
  engine: Engine,
  input: ListOrganizationsInput = {},
  options: CommandOptions = {},
): Promise<Page<Organization>> {
  const { q, limit, after } = parseInput(listOrganizationsSchema, input)
  const actor = actorOf(options)
  const scope = scopeOf(actor)
  // A process of an older version beside this one writes names that no search would find.
  if (q !== undefined) await engine.foldNames()
  return readPage(
    engine,
    {
      name: 'organizations',
      type: 'number',
      limit,
      after,
      turn: turnOf(actor, options),
      read: (db, position, bounds) => readOrganizationSlice(db, { scope, q, after: position }, bounds),
    },
    toOrganization,
  )
}

/** Renames an organization. Throws `invalid_input`, `organization_not_found`. */
async function updateOrganization(
  engine: Engine,
  id: string,
  input: UpdateOrganizationInput,
  options: CommandOptions = {},
): Promise<Organization> {
  const { name } = parseInput(updateOrganizationSchema, input)
  const requirements = { permission, signal: options.signal } as const
  const row = await engine.commit(actorOf(options), requirements, async ({ tx, actor, record }) => {
    requireOwn(id, actor)
    const before = await lockOrganization(tx, id)
    if (!before) throw unknownOrganization()
    if (before.name === name) return before
    const changes = { name: { from: before.name, to: name } }
    record({ action: 'organization.updated', organizationId: id, changes })
    return renameOrganization(tx, id, name)
  })
  return toOrganization(row)
}

function requireOwn(id: string, actor: Actor): void {
  // An id of another form is unknown too, without asking a database.
  if (!organizationIdSchema.safeParse(id).success) throw unknownOrganization()
  narrowScope(actor, id)
}
