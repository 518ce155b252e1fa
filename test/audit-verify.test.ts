// Logs as files: what `audit export` wrote is verified offline, by Latchkey and by a program of others; every change shows.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { printVerified, verify, writeLog } from '../src/cli/commands/audit-files.ts'
import { type Latchkey, openLatchkey } from '../src/index.ts'
import { checkpointText } from '../src/transparency/checkpoint.ts'
import { Erasures } from '../src/transparency/erasures.ts'
import { leafOf, leafTexts } from '../src/transparency/leaf.ts'
import {
  endOfLog,
  headOfLog,
  LogFault,
  LogVerifier,
  lineOfLog,
  verifyLog,
} from '../src/transparency/log-file.ts'
import { GrowingTree, leafHash } from '../src/transparency/merkle.ts'
import {
  newSignerSeed,
  readVerifierKey,
  type Signer,
  signerOf,
  signNote,
  verifierKeyOf,
} from '../src/transparency/signed-note.ts'
import { createAcme } from './setup/acme.ts'
import { callerBy } from './setup/callers.ts'
import { makeSqlite, onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { repository } from './setup/documents-run.ts'

const sealingKeys = [`${'A'.repeat(43)}=`]
const checker = join(repository, 'examples/verify-log/verify.py')

async function textOf(parts: AsyncIterable<string>): Promise<string> {
  let whole = ''
  for await (const part of parts) whole += part
  return whole
}

/** Verifies a text; an answer, or the fault. */
async function held(text: string, checkpoints: string[] = []): Promise<LogFault | 'whole'> {
  const bytes = async function* () {
    yield Buffer.from(text, 'latin1')
  }
  try {
    await verifyLog(bytes(), { checkpoints })
    return 'whole'
  } catch (error) {
    if (error instanceof LogFault) return error
    throw error
  }
}

/** A log of some events of an organization and of all, and a checkpoint of its first half. */
async function makeLog(latchkey: Latchkey, rounds: number) {
  await createAcme(latchkey)
  const root = await latchkey.ensureRootKey()
  const actor = { ...(await callerBy(latchkey, root?.key as string)), ip: '203.0.113.7' }
  const change = async () => {
    for (let round = 0; round < rounds; round++)
      await latchkey.keys.create(
        { organizationId: 'acme', name: `Größe\t${round}`.replace('\t', ' ') },
        { actor },
      )
  }
  await change()
  const acme = { organizationId: 'acme' }
  await latchkey.audit.readCheckpoint()
  const before = await latchkey.audit.readCheckpoint(acme)
  await change()
  const checkpoint = await latchkey.audit.readCheckpoint(acme)
  const text = await textOf(writeLog(latchkey.audit, acme, checkpoint))
  const [key = ''] = (await latchkey.audit.listSigners()).map(({ verifierKey }) => verifierKey)
  return { text, before, checkpoint, key, actor }
}

onEachDatabase('an exported log', (makeDatabase) => {
  test('is whole, on one machine and by a program that knows nothing of Latchkey', async () => {
    await using latchkey = await openLatchkey({ database: await makeDatabase(), sealingKeys })
    const { text, before, checkpoint, key, actor } = await makeLog(latchkey, 60)
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-log-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const write = (name: string, content: string) => {
      writeFileSync(join(folder, name), content)
      return join(folder, name)
    }
    const file = write('acme.log', text)
    const [kept, whole] = [
      write('before.txt', before.note),
      write('all.log', await textOf(await allOf(latchkey))),
    ]
    expect(await verify({ file }, { checkpoint: [kept], key: [key] })).toEqual({
      origin: checkpoint.origin,
      events: 121,
      cut: 0,
      erased: 0,
      root: checkpoint.rootHash,
      isSignerChecked: true,
      instance: 0,
      checkpoints: [61],
    })
    expect(await verify({ audit: latchkey.audit, input: {} }, {})).toMatchObject({ events: 124 })
    const other = verifierKeyOf(signerOf('latchkey/other', newSignerSeed()))
    expect(await verify({ file }, { key: [other] })).toMatchObject({ sequence: null })
    expect(await verify({ file }, { key: [`${other}\n${key}\n`] })).toMatchObject({ isSignerChecked: true })
    // An organization gets the same leaves, and nothing of who acted from outside.
    const { key: reader } = await latchkey.keys.create(
      { organizationId: 'acme', name: 'Reader', permissions: ['latchkey:audit:read'] },
      { actor },
    )
    const own = await callerBy(latchkey, reader)
    const asAcme = {
      readCheckpoint: () => latchkey.audit.readCheckpoint({}, { actor: own }),
      listAllSealed: () => latchkey.audit.listAllSealed({}, { actor: own }),
    }
    await expect.poll(async () => (await asAcme.readCheckpoint()).size, { timeout: 10_000 }).toBe(122)
    const ownText = await textOf(writeLog(asAcme, {}, await asAcme.readCheckpoint()))
    expect(await held(Buffer.from(ownText).toString('latin1'), [before.note, checkpoint.note])).toBe('whole')
    expect(ownText).not.toContain('203.0.113.7')
    expect(ownText).not.toContain(actor.keyId)
    expect(text).toContain('203.0.113.7')
    const run = (...args: string[]) => {
      const { status, stdout, stderr } = spawnSync('python3', [checker, ...args], { encoding: 'utf8' })
      return [status, stdout + stderr]
    }
    expect(run(file, kept, '--key', key)).toEqual([
      0,
      `121 events of ${checkpoint.origin}: as they were sealed, 0 without details, 0 cut; signed by the given key.\n`,
    ])
    expect(run(whole, '--key', key)[0]).toBe(0)
    expect(run(write('own.log', ownText), kept)[0]).toBe(0)
    for (const broken of [text.replace('Größe 7', 'Größe 8'), text.replace(/^2\t.*\n/m, '')])
      expect(run(write('broken.log', broken), kept)).toEqual([
        1,
        expect.stringMatching(/^Not what was sealed: .*event/i),
      ])
    expect(run(file, kept, '--key', other)[0]).toBe(1)
  })

  test('is not whole if the row of an event says something else than was sealed', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database, sealingKeys })
    await makeLog(latchkey, 5)
    await using direct = await connectDirectly(database)
    const at = (position: number) => `(select event_id from audit_log where position = ${position})`
    const live = () => verify({ audit: latchkey.audit, input: {} }, {})
    const tables = { audit_events: 'id', audit_log: 'event_id' }
    /** Writes to what there is of an event, and looks whether it is named; gives everything back. */
    const named = async (position: number, ...writes: [keyof typeof tables, string][]) => {
      const event = await direct.run(`select * from audit_events where id = ${at(position)}`)
      const log = await direct.run(`select * from audit_log where position = ${position}`)
      for (const [table, change] of writes)
        await direct.run(`update ${table} set ${change} where ${tables[table]} = ${at(position)}`)
      expect(await live(), JSON.stringify(writes)).toMatchObject({ sequence: position })
      for (const [table, rows] of [
        ['audit_events', event],
        ['audit_log', log],
      ] as const) {
        const set = Object.entries(rows[0] ?? {}).map(
          ([column, value]) =>
            `${column} = ${typeof value === 'string' && !/^\d+$/.test(value) ? `'${value}'` : value}`,
        )
        await direct.run(`update ${table} set ${set.join()} where ${tables[table]} = ${at(position)}`)
      }
      expect(await live()).not.toHaveProperty('fault')
    }
    for (const column of ['action', 'organization_id', 'key_id'])
      await named(7, ['audit_events', `${column} = ${column} || 'x'`])
    await named(7, ['audit_events', 'at = at + 1'])
    await named(7, ['audit_events', "changes = '{'"])
    await named(7, ['audit_log', `leaf = (select leaf from audit_log where position = 8)`])
    await named(7, ['audit_log', "leaf = '{'"])
    // What nobody sealed: a salt that is gone hides nothing.
    await named(7, ['audit_log', 'origin_salt = null'], ['audit_events', "ip = '203.0.113.8'"])
    await named(1, ['audit_events', "actor_type = 'system'"])
    const [erased] = await direct.run(`select id from audit_events where id = ${at(6)}`)
    await latchkey.audit.erase({ eventIds: [String(erased?.id)] })
    for (const change of ["changes = '{}'", "ip = '203.0.113.8'", "actor = 'x'", "actor_type = 'system'"])
      await named(6, ['audit_events', change])
    // A row that is gone, and a log that was cut, are answers too.
    await direct.run(
      'delete from audit_events where id = (select event_id from audit_log where position = 7)',
    )
    expect(await live()).toHaveProperty('fault')
    await direct.run("update audit_heads set size = 5 where log = ''")
    expect(await live()).toMatchObject({ fault: 'The head of the log is not one of its size.' })
  })
})

async function allOf({ audit }: Latchkey) {
  return writeLog(audit, {}, await audit.readCheckpoint())
}

test('shows each of a thousand changed bytes, removals, swaps and truncations, and at which event', async () => {
  await using latchkey = await openLatchkey({ database: makeSqlite().url, sealingKeys })
  const { text: unicode, before, checkpoint } = await makeLog(latchkey, 100)
  const text = Buffer.from(unicode).toString('latin1')
  const kept = [before.note, checkpoint.note]
  expect(await held(text, kept)).toBe('whole')
  const lines = text.split('\n')
  const events = checkpoint.size
  const pick = (below: number) => Math.floor(Math.random() * below)
  // Behind its text, a note has what only a key can judge.
  const judged = text.lastIndexOf('\n\n') + 1
  const lineAt = (at: number) => text.slice(0, at).split('\n').length - 1
  for (let round = 0; round < 1_000; round++) {
    const kind = ['byte', 'removal', 'swap', 'truncation'][round % 4]
    const at = pick(judged)
    const [one, two] = [1 + pick(events), 1 + pick(events)]
    let broken = text
    let first: number | undefined
    if (kind === 'byte') {
      const changed = String.fromCharCode((text.charCodeAt(at) + 1 + pick(255)) % 256)
      broken = text.slice(0, at) + changed + text.slice(at + 1)
      const line = lineAt(at)
      if (line >= 1 && line <= events) first = line
    } else if (kind === 'removal') {
      broken = lines.toSpliced(one, 1).join('\n')
      first = one === events ? undefined : one
    } else if (kind === 'swap') {
      if (one === two) continue
      const swapped = [...lines]
      swapped[one] = lines[two] as string
      swapped[two] = lines[one] as string
      broken = swapped.join('\n')
      first = Math.min(one, two)
    } else broken = text.slice(0, at)
    const fault = await held(broken, kept)
    expect(fault, `${kind} at ${at} or ${one}, ${two}`).toBeInstanceOf(LogFault)
    // A line break in the midst of a line ends it, and the events too if it was at its end.
    if (first !== undefined && kind !== 'byte') expect((fault as LogFault).sequence).toBe(first)
    if (first !== undefined && kind === 'byte')
      expect([first, first + 1, undefined]).toContain((fault as LogFault).sequence)
  }
}, 60_000)

test('written anew as a whole fits its own checkpoint, and no other that was kept', async () => {
  await using latchkey = await openLatchkey({ database: makeSqlite().url, sealingKeys })
  await using forged = await openLatchkey({ database: makeSqlite().url, sealingKeys })
  const { before, checkpoint } = await makeLog(latchkey, 5)
  const { text } = await makeLog(forged, 5)
  const forgery = text.replaceAll(/latchkey\/\w+\/\w+\/acme/g, checkpoint.origin)
  const asBytes = Buffer.from(forgery).toString('latin1')
  expect(await held(asBytes)).toBe('whole')
  expect(await held(asBytes, [before.note])).toMatchObject({ sequence: 1 })
  expect(await held(asBytes, [before.note.replace('/acme', '/bees')])).toBeInstanceOf(LogFault)
})

test('that ends early, is of another log or is signed by another key does not fit what was kept', async () => {
  const [own, other] = [newSignerSeed(), newSignerSeed()].map((seed) => signerOf('latchkey/1', seed))
  if (own === undefined || other === undefined) return expect.unreachable()
  const acme = 'latchkey/1/2/acme'
  const leafOfForm = (version: number, organizationId: string, number: number) => {
    const source = {
      ...{
        id: `${number}`,
        at: number,
        action: 'key.created',
        actor: null,
        actorType: 'operator',
        isForeign: false,
      },
      ...{ organizationId, keyId: null, changes: '{"name":"\ufffd"}', requestId: null, ip: null, via: null },
    }
    const texts = leafTexts(source)
    const salts = { details: 'A'.repeat(22), origin: null }
    const leaf = leafOf(source, texts, salts).replace('"v":1', `"v":${version}`)
    return {
      sequence: number,
      hash: leafHash(leaf).toString('base64'),
      leaf,
      detailsSalt: salts.details,
      details: texts.details,
      originSalt: null,
      origin: null,
    }
  }
  const make = (events: number, version = 1, organizationId = 'acme') => {
    const tree = new GrowingTree()
    const lines = Array.from({ length: events }, (_, index) => {
      const line = leafOfForm(version, organizationId, index + 1)
      tree.append(leafHash(line.leaf))
      return lineOfLog(line)
    })
    const noteBy = (signer: Signer, origin: string, root = tree.root) =>
      signNote(checkpointText({ origin, size: tree.size, root }), [signer])
    return { lines: headOfLog(acme) + lines.join(''), noteBy, note: noteBy(own, acme) }
  }
  const signer = readVerifierKey(verifierKeyOf(own))
  const faultOf = async (file: string | Uint8Array, checkpoints: string[] = []) => {
    const bytes = async function* () {
      yield Buffer.from(file)
    }
    const known = { checkpoints, signers: signer && [signer] }
    return (async () => verifyLog(bytes(), known))().then(
      () => 'whole',
      ({ message }: LogFault) => message,
    )
  }
  const [four, three] = [make(4), make(3)]
  const whole = four.lines + endOfLog(four.note)
  expect(await faultOf(whole, [three.note, four.note])).toBe('whole')
  expect(await faultOf(three.lines + endOfLog(three.note), [four.note])).toMatch('ends with event 3, and a')
  expect(await faultOf(three.lines + endOfLog(four.note))).toMatch('ends with event 3, and its')
  expect(await faultOf(four.lines + endOfLog(three.note))).toMatch('ends with event 4, and its')
  const bees = 'latchkey/1/2/bees'
  expect(await faultOf(four.lines + endOfLog(four.noteBy(own, bees)))).toMatch('of another log')
  expect(await faultOf(whole, [four.noteBy(own, bees)])).toMatch('of another log')
  expect(await faultOf(whole, [four.noteBy(other, acme)])).toMatch('kept is not signed')
  expect(await faultOf(four.lines + endOfLog(four.noteBy(other, acme)))).toMatch('file is not signed')
  const wrongRoot = four.noteBy(own, acme, leafHash('another'))
  expect(await faultOf(four.lines + endOfLog(wrongRoot))).toMatch('from event 1 to 4')
  expect(await faultOf(four.lines + endOfLog(wrongRoot), [three.note])).toMatch('from event 4 to 4')
  expect(await faultOf(four.lines + endOfLog(wrongRoot), [four.note])).toMatch(
    'another one of this size does',
  )
  const foreign = make(1, 1, 'bees')
  expect(await faultOf(foreign.lines + endOfLog(foreign.note))).toMatch('of another organization')
  const newer = make(1, 2)
  expect(await faultOf(newer.lines + endOfLog(newer.note))).toMatch('no form that this version knows')
  // Bytes that are read as what was sealed are not what was sealed.
  const bytes = Buffer.from(whole)
  const at = bytes.indexOf('\ufffd')
  const broken = Buffer.concat([bytes.subarray(0, at), Buffer.of(0xff), bytes.subarray(at + 3)])
  expect(await faultOf(broken)).toMatch('not in UTF-8')
})

test('whose details are gone is not whole, unless an event further on says that they were erased', async () => {
  const { url } = makeSqlite()
  await using latchkey = await openLatchkey({ database: url, sealingKeys })
  const { text, before, checkpoint } = await makeLog(latchkey, 5)
  const acme = { organizationId: 'acme' }
  const known = { checkpoints: [before.note, checkpoint.note] }
  const bytesOf = async function* (of: string) {
    yield Buffer.from(of)
  }
  const byHand = text.replace(/^(3\t\S+\t[^\t]+)\t.*$/m, '$1\t\t\t\t')
  await expect(verifyLog(bytesOf(byHand), known)).rejects.toMatchObject({ name: 'LogFault', sequence: 3 })
  const eventIds = (await latchkey.audit.list({ ...acme, action: 'key.created' })).items.map(({ id }) => id)
  await latchkey.audit.erase({ eventIds: eventIds.slice(0, 2) })
  const later = await textOf(writeLog(latchkey.audit, acme, await latchkey.audit.readCheckpoint(acme)))
  const verified = await verifyLog(bytesOf(later), known)
  expect(verified).toMatchObject({ erased: 2, events: 12 })
  expect(() => printVerified(verified)).not.toThrow()
  // An erasure of others is none of this one, nor is one that lacks its own details.
  const more = later.replace(/^(3\t\S+\t[^\t]+)\t.*$/m, '$1\t\t\t\t')
  await expect(verifyLog(bytesOf(more), known)).rejects.toMatchObject({ sequence: 3 })
  const unsaid = later.replace(/^(12\t\S+\t[^\t]+)\t.*$/m, '$1\t\t\t\t')
  await expect(verifyLog(bytesOf(unsaid), known)).rejects.toMatchObject({ name: 'LogFault', sequence: 10 })
  expect(() => new LogVerifier({ checkpoints: ['no note'] })).toThrow(LogFault)
  // What looks like an erasure and is none.
  const erasures = new Erasures()
  erasures.event(1, { id: 'one', action: 'key.created' }, '')
  erasures.event(2, { id: 'two', action: 'key.updated' }, '{"changes":{"event_ids":["one"]}}')
  expect(erasures.unnamed).toBe(1)
})
