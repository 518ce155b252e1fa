// Large batches: their verdicts come whole and in order, and those that nobody reads take no memory.
import { expect, test } from 'vitest'
import { makeSqlite } from './setup/databases.ts'
import { openRaw, requestBytes } from './setup/raw.ts'
import { startTestServer } from './setup/server.ts'

const tokensAtMost = 1_000
/** A verdict of this key is some 20 KB, and a batch of it 20 MB. */
const largest = {
  metadata: { text: 'm'.repeat(4_000) },
  permissions: Array.from({ length: 128 }, (_, i) => `${'p'.repeat(120)}:${i}`),
}

test('a batch answers with megabytes as its reader takes them, whole and in order', async () => {
  await using database = makeSqlite()
  await using server = await startTestServer(database.url)
  const { latchkey, rootKey: token } = server
  const large = await latchkey.keys.create({ organizationId: 'root', name: 'Large', ...largest })
  const small = await latchkey.keys.create({ organizationId: 'root', name: 'Small' })
  const asked = Array.from({ length: tokensAtMost }, (_, i) => ({ key: i % 3 ? large.key : small.key }))
  const answer = await server.request('POST', '/v1/keys/verify/batch', { token, body: asked })
  const [ofSmall, ofLarge] = (
    await server.request<unknown[]>('POST', '/v1/keys/verify/batch', { token, body: asked.slice(0, 2) })
  ).json
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('application/json')
  expect(answer.json).toEqual(asked.map((_, i) => (i % 3 ? ofLarge : ofSmall)))

  const body = JSON.stringify(asked)
  const bytes = requestBytes('POST', '/v1/keys/verify/batch', { token, body })
  const before = process.memoryUsage.rss()
  const readers = await Promise.all(
    Array.from({ length: 32 }, async () => {
      const reader = await openRaw(server.url)
      reader.socket.once('data', () => reader.socket.pause())
      reader.socket.write(bytes)
      await reader.until(/^HTTP\/1\.1 200 /)
      return reader
    }),
  )
  // Written as a whole each, they take 430 MB.
  expect(process.memoryUsage.rss() - before).toBeLessThan(200e6)
  for (const { socket } of readers) socket.destroy()
})
