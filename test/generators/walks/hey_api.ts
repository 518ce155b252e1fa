// Walks the life of a key by the client that @hey-api/openapi-ts generated.
import assert from 'node:assert/strict'
import { createKey, listKeys, revokeKey, rotateKey, updateKey, verifyKey } from './hey-api'
import { client } from './hey-api/client.gen'
import type { CreateKey, ValidVerdict, Verdict } from './hey-api/types.gen'

const {
  LATCHKEY_URL: baseUrl = '',
  LATCHKEY_KEY: token = '',
  ORGANIZATION: organization_id = '',
} = process.env
client.setConfig({ baseUrl, auth: ({ scheme }) => (scheme === 'bearer' ? token : undefined) })

async function verdict(key: string, permissions?: string[]): Promise<Verdict> {
  const { data } = await verifyKey({ body: permissions ? { key, permissions } : { key } })
  assert(data)
  return data
}

/** The id of the key, for a verdict whose code says that it is valid: the others have no such type. */
function validKeyId(verdict: Verdict): string | undefined {
  if (verdict.code === 'valid') {
    const valid: ValidVerdict = verdict
    return valid.key_id
  }
  // @ts-expect-error: a refused verdict is of no type that is valid.
  const refused: ValidVerdict = verdict
  assert.equal(refused.valid, false)
  return undefined
}

async function walk(): Promise<void> {
  const least: CreateKey = { name: 'CI' }
  const { data: created } = await createKey({
    body: { ...least, organization_id, permissions: ['emails:send'] },
  })
  assert(created)
  const { id, key } = created
  const { data: listed } = await listKeys({ query: { organization_id } })
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
  const { data: renamed } = await updateKey({ path, body: { name: 'Mailer' } })
  assert.equal(renamed?.name, 'Mailer')
  assert.deepEqual(renamed?.permissions, ['emails:send'])

  const { data: rotated } = await rotateKey({ path })
  assert(rotated)
  assert.equal((await verdict(key)).code, 'rotated')
  assert.equal(validKeyId(await verdict(rotated.key)), id)

  const { data: done } = await revokeKey({ path })
  assert.equal(done?.success, true)
  const revoked = await verdict(rotated.key)
  assert.equal(validKeyId(revoked), undefined)
  assert.equal(revoked.code, 'revoked')

  const { error } = await updateKey({ path, body: { name: 'Again' } })
  assert.equal(error?.code, 'key_revoked')
}

void walk()
