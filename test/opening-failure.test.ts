// An opening that fails says which database, why, and what to do next: embedders see nothing else of a first attempt.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, inject, onTestFinished, test } from 'vitest'
import { openLatchkey } from '../src/index.ts'
import { describeOpeningFailure } from '../src/store/opening-failure.ts'
import { freePort } from './setup/postgres.ts'
import { refusalOf } from './setup/refusal.ts'

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-opening-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function failureOf(database: string): Promise<string> {
  const { code, message, cause } = await refusalOf(openLatchkey({ database }))
  expect(code).toBe('store_unavailable')
  expect(cause).toBeInstanceOf(Error)
  return message
}

test('a folder that is not there', async () => {
  const folder = join(makeFolder(), 'none')
  expect(await failureOf(`sqlite:${folder}/a.db`)).toBe(
    `The database sqlite:${folder}/a.db cannot be opened: its folder ${folder} does not exist. Create the folder, or name another.`,
  )
})

test('a folder in place of a file, and a file of another kind', async () => {
  const folder = makeFolder()
  mkdirSync(join(folder, 'a.db'))
  expect(await failureOf(`sqlite:${folder}/a.db`)).toMatch(/cannot be opened: the path names a folder/)
  writeFileSync(join(folder, 'b.db'), 'No database, however long one looks at it. '.repeat(100))
  expect(await failureOf(`sqlite:${folder}/b.db`)).toMatch(
    /cannot be opened: the file is not an SQLite database/,
  )
})

test('a file that another process keeps locked', async () => {
  const path = join(makeFolder(), 'a.db')
  const other = new DatabaseSync(path)
  onTestFinished(() => other.close())
  other.exec('pragma locking_mode = exclusive; begin exclusive; create table other (id)')
  const busy = await describeBusy(path)
  expect(busy).toMatch(/cannot be opened: another process kept it locked for 30 seconds\. End the process/)
})

/** What SQLite says of a locked file at once, described as if it had waited. */
async function describeBusy(path: string): Promise<string> {
  const impatient = new DatabaseSync(path, { timeout: 0 })
  try {
    impatient.exec('begin immediate')
    throw new TypeError('It was not locked.')
  } catch (error) {
    return (describeOpeningFailure(error, `sqlite:${path}`) as Error).message
  } finally {
    impatient.close()
  }
}

test('a Node.js without SQLite', async () => {
  const missing = await import('node:nothing' as string).catch((error: unknown) => error)
  const { message } = describeOpeningFailure(missing, 'sqlite:a.db') as Error
  expect(message).toMatch(
    /^The database sqlite:a\.db cannot be opened: Node\.js \S+ has no node:sqlite\. Use Node\.js 22\.18/,
  )
})

test('a PostgreSQL that does not run, or whose host is none', async () => {
  const port = await freePort()
  expect(await failureOf(`postgres://ada:geheim@127.0.0.1:${port}/keys`)).toBe(
    `The database postgres://ada:…@127.0.0.1:${port}/keys cannot be opened: nothing listens on 127.0.0.1 port ${port}. Start PostgreSQL there, or name another host and port.`,
  )
  expect(await failureOf('postgres://ada@nowhere.invalid/keys')).toMatch(
    /there is no host nowhere\.invalid\./,
  )
  const socket = await failureOf('postgres:///keys?host=/nowhere')
  expect(socket).toMatch(/there is no socket \/nowhere\/\.s\.PGSQL\.5432\./)
})

test('a server that says nothing', async () => {
  const server = createServer()
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  onTestFinished(() => void server.close())
  const { port } = server.address() as { port: number }
  const message = await failureOf(`postgres://ada@127.0.0.1:${port}/keys?connect_timeout=1`)
  expect(message).toMatch(/cannot be opened: no server answered in time\. Check the address/)
})

test('a wrong password, none, another user, another database, and TLS that is not there', async () => {
  const url = (change: (url: URL) => void) => {
    const changed = new URL(inject('postgresUrl'))
    change(changed)
    return changed.href
  }
  const wrong = await failureOf(url((at) => Object.assign(at, { password: 'geheim' })))
  expect(wrong).toMatch(/cannot be opened: the server refuses the password\. Check the user and the password/)
  expect(wrong).not.toContain('geheim')
  const none = await failureOf(url((at) => Object.assign(at, { password: '' })))
  expect(none).toMatch(/the server asks for a password, and there is none\. Put it into the URL/)
  const database = await failureOf(url((at) => Object.assign(at, { pathname: '/of_nobody' })))
  expect(database).toMatch(/database "of_nobody" does not exist\. Create the database first\./)
  const plain = await failureOf(url((at) => at.searchParams.set('sslmode', 'require')))
  expect(plain).toMatch(/the server speaks no TLS, and sslmode asks for it\./)
})
