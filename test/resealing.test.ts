// Sealing anew: after a rotation of the keyring all that is sealed goes under its first key, and nothing that is changed meanwhile is
// lost.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ChangeLines } from '../src/commit/change-lines.ts'
import { type Commit, Writer } from '../src/commit/commit.ts'
import { Keyring } from '../src/domain/keyring.ts'
import { systemRandom } from '../src/domain/random.ts'
import { countSealedValues, resealingJob } from '../src/domain/sealed-values.ts'
import { openLatchkey, rotateKeyringFile } from '../src/latchkey.ts'
import { openStore } from '../src/store/store.ts'
import { useCommand } from './setup/command.ts'
import { onEachDatabase, onOneDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'

const [first, second, third] = [`${'A'.repeat(43)}=`, `${'B'.repeat(43)}=`, `${'C'.repeat(43)}=`]
const minute = 60_000
const hour = 60 * minute
const url = 'https://example.com/'
const many = 230

const open = (database: string, sealingKeys: string[]) => openLatchkey({ database, sealingKeys })

/** A database, and work on it that a test begins and cuts off. */
async function beginWork(database: string) {
  const store = await openStore(database)
  const direct = await connectDirectly(database)
  const forgetful = { forget: () => {}, lookNow: () => {}, noteEvents: () => {} }
  const clock = { now: Date.now, random: systemRandom }
  const writer = new Writer(store, forgetful, clock, new ChangeLines(store.changesAtOnce))
  const commit: Commit = (actor, requirements, work) => writer.commit(actor, requirements, work)
  let elapsedMs = 0
  const warnings: string[] = []
  const warn = (message: string) => void warnings.push(message)
  return {
    ...{ store, direct, commit, warnings },
    pass: (milliseconds: number) => {
      elapsedMs += milliseconds
    },
    /** The work as a process does it that has some keys, or those of the file; it ends before so many pages. */
    process: (keys: string[], changed: { commit?: Commit } = {}) => {
      const keyring = new Keyring(database, keys)
      const job = resealingJob({
        ...{ store, commit, keyring, warn, now: Date.now, monotonic: () => elapsedMs },
        ...changed,
      })
      return async (pages = Number.POSITIVE_INFINITY) => {
        let begun = 0
        const signal = new AbortController().signal
        const requireHeld = () => {
          if (++begun > pages) throw new Error('The claim is lost.')
        }
        const work = { subject: '', organizationId: null, payload: {}, attempt: 1, signal, requireHeld }
        await job.run(work)
      }
    },
    count: (keys: string[]) => countSealedValues({ store, keyring: new Keyring(database, keys) }),
    [Symbol.asyncDispose]: async () => {
      await store.close()
      await direct[Symbol.asyncDispose]()
    },
  }
}

/** Many webhooks, sealed by a key; gives their secrets by their ids. */
async function fill({ direct }: Awaited<ReturnType<typeof beginWork>>, keyring: Keyring) {
  const secrets = new Map(Array.from({ length: many }, (_, i) => [`hook-${i}`, `whsec_${i}`]))
  const rows = [...secrets].map(([id, secret]) => {
    const sealed = keyring.seal({ table: 'webhooks', row: id, column: 'secret' }, Buffer.from(secret))
    return `('${id}', 'root', '${url}', '["*"]', '${sealed}', 0)`
  })
  await direct.run(
    `insert into webhooks (id, organization_id, url, events, secret, created_at) values ${rows.join()}`,
  )
  return secrets
}

onEachDatabase('sealing anew', (makeDatabase) => {
  test('puts all that old keys have sealed under the first one, page by page, however often it is cut off', async () => {
    const database = await makeDatabase()
    const made = await makeSecrets(database)
    await using stage = await beginWork(database)
    const secrets = await fill(stage, new Keyring(database, [first]))
    const [newName = '', oldName = ''] = new Keyring(database, [second, first]).names()
    const all = many + 4
    expect(await stage.count([second, first])).toEqual({
      keys: [
        { name: newName, values: 0 },
        { name: oldName, values: all },
      ],
      lost: [],
    })
    // The claim of one process is lost after a page, and another one goes on.
    await expect(stage.process([second, first])(1)).rejects.toThrow('The claim is lost.')
    const { keys } = await stage.count([second, first])
    expect(keys).toEqual([
      { name: newName, values: 100 },
      { name: oldName, values: all - 100 },
    ])
    // Two at once do no harm to each other.
    await Promise.all([stage.process([second, first])(), stage.process([second, first])()])
    expect(await stage.count([second])).toEqual({ keys: [{ name: newName, values: all }], lost: [] })
    const keyring = new Keyring(database, [second])
    const rows = await stage.direct.run("select id, secret from webhooks where id like 'hook-%'")
    expect(rows).toHaveLength(many)
    for (const { id, secret } of rows) {
      const place = { table: 'webhooks', row: String(id), column: 'secret' }
      expect(keyring.unseal(place, String(secret)).toString()).toBe(secrets.get(String(id)))
    }
    const [rotated] = await stage.direct.run(
      `select secret, old_secret from webhooks where id = '${made.id}'`,
    )
    const unseal = (column: 'secret' | 'old_secret') =>
      keyring.unseal({ table: 'webhooks', row: made.id, column }, String(rotated?.[column])).toString()
    expect([unseal('secret'), unseal('old_secret')]).toEqual([made.secret, made.oldSecret])
    await using latchkey = await open(database, [second])
    expect(await latchkey.audit.readCheckpoint()).toMatchObject({ isSigned: true })
    expect((await latchkey.audit.listSigners()).map(({ verifierKey }) => verifierKey)).toEqual(made.signers)
  })

  test('keeps a secret that its owner replaces meanwhile, and forgets one whose grace is over', async () => {
    const database = await makeDatabase()
    const { id } = await makeSecrets(database)
    await using stage = await beginWork(database)
    await using latchkey = await open(database, [second, first])
    let replaced: string | undefined
    let commits = 0
    const commit: Commit = async (actor, requirements, work) => {
      // Between what the work reads and what it writes; before, it forgets old secrets.
      if (++commits === 2) replaced = (await latchkey.webhooks.rotate(id, { graceSeconds: 3_600 })).secret
      return stage.commit(actor, requirements, work)
    }
    await stage.process([second, first], { commit })()
    const read = async () => (await stage.direct.run(`select * from webhooks where id = '${id}'`))[0]
    const place = { table: 'webhooks', row: id, column: 'secret' }
    const sealed = String((await read())?.secret)
    expect(new Keyring(database, [second]).unseal(place, sealed).toString()).toBe(replaced)
    await stage.direct.run(`update webhooks set old_secret_until = ${Date.now() - 1}`)
    await stage.process([second])()
    expect(await read()).toMatchObject({ secret: sealed, old_secret: null, old_secret_until: null })
  })

  test('leaves what a lost key has sealed, names it, and goes on when the key is given back', async () => {
    const database = await makeDatabase()
    const { id } = await makeSecrets(database)
    await using stage = await beginWork(database)
    const [oldName = ''] = new Keyring(database, [first]).names()
    const without = stage.process([second])
    await without()
    const { keys, lost } = await stage.count([second])
    expect([keys.map(({ values }) => values), lost]).toEqual([[0], [{ name: oldName, values: 4 }]])
    await using latchkey = await open(database, [second])
    const refused = await latchkey.webhooks.test(id).catch((error) => error)
    expect(refused).toMatchObject({ code: 'unsealable', message: expect.stringContaining(oldName) })
    await stage.process([second, first])()
    expect((await stage.count([second])).lost).toEqual([])
    await latchkey.webhooks.rotate(id, { graceSeconds: 60 })
    // Whole pages of lost ones hide none behind them.
    await fill(stage, new Keyring(database, [first]))
    const last = { table: 'webhooks', row: 'hook-99', column: 'secret' }
    const sealed = new Keyring(database, [second]).seal(last, Buffer.from('whsec_99'))
    await stage.direct.run(`update webhooks set secret = '${sealed}' where id = '${last.row}'`)
    await stage.process([third, second])()
    expect((await stage.count([third])).lost).toEqual([{ name: oldName, values: many - 1 }])
  })
})

/** A webhook with two secrets, another one, and a signer of checkpoints: four values, all under one key. */
async function makeSecrets(database: string) {
  await using latchkey = await open(database, [first])
  const hook = await latchkey.webhooks.create({ url, events: ['key.*'] })
  await latchkey.webhooks.create({ url, events: ['key.*'] })
  const { secret } = await latchkey.webhooks.rotate(hook.id, { graceSeconds: 3_600 })
  await latchkey.audit.readCheckpoint()
  const signers = (await latchkey.audit.listSigners()).map(({ verifierKey }) => verifierKey)
  return { id: hook.id, secret, oldSecret: hook.secret, signers }
}

onOneDatabase('SQLite', 'a keyring that is rotated', (makeDatabase) => {
  const command = useCommand()

  test('is followed by a process that runs, looks again after an hour, and looks on while a key is lost', async () => {
    const database = await makeDatabase()
    const file = `${database.slice('sqlite:'.length)}.keyring`
    await using stage = await beginWork(database)
    const run = stage.process([])
    // Where nothing is sealed, no keyring is made.
    await run()
    expect(() => readFileSync(file)).toThrow('ENOENT')
    await using latchkey = await openLatchkey({ database })
    expect(latchkey.jobCounts().map(({ kind }) => kind)).toContain('resealing')
    await latchkey.webhooks.create({ url, events: ['key.*'] })
    const values = async () => {
      const { keys, lost } = await stage.count([])
      return [...keys.map((key) => key.values), lost.map((key) => key.values)]
    }
    await run()
    rotateKeyringFile(file)
    expect(await values()).toEqual([0, 1, []])
    await run()
    expect(await values()).toEqual([1, 0, []])
    // A process with another first key seals by that one, until it is restarted.
    const oldKey = readFileSync(file, 'utf8').split('\n')[1] ?? ''
    await using older = await openLatchkey({ database, sealingKeys: [oldKey] })
    await older.webhooks.create({ url, events: ['key.*'] })
    await run()
    expect(await values()).toEqual([1, 1, []])
    stage.pass(hour)
    await run()
    expect(await values()).toEqual([2, 0, []])
    // Too early.
    await older.webhooks.create({ url, events: ['key.*'] })
    const [newKey = ''] = readFileSync(file, 'utf8').split('\n')
    writeFileSync(file, `${newKey}\n`)
    stage.pass(hour)
    await run()
    expect(await values()).toEqual([2, [1]])
    writeFileSync(file, `${newKey}\n${oldKey}\n`)
    stage.pass(minute)
    await run()
    expect(await values()).toEqual([3, 0, []])
    // Removed: once each time, the process says that it alone has the keys.
    expect(stage.warnings).toEqual([])
    const removal = expect.stringContaining(`The keyring ${file} was removed.`)
    for (const count of [1, 2]) {
      renameSync(file, `${file}.away`)
      for (let i = 0; i < 2; i++) await run()
      expect(stage.warnings).toEqual(Array.from({ length: count }, () => removal))
      renameSync(`${file}.away`, file)
      await run()
    }
    // Who looks at it from outside is told too, before a start that would make another one.
    const examine = async () =>
      JSON.parse((await command.run(['doctor', '--json', '--database', database])).stdout)
    const lacks = {
      subject: 'keyring',
      outcome: 'failure',
      detail: expect.stringContaining(`There is no ${file}`),
    }
    expect((await examine()).findings).not.toContainEqual(expect.objectContaining({ subject: 'keyring' }))
    rmSync(file)
    expect((await examine()).findings).toContainEqual(expect.objectContaining(lacks))
  })

  test('is told by its names alone, and what was taken out too early is said at the start', async () => {
    const database = await makeDatabase()
    const file = `${database.slice('sqlite:'.length)}.keyring`
    const status = (...args: string[]) => command.run(['keyring', 'status', '--database', database, ...args])
    const none = await status()
    expect([none.code, none.stdout, none.stderr]).toEqual([0, '', 'There are no keys here.\n'])
    {
      await using latchkey = await openLatchkey({ database })
      await latchkey.webhooks.create({ url, events: ['key.*'] })
    }
    rotateKeyringFile(file)
    const [newName, oldName] = new Keyring(database, []).names()
    const shown = await status()
    expect(shown.stdout.trimEnd().split('\n')).toEqual([
      'KEY       STATE  VALUES',
      `${newName}  seals       0`,
      `${oldName}  opens       1`,
    ])
    expect(shown.stderr).toContain('seals anew')
    const [newKey = '', oldKey = ''] = readFileSync(file, 'utf8').split('\n')
    writeFileSync(file, `${newKey}\n`)
    const lost = await status()
    expect(lost.stdout.split('\n')[2]).toBe(`${oldName}  lost        1`)
    expect(lost.stderr).toContain('Give them back')
    const json = await status('--json')
    expect(JSON.parse(json.stdout)).toEqual({
      keys: [{ name: newName, values: 0 }],
      lost: [{ name: oldName, values: 1 }],
    })
    const server = await command.serve(['--database', database])
    await expect.poll(server.stderr).toContain(`(${oldName})`)
    for (const text of [shown.stdout, lost.stdout, json.stdout, server.stderr()])
      for (const key of [newKey, oldKey]) expect(text).not.toContain(key.slice(0, 12))
  })
})
