// Checkpoints that leave the instance by themselves: to a file, and to webhooks.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { verify } from '../src/cli/commands/audit-files.ts'
import { ChangeLines } from '../src/commit/change-lines.ts'
import { type Commit, Writer } from '../src/commit/commit.ts'
import { CheckpointFile } from '../src/domain/audit/checkpoint-file.ts'
import { checkpointJob } from '../src/domain/audit/checkpoints.ts'
import { Keyring } from '../src/domain/keyring.ts'
import { systemRandom } from '../src/domain/random.ts'
import { openLatchkey } from '../src/index.ts'
import { openStore } from '../src/store/store.ts'
import { readCheckpoint, splitNotes } from '../src/transparency/checkpoint.ts'
import { createAcme } from './setup/acme.ts'
import { makeCaller } from './setup/callers.ts'
import { makeSqlite, onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { codeOf } from './setup/refusal.ts'

const sealingKeys = [`${'A'.repeat(43)}=`]

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-notes-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

/** A database, and the work that makes its hourly checkpoints, run by hand. */
async function open(database: string, file?: string) {
  const latchkey = await openLatchkey({
    ...{ database, sealingKeys, monotonic: () => 0, webhookNetworks: ['127.0.0.0/8'] },
  })
  const store = await openStore(database)
  const source = { now: Date.now, random: systemRandom }
  const forgetful = { forget: () => {}, lookNow: () => {}, noteEvents: () => {} }
  const writer = new Writer(store, forgetful, source, new ChangeLines(store.changesAtOnce))
  const signing = {
    ...{ store, now: Date.now, keyring: new Keyring(database, sealingKeys) },
    commit: ((actor, requirements, work) => writer.commit(actor, requirements, work)) as Commit,
  }
  const warnings: string[] = []
  const notes = file === undefined ? undefined : new CheckpointFile(file, (message) => warnings.push(message))
  const { run } = checkpointJob(signing, notes)
  const anHourLater = async () => {
    // Twice: the first one may make who signs, which is an event.
    await latchkey.audit.readCheckpoint()
    await latchkey.audit.readCheckpoint()
    await run({
      ...{ subject: '', organizationId: null, payload: null, attempt: 1 },
      ...{ signal: new AbortController().signal, requireHeld: () => {} },
    })
  }
  const close = async () => {
    await latchkey.close()
    await store.close()
  }
  return { latchkey, warnings, anHourLater, [Symbol.asyncDispose]: close }
}

onEachDatabase('checkpoints', (makeDatabase) => {
  test('that the instance has kept are listed, and a log that was rewritten does not fit them', async () => {
    const database = await makeDatabase()
    await using stage = await open(database)
    const { latchkey, anHourLater } = stage
    const { audit } = latchkey
    await anHourLater()
    await createAcme(latchkey)
    await anHourLater()
    const { items, next } = await audit.listCheckpoints({ limit: 1 })
    expect([items, next]).toEqual([[{ size: 1, madeAt: expect.any(Date), note: expect.any(String) }], '1'])
    expect((await audit.listCheckpoints({ after: '1' })).items.map(({ size }) => size)).toEqual([2])
    expect((await audit.listCheckpoints({ organizationId: 'acme' })).items.map(({ size }) => size)).toEqual([
      1,
    ])
    expect(await codeOf(audit.listCheckpoints({ organizationId: 'nobody' }))).toBe('organization_not_found')
    expect(await codeOf(audit.listCheckpoints({ after: 'x' }))).toBe('invalid_input')
    const own = await makeCaller(latchkey, 'acme', ['latchkey:audit:read'])
    expect((await audit.listCheckpoints({}, { actor: own })).items).toHaveLength(1)
    const [key = ''] = (await audit.listSigners()).map(({ verifierKey }) => verifierKey)
    const held = (keys?: string[]) => verify({ audit, input: {} }, keys ? { key: keys } : {})
    expect(await held()).toMatchObject({ instance: 2, checkpoints: [] })
    expect(await held([key])).toMatchObject({ instance: 2 })
    // A key that they were not signed by, beside the one that signs now: they are nothing to it.
    await audit.rotateSigner()
    const [, second = ''] = (await audit.listSigners()).map(({ verifierKey }) => verifierKey)
    expect(await held([second])).toMatchObject({ instance: 0 })
    await using direct = await connectDirectly(database)
    const note = items[0]?.note.replace(/\n[A-Za-z0-9+/]{43}=\n/, `\n${'A'.repeat(43)}=\n`)
    await direct.run(`update audit_checkpoints set note = '${note}' where log = '' and size = 1`)
    expect(await held()).toMatchObject({
      fault: expect.stringContaining('A checkpoint of the instance does not fit'),
      sequence: 1,
    })
    // Of a log of before a restore there are none.
    await latchkey.noteRestore()
    expect((await audit.listCheckpoints()).items).toEqual([])
  })

  test('are appended to a file, which a verification takes as it is', async () => {
    const file = join(makeFolder(), 'notes.txt')
    await using stage = await open(await makeDatabase(), file)
    const { latchkey, anHourLater } = stage
    const sizes = () => splitNotes(readFileSync(file, 'utf8')).map((note) => readCheckpoint(note)?.size)
    await anHourLater()
    await anHourLater()
    expect(sizes()).toEqual([1])
    await createAcme(latchkey)
    await anHourLater()
    expect(sizes()).toEqual([1, 2])
    const held = () => verify({ audit: latchkey.audit, input: {} }, { checkpoint: [file] })
    expect(await held()).toMatchObject({ checkpoints: [1, 2] })
    // Notes of before a restore are of another log; a file of nothing else is a mistake.
    const own = readFileSync(file, 'utf8')
    const older = own.replaceAll(/^(latchkey\/\w+)\/\w+$/gm, '$1/before')
    writeFileSync(file, older + own)
    expect(await held()).toMatchObject({ checkpoints: [1, 2] })
    writeFileSync(file, older)
    expect(await held()).toMatchObject({ fault: expect.stringContaining('of another log') })
    writeFileSync(file, own.replace(/^1$/m, '2'))
    expect(await held()).toMatchObject({ fault: expect.stringContaining('does not fit') })
  })

  test('that cannot be written to it are kept all the same', async () => {
    const database = await makeDatabase()
    await using stage = await open(database, '/dev/full')
    const { warnings, anHourLater } = stage
    await anHourLater()
    await using direct = await connectDirectly(database)
    expect(await direct.run("select log from audit_checkpoints where log = ''")).toHaveLength(1)
    expect(warnings).toEqual([expect.stringContaining('ENOSPC')])
  })

  test('are events if a webhook of the root organization asks for them, and make no further ones', async () => {
    const database = await makeDatabase()
    await using stage = await open(database)
    const { latchkey, anHourLater } = stage
    const told = async () => (await latchkey.audit.list({ action: 'log.checkpoint' })).items
    const url = 'http://127.0.0.1:9/'
    await createAcme(latchkey)
    await latchkey.webhooks.create({ url, events: ['log.*'], sourceOrganizationId: 'acme' })
    await latchkey.webhooks.create({ url, events: ['key.*'] })
    await anHourLater()
    expect(await told()).toEqual([])
    await latchkey.webhooks.create({ url, events: ['log.*'] })
    await anHourLater()
    const events = await told()
    expect(events).toMatchObject([{ organizationId: 'root', actorType: 'system' }])
    const { size } = await latchkey.audit.readCheckpoint()
    expect(readCheckpoint(String(events[0]?.changes.note))?.size).toBe(size - 1)
    for (let hour = 0; hour < 3; hour++) await anHourLater()
    expect(await told()).toHaveLength(1)
    expect(await latchkey.audit.readCheckpoint()).toMatchObject({ size })
    await latchkey.organizations.create({ id: 'bees', name: 'Bees' })
    await anHourLater()
    await anHourLater()
    expect(await told()).toHaveLength(2)
    // What came before the event that tells is no less for it.
    await using direct = await connectDirectly(database)
    await direct.run("update audit_heads set checkpointed = checkpointed - 1 where log = ''")
    await anHourLater()
    expect(await told()).toHaveLength(3)
  })
})

test('a file of checkpoints that cannot be made is said at the start', async () => {
  const warnings: string[] = []
  const checkpointFile = join(makeFolder(), 'missing', 'notes.txt')
  await using _ = await openLatchkey({
    ...{ database: makeSqlite().url, checkpointFile, onWarning: (message) => void warnings.push(message) },
  })
  expect(warnings).toEqual([expect.stringMatching(/^Cannot write checkpoints to .*notes\.txt: ENOENT/)])
})

test('a pipe that nobody reads is no file to wait for', async () => {
  const warnings: string[] = []
  const path = join(makeFolder(), 'pipe')
  expect(spawnSync('mkfifo', [path]).status).toBe(0)
  expect(existsSync(path)).toBe(true)
  await new CheckpointFile(path, (message) => warnings.push(message)).append('a note\n')
  expect(warnings).toEqual([expect.stringContaining('ENXIO')])
})
