// Finds what of a JSON text would be lost or stored as something else: a name that stands twice in an object, numbers that
// a double does not hold, and broken Unicode.
import { type FieldError, pathOf } from './errors.ts'

/** Why a number is refused. */
export const inexactNumber =
  'Must be a whole number within ±9007199254740991, or another number of at most 15 digits: Latchkey stores these exactly. Send any other number as a string.'

/** Why a text or a name is refused. */
export const brokenUnicode =
  'Must be valid Unicode: it contains one half of a surrogate pair without the other.'

/** More are not told of at once. */
const mostFaults = 16

// Shorter numbers without an exponent are exact. What these find may stand in a text or be sound: the walk decides. A token
// is full of digits and holds none of what stands before a number.
const perhapsInexact = /[[:,\s]-?(?:[\d.]{16}|[\d.]+[eE])/
const beginsWithNumber = /^[-\d]/
const perhapsBroken = /\\u[dD][89a-fA-F]/

/**
 * Finds the numbers that are not the same when they are read and written again, the whole numbers beyond ±(2^53−1),
 * and the texts and names with half of a surrogate pair, in a text that is known to be JSON. Takes linear time; tells
 * of the first 16.
 */
export function findInexact(text: string): FieldError[] {
  const isExact = !perhapsInexact.test(text) && !beginsWithNumber.test(text)
  const isSound = text.isWellFormed() && !(text.includes('\\u') && perhapsBroken.test(text))
  return isExact && isSound ? [] : walk(text)
}

/** Whether a number, as JSON writes it, is kept exactly. */
export function isExactNumber(written: string): boolean {
  const value = Number(written)
  if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) return false
  return canonical(written) === canonical(String(value))
}

/** The digits of a number without zeros around them, and the power of ten by which they count. */
function canonical(written: string): string {
  const [, sign, whole = '', fraction = '', exponent = '0'] = numberParts.exec(written) as RegExpExecArray
  const digits = (whole + fraction).replace(/^0+/, '')
  if (digits === '') return '0'
  let end = digits.length
  while (digits.charCodeAt(end - 1) === 0x30) end--
  return `${sign}${digits.slice(0, end)}e${Number(exponent) - fraction.length + digits.length - end}`
}

const numberParts = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([-+]?\d+))?$/
const numberAt = /-?\d[-+.\deE]*/y

/** Goes once over the text, with the way to the place where it is. */
function walk(text: string): FieldError[] {
  const faults: FieldError[] = []
  // The name, or the index, under which a value stands in each open object or array.
  const path: (string | number)[] = []
  let nameComes = false
  const note = (message: string) => void faults.push({ path: pathOf(path), message })
  for (let i = 0; i < text.length && faults.length < mostFaults; i++) {
    switch (text[i]) {
      case '{':
        path.push('')
        nameComes = true
        break
      case '[':
        path.push(0)
        nameComes = false
        break
      case '}':
      case ']':
        path.pop()
        nameComes = false
        break
      case ',': {
        const last = path.length - 1
        const part = path[last] as string | number
        if (typeof part === 'number') path[last] = part + 1
        else nameComes = true
        break
      }
      case '"': {
        const end = endOfString(text, i)
        const value = readString(text, i, end)
        if (nameComes) path[path.length - 1] = value
        nameComes = false
        if (!value.isWellFormed()) note(brokenUnicode)
        i = end
        break
      }
      case ':':
      case ' ':
        break
      default: {
        numberAt.lastIndex = i
        const written = numberAt.exec(text)?.[0]
        if (written === undefined) break
        if (!isExactNumber(written)) note(inexactNumber)
        i += written.length - 1
      }
    }
  }
  return faults
}

/** A name that stands twice in an object of a text that is known to be JSON, as a sentence; undefined if none does. */
export function findRepeatedName(text: string): string | undefined {
  let repeated: string | undefined
  visitNames(text, (name, isRepeated) => {
    if (isRepeated) repeated ??= name
  })
  return repeated === undefined ? undefined : `One of its objects contains ${showName(repeated)} twice.`
}

/** A name as a message may show it: a short plain one, since another may be a token or play with a terminal. */
export function showName(name: string): string {
  return /^\w{1,40}$/.test(name) ? `the name ${name}` : 'a name'
}

/**
 * Calls back with each name of each object, whether the object has had it before, and how many it has until there, in a text that
 * is known to be JSON. Goes over the text once: only strings, braces and commas matter.
 */
export function visitNames(
  text: string,
  visit: (name: string, isRepeated: boolean, count: number) => void,
): void {
  // The names seen in each open object; null for an array.
  const open: (SeenNames | null)[] = []
  let nameComes = false
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x7b: // {
        open.push(new SeenNames())
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
        if (nameComes) {
          const name = readString(text, i, end)
          const seen = open.at(-1) as SeenNames
          visit(name, seen.add(name), seen.size)
        }
        nameComes = false
        i = end
        break
      }
    }
  }
}

/** So few names are compared one by one: that costs less than a set of them. */
const fewNames = 8

/** The names that one object has had. */
class SeenNames {
  readonly #few: string[] = []
  #more: Set<string> | undefined

  get size(): number {
    return this.#few.length + (this.#more?.size ?? 0)
  }

  /** Adds a name; tells whether it was there before. */
  add(name: string): boolean {
    if (this.#few.includes(name) || this.#more?.has(name)) return true
    if (this.#few.length < fewNames) this.#few.push(name)
    else this.#more = (this.#more ?? new Set()).add(name)
    return false
  }
}

/** Where the string ends that begins at `start`, in a text that is known to be JSON. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1)
  return end
}

/** Whether an odd number of backslashes stands before a place: two of them mean one, and escape nothing. */
function isEscaped(text: string, at: number): boolean {
  let before = at
  while (text.charCodeAt(before - 1) === 0x5c) before--
  return (at - before) % 2 === 1
}

/** What a string means that stands from one quotation mark to the other. */
function readString(text: string, start: number, end: number): string {
  const plain = text.slice(start + 1, end)
  return plain.includes('\\') ? JSON.parse(text.slice(start, end + 1)) : plain
}
