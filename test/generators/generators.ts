// Each generator of clients: how a client is generated, compiled, and walked through the life of a key.
import { cpSync, globSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { run } from './run.ts'
import { openApiGenerator, type Tools } from './tools.ts'

/** A document, and an empty folder to generate in. */
export interface Job {
  tools: Tools
  document: string
  folder: string
  /** Where a walk finds the server. */
  env: Record<string, string>
}

/** A generator. */
export interface Generator {
  name: string
  version(tools: Tools): Promise<string>
  generate(job: Job): Promise<unknown>
  /** Compiles what was generated, and the walk. */
  compile(job: Job): Promise<unknown>
  /** Walks the life of a key. */
  walk(job: Job): Promise<unknown>
}

const walks = join(import.meta.dirname, 'walks')

/** Every generator, with its defaults: what a user gets who changes nothing. */
export const generators: readonly Generator[] = [
  pythonClient('openapi-python-client', 'latchkey_client', 'openapi_python_client.py'),
  {
    name: 'openapi-generator python',
    version: async () => openApiGenerator,
    generate: (job) => generate(job, 'python'),
    compile: ({ tools, folder }) => run(tools.python('python'), ['-m', 'compileall', '-q', folder]),
    walk: ({ tools, folder, env }) =>
      run(tools.python('python'), [join(walks, 'openapi_generator.py')], {
        env: { ...env, PYTHONPATH: join(folder, 'python') },
      }),
  },
  {
    name: 'openapi-generator go',
    version: async () => openApiGenerator,
    generate: (job) =>
      generate(job, 'go', '--git-host=example.com', '--git-user-id=latchkey', '--git-repo-id=client'),
    compile: async ({ folder }) => {
      const walk = join(folder, 'walk')
      mkdirSync(walk)
      cpSync(join(walks, 'walk.go'), join(walk, 'main.go'))
      const lines = [
        'module walk',
        'go 1.23',
        'require example.com/latchkey/client v0.0.0',
        'replace example.com/latchkey/client => ../go',
      ]
      writeFileSync(join(walk, 'go.mod'), `${lines.join('\n')}\n`)
      await run('go', ['mod', 'tidy'], { cwd: walk })
      await run('go', ['vet', './...'], { cwd: walk })
      return run('go', ['build', '-o', 'walk', '.'], { cwd: walk })
    },
    walk: ({ folder, env }) => run(join(folder, 'walk/walk'), [], { env }),
  },
  {
    name: 'openapi-generator java',
    version: async () => openApiGenerator,
    generate: (job) => generate(job, 'java'),
    compile: ({ tools, folder }) => {
      const sources = globSync('java/src/main/java/**/*.java', { cwd: folder }).map((path) =>
        join(folder, path),
      )
      writeFileSync(join(folder, 'sources'), [...sources, join(walks, 'Walk.java')].join('\n'))
      const options = ['-nowarn', '-d', join(folder, 'classes'), '-cp', join(tools.jars, '*')]
      return run('javac', [...options, `@${join(folder, 'sources')}`])
    },
    walk: ({ tools, folder, env }) => {
      const path = [join(folder, 'classes'), join(tools.jars, '*')].join(delimiter)
      return run('java', ['-cp', path, 'Walk'], { env })
    },
  },
  typescript('openapi-typescript', 'openapi_typescript.ts', ({ tools, document, folder }) =>
    run(tools.node('openapi-typescript'), [
      document,
      '--output',
      join(folder, 'openapi-typescript/schema.d.ts'),
    ]),
  ),
  typescript('@hey-api/openapi-ts', 'hey_api.ts', ({ tools, document, folder }) =>
    run(tools.node('openapi-ts'), ['--input', document, '--output', join(folder, 'hey-api')]),
  ),
]

/** The generator of a client for the fields of emailr's API. */
export const emailrClient = pythonClient('openapi-python-client, emailr', 'emailr_client', 'emailr.py')

function pythonClient(name: string, package_: string, walk: string): Generator {
  return {
    name,
    version: async ({ python }) =>
      (await run(python('openapi-python-client'), ['--version'])).trim().split(' ').at(-1) ?? '',
    generate: async ({ tools, document, folder }) => {
      const printed = await run(tools.python('openapi-python-client'), [
        'generate',
        '--path',
        document,
        '--meta=none',
        '--config',
        join(import.meta.dirname, 'openapi-python-client.yaml'),
        '--output-path',
        join(folder, package_),
      ])
      // It leaves out what it does not understand, and goes on.
      if (/warning/i.test(printed)) throw new Error(printed)
    },
    compile: ({ tools, folder }) => run(tools.python('python'), ['-m', 'compileall', '-q', folder]),
    walk: ({ tools, folder, env }) =>
      run(tools.python('python'), [join(walks, walk)], { env: { ...env, PYTHONPATH: folder } }),
  }
}

function generate({ tools, document, folder }: Job, language: string, ...options: string[]): Promise<string> {
  const output = join(folder, language)
  return run('java', [
    '-jar',
    tools.jar,
    'generate',
    '-i',
    document,
    '-g',
    language,
    '-o',
    output,
    ...options,
  ])
}

function typescript(name: string, walk: string, generate: (job: Job) => Promise<unknown>): Generator {
  return {
    name,
    version: async ({ nodeModules }) => {
      const { default: manifest } = await import(join(nodeModules, name, 'package.json'), {
        with: { type: 'json' },
      })
      return manifest.version
    },
    generate,
    compile: ({ tools, folder }) => {
      cpSync(join(walks, walk), join(folder, 'walk.ts'))
      symlinkSync(tools.nodeModules, join(folder, 'node_modules'))
      writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}')
      const compilerOptions = {
        strict: true,
        target: 'es2023',
        module: 'node16',
        outDir: 'out',
        types: ['node'],
        typeRoots: [join(import.meta.dirname, '../../node_modules/@types')],
      }
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['walk.ts'] }))
      return run(tools.node('tsc'), ['--project', folder])
    },
    walk: ({ folder, env }) => run(process.execPath, [join(folder, 'out/walk.js')], { env }),
  }
}
