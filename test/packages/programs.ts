// What the compilers and the test runners are given.

export const typedProgram = `
import { type Latchkey, LatchkeyError, openLatchkey, type Verdict } from 'latchkey'
import { createClient, createVerifier, isLatchkeyError } from 'latchkey/client'
import * as onExpress from 'latchkey/express'
import * as onFastify from 'latchkey/fastify'
import { type TokenVerifier, type VerifiedKey, withKey } from 'latchkey/fetch'
import * as onHono from 'latchkey/hono'

export async function main(): Promise<unknown[]> {
  const latchkey: Latchkey = await openLatchkey({ database: 'sqlite:a.db' })
  const { key } = await latchkey.keys.create({ organizationId: 'a', name: 'CI', limits: [{ name: 'r', limit: 3 }] })
  const verdict: Verdict = await latchkey.verify(key)
  const name: string = verdict.valid ? verdict.name : verdict.code
  const verifier: TokenVerifier = createVerifier({ url: 'http://a', token: key })
  const id: string = (await createClient({ url: 'http://a', token: key }).keys.self()).id
  const guards = [onExpress.requireKey({ verifier }), onFastify.requireKey({ verifier }), onHono.requireKey({ verifier })]
  const GET = withKey({ verifier }, (_: Request, found: VerifiedKey) => new Response(found.name))
  // @ts-expect-error An id is text.
  await latchkey.keys.create({ organizationId: 1, name: 'CI' })
  return [name, id, guards, GET, LatchkeyError, isLatchkeyError]
}
`

export const testProgram = `
import { openLatchkey } from 'latchkey'
import { createClient } from 'latchkey/client'
it('verifies', async () => {
  const latchkey = await openLatchkey({ database: 'sqlite::memory:' })
  await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
  const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
  const { code } = await latchkey.verify(key)
  await latchkey.close()
  if (code !== 'valid' || typeof createClient !== 'function') throw new Error(code)
})
`
