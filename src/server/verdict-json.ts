// Requests for verdicts read, and verdicts written, by hand: these come millions of times. What they take and give
// is what the schemas and `toWire` would; a test holds them to that.

import { maxLimitUnits } from '../core/bounds.ts'
import { contextFault } from '../core/call-context.ts'
import { parseInput } from '../core/input.ts'
import { instantText } from '../core/instant-text.ts'
import type { VerdictLimit } from '../core/shapes/limits.ts'
import {
  type Verdict,
  type VerifyRequest,
  verifyBatchSchema,
  verifyRequestSchema,
} from '../core/shapes/verification.ts'
import { toWire } from '../core/wire.ts'
import { jsonText, type Reply } from '../http/reply.ts'
import { streamParts } from '../http/streams.ts'
import { metadataTextOf } from '../verdict/facts.ts'

/** Reads a request for a verdict. Throws `invalid_input`; the permissions' form is the library's to check. */
export function readVerifyRequest(body: unknown): VerifyRequest {
  return isPlainRequest(body) ? body : parseInput(verifyRequestSchema, body)
}

/** Reads up to 1000 requests. Throws `invalid_input`. */
export function readVerifyBatch(body: unknown): VerifyRequest[] {
  const isPlain = Array.isArray(body) && body.length > 0 && body.length <= 1000 && body.every(isPlainRequest)
  return isPlain ? body : parseInput(verifyBatchSchema, body)
}

function isPlainRequest(body: unknown): body is VerifyRequest {
  if (typeof body !== 'object' || body === null || !('key' in body) || typeof body.key !== 'string')
    return false
  for (const name in body) if (!plainNames.has(name)) return false
  if ('context' in body && contextFault(body.context) !== undefined) return false
  if ('cost' in body && !isPlainCost(body.cost)) return false
  return !('permissions' in body) || isPlainList(body.permissions)
}

const plainNames = new Set(['key', 'permissions', 'cost', 'context'])

function isPlainCost(cost: unknown): cost is number {
  return typeof cost === 'number' && Number.isSafeInteger(cost) && cost >= 0 && cost <= maxLimitUnits
}

function isPlainList(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= 128 && value.every((item) => typeof item === 'string')
}

/** Writes a verdict as JSON in the wire's form. */
export function writeVerdict(verdict: Verdict): string {
  if (!verdict.valid) return JSON.stringify(toWire(verdict))
  const { keyId, organizationId, name, permissions, expiresAt } = verdict
  // Ids are made of letters that JSON takes as they are.
  return `{"valid":true,"code":"valid","key_id":"${keyId}","organization_id":"${organizationId}","name":${JSON.stringify(name)},"permissions":${writeShared(permissions)},"expires_at":${expiresAt === null ? 'null' : JSON.stringify(expiresAt)},"metadata":${metadataTextOf(verdict)}${writeDrawn(verdict)}}`
}

function writeDrawn({ limits, reservation }: Extract<Verdict, { valid: true }>): string {
  if (limits === undefined) return ''
  const reserved = reservation === undefined ? '' : `,"reservation":${JSON.stringify(reservation)}`
  let written = ''
  for (let i = 0; i < limits.length; i++)
    written += (i === 0 ? '' : ',') + writeLimit(limits[i] as VerdictLimit)
  return `,"limits":[${written}]${reserved}`
}

function writeLimit({ name, scope, id, limit, windowSeconds, remaining, resetsAt }: VerdictLimit): string {
  const window = windowSeconds === undefined ? '' : `"window_seconds":${windowSeconds},`
  const instant = resetsAt === null ? 'null' : `"${instantText(resetsAt)}"`
  return `{"name":"${name}","scope":"${scope}","id":"${id}","limit":${limit},${window}"remaining":${remaining},"resets_at":${instant}}`
}

/** More than this, in characters, is written as its reader takes it: a batch of large keys makes 20 MB out of 100 KB. */
const longestPart = 64 * 1024

/** Answers with the verdicts of a batch, in order. What its reader has not taken holds little more than the verdicts. */
export function answerVerdicts(verdicts: readonly Verdict[], onFailure: (error: unknown) => void): Reply {
  const parts = writeParts(verdicts)
  const [first, second] = [parts.next(), parts.next()]
  if (second.done) return jsonText(first.value ?? '')
  const reply = jsonText('')
  return {
    ...reply,
    body: null,
    stream: streamParts(encodeParts([first.value ?? '', second.value], parts), onFailure),
  }
}

function* writeParts(verdicts: readonly Verdict[]): Generator<string, undefined> {
  let part = '['
  for (const [i, verdict] of verdicts.entries()) {
    if (i > 0) part += ','
    part += writeVerdict(verdict)
    if (part.length < longestPart) continue
    yield part
    part = ''
  }
  yield `${part}]`
}

async function* encodeParts(
  begun: readonly string[],
  rest: Iterable<string>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder()
  for (const part of begun) yield encoder.encode(part)
  for (const part of rest) yield encoder.encode(part)
}

/** The permissions as a header has them: none of them can hold a space. */
export function joinPermissions(permissions: readonly string[]): string {
  let text = joined.get(permissions)
  if (text === undefined) {
    text = permissions.join(' ')
    if (Object.isFrozen(permissions)) joined.set(permissions, text)
  }
  return text
}

const joined = new WeakMap<readonly string[], string>()

// Many verdicts share these objects, which are frozen: each is written once.
const written = new WeakMap<object, string>()

function writeShared(value: object): string {
  let text = written.get(value)
  if (text === undefined) {
    text = JSON.stringify(value)
    written.set(value, text)
  }
  return text
}
