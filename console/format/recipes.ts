// How imported tokens are hashed, and how many there are, in the words of people. Pure.
import { maxCountedTokens } from '../../src/core/bounds.ts'
import type { WireRecipeUse } from '../api.ts'
import { countOf } from './limits.ts'

const schemes: Record<WireRecipeUse['scheme'], string> = {
  sha256: 'SHA-256',
  sha512: 'SHA-512',
  'hmac-sha256': 'HMAC-SHA-256',
}

/** `SHA-256 of the part after |`. */
export function recipeWords({ scheme, of }: Pick<WireRecipeUse, 'scheme' | 'of'>): string {
  const part = of === 'token' ? 'the token' : `the part after ${of.slice('after:'.length)}`
  return `${schemes[scheme]} of ${part}`
}

/** `12`, `More than 10,000`: as far as they are counted. */
export function tokensCounted(tokens: number): string {
  return tokens < maxCountedTokens ? countOf(tokens) : `More than ${countOf(maxCountedTokens - 1)}`
}
