// Options of callers without types: a misspelt one is refused, never left out, and numbers are held to their bounds.
import { expect, test } from 'vitest'
import { createClient, createVerifier } from '../src/client/index.ts'
import { assembleToken } from '../src/core/token.ts'
import { openLatchkey } from '../src/latchkey.ts'
import { requireKey as requireExpressKey } from '../src/middleware/express.ts'
import { requireKey as requireFastifyKey } from '../src/middleware/fastify.ts'
import { withKey } from '../src/middleware/fetch.ts'
import { requireKey as requireHonoKey } from '../src/middleware/hono.ts'
import { readerOf } from './setup/callers.ts'
import { makeSqlite } from './setup/databases.ts'
import { codeOf } from './setup/refusal.ts'

const token = assembleToken('re', 'options000000000', new Uint8Array(32))
const server = { url: 'http://127.0.0.1:1', token }
const wrongCaches = [
  ...[-1, 1.5, Number.NaN, 1e12, Number.POSITIVE_INFINITY, '5', null].map((value) => ({
    cachedSecrets: value,
  })),
  ...[-1, 0.5, Number.NaN, 2 ** 60].map((value) => ({ cacheBytes: value })),
]

test.each(wrongCaches)('a cache of %j is refused with its bounds', async (options) => {
  const [name] = Object.keys(options)
  await expect(
    openLatchkey({ database: 'sqlite:/nowhere/x.db', ...(options as object) }),
  ).rejects.toMatchObject({
    code: 'invalid_input',
    errors: [{ path: name, message: expect.stringMatching(/^Must be a whole number from 0 to [\d,]+\.$/) }],
  })
  expect(() => createVerifier({ ...server, ...(options as object) })).toThrow(
    `${name}: Must be a whole number`,
  )
})

test.each([{ timeoutMs: 0 }, { timeoutMs: -5 }, { timeoutMs: Number.NaN }, { timeoutMs: 1e12 }])(
  'a deadline of %j is refused',
  (options) => {
    expect(() => createClient({ ...server, ...options })).toThrow(
      'timeoutMs: Must be a number of milliseconds',
    )
    expect(() => createVerifier({ ...server, ...options })).toThrow(
      'timeoutMs: Must be a number of milliseconds',
    )
  },
)

test('a memory of staleness that is no length of time is refused', () => {
  expect(() => createVerifier({ ...server, staleIfErrorMs: Number.NaN })).toThrow(
    'staleIfErrorMs: Must be a whole',
  )
})

test.each([{ cachedSecrets: 0 }, { cacheBytes: 0 }])(
  'with %j nothing is remembered, and verdicts are right',
  async (options) => {
    await using ownDatabase = makeSqlite()
    const { url } = ownDatabase
    {
      await using latchkey = await openLatchkey({ database: url, ...options })
      await latchkey.createRootKey()
      const { key, id } = await latchkey.keys.create({ organizationId: 'root', name: 'CI' })
      expect(await latchkey.verify(key)).toMatchObject({ valid: true })
      expect(latchkey.verifyCached(key)).toBeUndefined()
      await latchkey.keys.revoke(id)
      expect(await latchkey.verify(key)).toMatchObject({ valid: false, code: 'revoked' })
    }
    await using latchkey = await openLatchkey({ database: url })
    expect(
      (await latchkey.keys.list({ status: 'all', organizationId: 'root' })).items[0]?.lastUsedAt,
    ).not.toBeNull()
    await latchkey.close()
  },
)

test('a misspelt option of a verification is refused, wherever it is asked', async () => {
  await using ownDatabase = makeSqlite()
  const { url } = ownDatabase
  {
    await using latchkey = await openLatchkey({ database: url })
    await latchkey.createRootKey()
    const { key } = await latchkey.keys.create({ organizationId: 'root', name: 'CI' })
    await latchkey.verify(key)
    const asked = { permission: ['z:z'] } as object
    const refusal = {
      code: 'invalid_input',
      message: 'permission: Unknown option. Did you mean permissions?',
    }
    await expect(latchkey.verify(key, asked)).rejects.toMatchObject(refusal)
    expect(() => latchkey.verifyCached(key, asked)).toThrow(refusal.message)
    await expect(latchkey.verifyBatch([{ key }], { organisationId: 'acme' } as object)).rejects.toThrow(
      'organisationId: Unknown option. Did you mean organizationId?',
    )
    await expect(latchkey.verifyBatch([{ key, ...asked }])).rejects.toThrow('permission: Unknown option')
    await expect(latchkey.verify(key, ['z:z'] as object)).rejects.toThrow('options: Must be an object')
    await using verifier = createVerifier(server)
    await expect(verifier.verify(key, asked)).rejects.toMatchObject(refusal)
    expect(() => verifier.verifyCached(key, asked)).toThrow(refusal.message)
    await expect(createClient(server).verify(key, asked)).rejects.toMatchObject(refusal)
  }
})

test('a misspelt option is refused when something is made with it', async () => {
  const guard = { verifier: createClient(server), permission: ['z:z'] } as never
  const sentence = 'permission: Unknown option. Did you mean permissions?'
  for (const make of [requireExpressKey, requireFastifyKey, requireHonoKey])
    expect(() => make(guard)).toThrow(sentence)
  expect(() => withKey(guard, () => new Response())).toThrow(sentence)
  const timeout = { ...server, timeoutMS: 5 } as never
  expect(() => createClient(timeout)).toThrow('timeoutMS: Unknown option. Did you mean timeoutMs?')
  expect(() => createVerifier(timeout)).toThrow('timeoutMS: Unknown option. Did you mean timeoutMs?')
  await expect(openLatchkey({ databse: 'sqlite:x.db' } as never)).rejects.toThrow('Did you mean database?')
  await expect(openLatchkey({ database: 'sqlite:x.db', [token]: 1 } as never)).rejects.toThrow(
    '(unprintable): Unknown',
  )
})

test('a second opening of one database in a process warns once, by onWarning if that is given', async () => {
  await using ownDatabase = makeSqlite()
  const { url } = ownDatabase
  const warnings: string[] = []
  const onWarning = (message: string) => void warnings.push(message)
  const open = () => openLatchkey({ database: url, onWarning })
  await (await open()).close()
  const first = await open()
  expect(warnings).toEqual([])
  const others = [await open(), await open()]
  for (const latchkey of [first, ...others]) await latchkey.close()
  await (await open()).close()
  expect(warnings).toEqual([expect.stringContaining('has opened the same database twice')])
})

test('a caller for options does not compile', async () => {
  await using ownDatabase = makeSqlite()
  await using latchkey = await openLatchkey({ database: ownDatabase.url })
  const { keys, organizations, audit, sessions } = latchkey
  const caller = readerOf('acme')
  const refused = [
    // @ts-expect-error A caller goes into `actor`.
    keys.list({}, caller),
    // @ts-expect-error The same.
    organizations.list({}, caller),
    // @ts-expect-error The same.
    audit.list({}, caller),
    // @ts-expect-error The same, though sessions have an option `keyId`.
    sessions.list(caller),
    // @ts-expect-error The same.
    sessions.end(caller.keyId, caller),
  ]
  expect(await Promise.all(refused.map(codeOf))).toEqual(refused.map(() => 'invalid_input'))
  expect(await codeOf(sessions.list({ keyId: caller.keyId }))).toBe('key_not_found')
})
