// Prints how many bytes a remembered secret takes, `heavy` with 4 KiB of metadata that would be 80 KiB of objects; run with --expose-gc, in a process of its own.

import { FactsCache } from '../../src/verdict/cache.ts'
import { bareCircumstances } from '../../src/verdict/circumstances.ts'
import { toFacts } from '../../src/verdict/facts.ts'
import { Owners } from '../../src/verdict/owners.ts'
import { digestText } from '../../src/verification/digest.ts'
import { unbound } from './unbound.ts'
import { listenerOf } from './uses.ts'

const count = Number(process.argv[2])
const isHeavy = process.argv[3] === 'heavy'
const collect = globalThis.gc
if (!collect) throw new Error('Run it with --expose-gc.')

const inUse = () => {
  // What the first run lets go of in memory that is not the heap's is given back by the next.
  for (let i = 0; i < 3; i++) collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
const before = inUse()
const cache = new FactsCache({ secrets: count, bytes: 2 ** 40 }, digestText, listenerOf())
const owners = new Owners(count)
for (let i = 0; i < count; i++) {
  // As a database's answers come: every text is a new one. A hundred keys an organization, two permissions each.
  const text = (value: string) => Buffer.from(value).toString('latin1')
  const kid = String(i).padStart(16, '0')
  const facts = toFacts(
    {
      endedAt: null,
      graceEndsAt: null,
      keyId: text(`019a0000-0000-7000-8000-${String(i).padStart(12, '0')}`),
      organizationId: text(`organization-${Math.floor(i / 100)}`),
      name: text(`Key number ${i}`),
      permissions: text(i % 2 ? '["emails:send","domains:read"]' : '["emails:read","domains:*"]'),
      metadata: text(isHeavy ? `{"n":${i},"a":[${'{},'.repeat(1300)}{}]}` : '{}'),
      expiresAt: null,
      revokedAt: null,
      ...unbound,
      limits: null,
    },
    owners,
  )
  cache.remember(kid, new Uint8Array(32), facts)
  const cached = cache.findByKid(kid)
  if (cached) cache.noteUse(cached, Date.now(), bareCircumstances)
}
cache.reportUses()
console.log(Math.round((inUse() - before) / cache.size))
