// POST to a target that somebody else has named: to addresses that were checked, bounded in time and size, and without
// following where it redirects.
import {
  type ClientRequest,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest,
} from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { performance } from 'node:perf_hooks'
import { rootCertificates } from 'node:tls'
import { HttpsProxyAgent } from 'https-proxy-agent'
import { type AddressPolicy, isAllowed, refusalOf } from './addresses.ts'
import { NameNotResolved, type NameOptions, resolveName } from './names.ts'
import { hostOf } from './target.ts'

const defaultTimeoutMs = 15_000
/** After the head of an answer its body has so long: what it says is for people only. */
const bodyMs = 2_000
/** So much of an answer is kept, and so much is read, so that the connection can serve again. */
const keptBytes = 1_024
const readBytes = 65_536
/** A connection that is open and idle for so long is closed. To where it leads was checked when it was opened. */
const idleMs = 4_000

/** How targets are reached. */
export interface EgressOptions {
  /** Asked before each connection: the addresses of this machine change. */
  policy: () => Promise<AddressPolicy>
  names?: NameOptions
  timeoutMs?: number
  /** The proxy through which TLS goes (RFC 9110, section 9.3.6): then it resolves names, and decides where they may lead. */
  proxy?: string | undefined
  /** Certificates of authorities to trust beside those that everybody trusts, in PEM. */
  ca?: string | undefined
}

/** What came back. */
export interface Answer {
  status: number
  /** The first bytes of its body, 1,024 at most. */
  body: Buffer
  contentType: string | undefined
  retryAfter: string | undefined
  /** To which address the connection went; undefined through a proxy, and if it was gone before anybody asked. */
  address: string | undefined
  durationMs: number
}

/** Why there was no answer. */
export type FailureKind = 'forbidden_address' | 'name_not_resolved' | 'timeout' | 'tls' | 'connection'

/** A target that gave no answer. */
export class EgressFailure extends Error {
  override readonly name = 'EgressFailure'
  readonly kind: FailureKind
  readonly durationMs: number

  /** Its message holds no address: a name that only this network knows would give away where it leads. */
  constructor(kind: FailureKind, message: string, durationMs: number, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
    this.durationMs = durationMs
  }
}

/** An address that is not connected to. */
class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress'
  readonly address: string

  constructor(address: string, why: string) {
    super(`It leads to an address that is not reached (${why}).`)
    this.address = address
  }
}

/** The proxy does not let a message through. */
class ProxyRefusal extends Error {
  override readonly name = 'ProxyRefusal'
}

/**
 * Sends to targets. Those of one have the same policy and share connections; who is allowed more must have another, or a
 * connection that was opened for one would serve both.
 */
export class Egress {
  readonly #options: EgressOptions
  readonly #plain: PlainAgent
  readonly #ca: { ca?: string[] }
  readonly #tls: TlsAgent | HttpsProxyAgent<string>

  constructor(options: EgressOptions) {
    this.#options = options
    const agent = { keepAlive: true, timeout: idleMs, maxFreeSockets: 256 }
    this.#plain = new PlainAgent(agent)
    this.#ca = options.ca === undefined ? {} : { ca: [...rootCertificates, options.ca] }
    this.#tls = options.proxy === undefined ? new TlsAgent(agent) : new HttpsProxyAgent(options.proxy, agent)
  }

  /**
   * Posts a body. Whatever status an answer has it is an answer, redirects too. Throws {@link EgressFailure}, and the
   * reason of the signal.
   */
  async post(
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Answer> {
    signal?.throwIfAborted()
    const beganAt = performance.now()
    const { timeoutMs = defaultTimeoutMs } = this.#options
    const over = new AbortController()
    const deadline = setTimeout(() => over.abort(), timeoutMs)
    const stop = () => over.abort()
    signal?.addEventListener('abort', stop)
    try {
      // For an address in the URL no name is looked up.
      const host = hostOf(url)
      if (isIP(host) > 0) requireAddress(url, host, await this.#options.policy())
      const response = await this.#send(url, headers, body, over.signal)
      const address = this.#isProxied(url) ? undefined : response.socket.remoteAddress
      const excerpt = await readExcerpt(response)
      const { 'content-type': contentType, 'retry-after': retryAfter } = response.headers
      const durationMs = performance.now() - beganAt
      return { status: response.statusCode ?? 0, body: excerpt, contentType, retryAfter, address, durationMs }
    } catch (error) {
      signal?.throwIfAborted()
      throw toFailure(error, over.signal.aborted, performance.now() - beganAt)
    } finally {
      clearTimeout(deadline)
      signal?.removeEventListener('abort', stop)
    }
  }

  /** Closes the connections that are open and idle. */
  close(): void {
    this.#plain.destroy()
    this.#tls.destroy()
  }

  async #send(
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    for (;;) {
      const request = this.#request(url, headers, signal)
      request.end(body)
      try {
        return await headOf(request)
      } catch (error) {
        // The other side closed a connection that had served, just when this message went out on it.
        if (!request.reusedSocket || (error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error
      }
    }
  }

  #request(url: URL, headers: Readonly<Record<string, string>>, signal: AbortSignal): ClientRequest {
    const isTls = url.protocol === 'https:'
    const lookup = this.#isProxied(url) ? {} : { lookup: this.#lookup(url) }
    const options = { method: 'POST', headers, ...lookup, signal }
    return isTls
      ? tlsRequest(url, { ...options, ...this.#ca, agent: this.#tls })
      : plainRequest(url, { ...options, agent: this.#plain })
  }

  #isProxied({ protocol }: URL): boolean {
    return this.#options.proxy !== undefined && protocol === 'https:'
  }

  /** Finds the addresses for a connection: it goes to one of those that were checked here, and to no other. */
  #lookup(url: URL): LookupFunction {
    return (name, { all, family }, callback) => {
      const find = async () => {
        const { names, policy } = this.#options
        const addresses = await resolveName(name, names)
        const rules = await policy()
        // One that is forbidden among them is no accident.
        for (const address of addresses) requireAddress(url, address, rules)
        const found = addresses.map((address) => ({ address, family: isIP(address) }))
        const fitting = found.filter((one) => (family !== 4 && family !== 6 ? true : one.family === family))
        const [first] = fitting
        if (first === undefined) throw new NameNotResolved('The name has no address of this family.')
        return { first, fitting }
      }
      find().then(
        ({ first, fitting }) => (all ? callback(null, fitting) : callback(null, first.address, first.family)),
        (error) => callback(error, all ? [] : '', 0),
      )
    }
  }
}

function requireAddress(url: URL, address: string, policy: AddressPolicy): void {
  if (isAllowed(address, policy)) return
  const refusal = refusalOf(address, policy)
  if (refusal !== undefined) throw new ForbiddenAddress(address, refusal)
  if (url.protocol === 'http:') throw new ForbiddenAddress(address, 'not without TLS')
}

function headOf(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve)
    request.once('error', reject)
    // The agent gives what a proxy says of a refusal for an answer of the receiver's.
    request.once('proxyConnect', ({ statusCode }: { statusCode: number }) => {
      if (statusCode === 200) return
      request.destroy()
      reject(new ProxyRefusal(`The proxy refused with ${statusCode}.`))
    })
    // Without a listener it would be a failure of the process: nobody asked for another protocol.
    request.once('upgrade', (response, socket) => {
      socket.destroy()
      resolve(response)
    })
  })
}

/** Reads the beginning of an answer. Whatever becomes of the rest, the status has been said. */
async function readExcerpt(response: IncomingMessage): Promise<Buffer> {
  const kept: Buffer[] = []
  let length = 0
  const { promise: over, resolve } = Promise.withResolvers<void>()
  const giveUp = () => {
    response.destroy()
    resolve()
  }
  const deadline = setTimeout(giveUp, bodyMs)
  response.on('data', (chunk: Buffer) => {
    if (length < keptBytes) kept.push(chunk.subarray(0, keptBytes - length))
    length += chunk.length
    if (length > readBytes) giveUp()
  })
  response.once('end', resolve)
  response.once('error', resolve)
  response.once('close', resolve)
  await over
  clearTimeout(deadline)
  return Buffer.concat(kept)
}

function toFailure(error: unknown, isLate: boolean, durationMs: number): EgressFailure {
  const fail = (kind: FailureKind, message: string) => new EgressFailure(kind, message, durationMs, error)
  if (error instanceof ForbiddenAddress) return fail('forbidden_address', error.message)
  if (error instanceof NameNotResolved) return fail('name_not_resolved', error.message)
  if (error instanceof ProxyRefusal) return fail('connection', error.message)
  if (isLate) return fail('timeout', 'There was no answer in time.')
  const { code = '', message = '' } = error as NodeJS.ErrnoException
  if (/CERT|TLS|SSL|ALTNAME|SIGNATURE/.test(code) || /SSL|TLS/.test(message))
    return fail('tls', `Its certificate or its TLS is not accepted (${code}).`)
  return fail('connection', `The connection failed (${code || 'unknown'}).`)
}
