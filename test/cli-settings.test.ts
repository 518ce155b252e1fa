// Settings: a flag, else a variable, else the default; what is wrong is named at once.
import { getRandomValues } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { openDatabase } from '../src/cli/kit/connection.ts'
import { readServeSettings, readTarget, withoutPassword } from '../src/config.ts'
import { generateToken, type RandomSource } from '../src/core/token.ts'
import { makeSqlite } from './setup/databases.ts'

const { token } = generateToken('re', getRandomValues as RandomSource)

test('without flags and variables, the defaults hold', () => {
  expect(readServeSettings({}, {})).toEqual({
    database: 'sqlite:latchkey.db',
    host: '127.0.0.1',
    port: 7373,
    workers: 1,
    prefixes: undefined,
    logLevel: 'info',
    logVerdicts: 'refused',
    rootKey: undefined,
    trustedProxies: [],
    keepAliveMs: 3_660_000,
    cache: {},
    webhooks: { networks: [], nameServers: [], proxy: undefined },
    telemetry: undefined,
    tokenSignIn: 'all',
  })
  expect(readTarget({}, {})).toEqual({ database: 'sqlite:latchkey.db', prefixes: undefined })
})

test('a variable beats the default, a flag beats the variable, and an empty variable is none', () => {
  const env = {
    LATCHKEY_DATABASE_URL: 'postgres://ada@db/keys',
    LATCHKEY_HOST: '::1',
    LATCHKEY_PORT: '80',
    LATCHKEY_WORKERS: '4',
    LATCHKEY_KEY_PREFIX: ' re_live, re_test ',
    LATCHKEY_LOG_LEVEL: 'warn',
    LATCHKEY_LOG_VERDICTS: 'none',
    LATCHKEY_ROOT_KEY: `secret-token:${token}`,
    LATCHKEY_TRUSTED_PROXIES: '10.0.0.0/8,::1',
    LATCHKEY_KEEP_ALIVE: '75',
    LATCHKEY_CACHED_SECRETS: '5000',
    LATCHKEY_CACHE_BYTES: '1000000',
    LATCHKEY_WEBHOOK_NETWORKS: '10.1.0.0/16, fd00::/8',
    LATCHKEY_WEBHOOK_NAME_SERVERS: '10.0.0.2 [fd00::53]:5353',
    LATCHKEY_WEBHOOK_PROXY: 'http://proxy.internal:3128',
    LATCHKEY_CHECKPOINT_FILE: '/var/lib/notes',
    LATCHKEY_PUBLIC_URL: 'https://keys.example.com/latchkey/',
    LATCHKEY_TOKEN_SIGN_IN: 'root',
    LATCHKEY_BASIC_AUTH: 'password',
    LATCHKEY_PERMISSIONS_FILE: 'permissions.json',
  }
  expect(readServeSettings({}, env)).toEqual({
    database: 'postgres://ada@db/keys',
    host: '::1',
    port: 80,
    workers: 4,
    prefixes: ['re_live', 're_test'],
    logLevel: 'warn',
    logVerdicts: 'none',
    rootKey: token,
    trustedProxies: ['10.0.0.0/8', '::1'],
    keepAliveMs: 75_000,
    cache: { cachedSecrets: 5_000, cacheBytes: 1_000_000 },
    webhooks: {
      networks: ['10.1.0.0/16', 'fd00::/8'],
      nameServers: ['10.0.0.2', '[fd00::53]:5353'],
      proxy: 'http://proxy.internal:3128',
    },
    checkpointFile: '/var/lib/notes',
    publicUrl: 'https://keys.example.com/latchkey',
    basicAuth: 'password',
    permissionsFile: 'permissions.json',
    tokenSignIn: 'root',
  })
  const flags = { database: 'sqlite:x.db', host: 'localhost', port: '0', keyPrefix: 're', logLevel: 'silent' }
  const webhookFlags = {
    webhookNetworks: '127.0.0.0/8',
    webhookNameServers: '::1',
    webhookProxy: 'https://other.internal',
  }
  expect(
    readServeSettings(
      {
        ...flags,
        logVerdicts: 'all',
        workers: '2',
        trustedProxy: ['10.0.0.7'],
        keepAlive: '1',
        ...webhookFlags,
      },
      env,
    ),
  ).toMatchObject({
    database: 'sqlite:x.db',
    host: 'localhost',
    port: 0,
    workers: 2,
    prefixes: ['re'],
    logLevel: 'silent',
    logVerdicts: 'all',
    trustedProxies: ['10.0.0.7'],
    keepAliveMs: 1_000,
    webhooks: { networks: ['127.0.0.0/8'], nameServers: ['::1'], proxy: 'https://other.internal' },
  })
  expect(readServeSettings({}, { LATCHKEY_PORT: ' ', LATCHKEY_ROOT_KEY: '' })).toMatchObject({ port: 7373 })
})

test('commands go to the server that is named, unless a flag names a database', () => {
  const env = {
    LATCHKEY_URL: 'http://keys.internal',
    LATCHKEY_KEY: token,
    LATCHKEY_DATABASE_URL: 'sqlite:a.db',
  }
  expect(readTarget({}, env)).toEqual({ url: 'http://keys.internal', token })
  expect(readTarget({ url: 'https://other' }, env)).toEqual({ url: 'https://other', token })
  expect(readTarget({ database: 'sqlite:b.db' }, env)).toMatchObject({ database: 'sqlite:b.db' })
})

test.each([
  ['LATCHKEY_PORT', '-1'],
  ['LATCHKEY_PORT', '7373x'],
  ['LATCHKEY_DATABASE_URL', 'sqlite:'],
  ['LATCHKEY_DATABASE_URL', 'sqlite::memory:'],
  ['LATCHKEY_LOG_LEVEL', 'INFO'],
  ['LATCHKEY_PUBLIC_URL', 'keys.example.com'],
  ['LATCHKEY_PUBLIC_URL', 'https://a:b@keys.example.com'],
  ['LATCHKEY_PUBLIC_URL', 'https://keys.example.com?'],
  ['LATCHKEY_BASIC_AUTH', 'yes'],
  ['LATCHKEY_LOG_VERDICTS', 'valid'],
  ['LATCHKEY_KEY_PREFIX', 're,'.repeat(2).concat('a'.repeat(25))],
  ['LATCHKEY_KEY_PREFIX', ','],
  ['LATCHKEY_ROOT_KEY', `${token.slice(0, -1)}!`],
  ['LATCHKEY_TRUSTED_PROXIES', '10.0.0.1,10.0.0.0/8/8'],
  ['LATCHKEY_WORKERS', '0'],
  ['LATCHKEY_WORKERS', '257'],
  ['LATCHKEY_WORKERS', '-1'],
  ['LATCHKEY_WORKERS', '1.5'],
  ['LATCHKEY_WEBHOOK_NETWORKS', '10.1.0.0/16,10.1.0.1/16'],
  ['LATCHKEY_WEBHOOK_NAME_SERVERS', 'dns.example.com'],
  ['LATCHKEY_WEBHOOK_PROXY', `socks5://${token}@proxy.internal`],
  ['LATCHKEY_WORKERS', 'max'],
])('%s=%s is refused by its name, and its value is not repeated', (variable, value) => {
  const read = () => readServeSettings({}, { [variable]: value })
  expect(read).toThrow(
    expect.objectContaining({ code: 'invalid_input', message: expect.stringContaining(variable) }),
  )
  expect(read).not.toThrow(token.slice(19, 60))
})

test('a flag of webhooks is refused by its own name, and reaches the webhooks of the server', async () => {
  expect(() => readServeSettings({ webhookNetworks: '10.0.0.0' }, {})).toThrow(/^--webhook-networks: /)
  expect(() => readServeSettings({ webhookNameServers: 'x' }, {})).toThrow(/^--webhook-name-servers: /)
  expect(() => readServeSettings({ webhookProxy: 'x' }, {})).toThrow(/^--webhook-proxy: /)
  const { url: database, remove } = makeSqlite()
  onTestFinished(remove)
  const urlOf = async (webhookNetworks: string) => {
    await using latchkey = await openDatabase(readServeSettings({ database, webhookNetworks }, {}))
    return (await latchkey.webhooks.create({ url: 'http://127.0.0.1:1/', events: ['key.*'] })).url
  }
  expect(await urlOf('127.0.0.0/8')).toBe('http://127.0.0.1:1/')
  await expect(urlOf('10.0.0.0/8')).rejects.toMatchObject({ code: 'invalid_input' })
})

test('an address that holds a token or a password is refused', () => {
  for (const url of [
    `http://h/?key=${token}`,
    `http://${token}@h`,
    'http://ada:x@h',
    'http://h/#x',
    'nonsense',
  ]) {
    const read = () => readTarget({ url }, { LATCHKEY_KEY: token })
    expect(read).toThrow(/^--url: /)
    expect(read).not.toThrow(token)
  }
})

test('a database is shown without its password', () => {
  expect(withoutPassword('postgres://ada:s3cret@db/keys')).toBe('postgres://ada:…@db/keys')
  expect(withoutPassword('postgres://ada:a:b@c@db/keys')).not.toContain('b@c')
  expect(withoutPassword('postgres://db/keys?user=ada&password=s3cret&x=1')).toBe(
    'postgres://db/keys?user=ada&password=…&x=1',
  )
  expect(withoutPassword('sqlite:a.db')).toBe('sqlite:a.db')
})
