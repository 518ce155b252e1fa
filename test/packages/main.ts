// `npm run test:packages`: installs the package as it is published beside compilers and test runners, and uses it with each:
// every TypeScript in every way to resolve modules, Jest and Mocha, from ES modules and from CommonJS.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { run } from '../generators/run.ts'
import { packPackage } from '../setup/packed.ts'
import { testProgram, typedProgram } from './programs.ts'

const repository = resolve(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'latchkey-packages-'))
const lines: string[] = []
let failures = 0

async function tryOut(name: string, work: () => Promise<unknown>): Promise<void> {
  let outcome = 'yes'
  try {
    await work()
  } catch (error) {
    failures++
    outcome = 'no'
    console.error(`${name}: ${(error as Error).message}\n`)
  }
  lines.push(`| ${name} | ${outcome} |`)
  console.error(lines.at(-1))
}

/** A project of either kind, with the package and all tools. */
function makeProject(type: 'module' | 'commonjs'): string {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type }))
  return folder
}

const versionOf = (name: string) =>
  JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version as string

try {
  for (const name of ['package.json', 'package-lock.json'])
    cpSync(join(import.meta.dirname, name), join(folder, name))
  const quiet = ['--silent', '--no-audit', '--no-fund', '--prefer-offline']
  await run('npm', ['ci', ...quiet, '--prefix', folder])
  const source = join(folder, 'source')
  mkdirSync(source)
  await run('npm', ['install', ...quiet, '--no-save', await packPackage(repository, source)], { cwd: folder })

  for (const line of ['50', '54', '57', '59', '60', '70']) {
    const version = versionOf(`typescript${line}`)
    const [major = 0, minor = 0] = version.split('.').map(Number)
    const isBefore59 = major < 5 || (major === 5 && minor < 9)
    for (const [module, moduleResolution, type] of [
      ['commonjs', 'node10', 'commonjs'],
      ['node16', 'node16', 'commonjs'],
      ['nodenext', 'nodenext', 'commonjs'],
      ['nodenext', 'nodenext', 'module'],
      ['esnext', 'bundler', 'module'],
    ] as const) {
      // TypeScript 7 knows it no longer.
      if (moduleResolution === 'node10' && major >= 7) continue
      await tryOut(`TypeScript ${version}, \`${moduleResolution}\`, ${type}`, async () => {
        const project = makeProject(type)
        const compilerOptions = {
          module,
          moduleResolution,
          target: 'es2022',
          lib: ['es2022', 'dom', ...(major === 5 && minor < 2 ? [] : ['esnext.disposable'])],
          strict: true,
          noEmit: true,
          types: ['node'],
          // The types of Node.js and Fastify want a newer compiler than the oldest.
          skipLibCheck: isBefore59 || moduleResolution === 'node10',
          ...(major === 6 && moduleResolution === 'node10' && { ignoreDeprecations: '6.0' }),
        }
        writeFileSync(join(project, 'typed.ts'), typedProgram)
        writeFileSync(
          join(project, 'tsconfig.json'),
          JSON.stringify({ compilerOptions, files: ['typed.ts'] }),
        )
        const compiler = ['tsc', 'tsc.js']
          .map((name) => join(project, `node_modules/typescript${line}/bin`, name))
          .find((path) => existsSync(path)) as string
        await run(process.execPath, [compiler, '-p', '.'], { cwd: project })
      })
    }
  }

  const project = makeProject('commonjs')
  writeFileSync(
    join(project, 'required.test.cjs'),
    testProgram.replace(/import (.+) from (.+)/g, 'const $1 = require($2)'),
  )
  writeFileSync(join(project, 'imported.test.mjs'), testProgram)
  for (const name of ['required.test.cjs', 'imported.test.mjs']) {
    const way = name.startsWith('required') ? 'CommonJS' : 'ES modules'
    await tryOut(`Jest ${versionOf('jest')}, ${way}`, () =>
      run(
        process.execPath,
        ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--testMatch', `**/${name}`],
        {
          cwd: project,
        },
      ),
    )
    await tryOut(`Mocha ${versionOf('mocha')}, ${way}`, () =>
      run(process.execPath, ['node_modules/mocha/bin/mocha.js', name], { cwd: project }),
    )
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(['| with | works |', '| --- | --- |', ...lines].join('\n'))
process.exit(failures === 0 ? 0 : 1)
