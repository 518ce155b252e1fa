// Plans: named sets of permissions and limits. A change of one reaches all of its organizations under the usual bound.
import type { Change } from '../commit/commit.ts'
import { requireRoot, rootOrganizationId } from '../core/access.ts'
import type { ActorOptions } from '../core/call-options.ts'
import { LatchkeyError } from '../core/errors.ts'
import { parseInput } from '../core/input.ts'
import type { Page } from '../core/shapes/page.ts'
import {
  type CreatePlanInput,
  createPlanSchema,
  type ListPlansInput,
  listPlansSchema,
  type Plan,
  type PlanDetails,
  type Plans,
  type UpdatePlanInput,
  updatePlanSchema,
} from '../core/shapes/plans.ts'
import { noLimits } from '../core/stored-limits.ts'
import { turnOf } from '../fairness/caller-turn.ts'
import {
  changePlan,
  countOrganizationsOn,
  deletePlanRow,
  findPlan,
  insertPlan,
  lockPlan,
  type PlanRow,
  readPlanSlice,
} from '../store/plans.ts'
import { checkOptions, creationNames, editNames, listMethods, makeChange, makeEnd } from './calls.ts'
import { actorOf, type CommandOptions, type Engine } from './engine.ts'
import { newLimits, writeLimits } from './limits/rules.ts'
import { describeLimits } from './limits/states.ts'
import { readPage } from './listing.ts'
import { requireRevision } from './revisions.ts'

const what = 'read or change plans'

/** Makes the methods on plans of an open Latchkey. */
export function planMethods(engine: Engine): Plans<ActorOptions> {
  return {
    ...listMethods(engine, listPlans),
    create: async (input, options) => createPlan(engine, input, checkOptions(options, creationNames)),
    get: async (name, options) => getPlan(engine, name, checkOptions(options)),
    update: (name, input, options) =>
      makeChange(engine, options, (checked) => updatePlan(engine, name, input, checked), editNames),
    delete: (name, options) =>
      makeEnd(engine, options, (checked) => deletePlan(engine, name, checked), editNames),
  }
}

async function createPlan(engine: Engine, input: CreatePlanInput, options: CommandOptions): Promise<Plan> {
  const { name, permissions, limits, keyLimits } = parseInput(createPlanSchema, input)
  const now = engine.now()
  const row: PlanRow = {
    id: name,
    permissions: permissions === null ? null : JSON.stringify(permissions),
    limits: newLimits(noLimits, limits),
    key_limits: newLimits(noLimits, keyLimits),
    created_at: now,
    revision: now,
  }
  const mayCreate = ({ actor }: Pick<Change, 'actor'>) => requireRoot(actor, what)
  const once = { request: options.once, again: mayCreate }
  const requirements = { permission: writeLimits, once, signal: options.signal } as const
  return engine.commit(actorOf(options), requirements, async (change) => {
    const { tx, record } = change
    mayCreate(change)
    if (!(await insertPlan(tx, row)))
      throw new LatchkeyError('plan_exists', `The plan ${name} already exists.`)
    record({
      action: 'plan.created',
      organizationId: rootOrganizationId,
      changes: {
        name,
        permissions,
        limits: describeLimits(row.limits),
        keyLimits: describeLimits(row.key_limits),
      },
    })
    return toPlan(row)
  })
}

async function getPlan(engine: Engine, name: string, options: CommandOptions): Promise<PlanDetails> {
  const actor = actorOf(options)
  requireRoot(actor, what)
  return engine.store.read(
    async (db) => {
      const row = await findPlan(db, planName(name))
      if (!row) throw unknownPlan()
      return { ...toPlan(row), organizations: await countOrganizationsOn(db, row.id) }
    },
    turnOf(actor, options),
  )
}

async function listPlans(
  engine: Engine,
  input: ListPlansInput = {},
  options: CommandOptions = {},
): Promise<Page<Plan>> {
  const { limit, after } = parseInput(listPlansSchema, input)
  const actor = actorOf(options)
  requireRoot(actor, what)
  return readPage(
    engine,
    { name: 'plans', type: 'string', limit, after, turn: turnOf(actor, options), read: readPlanSlice },
    toPlan,
  )
}

async function updatePlan(
  engine: Engine,
  name: string,
  input: UpdatePlanInput,
  options: CommandOptions,
): Promise<Plan> {
  const { permissions, limits, keyLimits } = parseInput(updatePlanSchema, input)
  const requirements = { permission: writeLimits, signal: options.signal } as const
  const row = await engine.commit(actorOf(options), requirements, async ({ tx, now, actor, record }) => {
    requireRoot(actor, what)
    const before = await lockPlan(tx, planName(name))
    if (!before) throw unknownPlan()
    const given = permissions === null ? null : JSON.stringify(permissions)
    const after = {
      permissions: permissions === undefined ? before.permissions : given,
      limits: limits == null ? before.limits : newLimits(before.limits, limits),
      key_limits: keyLimits == null ? before.key_limits : newLimits(before.key_limits, keyLimits),
    }
    const changes = describeChanges(before, after)
    if (Object.keys(changes).length === 0) return before
    requireRevision(before, options)
    const organizationId = rootOrganizationId
    record({
      action: 'plan.updated',
      organizationId,
      subject: before.id,
      changes: { name: before.id, ...changes },
    })
    return changePlan(tx, before, after, now)
  })
  return toPlan(row)
}

/** Deletes a plan. An organization that is on it keeps it from that: its keys would lose their limits unasked. */
async function deletePlan(engine: Engine, name: string, options: CommandOptions): Promise<void> {
  const requirements = { permission: writeLimits, signal: options.signal } as const
  await engine.commit(actorOf(options), requirements, async ({ tx, actor, record }) => {
    requireRoot(actor, what)
    // Organizations take a plan under the same lock, so none comes between the count and the end.
    const plan = await lockPlan(tx, planName(name))
    if (!plan) throw unknownPlan()
    requireRevision(plan, options)
    const count = await countOrganizationsOn(tx, plan.id)
    if (count > 0)
      throw new LatchkeyError(
        'plan_in_use',
        `${count === 1 ? 'One organization is' : `${count} organizations are`} on the plan ${plan.id}. Give each another plan, or none, first.`,
      )
    await deletePlanRow(tx, plan.id)
    const organizationId = rootOrganizationId
    record({ action: 'plan.deleted', organizationId, subject: plan.id, changes: { name: plan.id } })
  })
}

type Changeable = Pick<PlanRow, 'permissions' | 'limits' | 'key_limits'>

function describeChanges(before: Changeable, after: Changeable): Record<string, unknown> {
  const changes: Record<string, unknown> = {}
  const read = (list: string | null) => (list === null ? null : JSON.parse(list))
  if (before.permissions !== after.permissions)
    changes.permissions = { from: read(before.permissions), to: read(after.permissions) }
  if (before.limits !== after.limits)
    changes.limits = { from: describeLimits(before.limits), to: describeLimits(after.limits) }
  if (before.key_limits !== after.key_limits)
    changes.keyLimits = { from: describeLimits(before.key_limits), to: describeLimits(after.key_limits) }
  return changes
}

function toPlan(row: PlanRow): Plan {
  return {
    name: row.id,
    permissions: row.permissions === null ? null : JSON.parse(row.permissions),
    limits: describeLimits(row.limits),
    keyLimits: describeLimits(row.key_limits),
    createdAt: new Date(row.created_at),
    revision: String(row.revision),
  }
}

/** A name of another form is unknown too, without asking a database. */
function planName(name: unknown): string {
  if (typeof name !== 'string' || !/^\w{1,32}$/.test(name)) throw unknownPlan()
  return name
}

function unknownPlan(): LatchkeyError {
  return new LatchkeyError('plan_not_found', 'No plan has this name.')
}
