// Holds a sealed log, as it lies in a database, to everything that is promised of it.

import { toLeafSource } from '../../src/jobs/sealing.ts'
import type { AuditRow } from '../../src/store/audit.ts'
import { leafOf, leafTexts } from '../../src/transparency/leaf.ts'
import { GrowingTree, leafHash } from '../../src/transparency/merkle.ts'
import type { DirectConnection, Row } from './direct.ts'

/** What a log was, to be held against what it becomes. */
export interface SeenLog {
  /** The roots after each leaf, by the log. */
  roots: Map<string, string[]>
  /** The actions of all events in their order. */
  actions: string[]
}

/**
 * Reads a log and throws at the first thing that is wrong with it: a gap, an event that is there twice or in the log and
 * in the queue, a leaf that is not of its event, a head or a node that is not of the leaves, an effect before its cause; and a
 * log that does not go on from the one that was seen before. `isComplete`: every event is sealed.
 */
export async function checkLog(
  direct: DirectConnection,
  isComplete: boolean,
  before?: SeenLog,
): Promise<SeenLog> {
  const log = await direct.run('select * from audit_log order by position')
  const events = new Map((await direct.run('select * from audit_events')).map((row) => [String(row.id), row]))
  const queued = new Set(
    (await direct.run('select event_id from audit_queue')).map(({ event_id }) => event_id),
  )
  const keys = new Map((await direct.run('select id, organization_id from keys')).map((row) => [row.id, row]))
  const trees = new Map<string, GrowingTree>([['', new GrowingTree()]])
  const nodes = new Map<string, string>()
  const seen: SeenLog = { roots: new Map(), actions: [] }
  const begun = new Set<unknown>()
  const append = (name: string, hash: Buffer, number: unknown) => {
    const tree = trees.get(name) ?? new GrowingTree()
    trees.set(name, tree)
    tree.append(hash, (node) => {
      if (node.level % 8 === 0)
        nodes.set(`${name} ${node.level} ${node.number}`, node.hash.toString('base64'))
    })
    if (Number(number) !== tree.size) throw new Error(`Number ${number} stands at ${tree.size} of "${name}".`)
    const roots = seen.roots.get(name) ?? []
    roots.push(tree.root.toString('base64'))
    seen.roots.set(name, roots)
  }
  for (const row of log) {
    const event = events.get(String(row.event_id))
    if (event === undefined) throw new Error('An event is sealed twice, or was never recorded.')
    if (queued.has(row.event_id)) throw new Error('An event is sealed and waits to be sealed.')
    events.delete(String(row.event_id))
    const hash = leafHash(String(row.leaf))
    append('', hash, row.position)
    append(String(row.organization_id), hash, row.sequence)
    checkLeaf(row, event, keys.get(event.actor)?.organization_id)
    if (event.action === 'key.created') begun.add(event.key_id)
    else if (String(event.action).startsWith('key.') && !begun.has(event.key_id))
      throw new Error(`${event.action} stands before what made the key.`)
    seen.actions.push(String(event.action))
  }
  const unsealed = [...events.values()].filter(({ id }) => !queued.has(id))
  if (unsealed.length > 0) throw new Error(`${unsealed.length} events are neither sealed nor queued.`)
  if (isComplete && queued.size > 0) throw new Error(`${queued.size} events are not sealed.`)
  const heads = await direct.run('select * from audit_heads order by log')
  const expected = [...trees].map(([name, { size, peaks }]) => [name, size, peaks.toString('base64')].join())
  if (
    heads
      .map(({ log, size, peaks }) => [log, size, peaks].join())
      .sort()
      .join(';') !== expected.sort().join(';')
  )
    throw new Error('The heads are not those of the leaves.')
  const stored = await direct.run('select * from audit_nodes')
  if (stored.length !== nodes.size)
    throw new Error(`There are ${stored.length} nodes, and not ${nodes.size}.`)
  for (const { log: name, level, number, hash } of stored)
    if (nodes.get(`${name} ${level} ${number}`) !== hash) throw new Error('A node is not that of the leaves.')
  for (const [name, roots] of before?.roots ?? []) {
    if (seen.roots.get(name)?.[roots.length - 1] !== roots.at(-1))
      throw new Error(`The log "${name}" does not go on from what it was.`)
  }
  return seen
}

function checkLeaf(row: Row, event: Row, actorOrganizationId: unknown): void {
  if (row.details_salt === null) {
    if (event.changes !== 'null' || event.actor !== null || event.ip !== null || row.origin_salt !== null)
      throw new Error('A leaf has lost its salt, and what it stands for is not erased.')
    return
  }
  const source = toLeafSource(
    { ...event, at: Number(event.at) } as unknown as AuditRow,
    actorOrganizationId as string | undefined,
  )
  const salts = { details: String(row.details_salt), origin: row.origin_salt as string | null }
  if (leafOf(source, leafTexts(source), salts) !== row.leaf)
    throw new Error('A leaf is not that of its event.')
}
