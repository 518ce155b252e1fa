// What an editor shows of the published types: each public name, and each field of a type, has its description.
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { repository } from './setup/documents-run.ts'

interface Sym {
  name: string
  flags: number
  declarations?: { getSourceFile(): { fileName: string } }[]
  getDocumentationComment(checker: Checker): { text: string }[]
}
interface Type {
  flags: number
  types?: Type[]
  isUnion(): boolean
}
interface Checker {
  getSymbolAtLocation(node: object | undefined): Sym | undefined
  getExportsOfModule(module: Sym): Sym[]
  getAliasedSymbol(alias: Sym): Sym
  getDeclaredTypeOfSymbol(symbol: Sym): Type
  getPropertiesOfType(type: Type): Sym[]
}
interface Compiler {
  SymbolFlags: Record<'Alias' | 'Interface' | 'TypeAlias' | 'Class', number>
  TypeFlags: Record<'Object', number>
  ModuleKind: Record<'NodeNext', number>
  ModuleResolutionKind: Record<'NodeNext', number>
  createProgram(
    files: string[],
    options: object,
  ): { getTypeChecker(): Checker; getSourceFile(name: string): object | undefined }
}

/** The compiler that tools for packages still use: that of this repository has no such interface yet. */
const ts: Compiler = createRequire(createRequire(import.meta.url).resolve('@arethetypeswrong/core'))(
  'typescript',
)

const entries = [
  'index',
  'client/index',
  'middleware/hono',
  'middleware/express',
  'middleware/fastify',
  'middleware/fetch',
]

/** Each public name, and each field of a public type: whether it has a description. */
function describedIn(dist: string): Map<string, boolean> {
  const files = entries.map((entry) => join(dist, `${entry}.d.ts`))
  const program = ts.createProgram(files, {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    skipLibCheck: true,
    types: ['node'],
    typeRoots: [join(repository, 'node_modules/@types')],
  })
  const checker = program.getTypeChecker()
  const isDescribed = (symbol: Sym) => symbol.getDocumentationComment(checker).length > 0
  const found = new Map<string, boolean>()
  for (const [i, file] of files.entries()) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file))
    for (const exported of module ? checker.getExportsOfModule(module) : []) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported
      const name = `${entries[i]}: ${exported.name}`
      found.set(name, isDescribed(symbol))
      const { Interface, TypeAlias, Class } = ts.SymbolFlags
      if (!(symbol.flags & (Interface | TypeAlias | Class))) continue
      const type = checker.getDeclaredTypeOfSymbol(symbol)
      for (const part of type.isUnion() ? (type.types ?? []) : [type]) {
        if (!(part.flags & ts.TypeFlags.Object)) continue
        for (const field of checker.getPropertiesOfType(part)) {
          // What the language and Node.js give it is theirs to describe.
          if (!field.declarations?.[0]?.getSourceFile().fileName.startsWith(dist)) continue
          const path = `${name}.${field.name}`
          found.set(path, (found.get(path) ?? true) && isDescribed(field))
        }
      }
    }
  }
  return found
}

test('every public name and every field of a public type has a description in an editor', () => {
  const described = describedIn(join(inject('builds').installed, 'dist'))
  for (const known of [
    'index: Key.expiresAt',
    'index: CreateKeyInput.name',
    'index: Verdict.code',
    'client/index: ClientOptions.url',
  ])
    expect(described.has(known), known).toBe(true)
  expect([...described].filter(([, is]) => !is).map(([path]) => path)).toEqual([])
})
