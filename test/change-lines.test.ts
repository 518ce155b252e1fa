// Changes take turns by their callers: whoever asks for very many waits for itself alone, and no deeper than its bound.
import { expect, test } from 'vitest'
import { lockedAlone } from '../src/commit/caller-locks.ts'
import { ChangeLines } from '../src/commit/change-lines.ts'
import type { Caller } from '../src/core/actor.ts'
import { LatchkeyError } from '../src/core/errors.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'

const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: LatchkeyError) => error.code,
  )

onEachDatabase('the lines of changes', (createDatabase, kind) => {
  async function open() {
    const latchkey = await openLatchkey({ database: await createDatabase() })
    const makeCaller = async (organizationId: string) => {
      await latchkey.organizations.create({ id: organizationId, name: organizationId })
      const permissions = ['latchkey:keys:read', 'latchkey:keys:write', 'latchkey:keys:verify']
      const key = await latchkey.keys.create({ organizationId, name: 'K', permissions })
      return { id: key.id, caller: (await latchkey.authenticate(key.key)) as Caller }
    }
    return { latchkey, greedy: await makeCaller('greedy'), modest: await makeCaller('modest') }
  }

  test('one key’s changes hold up no other key’s, and wait no deeper than their bound', async () => {
    const { latchkey, greedy, modest } = await open()
    await using _ = latchkey
    const { key: token, id } = await latchkey.keys.create({ organizationId: 'modest', name: 'K' })
    const keys = await Promise.all(
      Array.from({ length: 50 }, () => latchkey.keys.create({ organizationId: 'greedy', name: 'K' })),
    )
    let ended = 0
    let refusedAtOnce = 0
    const many = Array.from({ length: 400 }, (_, i) =>
      codeOf(
        latchkey.keys.update(keys[i % 50]?.id as string, { name: `K ${i}` }, { actor: greedy.caller }),
      ).then((code) => {
        if (code !== 'too_many_changes') ended++
        else if (ended === 0) refusedAtOnce++
        return code
      }),
    )
    await latchkey.keys.revoke(id, { actor: modest.caller })
    await latchkey.keys.create({ name: 'K' }, { actor: modest.caller })
    const endedBefore = ended
    const codes = await Promise.all(many)
    expect(codes).toContain('too_many_changes')
    expect(codes).toContain('done')
    // All but those that wait and the few that run: however fast the machine is.
    expect(refusedAtOnce).toBeLessThanOrEqual(400 - 256)
    expect(refusedAtOnce).toBeGreaterThan(400 - 256 - 10)
    expect(ended).toBeGreaterThanOrEqual(256)
    expect(endedBefore).toBeLessThan(ended - 100)
    expect(await latchkey.verify(token)).toMatchObject({ code: 'revoked' })
  })

  test('one key’s creations hold up no other key’s, and wait no deeper than their bound', async () => {
    const { latchkey, greedy, modest } = await open()
    await using _ = latchkey
    const order: string[] = []
    const create = ({ caller }: { caller: Caller }, name: string) =>
      codeOf(latchkey.keys.create({ name }, { actor: caller }).then(() => void order.push(name)))
    const many = Array.from({ length: 600 }, () => create(greedy, 'greedy'))
    expect(await create(modest, 'modest')).toBe('done')
    const codes = await Promise.all(many)
    expect(codes).toContain('too_many_changes')
    expect(order.length).toBeGreaterThan(256)
    expect(order.indexOf('modest')).toBeLessThan(order.length - 100)
  })

  test('if the database does not answer one creation, those that waited meanwhile are told so with it', async () => {
    const database = await createDatabase()
    let passedMs = 0
    const monotonic = () => performance.now() + passedMs
    await using latchkey = await openLatchkey({ database, monotonic })
    await createAcme(latchkey)
    const create = () => codeOf(latchkey.keys.create({ organizationId: 'acme', name: 'K' }))
    expect(await create()).toBe('done')
    await using direct = await connectDirectly(database)
    await direct.run(kind === 'SQLite' ? 'begin immediate' : 'begin')
    if (kind === 'PostgreSQL') await direct.run('lock table keys in access exclusive mode')
    const first = create()
    await after(200)
    // What is known of prefixes is too old by now: it is read beside the change that hangs, not behind it.
    passedMs = 1_500
    const second = create()
    expect(await first).toBe('store_unavailable')
    // The second one would succeed from now on: it has been refused.
    await direct.run('rollback')
    expect(await second).toBe('store_unavailable')
    expect(await create()).toBe('done')
  })

  if (kind === 'PostgreSQL') {
    test('changes of one key wait here for each other, and one of them alone on a connection', async () => {
      const database = await createDatabase()
      await using latchkey = await openLatchkey({ database })
      await createAcme(latchkey)
      const permissions = ['latchkey:keys:write']
      const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'K', permissions })
      const actor = (await latchkey.authenticate(key)) as Caller
      await using direct = await connectDirectly(database)
      await direct.run('begin')
      await direct.run('lock table audit_queue in access exclusive mode')
      const changes = Array.from({ length: 20 }, (_, i) =>
        codeOf(latchkey.keys.update(id, { name: `K ${i}` }, { actor })),
      )
      const sessions = Array.from({ length: 3 }, () => codeOf(latchkey.sessions.start(key)))
      await using other = await connectDirectly(database)
      const waiting = `select pid from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`
      let rows: unknown[] = []
      while (rows.length === 0) rows = await other.run(waiting)
      await after(50)
      expect(await other.run(waiting)).toHaveLength(1)
      await direct.run('rollback')
      const codes = await Promise.all([...changes, ...sessions])
      expect(codes).toContain('done')
    })

    test('a creation waits no longer for the database if its organization was not seen before', async () => {
      const database = await createDatabase()
      await using latchkey = await openLatchkey({ database })
      await createAcme(latchkey)
      await using direct = await connectDirectly(database)
      await direct.run('begin')
      await direct.run('lock table organizations in access exclusive mode')
      const created = codeOf(latchkey.keys.create({ organizationId: 'acme', name: 'K' }))
      // A read may take ten seconds.
      expect(await Promise.race([created, after(5_000)])).toBe('store_unavailable')
      await direct.run('rollback')
    })
  }
})

test('changes of a stranger’s key wait in no line with those of its owner', () => {
  const nameFor = (scope: string | undefined, ids = ['k']) => lockedAlone({ targets: { ids, scope } })
  expect(nameFor('acme')).toBe(nameFor('acme'))
  expect(new Set([nameFor('acme'), nameFor('globex'), nameFor(undefined)]).size).toBe(3)
  expect(nameFor('acme', ['k', 'l'])).toBeUndefined()
})

const callerOf = (organizationId: string, keyId = '1'): Caller => ({
  type: 'key',
  keyId,
  organizationId,
  kid: '',
  permissions: [],
})
const after = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds))

test('if the database does not answer one change, those that waited meanwhile are told so with it', async () => {
  const lines = new ChangeLines(1)
  const hangs = async () => {
    await after(600)
    throw new LatchkeyError('store_unavailable', '', { cause: new Error('timeout') })
  }
  const begun: string[] = []
  const first = codeOf(lines.change(callerOf('a', '1'), hangs))
  const waiting = ['2', '3'].map((name) =>
    codeOf(
      lines.change(callerOf('a', name), async () => {
        begun.push(name)
      }),
    ),
  )
  expect(await Promise.all([first, ...waiting])).toEqual(Array(3).fill('store_unavailable'))
  expect(begun).toEqual([])
  expect(await codeOf(lines.change(callerOf('a', '4'), async () => {}))).toBe('done')
})

test('one that waited for a change which nobody answered is refused in its turn, also if another was answered since that began', async () => {
  const lines = new ChangeLines(2)
  const unanswered = codeOf(
    lines.change(callerOf('a'), async () => {
      await after(700)
      throw new LatchkeyError('store_unavailable', '', { cause: new Error('timeout') })
    }),
  )
  expect(await codeOf(lines.change(callerOf('b'), () => after(50)))).toBe('done')
  const next = codeOf(lines.change(callerOf('a'), async () => {}))
  expect(await Promise.all([unanswered, next])).toEqual(Array(2).fill('store_unavailable'))
  expect(await codeOf(lines.change(callerOf('a'), async () => {}))).toBe('done')
})

test('if one change waits for the locks of its own key in vain, those of others go on waiting', async () => {
  const lines = new ChangeLines(2)
  const locked = codeOf(
    lines.change(callerOf('a'), async () => {
      await after(600)
      throw new LatchkeyError('store_unavailable', '', { cause: new Error('lock timeout') })
    }),
  )
  const others = [50, 700, 0].map((milliseconds) =>
    codeOf(lines.change(callerOf('b'), () => after(milliseconds))),
  )
  expect(await Promise.all([locked, ...others])).toEqual(['store_unavailable', 'done', 'done', 'done'])
})
