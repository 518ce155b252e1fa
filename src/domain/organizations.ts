// Organizations: the operator's customers. Each owns its keys and sees nothing of the others.
import type { Change } from '../commit/commit.ts'
import {
  requireOwnOrganization,
  requireRoot,
  rootOrganizationId,
  scopeOf,
  unknownOrganization,
} from '../core/access.ts'
import { creatorOf } from '../core/actor.ts'
import type { ActorOptions } from '../core/call-options.ts'
import { LatchkeyError } from '../core/errors.ts'
import { newId } from '../core/ids.ts'
import { parseInput } from '../core/input.ts'
import { type SuspendInput, suspendSchema } from '../core/shapes/key-changes.ts'
import {
  type CreateOrganizationInput,
  createOrganizationSchema,
  type ListOrganizationsInput,
  listOrganizationsSchema,
  type Organization,
  type OrganizationDetails,
  type Organizations,
  type UpdateOrganizationInput,
  updateOrganizationSchema,
} from '../core/shapes/organizations.ts'
import type { Page } from '../core/shapes/page.ts'
import { noLimits } from '../core/stored-limits.ts'
import { turnOf } from '../fairness/caller-turn.ts'
import {
  changeOrganization,
  getOrganizationRow,
  insertOrganization,
  lockOrganization,
  type OrganizationRow,
  readOrganizationSlice,
  toOrganization,
} from '../store/organizations.ts'
import { findPlan, lockPlan } from '../store/plans.ts'
import { endPortalSessions } from '../store/portal-sessions.ts'
import { deleteOrganizationSessions } from '../store/sessions.ts'
import type { Db, Tx } from '../store/tables.ts'
import { releaseWebhooks } from '../store/webhooks.ts'
import { checkOptions, creationNames, editNames, listMethods, makeChange, unitsNames } from './calls.ts'
import { actorOf, type CommandOptions, type Engine } from './engine.ts'
import { describeSuspension } from './keys/suspend.ts'
import { newLimits, requireLimits } from './limits/rules.ts'
import { describeLimits, fullStates, readLimitStates, readPlanLimits } from './limits/states.ts'
import { addOrganizationUnits } from './limits/units.ts'
import { readPage } from './listing.ts'
import { requireRevision } from './revisions.ts'
import { requireFreshSignIn } from './sessions/fresh-sign-in.ts'

const permission = 'latchkey:organizations:write'

/** Makes the methods on organizations of an open Latchkey. */
export function organizationMethods(engine: Engine): Organizations<ActorOptions> {
  return {
    ...listMethods(engine, listOrganizations),
    create: async (input, options) => createOrganization(engine, input, checkOptions(options, creationNames)),
    get: async (id, options) => getOrganization(engine, id, checkOptions(options)),
    update: (id, input, options) =>
      makeChange(engine, options, (checked) => updateOrganization(engine, id, input, checked), editNames),
    suspend: (id, input, options) =>
      makeChange(engine, options, (checked) => suspendOrganization(engine, id, input, checked), editNames),
    resume: (id, options) =>
      makeChange(engine, options, (checked) => resumeOrganization(engine, id, checked), editNames),
    addUnits: (id, name, input, options) =>
      makeChange(
        engine,
        options,
        (checked) => addOrganizationUnits(engine, id, name, input, checked),
        unitsNames,
      ),
  }
}

/** Creates an organization. Throws `invalid_input`, `organization_exists`, `root_organization_required`. */
async function createOrganization(
  engine: Engine,
  input: CreateOrganizationInput,
  options: CommandOptions = {},
): Promise<Organization> {
  const { id = newId(engine), name, limits, plan } = parseInput(createOrganizationSchema, input)
  const row = { id, name, created_at: engine.now(), limits: newLimits(noLimits, limits), plan }
  const mayCreate = ({ actor }: Pick<Change, 'actor'>) => requireRoot(actor, 'create organizations')
  const once = { request: options.once, again: mayCreate }
  return engine.commit(actorOf(options), { permission, once, signal: options.signal }, async (change) => {
    const { tx, actor, record } = change
    mayCreate(change)
    if (limits.length > 0 || plan !== null) requireLimits(actor, 'set limits or a plan')
    await requirePlan(tx, plan)
    // `root` is made by the bootstrap alone, with the first key that may act on all the others.
    if (id === rootOrganizationId || !(await insertOrganization(tx, row))) {
      throw new LatchkeyError('organization_exists', `The organization ${id} already exists.`)
    }
    record({
      action: 'organization.created',
      organizationId: id,
      changes: { name, ...(limits.length > 0 && { limits }), ...(plan !== null && { plan }) },
    })
    return toOrganization(row, fullStates(row.limits, change.now))
  })
}

/** Gets an organization. Throws `organization_not_found`, for a foreign id too. */
async function getOrganization(
  engine: Engine,
  id: string,
  options: CommandOptions = {},
): Promise<OrganizationDetails> {
  const actor = actorOf(options)
  requireOwnOrganization(id, actor)
  return engine.store.read(
    async (db) => {
      const row = await getOrganizationRow(db, id)
      const plan = row.plan === null ? undefined : await findPlan(db, row.plan)
      const planLimits = await readPlanLimits(db, engine.store.dialect, 'organization', row, plan?.limits)
      return { ...(await withLimits(engine, db, row)), ...(planLimits && { planLimits }) }
    },
    turnOf(actor, options),
  )
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
      read: async (db, position, bounds) => {
        const slice = await readOrganizationSlice(db, { scope, q, after: position }, bounds)
        const states = await readLimitStates(db, engine.store.dialect, 'organization', slice.rows)
        return { ...slice, rows: slice.rows.map((row) => toOrganization(row, states.get(row.id) ?? [])) }
      },
    },
    (organization) => organization,
  )
}

/**
 * Changes what is named and leaves the rest. Throws `invalid_input`, `organization_not_found`, `plan_not_found`,
 * `missing_permission` for limits and plan.
 */
async function updateOrganization(
  engine: Engine,
  id: string,
  input: UpdateOrganizationInput,
  options: CommandOptions = {},
): Promise<Organization> {
  const {
    name,
    limits,
    plan,
    grantablePermissions: grantable,
    signIn,
  } = parseInput(updateOrganizationSchema, input)
  const requirements = { permission, signal: options.signal } as const
  return engine.commit(actorOf(options), requirements, async ({ tx, now, actor, record }) => {
    requireOwnOrganization(id, actor)
    const before = await lockOrganization(tx, id)
    if (!before) throw unknownOrganization()
    const after = {
      name: name ?? before.name,
      limits: limits == null ? before.limits : newLimits(before.limits, limits),
      plan: plan === undefined ? before.plan : plan,
      grantable_permissions:
        grantable === undefined ? before.grantable_permissions : JSON.stringify(grantable),
      sign_in: signIn ?? before.sign_in,
    }
    const isLimited = after.limits !== before.limits || after.plan !== before.plan
    if (isLimited) {
      requireRoot(actor, 'set the limits and the plan of an organization')
      requireLimits(actor, 'set limits or a plan')
    }
    if (after.grantable_permissions !== before.grantable_permissions) {
      requireRoot(actor, 'say what the members of an organization may grant')
      requireFreshSignIn(actor, now)
    }
    if (after.sign_in !== before.sign_in) {
      requireRoot(actor, 'say by what the members of an organization sign in')
      requireFreshSignIn(actor, now)
    }
    if (after.plan !== before.plan) await requirePlan(tx, after.plan)
    const changes = describeChanges(before, after)
    if (Object.keys(changes).length === 0) return withLimits(engine, tx, before)
    requireRevision(before, options)
    record({
      action: 'organization.updated',
      organizationId: id,
      ...(isLimited && { subject: id }),
      changes,
    })
    return withLimits(engine, tx, await changeOrganization(tx, before, after, now))
  })
}

/**
 * Suspends an organization, and so all of its keys, until it is resumed; again, it changes nothing. Throws `invalid_input`,
 * `organization_not_found`, `root_organization_required`, `root_organization`, `precondition_failed`.
 */
async function suspendOrganization(
  engine: Engine,
  id: string,
  input: SuspendInput = {},
  options: CommandOptions = {},
): Promise<Organization> {
  const { reason = null } = parseInput(suspendSchema, input)
  return changeSuspension(engine, id, options, async ({ tx, now, actor }, before) => {
    if (before.suspended_at !== null) return undefined
    if (id === rootOrganizationId)
      throw new LatchkeyError('root_organization', 'The root organization cannot be suspended.')
    requireRevision(before, options)
    await deleteOrganizationSessions(tx, engine.store.dialect, id)
    await endPortalSessions(tx, id, now)
    return { suspended_at: now, suspended_by: creatorOf(actor).createdBy, suspended_reason: reason }
  })
}

/**
 * Resumes an organization; one that is not suspended stays as it is. Its webhooks go on where they were. Throws
 * `organization_not_found`, `root_organization_required`, `precondition_failed`.
 */
async function resumeOrganization(
  engine: Engine,
  id: string,
  options: CommandOptions = {},
): Promise<Organization> {
  return changeSuspension(engine, id, options, async ({ tx }, before) => {
    if (before.suspended_at === null) return undefined
    requireRevision(before, options)
    await releaseWebhooks(tx, id, engine.at())
    return { suspended_at: null, suspended_by: null, suspended_reason: null }
  })
}

type Suspension = Pick<OrganizationRow, 'suspended_at' | 'suspended_by' | 'suspended_reason'>

/** Suspends or resumes an organization, while no key of it changes anything. */
async function changeSuspension(
  engine: Engine,
  id: string,
  options: CommandOptions,
  plan: (change: Change, before: OrganizationRow) => Promise<Suspension | undefined>,
): Promise<Organization> {
  const requirements = { permission, suspendedId: id, signal: options.signal } as const
  return engine.commit(actorOf(options), requirements, async (change) => {
    const { tx, now, actor, record } = change
    requireOwnOrganization(id, actor)
    requireRoot(actor, 'suspend and resume organizations')
    const before = await lockOrganization(tx, id)
    if (!before) throw unknownOrganization()
    const after = await plan(change, before)
    if (after === undefined) return withLimits(engine, tx, before)
    record({
      action: after.suspended_at === null ? 'organization.resumed' : 'organization.suspended',
      organizationId: id,
      subject: id,
      changes: describeSuspension(before, after),
    })
    return withLimits(engine, tx, await changeOrganization(tx, before, after, now))
  })
}

type Changeable = Pick<OrganizationRow, 'name' | 'limits' | 'plan' | 'grantable_permissions' | 'sign_in'>

function describeChanges(before: Changeable, after: Changeable): Record<string, unknown> {
  const changes: Record<string, unknown> = {}
  if (before.name !== after.name) changes.name = { from: before.name, to: after.name }
  if (before.plan !== after.plan) changes.plan = { from: before.plan, to: after.plan }
  if (before.sign_in !== after.sign_in) changes.signIn = { from: before.sign_in, to: after.sign_in }
  const [from, to] = [before, after].map(({ grantable_permissions: list }) => JSON.parse(list))
  if (before.grantable_permissions !== after.grantable_permissions)
    changes.grantablePermissions = { from, to }
  if (before.limits !== after.limits)
    changes.limits = { from: describeLimits(before.limits), to: describeLimits(after.limits) }
  return changes
}

/** Throws `plan_not_found` for a plan that is not there. Its lock keeps it there until the organization is on it. */
async function requirePlan(tx: Tx, plan: string | null): Promise<void> {
  if (plan !== null && !(await lockPlan(tx, plan)))
    throw new LatchkeyError('plan_not_found', 'No plan has this name.')
}

async function withLimits(engine: Engine, db: Db, row: OrganizationRow): Promise<Organization> {
  const states = await readLimitStates(db, engine.store.dialect, 'organization', [row])
  return toOrganization(row, states.get(row.id) ?? [])
}
