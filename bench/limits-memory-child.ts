// Prints how much memory a process uses once it has verified so many keys, and how many counters it knows then: `node
// --expose-gc limits-memory-child.ts <database> <keys>`.
import { openLatchkey } from '../src/index.ts'
import { Allotments } from '../src/verdict/allotment.ts'
import { tokenOf } from './dataset.ts'

const [database = '', keys] = process.argv.slice(2)
const count = Number(keys)
const atOnce = 1_000
const collect = globalThis.gc
if (!collect) throw new Error('Run it with --expose-gc.')

let allotments: Allotments | undefined
const holdingOf = Allotments.prototype.holdingOf
Allotments.prototype.holdingOf = function (limit) {
  allotments = this
  return holdingOf.call(this, limit)
}

const inUse = () => {
  for (let i = 0; i < 3; i++) collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

const latchkey = await openLatchkey({ database, cachedSecrets: count })
await latchkey.verify(tokenOf(0))
const before = inUse()
for (let start = 0; start < count; start += atOnce)
  await Promise.all(
    Array.from({ length: Math.min(atOnce, count - start) }, async (_, i) => {
      const verdict = await latchkey.verify(tokenOf(start + i))
      if (!verdict.valid) throw new Error(`Key ${start + i} is ${verdict.code}.`)
    }),
  )
console.log(JSON.stringify({ bytes: inUse() - before, counters: allotments?.size ?? 0 }))
await latchkey.close()
