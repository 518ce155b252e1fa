// Makes the files of a release in the clone that it is run in, behind `npm ci` here and in `build/release`:
// `node build/release/make.ts <folder> <time of the commit, in seconds>`.
import { createHash } from 'node:crypto'
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { makeClientPackage } from '../client-package.ts'
import { type Arch, makeExecutable } from '../executable.ts'
import { describeNode, findBundled, findInstalled, readLock } from './components.ts'
import { checkSbom, type Subject, writeSbom } from './sbom.ts'
import { run, step } from './steps.ts'
import { cutNotes, readVersions } from './versions.ts'

const root = resolve(import.meta.dirname, '../..')
const packages = join(root, 'build/release/node_modules')
const version = readVersions(root)['package.json'] as string
const archs: readonly Arch[] = ['x64', 'arm64']
const goModule = 'github.com/latchkey-dev/latchkey/clients/go'

async function make(output: string, time: number, folder: string): Promise<void> {
  // It builds too, and makes the links of the texts lead somewhere from npm's page.
  const pack = ['pack', '--silent', '--pack-destination', output]
  await step('Build, and pack for npm', () => run('npm', pack, { cwd: root }))
  await step('Pack the client alone', () => {
    const client = join(root, 'clients/npm/dist')
    makeClientPackage(root, client)
    run('npm', pack, { cwd: client })
  })
  for (const arch of archs)
    await step(`Make the executable for ${arch}`, () => makeArchive(output, time, folder, arch))
  await step('Build for Python', () => makePython(output, folder))
  await step('Pack for Go', () => packForGo(output, time))
  await step('List what is inside', () => writeSboms(output, time, folder))
  await step('Write the notes and the sums', () => {
    const notes = cutNotes(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version)
    writeFileSync(join(output, 'NOTES.md'), notes ?? '')
    writeSums(output)
  })
}

/** An executable with its licenses, packed: every file by the same owner, of the commit's time. */
async function makeArchive(output: string, time: number, folder: string, arch: Arch): Promise<void> {
  const name = `latchkey-${version}-linux-${arch}`
  const inside = join(folder, name)
  mkdirSync(inside)
  await makeExecutable(root, join(inside, 'latchkey'), arch, join(packages, `node-linux-${arch}`))
  renameSync(join(inside, 'latchkey.licenses.md'), join(inside, 'licenses.md'))
  cpSync(join(root, 'LICENSE'), join(inside, 'LICENSE'))
  const same = [
    '--sort=name',
    '--format=ustar',
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    `--mtime=@${time}`,
  ]
  const tar = run('tar', ['-c', ...same, '--mode=u=rwX,go=rX', '-C', folder, name])
  writeFileSync(join(output, `${name}.tar.gz`), gzipSync(tar, { level: 9 }))
}

/** The wheel and the archive of the client for Python, in a folder of their own: the archive's name is near that of npm's file. */
function makePython(output: string, folder: string): void {
  const python = join(folder, 'python/bin/python')
  run('python3', ['-m', 'venv', join(folder, 'python')])
  const pip = ['-m', 'pip', '--quiet', '--disable-pip-version-check', 'install', '--only-binary', ':all:']
  run(python, [...pip, '--require-hashes', '-r', join(root, 'build/release/requirements.txt')])
  const cwd = join(root, 'clients/python')
  run(python, ['-m', 'hatchling', 'build', '-d', join(output, 'python')], { cwd })
}

/** The Go module as a proxy serves it, so that `GOPROXY=file://…/go` can read the folder. */
function packForGo(output: string, time: number): void {
  const served = join(output, 'go', goModule, '@v')
  mkdirSync(served, { recursive: true })
  const at = new Date(time * 1000)
  const info = { Version: `v${version}`, Time: at.toISOString().replace('.000', '') }
  writeFileSync(join(served, `v${version}.info`), `${JSON.stringify(info)}\n`)
  cpSync(join(root, 'clients/go/go.mod'), join(served, `v${version}.mod`))
  const prefix = `${goModule}@v${version}`
  const zip = [join(served, `v${version}.zip`), join(root, 'clients/go'), prefix, String(time)]
  run('python3', [join(import.meta.dirname, 'zip.py'), ...zip])
}

/** Says of the packages for npm, and of the executables, what is inside of them. */
function writeSboms(output: string, time: number, folder: string): void {
  const lock = readLock(root)
  const inConsole = findBundled(lock, readFileSync(join(root, 'dist/console/licenses.md'), 'utf8'), 'console')
  const [licenses = ''] = readFileSync(
    join(folder, `latchkey-${version}-linux-x64/licenses.md`),
    'utf8',
  ).split('\n# The console\n')
  const inProgram = findBundled(lock, licenses, 'executable')
  const npm = run('npm', ['--version']).toString().trim()
  const common = { version, commitTime: time, tools: { node: process.versions.node, npm } }
  const write = (name: string, subject: Subject, components: Parameters<typeof writeSbom>[1]) => {
    const text = writeSbom(subject, components)
    checkSbom(text, packages)
    writeFileSync(join(output, name), text)
  }
  const ofPackage = {
    ...common,
    name: 'latchkey',
    files: [`latchkey-${version}.tgz`],
    type: 'library',
  } as const
  write(`latchkey-${version}.cdx.json`, ofPackage, [...findInstalled(lock), ...inConsole])
  const client = { name: '@latchkey/client', files: [`latchkey-client-${version}.tgz`] }
  // It depends on nothing, and holds nothing of others.
  write(`latchkey-client-${version}.cdx.json`, { ...ofPackage, ...client }, [])
  const archives = archs.map((arch) => `latchkey-${version}-linux-${arch}.tar.gz`)
  const ofExecutables = { ...common, name: 'latchkey', files: archives, type: 'application' } as const
  write(`latchkey-${version}-linux.cdx.json`, ofExecutables, [
    ...describeNode(process.versions as Record<string, string>),
    ...inProgram,
    ...inConsole,
  ])
}

/** `SHA256SUMS`, as `sha256sum --check` reads it. */
function writeSums(output: string): void {
  const paths = globSync('**', { cwd: output, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(output.length + 1))
  const lines = paths.sort().map(
    (path) =>
      `${createHash('sha256')
        .update(readFileSync(join(output, path)))
        .digest('hex')}  ${path}\n`,
  )
  writeFileSync(join(output, 'SHA256SUMS'), lines.join(''))
}

process.umask(0o022)
const [output = '', time = ''] = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'latchkey-release-'))
try {
  await make(resolve(output), Number(time), folder)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
