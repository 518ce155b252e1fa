// What the linter cannot say of how the source is laid out; see the rules of imports in biome.json.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { repository } from './setup/documents-run.ts'

const sources = globSync('src/**/*.ts', { cwd: repository }).sort()
const tests = globSync('test/**/*.ts', { cwd: repository }).sort()
const consoleSources = globSync('console/**/*.{ts,tsx}', { cwd: repository }).sort()
const read = (path: string) => readFileSync(join(repository, path), 'utf8')

test('no file is longer than 400 lines', () => {
  const long = [...sources, ...tests, ...consoleSources].filter((path) => read(path).split('\n').length > 401)
  expect(long).toEqual([])
})

test('every file of the source opens with a sentence that says what it is for', () => {
  const silent = [...sources, ...consoleSources].filter(
    (path) => !path.includes('/migrations/0') && !/^(#!.*\n)?\/\/ \S.*/.test(read(path)),
  )
  expect(silent).toEqual([])
})

test('the tree of ARCHITECTURE.md names every file of the source, and none that is not there', () => {
  const tree = /^```text\nsrc\/\n([\s\S]*?)^```/m.exec(read('ARCHITECTURE.md'))?.[1] ?? ''
  const folders = ['src']
  const named = tree.split('\n').flatMap((line) => {
    const [, indent = '', name = ''] = /^( *)([^ ]+)/.exec(line) ?? []
    if (name === '') return []
    const depth = indent.length / 2
    folders.length = depth
    if (name.endsWith('/')) folders[depth] = name.slice(0, -1)
    return name.endsWith('/') ? [] : [[...folders, name].join('/')]
  })
  expect(named.sort()).toEqual(sources)
})

test('only src/store holds SQL', () => {
  const statement = /['"`]\s*(select .+ from|insert into|update .+ set|delete from|create table|pragma) /i
  const elsewhere = sources.filter((path) => !path.startsWith('src/store/') && statement.test(read(path)))
  expect(elsewhere).toEqual([])
  expect(sources.filter((path) => statement.test(read(path)))).not.toEqual([])
})

test('only commit.ts opens the transaction of a change, and only it records what other processes must hear', () => {
  const opening = /\.write\(|\.transaction\(|(?:backend|store)\.transact\(|\.recordChange\(|\.saveUses\(/
  const allowed = /^src\/(?:commit\.ts|usage\.ts|follower\.ts|store\/|client\/|http\/|cli\/)/
  expect(sources.filter((path) => !allowed.test(path) && opening.test(read(path)))).toEqual([])
  expect(opening.test(read('src/commit/commit.ts'))).toBe(true)
  const bypassing = sources.filter((path) =>
    /\bdb\s*\.\s*(?:insertInto|updateTable|deleteFrom)\b/.test(read(path)),
  )
  expect(bypassing.filter((path) => !path.startsWith('src/store/migrations/'))).toEqual([])
})

test('whoever imports the client loads its own few files and nothing else', () => {
  const loaded = loadedFrom('src/client/index.ts')
  expect(loaded.size).toBeGreaterThan(1)
  const allowed =
    /^src\/(?:client\/[\w-]+|cache|errors|facts|judge|lease|options|permissions|token|verdict\/turns|wire)\.ts$/
  expect([...loaded].filter((name) => !allowed.test(name))).toEqual([])
})

test('the library loads neither the server nor the command line', () => {
  const loaded = [...loadedFrom('src/index.ts')]
  const foreign = /^src\/(?:http|cli|client)\/|^(?:hono|commander|pino|prom-client|@hono\/node-server)/
  expect(loaded.filter((name) => foreign.test(name))).toEqual([])
})

test('nothing silences the linter', () => {
  const silenced = new RegExp(`${'biome'}-ignore`)
  expect([...sources, ...tests, ...consoleSources].filter((path) => silenced.test(read(path)))).toEqual([])
})

/** Every module that is loaded at run time with a file: paths for ours, names for packages. Types load nothing. */
function loadedFrom(path: string, loaded = new Set<string>()): Set<string> {
  if (loaded.has(path)) return loaded
  loaded.add(path)
  const imports = /^(?:import|export) (?!type\b)(?:[^'"]*? from )?'([^']+)'|\bimport\('([^']+)'\)/gm
  for (const match of read(path).matchAll(imports)) {
    const target = (match[1] ?? match[2]) as string
    if (target.startsWith('.')) loadedFrom(normalize(join(dirname(path), target)), loaded)
    else loaded.add(target)
  }
  return loaded
}
