// The receivers that the guide shows, in each of its languages: the messages of a server that they take, and those that they refuse.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type Latchkey, openLatchkey } from '../src/index.ts'
import { makeSqlite } from './setup/databases.ts'
import { readBlocks } from './setup/documents.ts'
import { makeFolder, repository } from './setup/documents-run.ts'
import { missingPrograms, wants } from './setup/programs.ts'
import { type Received, startReceiver } from './setup/receiver.ts'

const minute = 60_000
const database = makeSqlite()
let latchkey: Latchkey
/** By how much the clock of the server is ahead. */
let skewMs = 0

beforeAll(async () => {
  const now = () => Date.now() + skewMs
  latchkey = await openLatchkey({ database: database.url, webhookNetworks: ['127.0.0.0/8'], now })
})
afterAll(async () => {
  await latchkey.close()
  await database.remove()
})

/** A receiver that runs. */
interface Running {
  url: string
  /** What it printed: messages, and those that it knew. */
  lines: () => string[]
}

/** Runs what lies in a folder. */
type Start = (folder: string) => Promise<Running>

/** Writes a program of the guide into a folder. */
function writeProgram(file: string): string {
  const folder = makeFolder()
  const block = readBlocks(join(repository, 'docs/guides/webhooks.md')).find((one) => one.file === file)
  writeFileSync(join(folder, file), block?.text ?? expect.unreachable(`The guide has no ${file}.`))
  return folder
}

/** Runs one until the test has ended. */
async function run(folder: string, program: string, args: string[]): Promise<Running> {
  const child = spawn(program, args, { cwd: folder, env: { PATH: process.env.PATH, PORT: '0' } })
  onTestFinished(() => void child.kill('SIGKILL'))
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    printed += chunk
  })
  const [address] = await once(child.stderr.setEncoding('utf8'), 'data')
  return { url: address.split('\n')[0], lines: () => printed.split('\n').slice(0, -1) }
}

/** A receiver, the program that it needs beside Node.js as Debian's package names it, and how it is run. */
const receivers: {
  file: string
  needs: readonly [program: string, debianPackage: string] | undefined
  start: Start
}[] = [
  {
    file: 'receiver.ts',
    needs: undefined,
    start: (folder) => run(folder, process.execPath, ['receiver.ts']),
  },
  {
    file: 'receiver.py',
    needs: ['python3', 'python3'],
    start: (folder) => run(folder, 'python3', ['receiver.py']),
  },
  {
    file: 'receiver.go',
    needs: ['go', 'golang-go'],
    start: (folder) => {
      // Debian's Go, without a network.
      const env = { ...process.env, GOFLAGS: '-mod=mod', GOPROXY: 'off', GOTOOLCHAIN: 'local' }
      execFileSync('go', ['build', '-o', 'receiver', 'receiver.go'], { cwd: folder, env })
      return run(folder, join(folder, 'receiver'), [])
    },
  },
]

/** The library is no program: a server around it, which refuses what it throws at. */
async function serveLibrary(folder: string, secret: () => string): Promise<string> {
  const { readMessage } = await import(pathToFileURL(join(folder, 'message.ts')).href)
  const { url } = await startReceiver(({ body, headers }, response) => {
    try {
      readMessage(body, headers, secret())
      response.writeHead(204).end()
    } catch {
      response.writeHead(401).end()
    }
  })
  return url
}

const createHook = (url: string) => latchkey.webhooks.create({ url, events: ['plan.created'] })
const statusOf = async (id: string) => (await latchkey.webhooks.test(id)).httpStatus

describe('the receiver of the guide', () => {
  for (const { file, needs, start } of receivers) {
    const { skip, note } = wants(
      needs !== undefined && missingPrograms([needs[0]]).length > 0 ? [needs[1]] : [],
    )
    // The first time Go compiles its own libraries too.
    test.skipIf(skip)(
      `${file} takes what the server sends, and nothing else${note}`,
      { timeout: 300_000 },
      async () => {
        const folder = writeProgram(file)
        const setSecret = (secret: string) => writeFileSync(join(folder, 'secret'), `${secret}\n`)
        const { url, lines } = await start(folder)
        await holdToMessages(url, setSecret)
        // Each of those that were taken is printed once, and one that comes twice is known.
        const { message, secret } = await capture()
        setSecret(secret)
        const before = lines().length
        expect(await post(url, message)).toBe(204)
        expect(await post(url, message)).toBe(204)
        await expect.poll(lines).toHaveLength(before + 2)
        expect(lines().slice(before)).toEqual([message.body, `again ${message.id}`])
        // Without its secret it takes nothing, and is asked again later.
        renameSync(join(folder, 'secret'), join(folder, 'elsewhere'))
        const { id } = await createHook(url)
        expect([500, null]).toContain(await statusOf(id))
        renameSync(join(folder, 'elsewhere'), join(folder, 'secret'))
        expect(await statusOf(id)).toBe(401)
      },
    )
  }

  test('message.ts takes what the server sends, and nothing else', async () => {
    let secret = ''
    const url = await serveLibrary(writeProgram('message.ts'), () => secret)
    await holdToMessages(url, (given) => {
      secret = given
    })
  })
})

/** Sends to a receiver what a server sends, and what is no message of the server's, or one no more. */
async function holdToMessages(url: string, setSecret: (secret: string) => void): Promise<void> {
  const hook = await createHook(url)
  const send = () => statusOf(hook.id)
  const sendAt = async (skew: number) => {
    skewMs = skew
    return send().finally(() => {
      skewMs = 0
    })
  }
  setSecret(hook.secret)
  expect(await send()).toBe(204)
  // The server's clock and the receiver's may differ, and a message may have been on its way.
  const ages = [-4 * minute, 4 * minute, -6 * minute, 6 * minute]
  const answers: (number | null)[] = []
  for (const age of ages) answers.push(await sendAt(age))
  expect(answers).toEqual([204, 204, 401, 401])
  const next = await latchkey.webhooks.rotate(hook.id, { graceSeconds: 3_600 })
  expect(await send()).toBe(204)
  setSecret(next.secret)
  expect(await send()).toBe(204)
  const last = await latchkey.webhooks.rotate(hook.id, { graceSeconds: 0 })
  expect(await send()).toBe(401)
  setSecret(last.secret)
  expect(await send()).toBe(204)

  const { message, secret } = await capture()
  expect(await post(url, message)).toBe(401)
  setSecret(secret)
  const { headers, body } = message
  const signature = headers['webhook-signature'] ?? ''
  const timestamp = headers['webhook-timestamp'] ?? ''
  const asked = async (change: Record<string, string>, changed = body) =>
    post(url, { body: changed, headers: { ...headers, ...change } })
  const other = `v1,${Buffer.alloc(32).toString('base64')}`
  expect(await asked({})).toBe(204)
  expect(await asked({ 'webhook-signature': `${other} v2,${'A'.repeat(43)} ${signature}` })).toBe(204)
  expect(await asked({}, body.replace('webhook.test', 'webhook.tast'))).toBe(401)
  const refused: Record<string, string>[] = [
    { 'webhook-id': '0' },
    { 'webhook-timestamp': String(Number(timestamp) - 1) },
    ...['', 'now', '1e400', '-1', '9'.repeat(400), '²'].map((text) => ({
      'webhook-timestamp': text,
    })),
    ...['', other, signature.slice(3), signature.replace('v1', 'v2'), signature.slice(0, -4), 'v1,ä'].map(
      (text) => ({ 'webhook-signature': text }),
    ),
  ]
  for (const change of refused) expect([change, await asked(change)]).toEqual([change, 401])
  expect(await post(url, { body, headers: {} })).toBe(401)
}

/** Has the server send a message, and gives it with the secret that signed it. */
async function capture(): Promise<{ message: Received; secret: string }> {
  const receiver = await startReceiver()
  const { id, secret } = await createHook(receiver.url)
  await latchkey.webhooks.test(id)
  const [message] = receiver.received
  await latchkey.webhooks.delete(id)
  return { message: message ?? expect.unreachable(), secret }
}

/** Posts a message as if it were the server's; gives the status of the answer. */
async function post(url: string, { body, headers }: Pick<Received, 'body' | 'headers'>): Promise<number> {
  const { 'content-length': _, connection, host, ...sent } = headers
  const response = await fetch(url, { method: 'POST', body, headers: sent })
  return response.status
}
