// Lists go out as bare arrays; where there is more, a Link header leads to the next page (RFC 8288).
import { setImmediate } from 'node:timers/promises'
import type { Page } from '../schemas.ts'
import { toWire } from '../wire.ts'
import { splitQuery } from './query.ts'
import { jsonText, type Reply } from './reply.ts'

/** Answers with a page's items and the way to the page after it. */
export async function page({ items, next }: Page<unknown>, path: string, rawQuery: string): Promise<Reply> {
  const text = await writeItems(items)
  if (next === undefined) return jsonText(text)
  const query = new URLSearchParams(splitQuery(rawQuery).filter(([name]) => name !== 'after'))
  query.set('after', next)
  return jsonText(text, { link: `<${path}?${query}>; rel="next"` })
}

const longestSlice = 100

/** Writes a long list slice by slice: whoever verifies meanwhile waits for a slice at most. */
async function writeItems(items: unknown[]): Promise<string> {
  const parts: string[] = []
  for (let start = 0; start < items.length; start += longestSlice) {
    if (start > 0) await setImmediate()
    for (const item of items.slice(start, start + longestSlice)) parts.push(JSON.stringify(toWire(item)))
  }
  return `[${parts.join(',')}]`
}
