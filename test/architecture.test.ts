// What the linter cannot say of how the source is laid out; see the rules of imports in biome.json.
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'
import { measure, readImports, roomOf } from './architecture/imports.ts'
import { targets, testFiles } from './mutate/targets.ts'
import { repository } from './setup/documents-run.ts'

const sources = globSync('src/**/*.ts', { cwd: repository }).sort()
const tests = globSync('test/**/*.ts', { cwd: repository }).sort()
const consoleSources = globSync('console/**/*.{ts,tsx}', { cwd: repository }).sort()
const embedSources = globSync('embed/**/*.ts', { cwd: repository }).sort()
const read = (path: string) => readFileSync(join(repository, path), 'utf8')

test('no file is longer than 400 lines', () => {
  const long = [...sources, ...tests, ...consoleSources, ...embedSources].filter(
    (path) => read(path).split('\n').length > 401,
  )
  expect(long).toEqual([])
})

test('what the search for mutants breaks is there', () => {
  const named = [
    ...targets.flatMap(({ file, tests }) => [file, ...tests]),
    ...testFiles.map(({ file }) => file),
  ]
  expect(named.filter((path) => !existsSync(join(repository, path)))).toEqual([])
})

test('every file of the source opens with a sentence that says what it is for', () => {
  const silent = [...sources, ...consoleSources, ...embedSources].filter(
    (path) => !path.includes('/migrations/0') && !/^(#!.*\n)?\/\/ \S.*/.test(read(path)),
  )
  expect(silent).toEqual([])
})

test('the tree of ARCHITECTURE.md names every folder of the source, and none that is not there', () => {
  const tree = /^```text\nsrc\/\n([\s\S]*?)^```/m.exec(read('ARCHITECTURE.md'))?.[1] ?? ''
  const path = ['src']
  const named = tree.split('\n').flatMap((line) => {
    const [, indent = '', name = ''] = /^( *)([^ ]+)/.exec(line) ?? []
    if (name === '') return []
    path.length = indent.length / 2
    if (name.endsWith('/')) path.push(name.slice(0, -1))
    return name.endsWith('/') ? [path.join('/')] : [[...path, name].join('/')]
  })
  const folders = new Set(sources.map((file) => dirname(file)).filter((folder) => folder !== 'src'))
  const files = sources.filter((file) => dirname(file) === 'src')
  expect(named.sort()).toEqual([...folders, ...files].sort())
})

/** Which rooms of the source may import from which: always downwards. */
const downwards: Record<string, readonly string[]> = {
  core: [],
  egress: [],
  fairness: ['core'],
  verdict: ['fairness', 'core'],
  transparency: ['core'],
  store: ['fairness', 'core'],
  coherence: ['verdict', 'store', 'core'],
  jobs: ['coherence', 'verdict', 'store', 'transparency', 'core'],
  commit: ['coherence', 'verdict', 'store', 'fairness', 'core'],
  verification: ['coherence', 'verdict', 'store', 'fairness', 'core'],
  domain: [
    ...[
      'commit',
      'jobs',
      'verification',
      'coherence',
      'verdict',
      'store',
      'transparency',
      'egress',
      'fairness',
      'core',
    ],
  ],
  config: ['egress', 'verdict', 'store', 'core'],
  latchkey: [
    ...['domain', 'commit', 'jobs', 'verification', 'coherence', 'config'],
    ...['verdict', 'store', 'transparency', 'fairness', 'core'],
  ],
  index: ['latchkey', 'domain', 'core'],
  http: ['fairness', 'core'],
  server: ['latchkey', 'http', 'verification', 'verdict', 'fairness', 'core'],
  client: ['verdict', 'fairness', 'core'],
  middleware: ['core'],
  relay: ['server', 'http', 'client', 'verdict', 'fairness', 'core'],
  cli: ['relay', 'server', 'http', 'latchkey', 'config', 'client', 'verdict', 'transparency', 'core'],
}
const imports = readImports(repository)

test('each room of the source imports only from those below it, types included', () => {
  const upwards = imports.filter(({ from, to }) => {
    const [room, target] = [roomOf(from), roomOf(to)]
    return room !== target && !downwards[room]?.includes(target)
  })
  expect(upwards).toEqual([])
  const { rooms, roomsInCircles, filesInCircles } = measure(imports)
  expect(rooms).toEqual(Object.keys(downwards).sort())
  expect({ roomsInCircles, filesInCircles }).toEqual({ roomsInCircles: 0, filesInCircles: 0 })
})

test('a circle is found, and counted as one floor', () => {
  const between = (...pairs: string[]) =>
    measure(pairs.map((pair) => ({ from: `${pair[0]}/${pair[0]}.ts`, to: `${pair[1]}/${pair[1]}.ts` })))
  expect(between('ab', 'bc', 'ca', 'cd')).toMatchObject({ floors: 2, roomsInCircles: 3, filesInCircles: 3 })
  expect(between('ab', 'bc', 'ac', 'cd')).toMatchObject({ floors: 4, roomsInCircles: 0, filesInCircles: 0 })
})

/** What of `src/domain` is no noun, and why. */
const machinery: Record<string, string> = {
  authenticate: 'tells who asks, for every noun',
  backlog: 'tells what waits, for the metrics',
  calls: 'checks the options of every method',
  engine: 'is what every command works with',
  interface: 'says what an open Latchkey offers',
  keyring: 'signs what this instance gives away and takes back',
  'latchkey-options': 'says how a database is opened',
  'keyring-file': 'holds the keys of the keyring',
  mail: 'sends what people are told',
  listing: 'reads the pages of every list',
  methods: 'offers the methods of every noun',
  openings: 'counts who has opened a database in this process',
  partners: 'tells those who report leaked tokens from everybody else',
  random: 'draws what tokens are made of',
  'sealed-values': 'seals anew what the keyring has sealed',
  revisions: 'finds out edits of what others have edited, for every noun',
}
/** The wings in which a noun has a file of its name, or a folder. */
const wings = [
  ...['src/core/shapes', 'src/store', 'src/server/routes', 'src/client/methods', 'src/cli/commands'],
  ...['console/pages', 'docs/guides', 'test'],
].filter((wing) => existsSync(join(repository, wing)))
/** Where a noun has none, and why. */
const absences: Record<string, string> = {
  'src/store/limits': 'what was taken of them lies in the table of counters',
  'console/pages/leaks': 'a leak is a state of a key, and shown with it',
  'console/pages/audit': 'the page of what was done shows it',
  'console/pages/events': 'the page of what was done shows them',
  'console/pages/sessions': 'they are part of the account page',
  'src/client/methods/limits': 'they are methods of their owners: keys and organizations',
  'src/cli/commands/settlements': 'programs settle, and nobody by hand',
  'console/pages/settlements': 'programs settle, and nobody by hand',
  'docs/guides/settlements': 'the guide of limits tells of them',
  'docs/guides/members': 'the guide of people tells of them',
  'docs/guides/invitations': 'the guide of people tells of them',
  'console/pages/invitations': 'the page of members shows them',
  'src/client/methods/sign-in': 'a browser signs in, and no program',
  'src/cli/commands/sign-in': 'a browser signs in, and no program',
  'docs/guides/portal': 'the guide of the customers’ page tells of it',
  'docs/guides/plans': 'the guide of limits tells of them',
  'console/pages/limits': 'they are shown with their owners: keys and organizations',
}

/** Tells whether a wing has a file of a noun: by its name, or a name that begins with it. */
function hasNoun(wing: string, noun: string): boolean {
  return globSync(`${wing}/${noun}{,[-.]*}`, { cwd: repository }).length > 0
}

test('every noun has a file of its name in every wing, or a reason why not', () => {
  const nouns = new Set(
    globSync('*', { cwd: join(repository, 'src/domain') }).map((name) => name.replace(/\.ts$/, '')),
  )
  expect(Object.keys(machinery).filter((name) => !nouns.delete(name))).toEqual([])
  const missing = [...nouns].flatMap((noun) =>
    wings.filter((wing) => !hasNoun(wing, noun)).map((wing) => `${wing}/${noun}`),
  )
  expect(missing.sort()).toEqual(Object.keys(absences).sort())
  expect(nouns.size).toBeGreaterThan(3)
})

test('a noun without its files is found', () => {
  expect(wings.filter((wing) => hasNoun(wing, 'unicorns'))).toEqual([])
  expect(wings.every((wing) => hasNoun(wing, 'keys'))).toBe(true)
})

test('only src/store holds SQL', () => {
  const statement = /['"`]\s*(select .+ from|insert into|update .+ set|delete from|create table|pragma) /i
  const elsewhere = sources.filter((path) => !path.startsWith('src/store/') && statement.test(read(path)))
  expect(elsewhere).toEqual([])
  expect(sources.filter((path) => statement.test(read(path)))).not.toEqual([])
})

test('only src/commit opens the transaction of a change, and writes the trail of what it did', () => {
  const opening = /\.write\(|\.transaction\(|\.transact\(|\brecordChanges\(|\binsertAuditEvents\(|\btoEvent\(/
  const allowed =
    /^src\/(?:commit\/|domain\/limits\/draws\.ts|coherence\/|jobs\/|store\/|client\/|http\/|server\/|relay\/|cli\/)/
  expect(sources.filter((path) => !allowed.test(path) && opening.test(read(path)))).toEqual([])
  expect(opening.test(read('src/commit/commit.ts'))).toBe(true)
  const writers = sources.filter((path) => /\b(?:insertAuditEvents|toEvent)\(/.test(read(path)))
  expect(writers).toEqual(['src/commit/audit-trail.ts', 'src/commit/commit.ts', 'src/store/audit.ts'])
  const bypassing = sources.filter((path) =>
    /\bdb\s*\.\s*(?:insertInto|updateTable|deleteFrom)\b/.test(read(path)),
  )
  expect(bypassing.filter((path) => !path.startsWith('src/store/migrations/'))).toEqual([])
})

test('whoever imports the client loads its own few files and nothing else', () => {
  const loaded = loadedFrom('src/client/index.ts')
  expect(loaded.size).toBeGreaterThan(1)
  const allowed =
    /^src\/(?:client\/[\w/-]+|verdict\/[\w-]+|fairness\/(?:rounds|turns)|core\/(?:addresses|asked-permissions|bounds|call-context|call-header|call-options|conditions|errors|foreign-token|freeze|id-form|limits|measures|options|periods|purpose|stored-ancestors|stored-limits|permissions|request-context|rotated-verdict|follow-events|read-all|shared-dates|status|token|total-header|wire))\.ts$/
  expect([...loaded].filter((name) => !allowed.test(name))).toEqual([])
})

test('the library loads neither the server nor the command line', () => {
  const loaded = [...loadedFrom('src/index.ts')]
  const foreign = /^src\/(?:http|server|cli|client)\/|^(?:hono|commander|pino|prom-client|@hono\/node-server)/
  expect(loaded.filter((name) => foreign.test(name))).toEqual([])
})

test('nothing silences the linter', () => {
  const silenced = new RegExp(`${'biome'}-ignore`)
  expect(
    [...sources, ...tests, ...consoleSources, ...embedSources].filter((path) => silenced.test(read(path))),
  ).toEqual([])
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

test('the repository names one Node to develop with, and one as the oldest that the package runs on', () => {
  const manifest = JSON.parse(read('package.json'))
  const { packages } = JSON.parse(read('package-lock.json'))
  const pinned = read('.node-version').trim()
  expect(packages['node_modules/node'].version).toBe(pinned)
  expect(manifest.devDependencies.node).toBe(`^${pinned}`)
  const images = read('.github/workflows/ci.yml').matchAll(/\bnode:(\d[\d.]*)/g)
  expect([...images].map(([, version]) => version)).toEqual([pinned])

  expect(packages[''].engines).toEqual(manifest.engines)
  const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(manifest.engines.node) ?? []
  expect(read('src/cli/main.ts')).toContain(`major < ${major} || (major === ${major} && minor < ${minor})`)
  for (const path of ['src/cli/main.ts', 'docs/operate/install.md', 'docs/guides/library.md'])
    expect(read(path), path).toContain(`Node.js ${major}.${minor} or later`)
})
