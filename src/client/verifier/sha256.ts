// SHA-256 without a promise, in each runtime of the client: the runtime's own if it has one, else ours. WebCrypto's
// gives a promise and takes fifty times as long for a text as short as a token.

type Hash = (algorithm: string, text: string, encoding: string) => unknown

function findNative(): ((text: string) => string) | undefined {
  try {
    const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } }
    const crypto = process?.getBuiltinModule?.('node:crypto') as { hash?: Hash } | undefined
    const hash = crypto?.hash
    if (typeof hash !== 'function') return undefined
    const native = (text: string) => hash('sha256', text, 'latin1') as string
    // Runtimes that imitate Node may know the function and not the encoding.
    return native('abc') === sha256InPlainScript('abc') ? native : undefined
  } catch {
    // Edge runtimes have a `process` that throws at whoever touches more than its environment.
    return undefined
  }
}

const constants = Uint32Array.from(primes(64), (prime) => fractionOfRoot(prime, 1 / 3))
const start = Uint32Array.from(primes(8), (prime) => fractionOfRoot(prime, 1 / 2))

/** The same in plain script, for runtimes without Node's crypto. */
export function sha256InPlainScript(text: string): string {
  const bytes = new TextEncoder().encode(text)
  const padded = new Uint8Array(((bytes.length + 8) >> 6) * 64 + 64)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29))
  view.setUint32(padded.length - 4, bytes.length << 3)
  const state = start.slice()
  for (let block = 0; block < padded.length; block += 64) compress(state, view, block)
  let digest = ''
  for (const word of state)
    digest += String.fromCharCode(word >>> 24, (word >>> 16) & 0xff, (word >>> 8) & 0xff, word & 0xff)
  return digest
}

const words = new Uint32Array(64)

let implementation: ((text: string) => string) | undefined

/** The SHA-256 (FIPS 180-4) of a text in UTF-8, 32 bytes as a latin1 string. */
export function sha256(text: string): string {
  // Chosen at the first call: an import must touch nothing that a runtime may refuse.
  implementation ??= findNative() ?? sha256InPlainScript
  return implementation(text)
}

function compress(state: Uint32Array, view: DataView, block: number): void {
  for (let i = 0; i < 16; i++) words[i] = view.getUint32(block + i * 4)
  for (let i = 16; i < 64; i++) {
    const [w15, w2] = [at(words, i - 15), at(words, i - 2)]
    const small0 = rotate(w15, 7) ^ rotate(w15, 18) ^ (w15 >>> 3)
    const small1 = rotate(w2, 17) ^ rotate(w2, 19) ^ (w2 >>> 10)
    words[i] = at(words, i - 16) + small0 + at(words, i - 7) + small1
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  for (let i = 0; i < 64; i++) {
    const big1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const first = (h + big1 + ((e & f) ^ (~e & g)) + at(constants, i) + at(words, i)) | 0
    const big0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const second = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + first) | 0
    d = c
    c = b
    b = a
    a = (first + second) | 0
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i] = at(state, i) + word
}

function at(array: Uint32Array, index: number): number {
  return array[index] as number
}

function rotate(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by))
}

function primes(count: number): number[] {
  const found: number[] = []
  for (let candidate = 2; found.length < count; candidate++) {
    if (found.every((prime) => candidate % prime !== 0)) found.push(candidate)
  }
  return found
}

/** The first 32 bits behind the point of a root, as the standard defines its constants. */
function fractionOfRoot(prime: number, exponent: number): number {
  const root = prime ** exponent
  return (root - Math.floor(root)) * 2 ** 32
}
