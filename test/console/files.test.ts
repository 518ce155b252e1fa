// The console's files as the server sends them: by whom they may be read, how long, and what may run in them.

import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { makeSqlite } from '../setup/databases.ts'
import { repository } from '../setup/documents-run.ts'
import { startTestServer, type TestServer } from '../setup/server.ts'

const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

describe('the console', () => {
  const { url, remove } = makeSqlite()
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer(url)
  })
  afterAll(async () => {
    await server.close()
    await remove()
  })

  /** The bytes as they came, nothing decoded. */
  function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
    const { promise, resolve, reject } = Promise.withResolvers<{
      status: number
      headers: Record<string, unknown>
      body: Buffer
    }>()
    const asked = request(`${server.url}${path}`, { headers, method, path }, (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () =>
        resolve({
          status: answer.statusCode as number,
          headers: answer.headers,
          body: Buffer.concat(chunks),
        }),
      )
    })
    asked.on('error', reject).end()
    return promise
  }

  const assetsOf = (html: string) =>
    [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path as string)

  test('is one page under a policy that lets nothing run but files of this origin', async () => {
    const { status, headers, body } = await get('/', browser)
    expect(status).toBe(200)
    expect(headers['content-type']).toBe('text/html; charset=utf-8')
    expect(headers['cache-control']).toBe('no-store')
    const policy = String(headers['content-security-policy'])
    const nonce = /style-src 'self' 'nonce-([A-Za-z0-9+/]{22}==)'/.exec(policy)?.[1]
    expect(policy.replace(nonce as string, '…').split('; ')).toEqual([
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self' 'nonce-…'",
      "img-src 'self'",
      "connect-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ])
    const html = body.toString()
    expect(html).toContain(`content="${nonce}"`)
    expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|https?:\/\/(?!www\.w3\.org)/)
    for (const [tag] of html.matchAll(/<script[^>]*>/g)) expect(tag).toMatch(/ src="\/assets\//)
    expect(assetsOf(html).length).toBeGreaterThan(2)
  })

  test('gets another nonce in each answer', async () => {
    const policies = await Promise.all(
      Array.from({ length: 20 }, async () => (await get('/')).headers['content-security-policy']),
    )
    expect(new Set(policies).size).toBe(20)
  })

  test('is sent compressed to who takes that, the same in every coding, and may be kept for ever', async () => {
    const html = (await get('/')).body.toString()
    const assets = assetsOf(html)
    expect(assets.map((path) => path.replace(/.*\./, '')).sort()).toEqual(
      expect.arrayContaining(['css', 'js', 'svg']),
    )
    for (const path of assets) {
      const plain = await get(path)
      expect(plain.headers['content-encoding']).toBeUndefined()
      expect(plain.headers).toMatchObject({
        'cache-control': 'public, max-age=31536000, immutable',
        vary: 'accept-encoding',
        'x-content-type-options': 'nosniff',
      })
      const brotli = await get(path, { 'accept-encoding': 'gzip, deflate, br, zstd' })
      expect(brotli.headers['content-encoding']).toBe('br')
      expect(brotliDecompressSync(brotli.body).equals(plain.body)).toBe(true)
      const gzip = await get(path, { 'accept-encoding': 'br;q=0, gzip' })
      expect(gzip.headers['content-encoding']).toBe('gzip')
      expect(gunzipSync(gzip.body).equals(plain.body)).toBe(true)
      // A line or two is no shorter for it.
      expect(Number(brotli.headers['content-length'])).toBeLessThan(Math.max(plain.body.length, 100))
    }
  })

  test('answers HEAD as GET, without the body', async () => {
    const [path = ''] = assetsOf((await get('/')).body.toString())
    const { status, headers, body } = await get(path, {}, 'HEAD')
    expect([status, body.length]).toEqual([200, 0])
    expect(headers['content-type']).toBe((await get(path)).headers['content-type'])
  })

  test('gives no file but its own', async () => {
    const elsewhere = [
      'nothing.js',
      'index.html',
      '..%2f..%2fcli%2fmain.js',
      '..%2findex.html',
      '%2e%2e/index.html',
      '.',
      '',
    ]
    for (const name of elsewhere) {
      for (const headers of [{}, browser]) {
        const { status, headers: answered } = await get(`/assets/${name}`, headers)
        expect([name, status]).toEqual([name, 404])
        expect(answered['content-type']).toBe('application/problem+json')
      }
    }
  })

  test('shows a browser its page at every address that is no call, and tells programs that nothing is there', async () => {
    const [path, deep] = ['/organizations', '/keys/01a20711-2508-7000-8000-18883f1ab395']
    for (const address of [path, deep, '/no/such/page']) {
      expect((await get(address, browser)).body.toString()).toContain('<div id="console">')
      const { status, headers } = await get(address, { accept: '*/*' })
      expect([status, headers['content-type']]).toEqual([404, 'application/problem+json'])
    }
    for (const address of ['/v1/nothing', '/v1', '/favicon.ico', '/.env']) {
      expect((await get(address, browser)).status, address).toBe(404)
    }
    expect((await get('/organizations', browser, 'POST')).status).toBe(404)
    expect((await get('/v1/keys', browser)).status).toBe(401)
  })

  test('that was not built is nowhere, and all the rest is served', { timeout: 30_000 }, async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'latchkey-unbuilt-'))
    onTestFinished(() => rmSync(elsewhere, { recursive: true }))
    cpSync(join(repository, 'src'), join(elsewhere, 'src'), { recursive: true })
    cpSync(join(repository, 'package.json'), join(elsewhere, 'package.json'))
    symlinkSync(join(repository, 'node_modules'), join(elsewhere, 'node_modules'))
    writeFileSync(join(elsewhere, 'ask.ts'), asker)
    const run = promisify(execFile)(process.execPath, ['ask.ts'], { cwd: elsewhere })
    expect(JSON.parse((await run).stdout)).toEqual([
      ['/', 404, 'The console has not been built. Run `npm run build`.'],
      ['/organizations', 404, 'No route has this path. GET /docs lists the routes.'],
      ['/assets/index.js', 404, 'The console has not been built. Run `npm run build`.'],
      ['/healthz', 200, null],
    ])
  })
})

const asker = `
  import { pino } from 'pino'
  import { createApp, createPipeline } from './src/server/app.ts'
  import { openLatchkey } from './src/latchkey.ts'
  await using latchkey = await openLatchkey({ database: 'sqlite:unbuilt.db' })
  const app = createApp(createPipeline(latchkey, { log: pino({ level: 'silent' }) }))
  const told = []
  for (const path of ['/', '/organizations', '/assets/index.js', '/healthz']) {
    const answer = await app.request(path, { headers: { accept: 'text/html' } })
    told.push([path, answer.status, (await answer.json()).detail ?? null])
  }
  process.stdout.write(JSON.stringify(told))
`
