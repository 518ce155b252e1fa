// What verifiers in other processes ask of a server.
import type { GrantsAnswer, GrantsInput } from '../../core/shapes/grants.ts'
import type { ReportAnswer, ReportInput } from '../../core/shapes/usage.ts'
import type { FactsAnswer, LatestAnswer, UsesInput } from '../../core/shapes/verifiers.ts'
import type { CallOptions, Requester } from '../request/request.ts'
import { checkOptions } from './calls.ts'

/** The calls that `createVerifier` makes, for programs that have a verifier of their own. */
export interface Verifiers {
  /**
   * Returns the facts of a token; `secret` is null if the token is unknown to the caller. Of a key with limits, this draws
   * the default cost of one call, and throws `limit_exceeded` if a limit refuses it.
   */
  readFacts(token: string, options?: CallOptions): Promise<FactsAnswer>
  /**
   * Draws units of limits for a verifier. Throws `store_unavailable`, `too_many_requests`. Do not send a message again with
   * another `sequence` before it is answered.
   */
  draw(message: GrantsInput, options?: CallOptions): Promise<GrantsAnswer>
  /** Reports when secrets were last found valid, so that their keys' `lastUsedAt` moves on. */
  reportUses(uses: UsesInput, options?: CallOptions): Promise<void>
  /**
   * Reports what a verifier has counted. A report that was not answered must be sent again as it was: if it was written, that
   * changes nothing. Throws `too_many_requests`.
   */
  report(report: ReportInput, options?: CallOptions): Promise<ReportAnswer>
  /** Returns the number of the last change. Throws `store_unavailable` if the server cannot be sure of it. */
  latestChange(options?: CallOptions): Promise<LatestAnswer>
  /** Opens the stream of changes. The signal ends it. */
  followChanges(signal: AbortSignal): Promise<Response>
}

/** Makes the methods of a client for verifiers. */
export function verifierMethods({ send, open }: Requester): Verifiers {
  return {
    readFacts: async (key, options) =>
      send('POST', '/v1/keys/facts', { body: { key }, repeatable: true, options: checkOptions(options) }),
    draw: async (body, options) =>
      send('POST', '/v1/grants', { body, repeatable: true, options: checkOptions(options) }),
    reportUses: async (body, options) => {
      const sending = { body, repeatable: true, options: checkOptions(options) }
      await send('POST', '/v1/keys/uses', sending)
    },
    report: async (body, options) =>
      send('POST', '/v1/usage/reports', { body, repeatable: true, options: checkOptions(options) }),
    latestChange: async (options) => send('GET', '/v1/changes/latest', { options: checkOptions(options) }),
    followChanges: (signal) => open('/v1/changes', signal),
  }
}
