// The calls that come millions of times, streams, and new keys, which some make by the thousand: they need no framework.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createDoor } from '../http/direct-routes.ts'
import type { Pipeline } from '../http/pipeline.ts'
import type { Parts } from './parts.ts'
import { auditRoutes } from './routes/audit.ts'
import { changeRoutes } from './routes/changes.ts'
import { grantRoutes } from './routes/grants.ts'
import { introspectionRoutes } from './routes/introspection.ts'
import { keyRoutes } from './routes/keys.ts'
import { verifyRoutes } from './routes/verify.ts'

/** Makes a handler for the calls that judge tokens, those of verifiers elsewhere, those on the audit log, and the one that creates a key. */
export function createHotDoor(
  pipeline: Pipeline<Parts>,
): (incoming: IncomingMessage, outgoing: ServerResponse) => boolean {
  const creation = keyRoutes.filter(({ operationId }) => operationId === 'createKey')
  const hot = [...verifyRoutes, ...introspectionRoutes, ...changeRoutes, ...grantRoutes, ...auditRoutes]
  return createDoor(pipeline, [...hot, ...creation])
}
