// A verifier's process holds digests and no tokens: its whole heap is searched.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeSqlite } from './setup/databases.ts'
import { startTestServer } from './setup/server.ts'

test('a verifier holds no token that it has judged, nor any part of its secret', async () => {
  await using ownDatabase = makeSqlite()
  const { url: database } = ownDatabase
  const server = await startTestServer(database)
  const names = Array.from({ length: 50 }, (_, i) => `Canary ${i}`)
  const made = await Promise.all(
    names.map((name) => server.latchkey.keys.create({ organizationId: 'root', name })),
  )
  const tokens = made.map(({ key }) => key)
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-heap-'))
  const path = join(folder, 'snapshot')
  const child = fork(join(import.meta.dirname, 'setup/verifier-child.ts'), [], { execArgv: [] })
  child.send({ url: server.url, token: server.rootKey, tokens: tokens.join(' '), path })
  await once(child, 'message')
  // Other requests go over the connections meanwhile, and with them what was sent before leaves their buffers.
  await new Promise((resume) => setTimeout(resume, 2_000))
  child.send('write')
  await once(child, 'message')
  child.kill()
  const heap = readFileSync(path, 'latin1')
  expect(heap).toContain('VerifierMemory')
  const secrets = tokens.map((token) => token.slice(-49, -6))
  expect(secrets.filter((secret) => heap.includes(secret.slice(0, 20)))).toEqual([])
  rmSync(folder, { recursive: true })
  await server.close()
})
