// A process that changes keys without pause and says on standard output what it begins and what was acknowledged,
// a line each, so that what it was told can be held against the database once it has been killed.
import { writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { openLatchkey } from '../../src/latchkey.ts'
import type { Deed } from '../torture/kill.ts'

const lanes = 4
const latchkey = await openLatchkey({ database: process.argv[2] as string })

// Written at once: nothing that was acknowledged may be lost in a buffer.
const say = (deed: Deed) => writeSync(1, `${JSON.stringify(deed)}\n`)

async function changeKeys(): Promise<never> {
  for (;;) {
    try {
      const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
      say({ kind: 'created', id, token: key })
      await changeKey(id)
    } catch {
      // Nobody knows what became of a change that failed: this key is left as it is. While the database is away, each try
      // fails at once.
      await setTimeout(10)
    }
  }
}

async function changeKey(id: string): Promise<void> {
  for (let changes = Math.floor(Math.random() * 4); changes > 0; changes--) {
    if (Math.random() < 0.5) {
      say({ kind: 'rotates', id })
      const { key } = await latchkey.keys.rotate(id)
      say({ kind: 'rotated', id, token: key })
    } else {
      const permissions = [`emails:${Math.random().toString(36).slice(2)}`]
      say({ kind: 'updates', id, permissions })
      await latchkey.keys.update(id, { permissions })
      say({ kind: 'updated', id, permissions })
    }
  }
  if (Math.random() < 0.7) {
    say({ kind: 'revokes', id })
    await latchkey.keys.revoke(id)
    say({ kind: 'revoked', id })
  }
}

await Promise.all(Array.from({ length: lanes }, changeKeys))
