// How the questions of a verifier fail.
import { LatchkeyError } from '../../core/errors.ts'
import { LatchkeyClientError } from '../errors.ts'

/** A question that found no turn. */
export class TooMany extends LatchkeyClientError {
  constructor() {
    super('timed_out', 'Too many unknown tokens wait for the server to verify them. Try again.')
  }
}

/** Judges, and throws what is wrong with the question as an error of the client's. */
export function asClient<T>(judge: () => T): T {
  try {
    return judge()
  } catch (error) {
    throw toClientError(error)
  }
}

/** The client's error for one of what it shares with the server; every other error as it is. */
export function toClientError(error: unknown): unknown {
  if (!(error instanceof LatchkeyError)) return error
  const { code, message, errors, retryAfterMs } = error
  return new LatchkeyClientError(code, message, {
    ...(errors && { errors }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  })
}

/** Whether the server is away or broken, rather than refusing. */
export function isAbsence(error: unknown): boolean {
  const { code, status = 0 } = error as LatchkeyClientError
  return code === 'server_unreachable' || code === 'timed_out' || status >= 500
}

/** What a server without this feature answers is told as that. */
export function unsupported(error: unknown, url: string): unknown {
  if ((error as LatchkeyClientError).code !== 'route_not_found') return error
  const detail = `${url} does not support this client's verifier. Use matching versions of client and server.`
  return new LatchkeyClientError('unsupported_server', detail, { cause: error })
}

/** Waits for an answer, and no longer than until a signal is raised; one that many calls share holds none of them. */
export async function untilAborted<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return answer
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = () =>
    reject(new LatchkeyClientError('aborted', 'The caller aborted the call.', { cause: signal.reason }))
  if (signal.aborted) abort()
  else signal.addEventListener('abort', abort)
  try {
    return await Promise.race([answer, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** The verifier was closed. */
export function closed(): LatchkeyClientError {
  return new LatchkeyClientError('aborted', 'The verifier is closed.')
}
