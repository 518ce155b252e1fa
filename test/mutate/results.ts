// Remembers what became of each mutant, so that a later run goes on where one ended.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { digestFiles, type NumberedMutant, repository } from './copy.ts'
import type { Notice } from './trial.ts'

/** Noticed, by a test file as it stood then; or not, by all tests as they stood then. */
type Result = (Notice & { tests: string }) | { test: null; tests: string }

const path = join(repository, '.test-output/mutants.json')

export class Results {
  readonly #known: Record<string, Result> = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {}
  readonly #digests = new Map<string, string>()

  /** `files` are all that outcomes depend on, as they stand now: they may be edited while mutants are tried. */
  constructor(files: readonly string[]) {
    for (const file of [...files, 'test/']) this.#digest(file)
  }

  /** Who noticed a mutant, null if nobody did; undefined if it must be tried, again or for the first time. */
  find(mutant: NumberedMutant): Notice | null | undefined {
    const known = this.#known[this.#keyOf(mutant)]
    if (known === undefined) return undefined
    if (known.test === null) return known.tests === this.#digest('test/') ? null : undefined
    return known.tests === this.#digest(known.test) ? known : undefined
  }

  save(mutant: NumberedMutant, notice: Notice | undefined): void {
    this.#known[this.#keyOf(mutant)] = notice
      ? { ...notice, tests: this.#digest(notice.test) }
      : { test: null, tests: this.#digest('test/') }
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, JSON.stringify(this.#known))
  }

  #keyOf({ file, start, end, becomes }: NumberedMutant): string {
    const identity = JSON.stringify([this.#digest(file), start, end, becomes])
    return createHash('sha256').update(identity).digest('base64url').slice(0, 22)
  }

  #digest(file: string): string {
    let digest = this.#digests.get(file)
    // A test that was deleted since proves nothing.
    digest ??= existsSync(join(repository, file)) ? digestFiles(file) : 'deleted'
    this.#digests.set(file, digest)
    return digest
  }
}
