// One change of many keys asks the database as often as one of a few.
import { expect, test } from 'vitest'
import { type BulkChangeInput, openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { onOneDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'

onOneDatabase('PostgreSQL', 'a change of many keys', (makeDatabase) => {
  test('takes as many statements for many keys as for a few', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    await using direct = await connectDirectly(database)
    await direct.run('create table statements (on_table text, what text)')
    await direct.run(`create function note_statement() returns trigger language plpgsql as
      $$ begin insert into latchkey.statements values (tg_table_name, tg_op); return null; end $$`)
    for (const table of ['keys', 'key_terms', 'sessions', 'audit_events', 'audit_queue', 'changes'])
      await direct.run(`create trigger noted after insert or update or delete on ${table}
        for each statement execute function note_statement()`)
    const made = await latchkey.keys.import(
      Array.from({ length: 203 }, (_, i) => ({
        ...{ organizationId: 'acme', name: 'Key', tags: ['old'] },
        token: `a-token-of-another-system-${i}`,
      })),
    )
    const ids = made.map(({ id }) => id as string)
    const statementsOf = async (change: Pick<BulkChangeInput, 'action' | 'addTags' | 'removeTags'>) => {
      const counts: number[] = []
      for (const some of [ids.slice(0, 3), ids.slice(3)]) {
        await direct.run('truncate statements')
        expect(await latchkey.keys.bulk({ ...change, ids: some, expect: some.length })).toMatchObject({
          changed: some.length,
        })
        // The sealer takes events out of their queue meanwhile.
        const [row] = await direct.run(
          `select cast(count(*) as integer) as count from statements where on_table <> 'audit_queue' or what = 'INSERT'`,
        )
        counts.push(row?.count as number)
      }
      return counts
    }
    // Keys, their terms that go and come, the events, their queue, and the log of changes by two.
    expect(await statementsOf({ action: 'tag', addTags: ['new'], removeTags: ['old'] })).toEqual([7, 7])
    // No terms, but sessions.
    expect(await statementsOf({ action: 'suspend' })).toEqual([6, 6])
    expect(await statementsOf({ action: 'resume' })).toEqual([5, 5])
    expect(await statementsOf({ action: 'revoke' })).toEqual([6, 6])
  })
})
