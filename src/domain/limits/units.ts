// Units are added to a quota by hand, for its current period: what a customer has bought.
import type { Change } from '../../commit/commit.ts'
import { requireOwnOrganization, requireRoot, scopeOf } from '../../core/access.ts'
import { LatchkeyError, refuseField } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import { type AddUnitsInput, addUnitsSchema, type LimitState } from '../../core/shapes/limits.ts'
import { joinLimits, readLimits, type StoredLimit } from '../../core/stored-limits.ts'
import { addReference, lockCounters, makeCounters, writeCounters } from '../../store/counters.ts'
import { findOrganization, getOrganizationRow } from '../../store/organizations.ts'
import { findPlan, type PlanRow } from '../../store/plans.ts'
import type { Tx } from '../../store/tables.ts'
import { advance, newCounter } from '../../verdict/counter.ts'
import { counterIdOf } from '../../verdict/owners.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { getKeyRow } from '../keys/rules.ts'
import { writeLimits } from './rules.ts'
import { toLimitState } from './states.ts'

/** More were never bought, and a double counts far more of them exactly. */
const maxAdded = 10 ** 15

/** Whose limit it is. */
interface Owner {
  scope: 'key' | 'organization'
  id: string
  organizationId: string
  limits: readonly StoredLimit[]
}

/** Adds units to a quota of a key. Throws `key_not_found`, `limit_not_found`, `invalid_input`, `reference_used`. */
export function addKeyUnits(
  engine: Engine,
  id: string,
  name: string,
  input: AddUnitsInput,
  options: CommandOptions = {},
): Promise<LimitState> {
  return addUnits(engine, name, input, options, async ({ tx, actor }) => {
    const key = await getKeyRow(tx, id, scopeOf(actor))
    const organization = await findOrganization(tx, key.organization_id)
    const limits = await joinPlan(tx, key.limits, organization?.plan, (plan) => plan.key_limits)
    return { scope: 'key', id, organizationId: key.organization_id, limits }
  })
}

/** The same to a quota of an organization. Throws `organization_not_found`, `root_organization_required` too. */
export function addOrganizationUnits(
  engine: Engine,
  id: string,
  name: string,
  input: AddUnitsInput,
  options: CommandOptions = {},
): Promise<LimitState> {
  return addUnits(engine, name, input, options, async ({ tx, actor }) => {
    requireOwnOrganization(id, actor)
    requireRoot(actor, 'add units to the limits of an organization')
    const organization = await getOrganizationRow(tx, id)
    const limits = await joinPlan(tx, organization.limits, organization.plan, (plan) => plan.limits)
    return { scope: 'organization', id, organizationId: id, limits }
  })
}

/** The limits that count: an owner's own, and what its plan adds. */
async function joinPlan(
  tx: Tx,
  own: string,
  name: string | null | undefined,
  listOf: (plan: PlanRow) => string,
): Promise<readonly StoredLimit[]> {
  const plan = name == null ? undefined : await findPlan(tx, name)
  return joinLimits(readLimits(own).limits, plan === undefined ? [] : readLimits(listOf(plan)).limits)
}

async function addUnits(
  engine: Engine,
  name: string,
  input: AddUnitsInput,
  options: CommandOptions,
  findOwner: (change: Change) => Promise<Owner>,
): Promise<LimitState> {
  const { add, reference } = parseInput(addUnitsSchema, input)
  // To be added again it takes the same owner, as it is now.
  const once = { request: options.once, again: async (change: Change) => void (await findOwner(change)) }
  const requirements = { permission: writeLimits, once, signal: options.signal } as const
  return engine.commit(actorOf(options), requirements, async (change) => {
    const { tx } = change
    const owner = await findOwner(change)
    const { scope, id: ownerId, organizationId } = owner
    const limit = owner.limits.find((other) => other.name === name)
    if (limit === undefined) throw unknownLimit()
    const { allowance, epoch } = limit
    if (allowance.kind === 'rate')
      refuseField('name', 'Must be a quota: a rate gains its units by itself. Change its limit instead.')
    const id = counterIdOf(scope, ownerId, name, allowance)
    const isNew =
      reference === undefined ||
      (await addReference(tx, { counter_owner: `${scope}/${ownerId}/${name}`, reference, units: add }))
    await makeCounters(tx, engine.store.dialect, [
      { id, organizationId, counter: newCounter(allowance, epoch, 0) },
    ])
    const { counters, now } = await lockCounters(tx, engine.store.dialect, [id])
    const counter = advance(
      counters.get(id)?.counter ?? newCounter(allowance, epoch, now),
      allowance,
      epoch,
      now,
    )
    if (!isNew) return toLimitState(limit, counter, now)
    const after = { ...counter, added: counter.added + add }
    if (Math.abs(after.added) > maxAdded)
      refuseField('add', `Must leave at most ${maxAdded} units added in a period.`)
    await writeCounters(tx, engine.store.dialect, [{ id, organizationId, counter: after }])
    change.record({
      action: 'limit.units_added',
      organizationId,
      ...(scope === 'key' && { keyId: ownerId }),
      subject: id,
      changes: { name, add, ...(reference !== undefined && { reference }) },
    })
    return toLimitState(limit, after, now)
  })
}

function unknownLimit(): LatchkeyError {
  return new LatchkeyError('limit_not_found', 'There is no limit of this name here.')
}
