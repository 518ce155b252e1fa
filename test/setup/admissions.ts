// What processes wrote down of the calls that they let in: when each began and ended, by the one monotonic clock of a machine.
import { readFileSync } from 'node:fs'

/** A call that was let in. It drew at some instant between these two, in nanoseconds. */
export interface Admission {
  key: number
  begunAt: bigint
  endedAt: bigint
}

const length = 24

/** An admission as a file has it: as one write, so that it is there whole or not at all, whoever is killed. */
export function writeAdmission({ key, begunAt, endedAt }: Admission): Buffer {
  const bytes = Buffer.alloc(length)
  bytes.writeBigInt64LE(BigInt(key), 0)
  bytes.writeBigInt64LE(begunAt, 8)
  bytes.writeBigInt64LE(endedAt, 16)
  return bytes
}

/** Reads the admissions of a key from files. */
export function readAdmissions(paths: readonly string[], key: number): Admission[] {
  return paths.flatMap((path) => {
    const bytes = readFileSync(path)
    const all: Admission[] = []
    for (let at = 0; at + length <= bytes.length; at += length) {
      const [index, begunAt, endedAt] = [0, 8, 16].map((offset) => bytes.readBigInt64LE(at + offset))
      if (index === BigInt(key)) all.push({ key, begunAt: begunAt as bigint, endedAt: endedAt as bigint })
    }
    return all
  })
}

/**
 * By how many units the calls of any span exceed what a bucket admits in it; at most 0 if nobody overdrew. Only calls that
 * surely drew in a span count for it.
 */
export function excessOf(
  admissions: readonly Admission[],
  { limit, windowMs, burst }: { limit: number; windowMs: number; burst: number },
): number {
  const perNanosecond = limit / windowMs / 1e6
  const ended = admissions
    .map(({ begunAt, endedAt }) => ({ from: Number(begunAt), to: Number(endedAt) }))
    .sort((a, b) => a.to - b.to)
  let worst = Number.NEGATIVE_INFINITY
  for (const { from } of ended) {
    let count = 0
    for (const call of ended) {
      if (call.from < from) continue
      count++
      worst = Math.max(worst, count - burst - (call.to - from) * perNanosecond)
    }
  }
  return worst
}
