// A call of the TypeScript client.
import { bracketed, called, splitBody, toCamel } from './literals.ts'
import type { Request } from './request.ts'

/** Writes the call of a request. */
export function writeTypeScript({ call, places, query, body, isVoid }: Request): string {
  const [first, rest] = splitBody(body, call.byPlace)
  const fields = rest ?? query
  const hasInput = Array.isArray(fields) || Object.keys(fields).length > 0
  const last = hasInput ? (isBroken: boolean) => literal(fields, isBroken) : undefined
  const open = `${isVoid ? '' : 'const answer = '}await latchkey.${call.method}(`
  return called(
    open,
    [...places, ...first].map((value) => literal(value)),
    last,
  )
}

function literal(value: unknown, isBroken = false): string {
  if (Array.isArray(value))
    return bracketed(
      '[',
      value.map((item) => literal(item)),
      ']',
      { isBroken },
    )
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([name, item]) => `${toCamel(name)}: ${literal(item)}`)
    return bracketed('{', fields, '}', { pad: ' ', isBroken })
  }
  return typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : JSON.stringify(value)
}
