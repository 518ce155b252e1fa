// A database in memory, for the tests of programs that embed Latchkey.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { expect, inject, test } from 'vitest'
import { openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'

const inMemory = { database: 'sqlite::memory:' }
/** The folders of a process. */
function foldersOf(pid: number): string[] {
  const places = ['/dev/shm', tmpdir()].filter((place) => existsSync(place))
  return places.flatMap((place) => readdirSync(place)).filter((name) => name.startsWith(`latchkey-${pid}-`))
}

test('two are apart, do all that others do, and leave nothing behind', async () => {
  const before = foldersOf(process.pid)
  const warnings: string[] = []
  const onWarning = (warning: string) => void warnings.push(warning)
  const one = await openLatchkey({ ...inMemory, onWarning })
  const two = await openLatchkey({ ...inMemory, onWarning })
  await createAcme(one)
  const { key } = await one.keys.create({
    organizationId: 'acme',
    name: 'CI',
    limits: [{ name: 'calls', limit: 1, windowSeconds: 60 }],
  })
  const verdict = await one.verify(key, { reserveSeconds: 60 })
  expect(verdict).toMatchObject({ valid: true, reservation: expect.any(String) })
  expect(await two.verify(key)).toMatchObject({ code: 'not_found' })
  expect((await two.organizations.list()).items).toEqual([])
  expect(foldersOf(process.pid)).toHaveLength(before.length + 2)
  await Promise.all([one.close(), two.close()])
  expect(foldersOf(process.pid)).toEqual(before)
  expect(warnings).toEqual([])
})

test('a program that ends without closing it leaves nothing behind either', () => {
  const program = `import { openLatchkey } from '${inject('builds').installed}/dist/index.js'
const latchkey = await openLatchkey({ database: 'sqlite::memory:' })
console.log((await latchkey.ensureRootKey()).key.slice(0, 3), process.pid)
process.exit()`
  const [, pid = ''] =
    /^re_ (\d+)\n$/.exec(
      execFileSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' }),
    ) ?? []
  expect(pid).not.toBe('')
  expect(foldersOf(Number(pid))).toEqual([])
})
