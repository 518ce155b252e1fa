// Leaves of the types that the compiler wrote what the package's entry points reach: a class tells of each module that it was
// built with, and none of those is public.
import { globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { parseSync } from 'vite'

/** A statement at the top of a module, with what is written about it. */
interface Statement {
  text: string
  /** The names that it declares here; none if it adds to what is global. */
  declares: string[]
  /** The names that it may speak of; more than it does, if a field has the name of a type. */
  names: Set<string>
  /** The other modules whose names it takes by `import('…').name`. */
  inline: { path: string; name: string }[]
  isKept: boolean
}
interface Binding {
  local: string
  imported: string
  path: string
  isType: boolean
}
interface Module {
  statements: Statement[]
  imports: Binding[]
  /** What it exports of others. */
  passes: Binding[]
  usedImports: Set<string>
  usedPasses: Set<string>
}
interface Node {
  type: string
  start: number
  end: number
  [field: string]: unknown
}

/** Removes from a folder such as `dist` each type that none of its entry points (paths of `.d.ts` in it) reaches. */
export function keepPublicTypes(folder: string, entries: readonly string[]): void {
  const modules = new Map<string, Module>()
  const moduleAt = (path: string): Module => {
    const known = modules.get(path)
    if (known) return known
    const made = readModule(path, readFileSync(join(folder, path), 'utf8'))
    modules.set(path, made)
    return made
  }
  /** Keeps what a module exports by a name, or declares for itself. */
  const keep = (path: string, name: string): void => {
    if (!path.endsWith('.d.ts')) return
    const module = moduleAt(path)
    for (const statement of module.statements)
      if (statement.declares.length === 0) keepStatement(path, statement)
    const passed = module.passes.find(({ local }) => local === name)
    if (passed && !module.usedPasses.has(name)) {
      module.usedPasses.add(name)
      if (passed.path === path) keepName(path, passed.imported)
      else keep(passed.path, passed.imported)
    }
    for (const statement of module.statements)
      if (statement.declares.includes(name)) keepStatement(path, statement)
  }
  /** Keeps what a module means by a name: something of another module, or of its own. */
  const keepName = (path: string, name: string): void => {
    const module = moduleAt(path)
    const imported = module.imports.find(({ local }) => local === name)
    if (imported) {
      module.usedImports.add(name)
      keep(imported.path, imported.imported)
    } else keep(path, name)
  }
  const keepStatement = (path: string, statement: Statement): void => {
    if (statement.isKept) return
    statement.isKept = true
    for (const inline of statement.inline) keep(inline.path, inline.name)
    for (const name of statement.names) keepName(path, name)
  }
  for (const entry of entries) {
    const { passes, statements } = moduleAt(entry)
    for (const { local } of passes) keep(entry, local)
    for (const { declares, text } of statements)
      if (/^(?:\/\*[\s\S]*?\*\/|\/\/.*|\s)*export /.test(text)) for (const name of declares) keep(entry, name)
  }
  for (const path of globSync('**/*.d.ts', { cwd: folder, exclude: ['console/**'] })) {
    const module = modules.get(path)
    const text = module ? print(path, module) : ''
    if (text === '') rmSync(join(folder, path))
    else writeFileSync(join(folder, path), text)
  }
}

function readModule(path: string, text: string): Module {
  const { program, errors } = parseSync(path, text, { lang: 'dts' })
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]?.message}`)
  const module: Module = {
    statements: [],
    imports: [],
    passes: [],
    usedImports: new Set(),
    usedPasses: new Set(),
  }
  let end = 0
  for (const node of program.body as unknown as Node[]) {
    const source = (node.source as { value: string } | null)?.value
    const specifiers = (node.specifiers ?? []) as Node[]
    if (specifiers.length > 0) {
      const bindings = node.type === 'ImportDeclaration' ? module.imports : module.passes
      for (const specifier of specifiers) {
        const named = (field: string) => (specifier[field] as { name: string } | undefined)?.name ?? ''
        const [local, imported] =
          node.type === 'ImportDeclaration'
            ? [named('local'), named('imported')]
            : [named('exported'), named('local')]
        bindings.push({
          local,
          imported,
          path: source === undefined ? path : resolveModule(path, source),
          isType: [node, specifier].some(({ exportKind }) => exportKind === 'type'),
        })
      }
    } else if (node.type === 'ExportNamedDeclaration' && !node.declaration && specifiers.length === 0) {
      // `export {}`, which marks a module.
    } else if (node.type === 'ImportDeclaration') {
      // For what the module does, not for its types.
    } else if (node.type.startsWith('ExportAll')) {
      throw new Error(`${path}: “${text.slice(node.start, node.end)}” is a form that is not read here.`)
    } else {
      const names = new Set<string>()
      const inline: Statement['inline'] = []
      collect(node, (found) => {
        if (found.type === 'Identifier') names.add(found.name as string)
        if (found.type === 'TSImportType') {
          const from = (found.source ?? (found.argument as Node).literal) as { value: string }
          inline.push({
            path: resolveModule(path, from.value),
            name: (found.qualifier as { name: string }).name,
          })
        }
      })
      const declared = (node.declaration ?? node) as Node
      const ids = (declared.declarations as Node[] | undefined) ?? [declared]
      const declares =
        node.type.endsWith('GlobalDeclaration') || node.kind === 'global'
          ? []
          : ids.map(({ id }) => (id as { name: string }).name)
      module.statements.push({
        text: text.slice(end, node.end).trim(),
        declares,
        names,
        inline,
        isKept: false,
      })
    }
    end = node.end
  }
  return module
}

function collect(node: unknown, visit: (node: Node) => void): void {
  if (Array.isArray(node)) for (const item of node) collect(item, visit)
  else if (typeof node === 'object' && node !== null) {
    if ('type' in node) visit(node as Node)
    for (const value of Object.values(node)) collect(value, visit)
  }
}

/** Paths of the folder stay such; names of packages are left as they are. */
function resolveModule(from: string, source: string): string {
  return source.startsWith('.') ? join(dirname(from), source.replace(/\.[jt]s$/, '.d.ts')) : source
}

function print(path: string, module: Module): string {
  const kept = module.statements.filter(({ isKept }) => isKept).map(({ text }) => withoutSources(text))
  const from = (bindings: Binding[], keyword: string) =>
    [...Map.groupBy(bindings, (binding) => binding.path)].map(([target, ofTarget]) => {
      const names = ofTarget.map(({ imported, local, isType }) => {
        const name = imported === local ? local : `${imported} as ${local}`
        return isType ? `type ${name}` : name
      })
      const list = `${keyword} { ${names.join(', ')} }`
      return target === path ? `${list};` : `${list} from '${sourceOf(path, target)}';`
    })
  const imports = from(
    module.imports.filter(({ local }) => module.usedImports.has(local)),
    'import type',
  )
  const passes = from(
    module.passes.filter(({ local }) => module.usedPasses.has(local)),
    'export',
  )
  const parts = [...imports, ...passes, ...kept]
  return parts.length === 0 ? '' : `${parts.join('\n')}\n`
}

function withoutSources(text: string): string {
  return text.replaceAll(/(import\(["']\.[^"']*)\.ts(["']\))/g, '$1.js$2')
}

function sourceOf(from: string, target: string): string {
  if (target === 'zod') return sourceOf(from, 'schema-types.d.ts')
  if (!target.endsWith('.d.ts')) return target
  const path = relative(dirname(from), target).replace(/\.d\.ts$/, '.js')
  return path.startsWith('.') ? path : `./${path}`
}
