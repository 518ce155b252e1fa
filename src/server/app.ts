// The table of contents: every route there is, and the door that serves them all.
import type { Logger } from 'pino'
import type { LogVerdicts } from '../core/log-verdicts.ts'
import type { StandardsSettings } from '../core/standards-settings.ts'
import { FairLine, type LineBounds } from '../fairness/fair-line.ts'
import { Slices } from '../fairness/slices.ts'
import { createTableApp } from '../http/app.ts'
import { parseProxies } from '../http/client-address.ts'
import type { ReadHeader } from '../http/exchange.ts'
import { keepReading } from '../http/kept-reading.ts'
import { createRecorder } from '../http/log.ts'
import { createMetrics, type Metrics, shareRenders } from '../http/metrics.ts'
import type { Pipeline } from '../http/pipeline.ts'
import type { Reply } from '../http/reply.ts'
import { isPagePath } from '../http/request-target.ts'
import type { Telemetry } from '../http/telemetry/telemetry.ts'
import { UnderWay } from '../http/under-way.ts'
import type { Latchkey } from '../latchkey.ts'
import { ChangeStreams } from './change-streams.ts'
import { consolePageFor, consoleRoutes, isNavigation } from './console.ts'
import { embedRoutes } from './embed.ts'
import { openApiDocument } from './openapi/document.ts'
import { docsPage } from './openapi/page.ts'
import { PartnerLimit } from './partner-limit.ts'
import type { Parts, Route } from './parts.ts'
import { shareReadiness } from './readiness.ts'
import { ReportLimit } from './report-limit.ts'
import { auditRoutes } from './routes/audit.ts'
import { catalogueRoutes } from './routes/catalogue.ts'
import { changeRoutes } from './routes/changes.ts'
import { checkpointRoutes } from './routes/checkpoints.ts'
import { childRoutes } from './routes/children.ts'
import { eventRoutes } from './routes/events.ts'
import { grantRoutes } from './routes/grants.ts'
import { introspectionRoutes } from './routes/introspection.ts'
import { invitationRoutes } from './routes/invitations.ts'
import { keyRoutes } from './routes/keys.ts'
import { leakRoutes } from './routes/leaks.ts'
import { limitRoutes } from './routes/limits.ts'
import { memberRoutes } from './routes/members.ts'
import { operationRoutes } from './routes/operation.ts'
import { organizationRoutes } from './routes/organizations.ts'
import { partnerRoutes } from './routes/partners.ts'
import { passkeyRoutes } from './routes/passkeys.ts'
import { planRoutes } from './routes/plans.ts'
import { policyRoutes } from './routes/policies.ts'
import { portalRoutes } from './routes/portal.ts'
import { portalSessionRoutes } from './routes/portal-sessions.ts'
import { prefixRoutes } from './routes/prefixes.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { settlementRoutes } from './routes/settlements.ts'
import { signInRoutes } from './routes/sign-in.ts'
import { usageRoutes } from './routes/usage.ts'
import { verifyRoutes } from './routes/verify.ts'
import { webhookRoutes } from './routes/webhooks.ts'
import { SignInLimit } from './sign-in-limit.ts'

// `/v1/keys/self` and its like stand before `/v1/keys/{id}`: the first that fits is taken.
export const routes: readonly Route[] = [
  ...verifyRoutes,
  ...introspectionRoutes,
  ...catalogueRoutes,
  ...changeRoutes,
  ...grantRoutes,
  ...childRoutes,
  ...leakRoutes,
  ...keyRoutes,
  ...prefixRoutes,
  ...organizationRoutes,
  ...limitRoutes,
  ...planRoutes,
  ...policyRoutes,
  ...memberRoutes,
  ...invitationRoutes,
  ...settlementRoutes,
  ...usageRoutes,
  ...auditRoutes,
  ...checkpointRoutes,
  ...eventRoutes,
  ...webhookRoutes,
  ...partnerRoutes,
  ...sessionRoutes,
  ...signInRoutes,
  ...passkeyRoutes,
  ...portalSessionRoutes,
  ...portalRoutes,
  ...operationRoutes,
  ...consoleRoutes,
  ...embedRoutes,
]

export interface AppSettings extends Partial<StandardsSettings> {
  log: Logger
  metrics?: Metrics
  /** Which verdicts get a line in the log; the refused ones if absent. */
  logVerdicts?: LogVerdicts
  /** Tells a collector of what is answered; nobody if absent. */
  telemetry?: Telemetry | undefined
  /** Addresses and networks of the proxies whose `X-Forwarded-*` is believed; none if absent. */
  trustedProxies?: readonly string[]
}

/** Makes the app that serves Latchkey over HTTP. */
export function createApp(pipeline: Pipeline<Parts>): ReturnType<typeof createTableApp> {
  return createTableApp(pipeline, { routes, servePage, describeMissing })
}

/** A page is a few MiB in memory until its reader has it, so that these are what all lists together may take. */
const listBounds: LineBounds = {
  width: 64,
  widthOfOrganization: 32,
  widthOfKey: 8,
  maxWaiting: 1_024,
  maxWaitingOfKey: 128,
  patienceMs: 5_000,
}

/** Puts together what every door serves with. Throws RangeError for a proxy that is no address. */
export function createPipeline(latchkey: Latchkey, settings: AppSettings): Pipeline<Parts> {
  const {
    log,
    metrics = createMetrics(),
    logVerdicts = 'refused',
    telemetry,
    publicUrl,
    basicAuth,
    tokenSignIn = 'all',
  } = settings
  // Each made once, when it is first asked for: anybody may ask, and making them takes milliseconds.
  const documentText = once(() => JSON.stringify(openApiDocument(routes)))
  const document = once(() => new TextEncoder().encode(documentText()))
  const page = once(() => new TextEncoder().encode(docsPage(JSON.parse(documentText()))))
  const renderMetrics = shareRenders(() => metrics.render())
  const changes = new ChangeStreams(latchkey)
  const trustedProxies = parseProxies(settings.trustedProxies ?? [])
  const checkReady = shareReadiness(latchkey)
  const lists = new FairLine(listBounds)
  if (latchkey.walBytes) metrics.watchWal(latchkey.walBytes)
  metrics.watchJobs(() => latchkey.jobCounts())
  metrics.watchAttempts(() => latchkey.attemptCounts())
  metrics.watchBacklog(keepReading(() => latchkey.backlog()))
  metrics.watchUsage(() => latchkey.usageDropped())
  if (telemetry) metrics.watchTelemetry(() => telemetry.counts())
  return {
    parts: {
      latchkey,
      authenticator: latchkey,
      log,
      metrics,
      renderMetrics,
      changes,
      reportLimit: new ReportLimit(() => performance.now()),
      signInLimit: new SignInLimit(() => performance.now()),
      stopping: new AbortController(),
      lists,
      underWay: new UnderWay(),
      slices: new Slices(),
      trustedProxies,
      telemetry,
      publicUrl,
      basicAuth,
      tokenSignIn,
      checkReady,
      githubLimit: new PartnerLimit(() => performance.now()),
      gitlabLimit: new PartnerLimit(() => performance.now()),
      document,
      docsPage: page,
    },
    recorder: createRecorder(log, metrics, logVerdicts, telemetry),
  }
}

/** A browser gets the console, whose pages have addresses that only it knows. */
function servePage(method: string, header: ReadHeader, path: string): Reply | undefined {
  return isNavigation(method, header) && isPagePath(path) ? consolePageFor(path) : undefined
}

function describeMissing(path: string): string {
  const isOfSelf = path.startsWith('/v1/keys/self/')
  return isOfSelf
    ? '`self` only reads: GET /v1/keys/self gives the id of the calling key, which takes the place of `self` here.'
    : 'No route has this path. GET /docs lists the routes.'
}

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
