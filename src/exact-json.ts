// Finds what of a JSON text would be lost or stored as something else: a name that stands twice in an object, numbers that
// a double does not hold, and broken Unicode.
import { type FieldError, pathOf } from './errors.ts'

/** Why a number is refused. */
export const inexactNumber =
  'A number that is kept exactly: whole ones within ±9007199254740991, and others of up to 15 digits. Send any other as a text.'

/** Why a text or a name is refused. */
export const brokenUnicode = 'No broken Unicode: half of a surrogate pair stands alone.'

/** More are not told of at once. */
const mostFaults = 16

// Shorter numbers without an exponent are exact. What these find may stand in a text or be sound: the walk decides.
const perhapsInexact = /[\d.]{16}|\d[eE][-+\d]/
const perhapsBroken = /\\u[dD][89a-fA-F]/

/**
 * Finds the numbers that are not the same when they are read and written again, the whole numbers beyond ±(2^53−1),
 * and the texts and names with half of a surrogate pair, in a text that is known to be JSON. Takes linear time; tells
 * of the first 16.
 */
export function findInexact(text: string): FieldError[] {
  if (!perhapsInexact.test(text) && !perhapsBroken.test(text) && text.isWellFormed()) return []
  return walk(text)
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
        const value: string = JSON.parse(text.slice(i, end + 1))
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
  return repeated === undefined ? undefined : `It holds ${showName(repeated)} twice in one object.`
}

/** A name as a message may show it: a short plain one, since another may be a token or play with a terminal. */
export function showName(name: string): string {
  return /^\w{1,40}$/.test(name) ? `the name ${name}` : 'a name'
}

/**
 * Calls back with each name of each object, and whether the object has had it before, in a text that is known to be JSON.
 * Goes over the text once: only strings, braces and commas matter.
 */
export function visitNames(text: string, visit: (name: string, isRepeated: boolean) => void): void {
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
        if (nameComes) {
          const [name, seen]: [string, Set<string>] = [
            JSON.parse(text.slice(i, end + 1)),
            open.at(-1) as Set<string>,
          ]
          visit(name, seen.has(name))
          seen.add(name)
        }
        nameComes = false
        i = end
        break
      }
    }
  }
}

/** Where the string ends that begins at `start`, in a text that is known to be JSON. */
function endOfString(text: string, start: number): number {
  let i = start + 1
  while (text.charCodeAt(i) !== 0x22) i += text.charCodeAt(i) === 0x5c ? 2 : 1
  return i
}
