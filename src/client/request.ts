// One request to a server and its answer, by nothing but `fetch`: runs wherever that exists.
import type { FieldError } from '../errors.ts'
import type { Page } from '../schemas.ts'
import { fromWireAnswer, toWire, type Wire } from '../wire.ts'
import { type ClientErrorCode, LatchkeyClientError } from './errors.ts'

/** Where a server is and who asks. */
export interface ClientOptions {
  /** The server's address, such as `https://keys.example.com`; a path before `/v1` may follow. */
  url: string
  /** The token of the key that asks. It goes into the `Authorization` header and nowhere else. */
  token: string
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** Sends requests as one key to one server. */
export interface Requester {
  /** Sends a library value in the wire's form and reads the answer back into the library's. */
  send<Answer>(method: Method, path: string, body?: object): Promise<Answer>
  /** Reads one page of a list; its `next` comes from the answer's Link header (RFC 8288). */
  readPage<Item>(path: string, query: object): Promise<Page<Item>>
}

/** Makes a requester. Throws TypeError for an address that is not http or https. */
export function createRequester({ url, token }: ClientOptions): Requester {
  const address = new URL(url)
  if (!/^https?:$/.test(address.protocol))
    throw new TypeError('The url of a server begins with http:// or https://.')
  const base = `${address.origin}${address.pathname.replace(/\/+$/, '')}`

  const request = async (method: Method, path: string, body?: object): Promise<Response> => {
    const response = await fetchOrFail(base + path, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json',
        ...(body && { 'content-type': 'application/json' }),
      },
      // A redirect could carry the token to another address.
      redirect: 'manual',
      ...(body && { body: JSON.stringify(toWire(body)) }),
    })
    if (!response.ok) throw await toError(response)
    return response
  }

  return {
    send: async <Answer>(method: Method, path: string, body?: object) =>
      readAnswer<Answer>(await request(method, path, body)),
    readPage: async <Item>(path: string, query: object) => {
      const response = await request('GET', path + toQuery(query))
      return { items: await readAnswer<Item[]>(response), next: findNext(response.headers.get('link')) }
    },
  }
}

/** Writes an id into a path, as one segment whatever it holds. Throws `invalid_input` where none can be made of it. */
export function pathSegment(id: string): string {
  // An empty id, or dots that URLs resolve, would name another resource.
  if (!/[^.]/.test(id))
    throw new LatchkeyClientError('invalid_input', 'An id is missing or consists of dots.')
  return encodeURIComponent(id)
}

async function fetchOrFail(url: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init)
  } catch (cause) {
    throw new LatchkeyClientError('server_unreachable', `No answer from ${new URL(url).origin}.`, { cause })
  }
}

async function readAnswer<Answer>(response: Response): Promise<Answer> {
  try {
    return fromWireAnswer((await response.json()) as Wire<Answer>)
  } catch (cause) {
    throw unexpected(response, cause)
  }
}

async function toError(response: Response): Promise<LatchkeyClientError> {
  const isProblem = response.headers.get('content-type')?.startsWith('application/problem+json')
  const problem: unknown = isProblem ? await response.json().catch(() => undefined) : undefined
  if (typeof problem !== 'object' || problem === null || !('code' in problem)) return unexpected(response)
  const { code, title, detail, request_id, errors } = problem as {
    code: ClientErrorCode
    title: string
    detail?: string
    request_id?: string
    errors?: FieldError[]
  }
  return new LatchkeyClientError(code, detail ?? title, {
    status: response.status,
    ...(request_id && { requestId: request_id }),
    ...(errors && { errors }),
  })
}

function unexpected(response: Response, cause?: unknown): LatchkeyClientError {
  const detail = `The server's answer (${response.status}) is not one of Latchkey's.`
  return new LatchkeyClientError('unexpected_answer', detail, { status: response.status, cause })
}

function toQuery(query: object): string {
  const fields = Object.entries(toWire(query)).map(([name, value]) => [name, String(value)])
  return fields.length === 0 ? '' : `?${new URLSearchParams(fields)}`
}

function findNext(link: string | null): string | undefined {
  const address = /<([^>]*)>\s*;\s*rel="?next"?/.exec(link ?? '')?.[1]
  return address === undefined
    ? undefined
    : (new URL(address, 'http://localhost').searchParams.get('after') ?? undefined)
}
