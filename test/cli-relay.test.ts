// `latchkey relay` as a process: what it prints, how it ends, and what it is refused for.
import { spawn } from 'node:child_process'
import { expect, onTestFinished, test } from 'vitest'
import { createAcme } from './setup/acme.ts'
import { tokensIn, useCommand } from './setup/command.ts'
import { send, startTestServer } from './setup/server.ts'

const command = useCommand()
const keyring = ['latchkey:keys:verify']

test('it verifies until it is told to stop, reports, and writes no token anywhere', async () => {
  await using server = await startTestServer('sqlite::memory:')
  await createAcme(server.latchkey)
  const make = (organizationId: string, permissions: string[]) =>
    server.latchkey.keys.create({ organizationId, name: 'K', permissions })
  const [own, asked] = [await make('root', keyring), await make('acme', [])]
  const env = { ...command.variables(), LATCHKEY_KEY: own.key, LATCHKEY_UPSTREAM: server.url }
  const child = spawn(process.execPath, [command.main(), 'relay', '--port', '0'], {
    cwd: command.folder(),
    env,
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let printed = ''
  const url = await new Promise<string>((resolve, reject) => {
    for (const output of [child.stdout, child.stderr])
      output.setEncoding('utf8').on('data', (text: string) => {
        printed += text
        const found = /^Latchkey relays (\S+) for (\S+)$/m.exec(printed)
        if (found?.[2] === server.url) resolve(found[1] as string)
      })
    child.once('close', () => reject(new Error(printed)))
  })
  const body = { key: asked.key }
  const { json } = await send(url, 'POST', '/v1/keys/verify', { token: own.key, body })
  expect(json).toMatchObject({ valid: true, key_id: asked.id })
  const ended = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGTERM')
  expect(await ended).toBe(0)
  expect((await server.latchkey.usage.readKey(asked.id, { by: 'total' })).rows).toMatchObject([{ valid: 1 }])
  expect(printed).toMatch(/"msg":"relaying"[\s\S]*"msg":"stopping"[\s\S]*"msg":"stopped"/)
  expect(tokensIn(printed)).toEqual([])
})

test('what is wrong with its settings is said, and ends it', async () => {
  await using server = await startTestServer('sqlite::memory:')
  const { key } = await server.latchkey.keys.create({
    organizationId: 'root',
    name: 'K',
    permissions: ['a:b'],
  })
  const start = (args: string[], env: Record<string, string> = {}) => command.run(['relay', ...args], { env })
  const upstream = ['--upstream', server.url, '--port', '0', '--log-level', 'silent']
  expect(await start([], { LATCHKEY_KEY: key })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--upstream or LATCHKEY_UPSTREAM'),
  })
  expect(await start(upstream)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('LATCHKEY_KEY is not set'),
  })
  expect(await start(['--upstream', 'ftp://a'], { LATCHKEY_KEY: key })).toMatchObject({ code: 2 })
  expect(await start(upstream, { LATCHKEY_KEY: key })).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('latchkey:keys:verify'),
  })
  const port = new URL(server.url).port
  const verifying = await server.latchkey.keys.create({
    organizationId: 'root',
    name: 'K',
    permissions: keyring,
  })
  const taken = ['--upstream', server.url, '--port', port, '--log-level', 'silent']
  expect(await start(taken, { LATCHKEY_KEY: verifying.key })).toMatchObject({
    code: 3,
    stderr: expect.stringContaining('another program uses this port'),
  })
})
