// What a release is made of beside Latchkey's own source: each package with its version, its license and its bytes.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One thing that is inside, or that is installed with it. */
export interface Component {
  name: string
  version: string
  /** As SPDX names it; undefined for the parts of Node.js, whose one file of licenses has them all. */
  license?: string
  /** Of the package as npm has it, in hexadecimal digits. */
  sha512?: string
  /** How lists of weaknesses name it, if they do not go by npm's name: `vendor:product`. */
  cpe?: string
  /** Where it is: installed beside the package, in the console's files, or in the executable. */
  place: 'installed' | 'console' | 'executable' | 'Node.js'
  /** Whether Latchkey itself depends on it or has it inside, and not something else alone. */
  isDirect: boolean
  /** The names of those in the same place, or of the parts of Node.js, that it depends on. */
  dependsOn: readonly string[]
}

/**
 * The licenses that a release may have inside: each permits to pass the program on under another one, if its own text
 * goes with it, which `licenses.md` sees to.
 */
const allowed = new Set([
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'MIT-0',
])

interface LockedPackage {
  version: string
  license?: string
  integrity?: string
  dependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
  peerDependenciesMeta?: Record<string, { optional?: boolean }>
}
type Lock = Record<string, LockedPackage>

export function readLock(root: string): Lock {
  return (JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Lock }).packages
}

/** What npm installs with the package, in the versions that it was tested with. */
export function findInstalled(lock: Lock): Component[] {
  const found = new Map<string, Component>()
  const visit = (path: string): string[] => {
    const locked = lock[path] as LockedPackage
    const optional = locked.peerDependenciesMeta ?? {}
    const peers = Object.keys(locked.peerDependencies ?? {}).filter((name) => !optional[name]?.optional)
    const names = { ...locked.dependencies, ...locked.optionalDependencies }
    return [...Object.keys(names), ...peers].map((name) => {
      const where = resolvePackage(lock, path, name)
      if (!found.has(where)) {
        const component = describe(lock, where, 'installed')
        found.set(where, component)
        component.dependsOn = visit(where)
      }
      return name
    })
  }
  const direct = visit('').map((name) => found.get(`node_modules/${name}`))
  for (const component of direct) if (component) component.isDirect = true
  return sortByName([...found.values()])
}

/** What a bundler put into its files, by the list of licenses that it wrote beside them. */
export function findBundled(lock: Lock, licenses: string, place: Component['place']): Component[] {
  const named = [...licenses.matchAll(/^## (\S+) - (\S+) \(/gm)]
  if (named.length === 0) throw new Error(`The list of licenses of ${place} names nothing.`)
  return sortByName(
    named.map(([, name, version]) => {
      const path = Object.keys(lock).find(
        (key) => key.endsWith(`node_modules/${name}`) && lock[key]?.version === version,
      )
      if (path === undefined) throw new Error(`package-lock.json has no ${name} ${version}, which is inside.`)
      return { ...describe(lock, path, place), isDirect: true }
    }),
  )
}

/** The parts of Node.js that are programs of others, as `process.versions` names them. */
const partsOfNode: Record<string, string | undefined> = {
  ...{ acorn: undefined, ada: undefined, amaro: undefined, ares: 'c-ares:c-ares', brotli: 'google:brotli' },
  ...{ icu: 'icu-project:international_components_for_unicode', llhttp: 'llhttp:llhttp' },
  ...{ nghttp2: 'nghttp2:nghttp2', openssl: 'openssl:openssl', simdjson: undefined, simdutf: undefined },
  ...{ sqlite: 'sqlite:sqlite', undici: 'nodejs:undici', uv: 'libuv:libuv', uvwasi: undefined },
  ...{ v8: 'google:v8', zlib: 'zlib:zlib', zstd: 'facebook:zstandard' },
}

/** Node.js, and what is inside of it. */
export function describeNode(versions: Record<string, string>): Component[] {
  const parts = Object.keys(partsOfNode).filter((name) => versions[name])
  const node: Component = {
    ...{ name: 'node', version: versions.node as string, license: 'MIT', cpe: 'nodejs:node.js' },
    ...{ place: 'executable', isDirect: true, dependsOn: parts },
  }
  return [
    node,
    ...parts.map((name): Component => {
      const cpe = partsOfNode[name]
      const part = { name, version: versions[name] as string, place: 'Node.js', isDirect: false } as const
      return { ...part, ...(cpe && { cpe }), dependsOn: [] }
    }),
  ]
}

function resolvePackage(lock: Lock, from: string, name: string): string {
  for (let at = from; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    const path = at === '' ? `node_modules/${name}` : `${at}/node_modules/${name}`
    if (lock[path] !== undefined) return path
    if (at === '') throw new Error(`package-lock.json has no ${name}, which ${from} depends on.`)
  }
}

function describe(lock: Lock, path: string, place: Component['place']): Component {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
  const { version, license = 'none', integrity = '' } = lock[path] as LockedPackage
  if (!allowed.has(license))
    throw new Error(
      `${name} ${version} is under ${license}, which build/release/components.ts does not allow. ` +
        'Read that license; then allow it there, or do without the package.',
    )
  const digest = /^sha512-(.+)$/.exec(integrity)?.[1]
  if (digest === undefined) throw new Error(`package-lock.json has no SHA-512 of ${name} ${version}.`)
  const sha512 = Buffer.from(digest, 'base64').toString('hex')
  return { name, version, license, sha512, place, isDirect: false, dependsOn: [] }
}

function sortByName(components: Component[]): Component[] {
  return components.sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1))
}
