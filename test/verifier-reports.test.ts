// What a fleet of verifiers reports at one instant, beside what is changed meanwhile.
import { expect, test } from 'vitest'
import { openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { hourMs } from './setup/usage.ts'

const fleet = 60

onEachDatabase('reports of a fleet', (makeDatabase) => {
  test('keep no change waiting but those that are being written', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    const create = (name: string) => latchkey.keys.create({ organizationId: 'acme', name, permissions: [] })
    const counted = await Promise.all(Array.from({ length: 20 }, (_, i) => create(`Counted ${i}`)))
    const start = new Date(Math.floor(Date.now() / hourMs) * hourMs)
    // Soon read, and long written.
    const measures = [
      'valid',
      'revoked',
      'expired',
      'suspended',
      'insufficient_permissions',
      'ip_not_allowed',
    ] as const
    const counts = counted.flatMap(({ id: keyId }) =>
      measures.map((measure) => ({ keyId, start, measure, amount: 1 })),
    )
    let written = 0
    const reports = Array.from({ length: fleet }, async (_, i) => {
      await latchkey.verifiers.report(
        { source: `verifier-${i}`, number: 1, counts, uses: [] },
        counted[0]?.id ?? '',
      )
      written++
    })
    // By now all of them have come.
    await Promise.race(reports)
    await latchkey.keys.revoke(counted[1]?.id ?? '')
    // One was written before, and two may be while the change comes.
    expect(written).toBeLessThanOrEqual(3)
    await Promise.all(reports)
    expect(written).toBe(fleet)
  })
})
