// The table of contents of a relay: what it answers itself, by the routes of the server, and what it hands on.
import type { VerifyRequest } from '../core/shapes/verification.ts'
import { toWire } from '../core/wire.ts'
import type { Call, Route } from '../http/route.ts'
import { changeRoutes } from '../server/routes/changes.ts'
import { grantRoutes } from '../server/routes/grants.ts'
import { introspectRoute } from '../server/routes/introspection.ts'
import { healthRoutes } from '../server/routes/operation.ts'
import { settlementRoutes } from '../server/routes/settlements.ts'
import { usageRoutes } from '../server/routes/usage.ts'
import { verifyRoutes } from '../server/routes/verify.ts'
import type { RelayParts } from './parts.ts'
import type { RelayCall } from './upstream.ts'

type RelayRoute = Route<RelayParts>
type Handling = Call<RelayParts> & RelayCall

/** Only the server has the keys that sign reservations: such a call is its own, whole. */
function handOnReserving(route: RelayRoute): RelayRoute {
  const handle = (call: Handling) =>
    reserves(call.body)
      ? call.parts.upstream.pass(call, route.method, route.path, JSON.stringify(toWireBody(call.body)))
      : route.handle(call)
  return { ...route, handle }
}

function reserves(body: unknown): boolean {
  return [body].flat().some((request) => Object(request).reserveSeconds !== undefined)
}

function toWireBody(body: unknown): unknown {
  return Array.isArray(body) ? body.map((item: VerifyRequest) => toWire(item)) : toWire(body)
}

/** Hands a call on as it came. Its body is the upstream's to check. */
function handOn(route: Pick<RelayRoute, keyof RelayRoute>): RelayRoute {
  const { method, path } = route
  const isStream = route.answers.some(({ contentType }) => contentType === 'text/event-stream')
  return {
    ...route,
    readPlain: (bytes) => bytes,
    handle: (call: Handling) =>
      isStream
        ? call.parts.upstream.open(call, path)
        : call.parts.upstream.pass(call, method, path, call.body as Buffer | undefined),
  }
}

const judging = [...verifyRoutes, introspectRoute].map((route) =>
  // A relay has no sessions.
  handOnReserving({ ...route, tokenOnly: true }),
)

/** What verifiers ask, also those of relays behind this one. */
const ofVerifiers = [
  ...changeRoutes,
  ...grantRoutes,
  ...settlementRoutes,
  ...usageRoutes.filter(({ operationId }) => operationId === 'reportUsage'),
].map((route) => handOn({ ...route, tokenOnly: true } as unknown as RelayRoute))

export const relayRoutes: readonly RelayRoute[] = [...judging, ...ofVerifiers, ...healthRoutes]
