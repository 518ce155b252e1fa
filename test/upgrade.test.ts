// Upgrades from each released version, on databases that those versions themselves have made, and the way back.
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { verify } from '../src/cli/commands/audit-files.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { schemaVersion } from '../src/store/migrations/migrations.ts'
import { type Fixture, loadRelease, type Release, releases } from './fixtures/releases.ts'
import { childProgram } from './setup/children.ts'
import { useCommand } from './setup/command.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly, readAll } from './setup/direct.ts'
import { repository } from './setup/documents-run.ts'
import { casesIfLong } from './setup/rounds.ts'
import { sealNow } from './setup/sealed.ts'
import { checkLog } from './setup/sealed-log.ts'

const command = useCommand()
const versions = Object.keys(releases) as Release[]
const day = 24 * 3_600_000

async function schemaOf(database: string): Promise<number> {
  await using direct = await connectDirectly(database)
  return Number((await direct.run('select version from schema_version'))[0]?.version)
}

/** Expects of a database all that the version that made it has said of it, and that it goes on from there. */
async function expectWhole(database: string, { now: then, tokens, codes, auditEvents }: Fixture) {
  let now = then + 60_000
  const latchkey = await openLatchkey({ database, now: () => now })
  const judge = async () => {
    const verdicts = Object.entries(tokens).map(
      async ([name, token]) => [name, await latchkey.verify(token)] as const,
    )
    return Object.fromEntries(await Promise.all(verdicts))
  }
  const codesOf = async () =>
    Object.fromEntries(Object.entries(await judge()).map(([name, { code }]) => [name, code]))
  expect(await codesOf()).toEqual(codes)
  expect((await judge()).plain).toMatchObject({
    ...{ organizationId: 'acme', name: 'plain', metadata: { tier: 3 } },
    permissions: ['invoices:read', 'invoices:*', 'projects:7:read'],
  })
  expect((await latchkey.verify(tokens.plain as string, { permissions: ['invoices:7'] })).valid).toBe(true)
  expect((await latchkey.verify(tokens.other as string, { organizationId: 'acme' })).valid).toBe(false)

  const { items: organizations } = await latchkey.organizations.list()
  expect(organizations.map(({ name }) => name).sort()).toEqual(['Globex AG', 'Root', 'Ácme & Söhne'])
  expect((await latchkey.organizations.list({ q: 'ácme' })).items).toHaveLength(1)
  const { items: keys } = await latchkey.keys.list({ organizationId: 'acme', status: 'all' })
  expect(keys.map(({ name, status }) => `${name}: ${status}`)).toEqual([
    ...['ended, old: active', 'in grace, old: active', 'rotated, old: active', 'renamed: active'],
    ...['revoked: revoked', 'expired: expired', 'expiring: active', 'plain: active'],
  ])
  expect((await latchkey.audit.list({ limit: 100 })).items).toHaveLength(auditEvents)

  const plain = keys.at(-1)?.id as string
  const { key } = await latchkey.keys.rotate(plain, { graceSeconds: 60 })
  expect([(await latchkey.verify(key)).code, (await latchkey.verify(tokens.plain as string)).code]).toEqual([
    'valid',
    'valid',
  ])
  now += 8 * day
  expect(await codesOf()).toEqual({ ...codes, plain: 'rotated', 'in grace, old': 'rotated' })
  // Nobody seals any more while the log is read.
  await latchkey.close()
  await sealNow(database)
  await using direct = await connectDirectly(database)
  const { actions } = await checkLog(direct, true)
  expect(actions.filter((action) => action === 'key.rotated')).toHaveLength(4)
}

onEachDatabase('an upgrade', (makeDatabase) => {
  test.each(versions)('from %s keeps tokens, graces, lists and the log', async (version) => {
    const database = await makeDatabase('nothing')
    const fixture = await loadRelease(version, database)
    expect(await schemaOf(database)).toBe(releases[version].schema)
    await expectWhole(database, fixture)
    expect(await schemaOf(database)).toBe(schemaVersion)
  })

  test('by several processes that start at once happens once', async () => {
    const database = await makeDatabase('nothing')
    const fixture = await loadRelease('0.2.0', database)
    const migrate = ['migrate', '--database', database]
    const runs = await Promise.all([1, 2, 3].map(() => command.runProcess(migrate)))
    expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual(Array(3).fill([0, '']))
    await expectWhole(database, fixture)
  })

  test('that is killed, wherever that is, leaves what was there, and is taken up', async () => {
    const database = await makeDatabase('nothing')
    const fixture = await loadRelease('0.1.0', database)
    const before = await readAll(database)
    const { path, env } = childProgram('migrating-child')
    // The last of them has all steps behind it, and has not yet said so.
    for (const step of [6, 18, schemaVersion + 1]) {
      const child = spawn(process.execPath, [path, database, String(step)], {
        env,
        stdio: ['ignore', 'ignore', 'inherit'],
      })
      expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
      expect(await schemaOf(database)).toBe(4)
      expect(await readAll(database)).toBe(before)
    }
    await expectWhole(database, fixture)
  })
})

/** Puts the program of a commit, from the history of the repository, into a folder while the tests of a suite run. */
function useOldProgram(commit: string): string {
  const source = join(tmpdir(), `latchkey-old-${process.pid}-${commit.slice(0, 8)}`)
  const git = (...args: string[]) => execFileSync('git', args, { cwd: repository, stdio: 'pipe' })
  // Not before: of a suite that is left out, nothing would be cleared away.
  beforeAll(() => {
    git('worktree', 'add', '--quiet', '--detach', source, commit)
    symlinkSync(join(repository, 'node_modules'), join(source, 'node_modules'))
  })
  afterAll(() => void git('worktree', 'remove', '--force', source))
  return source
}

describe.each(casesIfLong(versions))('the program of %s', (version) => {
  const source = useOldProgram(releases[version].commit)

  /** Has the old program verify a token: the verdict's code, or why there is none. */
  async function verifyByOld(database: string, token: string): Promise<string> {
    const program = `
      import { openLatchkey } from '${join(source, 'src/index.ts')}'
      const judge = async (latchkey) => (await latchkey.verify(process.argv[2])).code
      console.log(await openLatchkey({ database: process.argv[1] }).then(judge).catch(({ message }) => message))
      process.exit()`
    const words = ['--input-type=module', '--eval', program, database, token]
    return (await promisify(execFile)(process.execPath, words)).stdout.trim()
  }

  onEachDatabase('beside this one', (makeDatabase) => {
    test('refuses what this one has migrated, in words, and works on the copy from before', async () => {
      const [database, copy] = [await makeDatabase('nothing'), await makeDatabase('nothing')]
      const { tokens } = await loadRelease(version, database)
      await loadRelease(version, copy)
      await (await openLatchkey({ database })).close()
      const before = await readAll(database)
      const said = await verifyByOld(database, tokens.other as string)
      expect(said).toContain(`schema ${schemaVersion}`)
      expect(said).toMatch(/upgrade Latchkey\.$/i)
      expect(await readAll(database)).toBe(before)
      expect(await verifyByOld(copy, tokens.other as string)).toBe('valid')
    })

    test('that still runs when this one migrates ends its service, and changes nothing any more', async () => {
      const database = await makeDatabase('nothing')
      const { tokens } = await loadRelease(version, database)
      const program = `
        import { setTimeout } from 'node:timers/promises'
        import { openLatchkey } from '${join(source, 'src/index.ts')}'
        const [, database, token] = process.argv
        const latchkey = await openLatchkey({ database })
        const codeOf = (work) => work.then(({ code = 'done' }) => code, ({ code }) => code)
        console.log(await codeOf(latchkey.verify(token)))
        await new Promise((go) => process.stdin.once('data', go))
        let code = 'valid'
        while (code === 'valid') {
          await setTimeout(100)
          code = await codeOf(latchkey.verify(token))
        }
        console.log(code, await codeOf(latchkey.keys.create({ organizationId: 'acme', name: 'Late' })))
        process.exit()`
      const words = ['--input-type=module', '--eval', program, database, tokens.plain as string]
      const old = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] })
      onTestFinished(() => void old.kill('SIGKILL'))
      const said = createInterface({ input: old.stdout })[Symbol.asyncIterator]()
      expect((await said.next()).value).toBe('valid')
      await (await openLatchkey({ database })).close()
      old.stdin.write('go')
      expect((await said.next()).value).toBe('store_unavailable store_unavailable')
    })

    test('may be skipped or not: what it has migrated is upgraded alike', async () => {
      const database = await makeDatabase('nothing')
      const fixture = await loadRelease('0.1.0', database)
      expect(await verifyByOld(database, fixture.tokens.other as string)).toBe('valid')
      expect(await schemaOf(database)).toBe(releases[version].schema)
      await expectWhole(database, fixture)
    })
  })
})

/** The last commit before there were sessions of the customers' page. */
const beforePortal = '53e62172d16ed4e5f1815cfd6c72811aaecdb280'

describe.each(casesIfLong([beforePortal]))('a program of schema 36 (%s)', (commit) => {
  const source = useOldProgram(commit)

  onEachDatabase('beside this one', (makeDatabase) => {
    test('serves on when this one migrates, and sees keys of users as theirs; but what it seals of users does not verify', async () => {
      const database = await makeDatabase('nothing')
      const program = `
        import { openLatchkey } from '${join(source, 'src/index.ts')}'
        const latchkey = await openLatchkey({ database: process.argv[1], monotonic: () => 0 })
        await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
        console.log('open')
        process.stdin.setEncoding('utf8').on('data', async (text) => {
          const { key, id } = JSON.parse(text)
          const { code } = await latchkey.verify(key)
          const { createdBy, createdByType } = await latchkey.keys.get(id)
          await latchkey.keys.create({ organizationId: 'acme', name: 'By the old one' })
          await latchkey.audit.readCheckpoint({})
          console.log(JSON.stringify({ code, createdBy, createdByType }))
        })`
      const words = ['--input-type=module', '--eval', program, database]
      const old = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] })
      onTestFinished(() => void old.kill('SIGKILL'))
      const said = createInterface({ input: old.stdout })[Symbol.asyncIterator]()
      expect((await said.next()).value).toBe('open')
      expect(await schemaOf(database)).toBe(36)
      await using latchkey = await openLatchkey({ database, monotonic: () => 0 })
      expect(await schemaOf(database)).toBe(schemaVersion)
      const origin = 'https://app.example.com'
      const { token } = await latchkey.portalSessions.create({
        ...{ kind: 'embed', organizationId: 'acme', user: { id: 'u_81' }, origin },
        permissions: ['latchkey:keys:write'],
      })
      const actor = await latchkey.portal.authenticate(token as string, { origin })
      const { id, key } = await latchkey.portal.createKey(
        { name: 'By a user' },
        { actor: actor as NonNullable<typeof actor> },
      )
      old.stdin.write(JSON.stringify({ id, key }))
      expect(JSON.parse((await said.next()).value as string)).toEqual({
        ...{ code: 'valid', createdBy: 'u_81', createdByType: 'user' },
      })
      // As docs/operate/upgrade.md says, which asks for no session before all processes are new.
      const byUser = (await latchkey.audit.list({ keyId: id })).items[0]?.sequence
      const verified = await verify({ audit: latchkey.audit, input: { organizationId: 'acme' } }, {})
      expect(verified).toMatchObject({ fault: expect.any(String), sequence: byUser })
    })
  })
})
