// Makes `dist/latchkey`: Node.js with Latchkey inside, its console and its migrations, for a machine that has neither Node.js
// nor npm (Node's single executable applications). Behind `npm run build`: `node build/executable.ts [--arch x64|arm64]`.
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
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

/** Makes an executable of a folder that holds `package.json` and `dist` as `npm run build` leaves them. */
export async function makeExecutable(root: string, output: string, arch: Arch): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-executable-'))
  try {
    await bundle(root, join(folder, 'bundle'))
    writeFileSync(
      join(folder, 'settings.json'),
      JSON.stringify({
        // Without its folder, whose name the executable would hold: the same source gives the same bytes.
        main: 'bundle/main.js',
        mainFormat: 'module',
        executable: prepareNode(folder, arch),
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
    copyFileSync(join(folder, 'bundle/licenses.md'), `${output}.licenses.md`)
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
  const assets = readdirSync(join(root, 'dist/console/assets')).map((name) => `dist/console/assets/${name}`)
  const paths = ['package.json', 'dist/console/index.html', ...assets]
  return Object.fromEntries(paths.map((path) => [path, join(root, path)]))
}

/** Node.js for a machine, without the symbols that only its debuggers read. */
function prepareNode(folder: string, arch: Arch): string {
  const node = join(folder, 'node')
  copyFileSync(arch === process.arch ? process.execPath : fetchNode(join(folder, 'npm'), arch), node)
  const strip = arch === process.arch ? 'strip' : `${arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu-strip`
  try {
    // Before the program is inside: what is stripped after that does not start.
    execFileSync(strip, [node], { stdio: 'ignore' })
  } catch {
    process.stderr.write(`${strip} is missing, so the executable is a quarter larger than it must be.\n`)
  }
  return node
}

/** Gets the same version for another machine from npm. */
function fetchNode(folder: string, arch: Arch): string {
  mkdirSync(folder)
  const name = `node-linux-${arch}`
  const options = ['--prefix', folder, '--force', '--ignore-scripts', '--no-save', '--silent']
  execFileSync('npm', ['install', ...options, `${name}@${process.versions.node}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return join(folder, 'node_modules', name, 'bin/node')
}

function readArch(given: string): Arch {
  if (given !== 'x64' && given !== 'arm64')
    throw new Error(`--arch: Must be x64 or arm64, and not ${given}: Latchkey has executables for these.`)
  return given
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, '..')
  const { values } = parseArgs({ options: { arch: { type: 'string', default: process.arch } } })
  const arch = readArch(values.arch)
  const output = join(root, 'dist', arch === process.arch ? 'latchkey' : `latchkey-${arch}`)
  await makeExecutable(root, output, arch)
  process.stdout.write(`${output}\n`)
}
