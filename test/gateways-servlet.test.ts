// The examples for gateways before a real servlet container, which reads paths in ways of its own: parameters behind
// semicolons, and dots after decoding.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createAcme } from './setup/acme.ts'
import { makeSqlite } from './setup/databases.ts'
import { gateways, sendLines, startGateway } from './setup/gateways.ts'
import { areaOf, readingsOf } from './setup/path-readings.ts'
import { missingPrograms, wants } from './setup/programs.ts'
import { startTestServer, type TestServer } from './setup/server.ts'
import { missingForServlets, pathRead, startServlets } from './setup/servlet.ts'

const { targets: spellings }: { targets: string[] } = JSON.parse(
  readFileSync(new URL('setup/path-spellings.json', import.meta.url), 'utf8'),
)
const [own, other] = ['emails', 'files']
const targets = spellings.map((spelling) => spelling.replaceAll('{own}', own).replaceAll('{other}', other))

const { skip, note } = wants([...missingForServlets(), ...missingPrograms(Object.keys(gateways))])

describe.skipIf(skip)(`before a servlet container${note}`, () => {
  const stack = new AsyncDisposableStack()
  let servlets: Awaited<ReturnType<typeof startServlets>>
  let server: TestServer
  let token: string
  beforeAll(async () => {
    servlets = stack.use(await startServlets())
    const database = makeSqlite()
    stack.defer(database.remove)
    server = await startTestServer(database.url)
    stack.defer(() => server.close())
    await createAcme(server.latchkey)
    const permissions = ['emails:*']
    token = (await server.latchkey.keys.create({ organizationId: 'acme', name: 'Key', permissions })).key
  })
  afterAll(() => stack.disposeAsync())

  const ask = (url: string, target: string) =>
    sendLines(url, [`GET ${target} HTTP/1.1`, `X-Api-Key: ${token}`])

  test('the container alone serves the other area under the name of the own one, and only as foreseen', async () => {
    const astray: string[] = []
    for (const target of targets) {
      const path = pathRead(await ask(servlets.url, target))
      if (path === undefined) continue
      expect([...readingsOf(target)].map(areaOf), `${target} was read as ${path}`).toContain(areaOf(path))
      if (areaOf(path) === other && target.startsWith(`/${own}`)) astray.push(target)
    }
    expect(astray).toContain('/emails/..;/files/1')
  })

  test.each(Object.keys(gateways))('%s lets no spelling through to the other area', async (name) => {
    await using gateway = await startGateway(name, server.url, servlets.url)
    expect(pathRead(await ask(gateway.url, `/${own}/1`))).toBe(`/${own}/1`)
    for (const target of targets) {
      const path = pathRead(await ask(gateway.url, target))
      if (path !== undefined) expect(areaOf(path), `${target} was read as ${path}`).toBe(own)
    }
  })
})
