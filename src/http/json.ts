// Reads JSON as strictly as a security product should: UTF-8 without flaws, no name twice, no `__proto__`, nothing that
// would be stored as something else.
import { describeFaults, LatchkeyError } from '../errors.ts'
import { endOfString, findInexact } from '../exact-json.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads a JSON text (RFC 8259) in linear time. Throws `invalid_json` for broken UTF-8 or JSON, a byte order
 * mark and a repeated name, and `invalid_input` for a field called `__proto__`, a number that a double does not hold
 * exactly, and half of a surrogate pair. No message repeats what was sent.
 */
export function readJson(bytes: Uint8Array): unknown {
  if (bytes.length === 0) throw invalid('The body is empty.')
  const text = decode(bytes)
  const value = parse(text)
  checkNames(text)
  const errors = findInexact(text)
  if (errors.length > 0) throw new LatchkeyError('invalid_input', describeFaults(errors), { errors })
  return value
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw invalid('The body is not UTF-8.')
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // The parser's own message quotes the text, which may be a token.
    const position = / at position (\d+)/.exec((error as Error).message)?.[1]
    throw invalid(
      position === undefined
        ? 'The body ends too early, or is no JSON at all.'
        : `The body is not JSON from character ${Number(position) + 1} on.`,
    )
  }
}

/** Goes once over a text that is known to be JSON; only strings, braces and commas matter. */
function checkNames(text: string): void {
  // The names seen in each open object; null for an array.
  const open: (Set<string> | null)[] = []
  let nameComes = false
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x7b: // {
        open.push(new Set())
        nameComes = true
        break
      case 0x5b: // [
        open.push(null)
        nameComes = false
        break
      case 0x7d: // }
      case 0x5d: // ]
        open.pop()
        nameComes = false
        break
      case 0x2c: // ,
        nameComes = open.at(-1) !== null
        break
      case 0x22: {
        const end = endOfString(text, i)
        if (nameComes) checkName(text.slice(i, end + 1), open.at(-1) as Set<string>)
        nameComes = false
        i = end
        break
      }
    }
  }
}

function checkName(quoted: string, seen: Set<string>): void {
  const name: string = JSON.parse(quoted)
  if (name === '__proto__') {
    const errors = [{ path: name, message: 'No field may be called __proto__.' }]
    throw new LatchkeyError('invalid_input', 'No field may be called __proto__.', { errors })
  }
  if (seen.has(name)) {
    const shown = /^\w{1,40}$/.test(name) ? `the name ${name}` : 'a name'
    throw invalid(`The body holds ${shown} twice in one object.`)
  }
  seen.add(name)
}

function invalid(detail: string): LatchkeyError {
  return new LatchkeyError('invalid_json', detail)
}
