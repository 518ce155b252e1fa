// What the tokens of new keys may begin with: kept in the database, so that all processes on it agree.
import { requireRoot, rootOrganizationId } from '../../core/access.ts'
import { operator } from '../../core/actor.ts'
import { parseInput } from '../../core/input.ts'
import { type Prefixes, type SetPrefixesInput, setPrefixesSchema } from '../../core/shapes/prefixes.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { readPrefixes, writePrefixes } from '../../store/prefixes.ts'
import type { Tx } from '../../store/tables.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { prefixesOf } from './known-prefixes.ts'

/**
 * Puts the prefixes of a setting before those that the database has, if they are not there already: another process may have
 * a setting of its own, and keys of each are made.
 */
export async function addPrefixes(engine: Engine, given: readonly string[]): Promise<void> {
  const joined = (kept: readonly string[]) => [...new Set([...given, ...kept])]
  const isKept = (kept: readonly string[]) => joined(kept).join() === kept.join()
  if (isKept(await engine.store.read(readPrefixes))) return
  await engine.commit(operator, { permission: 'any key' }, async ({ tx, record }) => {
    const kept = await readPrefixes(tx)
    if (!isKept(kept)) record(await setKept(tx, kept, joined(kept)))
  })
  engine.prefixes.forget()
}

/** Tells which prefixes new keys may have, the default first. */
export async function listPrefixes(engine: Engine, options: CommandOptions): Promise<Prefixes> {
  const prefixes = await engine.store.read(readPrefixes, turnOf(actorOf(options), options))
  return { prefixes: [...prefixesOf(prefixes)] }
}

/** Replaces the prefixes that new keys may have. Throws `invalid_input`, `root_organization_required`. */
export async function setPrefixes(
  engine: Engine,
  input: SetPrefixesInput,
  options: CommandOptions,
): Promise<Prefixes> {
  const { prefixes } = parseInput(setPrefixesSchema, input)
  const requirements = { permission: 'latchkey:organizations:write', signal: options.signal } as const
  await engine.commit(actorOf(options), requirements, async ({ tx, actor, record }) => {
    requireRoot(actor, 'set the prefixes of keys')
    const kept = await readPrefixes(tx)
    if (kept.join() !== prefixes.join()) record(await setKept(tx, kept, prefixes))
  })
  engine.prefixes.forget()
  return { prefixes }
}

async function setKept(tx: Tx, kept: readonly string[], prefixes: readonly string[]) {
  await writePrefixes(tx, prefixes)
  const changes = { prefixes: { from: prefixesOf(kept), to: prefixes } }
  return { action: 'key.prefixes_set', organizationId: rootOrganizationId, changes } as const
}
