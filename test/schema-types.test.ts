// The published types are those of the source, without Zod: none is lost, and none is another one.
import { execFile } from 'node:child_process'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, inject, onTestFinished, test } from 'vitest'
import { repository } from './setup/documents-run.ts'

const dist = join(inject('builds').installed, 'dist')

test('each public type is the same as in the source', { timeout: 60_000 }, async () => {
  const folder = mkdtempSync(join(repository, 'test/.types-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  let compared = 0
  const lines = ['index', 'client/index', 'middleware/fetch'].flatMap((entry, i) => {
    const names = exportedTypes(readFileSync(join(dist, `${entry}.d.ts`), 'utf8'))
    compared += names.length
    return [
      `import type * as Source${i} from '${join(repository, 'src', entry)}.ts'`,
      `import type * as Published${i} from '${join(dist, entry)}.js'`,
      ...names.map((name) => {
        const [source, published] = [`Source${i}.${name}`, `Published${i}.${name}`]
        // What a server answers verifiers by is of classes of its own, which are the same as themselves alone.
        return name === 'Latchkey'
          ? `same<Omit<${source}, 'verifiers'>, Omit<${published}, 'verifiers'>>(true)`
          : `same<${source}, ${published}>(true)`
      }),
    ]
  })
  expect(compared).toBeGreaterThan(100)
  writeFileSync(
    join(folder, 'compared.ts'),
    `declare function same<A, B>(yes: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false): void\n${lines.join('\n')}\n`,
  )
  const config = {
    extends: '../../tsconfig.json',
    // What is published stands without the source's paths.
    compilerOptions: { paths: {} },
    include: ['compared.ts'],
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
  const compiler = join(repository, 'node_modules/typescript/bin/tsc')
  const { stdout } = await promisify(execFile)(process.execPath, [compiler, '-p', folder]).catch(
    (error) => error,
  )
  const compiled = readFileSync(join(folder, 'compared.ts'), 'utf8').split('\n')
  const others = [...stdout.matchAll(/\((\d+),\d+\): error/g)].map(([, line]) => compiled[Number(line) - 1])
  expect([others, stdout]).toEqual([[], ''])
})

test('they name no module but those of the frameworks, and none of them is another than public', () => {
  const named = new Set<string>()
  for (const path of globSync('**/*.d.ts', { cwd: dist, exclude: ['console/**'] }))
    for (const [, name] of readFileSync(join(dist, path), 'utf8').matchAll(/from '([^.'][^']*)'/g))
      named.add(name as string)
  expect([...named].sort()).toEqual(['express', 'fastify', 'hono', 'react'])
  expect(globSync('{store,http,server,cli,jobs,commit}/**/*.d.ts', { cwd: dist })).toEqual([])
})

/** The names of an entry point, but those of types that take parameters. */
function exportedTypes(text: string): string[] {
  const passed = [...text.matchAll(/^export \{(.+)\} from/gm)].flatMap(([, names]) =>
    [...(names as string).matchAll(/type (\w+)/g)].map(([, name]) => name as string),
  )
  const declared = [...text.matchAll(/^export (?:interface|type) (\w+) /gm)].map(([, name]) => name as string)
  return [...passed, ...declared].filter((name) => !generic.has(name))
}

const generic = new Set(['Changed', 'Done', 'GuardOptions', 'Page', 'Wire'])
