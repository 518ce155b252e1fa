// The fast path of `POST /v1/keys/verify`, `POST /v1/introspect` and `GET /v1/auth`, which come millions of times: one request from its headers
// to its answer, without a promise, a parser or a copy.
//
// It takes a request only if it is plain and memory can judge it. It decides that before it does anything that shows,
// and leaves every other request to the general way (`http/pipeline.ts`), and with it the wording of every error. So it has
// no rule of its own: the general way would give the same answer to the byte, and the same line in the log.
// `test/fast-path-equivalence.test.ts` sends plain and odd requests through both, and `test/fast-path-equivalence-random.test.ts` random ones.
//
// What it leaves out, and why nobody can tell:
// 1. Routing, and the schemas of the query and the body: `plain-request.ts` takes two exact forms and no other.
// 2. The client's address: it limits strangers' reads of the store, and stands in audit events. Here is neither.
// 3. Sessions: a request with a token has none.
// It leaves out nothing of the judgement: caller and token are each digested, found and judged under the lease at each
// request.
//
// To measure it, run `npm run bench -- --only=http`: it gives the processor time of a request beside a bare server's.
// With `BENCH_PROFILE=<folder>` before that, each server leaves a CPU profile in the folder.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { rootOrganizationId } from '../core/access.ts'
import { headerReader, readBearer } from '../core/bearer.ts'
import { covers } from '../core/permissions.ts'
import { rateLimitHeaders } from '../core/rate-limit-headers.ts'
import { contextOf } from '../core/request-context.ts'
import type { Verdict, VerifyRequest } from '../core/shapes/verification.ts'
import { shownKidOf } from '../core/token.ts'
import { sendAtEndOfTurn } from '../http/answers.ts'
import { arrivalOf } from '../http/arrival.ts'
import { readClient } from '../http/authenticate.ts'
import { bodyBrokeOff, formType } from '../http/body.ts'
import { readProxiedRequest } from '../http/client-address.ts'
import { isClientWaiting } from '../http/continue.ts'
import { answer } from '../http/direct-routes.ts'
import { chooseRequestId, type Exchange } from '../http/exchange.ts'
import type { Pipeline } from '../http/pipeline.ts'
import { commonHeaders } from '../http/reply.ts'
import type { Route } from '../http/route.ts'
import type { Telemetry } from '../http/telemetry/telemetry.ts'
import { writeIntrospection } from './introspection.ts'
import type { JudgingParts } from './parts.ts'
import {
  maxPlainLength,
  readPlainBody,
  readPlainForm,
  readPlainHead,
  readPlainQuery,
} from './plain-request.ts'
import { introspectRoute } from './routes/introspection.ts'
import { verifyRoutes } from './routes/verify.ts'
import { joinPermissions, writeVerdict } from './verdict-json.ts'

const authPath = '/v1/auth'

/** A call that asks for a verdict in its body. */
interface Question {
  route: Route<JudgingParts>
  contentTypes: readonly string[]
  readCaller(authorization: string | undefined): string | undefined
  read(body: Buffer): VerifyRequest | undefined
  write(verdict: Verdict): string
}

const routeAt = (wanted: string) => verifyRoutes.find(({ path }) => path === wanted) as Route<JudgingParts>

/** By their paths. */
const questions: Readonly<Record<string, Question>> = Object.assign(Object.create(null), {
  '/v1/keys/verify': {
    route: routeAt('/v1/keys/verify'),
    contentTypes: ['application/json'],
    readCaller: readBearer,
    read: readPlainBody,
    write: writeVerdict,
  },
  '/v1/introspect': {
    route: introspectRoute,
    contentTypes: [formType, `${formType};charset=UTF-8`],
    readCaller: readClient,
    read: readPlainForm,
    write: writeIntrospection,
  },
} satisfies Record<string, Question>)

const commonFields = Object.entries(commonHeaders).flat()
const jsonFields = ['content-type', 'application/json', ...commonFields]
/** A caller that was judged longer ago is judged anew: its body may come as slowly as the server's timeouts allow. */
const maxBodyMs = 100

/** Makes a handler that takes a request and answers it, or returns false and leaves it as it was. */
export function createFastPath(
  pipeline: Pipeline<JudgingParts>,
): (incoming: IncomingMessage, outgoing: ServerResponse) => boolean {
  const { parts, recorder } = pipeline
  const { latchkey, telemetry } = parts

  function proxiedContext(incoming: IncomingMessage) {
    const peer = incoming.socket.remoteAddress
    const request = readProxiedRequest(peer, headerReader(incoming.rawHeaders), parts.trustedProxies)
    return request && contextOf(request)
  }

  function takeAuth(incoming: IncomingMessage, outgoing: ServerResponse, query: string): boolean {
    const judgedAt = performance.now()
    const permissions = readPlainQuery(query)
    const head = readPlainHead(incoming.rawHeaders)
    if (permissions === undefined || head === undefined) return false
    // What two tokens mean, or one beside another scheme, the general way knows.
    if (head.authorization !== undefined && head.apiKey !== undefined) return false
    const token = head.apiKey ?? readBearer(head.authorization)
    const verdict =
      token === undefined
        ? undefined
        : latchkey.verifyCached(token, { permissions, context: proxiedContext(incoming) }, 'attempt')
    if (token === undefined || !verdict?.valid) return false
    const requestId = chooseRequestId(head.requestId)
    const { keyId, organizationId } = verdict
    const headers = [
      'x-latchkey-code',
      'valid',
      'x-latchkey-key-id',
      keyId,
      'x-latchkey-organization-id',
      organizationId,
      'x-latchkey-permissions',
      joinPermissions(verdict.permissions),
      ...limitFields(verdict),
      ...commonFields,
      'x-request-id',
      requestId,
      'content-length',
      '0',
    ]
    sendAtEndOfTurn({ outgoing, status: 200, headers, body: null })
    const startedAt = arrivalOf(incoming, judgedAt)
    const exchange = exchangeOf('GET', authPath, requestId, startedAt, undefined, token, verdict)
    if (telemetry) tell(telemetry, incoming, exchange, verdict, permissions)
    recorder.record(exchange, 200)
    return true
  }

  function takeVerify(incoming: IncomingMessage, outgoing: ServerResponse, question: Question): boolean {
    const judgedAt = performance.now()
    const head = readPlainHead(incoming.rawHeaders)
    if (head?.contentType === undefined || !question.contentTypes.includes(head.contentType)) return false
    if (!(Number(head.contentLength) <= maxPlainLength) || isClientWaiting(incoming)) return false
    const callerToken = question.readCaller(head.authorization)
    const caller =
      callerToken === undefined ? undefined : latchkey.verifyCached(callerToken, undefined, 'management')
    if (!caller?.valid || !mayVerify(caller.permissions)) return false
    let body: Buffer | undefined
    incoming.on('data', (chunk: Buffer) => {
      body = body === undefined ? chunk : Buffer.concat([body, chunk])
    })
    incoming.on('end', () => {
      if (!answerVerify(incoming, outgoing, question, head.requestId, judgedAt, caller, body))
        void answer(pipeline, question.route, incoming, outgoing, async () => body ?? Buffer.alloc(0))
    })
    incoming.on('error', () => {
      void answer(pipeline, question.route, incoming, outgoing, () => Promise.reject(bodyBrokeOff()))
    })
    return true
  }

  function answerVerify(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    question: Question,
    askedId: string | undefined,
    judgedAt: number,
    caller: ValidVerdict,
    body: Buffer | undefined,
  ): boolean {
    const read = body && question.read(body)
    if (read === undefined) return false
    const { key, permissions, context } = read
    const { organizationId } = caller
    const isRoot = organizationId === rootOrganizationId
    // Before anything is drawn from a limit: the general way would draw once more.
    if (performance.now() - judgedAt > maxBodyMs) return false
    const verdict = latchkey.verifyCached(
      key,
      isRoot ? { permissions, context } : { permissions, organizationId, context },
    )
    const endedAt = performance.now()
    if (verdict === undefined) return false
    const text = question.write(verdict)
    const requestId = chooseRequestId(askedId)
    const length = String(Buffer.byteLength(text))
    const headers = [...jsonFields, 'x-request-id', requestId, 'content-length', length]
    sendAtEndOfTurn({ outgoing, status: 200, headers, body: text })
    const startedAt = arrivalOf(incoming, judgedAt)
    const exchange = exchangeOf('POST', question.route.path, requestId, startedAt, caller.keyId, key, verdict)
    if (telemetry) tell(telemetry, incoming, exchange, verdict, permissions)
    recorder.record(exchange, 200, endedAt)
    return true
  }

  return (incoming, outgoing) => {
    const { method, url = '' } = incoming
    if (method === 'POST') {
      const question = questions[url]
      return question !== undefined && takeVerify(incoming, outgoing, question)
    }
    if (method !== 'GET' || !url.startsWith(authPath)) return false
    const query = url.slice(authPath.length)
    return (query === '' || query.startsWith('?')) && takeAuth(incoming, outgoing, query)
  }
}

/** As the general way does, if a collector is told of what is answered. */
function tell(
  telemetry: Telemetry,
  { rawHeaders }: IncomingMessage,
  exchange: Exchange,
  verdict: Verdict,
  permissions: string[] = [],
): void {
  exchange.trace = telemetry.begin(headerReader(rawHeaders))
  telemetry.noteVerdict(exchange, verdict, { permissions })
}

/** The headers of limits, if any apply, as a list of names and values. */
function limitFields(verdict: ValidVerdict): string[] {
  return verdict.limits === undefined ? [] : Object.entries(rateLimitHeaders(verdict, Date.now())).flat()
}

/** What both calls that have a body take. */
const verifyPermission = 'latchkey:keys:verify'

let judgedLast: readonly string[] = []
let mayLast = false

/** Whether permissions, which are frozen and which keys share, let their holder verify. */
function mayVerify(permissions: readonly string[]): boolean {
  if (permissions === judgedLast) return mayLast
  mayLast = covers(permissions, verifyPermission)
  judgedLast = permissions
  return mayLast
}

type ValidVerdict = Extract<Verdict, { valid: true }>

/** What the log and the metrics are told, with the fields that `openExchange` gives and a handler adds. */
function exchangeOf(
  method: string,
  route: string,
  requestId: string,
  startedAt: number,
  keyId: string | undefined,
  token: string,
  { code }: Verdict,
): Exchange {
  const kid = code === 'malformed' ? undefined : shownKidOf(token)
  return { requestId, method, peer: undefined, ip: undefined, startedAt, route, keyId, kid, verdicts: [code] }
}
