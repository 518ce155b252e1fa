// What a route is: one definition from which the app serves it and the OpenAPI document tells of it.
import type { BlockList } from 'node:net'
import type { z } from 'zod'
import type { Caller } from '../core/actor.ts'
import type { ErrorCode } from '../core/errors.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import type { ManagementPermission } from '../core/permissions.ts'
import type { Purpose } from '../core/purpose.ts'
import type { FairLine } from '../fairness/fair-line.ts'
import type { Slices } from '../fairness/slices.ts'
import type { Authenticator } from './authenticator.ts'
import type { Exchange, ReadHeader } from './exchange.ts'
import type { Form } from './form.ts'
import type { Reply } from './reply.ts'
import type { Telemetry } from './telemetry/telemetry.ts'
import type { UnderWay } from './under-way.ts'

/** What the kit needs of every server. */
export interface Kit {
  authenticator: Authenticator
  /** The requests that are being answered, by caller. */
  underWay: UnderWay
  /** The lists that are being read, written, or still waited for by their readers: each holds memory. */
  lists: FairLine
  /** The turns in which lists are written. */
  slices: Slices
  /** The proxies whose word is believed on where a request came from, and how. */
  trustedProxies: BlockList
  /** Tells a collector of what is answered, if there is one. */
  telemetry: Telemetry | undefined
}

type ParameterNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParameterNames<Rest>
  : never

/** A request that has come as far as its handler. */
export interface Call<Parts extends Kit, Query = unknown, Body = unknown, Name extends string = string> {
  parts: Parts
  exchange: Exchange
  header: ReadHeader
  /** The path's parameters. */
  params: Record<Name, string>
  /** The query string as it came, without its `?`. */
  rawQuery: string
  /** The query under the library's names. Its type is what the library expects: the library checks it. */
  query: Query
  /** The body under the library's names. Its type is what the library expects: the library checks it. */
  body: Body
  /** The form that came, if the route takes one. */
  form: Form
  /** What the request is known by, if it is to be done once: it came with an Idempotency-Key, and the route takes one. */
  once: IdempotentRequest | undefined
  /** Raised when the request's connection is done with it: answered, or gone; absent if the app has none. */
  signal: AbortSignal | undefined
  /** Judges the caller again, in the midst of a long answer. Throws what would have refused it at the beginning. */
  readmit(): Promise<Caller>
}

/** An answer of a route that is no problem. */
export interface Answer {
  status: number
  description: string
  /** The shape of its JSON, by the library's names; none for an answer without a body. */
  schema?: z.ZodType
  /** Another type than application/json, or one of several, for what has no schema. */
  contentType?: string | readonly string[]
  /** The documented headers that it may carry, beside the common ones. */
  headers?: readonly string[]
}

interface Description {
  operationId: string
  /** Under which heading the document has it. */
  tag: string
  summary: string
  description?: string
  answers: readonly Answer[]
  /** The problems beyond those that the access, the query and the body bring along. */
  problems?: readonly ErrorCode[]
}

interface Definition<Path extends string, Query extends z.ZodType, Body extends z.ZodType>
  extends Description {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** An OpenAPI path template. */
  path: Path
  query?: Query
  /** Takes any query: a page, for links to pages carry parameters of those who spread them. */
  anyQuery?: true
  /** Scripts of pages of any origin may read its answers: it takes no cookie. */
  crossOrigin?: true
  /** It makes something, once for each `Idempotency-Key`. */
  once?: true
  /** It makes its change on the condition of `If-Match`, if that came. */
  ifMatch?: true
  body?: Body
  /**
   * It is an endpoint of OAuth 2.0: it takes a form, whose fields this describes, knows its caller by HTTP Basic too, and
   * refuses as `oauth-refusals.ts` does.
   */
  form?: z.ZodType
  /** The body may be left out. */
  bodyOptional?: boolean
  /** In bytes; 64 KiB if absent. */
  bodyLimit?: number
  /**
   * Reads a body of the form in which nearly all come, quickly; undefined for any other, and for each that would be
   * refused. It gives what the general way gives.
   */
  readPlain?: (bytes: Buffer) => z.input<Body> | undefined
}

type HandlerCall<
  Parts extends Kit,
  Path extends string,
  Query extends z.ZodType,
  Body extends z.ZodType,
> = Call<Parts, z.input<Query>, z.input<Body>, ParameterNames<Path>>

interface Guarded<Parts extends Kit, Path extends string, Query extends z.ZodType, Body extends z.ZodType>
  extends Definition<Path, Query, Body> {
  /** What the calling key must hold; `any key` for nothing in particular. */
  access: ManagementPermission | 'any key'
  /** What only a key of the root organization may do here: no other caller's body is read, which may be long. */
  rootOnly?: string
  /** It takes the token itself; a session is not enough. */
  tokenOnly?: true
  /** Beside the token it takes the session's two values. */
  withSession?: true
  /** It is for the pages of portal sessions: it takes their tokens, and no other. */
  portal?: true
  /** What the caller's token is judged for; `management`, which is a use of its key, if absent. */
  purpose?: Purpose
  /** It only reads, although it is no GET: its caller must still be admitted when the answer is made. */
  changesNothing?: true
  handle(call: HandlerCall<Parts, Path, Query, Body> & { caller: Caller }): Promise<Reply>
}

interface Public<Parts extends Kit, Path extends string, Query extends z.ZodType, Body extends z.ZodType>
  extends Definition<Path, Query, Body> {
  access: 'public'
  /** It judges the token of the request itself, in `Authorization` or `X-Api-Key`. */
  judgesToken?: true
  /** Refuses by what the head tells: nobody else's body is read, which may be long. */
  refuseEarly?(call: Pick<Call<Parts>, 'parts' | 'exchange' | 'header'>): void
  handle(call: HandlerCall<Parts, Path, Query, Body>): Promise<Reply>
}

/** A route as the app and the document take it. */
export interface Route<Parts extends Kit> extends Definition<string, z.ZodType, z.ZodType> {
  access: ManagementPermission | 'any key' | 'public'
  rootOnly?: string
  tokenOnly?: true
  withSession?: true
  portal?: true
  purpose?: Purpose
  judgesToken?: true
  refuseEarly?(call: Pick<Call<Parts>, 'parts' | 'exchange' | 'header'>): void
  changesNothing?: true
  handle(call: Call<Parts> & { caller: Caller }): Promise<Reply>
}

/** Defines a route; its handler's types follow from its path and its shapes. */
export type DefineRoute<Parts extends Kit> = <
  const Path extends string,
  Query extends z.ZodType = z.ZodType<unknown>,
  Body extends z.ZodType = z.ZodType<unknown>,
>(
  definition: Guarded<Parts, Path, Query, Body> | Public<Parts, Path, Query, Body>,
) => Route<Parts>

/** Makes what defines the routes of a server of the given parts. */
export function defineRoutesOf<Parts extends Kit>(): DefineRoute<Parts> {
  return (definition) => definition as unknown as Route<Parts>
}
