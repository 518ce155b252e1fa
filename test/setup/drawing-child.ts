// A process that judges tokens without a pause, from hand if it can, and writes down each that it let in. It is killed and
// stopped amid its work.
import { openSync, writeSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { openLatchkey } from '../../src/latchkey.ts'
import { writeAdmission } from './admissions.ts'

export interface DrawingSettings {
  database: string
  keys: string[]
  /** Where it writes. */
  path: string
}

const settings: DrawingSettings = JSON.parse(process.argv[2] as string)
const file = openSync(settings.path, 'a')
const latchkey = await openLatchkey({ database: settings.database })
process.send?.('open')

async function judge(key: string, index: number): Promise<void> {
  for (;;) {
    for (let i = 0; i < 20; i++) {
      const begunAt = process.hrtime.bigint()
      const verdict = latchkey.verifyCached(key) ?? (await latchkey.verify(key).catch(() => undefined))
      if (verdict?.valid)
        writeSync(file, writeAdmission({ key: index, begunAt, endedAt: process.hrtime.bigint() }))
    }
    await setTimeout(1 + Math.random() * 8)
  }
}

for (const [index, key] of settings.keys.entries()) for (let i = 0; i < 3; i++) void judge(key, index)
process.on('disconnect', () => process.exit())
