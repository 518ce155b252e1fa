// The tokens of other systems: under which kids a token may be stored, by the recipes of the deployment.
import { createHmac, hash } from 'node:crypto'
import { LatchkeyError } from '../core/errors.ts'
import { partOf, type Recipe } from '../core/recipes.ts'
import { foreignKid } from '../core/token.ts'
import { readRecipes } from '../store/recipes.ts'
import type { Store } from '../store/store.ts'

/** What a token would be stored as under a recipe. */
export interface Candidate {
  kid: string
  digest: Uint8Array
}

/** What a token may be stored as. */
export interface Candidates {
  list: readonly Candidate[]
  /** A pepper that this process does not have: of a token under it nothing can be told. */
  missingPepper: string | undefined
}

/** The secrets of the settings by their names. */
export type Peppers = ReadonlyMap<string, Uint8Array>

/** The kid of a secret of a recipe. */
export function kidOfForeign({ scheme, part, pepper }: Recipe, digest: Uint8Array): string {
  const named = Buffer.from(`${JSON.stringify([scheme, part, pepper])}\n`)
  return foreignKid(hash('sha256', Buffer.concat([named, digest]), 'buffer'))
}

/** The hash of a token by a recipe; undefined if the token has no such part. The pepper must be there. */
export function digestByRecipe(token: string, recipe: Recipe, peppers: Peppers): Uint8Array | undefined {
  const part = partOf(token, recipe.part)
  if (part === undefined) return undefined
  if (recipe.scheme !== 'hmac-sha256') return hash(recipe.scheme, part, 'buffer')
  const pepper = peppers.get(recipe.pepper as string)
  return pepper && createHmac('sha256', pepper).update(part).digest()
}

/**
 * The recipes that this process knows. They are read when it opens and when it hears that they changed, or may have: a change
 * of them is announced like any other. While it has none, what is no token of ours costs no read.
 */
export class ForeignTokens {
  readonly peppers: Peppers
  readonly #read: () => Promise<Recipe[]>
  #recipes: readonly Recipe[] = []
  /** It heard of a change that it has not read yet. */
  #isOutdated = false
  #reading: Promise<void> | undefined

  constructor(read: () => Promise<Recipe[]>, peppers: Peppers) {
    this.#read = read
    this.peppers = peppers
  }

  /** Whether there may be tokens of other systems. */
  get mayExist(): boolean {
    return this.#recipes.length > 0 || this.#isOutdated
  }

  /** Hears that the recipes changed: nothing is judged by those of before. */
  noteChange(): void {
    this.#isOutdated = true
    this.reread()
  }

  /** Reads the recipes by a read that begins now. While it fails, what was known before holds. */
  reread(): void {
    this.#reading = undefined
    this.refresh().catch(() => {})
  }

  /** Reads the recipes, or waits for who reads them already. Throws `store_unavailable`. */
  refresh(): Promise<void> {
    this.#reading ??= this.#readOnce()
    return this.#reading
  }

  #readOnce(): Promise<void> {
    const reading = this.#read().then(
      (recipes) => {
        // One that began before a change may have missed it.
        if (this.#reading !== reading) return
        this.#recipes = recipes
        this.#isOutdated = false
        this.#reading = undefined
      },
      (error) => {
        if (this.#reading === reading) this.#reading = undefined
        throw error
      },
    )
    return reading
  }

  /** What a token may be stored as; undefined while the recipes must be read. */
  candidatesNow(token: string): Candidates | undefined {
    if (this.#isOutdated) return undefined
    const list: Candidate[] = []
    let missingPepper: string | undefined
    for (const recipe of this.#recipes) {
      if (recipe.pepper !== null && !this.peppers.has(recipe.pepper)) missingPepper = recipe.pepper
      else {
        const digest = digestByRecipe(token, recipe, this.peppers)
        if (digest !== undefined) list.push({ kid: kidOfForeign(recipe, digest), digest })
      }
    }
    return { list, missingPepper }
  }

  /** The same once the recipes are read. Throws `store_unavailable`. */
  async candidates(token: string): Promise<Candidates> {
    while (this.#isOutdated) await this.refresh()
    return this.candidatesNow(token) as Candidates
  }
}

/** What a process knows that has opened a store. If that cannot be read now, it is read before such a token is judged. */
export async function foreignTokensOf(
  store: Pick<Store, 'execute' | 'read'>,
  peppers: Peppers,
): Promise<ForeignTokens> {
  let read = () => store.execute(readRecipes)
  const foreign = new ForeignTokens(() => read(), peppers)
  await foreign.refresh().catch(() => foreign.noteChange())
  read = () => store.read(readRecipes)
  return foreign
}

/** What a deployment knows that has imported nothing. */
export function noForeignTokens(): ForeignTokens {
  return new ForeignTokens(async () => [], new Map())
}

/** Of a token that no other recipe finds nothing can be told without a pepper. */
export function pepperMissing(name: string): LatchkeyError {
  return new LatchkeyError(
    'keyring_missing',
    `Imported tokens need the pepper ${name}. Set it in LATCHKEY_PEPPERS, the same for every process.`,
  )
}
