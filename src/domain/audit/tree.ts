// The hashes of a log's tree, from what the store keeps of it: its leaves, and every eighth level above them.

import { readLeaves, readNodes } from '../../store/checkpoints.ts'
import type { LogHead } from '../../store/sealed-log.ts'
import type { Db } from '../../store/tables.ts'
import { cutHash } from '../../transparency/leaf.ts'
import { leafHash, nodeHash } from '../../transparency/merkle.ts'
import { hashOfPart, type Leaves, subtreesOf } from '../../transparency/proofs.ts'

/** Between two levels that are kept there are so many; a block is what one hash of the upper one stands for. */
const levels = 8
const blockLength = 2 ** levels

/** Gives the hashes of parts of a tree. Reads, of each kept level, the few blocks in which they lie. */
export async function hashParts(
  db: Db,
  { log, size }: Pick<LogHead, 'log' | 'size'>,
  parts: readonly Leaves[],
): Promise<Buffer[]> {
  const blocks = new Map<string, Buffer[]>()
  for (const { level, number } of parts.flatMap(subtreesOf)) {
    const kept = keptBelow(level)
    const block = Math.floor((number * 2 ** (level - kept)) / blockLength)
    const name = `${kept} ${block}`
    if (!blocks.has(name)) blocks.set(name, await readBlock(db, log, kept, block, size))
  }
  const hashOf = (level: number, number: number): Buffer => {
    const kept = keptBelow(level)
    if (kept < level) return nodeHash(hashOf(level - 1, number * 2), hashOf(level - 1, number * 2 + 1))
    const block = Math.floor(number / blockLength)
    const hash = blocks.get(`${kept} ${block}`)?.[number - block * blockLength]
    if (hash === undefined) throw new TypeError('The log lacks a hash of its tree.')
    return hash
  }
  return parts.map((part) => hashOfPart(part, hashOf))
}

function keptHash(kept: string): Buffer {
  return cutHash(kept) ?? leafHash(kept)
}

function keptBelow(level: number): number {
  return level - (level % levels)
}

async function readBlock(db: Db, log: string, level: number, block: number, size: number): Promise<Buffer[]> {
  const from = block * blockLength
  const to = Math.min(from + blockLength, Math.floor(size / 2 ** level))
  if (level === 0) return (await readLeaves(db, log, from, to)).map(keptHash)
  return (await readNodes(db, { log, level }, from, to)).map((hash) => Buffer.from(hash, 'base64'))
}
