// Merkle trees, notes and canonical JSON, by the examples of their standards and by what Go's own packages make of the same.
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../src/transparency/canonical-json.ts'
import { checkpointText, readCheckpoint } from '../src/transparency/checkpoint.ts'
import { GrowingTree, leafHash, nodeHash } from '../src/transparency/merkle.ts'
import {
  consistencyParts,
  hashOfPart,
  inclusionParts,
  isConsistent,
  isIncluded,
  type Leaves,
} from '../src/transparency/proofs.ts'
import {
  isSignedBy,
  newSignerSeed,
  readNote,
  readVerifierKey,
  signerOf,
  signNote,
  verifierKeyOf,
} from '../src/transparency/signed-note.ts'

interface Vectors {
  roots: string[]
  inclusion: { index: number; size: number; proof: string[] }[]
  consistency: { older: number; size: number; proof: string[] }[]
  note: { name: string; seed: string; verifierKey: string; note: string }
}
const vectors: Vectors = JSON.parse(
  readFileSync(new URL('transparency-vectors/vectors.json', import.meta.url), 'utf8'),
)
const bytesOf = (text: string) => Buffer.from(text, 'base64')

/** The tree of `leaf 0`, `leaf 1` and so on, with the hashes of all its subtrees. */
function grow(size: number) {
  const hashes = new Map<string, Buffer>()
  const tree = new GrowingTree()
  for (let index = 0; index < size; index++) {
    const leaf = leafHash(`leaf ${index}`)
    hashes.set(`0 ${index}`, leaf)
    tree.append(leaf, ({ level, number, hash }) => hashes.set(`${level} ${number}`, hash))
  }
  const hashOf = (level: number, number: number) => hashes.get(`${level} ${number}`) as Buffer
  const prove = (parts: readonly Leaves[]) => parts.map((part) => hashOfPart(part, hashOf))
  return { tree, root: tree.root, hashOf, prove }
}

describe('Merkle trees', () => {
  test('have the roots of the tests of Certificate Transparency', () => {
    const leaves = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ]
    const roots = [
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ]
    const tree = new GrowingTree()
    expect(tree.root.toString('hex')).toBe(roots[0])
    for (const [index, leaf] of leaves.entries()) {
      tree.append(leafHash(Buffer.from(leaf, 'hex')))
      expect(tree.root.toString('hex')).toBe(roots[index + 1])
    }
  })

  test('have the roots and the proofs that Go makes', () => {
    for (const [index, root] of vectors.roots.entries())
      expect(grow(index + 1).root.toString('base64')).toBe(root)
    for (const { index, size, proof } of vectors.inclusion) {
      const { root, hashOf, prove } = grow(size)
      expect(prove(inclusionParts(index, size)).map((hash) => hash.toString('base64'))).toEqual(proof)
      expect(isIncluded(hashOf(0, index), index, { size, root }, proof.map(bytesOf))).toBe(true)
    }
    for (const { older, size, proof } of vectors.consistency) {
      const { root, prove } = grow(size)
      expect(prove(consistencyParts(older, size)).map((hash) => hash.toString('base64'))).toEqual(proof)
      const before = { size: older, root: grow(older).root }
      expect(isConsistent(before, { size, root }, proof.map(bytesOf))).toBe(true)
    }
  })

  test('prove every leaf and every older tree, and nothing else', () => {
    const anySize = fc.integer({ min: 1, max: 300 })
    fc.assert(
      fc.property(anySize, fc.nat(), fc.nat(), fc.nat({ max: 255 }), (size, which, part, change) => {
        const index = which % size
        const { root, hashOf, prove } = grow(size)
        const tree = { size, root }
        const proof = prove(inclusionParts(index, size))
        expect(isIncluded(hashOf(0, index), index, tree, proof)).toBe(true)
        expect(isIncluded(leafHash('another'), index, tree, proof)).toBe(false)
        expect(isIncluded(hashOf(0, index), size, tree, proof)).toBe(false)
        expect(isIncluded(hashOf(0, index), index, tree, [...proof, root])).toBe(false)
        const older = index + 1
        const before = { size: older, root: grow(older).root }
        const path = prove(consistencyParts(older, size))
        expect(isConsistent(before, tree, path)).toBe(true)
        expect(isConsistent({ size: older, root: nodeHash(root, root) }, tree, path)).toBe(false)
        expect(isConsistent(before, { size, root: nodeHash(root, root) }, path)).toBe(false)
        expect(isConsistent(before, tree, [...path, root])).toBe(false)
        for (const [holds, hashes] of [
          [(given: Buffer[]) => isIncluded(hashOf(0, index), index, tree, given), proof],
          [(given: Buffer[]) => isConsistent(before, tree, given), path],
        ] as const) {
          if (hashes.length === 0) continue
          expect(holds(hashes.slice(1))).toBe(false)
          const changed = hashes.map((hash) => Buffer.from(hash))
          const broken = changed[part % changed.length] as Buffer
          broken[change % 32] = (broken[change % 32] as number) ^ (1 + (change % 255))
          expect(holds(changed)).toBe(false)
        }
      }),
    )
  })

  test('prove nothing of a tree whose size is not that of its root', () => {
    const [one, two] = [leafHash('one'), leafHash('two')]
    const root = nodeHash(one, two)
    expect(isIncluded(one, 0, { size: 2, root }, [two])).toBe(true)
    expect(isIncluded(one, 0, { size: 4, root }, [two])).toBe(false)
    expect(isConsistent({ size: 1, root: one }, { size: 2, root }, [two])).toBe(true)
    expect(isConsistent({ size: 1, root: one }, { size: 4, root }, [two])).toBe(false)
    expect(isConsistent({ size: 0, root: one }, { size: 2, root }, [two])).toBe(false)
  })

  test('go on from their peaks, and from nothing else', () => {
    const { tree } = grow(41)
    const next = new GrowingTree(41, tree.peaks)
    for (let index = 41; index < 70; index++) next.append(leafHash(`leaf ${index}`))
    expect(next.root.toString('base64')).toBe(vectors.roots[69])
    expect(() => new GrowingTree(42, tree.peaks.subarray(32))).toThrow(RangeError)
    expect(() => inclusionParts(5, 5)).toThrow(RangeError)
    expect(() => consistencyParts(6, 5)).toThrow(RangeError)
    expect(() => consistencyParts(0, 5)).toThrow(RangeError)
  })
})

describe('signed notes', () => {
  const { name, seed, verifierKey, note } = vectors.note
  const signer = signerOf(name, bytesOf(seed))
  const known = readVerifierKey(verifierKey)
  if (known === undefined) throw new TypeError('The vector has a key.')
  const checkpoint = { origin: name, size: 70, root: bytesOf(vectors.roots[69] as string) }

  test('are those that Go signs and knows, to the byte', () => {
    expect(verifierKeyOf(signer)).toBe(verifierKey)
    expect(signNote(checkpointText(checkpoint), [signer])).toBe(note)
    expect(readCheckpoint(note)).toEqual(checkpoint)
    const read = readNote(note)
    expect(read && isSignedBy(read, known)).toBe(true)
  })

  test('with a byte changed are none, or are not signed', () => {
    const bytes = Buffer.from(note)
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] as number) ^ 1
      const read = readNote(changed.toString())
      expect(read !== undefined && isSignedBy(read, known), `byte ${at}`).toBe(false)
    }
  })

  test('of two signers are known by either; those of another are not', () => {
    const [first, second, third] = [newSignerSeed(), newSignerSeed(), newSignerSeed()].map((own) =>
      signerOf('log', own),
    )
    if (!first || !second || !third) throw new TypeError('There are three.')
    const read = readNote(signNote('text\n', [first, second]))
    const isKnown = (who: typeof first) => {
      const verifier = readVerifierKey(verifierKeyOf(who))
      return read !== undefined && verifier !== undefined && isSignedBy(read, verifier)
    }
    expect([first, second, third].map(isKnown)).toEqual([true, true, false])
    // One wrong signature is enough, and so is another way to write a right one.
    const linesOf = (text: string) => signNote(text, [first]).split('\n\n')[1] ?? ''
    const byFirst = readVerifierKey(verifierKeyOf(first)) ?? expect.unreachable()
    const isSigned = (text: string) => {
      const note = readNote(text)
      return note !== undefined && isSignedBy(note, byFirst)
    }
    expect(isSigned(`text\n\n${linesOf('text\n')}`)).toBe(true)
    expect(isSigned(`text\n\n${linesOf('text\n')}${linesOf('other\n')}`)).toBe(false)
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
    const another = linesOf('text\n').replace(
      /.(?==\n$)/,
      (last) => alphabet[alphabet.indexOf(last) + 1] ?? '',
    )
    expect(isSigned(`text\n\n${another}`)).toBe(false)
    expect(() => signNote('text', [first])).toThrow(RangeError)
    expect(() => signerOf('a name', newSignerSeed())).toThrow(RangeError)
    expect(readVerifierKey(verifierKeyOf(first).replace('log', 'gol'))).toBeUndefined()
    expect(readVerifierKey('log+00000000+AAAA')).toBeUndefined()
  })

  test('without a signature are read; checkpoints of another form are none', () => {
    expect(readCheckpoint(signNote(checkpointText(checkpoint), []))).toEqual(checkpoint)
    const text = checkpointText(checkpoint)
    for (const wrong of [
      text,
      `${text}an extension\n\n`,
      `${text.replace('70', '070')}\n`,
      `${text.replace('70', '-1')}\n`,
      `${text.replace(/=\n/, '\n')}\n`,
    ])
      expect(readCheckpoint(wrong)).toBeUndefined()
  })
})

describe('canonical JSON', () => {
  test('is that of RFC 8785, section 3.2.2 and 3.2.3', () => {
    const given = `{
      "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
      "string": "\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\"\\/",
      "literals": [null, true, false]
    }`
    expect(canonicalJson(JSON.parse(given))).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    )
    const names = ['\u20ac', '\r', '\ufb33', '1', '\ud83d\ude00', '\u0080', '\u00f6']
    const sorted = ['\r', '1', '\u0080', '\u00f6', '\u20ac', '\ud83d\ude00', '\ufb33']
    const written = canonicalJson(Object.fromEntries(names.map((name) => [name, 0])))
    expect(written).toBe(`{${sorted.map((name) => `${JSON.stringify(name)}:0`).join()}}`)
  })

  test('means what was given, whatever the order', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        const written = canonicalJson(value)
        expect(JSON.parse(written)).toEqual(JSON.parse(JSON.stringify(value)))
        expect(canonicalJson(JSON.parse(written))).toBe(written)
      }),
    )
  })

  test('is refused to what has none', () => {
    for (const value of ['\ud800', { '\udc00': 1 }, Number.NaN, [Number.POSITIVE_INFINITY]])
      expect(() => canonicalJson(value)).toThrow(RangeError)
  })
})
