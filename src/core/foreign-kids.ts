// Under which kids a token of another system may be stored: reckoned where somebody has it in hand, so that it is never sent.
import { partOf } from './recipes.ts'
import type { RecipeUse } from './shapes/imports.ts'
import { foreignKid } from './token.ts'

type Recipe = Pick<RecipeUse, 'scheme' | 'of' | 'pepper'>

/** What most systems do, for who may not read what the deployment knows. */
export const usualRecipes: readonly Recipe[] = [
  { scheme: 'sha256', of: 'token', pepper: null },
  { scheme: 'sha512', of: 'token', pepper: null },
  { scheme: 'sha256', of: 'after:|', pepper: null },
]

const hashes = { sha256: 'SHA-256', sha512: 'SHA-512' } as const

/** Whether they can be reckoned: browsers let no page hash that came over plain HTTP. */
export function mayReckonKids(): boolean {
  return crypto.subtle !== undefined
}

/** The kids that a token has by the recipes whose hashes take no pepper: those are known to servers alone. */
export async function kidsOfForeign(token: string, recipes: readonly Recipe[]): Promise<string[]> {
  const kids = recipes.map(async ({ scheme, of, pepper }) => {
    const part = partOf(token, of)
    if (scheme === 'hmac-sha256' || part === undefined) return []
    const digest = await crypto.subtle.digest(hashes[scheme], new TextEncoder().encode(part))
    const named = new TextEncoder().encode(`${JSON.stringify([scheme, of, pepper])}\n`)
    const whole = new Uint8Array(named.length + digest.byteLength)
    whole.set(named)
    whole.set(new Uint8Array(digest), named.length)
    return [foreignKid(new Uint8Array(await crypto.subtle.digest('SHA-256', whole)))]
  })
  return (await Promise.all(kids)).flat()
}
