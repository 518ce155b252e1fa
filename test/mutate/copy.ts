// Makes the copy of the repository that mutants are tried in, so that no fault ever stands in the source itself.
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Mutant, makeMutants } from './mutants.ts'
import { writeSchemata } from './schemata.ts'
import { targets } from './targets.ts'

export const repository = resolve(import.meta.dirname, '../..')

/** A mutant, where it stands, and its number in the copy. */
export interface NumberedMutant extends Mutant {
  id: number
  file: string
}

/** The copy of the repository with every mutant of every target in it, all of them off. */
export interface Copy {
  folder: string
  mutants: readonly NumberedMutant[]
}

/** Makes the copy in a folder of its own, which the caller deletes. */
export function makeCopy(): Copy {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-mutants-'))
  for (const name of ['src', 'test', 'docs', 'examples', 'console'])
    cpSync(join(repository, name), join(folder, name), { recursive: true })
  for (const name of readdirSync(repository))
    if (/\.(?:json|md|ts)$/.test(name)) cpSync(join(repository, name), join(folder, name))
  for (const name of ['node_modules', 'dist']) symlinkSync(join(repository, name), join(folder, name))
  const mutants: NumberedMutant[] = []
  for (const { file } of targets) {
    const source = readFileSync(join(folder, file), 'utf8')
    const ofFile = makeMutants(source)
    const first = mutants.length + 1
    writeFileSync(
      join(folder, file),
      writeSchemata(source, ofFile, first, join(folder, 'test/mutate/switch.ts')),
    )
    for (const [i, mutant] of ofFile.entries()) mutants.push({ ...mutant, id: first + i, file })
  }
  return { folder, mutants }
}

/** The digest of files of the repository, each by its path, and of all that is below a folder. */
export function digestFiles(...paths: string[]): string {
  const digest = createHash('sha256')
  for (const path of paths) {
    const below = path.endsWith('/')
      ? (readdirSync(join(repository, path), { recursive: true }) as string[])
          .filter((name) => name.endsWith('.ts'))
          .sort()
          .map((name) => path + name)
      : [path]
    for (const file of below) digest.update(`${file}\0${readFileSync(join(repository, file), 'utf8')}\0`)
  }
  return digest.digest('base64url').slice(0, 22)
}
