// A rotation whose old secret ends on evidence: nobody used it for so long, and nobody alive may still have a use to tell of.
import { expect, test } from 'vitest'
import { parseToken } from '../src/core/token.ts'
import { type Latchkey, openLatchkey, type RotateKeyInput } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { makeClock } from './setup/clock.ts'
import { onEachDatabase } from './setup/databases.ts'
import { hour, minute, openGraceStage } from './setup/graces.ts'
import { codeOf, refusalOf } from './setup/refusal.ts'

onEachDatabase('an old secret', (makeDatabase) => {
  const openStage = async () => openGraceStage(await makeDatabase())

  test('in an open Latchkey is refused once it was silent, in each process, and the log says why', async () => {
    const clock = makeClock()
    const database = await makeDatabase()
    await using latchkey = await openLatchkey({ database, now: clock.now })
    await createAcme(latchkey)
    const created = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    const grace = { untilSilentSeconds: 7_200 }
    const { key } = await latchkey.keys.rotate(created.id, { grace })
    const codes = async () =>
      Promise.all([created.key, key].map(async (token) => (await latchkey.verify(token)).code))
    expect(await codes()).toEqual(['valid', 'valid'])
    const [newest, old] = (await latchkey.keys.get(created.id)).secrets
    expect(newest).toMatchObject({ untilSilentSeconds: null, silentAt: null })
    expect(old).toMatchObject({
      untilSilentSeconds: 7_200,
      silentAt: clock.in(7_200_000),
      expiresAt: clock.in(30 * 24 * hour),
    })
    const again = latchkey.keys.rotate(created.id, { grace })
    expect(await codeOf(again)).toBe('rotation_in_progress')
    // The use of a moment ago is written late: as far as anybody knows it was only now.
    clock.advance(3 * hour)
    const silentAt = async () => (await latchkey.keys.get(created.id)).secrets[1]?.silentAt
    await expect.poll(silentAt, { timeout: 30_000, interval: 200 }).toEqual(clock.in(7_200_000))
    expect(await readReasons(latchkey)).toEqual([])
    clock.advance(2 * hour + 2 * minute)
    await expect.poll(() => readReasons(latchkey), { timeout: 30_000, interval: 200 }).toEqual(['silent'])
    expect(await codes()).toEqual(['rotated', 'valid'])
    const [event] = (await latchkey.audit.list({ action: 'key.grace_ended' })).items
    expect(event).toMatchObject({ actor: null, actorType: 'system', keyId: created.id })
    expect(event?.changes).toMatchObject({ kid: parseToken(created.key)?.kid, reason: 'silent' })
    const [, ended] = (await latchkey.keys.get(created.id)).secrets
    expect(ended).toMatchObject({ untilSilentSeconds: 7_200, silentAt: null, expiresAt: clock.in(0) })
  })

  test('whose grace is ended by hand, or by a rotation without one, is not ended once more', async () => {
    for (const isByHand of [true, false]) {
      await using stage = await openStage()
      {
        await using latchkey = await stage.open()
        if (isByHand) await latchkey.keys.endSecret(stage.created.id, stage.kid)
        else await latchkey.keys.rotate(stage.created.id)
      }
      const process = await stage.startProcess()
      stage.clock.advance(25 * hour)
      expect(await process.judge()).toEqual([])
    }
  })

  test('ends with its key, if that expires before it is silent', async () => {
    const clock = makeClock()
    await using latchkey = await openLatchkey({ database: await makeDatabase(), now: clock.now })
    await createAcme(latchkey)
    const expiresAt = clock.in(90 * minute)
    const { id } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', expiresAt })
    await latchkey.keys.rotate(id, { grace: { untilSilentSeconds: 7_200, atMostSeconds: 86_400 } })
    expect((await latchkey.keys.get(id)).secrets[1]).toMatchObject({ expiresAt })
  })

  test.each([
    [{ grace: { untilSilentSeconds: 3_599 } }, 'grace.untilSilentSeconds'],
    [{ grace: { untilSilentSeconds: 3_600.5 } }, 'grace.untilSilentSeconds'],
    [{ grace: { untilSilentSeconds: 7_200, atMostSeconds: 7_199 } }, 'grace.atMostSeconds'],
    [{ grace: { untilSilentSeconds: 7_200, atMostSeconds: 2_592_001 } }, 'grace.atMostSeconds'],
    [{ grace: {} }, 'grace.untilSilentSeconds'],
    [{ grace: null }, 'grace'],
    [{ grace: { untilSilentSeconds: 7_200 }, graceSeconds: 0 }, 'grace'],
    [{ grace: { untilSilentSeconds: 7_200, until: 1 } }, 'grace.until'],
  ])('is not given the grace %j', async (input, path) => {
    await using latchkey = await openLatchkey({ database: await makeDatabase() })
    await createAcme(latchkey)
    const { id, key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    const refusal = await refusalOf(latchkey.keys.rotate(id, input as RotateKeyInput))
    expect(refusal.errors?.map((error) => error.path)).toEqual([path])
    expect((await latchkey.verify(key)).code).toBe('valid')
  })

  test('ends once it was silent for so long and every process has flushed since', async () => {
    await using stage = await openStage()
    const [first, second] = [await stage.startProcess(), await stage.startProcess()]
    stage.clock.advance(hour + 3 * minute)
    // The other one may have a use of it.
    expect(await first.judge()).toEqual([])
    await second.flush()
    expect(await first.judge()).toEqual(['silent'])
    expect(await stage.codeOfOld()).toBe('rotated')
    expect(await first.judge()).toEqual(['silent'])
  })

  test('stays while it is silent for less, by a millisecond', async () => {
    await using stage = await openStage()
    const process = await stage.startProcess()
    stage.clock.advance(hour + 2 * minute - 1)
    expect(await process.judge()).toEqual([])
    stage.clock.advance(1)
    expect(await process.judge()).toEqual(['silent'])
  })

  test('stays for as long again after each use', async () => {
    await using stage = await openStage()
    const process = await stage.startProcess()
    for (let round = 0; round < 3; round++) {
      stage.clock.advance(59 * minute)
      process.use()
      await process.judge()
    }
    stage.clock.advance(hour + 2 * minute - 1)
    expect(await process.judge()).toEqual([])
    stage.clock.advance(1)
    expect(await process.judge()).toEqual(['silent'])
  })

  test('stays if a use of it is written before it is locked', async () => {
    await using stage = await openStage()
    const [judge, other] = [await stage.startProcess(), await stage.startProcess()]
    stage.clock.advance(2 * hour)
    await other.flush()
    const reasons = await judge.judge(async () => {
      other.use()
      await other.flush()
    })
    expect(reasons).toEqual([])
  })

  test('stays if a process could not write its use', async () => {
    await using stage = await openStage()
    const [judge, other] = [await stage.startProcess(), await stage.startProcess()]
    await other.flush()
    stage.clock.advance(59 * minute)
    other.use()
    stage.clock.advance(10 * minute)
    await other.flushInVain()
    expect(await judge.judge()).toEqual([])
  })

  test('stays for a use that a program of an older version wrote', async () => {
    await using stage = await openStage()
    const process = await stage.startProcess()
    stage.clock.advance(59 * minute)
    await stage.direct.run(
      `update secrets set last_used_at = ${stage.clock.now()} where kid = '${stage.kid}'`,
    )
    const silentAt = stage.clock.now() + hour
    stage.clock.advance(hour + 2 * minute - 1)
    expect(await process.judge()).toEqual([])
    // From then on it is found, and told, as what that write would have made of it.
    const [row] = await stage.direct.run(`select silent_at from secrets where kid = '${stage.kid}'`)
    expect(Number(row?.silent_at)).toBe(silentAt)
    stage.clock.advance(1)
    expect(await process.judge()).toEqual(['silent'])
  })

  test('ends once, with its sessions, though two processes find it at once', async () => {
    await using stage = await openStage()
    {
      await using latchkey = await stage.open()
      await latchkey.sessions.start(stage.created.key)
    }
    const sessions = () => stage.direct.run(`select kid from sessions where kid = '${stage.kid}'`)
    expect(await sessions()).toHaveLength(1)
    const [one, other] = [await stage.startProcess(), await stage.startProcess()]
    stage.clock.advance(2 * hour)
    await other.flush()
    const reasons = await one.judge(async () => {
      expect(await other.judge()).toEqual(['silent'])
    })
    expect(reasons).toEqual(['silent'])
    expect(await sessions()).toEqual([])
  })

  test('that is never silent ends at the latest, with that as the reason', async () => {
    await using stage = await openStage()
    const process = await stage.startProcess()
    for (let round = 0; round < 48; round++) {
      stage.clock.advance(30 * minute - 1)
      process.use()
      await process.flush()
    }
    expect(await process.judge()).toEqual([])
    stage.clock.advance(48)
    expect(await process.judge()).toEqual(['at_most'])
  })

  test('ends by no use that a frozen process has yet to write; a process that was evicted has two minutes', async () => {
    await using stage = await openStage()
    const [judge, frozen] = [await stage.startProcess(), await stage.startProcess()]
    await frozen.flush()
    stage.clock.advance(50 * minute)
    frozen.use()
    stage.clock.advance(20 * minute)
    await judge.judge()
    await frozen.beEvicted()
    await judge.judge()
    stage.clock.advance(2 * minute - 1)
    expect(await judge.judge()).toEqual([])
    // It comes back in time.
    await frozen.flush()
    stage.clock.advance(10 * minute)
    await frozen.register()
    await frozen.flush()
    expect(await judge.judge()).toEqual([])
    // Frozen once more, it stays away.
    await frozen.beEvicted()
    stage.clock.advance(2 * hour)
    expect(await judge.judge()).toEqual([])
    stage.clock.advance(2 * minute)
    expect(await judge.judge()).toEqual(['silent'])
  })

  test('waits for a process that came back and has not flushed, and for one of an older version as long as it runs', async () => {
    await using stage = await openStage()
    const judge = await stage.startProcess()
    const other = await stage.startProcess()
    await other.flush()
    await other.beEvicted()
    await other.register()
    stage.clock.advance(5 * hour)
    expect(await judge.judge()).toEqual([])
    await other.flush()
    await stage.direct.run(`insert into followers (id, name, confirmed_sequence) values ('old', 'old', 0)`)
    expect(await judge.judge()).toEqual([])
    await stage.direct.run(`delete from followers where id = 'old'`)
    expect(await judge.judge()).toEqual(['silent'])
  })

  test('stays if a verifier reports its use 50 minutes late, or two hours', async () => {
    for (const late of [50 * minute, 2 * hour]) {
      await using stage = await openStage()
      const server = await stage.startProcess()
      stage.clock.advance(59 * minute)
      server.serve()
      await server.flush()
      // The verifier used it now, and cannot reach a server for long.
      stage.clock.advance(late)
      expect(await server.judge()).toEqual([])
      await server.report(late)
      stage.clock.advance(hour + 2 * minute)
      expect(await server.judge()).toEqual([])
      stage.clock.advance(2 * hour)
      expect(await server.judge()).toEqual(['silent'])
    }
  })

  test('waits for verifiers whose server was killed', async () => {
    await using stage = await openStage()
    const [judge, server] = [await stage.startProcess(), await stage.startProcess()]
    server.serve()
    await server.flush()
    await server.beEvicted()
    await judge.judge()
    stage.clock.advance(3 * hour)
    expect(await judge.judge()).toEqual([])
    stage.clock.advance(2 * minute)
    expect(await judge.judge()).toEqual(['silent'])
  })

  test('waits for verifiers that were served since somebody watches, though it was silent long before', async () => {
    await using stage = await openStage()
    stage.clock.advance(3 * hour)
    const server = await stage.startProcess()
    server.serve()
    await server.flush()
    stage.clock.advance(hour + 5 * minute)
    expect(await server.judge()).toEqual([])
    stage.clock.advance(2 * hour)
    expect(await server.judge()).toEqual(['silent'])
  })

  test('is judged by the clock of the database alone', async () => {
    await using stage = await openStage()
    const process = await stage.startProcess()
    process.use()
    await process.flush()
    stage.clock.advance(50 * minute)
    // The clock of the process is an hour behind, so that this use seems older than the one before.
    process.use(-hour)
    await process.judge()
    stage.clock.advance(30 * minute)
    expect(await process.judge()).toEqual([])
  })

  test('stays for what a process marked before the clock of the database was set back', async () => {
    await using stage = await openStage()
    const [judge, other] = [await stage.startProcess(), await stage.startProcess()]
    stage.clock.advance(70 * minute)
    await other.flush()
    stage.clock.advance(-30 * minute)
    other.use()
    stage.clock.advance(23 * minute)
    expect(await judge.judge()).toEqual([])
  })

  test('ends in time though the clock of the database was ahead when a process was found to be gone', async () => {
    await using stage = await openStage()
    const [judge, gone] = [await stage.startProcess(), await stage.startProcess()]
    await gone.flush()
    stage.clock.advance(10 * hour)
    await gone.beEvicted()
    await judge.judge()
    stage.clock.advance(-10 * hour)
    await judge.judge()
    stage.clock.advance(hour + 2 * minute)
    expect(await judge.judge()).toEqual(['silent'])
  })

  test('is awaited no shorter by a use that is written when the clock of the database was set back', async () => {
    await using stage = await openStage()
    const process = await stage.startProcess()
    for (const step of [50, -40]) {
      stage.clock.advance(step * minute)
      // Told late, so that the instants of the uses themselves say nothing.
      process.use(-hour)
      await process.flush()
    }
    stage.clock.advance(hour + 2 * minute)
    expect(await process.judge()).toEqual([])
    stage.clock.advance(40 * minute)
    expect(await process.judge()).toEqual(['silent'])
  })

  test('is silent anew after a time in which nobody watched, and after a restore', async () => {
    await using stage = await openStage()
    const before = await stage.startProcess()
    await before.judge()
    await before.beEvicted()
    stage.clock.advance(5 * hour)
    const after = await stage.startProcess()
    await after.judge()
    stage.clock.advance(hour)
    expect(await after.judge()).toEqual([])
    // A restore takes the changes of the last hours with it, and its uses.
    await stage.direct.run('update change_counter set value = value - 1')
    await stage.direct.run('delete from changes where sequence > (select value from change_counter)')
    await after.judge()
    const [watch] = await stage.direct.run('select watched_since from grace_watch')
    expect(Number(watch?.watched_since)).toBe(stage.clock.now())
    stage.clock.advance(hour + 2 * minute - 1)
    expect(await after.judge()).toEqual([])
    stage.clock.advance(1)
    expect(await after.judge()).toEqual(['silent'])
  })

  test('of a revoked key is not told of any more', async () => {
    await using stage = await openStage()
    {
      await using latchkey = await stage.open()
      await latchkey.keys.revoke(stage.created.id)
    }
    const process = await stage.startProcess()
    stage.clock.advance(25 * hour)
    expect(await process.judge()).toEqual([])
    const waiting = await stage.direct.run('select kid from secrets where silent_at is not null')
    expect(waiting).toEqual([])
  })
})

async function readReasons(latchkey: Latchkey): Promise<unknown[]> {
  const { items } = await latchkey.audit.list({ action: 'key.grace_ended' })
  return items.map(({ changes }) => changes.reason)
}
