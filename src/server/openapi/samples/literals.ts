// How a value that JSON can write stands in another language: brackets, what is between them, and how long a line is.

/** The longest line of a sample. */
const longest = 84

interface Layout {
  /** What stands inside the brackets on one line. */
  pad?: string
  indent?: string
  /** One item a line, however short they are. */
  isBroken?: boolean
}

/** Writes items between brackets: on one line if they fit, else one a line. */
export function bracketed(
  open: string,
  items: readonly string[],
  close: string,
  { pad = '', indent = '  ', isBroken = false }: Layout = {},
): string {
  if (items.length === 0) return `${open}${close}`
  const line = `${open}${pad}${items.join(', ')}${pad}${close}`
  if (!isBroken && fits(line)) return line
  return `${open}\n${items.map((item) => `${indented(item, indent)},`).join('\n')}\n${close}`
}

/** Writes a call, whose last input opens its brackets on the line of the call if not all fits there. */
export function called(
  open: string,
  inputs: readonly string[],
  last: ((isBroken: boolean) => string) | undefined,
  close = ')',
): string {
  const lead = inputs.map((input) => `${input}, `).join('')
  if (last === undefined) return `${open}${inputs.join(', ')}${close}`
  const line = `${open}${lead}${last(false)}${close}`
  return fits(line) ? line : `${open}${lead}${last(true)}${close}`
}

function fits(text: string): boolean {
  return text.length <= longest && !text.includes('\n')
}

function indented(text: string, indent: string): string {
  return text.replaceAll(/^(?=.)/gm, indent)
}

/** Whether a text is an instant of the API. */
export function isInstant(value: unknown): value is string {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(value)
}

/** Another spelling of a name: `end_secret` of `endSecret`. */
export function toSnake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** Another spelling of a name: `endSecret` of `end_secret`. */
export function toCamel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** The body's fields that stand by their place, and the others. */
export function splitBody(
  body: unknown,
  byPlace: readonly string[] = [],
): [places: unknown[], rest: unknown] {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return [[], body]
  const places = byPlace.map((name) => (body as Record<string, unknown>)[name])
  const rest = Object.entries(body).filter(([name]) => !byPlace.includes(name))
  return [places, Object.fromEntries(rest)]
}
