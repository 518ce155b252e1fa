// Callers for the library's methods: real ones, by a key made for them, and made-up ones, who can only read.

import { rootOrganizationId } from '../../src/core/access.ts'
import type { CreateKeyInput, KeyCaller, Latchkey } from '../../src/index.ts'

/** Makes a key and gives the caller that its token says. */
export async function makeCaller(
  latchkey: Latchkey,
  organizationId: string,
  permissions: readonly string[],
  fields: Partial<CreateKeyInput> = {},
): Promise<KeyCaller> {
  if (organizationId === rootOrganizationId) await latchkey.ensureRootKey()
  const input = { organizationId, name: 'Caller', permissions: [...permissions], ...fields }
  const { key } = await latchkey.keys.create(input)
  return callerBy(latchkey, key)
}

/** The caller that a token says; fails for a token that opens nothing. */
export async function callerBy(latchkey: Latchkey, token: string): Promise<KeyCaller> {
  const caller = await latchkey.authenticate(token)
  if (caller === undefined) throw new Error('The token opens nothing.')
  return caller
}

/** A caller of an organization that no key stands behind: no change believes it. */
export function readerOf(organizationId: string): KeyCaller {
  return {
    type: 'key',
    keyId: '0192f0c1-0000-7000-8000-000000000000',
    organizationId,
    kid: '0000000000000000',
    permissions: ['*', 'latchkey:*'],
  }
}
