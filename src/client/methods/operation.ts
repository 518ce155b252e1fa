// What a server tells its operator.
import type { CallOptions, Requester } from '../request/request.ts'
import { checkOptions } from './calls.ts'

/** What a server tells its operator. */
export interface Operation {
  /** Resolves if the server is alive. */
  checkHealth(options?: CallOptions): Promise<void>
  /** Resolves if the database accepts durable writes now; throws `store_unavailable` otherwise. */
  checkReadiness(options?: CallOptions): Promise<void>
  /** The metrics, in Prometheus' text format. */
  readMetrics(options?: CallOptions): Promise<string>
  /** The OpenAPI document, as JSON text. */
  readOpenApi(options?: CallOptions): Promise<string>
}

/** Makes the methods of a client for its server's operator. */
export function operationMethods({ readPlain }: Requester): Operation {
  const read = async (path: string, options?: CallOptions) => readPlain(path, checkOptions(options))
  return {
    checkHealth: async (options) => void (await read('/healthz', options)),
    checkReadiness: async (options) => void (await read('/readyz', options)),
    readMetrics: (options) => read('/metrics', options),
    readOpenApi: (options) => read('/openapi.json', options),
  }
}
