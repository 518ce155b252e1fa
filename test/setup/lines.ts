// A database with keys in lines, and two processes' worth of memory of it, which must say the same.
import { expect } from 'vitest'
import { type CreatedKey, type CreateKeyInput, openLatchkey, type VerifyOptions } from '../../src/index.ts'
import { createAcme } from './acme.ts'
import { makeClock } from './clock.ts'

export const ofAcme = { organizationId: 'acme', name: 'K', permissions: ['emails:*', 'latchkey:self:derive'] }

export async function openLines(database: string) {
  const clock = makeClock()
  const latchkey = await openLatchkey({ database, now: clock.now })
  // Reads each secret from the database.
  const cold = await openLatchkey({ database, now: clock.now, cachedSecrets: 0 })
  await createAcme(latchkey)
  const create = (input: Partial<CreateKeyInput> = {}) => latchkey.keys.create({ ...ofAcme, ...input })
  /** A line of so many keys, the one first that is no child. */
  const createLine = async (length: number, ...inputs: Partial<CreateKeyInput>[]) => {
    const line: CreatedKey[] = []
    for (let i = 0; i < length; i++)
      line.push(await create({ ...inputs[i], ...(i > 0 && { parentId: line[i - 1]?.id as string }) }))
    return line as [CreatedKey, CreatedKey, CreatedKey, CreatedKey]
  }
  const judge = async (token: string, question: VerifyOptions = {}) => {
    const verdict = await latchkey.verify(token, question)
    expect(await cold.verify(token, question)).toEqual(verdict)
    expect(await latchkey.verify(token, question)).toEqual(verdict)
    return verdict
  }
  const close = async () => {
    await latchkey.close()
    await cold.close()
  }
  return { database, clock, latchkey, create, createLine, judge, [Symbol.asyncDispose]: close }
}
