// The example of a request, apart from any language: the document's own example, and values for what the path names.
import type { JsonSchema } from '../schemas.ts'
import { type Call, exampleIds } from './calls.ts'

/** An operation as the document describes it, as far as its samples need it. */
export interface SampledOperation {
  method: string
  path: string
  operationId: string
  security?: unknown[]
  requestBody?: { content: Record<string, { schema: JsonSchema }> }
  /** What a success answers with; undefined without a body. */
  answer?: JsonSchema | undefined
}

/** The example of a request, apart from any language. */
export interface Request {
  operationId: string
  call: Call
  /** The values of the path's parameters, in order. */
  places: string[]
  query: Record<string, unknown>
  body: unknown
  /** The name of the shape of the body. */
  shape: string | undefined
  shapes: Record<string, JsonSchema>
  /** Whether the call has nothing to tell but that it succeeded. */
  isVoid: boolean
}

/** Makes the example of an operation's request. */
export function requestOf(
  { path, operationId, requestBody, answer }: SampledOperation,
  call: Call = { method: '' },
  shapes: Record<string, JsonSchema>,
): Request {
  const [media] = Object.values(requestBody?.content ?? {})
  const isList = media?.schema.type === 'array'
  const shape = nameOf((isList ? media.schema.items : media?.schema) as JsonSchema | undefined)
  const [example] = (shape === undefined ? [] : (shapes[shape]?.examples as unknown[])) ?? []
  const answered = nameOf(answer)
  return {
    operationId,
    call,
    places: [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => placeOf(path, name)),
    query: call.query ?? {},
    body: isList ? [example] : example,
    shape,
    shapes,
    isVoid: answer === undefined || answered === 'Done' || answered === 'Status',
  }
}

function nameOf(schema: JsonSchema | undefined): string | undefined {
  return typeof schema?.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined
}

/** The example of a path's parameter. */
function placeOf(path: string, name: string): string {
  if (name === 'kid') return exampleIds.kid
  if (name === 'delivery_id') return exampleIds.delivery
  if (name === 'user_id') return exampleIds.user
  if (name === 'organization_id') return exampleIds.organization
  if (name === 'file') return 'index.js'
  const noun = path.split('/')[2]
  if (noun === 'plans') return exampleIds.plan
  if (name === 'name') return exampleIds.limit
  const ids: Record<string, string> = {
    ...{ organizations: exampleIds.organization, webhooks: exampleIds.webhook, sessions: exampleIds.session },
    ...{ members: exampleIds.member, invitations: exampleIds.invitation },
    'portal-sessions': exampleIds.portalSession,
  }
  return ids[noun ?? ''] ?? exampleIds.key
}
