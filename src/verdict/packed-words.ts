// Texts of Latin-1 as words of 32 bits, as the cache has them.

/** Four characters of a Latin-1 text as a word of 32 bits. */
export function packWord(text: string, at: number): number {
  return (
    (text.charCodeAt(at) |
      (text.charCodeAt(at + 1) << 8) |
      (text.charCodeAt(at + 2) << 16) |
      (text.charCodeAt(at + 3) << 24)) >>>
    0
  )
}

/** The same word of bytes that {@link packWord} gives of their latin1 text. */
export function packBytes(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] as number) | ((bytes[at + 1] as number) << 8)
  return (low | ((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 24)) >>> 0
}

/** Kids are random: mixing their words is enough. */
export function hashWords(a: number, b: number, c: number, d: number): number {
  const mixed =
    Math.imul(a ^ Math.imul(b, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(c ^ Math.imul(d, 0xc2b2ae35), 0x27d4eb2f)
  return mixed ^ (mixed >>> 15)
}

/** The text of words. */
export function unpackWords(words: Uint32Array, at: number, count: number): string {
  let text = ''
  for (let i = 0; i < 4 * count; i++)
    text += String.fromCharCode(((words[at + (i >> 2)] as number) >>> ((i & 3) * 8)) & 0xff)
  return text
}
