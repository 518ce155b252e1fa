// Databases that programs of other versions have made, or work on at the same time.
import { describe, expect, onTestFinished, test } from 'vitest'
import { openLatchkey } from '../src/latchkey.ts'
import { oldestCompatible, schemaVersion } from '../src/store/migrations/migrations.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'
import { makeSchema } from './setup/schema-fixture.ts'

onEachDatabase('a database', (makeDatabase, kind) => {
  test.each(Array.from({ length: schemaVersion - 1 }, (_, i) => i + 1))(
    'of schema %i is brought up to date where it lies, and works',
    async (version) => {
      const database = await makeDatabase('nothing')
      await makeSchema(database, version)
      {
        await using direct = await connectDirectly(database)
        await direct.run("insert into organizations (id, name, created_at) values ('old', 'Älteste', 1)")
      }
      await using latchkey = await openLatchkey({ database })
      const { id, key } = await latchkey.keys.create({ organizationId: 'old', name: 'CI' })
      expect((await latchkey.verify(key)).valid).toBe(true)
      expect((await latchkey.organizations.list({ q: 'älteste' })).items).toHaveLength(1)
      await latchkey.keys.revoke(id)
      expect((await latchkey.verify(key)).code).toBe('revoked')
      if (kind === 'PostgreSQL') {
        await using direct = await connectDirectly(database)
        const [row] = await direct.run('select count(*)::int as keys from public.keys where id = $1', [id])
        expect(row?.keys).toBe(1)
      }
    },
  )

  test('has an organization found by name that an older program made beside this one', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await latchkey.organizations.create({ id: 'new', name: 'Neue' })
    await using direct = await connectDirectly(database)
    // As a program of a schema without folded names inserts.
    await direct.run("insert into organizations (id, name, created_at) values ('old', 'Größte', 1)")
    expect((await latchkey.organizations.list({ q: 'GRÖSSTE' })).items).toEqual([])
    expect((await latchkey.organizations.list({ q: 'gröẞTE' })).items.map(({ id }) => id)).toEqual(['old'])
  })

  test('of a newer program that says it may be used by this one is used as it is', async () => {
    const database = await makeDatabase()
    await (await openLatchkey({ database })).close()
    {
      await using direct = await connectDirectly(database)
      await direct.run('update schema_version set version = 99')
      await direct.run(`insert into schema_compatibility values (99, ${schemaVersion})`)
    }
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    await using direct = await connectDirectly(database)
    expect(Number((await direct.run('select version from schema_version'))[0]?.version)).toBe(99)
  })

  test('that a newer program takes over is left alone by one that runs, which says so', async () => {
    const database = await makeDatabase()
    const latchkey = await openLatchkey({ database })
    // What it has noted of uses it can write no more.
    onTestFinished(() => latchkey.close().catch(() => {}))
    await createAcme(latchkey)
    const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    expect((await latchkey.verify(key)).valid).toBe(true)
    await using direct = await connectDirectly(database)
    await direct.run('update schema_version set version = 99')
    await direct.run(`insert into schema_compatibility values (99, ${schemaVersion + 1})`)
    await expect
      .poll(() => codeOf(latchkey.checkWritable().then(() => 'ok')), { timeout: 5_000 })
      .toBe('store_unavailable')
    const refusal = await refusalOf(latchkey.checkWritable())
    expect(refusal.message).toContain(`this Latchkey supports schemas up to ${schemaVersion}`)
    expect(await codeOf(latchkey.keys.create({ organizationId: 'acme', name: 'CI' }))).toBe(
      'store_unavailable',
    )
    await expect.poll(() => latchkey.verifyCached(key), { timeout: 5_000 }).toBeUndefined()
    expect(await codeOf(latchkey.verify(key))).toBe('store_unavailable')
  })
})

describe('what a schema says of programs', () => {
  test('is that none may work beside this one that looks for columns that are gone', () => {
    expect(oldestCompatible).toBe(31)
  })
})
