// Usage as a file: every row of closed periods, page by page as it is read.
import type { z } from 'zod'
import { scopeOf } from '../../core/access.ts'
import type { Caller } from '../../core/actor.ts'
import { parseInput } from '../../core/input.ts'
import {
  type exportUsageSchema,
  exportUsageSchema as schema,
  type UsagePage,
} from '../../core/shapes/usage.ts'
import { type UsageWriter, usageWriters } from '../../core/usage-file.ts'
import { recordBreak } from '../../http/log.ts'
import { holdPlace } from '../../http/paging.ts'
import type { Reply } from '../../http/reply.ts'
import { streamParts } from '../../http/streams.ts'
import type { Call } from '../parts.ts'
import { exportTypes } from './audit-export.ts'

type ExportQuery = z.input<typeof exportUsageSchema>

/**
 * Answers with every row of the closed periods of a range. The first page is read before the answer begins, so that a refusal
 * is one. If a later page cannot be read, or the caller may not read it any more, the transfer breaks. Throws what reading
 * usage throws.
 */
export async function exportUsage(call: Call<ExportQuery> & { caller: Caller }): Promise<Reply> {
  const { parts, exchange, caller, query, readmit, signal } = call
  const { format, ...asked } = parseInput(schema, query)
  await holdPlace(parts, caller, signal)
  const { usage } = parts.latchkey
  const first = await usage.exportPage(asked, { actor: caller, signal })
  const readNext = async (after: string) => {
    await readmit()
    return usage.exportPage({ ...asked, until: first.closedUntil, after }, { actor: caller, signal })
  }
  const whose = asked.organizationId ?? scopeOf(caller) ?? 'all'
  const date = first.closedUntil.toISOString().slice(0, 10)
  return {
    status: 200,
    headers: {
      'content-type': format === 'csv' ? `${exportTypes.csv}; charset=utf-8` : exportTypes.jsonl,
      'content-disposition': `attachment; filename="latchkey-usage-${whose}-${date}.${format}"`,
      'latchkey-closed-until': first.closedUntil.toISOString(),
    },
    body: null,
    stream: streamParts(writePages(first, readNext, usageWriters[format]), (error) =>
      recordBreak(parts.log, exchange, error),
    ),
  }
}

async function* writePages(
  first: UsagePage,
  readNext: (after: string) => Promise<UsagePage>,
  { head, write }: UsageWriter,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  let page = first
  yield encoder.encode(head + page.rows.map(write).join(''))
  while (page.next !== undefined) {
    page = await readNext(page.next)
    yield encoder.encode(page.rows.map(write).join(''))
  }
}
