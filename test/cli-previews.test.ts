// `latchkey keys permissions` and `keys preview`: what a key needs, and what a change of it would refuse.
import { expect, test } from 'vitest'
import { type CreatedKey, openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { useCommand } from './setup/command.ts'
import { beginCommands, placeNames } from './setup/command-places.ts'
import { onOneDatabase } from './setup/databases.ts'
import { dayMs, writeProfiles } from './setup/profiles.ts'

onOneDatabase('SQLite', 'changes on the command line', (makeDatabase) => {
  const command = useCommand()

  /** A key of which some permissions are needed, with a token in a grace. */
  async function fill(database: string) {
    await using latchkey = await openLatchkey({ database })
    await createAcme(latchkey)
    const permissions = ['emails:*', 'domains:read']
    const { id, hint } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI', permissions })
    await latchkey.keys.rotate(id, { graceSeconds: 86_400 })
    const kid = hint.slice(3, 19)
    const at = Date.now() - dayMs
    await writeProfiles({ database }, [
      {
        keyId: id,
        kid,
        at,
        permissions: 'emails:send',
        operation: 'POST /emails',
        ip: '192.0.2.7',
        calls: 1204,
      },
      { keyId: id, kid, at, isRest: true, calls: 3 },
    ])
    return { id, kid }
  }

  test.each(placeNames)('shows what a key needs, on %s', async (place) => {
    const { run, json, database } = await beginCommands(command, makeDatabase, place)
    const { id } = await fill(database)
    const shown = await run(['keys', 'permissions', id])
    expect(shown).toMatchObject({ code: 0 })
    expect(shown.stdout).toMatch(
      /^PERMISSION {4}CALLS {2}LAST USED\nemails:\* {7}1204 {2}.* ago *\ndomains:read {6}0 {2}never *\n$/,
    )
    expect(shown.stderr).toContain('Enough for the calls of the last 90 days: emails:send\n')
    expect(shown.stderr).toContain('Of some calls it is not known which permissions they needed')
    const idle = (await json(['keys', 'create', '--organization', 'acme', '--name', 'Idle'])) as CreatedKey
    expect((await run(['keys', 'permissions', idle.id])).stderr).toBe(
      '\nNo call of the last 90 days needed a permission.\n',
    )
    expect(await json(['keys', 'permissions', id])).toMatchObject({
      unused: ['domains:read'],
      complete: false,
    })
  })

  test.each(placeNames)('shows what a change would refuse, on %s', async (place) => {
    const { run, json, database } = await beginCommands(command, makeDatabase, place)
    const { id, kid } = await fill(database)
    const preview = (...args: string[]) => run(['keys', 'preview', id, ...args])
    const narrowed = await preview('--permission', 'domains:read')
    expect(narrowed).toMatchObject({ code: 0 })
    expect(narrowed.stdout).toMatch(
      /^Would have refused between 1204 and 1207 of 1207 calls of the last 30 days\.\n\nOPERATION .*\nPOST \/emails {2}192\.0\.2\.7 .* insufficient_permissions {3}1204 {2}.* ago *\n$/,
    )
    expect(narrowed.stderr).toContain('Of 3 calls it cannot be told')
    for (const change of [['--revoke'], ['--end-secret', kid], ['--rotate'], ['--grace', '0s']])
      expect((await preview(...change)).stdout, change.join(' ')).toContain(
        'Would have refused 1207 of 1207 calls of the last 30 days.\n',
      )
    expect((await preview('--permission', 'emails:*', '--permission', 'domains:read')).stdout).toBe(
      'None of 1207 calls of the last 30 days would have been refused.\n',
    )
    const inGrace = await preview('--grace-until-silent', '24h')
    expect(inGrace.stderr).toContain('The grace period of an earlier secret has not ended.')
    const fresh = (await json(['keys', 'create', '--organization', 'acme', '--name', 'New'])) as CreatedKey
    const at = Date.now() - dayMs
    const ofFresh = { keyId: fresh.id, kid: fresh.hint.slice(3, 19), at }
    await writeProfiles({ database }, [{ ...ofFresh, calls: 2 }])
    const untilSilent = ['--grace-until-silent', '1h', '--grace-at-most', '7d']
    const ofSilence = await json(['keys', 'preview', fresh.id, '--rotate', ...untilSilent])
    expect(ofSilence).toMatchObject({ at_least: 2, refusals: [{ code: 'rotated' }] })
    const { as_of: asOf, refusals } = ofSilence as { as_of: string; refusals: { begins_at: string }[] }
    expect(Date.parse(refusals[0]?.begins_at ?? '') - Date.parse(asOf)).toBeGreaterThan(6 * dayMs)
    const kinds = Array.from({ length: 100 }, (_, i) => ({ ...ofFresh, operation: `GET /${i}`, calls: 1 }))
    await writeProfiles({ database }, kinds)
    const many = await run(['keys', 'preview', fresh.id, '--revoke'])
    expect(many.stdout).toMatch(/\nGET \/0 +unknown +unknown +revoked +1 /)
    expect(many.stdout).toContain('Would have refused 102 of 102 calls')
    expect(many.stdout.split('\n')).toHaveLength(2 + 1 + 100 + 1)
    expect(many.stderr).toContain('These are the 100 most frequent kinds of calls.')
    expect((await preview('--grace-at-most', '7d')).stderr).toContain('Comes with --grace-until-silent.')
    expect((await preview('--no-permissions')).stdout).toContain('between 1204 and 1207')
    expect((await preview('--limit', 'requests=1/1d')).code).toBe(0)
    const later = await preview('--expires', '2h')
    expect(later.stderr).toMatch(/Such calls would be refused from \S+Z on\.\n$/)
    expect(await json(['keys', 'preview', id, '--revoke'])).toMatchObject({ at_least: 1207, at_most: 1207 })
    await json(['keys', 'create', '--organization', 'acme', '--name', 'Child', '--parent-id', id])
    expect((await preview('--revoke')).stderr).toContain('Counted with a key below it.')
    for (const wrong of [[], ['--revoke', '--rotate']]) expect((await preview(...wrong)).code).toBe(2)
  })
})
