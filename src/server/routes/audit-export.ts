// The audit log as a file: every event that fits, page by page as it is read.
import type { z } from 'zod'
import { scopeOf } from '../../core/access.ts'
import type { Caller } from '../../core/actor.ts'
import { type AuditWriter, auditWriters } from '../../core/audit-file.ts'
import { parseInput } from '../../core/input.ts'
import { type AuditEvent, exportAuditSchema } from '../../core/shapes/audit.ts'
import type { Page } from '../../core/shapes/page.ts'
import { recordBreak } from '../../http/log.ts'
import { holdPlace } from '../../http/paging.ts'
import type { Reply } from '../../http/reply.ts'
import { streamParts } from '../../http/streams.ts'
import type { Call } from '../parts.ts'

type ExportQuery = z.input<typeof exportAuditSchema>

/** What each format is called. That of JSON lines is in wide use and not registered. */
export const exportTypes = { jsonl: 'application/jsonl', csv: 'text/csv' } as const

/** A verification meanwhile waits for a page at most. */
const pageLength = 100

/**
 * Answers with every event that fits, newest first; what is recorded meanwhile is left out. The first page is read
 * before the answer begins, so that a refusal is one. Where a later page cannot be read, or the caller may not read
 * it any more, the transfer breaks. Throws what listing throws.
 */
export async function exportAudit(call: Call<ExportQuery> & { caller: Caller }): Promise<Reply> {
  const { parts, exchange, caller, query, readmit, signal } = call
  const { format, ...filter } = parseInput(exportAuditSchema, query)
  await holdPlace(parts, caller, signal)
  const readPage = (after?: string) =>
    parts.latchkey.audit.list(
      { ...filter, limit: pageLength, ...(after !== undefined && { after }) },
      { actor: caller, signal },
    )
  const first = await readPage()
  const readNext = async (after: string) => {
    await readmit()
    return readPage(after)
  }
  const whose = filter.organizationId ?? scopeOf(caller) ?? 'all'
  const date = new Date().toISOString().slice(0, 10)
  return {
    status: 200,
    headers: {
      'content-type': format === 'csv' ? `${exportTypes.csv}; charset=utf-8` : exportTypes.jsonl,
      'content-disposition': `attachment; filename="latchkey-audit-${whose}-${date}.${format}"`,
    },
    body: null,
    stream: streamParts(writePages(first, readNext, auditWriters[format]), (error) =>
      recordBreak(parts.log, exchange, error),
    ),
  }
}

async function* writePages(
  first: Page<AuditEvent>,
  readNext: (after: string) => Promise<Page<AuditEvent>>,
  { head, write }: AuditWriter,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  let page = first
  yield encoder.encode(head + page.items.map(write).join(''))
  while (page.next !== undefined) {
    page = await readNext(page.next)
    yield encoder.encode(page.items.map(write).join(''))
  }
}
