// Prints how many bytes each of a database's secrets takes once it is remembered: `node --expose-gc memory-child.ts
// <database> <keys>`.
import { setTimeout } from 'node:timers/promises'
import { openLatchkey } from '../src/index.ts'
import { tokenOf } from './dataset.ts'

const [database = '', keys] = process.argv.slice(2)
const count = Number(keys)
const collect = globalThis.gc
if (!collect) throw new Error('Run it with --expose-gc.')

/** Longer than uses wait to be written down. */
const flushMs = 11_000

const inUse = () => {
  for (let i = 0; i < 3; i++) collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

async function verifyMany(first: number, end: number, cachedSecrets: number) {
  const latchkey = await openLatchkey({ database, cachedSecrets })
  for (let i = first; i < end; i++) {
    const verdict = await latchkey.verify(tokenOf(i))
    if (!verdict.valid) throw new Error(`Key ${i} is ${verdict.code}.`)
  }
  return latchkey
}

// Once without measuring, so that what is loaded and compiled on the way is not the secrets' share.
await (await verifyMany(0, 2_000, 2_000)).close()
const before = inUse()
const latchkey = await verifyMany(0, count, count)
// Sees the uses written, and a page of the list read: neither leaves anything behind.
do await setTimeout(flushMs)
while ((await latchkey.keys.list({ sort: '-last_used_at', limit: 1 })).items[0]?.lastUsedAt === null)
await setTimeout(flushMs / 2)
console.log((inUse() - before) / count)
// Still in use here: nothing of it was collected before.
await latchkey.close()
