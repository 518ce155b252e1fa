// Hears what other processes announce on PostgreSQL. May be deaf for a while: regular looks make up for it.
import { endClient, type PostgresClient, type PostgresConnector } from './postgres-connection.ts'

const reconnectMs = 1_000
/** A server without a connection to spare is not asked every second. */
const reconnectWhenFailedMs = 5_000
/** How often the connection is asked whether it still hears. */
const probeEveryMs = 5_000
const timeoutMs = 800

export class PostgresListener {
  readonly #connector: PostgresConnector
  readonly #channel: string
  readonly #hint: () => void
  #client: PostgresClient | undefined
  #timer: NodeJS.Timeout | undefined
  #probe: NodeJS.Timeout | undefined
  #closed = false

  constructor(connector: PostgresConnector, channel: string, hint: () => void) {
    this.#connector = connector
    this.#channel = channel
    this.#hint = hint
    void this.#connect()
  }

  /** Whether a notification would be heard now. */
  get hears(): boolean {
    return this.#client !== undefined && !this.#client.isBroken
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#drop()
  }

  async #connect(): Promise<void> {
    // What a pooler lends for one transaction hears nothing, and would keep hearing for somebody else.
    if (this.#closed || this.#connector.pooled) return
    let client: PostgresClient
    try {
      client = await this.#connector.connect({ purpose: 'listen', timeoutMs, queryTimeoutMs: timeoutMs })
    } catch {
      return this.#retry(reconnectWhenFailedMs)
    }
    if (this.#closed) return endClient(client)
    this.#client = client
    const onEnd = () => {
      if (this.#client !== client) return
      this.#drop()
      this.#retry(reconnectMs)
    }
    client.on('error', onEnd)
    client.on('end', onEnd)
    client.on('notification', () => this.#hint())
    this.#probe = setInterval(() => {
      if (client.generation !== this.#connector.generation || this.#connector.pooled) return onEnd()
      client.query('select 1').catch(onEnd)
    }, probeEveryMs)
    this.#probe.unref()
    await client.query(`listen "${this.#channel}"`).then(() => this.#hint(), onEnd)
  }

  #drop(): void {
    clearInterval(this.#probe)
    if (this.#client) endClient(this.#client)
    this.#client = undefined
  }

  #retry(milliseconds: number): void {
    if (this.#closed) return
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => void this.#connect(), milliseconds)
    this.#timer.unref()
  }
}
