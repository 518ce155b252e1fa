// Which trace a request belongs to: W3C Trace Context (w3.org/TR/trace-context-1).
import { randomFillSync } from 'node:crypto'
import type { Sampler } from '../../core/telemetry-settings.ts'
import { containsToken } from '../../core/token.ts'
import type { ReadHeader, Trace } from '../exchange.ts'

/** Longer ones need not be kept (section 3.3.1.5). */
const longestState = 512

/** Reads the trace of a request from its headers; without one, a trace begins here. */
export function readTrace(header: ReadHeader, sampler: Sampler): Trace {
  const parent = readParent(header('traceparent'))
  const traceId = parent?.traceId ?? newId(16)
  return {
    traceId,
    spanId: newId(8),
    parentId: parent?.spanId,
    state: parent && readState(header('tracestate')),
    isSampled: parent && sampler.isParentBased ? parent.isSampled : isAmong(traceId, sampler.ratio),
  }
}

function readParent(header: string | undefined): Pick<Trace, 'traceId' | 'spanId' | 'isSampled'> | undefined {
  // A later version may have more behind these fields (section 4.3); version ff is none.
  const form = /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})(-.*)?$/
  const [, version, traceId, spanId, flags, more] = form.exec(header ?? '') ?? []
  if (traceId === undefined || spanId === undefined || (version === '00' && more !== undefined))
    return undefined
  return { traceId, spanId, isSampled: (Number.parseInt(flags ?? '0', 16) & 1) === 1 }
}

/** What others wrote: as it is, unless it is no list, or nobody should see it. */
function readState(header: string | undefined): string | undefined {
  if (header === undefined || header.length > longestState || containsToken(header)) return undefined
  return /^[\x20-\x7e]+$/.test(header) ? header : undefined
}

/** Whether a trace is in a share of all, the same on each system: by the lower 56 bits of its id. */
function isAmong(traceId: string, ratio: number): boolean {
  return ratio >= 1 || (ratio > 0 && Number.parseInt(traceId.slice(18), 16) < ratio * 2 ** 56)
}

const pool = Buffer.alloc(8_192)
let used = pool.length

/** Draws an id that is not all zeros. */
function newId(bytes: number): string {
  for (;;) {
    if (used + bytes > pool.length) {
      randomFillSync(pool)
      used = 0
    }
    const id = pool.toString('hex', used, used + bytes)
    used += bytes
    if (!/^0+$/.test(id)) return id
  }
}
