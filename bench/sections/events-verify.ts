// How fast an exported log is verified, offline, by the command for it.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openLatchkey } from '../../src/index.ts'
import { main } from '../processes.ts'
import { type Bar, type Figure, type Findings, takeTurns } from '../rounds.ts'
import type { Settings } from '../settings.ts'

const keysAtOnce = 500
const run = promisify(execFile)

export async function measureEventsVerify({ folder, quick, rounds }: Settings): Promise<Findings> {
  const count = quick ? 1_000 : 100_000
  const database = `sqlite:${join(folder, 'log.db')}`
  const file = join(folder, 'latchkey.log')
  {
    await using latchkey = await openLatchkey({ database })
    await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    for (let made = 0; made < count; made += keysAtOnce)
      await Promise.all(
        Array.from({ length: keysAtOnce }, (_, i) =>
          latchkey.keys.create({
            ...{ organizationId: 'acme', name: `Key ${made + i}`, permissions: ['emails:send'] },
          }),
        ),
      )
  }
  await run(process.execPath, [main, 'audit', 'export', '--database', database, '--file', file])
  const { verified } = await takeTurns(rounds, {
    verified: async () => {
      const begunAt = performance.now()
      const { stdout } = await run(process.execPath, [main, 'audit', 'verify', file])
      const took = (performance.now() - begunAt) / 1000
      const told = Number(/([\d,]+) events/.exec(stdout)?.[1]?.replaceAll(',', ''))
      if (!(told > count)) throw new Error(`Not the whole log was verified: ${stdout}`)
      return told / took
    },
  })
  const what = '`latchkey audit verify` of an export'
  const figures: Figure[] = [{ what, unit: 'events a second', values: verified }]
  const bars: Bar[] = [
    {
      ...{ what, promised: 'at least 150,000 events a second', beside: 'no floor', sense: 'at least' },
      ...{ bound: 150_000, unit: 'a second', values: verified },
    },
  ]
  return {
    title: 'Verifying the log',
    figures,
    bars,
    notes: [
      `A log of ${count.toLocaleString('en')} created keys; the start of the program is within the time.`,
    ],
  }
}
