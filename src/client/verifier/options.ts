// What a verifier is made with.
import { unknownOption, wholeNumberFault } from '../../core/options.ts'
import { type CacheOptions, cacheFault } from '../../verdict/cache-options.ts'
import type { ClientOptions } from '../request/request.ts'

/** The server of a verifier, and the bounds of its memory. */
export interface VerifierOptions extends ClientOptions, CacheOptions {
  /** How long a verification may wait for the server in all, in milliseconds; 3,000 if absent. */
  timeoutMs?: number
  /**
   * If the server does not answer, memory answers for so many milliseconds after it was last known to be complete,
   * except for secrets that are known to have changed. 0 if absent: the verifier throws instead.
   */
  staleIfErrorMs?: number
  /** Milliseconds since 1970; `Date.now` if absent. For tests. */
  now?: () => number
  /** Milliseconds by a clock that is never set; `performance.now` if absent. For tests. */
  monotonic?: () => number
}

const optionNames = [
  ...['url', 'token', 'timeoutMs', 'cachedSecrets', 'cacheBytes', 'staleIfErrorMs'],
  ...['now', 'monotonic'],
]
const maxStaleMs = 2 ** 31 - 1

/** Throws TypeError for an unknown option, and for a number out of bounds. */
export function checkVerifierOptions(options: VerifierOptions): void {
  const fault =
    unknownOption(options, optionNames) ??
    cacheFault(options) ??
    wholeNumberFault('staleIfErrorMs', options.staleIfErrorMs, 0, maxStaleMs)
  if (fault) throw new TypeError(`${fault.path}: ${fault.message}`)
}
