// Not one byte of a secret lies in the database: a thousand keys live their lives, and all that the database wrote
// is searched for any part of their tokens.
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { RandomSource } from '../src/core/token.ts'
import { type Latchkey, openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { onEachDatabase } from './setup/databases.ts'
import { connectDirectly } from './setup/direct.ts'

const canaries = 1000
// As many changes at once as a pool has connections: more of them wait, and on a busy machine too long.
const batchSize = 10
const secretStart = 're_'.length + 16
const secretLength = 43

onEachDatabase('canaries', (makeDatabase) => {
  test('of a thousand keys, no eight characters and no eight bytes of any secret are written', async () => {
    const database = await makeDatabase()
    const drawn: Buffer[] = []
    const random: RandomSource = (bytes) => {
      crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>)
      if (bytes.length === 32) drawn.push(Buffer.from(bytes))
      return bytes
    }
    const latchkey = await openLatchkey({ database, random })
    const tokens = await live(latchkey)
    expect(new Set(tokens).size).toBe(2 * canaries)
    expect(drawn).toHaveLength(2 * canaries)
    const open = await readDatabase(database)
    // Closing writes the last uses, and on SQLite moves the log into the file.
    await latchkey.close()
    const written = open + (await readDatabase(database))

    // What may be there is found: the search looks where the tokens would be.
    for (const token of tokens.slice(-20)) expect(written).toContain(token.slice(3, secretStart))
    const digits = windows(
      tokens.map((token) => token.slice(secretStart, secretStart + secretLength)),
      8,
    )
    expect(findAny(digits, `${written}${tokens[7]?.slice(30, 38)}`)).toBeDefined()
    expect(findAny(digits, written)).toBeUndefined()
    for (const [encoding, width] of [
      ['latin1', 8],
      ['hex', 16],
      ['base64', 12],
    ] as const) {
      const texts = drawn.map((bytes) => bytes.toString(encoding))
      const parts = windows(texts, width)
      expect(findAny(parts, `${texts[7]?.slice(4, 4 + width)}${written}`), encoding).toBeDefined()
      expect(findAny(parts, written), encoding).toBeUndefined()
    }
  })
})

/** Has a thousand keys created, verified, changed and rotated; returns every token that there was. */
async function live(latchkey: Latchkey): Promise<string[]> {
  await createAcme(latchkey)
  const tokens: string[] = []
  for (let start = 0; start < canaries; start += batchSize) {
    await Promise.all(
      Array.from({ length: batchSize }, async (_, i) => {
        const name = `canary ${start + i}`
        const created = await latchkey.keys.create({ organizationId: 'acme', name, permissions: ['a'] })
        await latchkey.verify(created.key, { permissions: ['b'] })
        const rotated = await latchkey.keys.rotate(created.id, { graceSeconds: i % 2 === 0 ? 60 : 0 })
        await latchkey.verifyBatch([{ key: created.key }, { key: rotated.key }])
        if (i % 5 === 0) await latchkey.keys.revoke(created.id)
        tokens.push(created.key, rotated.key)
      }),
    )
  }
  return tokens
}

/** Reads all that a database holds: the bytes of SQLite's files, the text of every row of PostgreSQL's tables. */
async function readDatabase(url: string): Promise<string> {
  if (url.startsWith('sqlite:')) {
    const path = url.slice('sqlite:'.length)
    const files = [path, `${path}-wal`, `${path}-shm`].filter((file) => existsSync(file))
    return files.map((file) => readFileSync(file, 'latin1')).join('\n')
  }
  await using direct = await connectDirectly(url)
  const tables = await direct.run(`select tablename from pg_tables where schemaname = 'latchkey'`)
  const texts: string[] = []
  for (const { tablename } of tables) {
    const rows = await direct.run(`select t::text as row from ${tablename} t`)
    texts.push(...rows.map(({ row }) => row as string))
  }
  return texts.join('\n')
}

function windows(texts: string[], width: number): Set<string> {
  const all = new Set<string>()
  for (const text of texts) {
    for (let at = 0; at + width <= text.length; at++) all.add(text.slice(at, at + width))
  }
  return all
}

/** The first of the texts, which are all of one length, that stands anywhere in the whole. */
function findAny(texts: Set<string>, whole: string): string | undefined {
  const length = [...texts][0]?.length ?? 0
  // A sum over the last `length` characters tells at nearly every place that none of them ends there.
  const isSum = new Uint8Array(2 ** 24)
  for (const text of texts) isSum[placeOf(sumOf(text, length))] = 1
  const leaving = [...Array(length)].reduce((power: number) => Math.imul(power, base), 1)
  let sum = sumOf(whole, length)
  for (let end = length; end <= whole.length; end++) {
    if (isSum[placeOf(sum)] === 1) {
      const text = whole.slice(end - length, end)
      if (texts.has(text)) return text
    }
    sum =
      (Math.imul(sum, base) + whole.charCodeAt(end) - Math.imul(leaving, whole.charCodeAt(end - length))) | 0
  }
  return undefined
}

const base = 0x01000193

function sumOf(text: string, length: number): number {
  let sum = 0
  for (let at = 0; at < length; at++) sum = (Math.imul(sum, base) + text.charCodeAt(at)) | 0
  return sum
}

function placeOf(sum: number): number {
  return Math.imul(sum, 0x9e3779b1) >>> 8
}
