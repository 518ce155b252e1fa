// What the server of Latchkey is made of, for its routes to use.
import type { Logger } from 'pino'
import type { StandardsSettings } from '../core/standards-settings.ts'
import type { Metrics } from '../http/metrics.ts'
import { type Call as CallOf, defineRoutesOf, type Kit, type Route as RouteOf } from '../http/route.ts'
import type { Latchkey } from '../latchkey.ts'
import type { ChangeStreams } from './change-streams.ts'
import type { PartnerLimit } from './partner-limit.ts'
import type { ReportLimit } from './report-limit.ts'
import type { SignInLimit } from './sign-in-limit.ts'

/** What the routes need that judge tokens and tell how the process is: a relay has no more. */
export interface JudgingParts extends Kit, Pick<StandardsSettings, 'basicAuth'> {
  latchkey: Pick<Latchkey, 'verify' | 'verifyCached' | 'verifyBatch'>
  log: Logger
  metrics: Metrics
  /** The text that a scrape reads; see `shareRenders`. */
  renderMetrics(): Promise<string>
  /** Resolves if the process can do its work now; of a server, see `readiness.ts`. */
  checkReady(): Promise<void>
}

export interface Parts extends JudgingParts, StandardsSettings {
  latchkey: Latchkey
  changes: ChangeStreams
  /** How many tokens strangers may report. */
  reportLimit: ReportLimit
  /** How often strangers may try to sign in. */
  signInLimit: SignInLimit
  /** How many tokens GitHub, and GitLab, may report. */
  githubLimit: PartnerLimit
  gitlabLimit: PartnerLimit
  /** Raised when the server stops: streams of events end. */
  stopping: AbortController
  /** The OpenAPI document as JSON text, in UTF-8. */
  document(): Uint8Array<ArrayBuffer>
  /** The reference page, in UTF-8. */
  docsPage(): Uint8Array<ArrayBuffer>
}

/** A route of Latchkey's server. */
export type Route = RouteOf<Parts>
/** A request that has come as far as the handler of such a route. */
export type Call<Query = unknown, Body = unknown, Name extends string = string> = CallOf<
  Parts,
  Query,
  Body,
  Name
>

/** Defines a route of Latchkey's server. */
export const route = defineRoutesOf<Parts>()
/** Defines one that a relay serves too. */
export const judgingRoute = defineRoutesOf<JudgingParts>()
