// Retention of the audit log: old events go, whole stretches of them, and what anybody has kept of the log still verifies it.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { verify, writeLog } from '../src/cli/commands/audit-files.ts'
import { keptAuditDaysOf } from '../src/config.ts'
import { keptUsageDays } from '../src/core/bounds.ts'
import { openLatchkey } from '../src/index.ts'
import { retentionJob } from '../src/jobs/retention.ts'
import { readSealed } from '../src/store/events.ts'
import { writeCut } from '../src/store/log-cuts.ts'
import type { AuditLogTable } from '../src/store/log-tables.ts'
import { openStore } from '../src/store/store.ts'
import { leafHash } from '../src/transparency/merkle.ts'
import { isConsistent, isIncluded } from '../src/transparency/proofs.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { repository } from './setup/documents-run.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'

const sealingKeys = [`${'A'.repeat(43)}=`]
const acme = { organizationId: 'acme' }
const bytesOf = (texts: readonly string[]) => texts.map((text) => Buffer.from(text, 'base64'))

onEachDatabase('a log that was cut', (makeDatabase) => {
  test('verifies against everything that was kept of it, and tells of nothing before the cut', async () => {
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database, sealingKeys, monotonic: () => 0 })
    const store = await openStore(database)
    onTestFinished(() => store.close())
    await using direct = await connectDirectly(database)
    const { audit, events } = latchkey
    await createAcme(latchkey)
    await latchkey.organizations.create({ id: 'bees', name: 'Bees' })
    await audit.readCheckpoint()
    let made = 0
    const record = async (count: number) => {
      const rows = Array.from({ length: count }, (_, i) => {
        const id = `0192f0c1-0000-7000-8000-${String(made + i).padStart(12, '0')}`
        return { id, organizationId: (made + i) % 5 === 0 ? 'bees' : 'acme' }
      })
      made += count
      const values = rows.map(
        ({ id, organizationId }) => `('${id}', 1, 'organization.updated', '${organizationId}', '{}')`,
      )
      await direct.run(
        `insert into audit_events (id, at, action, organization_id, changes) values ${values.join()}`,
      )
      await direct.run(
        `insert into audit_queue (event_id) values ${rows.map(({ id }) => `('${id}')`).join()}`,
      )
    }
    const kept: { all: Awaited<ReturnType<typeof audit.readCheckpoint>>; own: string }[] = []
    for (const count of [5, 295, 80, 20]) {
      await record(count)
      kept.push({ all: await audit.readCheckpoint(), own: (await audit.readCheckpoint(acme)).note })
    }
    const [{ all: first }, , { all: third }, { all: last }] = kept as [
      ...[(typeof kept)[0], (typeof kept)[0]],
      ...[(typeof kept)[0], (typeof kept)[0]],
    ]
    const keep = (size: number, madeAt: number) =>
      direct.run(
        `insert into audit_checkpoints (log, epoch, size, note, made_at) values ('', 'x', ${size}, '', ${madeAt})`,
      )
    const day = 86_400_000
    await keep(third.size, Date.now() - 40 * day)
    await keep(third.size + 5, Date.now() - 39 * day)
    const run = (days?: number) => {
      const clock = { monotonic: () => 0, after: (_: number, next: () => void) => void setImmediate(next) }
      const work = { subject: '', organizationId: null, payload: null, attempt: 1, requireHeld: () => {} }
      return retentionJob(store, clock as never, undefined, keptUsageDays, days).run({
        ...{ ...work, signal: new AbortController().signal },
      })
    }
    const left = async () => Number((await direct.run('select count(*) as n from audit_events'))[0]?.n)
    const before = await left()
    await run()
    await run(41)
    expect(await left()).toBe(before)
    await run(40)
    const cut = third.size
    expect(await left()).toBe(before - cut)
    const heads = await direct.run('select log, cut from audit_heads order by log')
    const ownCut = Number(heads.find(({ log }) => log === 'acme')?.cut)
    expect(Number(heads[0]?.cut)).toBe(cut)
    expect(ownCut).toBeGreaterThan(256)
    await run(39)
    expect(await left()).toBe(before - cut - 5)
    await run(39)
    expect(await left()).toBe(before - cut - 5)

    const folder = mkdtempSync(join(tmpdir(), 'latchkey-cut-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const write = (name: string, text: string) => {
      writeFileSync(join(folder, name), text)
      return join(folder, name)
    }
    for (const [name, input] of [
      ['all', {}],
      ['acme', acme],
    ] as const) {
      let text = ''
      for await (const part of writeLog(audit, input, await audit.readCheckpoint(input))) text += part
      const notes = kept.map(({ all, own }, i) => write(`${name}-${i}`, name === 'all' ? all.note : own))
      const file = write(`${name}.log`, text)
      const verified = await verify({ file }, { checkpoint: notes })
      expect(verified, name).toMatchObject({ checkpoints: { length: 4 }, erased: 0 })
      expect('cut' in verified && verified.cut).toBe(name === 'all' ? cut + 5 : ownCut + 4)
      const checker = join(repository, 'examples/verify-log/verify.py')
      const checkBy = (path: string) => spawnSync('python3', [checker, path, ...notes], { encoding: 'utf8' })
      expect(checkBy(file).stdout).toContain(' cut; signer not checked')
      // Another hash, and an event behind the cut that lost its leaf.
      const lost = text.split('\n').findLast((line) => line.includes('organization.updated')) as string
      for (const [what, broken] of [
        ['hash', text.replace(/^2\t(.)/m, (_, first) => `2\t${first === 'A' ? 'B' : 'A'}`)],
        ['leaf', text.replace(lost, `${lost.split('\t').slice(0, 2).join('\t')}\t\t\t\t\t`)],
      ] as const) {
        expect(broken, what).not.toBe(text)
        const path = write(`${name}-broken.log`, broken)
        expect(await verify({ file: path }, { checkpoint: notes }), what).toHaveProperty('fault')
        expect(checkBy(path).status, what).toBe(1)
      }
    }
    // Proofs lead from what is left, and from every checkpoint of before.
    const now = { size: last.size, root: Buffer.from(last.rootHash, 'base64') }
    for (const { all } of kept) {
      const { proof } = await audit.proveGrowth({ from: all.size, size: last.size })
      const older = { size: all.size, root: Buffer.from(all.rootHash, 'base64') }
      expect(isConsistent(older, now, bytesOf(proof))).toBe(true)
    }
    for (const sequence of [cut + 6, last.size]) {
      const { leaf, proof } = await audit.proveEvent({ sequence, size: last.size })
      expect(isIncluded(leafHash(leaf), sequence - 1, now, bytesOf(proof))).toBe(true)
    }
    expect(await codeOf(audit.proveEvent({ sequence: first.size }))).toBe('cursor_gone')
    // Whoever reads on begins behind the cut, or hears that it has missed something.
    expect((await events.read({ limit: 1 })).events[0]).toMatchObject({ position: cut + 6 })
    expect((await events.read({ after: '0', limit: 1 })).events[0]).toMatchObject({ position: cut + 6 })
    const { cursor } = await events.read({ after: String(cut + 5), limit: 1 })
    expect(cursor.split('.')[1]).toBe(String(cut + 6))
    const gone = await refusalOf(events.read({ after: `${cursor.split('.')[0]}.${cut + 4}` }))
    expect([gone.code, gone.message]).toEqual(['cursor_gone', expect.stringContaining('is cut')])
    const [next] = await store.read((db) => readSealed(db, { log: '', after: 0, limit: 1 }))
    expect(next?.position).toBe(cut + 6)
    expect((await audit.list({ organizationId: 'acme' })).items).toHaveLength(
      Number((await audit.readCheckpoint(acme)).size) - ownCut - 4,
    )
    // A process that has read what another one has cut since writes nothing.
    const ofFirst = () => direct.run('select * from audit_log where position = 1')
    const [row] = await ofFirst()
    const stale = { ...row, position: 1, sequence: 1, leaf: 'read before' } as unknown as AuditLogTable
    await store.write((tx) => writeCut(tx, store.dialect, 0, [stale]))
    expect(await ofFirst()).toEqual([row])
  })
})

test('the audit log is kept for ever unless somebody says for how long, and for a month at least', () => {
  expect(keptAuditDaysOf({}, {})).toBeUndefined()
  expect(keptAuditDaysOf({}, { LATCHKEY_AUDIT_DAYS_KEPT: '365' })).toBe(365)
  expect(keptAuditDaysOf({ auditDaysKept: 31 }, { LATCHKEY_AUDIT_DAYS_KEPT: '365' })).toBe(31)
  expect(() => keptAuditDaysOf({ auditDaysKept: 30 }, {})).toThrow('auditDaysKept')
  for (const wrong of ['30', '1.5', '-1', 'x', '36501'])
    expect(() => keptAuditDaysOf({}, { LATCHKEY_AUDIT_DAYS_KEPT: wrong })).toThrow('LATCHKEY_AUDIT_DAYS_KEPT')
})
