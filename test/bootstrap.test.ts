// Many processes that start at once on an empty database make one schema and one root key.
import { expect, test } from 'vitest'
import { openLatchkey } from '../src/index.ts'
import { tokensIn, useCommand } from './setup/command.ts'
import { onEachDatabase } from './setup/databases.ts'
import { rounds } from './setup/rounds.ts'

const processes = rounds(16, 50)

onEachDatabase('the bootstrap', (makeDatabase) => {
  const command = useCommand()

  test(`${processes} servers that start at once make one schema and one root key`, {
    timeout: 180_000,
  }, async () => {
    const database = await makeDatabase('nothing')
    const servers = await Promise.all(
      Array.from({ length: processes }, () =>
        command.serve(['--database', database, '--log-level', 'error']),
      ),
    )
    const tokens = new Set(servers.flatMap((server) => tokensIn(server.stdout())))
    expect(tokens.size).toBe(1)
    const [rootKey] = tokens
    const asked = servers.filter((_, i) => i % 5 === 0)
    for (const { url } of asked) {
      const answer = await fetch(`${url}/v1/keys/self`, { headers: { authorization: `Bearer ${rootKey}` } })
      expect(await answer.json()).toMatchObject({ organization_id: 'root' })
    }
    expect(await Promise.all(servers.map((server) => server.stop()))).toEqual(servers.map(() => 0))
    await using latchkey = await openLatchkey({ database })
    expect((await latchkey.keys.list({ status: 'all' })).items).toHaveLength(1)
    const actions = (await latchkey.audit.list()).items.map((event) => event.action)
    expect(actions).toEqual(['key.created', 'organization.created'])
  })
})
