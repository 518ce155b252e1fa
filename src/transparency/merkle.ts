// Merkle trees as RFC 6962, section 2.1, has them: their hashes, and a tree that grows by its right edge alone.
//
// A complete subtree of 2^level leaves is named by its level and its number from the left: level 0 has the leaves. A tree of n
// leaves is a row of complete subtrees, one for each bit of n that is set, the largest first: its peaks.
import { hash } from 'node:crypto'

/** How many bytes a hash has. */
export const hashBytes = 32

/** A complete subtree, and its hash. */
export interface TreeNode {
  level: number
  number: number
  hash: Buffer
}

const encoder = new TextEncoder()

/** The hash of a leaf, by its bytes. */
export function leafHash(leaf: string | Uint8Array): Buffer {
  const length = typeof leaf === 'string' ? Buffer.byteLength(leaf) : leaf.length
  const bytes = Buffer.allocUnsafe(length + 1)
  bytes[0] = 0
  if (typeof leaf === 'string') encoder.encodeInto(leaf, bytes.subarray(1))
  else bytes.set(leaf, 1)
  return hash('sha256', bytes, 'buffer')
}

const pair = Buffer.alloc(1 + 2 * hashBytes)
pair[0] = 1

/** The hash of a subtree, by those of its halves. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  pair.set(left, 1)
  pair.set(right, 1 + hashBytes)
  return hash('sha256', pair, 'buffer')
}

/** The hash of a row of subtrees that lie beside each other, each smaller than the one before; of none, that of nothing. */
export function foldHashes(hashes: readonly Buffer[]): Buffer {
  if (hashes.length === 0) return hash('sha256', Buffer.alloc(0), 'buffer')
  return hashes.reduceRight((right, left) => nodeHash(left, right))
}

/** A size and peaks that do not belong together. */
export class WrongPeaks extends RangeError {
  override readonly name = 'WrongPeaks'
}

/** A tree of which only the peaks are held: enough to append to it, and for its root. */
export class GrowingTree {
  #size: number
  readonly #peaks: Buffer[]

  /** Goes on from a size and its {@link peaks}; from nothing if absent. Throws {@link WrongPeaks}. */
  constructor(size = 0, peaks: Uint8Array = new Uint8Array()) {
    const count = bitsOf(size)
    if (!Number.isSafeInteger(size) || size < 0 || peaks.length !== count * hashBytes)
      throw new WrongPeaks('These are not the peaks of a tree of this size.')
    this.#size = size
    this.#peaks = Array.from({ length: count }, (_, index) =>
      Buffer.from(peaks.subarray(index * hashBytes, (index + 1) * hashBytes)),
    )
  }

  /** How many leaves it has. */
  get size(): number {
    return this.#size
  }

  /** The hashes of its peaks, one behind the other. */
  get peaks(): Buffer {
    return Buffer.concat(this.#peaks)
  }

  get root(): Buffer {
    return foldHashes(this.#peaks)
  }

  /** Appends a leaf, by its hash, and tells of each larger subtree that it completes, the smallest first. */
  append(leaf: Buffer, onComplete?: (node: TreeNode) => void): void {
    let top = leaf
    let number = this.#size
    for (let level = 1; number % 2 === 1; level++) {
      top = nodeHash(this.#peaks.pop() as Buffer, top)
      number = (number - 1) / 2
      onComplete?.({ level, number, hash: top })
    }
    this.#peaks.push(top)
    this.#size++
  }
}

/** How many bits of a number are set. */
function bitsOf(value: number): number {
  let count = 0
  for (let rest = value; rest >= 1; rest = Math.floor(rest / 2)) count += rest % 2
  return count
}
