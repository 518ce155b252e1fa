// A TCP proxy before PostgreSQL that can swallow, delay or cut a client's bytes. A client is chosen by the
// application_name of its startup packet (PostgreSQL's documentation, section "Message Formats").
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/**
 * `swallow` drops every byte both ways without a word, as a broken network does, those on their way excepted;
 * `cut` closes connections; a delay is that of the server's answers.
 */
export type Fault = 'swallow' | 'cut' | { delayMs: number }

export interface DatabaseProxy extends AsyncDisposable {
  /** The database's address through the proxy. */
  url: string
  /** Applies a fault to the connections of an application, those to come included; to all without a name. */
  fail(fault: Fault, application?: string): void
  /** Resolves at the next bytes that the server sends to an application, before they are on their way. */
  nextAnswer(application: string): Promise<void>
  /** Counts from now on how often clients send a text. */
  countSent(text: string): () => number
  /**
   * Stalls the next client that sends a statement with this text: the statement reaches the server whole, and from then
   * on nothing passes either way. Resolves when it has come to that, with the function that lets everything pass.
   */
  stallAfter(text: string): Promise<() => void>
  /** Ends all faults. A connection that lost bytes stays dead, as it would behind a firewall. */
  heal(): void
}

/** Starts a proxy before a database. */
export async function startProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl)
  const links = new Set<Link>()
  let faults: { fault: Fault; application: string | undefined }[] = []
  const faultOf = (application: string) =>
    faults.findLast((entry) => entry.application === undefined || entry.application === application)?.fault
  let awaited: { application: string; resolve: () => void }[] = []
  const onAnswer = (application: string) => {
    for (const each of awaited) if (each.application === application) each.resolve()
    awaited = awaited.filter((each) => each.application !== application)
  }
  const counted = new Map<string, number>()
  const onSent = (bytes: Buffer) => {
    for (const [text, count] of counted)
      counted.set(text, count + bytes.toString('latin1').split(text).length - 1)
  }
  let stall: Stall | undefined
  const findStall = (bytes: Buffer) => {
    if (stall === undefined || !bytes.includes(stall.text)) return undefined
    const found = stall
    stall = undefined
    return found
  }
  const server = createServer((client) => {
    const upstream = connect(Number(target.port), target.hostname)
    const link = new Link(client, upstream, { faultOf, onSent, onAnswer, findStall })
    links.add(link)
    client.once('close', () => links.delete(link))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(databaseUrl)
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: url.href,
    fail: (fault, application) => {
      faults.push({ fault, application })
      for (const link of links) link.refresh()
    },
    countSent: (text) => {
      counted.set(text, 0)
      return () => counted.get(text) as number
    },
    stallAfter: (text) =>
      new Promise((resolve) => {
        stall = { text, resolve }
      }),
    nextAnswer: (application) => new Promise((resolve) => awaited.push({ application, resolve })),
    heal: () => {
      faults = []
    },
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, 'close')
      server.close()
      for (const link of links) link.cut()
      await closed
    },
  }
}

/** A statement to wait for, and whom to tell once its client is stalled. */
interface Stall {
  text: string
  resolve: (release: () => void) => void
}

interface LinkEvents {
  faultOf: (application: string) => Fault | undefined
  onSent: (bytes: Buffer) => void
  onAnswer: (application: string) => void
  /** The stall that begins with these bytes, once. */
  findStall: (bytes: Buffer) => Stall | undefined
}

/** With this message a client ends a statement with parameters: PostgreSQL's documentation, section 55.7. */
const sync = Buffer.from('S\0\0\0\u0004', 'latin1')

/** One client's connection and its twin to the server. */
class Link {
  readonly #client: Socket
  readonly #server: Socket
  readonly #events: LinkEvents
  /** The stall that begins when the statement has come whole. */
  #stall: Stall | undefined
  /** What a stalled link holds back, in order; undefined while everything passes. */
  #held: { to: Socket; bytes: Buffer }[] | undefined
  /** What came before the startup packet was whole. */
  #startup: Buffer | undefined = Buffer.alloc(0)
  #application = ''
  #isDead = false

  constructor(client: Socket, server: Socket, events: LinkEvents) {
    this.#client = client
    this.#server = server
    this.#events = events
    client.on('data', (bytes) => this.#fromClient(bytes as Buffer))
    server.on('data', (bytes) => {
      this.#pass(client, bytes as Buffer)
      events.onAnswer(this.#application)
    })
    for (const socket of [client, server]) {
      socket.setNoDelay(true)
      socket.on('error', () => {})
      // Where bytes are swallowed, so is the word of the other side's end.
      socket.once('close', () => this.#isDead || this.#held || this.cut())
    }
  }

  cut(): void {
    this.#client.destroy()
    this.#server.destroy()
  }

  /** Applies a fault that has just been set. */
  refresh(): void {
    if (this.#startup === undefined && this.#events.faultOf(this.#application) === 'cut') this.cut()
  }

  #fromClient(bytes: Buffer): void {
    this.#events.onSent(bytes)
    if (this.#startup === undefined) {
      this.#stall ??= this.#events.findStall(bytes)
      const end = this.#stall ? bytes.indexOf(sync, bytes.indexOf(this.#stall.text) + 1) : -1
      if (this.#stall && end >= 0) this.#stallFrom(bytes, end + sync.length)
      else this.#pass(this.#server, bytes)
      return
    }
    this.#startup = Buffer.concat([this.#startup, bytes])
    if (this.#startup.length < 4 || this.#startup.length < this.#startup.readUInt32BE(0)) return
    const whole = this.#startup
    this.#startup = undefined
    const fields = whole.toString('latin1', 8).split('\0')
    this.#application = fields[fields.indexOf('application_name') + 1] ?? ''
    this.refresh()
    this.#pass(this.#server, whole)
  }

  #stallFrom(bytes: Buffer, end: number): void {
    this.#pass(this.#server, bytes.subarray(0, end))
    const held = [{ to: this.#server, bytes: bytes.subarray(end) }]
    this.#held = held
    this.#stall?.resolve(() => {
      this.#held = undefined
      for (const { to, bytes } of held) this.#pass(to, bytes)
      if (this.#client.destroyed || this.#server.destroyed) this.cut()
    })
    this.#stall = undefined
  }

  #pass(to: Socket, bytes: Buffer): void {
    if (this.#held) {
      this.#held.push({ to, bytes })
      return
    }
    const fault = this.#events.faultOf(this.#application)
    if (fault === 'swallow') this.#isDead = true
    if (this.#isDead || to.destroyed) return
    // Timers of one length end in the order in which they began.
    if (typeof fault === 'object' && to === this.#client) {
      setTimeout(() => to.destroyed || to.write(bytes), fault.delayMs)
    } else to.write(bytes)
  }
}
