// What limits cost a cold verification: the read of facts with the owners of limits beside the same without, and the draw.
import { join } from 'node:path'
import { createDatabase, fillDatabase, kidOf } from '../dataset.ts'
import { hundredAMinute } from '../limits.ts'
import { type Figure, type Findings, ratiosOf, takeTurns } from '../rounds.ts'
import type { Settings } from '../settings.ts'
import { type DatabaseKind, databaseKinds } from '../stored.ts'
import { coldTurn, drawNumbers, driveReads, openBare } from './stored.ts'

const atOnce = 16

/** The read of facts as it would be if there were no limits. */
const plainQuery = (placeholder: string) =>
  `select secrets.kid, secrets.digest, secrets.grace_ends_at as "graceEndsAt", secrets.ended_at as "endedAt",
    keys.id as "keyId", keys.organization_id as "organizationId", keys.name, keys.permissions, keys.metadata,
    keys.expires_at as "expiresAt", keys.revoked_at as "revokedAt"
    from secrets join keys on keys.id = secrets.key_id where secrets.kid = ${placeholder}`

export async function measureLimitsCold(settings: Settings): Promise<Findings> {
  const figures: Figure[] = []
  for (const kind of databaseKinds) figures.push(...(await measureKind(settings, kind)))
  return {
    title: 'Cold, with limits',
    figures,
    bars: [],
    notes: [
      `Tokens that a newly opened Latchkey has never seen, ${atOnce} at once. The bare SELECTs are of the same keys by the driver alone, prepared. Facts alone: the verification does not draw, as that of a caller of the management API; with its draw, it waits for the units of a rate of 100 a minute, of which no unit was drawn before.`,
    ],
  }
}

async function measureKind(
  { folder, postgresUrl, rounds, quick }: Settings,
  kind: DatabaseKind,
): Promise<Figure[]> {
  const keys = quick ? 2_000 : 40_000
  const reads = quick ? 200 : 4_000
  const make = async (name: string, limits: typeof hundredAMinute) => {
    const database =
      kind === 'SQLite' ? `sqlite:${join(folder, `${name}.db`)}` : await createDatabase(postgresUrl, name)
    await fillDatabase(database, keys, limits)
    return database
  }
  const [plain, limited] = [await make('cold_no_limits', []), await make('cold_limits', hundredAMinute)]
  await using bare = await openBare(plain, plainQuery)
  await using joined = await openBare(plain)
  await using joinedLimited = await openBare(limited)
  const drawn = drawNumbers(keys)
  const bareTurn = (from: typeof bare) => async () =>
    (await driveReads(drawn(reads).map(kidOf), from.read, atOnce)).rate
  const cold = (database: string, purpose: 'request' | 'management') => async () =>
    (await coldTurn(database, drawn(reads), atOnce, { purpose })).rate
  const names = {
    bare: 'bare SELECT without the joins of limits',
    joined: 'bare SELECT, keys without limits',
    joinedLimited: 'bare SELECT, keys with a rate',
    cold: 'cold verify, keys without limits',
    facts: 'cold verify, keys with a rate, facts alone',
    draws: 'cold verify, keys with a rate, with its draw',
  }
  const values = await takeTurns(rounds, {
    bare: bareTurn(bare),
    joined: bareTurn(joined),
    joinedLimited: bareTurn(joinedLimited),
    cold: cold(plain, 'request'),
    facts: cold(limited, 'management'),
    draws: cold(limited, 'request'),
  })
  const besideOf = { joined: 'bare', joinedLimited: 'bare', facts: 'cold', draws: 'cold' } as const
  return (Object.keys(names) as (keyof typeof names)[]).map((name): Figure => {
    const beside = name in besideOf ? besideOf[name as keyof typeof besideOf] : undefined
    return {
      what: `${kind}: ${names[name]}`,
      unit: 'a second',
      values: values[name],
      ...(beside && { beside: { what: names[beside], ratios: ratiosOf(values[name], values[beside]) } }),
    }
  })
}
