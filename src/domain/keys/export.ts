// The way out: by what each token is found, page by page, for who holds the database.
import { z } from 'zod'
import { holdsDatabase } from '../../core/actor.ts'
import { maxPageItems } from '../../core/bounds.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { parseInput } from '../../core/input.ts'
import type { ExportedSecret, ExportSecretsInput } from '../../core/shapes/imports.ts'
import { kidPattern, tokenHint } from '../../core/token.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { readRecipes } from '../../store/recipes.ts'
import { readUnended } from '../../store/secrets.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'

const exportSecretsSchema = z.strictObject({
  after: z
    .string({ error: 'Must be a kid, which is a string.' })
    .regex(kidPattern, 'Must be the kid of the last secret.')
    .optional(),
})

/** Gives a page of secrets with their hashes. Throws `invalid_input`, and `permission_escalation` for a caller. */
export async function exportSecrets(
  engine: Engine,
  input: ExportSecretsInput = {},
  options: CommandOptions = {},
): Promise<ExportedSecret[]> {
  const { after = '' } = parseInput(exportSecretsSchema, input)
  const actor = actorOf(options)
  if (!holdsDatabase(actor))
    throw new LatchkeyError('permission_escalation', 'Only who holds the database may export hashes.')
  const turn = turnOf(actor, options)
  const recipes = new Map((await engine.store.read(readRecipes, turn)).map((recipe) => [recipe.id, recipe]))
  const rows = await engine.store.read((db) => readUnended(db, after, maxPageItems), turn)
  return rows.map((row) => {
    const { scheme, part, pepper } = recipes.get(row.recipe ?? 0) ?? ours
    return {
      keyId: row.key_id,
      kid: row.kid,
      hint: tokenHint(row.prefix, row.kid),
      scheme,
      of: part,
      pepper,
      digest: Buffer.from(row.digest).toString('hex'),
      createdAt: new Date(row.created_at),
      expiresAt: row.grace_ends_at === null ? null : new Date(row.grace_ends_at),
    }
  })
}

/** How a token of Latchkey is kept. */
const ours = { scheme: 'sha256', part: 'token', pepper: null } as const
