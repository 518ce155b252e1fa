// Makes `@latchkey/client` in `clients/npm/dist`, out of `dist`: the client and the guards for who needs no server. It is the same
// files, so both packages are one build. Behind `npm run build`: `node build/client-package.ts`, then `npm publish clients/npm/dist`.
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { writeLinksAbsolute } from './absolute-links.ts'

interface Entry {
  types: { require: string; default: string }
  default: string
}

/** The releases that the guards of this package were run on; `latchkey` brings a Hono of its own. */
const hono = '^4.0.0'

/** Makes the package of a folder that holds `package.json`, `LICENSE` and `dist` as `npm run build` leaves them. */
export function makeClientPackage(root: string, folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const { version, homepage, bugs, repository, license, engines, ...whole } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  )
  const entries = Object.entries<Entry>(whole.exports).filter(([name]) => !/^\.(?:$|\/package)/.test(name))
  const exports = Object.fromEntries(
    entries.map(([name, entry]) => [name === './client' ? '.' : name, entry]),
  )
  const peers = { ...whole.peerDependencies, hono }
  const manifest = {
    name: '@latchkey/client',
    version,
    description: 'Verify API keys of a Latchkey server, and guard Express, Fastify, Hono and fetch handlers.',
    keywords: whole.keywords,
    homepage,
    bugs,
    repository: { ...repository, directory: 'clients/npm' },
    license,
    type: 'module',
    sideEffects: false,
    main: exports['.']?.default,
    types: exports['.']?.types.default,
    typesVersions: {
      '*': Object.fromEntries(
        Object.entries(exports)
          .filter(([name]) => name !== '.')
          .map(([name, { types }]) => [name.slice(2), [types.default]]),
      ),
    },
    exports: { ...exports, './package.json': './package.json' },
    engines,
    peerDependencies: peers,
    peerDependenciesMeta: Object.fromEntries(Object.keys(peers).map((name) => [name, { optional: true }])),
    publishConfig: { access: 'public' },
  }
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`)
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'))
  const readme = readFileSync(resolve(import.meta.dirname, '../clients/npm/README.md'), 'utf8')
  writeFileSync(join(folder, 'README.md'), writeLinksAbsolute(readme, manifest, 'clients/npm'))
  for (const { default: module, types } of Object.values(exports))
    for (const path of [module, types.default, types.require]) copyWithImports(root, folder, path)
  cpSync(join(root, 'dist/commonjs/package.json'), join(folder, 'dist/commonjs/package.json'))
}

function copyWithImports(root: string, folder: string, path: string): void {
  if (existsSync(join(folder, path))) return
  cpSync(join(root, path), join(folder, path))
  const text = readFileSync(join(root, path), 'utf8')
  for (const [, source] of text.matchAll(/^(?:import|export) [^;]*?from ['"](\.[^'"]+)['"]/gm)) {
    const imported = join(dirname(path), source as string)
    copyWithImports(root, folder, path.endsWith('.d.ts') ? imported.replace(/\.js$/, '.d.ts') : imported)
  }
}

if (import.meta.main) {
  const root = resolve(import.meta.dirname, '..')
  makeClientPackage(root, join(root, 'clients/npm/dist'))
}
