// Serves a relay: verification beside its callers, by a verifier's memory, for the server that is its upstream. It has no
// database, and writes nothing to any disk.
import type { Logger } from 'pino'
import { LatchkeyClientError } from '../client/errors.ts'
import { MemoryVerifier } from '../client/verifier/verifier.ts'
import { headerReader } from '../core/bearer.ts'
import { LatchkeyError } from '../core/errors.ts'
import type { LogVerdicts } from '../core/log-verdicts.ts'
import type { StandardsSettings } from '../core/standards-settings.ts'
import type { TelemetrySettings } from '../core/telemetry-settings.ts'
import { FairLine } from '../fairness/fair-line.ts'
import { Slices } from '../fairness/slices.ts'
import { createTableApp } from '../http/app.ts'
import { parseProxies } from '../http/client-address.ts'
import { answer, createDoor } from '../http/direct-routes.ts'
import { type ListenSettings, type RunningServer, startHttpServer } from '../http/http-server.ts'
import { createRecorder } from '../http/log.ts'
import { createMetrics, shareRenders } from '../http/metrics.ts'
import type { Pipeline, Refusal } from '../http/pipeline.ts'
import type { Telemetry } from '../http/telemetry/telemetry.ts'
import { UnderWay } from '../http/under-way.ts'
import { createFastPath } from '../server/fast-path.ts'
import { beginTelemetry } from '../server/server.ts'
import type { CacheOptions } from '../verdict/cache-options.ts'
import { describeAway, RelayJudge } from './judge.ts'
import type { RelayParts } from './parts.ts'
import { relayRoutes } from './routes.ts'
import { Upstream } from './upstream.ts'

/** For which server a relay works, where it listens, and what it tells. */
export interface RelaySettings extends ListenSettings, Partial<Pick<StandardsSettings, 'basicAuth'>> {
  /** The address of the server, or of another relay. */
  upstream: string
  /** The token by which the relay asks it. */
  token: string
  /** How much it remembers. */
  cache?: CacheOptions
  /** Addresses and networks of the proxies whose `X-Forwarded-For` is believed; none if absent. */
  trustedProxies?: readonly string[]
  /** Which verdicts get a line in the log; the refused ones if absent. */
  logVerdicts?: LogVerdicts
  /** Which collector is told of requests and verdicts; none if absent. */
  telemetry?: TelemetrySettings | undefined
}

/** A relay that serves. */
export interface RunningRelay extends RunningServer {
  /** Gives back the units that it holds and reports what it has counted, once it serves no more. */
  leave(): Promise<void>
}

/** How long a start waits for the upstream's first word, and how often a change of that is looked for. */
const longestGreetingMs = 3_000
const lookEveryMs = 250

/**
 * Starts a relay. It serves without its upstream, and says that it is not ready. Throws LatchkeyClientError if the upstream is
 * there and refuses it, or is no Latchkey.
 */
export async function startRelay(settings: RelaySettings): Promise<RunningRelay> {
  const { upstream: url, token, cache = {}, log } = settings
  const upstream = new Upstream(url.replace(/\/+$/, ''), () => verifier.isFresh)
  const verifier: MemoryVerifier = new MemoryVerifier({ url, token, ...cache }, () => upstream.ownHeaders())
  try {
    const first = await greet(verifier)
    const telemetry = settings.telemetry && (await beginTelemetry(settings.telemetry, log))
    const pipeline = createRelayPipeline(verifier, upstream, { ...settings, telemetry })
    const server = await startHttpServer(
      {
        pipeline,
        fetch: createTableApp(pipeline, { routes: relayRoutes, describeMissing: () => describeMissing(url) })
          .fetch,
        take: createTake(pipeline),
        beginClose: async () => upstream.closeStreams(),
        endClose: async () => telemetry?.close(),
      },
      settings,
    )
    const watch = watchUpstream(verifier, log, first)
    const leave = async () => {
      clearInterval(watch)
      await verifier.close()
      if (verifier.hasUnreported)
        log.warn('The upstream did not take the last usage reports: what they count is lost.')
    }
    return { ...server, leave }
  } catch (error) {
    await verifier.close()
    throw error
  }
}

/** Waits for the first word of the upstream, for a while. Throws what makes the relay useless as it is set up. */
async function greet(verifier: MemoryVerifier): Promise<LatchkeyClientError | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(resolve, longestGreetingMs, undefined)
  const failure = verifier.ready().then(
    () => undefined,
    (error: unknown) => error,
  )
  const error = await Promise.race([failure, late])
  clearTimeout(timer)
  if (error instanceof LatchkeyClientError && isRefusal(error)) throw error
  return error as LatchkeyClientError | undefined
}

function isRefusal({ code, status = 0 }: LatchkeyClientError): boolean {
  if (code === 'unsupported_server' || status === 401 || status === 403) return true
  // A proxy's page of an upstream that is away is no Latchkey's either.
  return code === 'unexpected_answer' && status < 500
}

/** Says when memory may no longer answer and why, also if that becomes something else, and when it may again. */
function watchUpstream(
  verifier: MemoryVerifier,
  log: Logger,
  first: LatchkeyClientError | undefined,
): NodeJS.Timeout {
  let told: string | undefined
  const tell = (error: LatchkeyClientError | undefined) => {
    told = describeAway(error)
    log.warn({ reason: error?.message }, 'not ready: the upstream does not answer as it should')
  }
  if (!verifier.isFresh) tell(first ?? verifier.error)
  return setInterval(() => {
    const { isFresh, error } = verifier
    if (isFresh && told !== undefined) {
      told = undefined
      log.info('ready: the upstream answers')
    } else if (!isFresh && told !== describeAway(error)) tell(error)
  }, lookEveryMs).unref()
}

function createRelayPipeline(
  verifier: MemoryVerifier,
  upstream: Upstream,
  {
    log,
    logVerdicts = 'refused',
    trustedProxies = [],
    basicAuth,
    telemetry,
  }: Omit<RelaySettings, 'telemetry'> & { telemetry: Telemetry | undefined },
): Pipeline<RelayParts> {
  const metrics = createMetrics()
  const slices = new Slices()
  const judge = new RelayJudge(verifier, slices)
  metrics.watchRelay(() => ({ isReady: verifier.isFresh, streams: upstream.streamCount }))
  if (telemetry) metrics.watchTelemetry(() => telemetry.counts())
  return {
    parts: {
      ...{ upstream, latchkey: judge, authenticator: judge, log, metrics, telemetry, basicAuth, slices },
      renderMetrics: shareRenders(() => metrics.render()),
      checkReady: async () => {
        if (!verifier.isFresh) throw new LatchkeyError('upstream_unavailable', describeAway(verifier.error))
      },
      // It serves no lists.
      lists: new FairLine({
        width: 1,
        widthOfOrganization: 1,
        widthOfKey: 1,
        maxWaiting: 0,
        maxWaitingOfKey: 0,
        patienceMs: 0,
      }),
      underWay: new UnderWay(),
      trustedProxies: parseProxies(trustedProxies),
    },
    recorder: createRecorder(log, metrics, logVerdicts, telemetry),
  }
}

/** Serves what needs no framework, and refuses what has come through this relay before. */
function createTake(pipeline: Pipeline<RelayParts>): ReturnType<typeof createFastPath> {
  const { upstream } = pipeline.parts
  const takeFast = createFastPath(pipeline)
  const takeDirectly = createDoor(pipeline, relayRoutes)
  return (incoming, outgoing) => {
    if (!upstream.hasSent(headerReader(incoming.rawHeaders)))
      return takeFast(incoming, outgoing) || takeDirectly(incoming, outgoing)
    void answer(pipeline, refuseLoop, incoming, outgoing)
    return true
  }
}

const refuseLoop: Refusal = () => {
  throw new LatchkeyError(
    'relay_loop',
    'This relay has sent this request itself, or waits for who sends it. The upstream of a relay must be nearer to the database than the relay.',
  )
}

function describeMissing(url: string): string {
  return `This is a relay, which verifies tokens. Send every other call to the server itself: ${new URL(url).origin}.`
}
