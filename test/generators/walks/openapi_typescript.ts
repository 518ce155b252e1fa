// Walks the life of a key by the types that openapi-typescript generated, over openapi-fetch.
import assert from 'node:assert/strict'
import createClient from 'openapi-fetch'
import type { components, paths } from './openapi-typescript/schema'

const {
  LATCHKEY_URL: baseUrl = '',
  LATCHKEY_KEY: token = '',
  ORGANIZATION: organization_id = '',
} = process.env
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } })
type Verdict = components['schemas']['Verdict']

async function verdict(key: string, permissions?: string[]): Promise<Verdict> {
  const { data } = await client.POST('/v1/keys/verify', {
    body: permissions ? { key, permissions } : { key },
  })
  assert(data)
  return data
}

/** The id of the key, for a verdict whose code says that it is valid: the others have no such type. */
function validKeyId(verdict: Verdict): string | undefined {
  if (verdict.code === 'valid') {
    const valid: components['schemas']['ValidVerdict'] = verdict
    return valid.key_id
  }
  // @ts-expect-error: a refused verdict is of no type that is valid.
  const refused: components['schemas']['ValidVerdict'] = verdict
  assert.equal(refused.valid, false)
  return undefined
}

async function walk(): Promise<void> {
  // A name is all that a new key needs.
  const least: components['schemas']['CreateKey'] = { name: 'CI' }
  const { data: created } = await client.POST('/v1/keys', {
    body: { ...least, organization_id, permissions: ['emails:send'] },
  })
  assert(created)
  const { id, key } = created
  const { data: listed } = await client.GET('/v1/keys', { params: { query: { organization_id } } })
  assert.deepEqual(
    listed?.map((one) => one.id),
    [id],
  )

  assert.equal(validKeyId(await verdict(key, ['emails:send'])), id)
  const missing = await verdict(key, ['emails:read'])
  assert.equal(validKeyId(missing), undefined)
  assert(missing.code === 'insufficient_permissions')
  assert.deepEqual(missing.missing, ['emails:read'])
  assert.equal((await verdict('nonsense')).code, 'malformed')

  const path = { id }
  const { data: renamed } = await client.PATCH('/v1/keys/{id}', {
    params: { path },
    body: { name: 'Mailer' },
  })
  assert.equal(renamed?.name, 'Mailer')
  assert.deepEqual(renamed?.permissions, ['emails:send'])

  const { data: rotated } = await client.POST('/v1/keys/{id}/rotate', { params: { path } })
  assert(rotated)
  assert.equal((await verdict(key)).code, 'rotated')
  assert.equal(validKeyId(await verdict(rotated.key)), id)

  const { data: done } = await client.DELETE('/v1/keys/{id}', { params: { path } })
  assert.equal(done?.success, true)
  const revoked = await verdict(rotated.key)
  assert.equal(validKeyId(revoked), undefined)
  assert.equal(revoked.code, 'revoked')

  const { error } = await client.PATCH('/v1/keys/{id}', { params: { path }, body: { name: 'Again' } })
  assert.equal(error?.code, 'key_revoked')
}

void walk()
