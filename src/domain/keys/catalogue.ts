// The catalogue of permissions: what the operator says of each that its API knows. It completes, explains and warns, and grants
// nothing.
import { requireRoot, rootOrganizationId } from '../../core/access.ts'
import { maxCatalogue } from '../../core/bounds.ts'
import { refuseField } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import {
  type CatalogueEntry,
  type DescribePermissionsInput,
  describePermissionsSchema,
} from '../../core/shapes/catalogue.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import {
  type CatalogueRow,
  deleteFromCatalogue,
  readCatalogue,
  writeCatalogue,
} from '../../store/catalogue.ts'
import { lockOrganization } from '../../store/organizations.ts'
import { allDone } from '../../store/statements.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'

/** Lists the catalogue, by the names of the permissions. */
export async function listCatalogue(engine: Engine, options: CommandOptions): Promise<CatalogueEntry[]> {
  return (await engine.store.read(readCatalogue, turnOf(actorOf(options), options))).map(toEntry)
}

/**
 * Changes the catalogue; what is so already is no change. Answers what it is then. Throws `invalid_input`,
 * `root_organization_required`.
 */
export async function describePermissions(
  engine: Engine,
  input: DescribePermissionsInput,
  options: CommandOptions,
): Promise<CatalogueEntry[]> {
  const { permissions = [], remove = [], replace = false } = parseInput(describePermissionsSchema, input)
  const requirements = { permission: 'latchkey:permissions:write', signal: options.signal } as const
  const entries = await engine.commit(actorOf(options), requirements, async ({ tx, actor, record }) => {
    requireRoot(actor, 'change the catalogue of permissions')
    // Two changes at once would together make it larger than it may be.
    await lockOrganization(tx, rootOrganizationId)
    const kept = new Map((await readCatalogue(tx)).map((row) => [row.id, row]))
    const wanted = permissions.map(({ name, description, group }) => ({
      id: name,
      description,
      group_name: group,
    }))
    const described = wanted.filter((row) => !isSame(kept.get(row.id), row))
    const named = new Set(wanted.map(({ id }) => id))
    const removed = replace
      ? [...kept.keys()].filter((name) => !named.has(name))
      : [...new Set(remove)].filter((name) => kept.has(name))
    for (const name of removed) kept.delete(name)
    for (const row of described) kept.set(row.id, row)
    if (kept.size > maxCatalogue)
      refuseField('permissions', `Would make the catalogue larger than ${maxCatalogue} permissions.`)
    if (described.length > 0 || removed.length > 0)
      record({
        action: 'key.permissions_described',
        organizationId: rootOrganizationId,
        changes: { permissions: described.map(toEntry), removed },
      })
    await allDone([
      ...(removed.length > 0 ? [deleteFromCatalogue(tx, removed)] : []),
      ...(described.length > 0 ? [writeCatalogue(tx, described)] : []),
    ])
    return [...kept.values()].sort((one, other) => (one.id < other.id ? -1 : 1)).map(toEntry)
  })
  engine.catalogue.forget()
  return entries
}

/**
 * Puts to a key that was made, or whose permissions were changed, which of them the catalogue does not have. Throws nothing of
 * its own: what it tells of is done.
 */
export async function warned<Answer extends { permissions: readonly string[] }>(
  engine: Engine,
  made: Promise<Answer>,
  given: { permissions?: unknown },
): Promise<Answer & { uncatalogued?: string[] }> {
  const answer = await made
  if (given.permissions == null) return answer
  const uncatalogued = await engine.catalogue.lacking(answer.permissions).catch(() => [])
  return uncatalogued.length === 0 ? answer : { ...answer, uncatalogued }
}

function isSame(kept: CatalogueRow | undefined, row: CatalogueRow): boolean {
  return kept?.description === row.description && kept.group_name === row.group_name
}

function toEntry({ id, description, group_name }: CatalogueRow): CatalogueEntry {
  return { name: id, description, group: group_name }
}
