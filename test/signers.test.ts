// Rotation of who signs checkpoints: whoever knows the old key, or the new one, can verify what is signed meanwhile.
import { expect, test } from 'vitest'
import { signerOverlapMs } from '../src/core/bounds.ts'
import { type Latchkey, openLatchkey } from '../src/index.ts'
import { isSignedBy, type Note, readNote, readVerifierKey } from '../src/transparency/signed-note.ts'
import { makeCaller } from './setup/callers.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'
import { codeOf } from './setup/refusal.ts'

const sealingKeys = [`${'A'.repeat(43)}=`]
let ahead = 0
const open = (database: string, keys = sealingKeys) =>
  openLatchkey({ database, sealingKeys: keys, monotonic: () => 0, now: () => Date.now() + ahead })

/** Which of all signers have signed a checkpoint of now, by their numbers. */
async function signing({ audit }: Latchkey): Promise<number[]> {
  const { note } = await audit.readCheckpoint()
  const read = readNote(note) as Note
  const known = (await audit.listSigners()).map(({ verifierKey }) => readVerifierKey(verifierKey))
  expect(read.signatures).toHaveLength(
    known.filter((signer) => signer !== undefined && isSignedBy(read, signer)).length,
  )
  return known.flatMap((signer, i) => (signer !== undefined && isSignedBy(read, signer) ? [i + 1] : []))
}

onEachDatabase('signers', (makeDatabase, kind) => {
  test('sign beside each other for 30 days, and either verifies', async () => {
    ahead = 0
    const database = await makeDatabase()
    await using latchkey = await open(database)
    const { audit } = latchkey
    const actor = await makeCaller(latchkey, 'root', ['latchkey:audit:write'])
    expect(await signing(latchkey)).toEqual([1])
    const made = await audit.rotateSigner({ actor })
    const [first, second, ...others] = await audit.listSigners()
    expect([second, others]).toEqual([made, []])
    expect(made.endsAt).toBeNull()
    const length = (first?.endsAt?.getTime() ?? 0) - made.begunAt.getTime()
    expect(Math.abs(length - signerOverlapMs)).toBeLessThan(60_000)
    expect(await signing(latchkey)).toEqual([1, 2])
    ahead = signerOverlapMs - 60_000
    expect(await signing(latchkey)).toEqual([1, 2])
    ahead = signerOverlapMs + 60_000
    expect(await signing(latchkey)).toEqual([2])
    const events = (await audit.list({ action: 'log.signer_added' })).items
    expect(events).toMatchObject([
      { organizationId: 'root', actor: actor.keyId, changes: { verifier_key: made.verifierKey } },
      { actorType: 'system', changes: { verifier_key: first?.verifierKey } },
    ])
    // The end of one that ends already stays as it was.
    await audit.rotateSigner()
    expect((await audit.listSigners())[0]).toEqual(first)
    expect(await signing(latchkey)).toEqual([2, 3])
  })

  test('are rotated by root keys alone that hold the permission, once at an instant, and not without bound', async () => {
    ahead = 0
    const database = await makeDatabase()
    if (kind === 'PostgreSQL') {
      await using latchkey = await open(database, [])
      expect(await codeOf(latchkey.audit.rotateSigner())).toBe('keyring_missing')
    }
    await using latchkey = await open(database)
    await using other = await open(database)
    const { audit } = latchkey
    await latchkey.organizations.create({ id: 'acme', name: 'Acme' })
    const own = await makeCaller(latchkey, 'acme', ['latchkey:*'])
    const reader = await makeCaller(latchkey, 'root', ['latchkey:audit:read'])
    expect(await codeOf(audit.rotateSigner({ actor: own }))).toBe('root_organization_required')
    expect(await codeOf(audit.rotateSigner({ actor: reader }))).toBe('missing_permission')
    expect(await audit.listSigners()).toEqual([])
    for (let count = 1; count < 8; count++) await audit.rotateSigner()
    await Promise.allSettled([latchkey, other].map((one) => one.audit.rotateSigner()))
    expect(await audit.listSigners()).toHaveLength(8)
    expect(await codeOf(audit.rotateSigner())).toBe('too_many_signers')
    await using direct = await connectDirectly(database)
    expect(await direct.run('select number from audit_signers where until is null')).toHaveLength(1)
    expect(await signing(latchkey)).toHaveLength(8)
  })
})
