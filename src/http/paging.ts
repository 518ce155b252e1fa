// Lists go out as bare arrays; if there is more, a Link header leads to the next page (RFC 8288).

import { type Caller, callerNameOf } from '../core/actor.ts'
import type { ActorOptions } from '../core/call-options.ts'
import type { Page } from '../core/shapes/page.ts'
import { totalHeader, writeTotal } from '../core/total-header.ts'
import { toWire } from '../core/wire.ts'
import { turnOf } from '../fairness/caller-turn.ts'
import { splitQuery } from './query.ts'
import { jsonText, type Reply } from './reply.ts'
import type { Call, Kit } from './route.ts'

/**
 * Reads a page and answers with its items and the way to the page after it. It holds its place among all lists until
 * its reader has it, so that what nobody reads is bounded too. Throws `too_many_reads`, `store_unavailable`.
 */
export async function answerPage(
  { parts, caller, rawQuery, signal }: Call<Kit> & { caller: Caller },
  read: (options: ActorOptions) => Promise<Page<unknown>>,
): Promise<Reply> {
  await holdPlace(parts, caller, signal)
  return page(parts, caller, await read({ actor: caller, signal }), rawQuery)
}

/**
 * Waits for a place among all lists, which is free again when the answer is over. Throws `too_many_reads`,
 * `store_unavailable`.
 */
export async function holdPlace(
  { lists }: Kit,
  caller: Caller,
  signal: AbortSignal | undefined,
): Promise<void> {
  const leave = await lists.enter(turnOf(caller, { signal }))
  // An app that is called without a server never hears how its answers end.
  if (signal === undefined || signal.aborted) leave()
  else signal.addEventListener('abort', leave, { once: true })
}

async function page(
  { slices }: Kit,
  caller: Caller,
  { items, next, total }: Page<unknown>,
  rawQuery: string,
): Promise<Reply> {
  // A verification meanwhile waits for a slice at most, however many lists are being written.
  const texts = await slices.map(callerNameOf(caller), items, (item) => JSON.stringify(toWire(item)))
  const text = `[${texts.join(',')}]`
  const counted = total && { [totalHeader]: writeTotal(total) }
  if (next === undefined) return jsonText(text, counted)
  const query = new URLSearchParams(splitQuery(rawQuery).filter(([name]) => name !== 'after'))
  query.set('after', next)
  return jsonText(text, { ...linkToNext(query), ...counted })
}

/**
 * The way to the page after the one that is asked for: the same address with another query. It is relative to that address
 * (RFC 3986, section 5.2), because only the client knows the path under which a proxy serves this API.
 */
export function linkToNext(query: URLSearchParams): Record<string, string> {
  return { link: `<?${query}>; rel="next"` }
}
