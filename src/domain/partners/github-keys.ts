// The public keys that sign GitHub's reports: read from the server that publishes them, and remembered.
import { createPublicKey, type KeyObject } from 'node:crypto'
import { LatchkeyError } from '../../core/errors.ts'
import { type Egress, EgressFailure } from '../../egress/requests.ts'

/** So long a list is believed without a look at the server, which may have withdrawn a key since. */
const freshMs = 3_600_000
/** So long it is believed while the server does not answer. */
const believedMs = 24 * 3_600_000
/** The server is asked so often at most, whatever comes. */
const pauseMs = 60_000
const timeoutMs = 5_000
/** So many reports wait for one answer, each with its body. */
const maxWaiting = 64
/** GitHub has two or three. */
const maxKeys = 64

export interface GithubKeysOptions {
  url: string
  egress: Pick<Egress, 'get'>
  /** Milliseconds by a clock that is never set. */
  monotonic: () => number
  warn(message: string): void
}

/** The keys of one server. */
export class GithubKeys {
  readonly #options: GithubKeysOptions
  #keys: ReadonlyMap<string, KeyObject> | undefined
  #readAt = Number.NEGATIVE_INFINITY
  #askedAt = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined
  #waiting = 0

  constructor(options: GithubKeysOptions) {
    this.#options = options
  }

  /**
   * Finds a key by its id; undefined if the server has none of that id. All who want to know at once share one question, and no
   * second one is asked within a minute. Throws `key_server_unavailable` if nobody can tell.
   */
  async find(id: string): Promise<KeyObject | undefined> {
    if (this.#age < freshMs) {
      const key = this.#keys?.get(id)
      if (key !== undefined) return key
    }
    await this.#ask()
    const key = this.#age < believedMs ? this.#keys?.get(id) : undefined
    // That there is no such key is known from an answer alone, and a later one may name it.
    if (key === undefined && this.#age >= pauseMs) throw this.#unavailable()
    return key
  }

  /** How many keys the server has, asked now. Throws {@link EgressFailure}, and an Error that says what is wrong with its answer. */
  async count(): Promise<number> {
    return (await this.#read()).size
  }

  get #age(): number {
    return this.#options.monotonic() - this.#readAt
  }

  async #ask(): Promise<void> {
    if (this.#asking === undefined) {
      const now = this.#options.monotonic()
      if (now - this.#askedAt < pauseMs) return
      this.#askedAt = now
      this.#asking = this.#refresh().finally(() => {
        this.#asking = undefined
      })
    }
    if (this.#waiting >= maxWaiting) throw this.#unavailable()
    this.#waiting++
    try {
      await this.#asking
    } finally {
      this.#waiting--
    }
  }

  async #refresh(): Promise<void> {
    const begunAt = this.#options.monotonic()
    try {
      this.#keys = await this.#read()
      this.#readAt = begunAt
    } catch (error) {
      this.#options.warn(`GitHub's keys cannot be read: ${describeFailure(error)}`)
    }
  }

  async #read(): Promise<ReadonlyMap<string, KeyObject>> {
    const { url, egress } = this.#options
    const headers = { accept: 'application/json', 'user-agent': 'Latchkey' }
    const { status, body } = await egress.get(new URL(url), headers, AbortSignal.timeout(timeoutMs))
    if (status !== 200) throw new Error(`The server answers ${status}.`)
    const keys = readKeys(body)
    if (keys.size === 0) throw new Error('The answer has no key of the curve P-256.')
    return keys
  }

  #unavailable(): LatchkeyError {
    const retryAfterMs = Math.max(1_000, this.#askedAt + pauseMs - this.#options.monotonic())
    const detail =
      'The server that publishes the keys of GitHub does not tell them now. Send the report again.'
    return new LatchkeyError('key_server_unavailable', detail, { retryAfterMs })
  }
}

/** Says why the keys could not be read, without anything that the answer holds. */
export function describeFailure(error: unknown): string {
  if (error instanceof EgressFailure) return error.message
  const { name, message } = error as Error
  return name === 'TimeoutError' ? 'There was no answer in time.' : message
}

/** Reads `{public_keys: [{key_identifier, key}]}`. What is no key of GitHub's kind is left out. */
function readKeys(body: Buffer): Map<string, KeyObject> {
  let list: unknown
  try {
    list = Object(JSON.parse(body.toString())).public_keys
  } catch {
    throw new Error('The answer is not JSON, or is too long.')
  }
  if (!Array.isArray(list)) throw new Error('The answer has no list of public keys.')
  const keys = list.slice(0, maxKeys).flatMap((item): [string, KeyObject][] => {
    const { key_identifier: id, key } = Object(item)
    const parsed = typeof id === 'string' && typeof key === 'string' ? readKey(key) : undefined
    return parsed ? [[id, parsed]] : []
  })
  return new Map(keys)
}

function readKey(pem: string): KeyObject | undefined {
  try {
    const key = createPublicKey(pem)
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined
  } catch {
    return undefined
  }
}
