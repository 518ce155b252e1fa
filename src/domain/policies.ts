// Policies: what keys may be, for the whole deployment, and narrower for an organization. They are judged in `keys/judge.ts`.
import type { Change } from '../commit/commit.ts'
import { requireOwnOrganization, requireRoot, rootOrganizationId, scopeOf } from '../core/access.ts'
import type { Actor } from '../core/actor.ts'
import type { ActorOptions } from '../core/call-options.ts'
import { LatchkeyError } from '../core/errors.ts'
import { parseInput } from '../core/input.ts'
import { noRules } from '../core/policy.ts'
import {
  type Policies,
  type Policy,
  type PolicyRules,
  type SetPolicyInput,
  setPolicySchema,
} from '../core/shapes/policies.ts'
import { turnOf } from '../fairness/caller-turn.ts'
import { getOrganizationRow } from '../store/organizations.ts'
import {
  deletePolicyRow,
  findPolicy,
  lockPolicy,
  type PolicyRow,
  readRules,
  writePolicy,
} from '../store/policies.ts'
import { nextRevision } from '../store/revisions.ts'
import { checkOptions, editNames, makeChange, makeEnd } from './calls.ts'
import { actorOf, type CommandOptions, type Engine } from './engine.ts'
import { requireRevision } from './revisions.ts'

const permission = 'latchkey:organizations:write'

/** Makes the methods on policies of an open Latchkey. */
export function policyMethods(engine: Engine): Policies<ActorOptions> {
  return {
    get: async (options) => getPolicy(engine, rootOrganizationId, checkOptions(options)),
    set: (input, options) =>
      makeChange(engine, options, (checked) => setPolicy(engine, input, checked), editNames),
    getFor: async (id, options) => getPolicyFor(engine, id, checkOptions(options)),
    setFor: (id, input, options) =>
      makeChange(engine, options, (checked) => setPolicyFor(engine, id, input, checked), editNames),
    deleteFor: (id, options) =>
      makeEnd(engine, options, (checked) => deletePolicyFor(engine, id, checked), editNames),
  }
}

async function getPolicy(engine: Engine, id: string, options: CommandOptions): Promise<Policy> {
  return toPolicy(await engine.store.read((db) => findPolicy(db, id), turnOf(actorOf(options), options)))
}

async function getPolicyFor(engine: Engine, id: string, options: CommandOptions): Promise<Policy> {
  const actor = actorOf(options)
  requireOwnOrganization(id, actor)
  await engine.store.read((db) => getOrganizationRow(db, id), turnOf(actor, options))
  // The row of the root organization is the deployment's.
  return id === rootOrganizationId ? toPolicy(undefined) : getPolicy(engine, id, options)
}

async function setPolicy(engine: Engine, input: SetPolicyInput, options: CommandOptions): Promise<Policy> {
  const rules = parseInput(setPolicySchema, input)
  return toPolicy(
    await changePolicy(engine, rootOrganizationId, rules, options, async ({ actor }) =>
      requireRoot(actor, 'set the policy of the deployment'),
    ),
  )
}

async function setPolicyFor(
  engine: Engine,
  id: string,
  input: SetPolicyInput,
  options: CommandOptions,
): Promise<Policy> {
  const rules = parseInput(setPolicySchema, input)
  return toPolicy(await changePolicy(engine, id, rules, options, (change) => requireMayChange(change, id)))
}

async function deletePolicyFor(engine: Engine, id: string, options: CommandOptions): Promise<void> {
  await changePolicy(engine, id, undefined, options, (change) => requireMayChange(change, id))
}

/** Throws what refuses a caller that changes the policy of an organization, whoever has set that. */
async function requireMayChange({ tx, actor }: Change, id: string): Promise<void> {
  requireOwnOrganization(id, actor)
  await getOrganizationRow(tx, id)
  if (id === rootOrganizationId)
    throw new LatchkeyError(
      'root_organization',
      'The keys of the root organization are exempt from policies. Set the policy of the deployment instead.',
    )
}

/** Replaces the rules of a policy, or removes it: while nobody makes or changes a key that is judged by it. */
async function changePolicy(
  engine: Engine,
  id: string,
  rules: PolicyRules | undefined,
  options: CommandOptions,
  requireMay: (change: Change) => Promise<void>,
): Promise<PolicyRow | undefined> {
  const requirements = { permission, signal: options.signal } as const
  return engine.commit(actorOf(options), requirements, async (change) => {
    const { tx, now, actor, record } = change
    // Before the lock: whoever is refused keeps nobody waiting.
    await requireMay(change)
    requireSetter(actor, await findPolicy(tx, id))
    await lockPolicy(tx, engine.store.dialect, id)
    const before = await findPolicy(tx, id)
    requireSetter(actor, before)
    const from = before && readRules(before)
    const setFor = scopeOf(actor) ?? rootOrganizationId
    if (isSame(from, rules) && (before === undefined || before.set_for === setFor)) return before
    requireRevision(before ?? { revision: 0 }, options)
    const changes = describeChanges(from ?? noRules, rules ?? noRules)
    record({ action: 'policy.set', organizationId: id, changes })
    if (rules === undefined) {
      await deletePolicyRow(tx, id)
      return undefined
    }
    const row: PolicyRow = {
      id,
      rules: JSON.stringify(rules),
      set_for: setFor,
      set_at: now,
      revision: nextRevision(before ?? { revision: 0 }, now),
    }
    await writePolicy(tx, row)
    return row
  })
}

/** Throws `root_organization_required` for a customer that would lift what the operator has set for it. */
function requireSetter(actor: Actor, before: PolicyRow | undefined): void {
  if (before?.set_for === rootOrganizationId) requireRoot(actor, 'change a policy that it has set')
}

function isSame(one: PolicyRules | undefined, other: PolicyRules | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return Object.keys(describeChanges(one, other)).length === 0
}

function describeChanges(before: PolicyRules, after: PolicyRules): Record<string, unknown> {
  const names = Object.keys(noRules) as (keyof PolicyRules)[]
  return Object.fromEntries(
    names
      .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
      .map((name) => [name, { from: before[name], to: after[name] }]),
  )
}

function toPolicy(row: PolicyRow | undefined): Policy {
  return {
    ...readRules(row),
    setAt: row === undefined ? null : new Date(row.set_at),
    revision: String(row?.revision ?? 0),
  }
}
