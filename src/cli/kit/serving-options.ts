// The options that `latchkey serve` and `latchkey relay` share.
import { Option } from 'commander'
import { collect } from './options.ts'

/** Makes them, new for each command. */
export function servingOptions() {
  return {
    host: new Option('--host <address>', 'the address to listen on (or LATCHKEY_HOST; default: 127.0.0.1)'),
    port: new Option(
      '--port <port>',
      'the port to listen on, 0 for any free one (or LATCHKEY_PORT; default: 7373)',
    ),
    logLevel: new Option(
      '--log-level <level>',
      'trace to fatal, or silent (or LATCHKEY_LOG_LEVEL; default: info)',
    ),
    logVerdicts: new Option(
      '--log-verdicts <which>',
      'verdicts to log one by one: all, refused or none (or LATCHKEY_LOG_VERDICTS; default: refused)',
    ),
    cachedSecrets: new Option(
      '--cached-secrets <count>',
      'the number of secrets that each process caches (or LATCHKEY_CACHED_SECRETS; default: 100000)',
    ),
    cacheBytes: new Option(
      '--cache-bytes <bytes>',
      'the size of that cache in bytes (or LATCHKEY_CACHE_BYTES; default: 1280 per secret)',
    ),
    trustedProxy: new Option(
      '--trusted-proxy <address>',
      'trust X-Forwarded-For and Forwarded from this address (repeatable; or LATCHKEY_TRUSTED_PROXIES)',
    ).argParser(collect),
    keepAlive: new Option(
      '--keep-alive <seconds>',
      'how long the server keeps an idle connection (or LATCHKEY_KEEP_ALIVE; default: 3660)',
    ),
    basicAuth: new Option(
      '--basic-auth <part>',
      'take tokens of HTTP Basic on /v1/auth: password, or user-name for either (or LATCHKEY_BASIC_AUTH; default: none)',
    ),
  }
}
