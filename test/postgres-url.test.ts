// The URLs of PostgreSQL databases: what libpq takes, passwords as they are, and sentences that give nothing away.
import { expect, test } from 'vitest'
import { readServeSettings, withoutPassword } from '../src/config.ts'
import { parsePostgresUrl } from '../src/store/postgres-url.ts'
import { refusalOf } from './setup/refusal.ts'

const password = 's3/c?r#e@t%41'

test.each([
  ['as it is', `postgres://ada:${password}@db:5433/keys`],
  ['percent-encoded', `postgres://ada:${encodeURIComponent(password)}@db:5433/keys`],
  ['as a parameter', `postgres://ada@db:5433/keys?password=${encodeURIComponent(password)}`],
])('a password of any signs is read %s, and shown nowhere', (_, url) => {
  const settings = parsePostgresUrl(url)
  expect(settings).toMatchObject({
    user: 'ada',
    password,
    database: 'keys',
    hosts: [{ host: 'db', port: 5433 }],
  })
  const shown = withoutPassword(url)
  for (const part of ['s3', 'c?r', 'e@t', '%41', 's3%2F']) expect(shown).not.toContain(part)
  expect(shown).toContain('ada')
})

test.each([
  ['postgres://a,b:5433/db?target_session_attrs=read-write', ['a:5432', 'b:5433']],
  ['postgres://[::1]:5434/db', ['::1:5434']],
  ['postgres:///db?host=/var/run/postgresql', ['/var/run/postgresql:5432']],
  ['postgres://%2Fvar%2Frun/db', ['/var/run:5432']],
  ['postgres:///db?host=a,b&port=1,2', ['a:1', 'b:2']],
])('%s names its hosts', (url, hosts) => {
  expect(parsePostgresUrl(url).hosts.map(({ host, port }) => `${host}:${port}`)).toEqual(hosts)
})

test("libpq's variables say what a URL leaves out, and by themselves that there is a PostgreSQL", () => {
  const env = {
    PGHOST: 'db',
    PGPORT: '5433',
    PGUSER: 'ada',
    PGPASSWORD: 'x',
    PGDATABASE: 'keys',
    PGSSLMODE: 'verify-full',
  }
  const expected = { hosts: [{ host: 'db', port: 5433 }], user: 'ada', password: 'x', tlsMode: 'verify-full' }
  expect(parsePostgresUrl('postgres://', env)).toMatchObject(expected)
  expect(parsePostgresUrl('postgres://other/x', env)).toMatchObject({
    hosts: [{ host: 'other' }],
    database: 'x',
  })
  expect(readServeSettings({}, env).database).toBe('postgres://')
  expect(readServeSettings({ database: 'sqlite:a.db' }, env).database).toBe('sqlite:a.db')
})

test.each([
  'postgres://ada:s3cret@host:x/db',
  'postgres://ada:s3cret',
  'postgres://ada:s3cret@host/db?sslmode=on',
  'postgres://ada:s3cret@host/db?sslcrl=x',
  'postgres://ada:s3cret@host/db?target_session_attrs=standby',
  'postgres://ada:s3cret@host/db?schema=Pg Catalog',
  'host=localhost password=s3cret dbname=keys',
])('%j is refused with a sentence that has no part of the password', async (url) => {
  const refusal = await refusalOf(Promise.resolve().then(() => readServeSettings({ database: url }, {})))
  expect(refusal.message).toMatch(/^--database: .+\.$/)
  expect(refusal.message).not.toContain('s3cret')
})
