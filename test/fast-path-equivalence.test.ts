// The hot calls have doors of their own: whatever comes, they answer as the app does, and write the same down.
import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Doors, json, openDoors } from './setup/doors.ts'

let doors: Doors

beforeAll(async () => {
  doors = await openDoors()
})

afterAll(() => doors[Symbol.asyncDispose]())

describe('the doors of the hot calls', () => {
  test.each(['plain', 'expiring', 'foreign', 'revoked', 'rotated', 'unknown', 'verifier'])(
    'judges a token as the app does: %s',
    async (name) => {
      const { asRoot, hot, throughBoth, tokens } = doors
      const before = { taken: hot.taken, fast: hot.fast }
      for (const permissions of [undefined, [], ['emails:send'], ['files:a:b', 'emails:read']]) {
        const body = JSON.stringify({ key: tokens[name], permissions })
        expect((await throughBoth({ path: '/v1/keys/verify', headers: asRoot(), body })).status).toBe(200)
        const asVerifier = { ...json, authorization: `Bearer ${tokens.verifier}` }
        await throughBoth({ path: '/v1/keys/verify', headers: asVerifier, body })
        const many = JSON.stringify([
          { key: tokens[name], permissions },
          { key: 'rubbish' },
          { key: tokens.plain },
        ])
        expect(
          (await throughBoth({ path: '/v1/keys/verify/batch', headers: asVerifier, body: many })).status,
        ).toBe(200)
        const query = (permissions ?? [])
          .map((permission) => `permission=${encodeURIComponent(permission)}`)
          .join('&')
        for (const headers of [
          { authorization: `bearer ${tokens[name]}` },
          { 'x-api-key': tokens[name] as string },
        ]) {
          await throughBoth({ method: 'GET', path: `/v1/auth?${query}`, headers })
        }
      }
      expect(hot.taken).toBeGreaterThan(before.taken)
      expect(hot.fast).toBeGreaterThan(before.fast)
    },
  )

  test('counts the context of a call as the app does', async () => {
    const { app, asRoot, hot, latchkey, tokens } = doors
    const key = tokens.plain as string
    const { keyId } = (await latchkey.verify(key)) as { keyId: string }
    const contexts = [
      { ip: '192.0.2.1', user_agent: 'curl/8.5.0', operation: 'POST /emails' },
      { operation: 'GET /emails', ip: '2001:db8::1' },
    ]
    for (const door of [hot, app])
      for (const context of contexts) {
        const body = JSON.stringify({ key, permissions: ['emails:send'], context })
        const init = { method: 'POST', headers: asRoot(), body }
        expect((await fetch(`${door.url}/v1/keys/verify`, init)).status).toBe(200)
        const { lastUsed } = await latchkey.keys.get(keyId)
        expect(lastUsed).toMatchObject({ ip: context.ip, operation: context.operation })
      }
  })

  test('refuses to create a key as the app does', async () => {
    const { asRoot, hot, throughBoth, tokens } = doors
    const before = hot.taken
    const asked = { organization_id: 'acme', name: 'New' }
    const bodies = [
      '',
      '{"name":"a","name":"b"}',
      JSON.stringify({ name: 'x'.repeat(300) }),
      JSON.stringify({ ...asked, organization_id: 'nowhere' }),
      JSON.stringify({ ...asked, organizationId: 'acme' }),
      JSON.stringify({ ...asked, permissions: ['a b'] }),
      JSON.stringify({ ...asked, metadata: { text: 'x'.repeat(65_536) } }),
    ]
    for (const body of bodies) await throughBoth({ path: '/v1/keys', headers: asRoot(), body })
    const body = JSON.stringify(asked)
    for (const path of ['/v1/keys?wait=never', `/v1/keys?key=${tokens.plain}`])
      await throughBoth({ path, headers: asRoot(), body })
    for (const name of ['verifier', 'revoked']) {
      const headers = { ...json, authorization: `Bearer ${tokens[name]}` }
      await throughBoth({ path: '/v1/keys', headers, body })
    }
    expect(hot.taken).toBe(before + 2 * (bodies.length + 4))
  })

  test('refuses as the app does, whatever comes', async () => {
    const { asRoot, throughBoth, tokens } = doors
    const key = tokens.plain as string
    const good = JSON.stringify({ key })
    const bodies: (string | Uint8Array)[] = [
      '',
      '{',
      'null',
      '[]',
      '"x"',
      '{}',
      '{"key":1}',
      '{"key":"x","extra":1}',
      '{"key":"x","permissions":"a"}',
      '{"key":"x","permissions":["a b"]}',
      '{"key":"x","permissions":[1]}',
      '{"key":"x","key":"y"}',
      '{"Key":"x"}',
      '{"key":"x","__proto__":{}}',
      '\ufeff{}',
      `{"key":"${'x'.repeat(70_000)}"}`,
      new Uint8Array([123, 255, 125]),
      JSON.stringify({ key, permissions: Array.from({ length: 129 }, () => 'emails:send') }),
    ]
    for (const path of ['/v1/keys/verify', '/v1/keys/verify/batch']) {
      for (const body of bodies) await throughBoth({ path, headers: asRoot(), body })
      for (const body of bodies.slice(0, 12))
        await throughBoth({ path, headers: asRoot(), body: `[${body}]` })
      for (const count of [0, 1000, 1001]) {
        const body = JSON.stringify(Array.from({ length: count }, () => ({ key: 'x' })))
        await throughBoth({ path, headers: asRoot(), body })
      }
      const authorizations = [
        undefined,
        'Basic x',
        'Bearer',
        'Bearer  ',
        'Bearer x',
        `Bearer ${tokens.revoked}`,
        `Bearer ${key}`,
      ]
      for (const authorization of authorizations) {
        await throughBoth({
          path,
          headers: { ...json, ...(authorization !== undefined && { authorization }) },
          body: good,
        })
      }
      const twice = [`Bearer ${tokens.root}`, `Bearer ${tokens.root}`]
      await throughBoth({ path, headers: { ...json, authorization: twice }, body: good })
      for (const type of [
        'text/plain',
        'application/json; charset=utf-8',
        'application/json; charset=latin1',
        '',
      ]) {
        await throughBoth({ path, headers: { ...asRoot(), 'content-type': type }, body: good })
      }
      await throughBoth({ path, headers: { ...asRoot(), 'content-encoding': 'gzip' }, body: good })
      await throughBoth({ path, headers: asRoot(), body: good, chunked: true })
      await throughBoth({ path: `${path}?a=1`, headers: asRoot(), body: good })
      await throughBoth({ path: `${path}?key=${key}`, headers: asRoot(), body: good })
      await throughBoth({ path: `${path}/`, headers: asRoot(), body: good })
      for (const method of ['PUT', 'GET', 'HEAD', 'OPTIONS'])
        await throughBoth({ method, path, headers: asRoot() })
    }
    const queries = [
      '',
      '?',
      '?permission=',
      '?permission=a%20b',
      '?permission=%ff',
      '?other=1',
      `?permission=${key}`,
    ]
    for (const query of queries) {
      for (const headers of [
        {},
        { authorization: `Bearer ${key}` },
        { authorization: `Bearer ${key}`, 'x-api-key': 'other' },
      ]) {
        for (const method of ['GET', 'HEAD', 'POST'])
          await throughBoth({ method, path: `/v1/auth${query}`, headers })
      }
    }
  })

  test('judges a caller anew whose body came late', async () => {
    const { hot, latchkey, tokens } = doors
    const { id, key } = await latchkey.keys.create({
      organizationId: 'acme',
      name: 'late',
      permissions: ['latchkey:keys:verify'],
    })
    await latchkey.verify(key)
    const answered = new Promise<number>((resolve, reject) => {
      const body = JSON.stringify({ key: tokens.plain })
      const request = httpRequest(`${hot.url}/v1/keys/verify`, {
        method: 'POST',
        headers: { ...json, authorization: `Bearer ${key}`, 'content-length': String(body.length) },
      })
      request.on('error', reject)
      request.on('response', (response) => {
        response.resume()
        resolve(response.statusCode as number)
      })
      const before = hot.fast
      request.flushHeaders()
      const wait = setInterval(() => {
        if (hot.fast === before) return
        clearInterval(wait)
        latchkey.keys.revoke(id).then(() => setTimeout(() => request.end(body), 150), reject)
      }, 5)
    })
    expect(await answered).toBe(401)
  })
})
