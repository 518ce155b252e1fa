// openLatchkey(): ties the store, the keys and the verification together.
import { getRandomValues } from 'node:crypto'
import { listAudit } from './audit.ts'
import type { Engine } from './engine.ts'
import { createKey, endKeySecret, getKey, listKeys, revokeKey, rotateKey, updateKey } from './keys.ts'
import {
  createOrganization,
  getOrganization,
  listOrganizations,
  updateOrganization,
} from './organizations.ts'
import { createRootKey, ensureRootKey } from './root.ts'
import {
  type AuditEvent,
  type Caller,
  type CreatedKey,
  type CreateKeyInput,
  type CreateOrganizationInput,
  type Key,
  type KeyDetails,
  type ListAuditInput,
  type ListKeysInput,
  type ListOrganizationsInput,
  type Organization,
  type Page,
  type RotateKeyInput,
  refuseField,
  type UpdateKeyInput,
  type UpdateOrganizationInput,
  type Verdict,
  type VerifyOptions,
  type VerifyRequest,
} from './schemas.ts'
import { openStore } from './store/store.ts'
import { longestPrefix, parseToken, prefixPattern, type RandomSource } from './token.ts'
import { UsageRecorder } from './usage.ts'
import { checkAskedPermissions, judge, toFacts } from './verify.ts'

export interface LatchkeyOptions {
  /** `sqlite:<file>` or `postgres://<user>@<host>/<name>`; made and migrated if need be. */
  database: string
  /** The token prefixes that keys may have; the first is the default. `['re']` if absent. */
  prefixes?: readonly string[]
  /** Milliseconds since 1970; `Date.now` if absent. For tests. */
  now?: () => number
  /** `crypto.getRandomValues` if absent. For tests. */
  random?: RandomSource
}

/** What can be done with keys. Without a caller, the process itself acts: it holds the database. */
export interface Keys {
  create(input: CreateKeyInput, caller?: Caller): Promise<CreatedKey>
  get(id: string, caller?: Caller): Promise<KeyDetails>
  list(input?: ListKeysInput, caller?: Caller): Promise<Page<Key>>
  update(id: string, change: UpdateKeyInput, caller?: Caller): Promise<Key>
  rotate(id: string, input?: RotateKeyInput, caller?: Caller): Promise<CreatedKey>
  endSecret(id: string, kid: string, caller?: Caller): Promise<void>
  revoke(id: string, caller?: Caller): Promise<void>
}

/** What can be done with organizations. */
export interface Organizations {
  create(input: CreateOrganizationInput, caller?: Caller): Promise<Organization>
  get(id: string, caller?: Caller): Promise<Organization>
  list(input?: ListOrganizationsInput, caller?: Caller): Promise<Page<Organization>>
  update(id: string, change: UpdateOrganizationInput, caller?: Caller): Promise<Organization>
}

/** What can be asked of the audit log. */
export interface Audit {
  list(input?: ListAuditInput, caller?: Caller): Promise<Page<AuditEvent>>
}

/** An open Latchkey, in the caller's own process. Every method throws `store_unavailable` where the database fails. */
export interface Latchkey extends AsyncDisposable {
  keys: Keys
  organizations: Organizations
  audit: Audit
  /**
   * Judges a token. A refusal is an answer, and an object: write `if (verdict.valid)`, never `if (verdict)`.
   * Throws `invalid_input` for permissions of a wrong form.
   */
  verify(token: string, options?: VerifyOptions): Promise<Verdict>
  /** Judges up to 1000 tokens at once; the verdicts come in the order of the requests. */
  verifyBatch(
    requests: readonly VerifyRequest[],
    options?: Pick<VerifyOptions, 'organizationId'>,
  ): Promise<Verdict[]>
  /** Makes the first root key where the database is empty, with the given token or a new one; else undefined. */
  ensureRootKey(token?: string): Promise<CreatedKey | undefined>
  /** Makes one more root key, for who lost the others. */
  createRootKey(): Promise<CreatedKey>
  /** Resolves where a change can be made durable now; throws `store_unavailable` otherwise. */
  checkWritable(): Promise<void>
  /** Writes down what is buffered and closes the database. */
  close(): Promise<void>
}

/** Opens a database for use in this process. Throws `invalid_input` for options, `store_unavailable`. */
export async function openLatchkey(options: LatchkeyOptions): Promise<Latchkey> {
  const { now = Date.now, random = getRandomValues as RandomSource } = options
  const prefixes = checkPrefixes(options.prefixes ?? ['re'])
  const store = await openStore(options.database)
  const engine: Engine = { store, now, random, prefixes }
  const usage = new UsageRecorder(store)

  const verify = async (token: string, asked: VerifyOptions = {}): Promise<Verdict> => {
    checkAskedPermissions(asked.permissions)
    // A wrong check costs no read of the store.
    const parsed = typeof token === 'string' ? parseToken(token) : undefined
    if (parsed === undefined) return { valid: false, code: 'malformed' }
    const row = await store.findFacts(parsed.kid)
    const at = now()
    const verdict = judge(parsed, row && toFacts(row), asked, at)
    if (verdict.valid) usage.note(parsed.kid, verdict.keyId, verdict.organizationId, at)
    return verdict
  }

  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= usage.close().finally(() => store.close())
    return closing
  }

  return {
    keys: {
      create: (input, caller) => createKey(engine, input, caller),
      get: (id, caller) => getKey(engine, id, caller),
      list: (input, caller) => listKeys(engine, input, caller),
      update: (id, change, caller) => updateKey(engine, id, change, caller),
      rotate: (id, input, caller) => rotateKey(engine, id, input, caller),
      endSecret: (id, kid, caller) => endKeySecret(engine, id, kid, caller),
      revoke: (id, caller) => revokeKey(engine, id, caller),
    },
    organizations: {
      create: (input, caller) => createOrganization(engine, input, caller),
      get: (id, caller) => getOrganization(engine, id, caller),
      list: (input, caller) => listOrganizations(engine, input, caller),
      update: (id, change, caller) => updateOrganization(engine, id, change, caller),
    },
    audit: { list: (input, caller) => listAudit(engine, input, caller) },
    verify,
    verifyBatch: (requests, { organizationId } = {}) => {
      for (const [i, { permissions }] of requests.entries())
        checkAskedPermissions(permissions, `[${i}].permissions`)
      return Promise.all(
        requests.map(({ key, permissions }) =>
          verify(key, {
            ...(permissions && { permissions }),
            ...(organizationId !== undefined && { organizationId }),
          }),
        ),
      )
    },
    ensureRootKey: (token) => ensureRootKey(engine, token),
    createRootKey: () => createRootKey(engine),
    checkWritable: () => store.checkWritable(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

function checkPrefixes(prefixes: readonly string[]): readonly [string, ...string[]] {
  const wrong = prefixes.find((prefix) => prefix.length > longestPrefix || !prefixPattern.test(prefix))
  if (wrong !== undefined || prefixes.length === 0) {
    refuseField(
      'prefixes',
      `Not a token prefix: lower-case letters and digits with single _ between, at most 24.`,
    )
  }
  return prefixes as [string, ...string[]]
}
