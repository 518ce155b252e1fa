// An import that is broken off goes on where it stopped when it is run again, whatever broke it off.
import { createHash } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { useCommand } from './setup/command.ts'
import { onEachDatabase, onOneDatabase } from './setup/databases.ts'
import { connectDirectly, type DirectConnection } from './setup/direct.ts'
import { startProxy } from './setup/proxy.ts'

const command = useCommand()
/** Three batches. */
const count = 3_000
const tokens = Array.from({ length: count }, (_, i) => `token-of-another-system-${i}`)

/** Makes an organization, and a file with the hashes of tokens; gives the words that import it. */
async function prepare(database: string): Promise<{ words: string[]; rootKey: string }> {
  await using latchkey = await openLatchkey({ database })
  await createAcme(latchkey)
  const file = join(command.folder(), 'keys.csv')
  const lines = tokens.map((token, i) => `Key ${i},${createHash('sha256').update(token).digest('hex')}`)
  writeFileSync(file, ['name,hash', ...lines].join('\n'))
  const words = ['import', '--from', 'csv', '--organization', 'acme', '--yes', '--json', file]
  return { words, rootKey: (await latchkey.createRootKey()).key }
}

async function keysIn(direct: DirectConnection): Promise<number> {
  const [row] = await direct.run(`select count(*) as count from keys where organization_id = 'acme'`)
  return Number(row?.count)
}

/** Waits until so many keys are there. */
async function waitForKeys(direct: DirectConnection, least: number): Promise<void> {
  await expect.poll(() => keysIn(direct), { interval: 1, timeout: 30_000 }).toBeGreaterThanOrEqual(least)
}

/** Expects each key once, with its secret, its event and its terms, and that the tokens open them. */
async function expectAll(database: string, direct: DirectConnection): Promise<void> {
  const [row] = await direct.run(`select (select count(*) from keys where organization_id = 'acme') as keys,
    (select count(distinct name) from keys where organization_id = 'acme') as names,
    (select count(*) from secrets where organization_id = 'acme') as secrets,
    (select count(distinct key_id) from key_terms where organization_id = 'acme') as terms,
    (select count(distinct key_id) from audit_events where organization_id = 'acme' and action = 'key.created') as told,
    (select count(*) from audit_events where organization_id = 'acme' and action = 'key.created') as events`)
  expect(Object.values(row ?? {}).map(Number)).toEqual([count, count, count, count, count, count])
  await using latchkey = await openLatchkey({ database })
  for (const at of [0, 1_000, count - 1])
    expect(await latchkey.verify(tokens[at] as string)).toMatchObject({ valid: true, name: `Key ${at}` })
}

onEachDatabase('an import that is broken off', (makeDatabase) => {
  test('goes on where it was killed, as often as it is', async () => {
    const database = await makeDatabase()
    const { words } = await prepare(database)
    await using direct = await connectDirectly(database)
    const env = { LATCHKEY_DATABASE_URL: database }
    for (const least of [1, 1_001]) {
      const importing = command.startProcess(words, { env })
      await waitForKeys(direct, least)
      importing.kill()
      expect((await importing.ended).code).toBe(null)
    }
    const before = await keysIn(direct)
    const { made, existing, refused } = await command.json(
      words.filter((word) => word !== '--json'),
      { env },
    )
    expect({ made, existing, refused }).toEqual({ made: count - before, existing: before, refused: 0 })
    await expectAll(database, direct)
  })

  test('goes on where its server was killed', async () => {
    const database = await makeDatabase()
    const { words, rootKey } = await prepare(database)
    await using direct = await connectDirectly(database)
    const env = { LATCHKEY_DATABASE_URL: database }
    const first = await command.serve([], { env })
    const caller = (url: string) => ({ env: { LATCHKEY_URL: url, LATCHKEY_KEY: rootKey } })
    const importing = command.startProcess(words, caller(first.url))
    await waitForKeys(direct, 1)
    await first.stop('SIGKILL')
    const broken = await importing.ended
    expect(broken.code).not.toBe(0)
    expect(broken.stderr).toMatch(/^Imported \d+ keys; 0 were there already\. Run it again to go on\.$/m)
    const second = await command.serve([], { env })
    const before = await keysIn(direct)
    const done = await command.run(words, caller(second.url))
    expect(JSON.parse(done.stdout)).toMatchObject({ made: count - before, existing: before, refused: 0 })
    await second.stop()
    await expectAll(database, direct)
  })
})

onOneDatabase('PostgreSQL', 'an import that is broken off', (makeDatabase) => {
  test('goes on where its connections were cut', async () => {
    const database = await makeDatabase()
    const { words } = await prepare(database)
    await using direct = await connectDirectly(database)
    await using proxy = await startProxy(database)
    const env = { LATCHKEY_DATABASE_URL: proxy.url }
    const importing = command.startProcess(words, { env })
    await waitForKeys(direct, 1)
    proxy.fail('cut')
    const broken = await importing.ended
    expect(broken.code).not.toBe(0)
    expect(broken.stderr).toContain('Run it again to go on.')
    proxy.heal()
    const done = await command.run(words, { env })
    const { made, existing } = JSON.parse(done.stdout) as { made: number; existing: number }
    expect([made + existing, made > 0, existing > 0]).toEqual([count, true, true])
    await expectAll(database, direct)
  })
})
