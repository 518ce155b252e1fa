// Makes `dist/latchkey`: Node.js with Latchkey inside, its console and its migrations, for a machine that has neither Node.js
// nor npm (Node's single executable applications). Behind `npm run build`: `node build/executable.ts [--arch x64|arm64]`.
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { build } from 'vite'

/** The machines for which there are executables, all of them with Linux. */
export type Arch = 'x64' | 'arm64'

/**
 * Makes an executable of a folder that holds `package.json` and `dist` as `npm run build` leaves them, and beside it the licenses
 * of all that is inside. `node` is the folder of a Node.js of this version for that machine, and otherwise found.
 */
export async function makeExecutable(root: string, output: string, arch: Arch, node?: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-executable-'))
  try {
    const found = node ?? findNode(join(folder, 'npm'), arch)
    await bundle(root, join(folder, 'bundle'))
    writeFileSync(
      join(folder, 'settings.json'),
      JSON.stringify({
        // Without its folder, whose name the executable would hold: the same source gives the same bytes.
        main: 'bundle/main.js',
        mainFormat: 'module',
        executable: prepareNode(folder, join(found, 'bin/node'), arch),
        output,
        disableExperimentalSEAWarning: true,
        // Either would be of the machine that builds.
        useSnapshot: false,
        useCodeCache: false,
        // The flags of another program of Node.js are none of Latchkey's.
        execArgvExtension: 'none',
        assets: findAssets(root),
      }),
    )
    rmSync(output, { force: true })
    execFileSync(process.execPath, ['--build-sea', 'settings.json'], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const bundled = readFileSync(join(folder, 'bundle/licenses.md'), 'utf8')
    writeFileSync(`${output}.licenses.md`, joinLicenses(bundled, join(root, 'dist/console'), found))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Puts the program and all that it imports into one file. */
async function bundle(root: string, outDir: string): Promise<void> {
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    ssr: { noExternal: true, target: 'node' },
    build: {
      ssr: join(root, 'dist/cli/main.js'),
      outDir,
      emptyOutDir: true,
      target: 'node26',
      minify: false,
      license: { fileName: 'licenses.md' },
      rolldownOptions: {
        external: ['pg-native'],
        output: { entryFileNames: 'main.js', codeSplitting: false },
      },
    },
  })
  const main = join(outDir, 'main.js')
  // The program of an executable lies nowhere.
  writeFileSync(main, readFileSync(main, 'utf8').replaceAll('import.meta.url', '"file:///latchkey/main.js"'))
}

/** The files that the program reads, by their paths from the package's folder. */
function findAssets(root: string): Record<string, string> {
  const filesOf = (folder: string) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`)
  const embed = filesOf('dist/embed').filter((path) =>
    /\/(?:latchkey|portal)\b[^/]*\.(?:js|br|gz|html)$/.test(path),
  )
  const paths = ['package.json', 'dist/console/index.html', ...filesOf('dist/console/assets'), ...embed]
  return Object.fromEntries(paths.map((path) => [path, join(root, path)]))
}

/** Joins the licenses of the program's packages, of the console's, and of Node.js with all that is in it. */
function joinLicenses(bundled: string, console: string, node: string): string {
  const cut = (text: string) => text.slice(text.search(/^## /m)).trim()
  const ofConsole = cut(readFileSync(join(console, 'licenses.md'), 'utf8'))
  const ofNode = `\`\`\`text\n${readFileSync(join(node, 'LICENSE'), 'utf8').trim()}\n\`\`\``
  const parts = [
    ...['# Licenses', 'Of what is inside of the executable, beside Latchkey itself.'],
    ...['# The program', cut(bundled), '# The console', ofConsole],
    ...['# Node.js, and what is in it', ofNode],
  ]
  return `${parts.join('\n\n')}\n`
}

/** Node.js for a machine, without the symbols that only its debuggers read. */
function prepareNode(folder: string, from: string, arch: Arch): string {
  const node = join(folder, 'node')
  copyFileSync(from, node)
  const strip = arch === process.arch ? 'strip' : `${arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu-strip`
  try {
    // Before the program is inside: what is stripped after that does not start.
    execFileSync(strip, [node], { stdio: 'ignore' })
  } catch {
    process.stderr.write(`${strip} is missing, so the executable is a quarter larger than it must be.\n`)
  }
  return node
}

/** The folder of this version for a machine: that of this process, or from npm. */
function findNode(folder: string, arch: Arch): string {
  const own = resolve(process.execPath, '../..')
  const ours = [own, join(own, `node_modules/node-linux-${arch}`)]
  const found = ours.find((path) => existsSync(join(path, 'LICENSE')) && existsSync(join(path, 'bin/node')))
  if (arch === process.arch && found !== undefined) return found
  mkdirSync(folder)
  const name = `node-linux-${arch}`
  const options = ['--prefix', folder, '--force', '--ignore-scripts', '--no-save', '--silent']
  execFileSync('npm', ['install', ...options, `${name}@${process.versions.node}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return join(folder, 'node_modules', name)
}

/** The machine that `--arch` names, or this one. Throws if there are no executables for it. */
export function readArch(): Arch {
  const { values } = parseArgs({ options: { arch: { type: 'string', default: process.arch } } })
  const given = values.arch
  if (given !== 'x64' && given !== 'arm64')
    throw new Error(`--arch: Must be x64 or arm64, and not ${given}: Latchkey has executables for these.`)
  return given
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, '..')
  const arch = readArch()
  const output = join(root, 'dist', arch === process.arch ? 'latchkey' : `latchkey-${arch}`)
  await makeExecutable(root, output, arch)
  process.stdout.write(`${output}\n`)
}
