// Which of the tokens that somebody shows are of this deployment.
import { findSecretsOfKids } from '../../store/secrets.ts'
import { parsePresented } from '../../verdict/presented.ts'
import { digestToken, sameDigest } from '../../verification/digest.ts'
import type { Candidate } from '../../verification/foreign.ts'
import type { Memory } from '../../verification/read-through.ts'
import type { Engine } from '../engine.ts'

/** So many are looked for in a read. */
const tokensAtOnce = 500
const nothing = new Uint8Array()

/** As what a token would be stored: as nothing if it has no possible form. Throws `store_unavailable`. */
export async function candidatesOf(memory: Memory, token: string): Promise<readonly Candidate[]> {
  const parsed = parsePresented(memory, token)
  if (parsed === undefined) return []
  if (parsed.kid !== undefined) return [{ kid: parsed.kid, digest: digestToken(parsed.token) }]
  return (await memory.candidatesOf(parsed)).list
}

/** Tells of tokens, in their order, which are stored, whether they open anything or not. Throws `store_unavailable`. */
export async function areOwn(
  { store, memory }: Pick<Engine, 'store' | 'memory'>,
  tokens: readonly string[],
): Promise<boolean[]> {
  const own: boolean[] = []
  for (let i = 0; i < tokens.length; i += tokensAtOnce) {
    const candidates: (readonly Candidate[])[] = []
    for (const token of tokens.slice(i, i + tokensAtOnce)) candidates.push(await candidatesOf(memory, token))
    const kids = [...new Set(candidates.flat().map(({ kid }) => kid))]
    const secrets = await store.read((db) => findSecretsOfKids(db, store.dialect, kids))
    const digests = new Map(secrets.map(({ kid, digest }) => [kid, digest]))
    const isStored = ({ kid, digest }: Candidate) => sameDigest(digests.get(kid) ?? nothing, digest)
    for (const list of candidates) own.push(list.some(isStored))
  }
  return own
}
