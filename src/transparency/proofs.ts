// Proofs that a leaf is in a tree, and that a tree goes on from an older one (RFC 6962, sections 2.1.1 and 2.1.2), and their
// verification (RFC 9162, sections 2.1.3.2 and 2.1.4.2). A leaf is named by its index, which begins with 0.
import { foldHashes, nodeHash, type TreeNode } from './merkle.ts'

/** The leaves from one index up to another, which is not among them: a part of a tree whose hash a proof gives. */
export interface Leaves {
  from: number
  to: number
}

/** The parts whose hashes prove that a leaf is in a tree, in the order of the proof. Throws RangeError if it is not. */
export function inclusionParts(index: number, size: number): Leaves[] {
  if (!(Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size))
    throw new RangeError('The leaf is not in the tree.')
  const parts: Leaves[] = []
  let [from, to] = [0, size]
  while (to - from > 1) {
    const middle = from + halfOf(to - from)
    if (index < middle) {
      parts.push({ from: middle, to })
      to = middle
    } else {
      parts.push({ from, to: middle })
      from = middle
    }
  }
  return parts.reverse()
}

/** The parts whose hashes prove that a tree goes on from an older one. Throws RangeError if the older one is larger, or empty. */
export function consistencyParts(older: number, size: number): Leaves[] {
  if (!(Number.isSafeInteger(older) && Number.isSafeInteger(size) && older > 0 && older <= size))
    throw new RangeError('The tree does not go on from one of that size.')
  const parts: Leaves[] = []
  let [from, to] = [0, size]
  // Until the older tree ends where a part does: its reader knows the hash of that part only if it is the whole older tree.
  while (older < to) {
    const middle = from + halfOf(to - from)
    if (older <= middle) {
      parts.push({ from: middle, to })
      to = middle
    } else {
      parts.push({ from, to: middle })
      from = middle
    }
  }
  if (from > 0) parts.push({ from, to })
  return parts.reverse()
}

/** The complete subtrees of which a part consists, the largest first. */
export function subtreesOf({ from, to }: Leaves): Omit<TreeNode, 'hash'>[] {
  const subtrees: Omit<TreeNode, 'hash'>[] = []
  let at = from
  while (at < to) {
    let level = 0
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= to) level++
    subtrees.push({ level, number: at / 2 ** level })
    at += 2 ** level
  }
  return subtrees
}

/** The hash of a part, by those of its complete subtrees. */
export function hashOfPart(part: Leaves, hashOf: (level: number, number: number) => Buffer): Buffer {
  return foldHashes(subtreesOf(part).map(({ level, number }) => hashOf(level, number)))
}

/** Tells whether a proof shows that a leaf, by its hash, is in a tree of a size and a root. */
export function isIncluded(
  leaf: Buffer,
  index: number,
  { size, root }: { size: number; root: Buffer },
  proof: readonly Buffer[],
): boolean {
  if (!(index >= 0 && index < size)) return false
  let [at, last] = [index, size - 1]
  let found = leaf
  for (const part of proof) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      found = nodeHash(part, found)
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)]
    } else found = nodeHash(found, part)
    ;[at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
  }
  return last === 0 && found.equals(root)
}

/** Tells whether a proof shows that a tree goes on from an older one. */
export function isConsistent(
  older: { size: number; root: Buffer },
  newer: { size: number; root: Buffer },
  proof: readonly Buffer[],
): boolean {
  if (older.size > newer.size) return false
  // Every tree goes on from nothing, and from itself.
  if (older.size === 0) return proof.length === 0
  if (older.size === newer.size) return proof.length === 0 && older.root.equals(newer.root)
  const isWhole = Number.isInteger(Math.log2(older.size))
  const [first, ...rest] = isWhole ? [older.root, ...proof] : proof
  if (first === undefined) return false
  let [at, last] = [older.size - 1, newer.size - 1]
  while (at % 2 === 1) [at, last] = [(at - 1) / 2, Math.floor(last / 2)]
  let [ofOlder, ofNewer] = [first, first]
  for (const part of rest) {
    if (last === 0) return false
    if (at % 2 === 1 || at === last) {
      ofOlder = nodeHash(part, ofOlder)
      ofNewer = nodeHash(part, ofNewer)
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)]
    } else ofNewer = nodeHash(ofNewer, part)
    ;[at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
  }
  return last === 0 && ofOlder.equals(older.root) && ofNewer.equals(newer.root)
}

/** The largest power of two below a number above 1. */
function halfOf(size: number): number {
  return 2 ** Math.floor(Math.log2(size - 1))
}
