// The generators and what their clients need, installed once into `.test-output/generators` from npm, PyPI, Maven Central and
// the proxy of Go's modules.
import { cpSync, existsSync, mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { run } from './run.ts'

const repository = resolve(import.meta.dirname, '../..')
const folder = join(repository, '.test-output/generators')

/** The version of OpenAPI Generator. */
export const openApiGenerator = '7.25.0'

/** Installs what is not there yet; gives where each tool is. */
export async function installTools(): Promise<Tools> {
  mkdirSync(folder, { recursive: true })
  const python = join(folder, 'python')
  const packages = join(import.meta.dirname, 'requirements.txt')
  if (!existsSync(python)) await run('python3', ['-m', 'venv', python])
  await run(join(python, 'bin/pip'), ['install', '--quiet', '--requirement', packages])
  const npm = join(folder, 'npm')
  mkdirSync(npm, { recursive: true })
  for (const name of ['package.json', 'package-lock.json'])
    cpSync(join(import.meta.dirname, name), join(npm, name))
  await run('npm', ['ci', '--silent', '--no-audit', '--no-fund', '--prefix', npm])
  const jars = join(folder, 'jars')
  const jar = join(folder, `openapi-generator-cli-${openApiGenerator}.jar`)
  const pom = ['--batch-mode', '--quiet', '--file', join(import.meta.dirname, 'pom.xml')]
  if (!existsSync(jars))
    await run('mvn', [...pom, 'dependency:copy-dependencies', `-DoutputDirectory=${jars}`])
  if (!existsSync(jar)) {
    const artifact = `org.openapitools:openapi-generator-cli:${openApiGenerator}`
    await run('mvn', [...pom, 'dependency:copy', `-Dartifact=${artifact}`, `-DoutputDirectory=${folder}`])
  }
  return {
    python: (name) => join(python, 'bin', name),
    node: (name) => join(npm, 'node_modules/.bin', name),
    nodeModules: join(npm, 'node_modules'),
    jar,
    jars,
  }
}

/** Where the tools are. */
export interface Tools {
  /** A program that a Python package brings. */
  python(name: string): string
  /** A program that an npm package brings. */
  node(name: string): string
  nodeModules: string
  /** OpenAPI Generator itself. */
  jar: string
  /** The folder of what its Java client needs. */
  jars: string
}
