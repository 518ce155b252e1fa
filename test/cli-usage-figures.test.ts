// `latchkey usage`: figures with bars, and the file to bill by, all or nothing.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { assembleToken } from '../src/core/token.ts'
import { openLatchkey } from '../src/index.ts'
import { usageJob } from '../src/jobs/usage.ts'
import { instantsOf } from '../src/store/instants.ts'
import { openStore } from '../src/store/store.ts'
import { saveUsage } from '../src/store/usage.ts'
import { systemClock } from '../src/verdict/clock.ts'
import { useCommand } from './setup/command.ts'
import { beginCommands, placeNames } from './setup/command-places.ts'
import { onOneDatabase } from './setup/databases.ts'
import { work } from './setup/jobs.ts'
import { writeProfiles } from './setup/profiles.ts'
import { hourMs } from './setup/usage.ts'

/** Ten days ago, by UTC: the day on which most was counted. */
const begun = (Math.floor(Date.now() / (24 * hourMs)) - 10) * 24 * hourMs
const day = (offset: number) => new Date(begun + offset * 24 * hourMs).toISOString().slice(0, 10)
const range = ['--since', day(-1), '--until', day(2)]
const unicode = { LANG: 'C.UTF-8' }

onOneDatabase('SQLite', 'usage on the command line', (makeDatabase) => {
  const command = useCommand()

  /** Acme's key was called on two days, and so was nobody's. */
  async function fill(database: string) {
    await using latchkey = await openLatchkey({ database, now: () => begun + 36 * hourMs })
    await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    const { id } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    const store = await openStore(database)
    const hour = begun / hourMs + 10
    const count = (keyId: string, at: number, measure: string, amount: number) => ({
      ...{ keyId, organizationId: keyId && 'acme', hour: at, measure, amount },
    })
    const counts = [
      ...[count(id, hour, 'valid', 800), count(id, hour, 'expired', 200), count(id, hour + 24, 'valid', 500)],
      ...[
        count(id, hour, 'key/credits', 1600),
        count(id, hour, 'key/back', -5),
        count('', hour, 'malformed', 1),
      ],
    ]
    const batch = { source: 'test', owner: '', number: 1, counts, profiles: [], uses: [] }
    await saveUsage(store, batch, instantsOf(store.dialect, () => begun + 36 * hourMs)())
    await store.close()
    return id
  }

  test.each(placeNames)('shows periods and groups with bars, on %s', async (place) => {
    const { run, json, database } = await beginCommands(command, makeDatabase, place)
    const id = await fill(database)
    const days = await run(['usage', ...range, '--organization', 'acme'])
    expect(days).toMatchObject({ code: 0 })
    expect(days.stdout).toBe(`DAY (UTC)   CALLS  VALID  REFUSED
${day(-1)}      0      0        0
${day(0)}   1000    800      200  ####################################xxxxxxxxx
${day(1)}    500    500        0  #######################

Calls    1500
Valid    1300
Refused  expired 200
Units    back of the key -5, credits of the key 1600
`)
    expect(days.stderr).toMatch(/^As of \S+Z\. Processes write what they count within ten seconds\.\n$/)
    const ofKey = await run(['keys', 'usage', id, ...range])
    expect(ofKey.stdout).toBe(days.stdout)
    const groups = await run(['usage', ...range, '--group', 'organization'])
    expect(groups.stderr).toContain(`From ${day(-1)}T00:00:00.000Z on. As of `)
    expect(groups.stdout.split('\n').map((line) => line.replace(/ {2,}/g, '  '))).toEqual([
      'ORGANIZATION  NAME  CALLS  VALID  REFUSED  UNITS',
      expect.stringMatching(
        /^acme {2}Acme {2}1500 {2}1300 {2}200 {2}back of the key -5, credits of the key 1600$/,
      ),
      expect.stringMatching(/^no key {2}1 {2}0 {2}1 *$/),
      '',
    ])
    const at = begun + 10 * hourMs
    const asked = { keyId: id, at, permissions: 'emails:send' }
    await writeProfiles({ database }, [
      { ...asked, calls: 7 },
      { ...asked, code: 'revoked' },
      { keyId: id, at, isRest: true },
    ])
    for (const owner of [
      ['usage', '--organization', 'acme'],
      ['keys', 'usage', id],
    ])
      expect((await run([...owner, ...range, '--group', 'permission'])).stdout).toMatch(
        /^PERMISSION {3}CALLS {2}VALID {2}REFUSED\nemails:send {6}8 {6}7 {8}1 {2}#+x+\nunknown {10}1 {6}1 {8}0 {2}#+\n$/,
      )
    const codes = await run(['usage', ...range, '--group', 'code', '--by', 'month'])
    expect(codes.stdout).toContain(`${day(0).slice(0, 7)}`)
    expect(await json<object[]>(['usage', ...range, '--by', 'total', '--key', id])).toMatchObject([
      { start: `${day(-1)}T00:00:00.000Z`, calls: 1500, refused: { expired: 200 } },
    ])
    const csv = await run(['usage', ...range, '--group', 'key', '--organization', 'acme', '--csv'])
    expect(csv.stdout).toBe(
      `"start","id","name","calls","valid","refused","units"\r\n"${day(-1)}T00:00:00.000Z","${id}","CI","1500","1300","{""expired"":200}","[{""scope"":""key"",""name"":""back"",""units"":-5},{""scope"":""key"",""name"":""credits"",""units"":1600}]"\r\n`,
    )
    expect(
      await run([
        'usage',
        '--since',
        day(-5),
        '--until',
        day(-4),
        '--group',
        'key',
        '--organization',
        'acme',
      ]),
    ).toMatchObject({
      stdout: '',
      stderr: 'No calls.\n',
    })
    // Nothing was called in the last seven days, which are as many as there may be.
    expect(await run(['usage', '--group', 'key'])).toEqual({ code: 0, stdout: '', stderr: 'No calls.\n' })
    expect(await run(['usage', '--group', 'colour'])).toMatchObject({ code: 2, stdout: '' })
    expect(await run(['usage', ...range, '--by', 'hour', '--since', day(-60)])).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^latchkey: --since: /),
    })
    expect(await run(['usage', '--organization', 'nobody'])).toMatchObject({ code: 1 })
  })

  test('names keys and hours, and sums what all periods have', async () => {
    const { run, database } = await beginCommands(command, makeDatabase, 'the database')
    const id = await fill(database)
    const keys = await run(['usage', ...range, '--group', 'key', '--organization', 'acme'])
    expect(keys.stdout.split('\n').map((line) => line.trim().replace(/ {2,}/g, '  '))).toEqual([
      'KEY  NAME  CALLS  VALID  REFUSED  UNITS',
      `${id}  CI  1500  1300  200  back of the key -5, credits of the key 1600`,
      '',
    ])
    const at = begun + 12 * hourMs
    const more = ['expired', 'revoked', 'key/credits'].map((measure, i) => ({
      ...{ keyId: id, organizationId: 'acme', hour: at / hourMs, measure, amount: 250 * i + 1 },
    }))
    await writeProfiles({ database }, [{ keyId: id, at }], more)
    const hours = ['--since', `${day(0)}T10:00:00Z`, '--until', `${day(0)}T13:00:00Z`, '--by', 'hour']
    const shown = (await run(['keys', 'usage', id, ...hours])).stdout
    expect(shown.split('\n').map((line) => line.trim().replace(/ {2,}/g, '  '))).toEqual([
      'HOUR (UTC)  CALLS  VALID  REFUSED',
      expect.stringContaining(`${day(0)} 10:00  1000  800  200  #`),
      `${day(0)} 11:00  0  0  0`,
      expect.stringContaining(`${day(0)} 12:00  252  0  252  x`),
      '',
      'Calls  1252',
      'Valid  800',
      'Refused  revoked 251, expired 201',
      'Units  back of the key -5, credits of the key 2101',
      '',
    ])
  })

  test('draws eighths where the locale has them', async () => {
    const { database } = await beginCommands(command, makeDatabase, 'the database')
    await fill(database)
    const args = ['usage', ...range, '--organization', 'acme']
    const { stdout } = await command.run(args, { env: { LATCHKEY_DATABASE_URL: database, ...unicode } })
    expect(stdout).toContain(`200  ${'█'.repeat(36)}${'░'.repeat(9)}\n`)
    expect(stdout).toContain(`  0  ${'█'.repeat(22)}▌\n`)
  })

  test.each(placeNames)('exports to a file or to standard output, on %s', async (place) => {
    const { run, database } = await beginCommands(command, makeDatabase, place)
    const id = await fill(database)
    await closeAll(database)
    const args = ['usage', 'export', ...range]
    const csv = await run([...args, '--format', 'csv', '--organization', 'acme'])
    expect(csv.stderr).toBe(`Wrote 5 rows. The next export is from ${day(2)}T00:00:00.000Z on (--since).\n`)
    expect(csv.stdout).toContain(`"${day(0)}T00:00:00.000Z","acme","${id}","key/back","-5","0"\r\n`)
    const one = ['usage', 'export', '--since', day(1), '--until', day(2), '--organization', 'acme']
    expect((await run(one)).stderr).toMatch(/^Wrote 1 row\. /)
    const lines = await run([...args, '--key', id])
    expect(
      lines.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).amount)
        .sort(),
    ).toEqual([-5, 1600, 200, 500, 800].sort())
    const folder = join(command.folder(), place.replace(' ', '-'))
    mkdirSync(folder)
    writeFileSync(join(folder, 'real.csv'), 'before')
    symlinkSync('real.csv', join(folder, 'link.csv'))
    const written = await run([
      ...args,
      '--format',
      'csv',
      '--organization',
      'acme',
      '--file',
      join(folder, 'link.csv'),
    ])
    expect(written).toMatchObject({ code: 0, stdout: '' })
    expect(readFileSync(join(folder, 'real.csv'), 'utf8')).toBe(csv.stdout)
    expect(readdirSync(folder).sort()).toEqual(['link.csv', 'real.csv'])
    for (const file of [folder, '/dev/null', join(folder, 'none', 'a.csv')])
      expect(await run([...args, '--file', file]), file).toMatchObject({ code: 2, stdout: '' })
    expect(
      await run([...args, '--organization', 'nobody', '--file', join(folder, 'real.csv')]),
    ).toMatchObject({ code: 1 })
    expect(readFileSync(join(folder, 'real.csv'), 'utf8')).toBe(csv.stdout)
    expect(readdirSync(folder).sort()).toEqual(['link.csv', 'real.csv'])
  })

  /** Rolls up all that is over. */
  async function closeAll(database: string) {
    const store = await openStore(database)
    while ((await usageJob(store, systemClock).run(work)) !== undefined);
    await store.close()
  }
})

const alone = useCommand()
const row = `${JSON.stringify({ start: '2026-01-31T00:00:00.000Z', organization_id: 'a', key_id: 'b', measure: 'valid', amount: 1, late: 0 })}\n`

test('a file is as it was if the transfer breaks off or the command is ended, and nothing is left beside it', async () => {
  const closed = { 'latchkey-closed-until': '2026-02-01T00:00:00.000Z' }
  let isBroken = true
  const begun = Promise.withResolvers<void>()
  const server = createServer((_, response) => {
    response.writeHead(200, closed).write(row.repeat(5_000), () => {
      if (isBroken) response.destroy()
      else begun.resolve()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const env = { LATCHKEY_URL: url, LATCHKEY_KEY: assembleToken('re', '0123456789abcdef', new Uint8Array(32)) }
  const folder = join(alone.folder(), 'broken')
  mkdirSync(folder)
  const file = join(folder, 'usage.jsonl')
  writeFileSync(file, 'before')
  expect(await alone.run(['usage', 'export', '--file', file], { env })).toMatchObject({ code: 3 })
  expect(await alone.run(['usage', 'export'], { env })).toMatchObject({ code: 3 })
  expect(readdirSync(folder)).toEqual(['usage.jsonl'])
  isBroken = false
  const child = spawn(process.execPath, [alone.main(), 'usage', 'export', '--file', file], {
    env: { ...alone.variables(), ...env },
    stdio: 'ignore',
  })
  await begun.promise
  await expect.poll(() => readdirSync(folder).length, { timeout: 10_000 }).toBe(2)
  child.kill('SIGTERM')
  expect(await once(child, 'exit')).toEqual([null, 'SIGTERM'])
  expect(readdirSync(folder)).toEqual(['usage.jsonl'])
  expect(readFileSync(file, 'utf8')).toBe('before')
  server.closeAllConnections()
  server.close()
})
