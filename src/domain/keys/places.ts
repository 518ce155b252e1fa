// From where a key is called: what calls told of their place, and how that is forgotten.
import { scopeOf } from '../../core/access.ts'
import { clientOf } from '../../core/clients.ts'
import { dayMs } from '../../core/periods.ts'
import { type KeyPlaces, maxCallers } from '../../core/shapes/places.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { forgetLastPlace } from '../../store/last-use.ts'
import { type CallerFigure, hasUnplaced, readCallers } from '../../store/profile-figures.ts'
import { forgetPlacesOfKey } from '../../store/profiles-kept.ts'
import { findUsageNumber, readUsageState } from '../../store/usage-figures.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { daysBefore, startOfDay } from './recent-days.ts'
import { getKeyRow, requireKey, writeKeys } from './rules.ts'

/** Places are looked for in as many days as profiles are kept for. */
const days = 90
/** So many places are looked at, the last seen ones. */
const maxPlaces = 10_000

/** Reads from where a key is called. Throws `key_not_found`, `store_unavailable`. */
export async function readPlaces(
  engine: Engine,
  id: string,
  options: CommandOptions = {},
): Promise<KeyPlaces> {
  const actor = actorOf(options)
  return engine.store.read(
    async (db) => {
      const key = await getKeyRow(db, id, scopeOf(actor))
      const number = await findUsageNumber(db, 'key', key.id)
      if (number === undefined) return { callers: [], complete: true }
      const range = daysBefore((await readUsageState(db, engine.at())).now, days)
      const figures = await readCallers(db, number, range, maxPlaces)
      const { callers, isCut } = describeCallers(figures)
      const isWhole = !isCut && figures.length < maxPlaces && !(await hasUnplaced(db, number, range))
      return { callers, complete: isWhole }
    },
    turnOf(actor, options),
  )
}

/** Joins places of one kind of client, and leaves out what is too much. */
function describeCallers(figures: readonly CallerFigure[]): {
  callers: KeyPlaces['callers']
  isCut: boolean
} {
  const callers = new Map<string, KeyPlaces['callers'][number]>()
  const ofSecret = new Map<string, number>()
  let isCut = false
  for (const { kid, ip, userAgent, firstDay, last, calls } of figures) {
    const client = clientOf(userAgent)
    const name = JSON.stringify([kid, ip, client])
    const firstSeenOn = startOfDay(firstDay).toISOString().slice(0, 10)
    const known = callers.get(name)
    if (known !== undefined) {
      known.calls += calls
      if (firstSeenOn < known.firstSeenOn) known.firstSeenOn = firstSeenOn
      continue
    }
    const count = ofSecret.get(kid) ?? 0
    if (count >= maxCallers) {
      isCut = true
      continue
    }
    ofSecret.set(kid, count + 1)
    callers.set(name, { kid, ip, client, firstSeenOn, lastSeenAt: new Date(last), calls })
  }
  return { callers: [...callers.values()], isCut }
}

/** Forgets from where a key was called. Throws `key_not_found`, `permission_escalation`. */
export async function forgetPlaces(engine: Engine, id: string, options: CommandOptions = {}): Promise<void> {
  const requirements = { permission: writeKeys, keyId: id, signal: options.signal } as const
  const actor = actorOf(options)
  // What waits to be written here is forgotten too.
  await engine.flushUsage()
  await engine.commit(actor, requirements, async (change) => {
    const key = await requireKey(change, id)
    // One day more: clocks of machines disagree.
    await forgetPlacesOfKey(change.tx, id, daysBefore(change.now + dayMs, days + 2))
    await forgetLastPlace(change.tx, id)
    change.record({
      action: 'key.places_forgotten',
      organizationId: key.organization_id,
      keyId: id,
      changes: {},
    })
  })
}
