// Reads one page of a list slice by slice, and no longer than a page may take: a search that finds little gives what
// it has found so far, and the way to go on.

import { maxCounted } from '../core/bounds.ts'
import type { Page, Total } from '../core/shapes/page.ts'
import type { Turn } from '../fairness/fair-line.ts'
import { fromCursor, type Position, type Slice, type SliceBounds, toCursor } from '../store/cursors.ts'
import type { Db } from '../store/tables.ts'
import type { Engine } from './engine.ts'

/** What one page may cost. A page that is full of it is short, and has a next one. */
const maxPageBytes = 1024 * 1024
const maxLooked = 50_000
const maxPageMs = 1_000
/** The same for a search, which may look through much for each item that it finds. */
const maxSearchMs = 100

/** What one statement may cost: a read that waits for its turn, or a verification meanwhile, waits for one of these. */
const maxSliceRows = 100
const maxSliceBytes = 128 * 1024
const firstWindow = 400
const maxWindow = 4_000

/** A list as a page of it is read. */
export interface Listing<Row> {
  /** What its cursors are made for. */
  name: string
  /** Of what type the values are that it is sorted by. */
  type: 'string' | 'number'
  limit: number
  after: string | undefined
  turn: Turn
  /** Whether it looks through much for each item that it finds. */
  isSearch?: boolean
  read(db: Db, after: Position | undefined, bounds: SliceBounds): Promise<Slice<Row>>
}

/** Reads a page. Throws `invalid_input` for a cursor of another list, `too_many_reads`, `store_unavailable`. */
export async function readPage<Row, Item>(
  { store, memory }: Pick<Engine, 'store' | 'memory'>,
  listing: Listing<Row>,
  toItem: (row: Row) => Item,
): Promise<Page<Item>> {
  const { name, limit, turn } = listing
  const endsAt = memory.clock.monotonic() + (listing.isSearch ? maxSearchMs : maxPageMs)
  let next = fromCursor(listing.after, name, listing.type)
  const items: Item[] = []
  let bytes = 0
  let looked = 0
  let window = firstWindow
  do {
    const bounds = {
      limit: Math.min(limit - items.length, maxSliceRows),
      window,
      maxBytes: Math.min(maxPageBytes - bytes, maxSliceBytes),
    }
    const slice = await store.read((db) => listing.read(db, next, bounds), turn)
    turn.signal?.throwIfAborted()
    items.push(...(await memory.slices.map(turn.keyId, slice.rows, (row) => toItem(row))))
    next = slice.next
    bytes += slice.bytes
    looked += slice.looked
    // Little was found: look further at once.
    window = Math.min(window * 2, maxWindow)
  } while (
    next !== undefined &&
    items.length < limit &&
    bytes < maxPageBytes &&
    looked < maxLooked &&
    memory.clock.monotonic() < endsAt
  )
  return { items, next: next && toCursor(name, next) }
}

/**
 * Counts the items of a list, window by window: up to {@link maxCounted}, and no longer than a search may take. `countSlice`
 * counts those of one window, and tells where it ends.
 */
export async function countItems(
  { store, memory }: Pick<Engine, 'store' | 'memory'>,
  turn: Turn,
  countSlice: (
    db: Db,
    after: Position | undefined,
    window: number,
  ) => Promise<{ count: number; next: Position | undefined }>,
): Promise<Total> {
  const endsAt = memory.clock.monotonic() + maxSearchMs
  let count = 0
  let next: Position | undefined
  for (let looked = 0; looked < maxLooked; looked += maxWindow) {
    const after = next
    const slice = await store.read((db) => countSlice(db, after, maxWindow), turn)
    turn.signal?.throwIfAborted()
    count += slice.count
    next = slice.next
    if (next === undefined || count > maxCounted || memory.clock.monotonic() >= endsAt) break
  }
  return { count: Math.min(count, maxCounted), isMore: next !== undefined || count > maxCounted }
}
