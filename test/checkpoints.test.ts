// Checkpoints and proofs: what a log was can be held against what it is, by anybody who kept a note.
import { expect, test } from 'vitest'
import { Keyring } from '../src/domain/keyring.ts'
import { type Latchkey, openLatchkey } from '../src/index.ts'
import { readCheckpoint } from '../src/transparency/checkpoint.ts'
import { leafHash } from '../src/transparency/merkle.ts'
import { isConsistent, isIncluded } from '../src/transparency/proofs.ts'
import { isSignedBy, type Note, readNote, readVerifierKey } from '../src/transparency/signed-note.ts'
import { createAcme } from './setup/acme.ts'
import { callerBy } from './setup/callers.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { codeOf } from './setup/refusal.ts'
import { checkLog } from './setup/sealed-log.ts'

const [first, second] = [`${'A'.repeat(43)}=`, `${'B'.repeat(43)}=`]
const bytesOf = (texts: readonly string[]) => texts.map((text) => Buffer.from(text, 'base64'))
const open = (database: string, sealingKeys: string[] = [first]) =>
  openLatchkey({ database, sealingKeys, monotonic: () => 0 })

async function isSigned(latchkey: Latchkey, note: string): Promise<boolean> {
  const signers = await latchkey.audit.listSigners()
  const read = readNote(note) as Note
  return (
    signers.length > 0 &&
    signers.every(({ verifierKey }) => {
      const known = readVerifierKey(verifierKey)
      return known !== undefined && isSignedBy(read, known)
    })
  )
}

onEachDatabase('checkpoints', (makeDatabase, kind) => {
  test('are signed, and every proof leads from an event, or from an older checkpoint, to one', async () => {
    const database = await makeDatabase()
    await using latchkey = await open(database)
    await createAcme(latchkey)
    await using direct = await connectDirectly(database)
    const ids = Array.from(
      { length: 700 },
      (_, i) => `0192f0c1-0000-7000-8000-${String(i).padStart(12, '0')}`,
    )
    const values = ids.map((id) => `('${id}', 1, 'organization.updated', 'acme', '{}')`)
    await direct.run(
      `insert into audit_events (id, at, action, organization_id, changes) values ${values.join()}`,
    )
    const seen = new Map<number, Buffer>()
    for (const until of [3, 256, 257, 511, 700]) {
      const queued = ids.slice([...seen.keys()].at(-1) ?? 0, until).map((id) => `('${id}')`)
      await direct.run(`insert into audit_queue (event_id) values ${queued.join()}`)
      const { note, size, rootHash } = await latchkey.audit.readCheckpoint({ organizationId: 'acme' })
      // The organization itself, and the key that signs, are events too.
      expect(size).toBe(until + 1)
      expect(await isSigned(latchkey, note)).toBe(true)
      const read = readCheckpoint(note)
      expect(read).toMatchObject({ size, root: Buffer.from(rootHash, 'base64') })
      expect(read?.origin).toMatch(/^latchkey\/[0-9a-f]{12}\/[0-9a-f]{12}\/acme$/)
      seen.set(until, read?.root as Buffer)
    }
    const { roots } = await checkLog(direct, true)
    const rootOf = (log: string, size: number) => Buffer.from(roots.get(log)?.[size - 1] ?? '', 'base64')
    for (const [organizationId, size] of [
      ['acme', 701],
      ['acme', 300],
      [undefined, 702],
    ] as const) {
      const log = organizationId ?? ''
      const of = { size, ...(organizationId !== undefined && { organizationId }) }
      const root = rootOf(log, size)
      for (const sequence of [1, 2, 128, 255, 256, 257, 300, 512, 513, size].filter((at) => at <= size)) {
        const { leaf, proof } = await latchkey.audit.proveEvent({ ...of, sequence })
        expect(isIncluded(leafHash(leaf), sequence - 1, { size, root }, bytesOf(proof))).toBe(true)
      }
      for (const from of [1, 2, 255, 256, 257, 300, 511, 512, size].filter((at) => at <= size)) {
        const { proof } = await latchkey.audit.proveGrowth({ ...of, from })
        const before = { size: from, root: rootOf(log, from) }
        expect(isConsistent(before, { size, root }, bytesOf(proof))).toBe(true)
      }
    }
    for (const [until, root] of seen) expect(rootOf('acme', until + 1)).toEqual(root)
  })

  test('are of the own organization alone, and of what there is', async () => {
    await using latchkey = await open(await makeDatabase())
    await createAcme(latchkey)
    await latchkey.organizations.create({ id: 'bees', name: 'Bees' })
    const { key } = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'CI',
      permissions: ['latchkey:audit:read'],
    })
    const actor = await callerBy(latchkey, key)
    const { size, note } = await latchkey.audit.readCheckpoint()
    await latchkey.audit.readCheckpoint({ organizationId: 'acme' })
    const { audit } = latchkey
    const own = await audit.readCheckpoint({}, { actor })
    expect(own).toMatchObject({ size: 2, isSigned: true, origin: expect.stringMatching(/\/acme$/) })
    expect(own.origin).toBe(`${note.split('\n')[0]}/acme`)
    expect(size).toBe(3)
    for (const call of [
      () => audit.readCheckpoint({ organizationId: 'bees' }, { actor }),
      () => audit.proveEvent({ organizationId: 'bees', sequence: 1 }, { actor }),
      () => audit.proveGrowth({ organizationId: 'nobody', from: 1 }),
      () => audit.listSealed({ organizationId: 'nobody' }),
    ])
      expect(await codeOf(call())).toBe('organization_not_found')
    for (const call of [
      () => audit.proveEvent({ sequence: 3 }, { actor }),
      () => audit.proveEvent({ sequence: 2, size: 1 }, { actor }),
      () => audit.proveEvent({ sequence: 0 }, { actor }),
      () => audit.proveGrowth({ from: 3 }, { actor }),
      () => audit.proveGrowth({ from: 1, size: 3 }, { actor }),
    ])
      expect(await codeOf(call())).toBe('invalid_input')
  })

  test('are kept once an hour of each log that has grown', async () => {
    const database = await makeDatabase()
    await using direct = await connectDirectly(database)
    const kept = async () =>
      (await direct.run('select log, size from audit_checkpoints order by log, size')).map(({ log, size }) =>
        [log, Number(size)].join(' '),
      )
    {
      await using latchkey = await open(database)
      await createAcme(latchkey)
      await latchkey.audit.readCheckpoint()
      await latchkey.audit.readCheckpoint()
      await expect
        .poll(() => direct.run("select kind from jobs where kind = 'checkpoints'"), { timeout: 10_000 })
        .toHaveLength(1)
    }
    for (const expected of [
      [' 2', 'acme 1', 'root 1'],
      [' 2', ' 3', 'acme 1', 'acme 2', 'root 1'],
    ]) {
      await direct.run("update jobs set due_at = 0 where kind = 'checkpoints'")
      await using latchkey = await openLatchkey({ database, sealingKeys: [first] })
      await expect.poll(kept, { timeout: 10_000 }).toEqual(expected)
      expect(await direct.run('select log from audit_heads where checkpointed <> size')).toEqual([])
      const notes = await direct.run('select note from audit_checkpoints')
      for (const { note } of notes) expect(await isSigned(latchkey, String(note))).toBe(true)
      await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
      await latchkey.audit.readCheckpoint()
    }
  })

  test('are signed by one key whatever the keyring seals it by, and by none without a keyring', async () => {
    const database = await makeDatabase()
    if (kind === 'PostgreSQL') {
      await using latchkey = await open(database, [])
      await createAcme(latchkey)
      expect(await latchkey.audit.readCheckpoint()).toMatchObject({ isSigned: false })
    }
    const signers: unknown[] = []
    await using direct = await connectDirectly(database)
    // Of two processes that make the first one at once, one does.
    {
      await using one = await open(database)
      await using other = await open(database)
      await Promise.all([one, other].map(({ audit }) => audit.readCheckpoint()))
    }
    for (const keys of [[first], [second, first]]) {
      await using latchkey = await open(database, keys)
      const { note } = await latchkey.audit.readCheckpoint()
      expect(await isSigned(latchkey, note)).toBe(true)
      signers.push(...(await latchkey.audit.listSigners()).map(({ verifierKey }) => verifierKey))
    }
    expect(new Set(signers).size).toBe(1)
    // One whose time is over signs no more; until then it does.
    for (const [until, isOver] of [
      [Date.now() - 1, true],
      [Date.now() + 600_000, false],
    ] as const) {
      await direct.run(`update audit_signers set until = ${until}`)
      await using latchkey = await open(database, [second, first])
      expect(await latchkey.audit.readCheckpoint()).toMatchObject({ isSigned: !isOver })
    }
    await using lost = await open(database, [second])
    expect(await codeOf(lost.audit.readCheckpoint())).toBe('unsealable')
    const events = (await lost.audit.list({ action: 'log.signer_added' })).items
    expect(events).toMatchObject([
      { actorType: 'system', organizationId: 'root', changes: { verifier_key: signers[0] } },
    ])
  })
})

test('what the keyring seals is opened at its place alone, by a key that it has', () => {
  const keyring = new Keyring('postgres://x', [first])
  const place = { table: 'a', row: 'b', column: 'c' }
  const secret = Buffer.from('a secret')
  const sealed = keyring.seal(place, secret)
  expect(keyring.unseal(place, sealed)).toEqual(secret)
  expect(keyring.seal(place, secret)).not.toBe(sealed)
  const both = new Keyring('postgres://x', [second, first])
  expect(both.unseal(place, sealed)).toEqual(secret)
  const [own] = keyring.names()
  expect(both.names()).toEqual([expect.not.stringMatching(own ?? ''), own])
  expect(sealed.startsWith(`s1.${own}.`)).toBe(true)
  const refused = (run: () => unknown) => {
    try {
      run()
    } catch (error) {
      return (error as { code?: string }).code
    }
    return 'opened'
  }
  for (const other of [
    { ...place, table: 'b' },
    { ...place, row: 'a' },
    { ...place, column: 'a' },
    { table: 'a', row: 'b"', column: 'c' },
  ])
    expect(refused(() => keyring.unseal(other, sealed))).toBe('unsealable')
  const [form, name, text] = sealed.split('.')
  for (let at = 0; at < (text as string).length - 1; at++) {
    const changed = (text as string)[at] === 'A' ? 'B' : 'A'
    const broken = `${text?.slice(0, at)}${changed}${text?.slice(at + 1)}`
    expect(refused(() => keyring.unseal(place, `${form}.${name}.${broken}`))).toBe('unsealable')
  }
  for (const wrong of ['', 's1', `s2.${name}.${text}`, `s1.${name}.`, `s1.AAAAAAAA.${text}`])
    expect(refused(() => keyring.unseal(place, wrong))).toBe('unsealable')
  expect(refused(() => new Keyring('postgres://x', [second]).unseal(place, sealed))).toBe('unsealable')
  expect(refused(() => new Keyring('postgres://x', []).seal(place, secret))).toBe('keyring_missing')
})
