// A sign-in that ends the session of another key in the same browser: what that session began comes before, or never.
import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Caller, openLatchkey } from '../src/index.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'

onEachDatabase('a sign-in that replaces a session of another key', (makeDatabase, kind) => {
  test('is acknowledged after the changes under way by that session, and none comes after it', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database })
    await using direct = await connectDirectly(database)
    for (const id of ['acme', 'globex']) await latchkey.organizations.create({ id, name: id })
    const permissions = ['latchkey:keys:write']
    const make = (organizationId: string) =>
      latchkey.keys.create({ organizationId, name: 'Admin', permissions })
    const [before, after] = [await make('acme'), await make('globex')]
    const values = await latchkey.sessions.start(before.key)
    const caller = (await latchkey.sessions.authenticate(values)) as Caller
    // Stops the creation between the judgement of its caller and its commit; the sign-in writes no key.
    await direct.run(kind === 'SQLite' ? 'begin immediate' : 'begin')
    if (kind === 'PostgreSQL') await direct.run('lock table keys in share mode')
    const done: string[] = []
    const creating = latchkey.keys.create({ name: 'CI' }, { actor: caller }).then(() => done.push('created'))
    await setTimeout(100)
    const signingIn = latchkey.sessions
      .start(after.key, { previous: values })
      .then(() => done.push('signed in'))
    await setTimeout(200)
    await direct.run('commit')
    await Promise.all([creating, signingIn])
    expect(done).toEqual(['created', 'signed in'])
    await expect(latchkey.keys.create({ name: 'CI' }, { actor: caller })).rejects.toMatchObject({
      code: 'session_ended',
    })
  })
})
