// Lists go out as bare arrays; where there is more, a Link header leads to the next page (RFC 8288).
import type { Page } from '../schemas.ts'
import { splitQuery } from './query.ts'
import { json, type Reply } from './reply.ts'

/** Answers with a page's items and the way to the page after it. */
export function page({ items, next }: Page<unknown>, path: string, rawQuery: string): Reply {
  if (next === undefined) return json(items)
  const query = new URLSearchParams(splitQuery(rawQuery).filter(([name]) => name !== 'after'))
  query.set('after', next)
  return json(items, { link: `<${path}?${query}>; rel="next"` })
}
