// Random bytes of the operating system, drawn in bulk: a system call a draw would be a tenth of creating a key.
import { getRandomValues } from 'node:crypto'
import type { RandomSource } from '../core/token.ts'

const pool = new Uint8Array(8_192)
let used = pool.length

/** Fills an array of at most 8 KiB. What was handed out is wiped from the pool. */
export const systemRandom: RandomSource = (bytes) => {
  if (bytes.length > pool.length - used) {
    getRandomValues(pool)
    used = 0
  }
  bytes.set(pool.subarray(used, used + bytes.length))
  pool.fill(0, used, used + bytes.length)
  used += bytes.length
  return bytes
}
