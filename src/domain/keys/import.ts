// Keys from another system: each is checked by itself, and the good ones are made, all in one transaction.
import type { z } from 'zod'
import type { Change } from '../../commit/commit.ts'
import { requireRoot, rootOrganizationId, unknownOrganization } from '../../core/access.ts'
import { callerIdOf, holdsDatabase } from '../../core/actor.ts'
import { maxCountedTokens, maxImport } from '../../core/bounds.ts'
import { type FieldError, LatchkeyError, refuseField } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import { maxRecipes, type Recipe } from '../../core/recipes.ts'
import {
  type ImportedKey,
  type ImportOutcome,
  importedKeySchema,
  type RecipeUse,
  readHash,
} from '../../core/shapes/imports.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { existingOrganizations } from '../../store/organizations.ts'
import {
  countOfRecipe,
  deleteUnused,
  insertRecipe,
  lockRecipes,
  readRecipes,
  type StoredRecipe,
} from '../../store/recipes.ts'
import { findSecretsOfKids } from '../../store/secrets.ts'
import { allDone } from '../../store/statements.ts'
import { isBusy, isRowRefused } from '../../store/store.ts'
import { digestByRecipe, kidOfForeign } from '../../verification/foreign.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { insertNewKeys, type NewKey, recordKey, requireAllowed, requireMayCreate } from './creation.ts'
import { Judge, openJudge } from './judge.ts'
import { requireTerm, writeKeys } from './rules.ts'

/** How whole tokens are kept that come as they are. */
const plain: Recipe = { scheme: 'sha256', part: 'token', pepper: null }

type Wanted = z.output<typeof importedKeySchema>

/** A key to make, and how its token is found. */
interface Item {
  wanted: Wanted
  recipe: Recipe
  digest: Uint8Array
  kid: string
}

/** What another key has of a token. */
interface Owner {
  id: string
  organizationId: string
}

/**
 * Makes the keys of a list that are good; what became of each comes in its order. Throws `invalid_input` for what is no list,
 * `root_organization_required`, `fresh_sign_in_required`, `store_unavailable`.
 */
export async function importKeys(
  engine: Engine,
  keys: readonly ImportedKey[],
  options: CommandOptions = {},
): Promise<ImportOutcome[]> {
  if (!Array.isArray(keys) || keys.length === 0 || keys.length > maxImport)
    refuseField('', `Must be a list of 1 to ${maxImport} keys.`)
  const actor = actorOf(options)
  requireRoot(actor, 'import keys')
  const name = holdsDatabase(actor) ? '' : callerIdOf(actor)
  const items = await engine.memory.slices.run(name, readItems(engine, keys))
  const outcomes = await commitAgain(() =>
    engine.commit(actor, { permission: writeKeys, signal: options.signal }, (change) =>
      new Import(engine, change).run(items),
    ),
  )
  // Somebody may have tried such a token a moment before.
  engine.memory.forgetAllAbsent()
  return outcomes
}

/** How often a list is tried that another import has met. */
const maxAttempts = 5

/** Makes a change again if another one has brought the same tokens meanwhile: it finds them then. */
async function commitAgain<T>(commit: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await commit()
    } catch (error) {
      if (attempt === maxAttempts || !(isRowRefused(error) || isBusy(error))) throw error
    }
  }
}

/** Checks each key by itself: an item to make, or what refuses it. */
function* readItems(engine: Engine, keys: readonly unknown[]): Generator<void, (Item | ImportOutcome)[]> {
  const items: (Item | ImportOutcome)[] = []
  for (const [i, key] of keys.entries()) {
    items.push(attempt(() => readItem(engine, key)))
    if (i % stepItems === stepItems - 1) yield
  }
  return items
}

/** After so many keys the list may give way: that is much shorter than a slice. */
const stepItems = 8

function readItem({ now, memory }: Engine, key: unknown): Item {
  const wanted = parseInput(importedKeySchema, key)
  requireTerm(wanted, now())
  const { peppers } = memory.foreign
  if (wanted.hash === undefined) {
    const digest = digestByRecipe(wanted.token as string, plain, peppers) as Uint8Array
    return { wanted, recipe: plain, digest, kid: kidOfForeign(plain, digest) }
  }
  const { scheme, encoding, value, of: part, pepper = null } = wanted.hash
  if (pepper !== null && !peppers.has(pepper))
    refuseField('hash.pepper', 'The settings have no pepper of this name: set it in LATCHKEY_PEPPERS.')
  const recipe = { scheme, part, pepper }
  const digest = readHash(scheme, encoding, value) as Uint8Array
  return { wanted, recipe, digest, kid: kidOfForeign(recipe, digest) }
}

/** Gives what work gives, or what it refuses. Another failure is one of the whole list. */
function attempt<T>(work: () => T): T | ImportOutcome {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof LatchkeyError) || error.status >= 500) throw error
    // It is the whole list that a fresh sign-in would let through.
    if (error.code === 'fresh_sign_in_required') throw error
    return refusalOf(error)
  }
}

function refusalOf({ code, message, errors, rule }: LatchkeyError): ImportOutcome {
  const faults: FieldError[] = errors ?? [{ path: '', message }]
  return { code, ...(rule && { rule }), errors: faults }
}

/** The transaction of an import. */
class Import {
  readonly #engine: Engine
  readonly #change: Change
  #judge = new Judge(new Map(), [])
  #recipes: StoredRecipe[] = []
  #owners = new Map<string, Owner>()

  constructor(engine: Engine, change: Change) {
    this.#engine = engine
    this.#change = change
  }

  async run(items: readonly (Item | ImportOutcome)[]): Promise<ImportOutcome[]> {
    const { tx, actor, now } = this.#change
    const good = items.filter((item) => 'kid' in item)
    // The actor is another one than before, by what the database has now.
    requireRoot(actor, 'import keys')
    if (good.length === 0) return items as ImportOutcome[]
    const organizationIds = [...new Set(good.map(({ wanted }) => wanted.organizationId))]
    this.#judge = await openJudge(tx, this.#engine.store.dialect, organizationIds)
    await this.#openRecipes(good)
    const kids = new Map(good.map((item) => [item, this.#kidsOf(item)]))
    const [organizations, owners] = await allDone([
      existingOrganizations(tx, organizationIds),
      findSecretsOfKids(tx, this.#engine.store.dialect, [...new Set([...kids.values()].flat())]),
    ])
    for (const { kid, key_id: id, organization_id: organizationId } of owners)
      this.#owners.set(kid, { id, organizationId })
    await this.#judge.count(tx, organizationIds, now)
    const made: NewKey[] = []
    const outcomes: ImportOutcome[] = []
    for (const item of items)
      outcomes.push('kid' in item ? await this.#make(item, kids.get(item) ?? [], organizations, made) : item)
    await allDone(insertNewKeys(tx, this.#engine.store.dialect, made))
    return outcomes
  }

  /** Reads the recipes, which stay as they are from here on unless this import adds one. */
  async #openRecipes(items: readonly Item[]): Promise<void> {
    const { tx } = this.#change
    const { dialect } = this.#engine.store
    const isMissing = () =>
      items.some(({ recipe }) => !this.#recipes.some((stored) => isSame(stored, recipe)))
    this.#recipes = await readRecipes(tx)
    await lockRecipes(tx, dialect, isMissing())
    this.#recipes = await readRecipes(tx)
    // One was dropped meanwhile.
    if (isMissing()) await lockRecipes(tx, dialect, true)
  }

  /** Under which kids the token may be stored: of a hash the one, of a token that of each recipe. */
  #kidsOf({ wanted, kid }: Item): string[] {
    const { token } = wanted
    if (token === undefined) return [kid]
    const { peppers } = this.#engine.memory.foreign
    const others = this.#recipes.flatMap((recipe) => {
      const digest = digestByRecipe(token, recipe, peppers)
      return digest === undefined ? [] : [kidOfForeign(recipe, digest)]
    })
    return [kid, ...others]
  }

  async #make(
    item: Item,
    kids: readonly string[],
    organizations: ReadonlySet<string>,
    made: NewKey[],
  ): Promise<ImportOutcome> {
    const { wanted, digest, kid } = item
    const known = kids.map((each) => this.#owners.get(each)).find((owner) => owner !== undefined)
    if (known !== undefined)
      return known.organizationId === wanted.organizationId
        ? { id: known.id, code: 'exists' }
        : { code: 'taken' }
    if (!organizations.has(wanted.organizationId)) return refusalOf(unknownOrganization())
    const refused = attempt(() => requireMayCreate(this.#change, wanted))
    if (refused !== undefined) return refused
    const unfit = attempt(() => requireAllowed(this.#judge, this.#change, wanted))
    if (unfit !== undefined) return unfit
    const recipe = await this.#recipeOf(item.recipe)
    if (recipe === undefined) {
      this.#judge.leavePlace(wanted.organizationId)
      return refusalOf(
        new LatchkeyError('invalid_input', '', {
          errors: [
            {
              path: 'hash',
              message: `A deployment has at most ${maxRecipes} ways in which tokens are hashed. Rotate the keys of one of them first.`,
            },
          ],
        }),
      )
    }
    const { scheme, part, pepper } = recipe
    const secret = { prefix: wanted.hint ?? '', kid, digest, recipe: recipe.id }
    const told = { imported: { scheme, of: part, pepper } }
    const key = recordKey(this.#engine, this.#change, wanted, { ...secret, told })
    made.push(key)
    this.#owners.set(kid, { id: key.key.id, organizationId: wanted.organizationId })
    return { id: key.key.id }
  }

  /** The stored recipe; undefined if there is no room for one more. Every process hears of a new one. */
  async #recipeOf(recipe: Recipe): Promise<StoredRecipe | undefined> {
    const { tx, now, announce } = this.#change
    const known = this.#recipes.find((stored) => isSame(stored, recipe))
    if (known !== undefined) return known
    if (this.#recipes.length >= maxRecipes && !(await this.#dropUnused())) return undefined
    const id = Math.max(0, ...this.#recipes.map((stored) => stored.id)) + 1
    const stored = { ...recipe, id }
    await insertRecipe(tx, stored, now)
    announce({ topic: 'recipe', id: String(id), organizationId: rootOrganizationId })
    this.#recipes.push(stored)
    return stored
  }

  /** Makes room by a recipe whose tokens were all rotated away. */
  async #dropUnused(): Promise<boolean> {
    for (const { id } of this.#recipes) {
      if (!(await deleteUnused(this.#change.tx, id))) continue
      this.#recipes = this.#recipes.filter((stored) => stored.id !== id)
      return true
    }
    return false
  }
}

function isSame(a: Recipe, b: Recipe): boolean {
  return a.scheme === b.scheme && a.part === b.part && a.pepper === b.pepper
}

/** In which ways imported tokens are found, and how many by each. Throws `root_organization_required`. */
export async function listRecipes(engine: Engine, options: CommandOptions = {}): Promise<RecipeUse[]> {
  const actor = actorOf(options)
  requireRoot(actor, 'list the ways in which imported tokens are found')
  const { peppers } = engine.memory.foreign
  const turn = turnOf(actor, options)
  const recipes = await engine.store.read(readRecipes, turn)
  const uses: RecipeUse[] = []
  for (const { id, scheme, part, pepper } of recipes) {
    const tokens = await engine.store.read((db) => countOfRecipe(db, id, maxCountedTokens), turn)
    uses.push({ scheme, of: part, pepper, isReady: pepper === null || peppers.has(pepper), tokens })
  }
  return uses
}
