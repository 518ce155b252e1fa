// Limits on the command line: how people type and read them, and the commands on both databases and on a server.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatLimit, readAdded, readCost, readLimit } from '../src/cli/kit/limits.ts'
import type { Cost, LimitInput } from '../src/core/shapes/limits.ts'
import { useCommand } from './setup/command.ts'
import { beginCommands, placeNames, type WireKey } from './setup/command-places.ts'
import { onEachDatabase } from './setup/databases.ts'

describe('as they are typed', () => {
  test.each<[string, LimitInput]>([
    ['requests=100/1m', { name: 'requests', limit: 100, windowSeconds: 60 }],
    ['requests=100/30s,burst=20', { name: 'requests', limit: 100, windowSeconds: 30, burst: 20 }],
    ['r_2=0/36h', { name: 'r_2', limit: 0, windowSeconds: 129_600 }],
    ['r=1/30d,cost=0', { name: 'r', limit: 1, windowSeconds: 2_592_000, defaultCost: 0 }],
    ['credits=10000/hour', { name: 'credits', limit: 10_000, resets: 'hourly' }],
    ['credits=10000/day', { name: 'credits', limit: 10_000, resets: 'daily' }],
    [
      'credits=5/week,anchor=2026-01-17',
      { name: 'credits', limit: 5, resets: 'weekly', anchor: new Date('2026-01-17') },
    ],
    [
      'credits=5/month,anchor=2026-01-17T09:00:00Z,overdraft=7',
      {
        name: 'credits',
        limit: 5,
        resets: 'monthly',
        anchor: new Date('2026-01-17T09:00:00Z'),
        overdraft: 7,
      },
    ],
    ['prepaid=1000000000000', { name: 'prepaid', limit: 1_000_000_000_000, resets: null }],
  ])('%s is read, and written the same', (text, limit) => {
    expect(readLimit(text)).toEqual(limit)
    expect(readLimit(formatLimit(limit))).toEqual(limit)
  })

  test('what is written of any limit is read as the same limit', () => {
    const units = fc.integer({ min: 0, max: 1_000_000_000_000 })
    const optional = <T>(name: string, arbitrary: fc.Arbitrary<T>) =>
      fc.option(
        arbitrary.map((value) => ({ [name]: value })),
        { nil: {} },
      )
    const instant = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    const named = fc.record({ name: fc.stringMatching(/^[a-z][a-z0-9_]{0,31}$/), limit: units })
    const cost = optional(
      'defaultCost',
      units.filter((value) => value !== 1),
    )
    const rate = fc
      .tuple(named, fc.integer({ min: 1, max: 2_592_000 }), optional('burst', units), cost)
      .filter(([{ limit }, , more]) => !('burst' in more && more.burst === limit))
      .map(([first, windowSeconds, ...more]) => Object.assign(first, { windowSeconds }, ...more))
    const quota = fc
      .tuple(
        named,
        fc.oneof(
          fc.constantFrom('hourly', 'daily', null).map((resets) => ({ resets })),
          fc
            .tuple(fc.constantFrom('weekly', 'monthly'), optional('anchor', instant))
            .map(([resets, anchor]) => ({ resets, ...anchor })),
        ),
        optional('overdraft', units),
        cost,
      )
      .map(([first, resets, ...more]) => Object.assign(first, resets, ...more))
    fc.assert(
      fc.property(fc.oneof(rate, quota), (limit: LimitInput) => {
        expect(readLimit(formatLimit(limit))).toEqual(limit)
      }),
    )
  })

  test.each([
    ['', 'Begin with a name'],
    ['requests', 'Begin with a name'],
    ['Requests=100/1m', 'Begin with a name'],
    ['=100/1m', 'Begin with a name'],
    [`${'x'.repeat(33)}=1/1m`, 'Begin with a name'],
    ['requests=', 'Write a whole number'],
    ['requests=-1/1m', 'Write a whole number'],
    ['requests=1.5/1m', 'Write a whole number'],
    ['requests=1e3/1m', 'Write a whole number'],
    ['requests=1000000000001', 'Write a whole number'],
    ['requests=100/', 'Write requests=100/1m for a rate'],
    ['requests=100/minute', 'Write requests=100/1m for a rate'],
    ['requests=100/60', 'Write requests=100/1m for a rate'],
    ['requests=100/1w', 'Write requests=100/1m for a rate'],
    ['requests=100/toString', 'Write requests=100/1m for a rate'],
    ['requests=100/1m,burst', 'as burst=20'],
    ['requests=100/1m,burst=', 'as burst=20'],
    ['requests=100/1m,burst=1=2', 'Write each of'],
    ['requests=100/1m,burst=1,burst=2', 'Write each of'],
    ['requests=100/1m,size=2', 'Write burst, anchor, overdraft and cost alone'],
    ['requests=100/1m,', 'Write burst, anchor, overdraft and cost alone'],
    ['requests=100/31d', 'Write a window from 1s to 30d'],
    ['requests=100/0m', 'Write a window from 1s to 30d'],
    ['requests=1,000/1m', 'Write numbers without commas'],
    ['requests=1/1m,overdraft=5', 'Leave overdraft out of a rate'],
    ['requests=1/1m,anchor=2026-01-01', 'Write anchor only behind /week or /month'],
    ['credits=1/day,anchor=2026-01-01', 'Write anchor only behind /week or /month'],
    ['credits=1/month,burst=5', 'Leave burst out of a quota'],
    ['credits=1,burst=5', 'Leave burst out of a quota'],
    ['credits=1/month,anchor=17', 'Write a day as anchor='],
    ['credits=1/month,anchor=2026-02-30', 'Write a day as anchor='],
  ])('%j is refused, with what to write', (text, what) => {
    expect(() => readLimit(text)).toThrow(`--limit ${text}: `)
    expect(() => readLimit(text)).toThrow(what)
  })

  test('a cost is one number, or one for each of several limits', () => {
    const read = (...texts: string[]) =>
      texts.reduce<Cost | undefined>((before, text) => readCost(text, before), undefined)
    expect(read('5')).toBe(5)
    expect(read('0')).toBe(0)
    expect(read('credits=5', 'requests=0')).toEqual({ credits: 5, requests: 0 })
    for (const texts of [['-1'], ['1.5'], [''], ['a='], ['=1'], ['A=1'], ['a=b'], ['1000000000001']])
      expect(() => read(...texts), texts.join(' ')).toThrow(/^--cost: Must be a whole number/)
    for (const texts of [
      ['1', '2'],
      ['1', 'a=2'],
      ['a=1', '2'],
      ['a=1', 'a=1'],
    ])
      expect(() => read(...texts), texts.join(' ')).toThrow(/^--cost: Give one number/)
  })

  test('units to add are a whole number, with a sign', () => {
    expect(['500', '+500', '-500'].map(readAdded)).toEqual([500, 500, -500])
    for (const text of ['0', '-0', '', '1.5', 'many', '1000000000001', '-1000000000001'])
      expect(() => readAdded(text), text).toThrow(/^<units>: Must be a whole number/)
  })
})

interface WireLimit {
  name: string
  remaining: number
  held: number
}

onEachDatabase('the commands', (makeDatabase) => {
  const command = useCommand()

  describe.each(placeNames)('on %s', (place) => {
    test('a key is created with limits, draws from them, and is changed', async () => {
      const { run, json } = await beginCommands(command, makeDatabase, place, 'nothing')
      await json(['orgs', 'create', 'acme', '--name', 'Acme', '--limit', 'shared=7/month'])
      const limits = ['--limit', 'requests=100/1d,burst=20', '--limit', 'prepaid=10,cost=0']
      const { id, key } = await json<WireKey>([
        ...['keys', 'create', '--organization', 'acme', '--name', 'CI'],
        ...limits,
      ])
      const verify = (...args: string[]) => run(['keys', 'verify', ...args], key)
      const paid = await verify('--cost', 'prepaid=4', '--cost', 'requests=2')
      expect(paid.code).toBe(0)
      expect(paid.stdout).toMatch(/Limit +requests of the key: 18 of 100 left, resets .*\n/)
      expect(paid.stdout).toMatch(/Limit +prepaid of the key: 6 of 10 left\n/)
      expect(paid.stdout).toMatch(/Limit +shared of the organization: 6 of 7 left/)
      const refused = await verify('--cost', '7', '--json')
      expect(refused.code).toBe(1)
      expect(JSON.parse(refused.stdout)).toMatchObject({ valid: false, code: 'quota_exceeded' })
      const told = await verify('--cost', 'prepaid=7')
      expect(told.code).toBe(1)
      expect(told.stdout).toMatch(
        /quota_exceeded: the token is valid, but a quota has too few units left\.\n/,
      )
      expect(told.stdout).toMatch(/Exceeded +prepaid of the key\n/)
      expect(told.stdout).toMatch(/Repeat +never: waiting does not help/)
      expect((await verify('--cost', '0')).code).toBe(0)

      const added = await json<WireLimit>([
        ...['keys', 'add-units', id, 'prepaid', '500'],
        ...['--reference', 'payment 4711'],
      ])
      expect(added.remaining).toBe(506)
      const again = await run(['keys', 'add-units', id, 'prepaid', '500', '--reference', 'payment 4711'])
      expect(again).toMatchObject({ code: 0, stdout: 'prepaid: 506 left.\n' })
      const other = await run(['keys', 'add-units', id, 'prepaid', '5', '--reference', 'payment 4711'])
      expect([other.code, other.stderr]).toEqual([1, expect.stringMatching(/reference/)])
      expect((await json<WireLimit>(['keys', 'add-units', id, 'prepaid', '-6'])).remaining).toBe(500)
      // A process hears of what was added elsewhere a little later.
      await expect
        .poll(async () => (await verify('--cost', '0')).stdout)
        .toMatch(/Limit +prepaid of the key: \d{3} left\n/)
      for (const [name, code, message] of [
        ['requests', 2, /rate/],
        ['absent', 1, /keys limits/],
      ] as const) {
        const wrong = await run(['keys', 'add-units', id, name, '5'])
        expect([wrong.code, wrong.stderr]).toEqual([code, expect.stringMatching(message)])
      }

      const table = await run(['keys', 'limits', id])
      expect(table.stdout.split('\n')).toEqual([
        expect.stringMatching(/^NAME +LIMIT +LEFT +HELD +RESETS$/),
        expect.stringMatching(/^requests +100\/1d,burst=20 +\d+ +\d+ +full in /),
        expect.stringMatching(/^prepaid +10,cost=0 +500 +\d+ +never/),
        '',
      ])
      const listed = await json<WireLimit[]>(['keys', 'limits', id])
      expect(listed.map(({ name }) => name)).toEqual(['requests', 'prepaid'])
      expect((await run(['keys', 'get', id])).stdout).toMatch(
        /Limits +requests=100\/1d,burst=20 \(\d+ left\), prepaid=10,cost=0 \(500 left\)\n/,
      )

      await json(['keys', 'update', id, '--limit', 'requests=5/1m'])
      expect((await json<WireLimit[]>(['keys', 'limits', id])).map(({ name }) => name)).toEqual(['requests'])
      const both = await run(['keys', 'update', id, '--limit', 'requests=5/1m', '--no-limits'])
      expect([both.code, both.stderr]).toEqual([2, expect.stringMatching(/cannot be used/)])
      await json(['keys', 'update', id, '--no-limits'])
      expect(await run(['keys', 'limits', id])).toMatchObject({
        code: 0,
        stdout: '',
        stderr: 'No limits. Its calls draw from those of its organization: `latchkey orgs limits acme`.\n',
      })
      expect((await run(['keys', 'get', id])).stdout).toMatch(/Limits +none\n/)
    })

    test('an organization has limits of its own, for all of its keys', async () => {
      const { run, json } = await beginCommands(command, makeDatabase, place, 'nothing')
      await json(['orgs', 'create', 'acme', '--name', 'Acme'])
      const changed = await run(['orgs', 'update', 'acme', '--limit', 'credits=2/month', '--wait'])
      expect(changed.stdout).toMatch(/Limits +credits=2\/month \(2 left\)\n/)
      expect((await json<WireLimit>(['orgs', 'add-units', 'acme', 'credits', '3'])).remaining).toBe(5)
      expect((await run(['orgs', 'limits', 'acme'])).stdout).toMatch(/^credits +2\/month +5 +0 +in /m)
      const { key } = await json<WireKey>(['keys', 'create', '--organization', 'acme', '--name', 'CI'])
      expect((await run(['keys', 'verify', '--cost', '5'], key)).code).toBe(0)
      const refused = await run(['keys', 'verify'], key)
      expect(refused.code).toBe(1)
      expect(refused.stdout).toMatch(/Exceeded +credits of the organization\n.*Repeat +in /)
      await json(['orgs', 'update', 'acme', '--no-limits'])
      expect((await run(['keys', 'verify'], key)).code).toBe(0)
    })
  })

  test.each(placeNames)('plans are made, shown, changed, taken and deleted on %s', async (place) => {
    const { run, json } = await beginCommands(command, makeDatabase, place, 'nothing')
    expect(await run(['plans', 'list'])).toMatchObject({ code: 0, stdout: '', stderr: 'No plans.\n' })
    const limits = ['--key-limit', 'requests=100/1m,burst=20', '--limit', 'credits=10000/month']
    const made: object = await json(['plans', 'create', 'pro', ...limits, '--permission', 'emails:*'])
    expect(made).toMatchObject({
      name: 'pro',
      permissions: ['emails:*'],
      limits: [{ name: 'credits', limit: 10_000, resets: 'monthly' }],
      key_limits: [{ name: 'requests', limit: 100, window_seconds: 60, burst: 20 }],
    })
    const again = await run(['plans', 'create', 'pro'])
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('latchkey plans update')])
    await json(['orgs', 'create', 'acme', '--name', 'Acme', '--plan', 'pro'])
    expect(await json(['plans', 'get', 'pro'])).toEqual({ ...made, organizations: 1 })
    await json(['orgs', 'update', 'acme', '--limit', 'pages=5'])
    expect((await run(['orgs', 'limits', 'acme'])).stdout.split('\n')).toEqual([
      expect.stringMatching(/^NAME +LIMIT +LEFT +HELD +RESETS +FROM$/),
      expect.stringMatching(/^pages +5 +5 +0 +never +own$/),
      expect.stringMatching(/^credits +10000\/month +10000 +0 +in .* +plan$/),
      '',
    ])
    const { id } = await json<WireKey>(['keys', 'create', '--organization', 'acme', '--name', 'CI'])
    expect((await run(['keys', 'limits', id])).stdout).toMatch(/^requests +100\/1m,burst=20 .* +plan$/m)
    expect((await run(['keys', 'get', id])).stdout).toMatch(
      /Limits +none\nPlan limits +requests=100\/1m,burst=20 \(20 left\)\n/,
    )
    expect((await run(['orgs', 'get', 'acme'])).stdout).toMatch(
      /Limits +pages=5 \(5 left\)\nPlan limits +credits=10000\/month \(10000 left\)\n/,
    )
    expect((await run(['plans', 'get', 'pro'])).stdout.split('\n').slice(0, 5)).toEqual([
      'Name           pro',
      'Limits         credits=10000/month',
      'Key limits     requests=100/1m,burst=20',
      'Permissions    emails:*',
      'Organizations  1',
    ])
    expect((await run(['plans', 'list'])).stdout.split('\n')).toEqual([
      expect.stringMatching(/^NAME +LIMITS +KEY LIMITS +PERMISSIONS +CREATED$/),
      expect.stringMatching(
        /^pro +credits=10000\/month +requests=100\/1m,burst=20 +emails:\* +(now|.* ago)$/,
      ),
      '',
    ])
    expect(await json(['plans', 'list', '--all'])).toEqual([made])

    const changed = await run(['plans', 'update', 'pro', '--key-limit', 'requests=5/1s', '--wait'])
    expect(changed.stdout).toMatch(/Key limits +requests=5\/1s\n(?:.*\n)*.*confirmed/)
    expect(changed.stdout).toMatch(/Limits +credits=10000\/month\n/)
    const bare = ['--no-limits', '--no-key-limits', '--any-permission']
    expect(await json(['plans', 'update', 'pro', ...bare])).toMatchObject({
      permissions: null,
      limits: [],
      key_limits: [],
    })
    expect(await json(['plans', 'update', 'pro', '--no-permissions'])).toMatchObject({ permissions: [] })
    for (const flags of [
      ['--key-limit', 'requests=5/1s', '--no-key-limits'],
      ['--permission', 'emails:*', '--any-permission'],
      [],
    ])
      expect((await run(['plans', 'update', 'pro', ...flags])).code, flags.join(' ')).toBe(2)

    expect((await run(['plans', 'delete', 'pro'])).code).toBe(2)
    const used = await run(['plans', 'delete', 'pro', '--yes'])
    expect([used.code, used.stderr]).toEqual([1, expect.stringContaining('One organization is on the plan')])
    expect(await json(['orgs', 'update', 'acme', '--no-plan'])).toMatchObject({ plan: null })
    expect(await run(['plans', 'delete', 'pro', '--yes'])).toMatchObject({
      code: 0,
      stdout: 'Deleted the plan pro.\n',
    })
    expect((await run(['plans', 'get', 'pro'])).code).toBe(1)
    const gone = await run(['orgs', 'update', 'acme', '--plan', 'pro'])
    expect([gone.code, gone.stderr]).toEqual([1, expect.stringContaining('`latchkey plans list`')])
  })

  test('what is typed wrong is refused before anything is done', async () => {
    const { run } = await beginCommands(command, makeDatabase, 'the database', 'nothing')
    const create = ['keys', 'create', '--organization', 'acme', '--name', 'CI', '--limit']
    for (const [limit, message] of [
      ['requests=100/minute', /^latchkey: --limit requests=100\/minute: Write requests=100\/1m for a rate/],
      ['requests=100/31d', /^latchkey: --limit requests=100\/31d: Write a window from 1s to 30d\./],
      ['requests=1/1m,overdraft=5', /^latchkey: --limit requests=1\/1m,overdraft=5: Leave overdraft out/],
    ] as const) {
      const { code, stderr } = await run([...create, limit])
      expect([code, stderr]).toEqual([2, expect.stringMatching(message)])
    }
    const twice = await run([...create, 'a=1', '--limit', 'a=2'])
    expect([twice.code, twice.stderr]).toEqual([
      2,
      expect.stringMatching(/^latchkey: --limit a=2: Name each limit once\./),
    ])
    const createPlan = ['plans', 'create', 'pro', '--key-limit']
    const each = await run([...createPlan, 'requests=100/minute'])
    expect([each.code, each.stderr]).toEqual([
      2,
      expect.stringMatching(/^latchkey: --key-limit requests=100\/minute: Write requests=100\/1m for a rate/),
    ])
    const overdrawn = await run([...createPlan, 'requests=1/1m,overdraft=5'])
    expect([overdrawn.code, overdrawn.stderr]).toEqual([
      2,
      expect.stringMatching(/^latchkey: --key-limit requests=1\/1m,overdraft=5: Leave overdraft out/),
    ])
    const named = await run(['plans', 'create', 'Pro'])
    expect([named.code, named.stderr]).toEqual([
      2,
      'latchkey: <name>: Must be 1 to 32 lower-case letters, digits and _, beginning with a letter, such as pro.\n',
    ])
    const cost = await run(['keys', 'verify', '--cost', 'many'], 'x')
    expect([cost.code, cost.stderr]).toEqual([2, expect.stringMatching(/^latchkey: --cost: /)])
  })
})
