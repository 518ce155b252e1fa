// A thread of SQLite that does not start fails what waits for it, and says what to do: a bundler may have left its program
// behind, or put something else in its place. One that starts and then takes its time is waited for.
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { expect, inject, onTestFinished, test } from 'vitest'
import { SqliteFile } from '../src/store/sqlite-file.ts'
import { SqliteThread } from '../src/store/sqlite-thread.ts'
import { makeSqlite } from './setup/databases.ts'
import { repository } from './setup/documents-run.ts'

const program = (text: string) => new URL(`data:text/javascript,${encodeURIComponent(text)}`)
const block = (ms: number) => `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${ms})`
const threads = `import { parentPort } from 'node:worker_threads'\n`
const advice =
  /If a bundler packed this program, keep Latchkey out of the bundle: in Next\.js by serverExternalPackages/

function startThread(from: URL, ms: number): SqliteThread {
  const { path, remove } = makeSqlite('nothing')
  onTestFinished(remove)
  const thread = new SqliteThread(new SqliteFile(path, () => {}), false, () => {}, { program: from, ms })
  onTestFinished(() => thread.close())
  thread.begin()
  return thread
}

async function failureOf(from: URL, ms: number): Promise<string> {
  const failure = await startThread(from, ms)
    .execute('select 1', [])
    .catch((error: Error) => error)
  const { message } = failure as Error
  expect(message).toMatch(advice)
  return message
}

test('a thread that runs and says nothing', async () => {
  expect(await failureOf(program('setInterval(() => {}, 1000)'), 300)).toMatch(
    /^the thread for SQLite did not start: it said nothing for 0\.3 seconds\. If/,
  )
})

test.each([
  ['ends', program(''), /did not start: The SQLite thread has ended\./],
  ['throws', program('throw new Error("no such chunk")'), /did not start: no such chunk\./],
  ['is not there', pathToFileURL('/nowhere/sqlite-worker.js'), /did not start: Cannot find module/],
  [
    'is of a scheme that no thread starts from',
    new URL('https://example.com/a.js'),
    /did not start: The URL must be of scheme file/,
  ],
])('a program that %s before it has greeted', async (_, from, said) => {
  expect(await failureOf(from, 60_000)).toMatch(said)
})

test('a thread that has greeted may take its time with the disk', async () => {
  const slow = program(
    `${threads}parentPort.postMessage([])\n${block(2500)}\nparentPort.on('message', ([{ id }]) => parentPort.postMessage([{ id, rows: [7], changes: 0 }]))`,
  )
  expect((await startThread(slow, 2000).execute('select 7', [])).rows).toEqual([7])
})

test('a process that stands still while its thread starts does not give it up', async () => {
  const quick = program(
    `${threads}parentPort.postMessage([])\nparentPort.on('message', ([{ id }]) => parentPort.postMessage([{ id, rows: [7], changes: 0 }]))`,
  )
  const thread = startThread(quick, 600)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000)
  expect((await thread.execute('select 7', [])).rows).toEqual([7])
})

test.each([
  ['a program that does not run', `new URL('data:text/javascript,throw 1')`],
  ['what is no program', `new URL('https://example.com/a.js')`],
])('an opening in a bundle that has %s says so once, and the process ends', async (_, broken) => {
  const app = mkdtempSync(join(tmpdir(), 'latchkey-start-'))
  onTestFinished(() => rmSync(app, { recursive: true, force: true }))
  cpSync(join(inject('builds').installed, 'dist'), join(app, 'dist'), { recursive: true, dereference: true })
  symlinkSync(join(repository, 'node_modules'), join(app, 'node_modules'))
  writeFileSync(join(app, 'package.json'), '{"type":"module"}')
  writeFileSync(join(app, 'dist/store/sqlite-program.js'), `export const sqliteProgram = ${broken}\n`)
  writeFileSync(
    join(app, 'app.js'),
    `import { openLatchkey } from './dist/index.js'
     await openLatchkey({ database: 'sqlite:a.db' }).catch(({ code, message }) => console.log(code, message))`,
  )
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['app.js'], { cwd: app })
  expect(stdout).toMatch(
    /^store_unavailable The database sqlite:a\.db cannot be opened: the thread for SQLite/,
  )
  expect(stdout).toMatch(advice)
  expect(stderr).toBe('')
})
