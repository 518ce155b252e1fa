// Requests to a target that somebody else has named: to addresses that were checked, bounded in time and size, and without
// following where it redirects.
import { isIP, type LookupFunction, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { rootCertificates } from 'node:tls'
import type { Dispatcher } from 'undici'
import { type AddressPolicy, isAllowed, refusalOf } from './addresses.ts'
import { NameNotResolved, type NameOptions, resolveName } from './names.ts'
import { hostOf } from './target.ts'

const defaultTimeoutMs = 15_000
/** After the head of an answer its body has so long: what it says is for people only. */
const bodyMs = 2_000
/** So much of the answer to a message is kept, and so much of any is read, so that the connection can serve again. */
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
  /** The first bytes of its body: 1,024 at most of what a POST gets, 65,536 of a GET. */
  body: Buffer
  contentType: string | undefined
  retryAfter: string | undefined
  /** It came through the proxy: where from, nobody knows here. */
  isProxied: boolean
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

/**
 * Sends to targets. Those of one have the same policy and share connections; who is allowed more must have another, or a
 * connection that was opened for one would serve both.
 */
export class Egress {
  readonly #options: EgressOptions
  #dispatchers: Promise<Dispatchers> | undefined

  constructor(options: EgressOptions) {
    this.#options = options
  }

  /**
   * Posts a body. Whatever status an answer has it is an answer, redirects too. Throws {@link EgressFailure}, and the
   * reason of the signal.
   */
  post(
    url: URL,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
    signal?: AbortSignal,
  ): Promise<Answer> {
    return this.#send({ method: 'POST', url, headers, body, kept: keptBytes }, signal)
  }

  /** Gets what is there. Likewise. */
  get(url: URL, headers: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Answer> {
    return this.#send({ method: 'GET', url, headers, body: null, kept: readBytes }, signal)
  }

  async #send({ method, url, headers, body, kept }: Sent, signal?: AbortSignal): Promise<Answer> {
    signal?.throwIfAborted()
    const beganAt = performance.now()
    const { policy, timeoutMs = defaultTimeoutMs } = this.#options
    const isProxied = this.#options.proxy !== undefined && url.protocol === 'https:'
    let exchange: Exchange | undefined
    const over = new Late()
    const deadline = setTimeout(() => exchange?.giveUp(over), timeoutMs)
    const stop = () => exchange?.giveUp(over)
    signal?.addEventListener('abort', stop)
    try {
      // For an address in the URL no name is looked up.
      const host = hostOf(url)
      if (isIP(host) > 0) requireAddress(url, host, await policy())
      this.#dispatchers ??= this.#open()
      const dispatchers = await this.#dispatchers
      const dispatcher = isProxied ? dispatchers.proxied : dispatchers.direct
      const send = () => {
        signal?.throwIfAborted()
        exchange = new Exchange(kept)
        dispatcher.dispatch(
          {
            ...{ origin: url.origin, path: url.pathname + url.search, method, headers },
            body: body as Buffer | null,
          },
          exchange,
        )
        return exchange.answer
      }
      const head = await send().catch((error) => {
        if (!wasServing(error)) throw error
        // The other side closed a connection that had served, just when this message went out on it.
        return send()
      })
      return { ...head, isProxied, durationMs: performance.now() - beganAt }
    } catch (error) {
      signal?.throwIfAborted()
      throw toFailure(error, performance.now() - beganAt)
    } finally {
      clearTimeout(deadline)
      signal?.removeEventListener('abort', stop)
    }
  }

  /** Closes the connections. */
  close(): void {
    void this.#dispatchers?.then(
      ({ direct, proxied }) => Promise.all([direct.destroy(), proxied.destroy()]),
      () => {},
    )
  }

  /** Whoever sends nothing loads nothing for it. */
  async #open(): Promise<Dispatchers> {
    const { Agent, buildConnector, Pool, ProxyAgent } = await import('undici')
    const { ca: own, proxy, timeoutMs = defaultTimeoutMs } = this.#options
    const ca = own === undefined ? {} : { ca: [...rootCertificates, own] }
    const connect = { timeout: timeoutMs }
    const plain = buildConnector({ ...connect, lookup: this.#lookup('http:') })
    const tls = buildConnector({ ...connect, ...ca, lookup: this.#lookup('https:') })
    const options = {
      keepAliveTimeout: idleMs,
      keepAliveMaxTimeout: idleMs,
      headersTimeout: 0,
      bodyTimeout: 0,
    }
    const direct = new Agent({
      ...options,
      connect: (to, callback) => {
        const connector = to.protocol === 'https:' ? tls : plain
        connector(to, (...outcome) => {
          // A failure has no second one.
          if (outcome[1]) markErrors(outcome[1])
          callback(...outcome)
        })
      },
    })
    if (proxy === undefined) return { direct, proxied: direct }
    const proxied = new ProxyAgent({
      ...options,
      uri: proxy,
      requestTls: { ...connect, ...ca },
      proxyTls: connect,
      // A proxy that says nothing holds no connection for longer than a message may take.
      clientFactory: (origin, given) => new Pool(origin, { ...given, headersTimeout: timeoutMs }),
    })
    return { direct, proxied }
  }

  /** Finds the addresses for a connection: it goes to one of those that were checked here, and to no other. */
  #lookup(protocol: string): LookupFunction {
    return (name, { all, family }, callback) => {
      const find = async () => {
        const { names, policy } = this.#options
        const addresses = await resolveName(name, names)
        const rules = await policy()
        // One that is forbidden among them is no accident.
        for (const address of addresses) requireAddress({ protocol }, address, rules)
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

function requireAddress({ protocol }: Pick<URL, 'protocol'>, address: string, policy: AddressPolicy): void {
  if (isAllowed(address, policy)) return
  const refusal = refusalOf(address, policy)
  if (refusal !== undefined) throw new ForbiddenAddress(address, refusal)
  if (protocol === 'http:') throw new ForbiddenAddress(address, 'not without TLS')
}

/** A request, and how many bytes of its answer are kept. */
interface Sent {
  method: 'GET' | 'POST'
  url: URL
  headers: Readonly<Record<string, string>>
  body: Uint8Array | null
  kept: number
}

/** How connections are made: by ourselves, or by the proxy. */
interface Dispatchers {
  direct: Dispatcher
  proxied: Dispatcher
}

/** There was no answer in time. */
class Late extends Error {
  override readonly name = 'Late'
}

/** One message on its way, until its answer was read or given up. Whatever becomes of the rest of it, the status has been said. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #answer = Promise.withResolvers<Omit<Answer, 'isProxied' | 'durationMs'>>()
  readonly #mostKept: number
  readonly #kept: Buffer[] = []
  #length = 0
  #head: Pick<Answer, 'status' | 'contentType' | 'retryAfter'> | undefined
  #controller: Dispatcher.DispatchController | undefined
  #givenUp: Error | undefined
  #deadline: NodeJS.Timeout | undefined

  constructor(mostKept: number) {
    this.#mostKept = mostKept
  }

  get answer(): Promise<Omit<Answer, 'isProxied' | 'durationMs'>> {
    return this.#answer.promise
  }

  /** Ends it: with what was said so far, if anything was. */
  giveUp(why: Error): void {
    this.#givenUp = why
    this.#end(why)
    this.#controller?.abort(why)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    // Its connection came too late.
    if (this.#givenUp !== undefined) controller.abort(this.#givenUp)
  }

  onResponseStart(
    _: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    // Others come before the answer (RFC 9110, section 15.2).
    if (status < 200) return
    const { 'content-type': contentType, 'retry-after': retryAfter } = headers
    this.#head = { status, contentType: oneOf(contentType), retryAfter: oneOf(retryAfter) }
    this.#deadline = setTimeout(() => this.giveUp(new Late()), bodyMs)
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#length < this.#mostKept) this.#kept.push(chunk.subarray(0, this.#mostKept - this.#length))
    this.#length += chunk.length
    if (this.#length > readBytes) this.giveUp(new Late())
  }

  onResponseEnd(): void {
    this.#end()
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#end(error)
  }

  #end(error?: Error): void {
    clearTimeout(this.#deadline)
    if (this.#head === undefined) this.#answer.reject(error)
    else this.#answer.resolve({ ...this.#head, body: Buffer.concat(this.#kept) })
  }
}

function oneOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

/** What has failed on connections from which something had come. */
const afterService = new WeakSet<object>()

function markErrors(socket: Socket): void {
  socket.on('error', (error) => {
    if (socket.bytesRead > 0) afterService.add(error)
  })
}

/** Tells whether a message has failed on a connection that had served others. */
function wasServing(error: object): boolean {
  const { socket, message } = error as { socket?: { bytesRead?: number }; message?: string }
  return afterService.has(error) || (message === 'other side closed' && (socket?.bytesRead ?? 0) > 0)
}

function toFailure(error: unknown, durationMs: number): EgressFailure {
  const fail = (kind: FailureKind, message: string) => new EgressFailure(kind, message, durationMs, error)
  if (error instanceof ForbiddenAddress) return fail('forbidden_address', error.message)
  if (error instanceof NameNotResolved) return fail('name_not_resolved', error.message)
  if (error instanceof Late) return fail('timeout', 'There was no answer in time.')
  const { code = '', message = '' } = error as NodeJS.ErrnoException
  if (/CERT|TLS|SSL|ALTNAME|SIGNATURE/.test(code) || /SSL|TLS/.test(message))
    return fail('tls', `Its certificate or its TLS is not accepted (${code}).`)
  const refused = /^Proxy response \((\d+)\)/.exec(message)
  if (refused !== null) return fail('connection', `The proxy refused with ${refused[1]}.`)
  return fail('connection', `The connection failed (${code || 'unknown'}).`)
}
