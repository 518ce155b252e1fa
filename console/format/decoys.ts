// Decoys in the words of people: whether anybody has tried one. Pure.
import type { WireKey } from '../api.ts'
import { countOf } from './limits.ts'

/** `Decoy, tried twice`: what a list says of one. */
export function decoyInShort({ tries }: NonNullable<WireKey['decoy']>): string {
  return tries === 0 ? 'Decoy, not tried' : `Decoy, tried ${timesOf(tries)}`
}

/** `once`, `twice`, `3 times`. */
export function timesOf(count: number): string {
  if (count === 1) return 'once'
  return count === 2 ? 'twice' : `${countOf(count)} times`
}
