// Databases with many keys, filled past Latchkey but with the rows that it would have written, and their tokens,
// which follow from their numbers: whoever wants one makes it again.
import { execFile } from 'node:child_process'
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32 } from 'node:zlib'
import pg from 'pg'
import type { LimitGiven } from '../src/core/stored-limits.ts'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The permission that every key has and every verification asks for. */
export const wanted = ['emails:send']
/** The first root key of every database. */
export const rootToken = tokenOf('root')

/** The token of the key with a number: of the form that Latchkey makes, its characters from a digest. */
export function tokenOf(number: number | string): string {
  const bytes = hash('sha512', `latchkey bench ${number}`, 'buffer')
  let body = ''
  // The secret's first digit is a 0, as it may be, so that what follows cannot stand for more than 256 bits.
  for (let i = 0; i < 59; i++) body += i === 16 ? '0' : alphabet[(bytes[i] as number) % 62]
  const unchecked = `re_${body}`
  let check = ''
  for (let rest = crc32(unchecked); check.length < 6; rest = Math.floor(rest / 62))
    check = alphabet[rest % 62] + check
  return unchecked + check
}

/** The id of the key with a number. */
export function idOf(number: number): string {
  return `019c1154-0000-7000-8000-${number.toString(16).padStart(12, '0')}`
}

export function kidOf(token: string): string {
  return token.slice(3, 19)
}

/**
 * Makes the database with its schema, a root key and so many keys, each with the same limits; returns how many were added
 * a second. In a process of its own, whose garbage and compiled code nobody inherits.
 */
export async function fillDatabase(
  url: string,
  count: number,
  limits: readonly LimitGiven[] = [],
): Promise<number> {
  const script = join(import.meta.dirname, 'fill.ts')
  const args = [script, url, String(count), JSON.stringify(limits)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return Number(stdout)
}

/** Makes an empty database on a PostgreSQL; returns its url. */
export async function createDatabase(postgresUrl: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: postgresUrl })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  const url = new URL(postgresUrl)
  url.pathname = `/${name}`
  return url.href
}

/** From where, with what and for what the key with a number is used. */
export function placeOf(number: number): { ip: string; userAgent: string; operation: string } {
  const [high, middle, low] = [(number >> 16) & 255, (number >> 8) & 255, number & 255]
  return { ip: `10.${high}.${middle}.${low}`, userAgent: 'curl/8.5.0', operation: 'POST /v1/emails' }
}

/** Numbers from 0 on in random order, the same at every run. */
export function shuffledNumbers(count: number, seed = 1): Uint32Array {
  const numbers = Uint32Array.from({ length: count }, (_, i) => i)
  let state = seed
  for (let i = count - 1; i > 0; i--) {
    // Numerical Recipes' generator; its high bits are random enough to shuffle with.
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    const j = Math.floor((state / 2 ** 32) * (i + 1))
    ;[numbers[i], numbers[j]] = [numbers[j] as number, numbers[i] as number]
  }
  return numbers
}

/** The tokens of the first so many keys, each a text of its own, in random order. */
export function inRandomOrder(count: number): string[] {
  return Array.from(shuffledNumbers(count), tokenOf)
}
