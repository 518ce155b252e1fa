// A Latchkey as it looks after some months of use, for pictures and for reading every page with something on it.
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { CreateKeyInput } from '../../src/core/shapes/key-changes.ts'
import type { CreatedKey } from '../../src/core/shapes/keys.ts'
import { openLatchkey } from '../../src/latchkey.ts'
import { callerBy } from '../setup/callers.ts'
import { startTestServer, type TestServer } from '../setup/server.ts'
import { addTraffic } from '../setup/traffic.ts'
import { addPeople, type People } from './stage-people.ts'
import { addWebhooks } from './stage-webhooks.ts'

/** Where people reach the stage, as its links have it. */
const publicUrl = 'https://keys.example.com'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const leakedAgo = 3 * hour

/** What the stage's pages are about. */
export interface Stage {
  server: TestServer
  /** A key of Acme that was never rotated. */
  stagingId: string
  /** A key of Acme with two secrets, a history, metadata and an end within a week. */
  keyId: string
  /** A key of Globex that was revoked since its token leaked. */
  leakedId: string
  /** A webhook of Acme whose receiver fails at the moment. */
  webhookId: string
  /** The token of a key that may send emails, and no more. */
  token: string
  /** Who may sign in, by what they are. */
  people: People
}

/** What the calls of the busiest keys are. */
const mailer = 'acme-mailer/2.4 (node)'
const kinds = [
  {
    part: 0.71,
    operation: 'POST /emails',
    ip: '198.51.100.7',
    userAgent: mailer,
    permissions: 'emails:send',
  },
  { part: 0.2, operation: 'POST /emails', ip: '198.51.100.8', userAgent: mailer, permissions: 'emails:send' },
  {
    ...{ part: 0.06, operation: 'GET /domains/*', ip: '2001:db8:4::12', userAgent: 'python-requests/2.32.3' },
    permissions: 'domains:read',
  },
  { operation: 'GET /emails/*', ip: '203.0.113.24', userAgent: 'curl/8.14.1', permissions: 'emails:read' },
]

/** Lets the last ninety days happen on an empty database, and starts a server on it. */
export async function setStage(databaseUrl: string): Promise<Stage> {
  const past = await play(databaseUrl)
  return { server: await startTestServer(databaseUrl, { publicUrl }), ...past }
}

async function play(database: string): Promise<Omit<Stage, 'server'>> {
  const present = Date.now()
  let now = present - 90 * day
  await using latchkey = await openLatchkey({ database, publicUrl, now: () => now })
  const { keys, organizations, plans } = latchkey
  const rootCaller = await callerBy(latchkey, (await latchkey.createRootKey()).key)
  const at = (ago: number) => {
    now = present - ago
  }
  const from = (ip: string) => {
    return { actor: { ...rootCaller, requestId: randomUUID(), ip } }
  }
  const create = async (ago: number, input: CreateKeyInput, usedAgo?: number) => {
    at(ago)
    const created = await keys.create(input, from('203.0.113.24'))
    if (usedAgo !== undefined) {
      at(usedAgo)
      await latchkey.verify(created.key)
    }
    return created
  }

  for (const [ago, id, name] of [
    [89, 'acme', 'Acme Robotics'],
    [74, 'globex', 'Globex Corporation'],
    [61, 'initech', 'Initech'],
    [40, 'umbrella-labs', 'Umbrella Labs'],
    [33, 'astrom', 'Åström & Sønn'],
    [12, 'soylent', 'Soylent Foods'],
    [2, 'stark', 'Stark Industries'],
  ] as const) {
    at(ago * day)
    await organizations.create({ id, name }, from('203.0.113.24'))
  }
  at(85 * day)
  await plans.create(
    {
      name: 'starter',
      permissions: ['emails:*', 'domains:*'],
      keyLimits: [{ name: 'requests', limit: 60, windowSeconds: 60 }],
    },
    from('203.0.113.24'),
  )
  await plans.create(
    {
      name: 'growth',
      keyLimits: [{ name: 'requests', limit: 600, windowSeconds: 60, burst: 100 }],
      limits: [{ name: 'credits', limit: 100_000, resets: 'monthly' }],
    },
    from('203.0.113.24'),
  )
  await organizations.update('acme', { plan: 'growth' }, from('203.0.113.24'))
  const acme = { organizationId: 'acme' }
  await create(
    88 * day,
    {
      ...acme,
      name: 'Console administrator',
      permissions: ['latchkey:keys:*', 'latchkey:audit:read', 'emails:*', 'domains:*'],
      createdBy: 'ada@latchkey.example',
    },
    3 * hour,
  )
  await create(
    80 * day,
    { ...acme, name: 'Legacy importer', permissions: ['contacts:write'], createdBy: 'ada@latchkey.example' },
    71 * day,
  )
  const revoked = await create(
    76 * day,
    {
      ...acme,
      name: 'Contractor, spring',
      permissions: ['emails:send', 'contacts:read'],
      createdBy: 'grace@latchkey.example',
    },
    30 * day,
  )
  const key = await create(
    60 * day,
    {
      ...acme,
      name: 'Production mailer',
      permissions: ['emails:send', 'emails:read', 'domains:read', 'webhooks:*'],
      expiresAt: new Date(present + 5 * day + 2 * hour),
      metadata: { environment: 'production', team: 'Growth', contact: 'mail-team@acme.example' },
      createdBy: 'ada@latchkey.example',
      limits: [{ name: 'newsletters', limit: 40, resets: 'weekly', overdraft: 5 }],
    },
    26 * hour,
  )
  const staging = await create(
    52 * day,
    {
      ...acme,
      name: 'Staging',
      permissions: ['emails:*', 'domains:*'],
      metadata: { environment: 'staging' },
    },
    4 * minute,
  )
  const nightly = await create(
    31 * day,
    { ...acme, name: 'Nightly report', permissions: ['reports:read', 'emails:send'] },
    9 * hour,
  )
  await create(
    20 * day,
    {
      ...acme,
      name: 'Load test, one week',
      permissions: ['emails:send'],
      expiresAt: new Date(present - 13 * day),
    },
    14 * day,
  )
  const billing = await create(
    9 * day,
    { ...acme, name: 'Billing sync', permissions: ['invoices:read', 'invoices:write', 'customers:read'] },
    12 * minute,
  )
  await create(3 * day, { ...acme, name: 'مفتاح المتجر', permissions: ['orders:read'] })
  const { key: token } = await create(
    26 * hour,
    { ...acme, name: 'CI 🚀', permissions: ['emails:send'] },
    38 * 1000,
  )
  const leaked = await create(24 * day, {
    ...{ organizationId: 'globex', name: 'Deploy bot', permissions: ['emails:send', 'domains:*'] },
    createdBy: 'hana@globex.example',
  })
  const others: CreatedKey[] = []
  for (const [organizationId, name] of [
    ['globex', 'Website'],
    ['globex', 'Warehouse'],
    ['initech', 'TPS reports'],
    ['stark', 'Jarvis'],
  ] as const) {
    others.push(await create(2 * day, { organizationId, name, permissions: ['emails:send'] }, 5 * hour))
  }
  at(29 * day)
  await keys.revoke(revoked.id, from('198.51.100.7'))
  at(21 * day)
  await keys.update(
    key.id,
    { permissions: ['emails:send', 'emails:read', 'domains:*'] },
    from('198.51.100.7'),
  )
  at(25 * hour)
  const rotated = await keys.rotate(key.id, { graceSeconds: 3 * 86_400 }, from('198.51.100.7'))
  at(leakedAgo + 14 * minute)
  await latchkey.verify(leaked.key, { context: { ip: '198.51.100.23' } })
  const [website, warehouse, reports, jarvis] = others as [CreatedKey, CreatedKey, CreatedKey, CreatedKey]
  await addTraffic(
    database,
    [
      { key, perHour: 4_200, refused: { rate_limited: 0.012, insufficient_permissions: 0.004 }, kinds },
      { key: staging, perHour: 310, refused: { insufficient_permissions: 0.05 }, kinds: kinds.slice(1) },
      { key: nightly, perHour: 40 },
      { key: billing, perHour: 120, refused: { quota_exceeded: 0.08 }, sinceHours: 9 * 24 },
      { key: website, perHour: 1_900, sinceHours: 48, refused: { insufficient_permissions: 0.02 } },
      { key: warehouse, perHour: 260, sinceHours: 48 },
      { key: reports, perHour: 90, sinceHours: 48 },
      { key: jarvis, perHour: 610, sinceHours: 48, refused: { rate_limited: 0.03 } },
      { key: revoked, perHour: 25, refused: { revoked: 1 }, sinceHours: 29 * 24 },
      { key: leaked, perHour: 70, kinds, sinceHours: 24 * 24, untilHours: leakedAgo / hour },
      { key: leaked, perHour: 12, refused: { revoked: 1 }, sinceHours: leakedAgo / hour },
      { perHour: 30, refused: { malformed: 0.4, not_found: 0.6 } },
    ],
    32 * 24,
    present,
  )
  at(leakedAgo)
  await latchkey.leaks.report({
    keys: [leaked.key],
    url: 'https://github.com/globex/storefront/blob/main/deploy/.env.production',
  })
  while ((await keys.get(leaked.id)).exposure === null) await setTimeout(10)
  at(6 * minute)
  await latchkey.verify(key.key)
  at(2 * minute)
  await latchkey.verify(rotated.key, { cost: { newsletters: 31, credits: 61_250, requests: 40 } })
  const webhookId = await addWebhooks(latchkey, database, present, from('203.0.113.24'))
  const people = await addPeople(latchkey, at)
  return { people, keyId: key.id, leakedId: leaked.id, stagingId: staging.id, webhookId, token }
}
