// The mark on a key whose leak was reported, as it lies in its row.
import type { Selectable } from 'kysely'
import type { Exposure } from '../core/shapes/leaks.ts'
import { fromWireAnswer, toWire, type Wire } from '../core/wire.ts'
import type { KeysTable } from './key-tables.ts'

/** What a change writes of a key that was exposed. */
export function writeExposure(exposure: Exposure): Pick<Selectable<KeysTable>, 'exposed_at' | 'exposure'> {
  return { exposed_at: exposure.at.getTime(), exposure: JSON.stringify(toWire(exposure)) }
}

/** Reads the mark of a row; null without one. */
export function readExposure(text: string | null | undefined): Exposure | null {
  return text == null ? null : fromWireAnswer<Exposure>(JSON.parse(text) as Wire<Exposure>)
}
