// The files of the customers' page: how the server hands them out, how large they are, and that a program without a page takes them.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { expect, inject, onTestFinished, test } from 'vitest'
import { makeSqlite } from '../setup/databases.ts'
import { repository } from '../setup/documents-run.ts'
import { startTestServer } from '../setup/server.ts'

const run = promisify(execFile)
const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string }
const read = (name: string) => readFileSync(join(repository, 'dist/embed', name))

async function serve() {
  const { url, remove } = makeSqlite()
  const server = await startTestServer(url)
  onTestFinished(async () => {
    await server.close()
    await remove()
  })
  return server
}

test('the element is for pages of any origin, and nothing else of the server is', async () => {
  const { request } = await serve()
  const cross = async (path: string, headers = {}) => {
    const answer = await request('GET', path, { headers })
    const [policy, origin] = ['cross-origin-resource-policy', 'access-control-allow-origin']
    return [answer.status, answer.headers.get(policy), answer.headers.get(origin)]
  }
  expect(await cross('/embed/latchkey.js')).toEqual([200, 'cross-origin', '*'])
  expect(await cross(`/embed/latchkey-${version}.js`)).toEqual([200, 'cross-origin', '*'])
  expect(await cross(`/embed/portal-${version}.js`)).toEqual([200, 'same-origin', null])
  expect(await cross('/portal')).toEqual([200, 'same-origin', null])
  // What npm hands out, and what is beside it.
  for (const name of [
    'index.js',
    'react.js',
    'index.d.ts',
    'portal.html',
    'latchkey.js.br',
    'latchkey-9.9.9.js',
  ])
    expect(await cross(`/embed/${name}`, { accept: 'text/html' }), name).toEqual([404, 'same-origin', null])
})

test('a version stays as it is, the same one has two names, and both come compressed', async () => {
  const { request } = await serve()
  const one = await request('GET', `/embed/latchkey-${version}.js`, {
    headers: { 'accept-encoding': 'gzip' },
  })
  expect(one.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(one.headers.get('content-encoding')).toBe('gzip')
  expect(one.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  const other = await request('GET', '/embed/latchkey.js', { headers: { 'accept-encoding': 'br' } })
  expect(other.headers.get('cache-control')).toBe('public, max-age=300')
  expect(other.headers.get('content-encoding')).toBe('br')
  expect(other.text).toBe(one.text)
})

test('the page behind a link runs the files of its origin alone, in no frame, and is never kept', async () => {
  const { request } = await serve()
  const { headers, text } = await request('GET', '/portal?utm_source=x')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(headers.get('referrer-policy')).toBe('no-referrer')
  expect(headers.get('set-cookie')).toBeNull()
  expect(headers.get('content-security-policy')).toBe(
    "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  )
  expect([...text.matchAll(/src="([^"]+)"/g)].map(([, source]) => source)).toEqual([
    `./embed/portal-${version}.js`,
    `./embed/latchkey-${version}.js`,
  ])
  expect(text).not.toMatch(/<script>|<style|style=/)
})

test('the element is at most 60 KiB compressed, and the component of React 1 KiB', () => {
  const sizes = Object.fromEntries(
    ['latchkey.js', 'index.js', 'react.js', `portal-${version}.js`].map((name) => {
      const bytes = read(name)
      return [name, { gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotliCompressSync(bytes).length }]
    }),
  )
  console.log(sizes)
  for (const name of ['latchkey.js', 'index.js'])
    expect(sizes[name]?.gzip, name).toBeLessThanOrEqual(60 * 1024)
  expect(sizes['react.js']?.gzip).toBeLessThanOrEqual(1024)
})

test('no code makes HTML or code from text, which no page with trusted types would take', () => {
  for (const name of ['latchkey.js', `portal-${version}.js`]) {
    const text = String(read(name))
    expect(text).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\.style\b|setHTML/,
    )
    expect(text).not.toMatch(/console\./)
  }
})

test('where there is no page, importing it does nothing, and the component renders the empty element', async () => {
  const program = `
    const before = Object.keys(globalThis).join()
    const { LatchkeyKeysElement } = await import('latchkey/embed')
    const { LatchkeyKeys } = await import('latchkey/react')
    const { createElement } = await import('react')
    const { renderToString } = await import('react-dom/server')
    const getToken = async () => { throw new Error() }
    console.log(typeof LatchkeyKeysElement, before === Object.keys(globalThis).join())
    console.log(renderToString(createElement(LatchkeyKeys, { getToken, server: 'https://keys.example.com', lang: 'de' })))`
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: inject('builds').installed,
  })
  expect(stderr).toBe('')
  expect(stdout).toBe(
    'function true\n<latchkey-keys server="https://keys.example.com" lang="de"></latchkey-keys>\n',
  )
})
