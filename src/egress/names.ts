// From a name to addresses: asked of the name servers by this process itself, with a deadline, and never by the threads
// that everything else of Node.js shares, where a slow answer holds up files and other names.
import { Resolver } from 'node:dns/promises'

/** How long one question may take in all, however many servers there are. */
const defaultTimeoutMs = 5_000
const triesPerServer = 2
/** A name with more addresses than this is no receiver's. */
const maxAddresses = 64

/** How names are asked for. */
export interface NameOptions {
  /** Other name servers than those of the system, such as `10.0.0.2` or `[fd00::53]:5353`. */
  servers?: readonly string[] | undefined
  timeoutMs?: number | undefined
}

/** No address was found for a name. */
export class NameNotResolved extends Error {
  override readonly name = 'NameNotResolved'
}

/**
 * Finds all addresses of a name, of both families. Names in the file of hosts are not found: only the name servers are
 * asked. Throws {@link NameNotResolved}, with what the servers said.
 */
export async function resolveName(
  name: string,
  { servers = [], timeoutMs = defaultTimeoutMs }: NameOptions = {},
): Promise<string[]> {
  const resolver = new Resolver({ timeout: Math.ceil(timeoutMs / triesPerServer), tries: triesPerServer })
  if (servers.length > 0) resolver.setServers(servers)
  const deadline = setTimeout(() => resolver.cancel(), timeoutMs)
  try {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    if (addresses.length > maxAddresses) throw new NameNotResolved(`It has ${addresses.length} addresses.`)
    if (addresses.length > 0) return addresses
    throw new NameNotResolved(explain(answers.map((answer) => codeOf(answer))))
  } finally {
    clearTimeout(deadline)
  }
}

function codeOf(answer: PromiseSettledResult<unknown>): string {
  return answer.status === 'rejected' ? String((answer.reason as NodeJS.ErrnoException).code) : 'ENODATA'
}

function explain(codes: readonly string[]): string {
  const silent = ['ETIMEOUT', 'ECANCELLED', 'ECONNREFUSED']
  if (codes.some((code) => silent.includes(code))) return 'The name servers did not answer.'
  if (codes.includes('ENOTFOUND')) return 'There is no such name.'
  if (codes.every((code) => code === 'ENODATA')) return 'The name has no address.'
  return 'The name servers could not tell.'
}
