// Which request is served next if more have come than one turn of the event loop has time for.
//
// Node reads every connection that has something to read, one after the other, and accepts one new connection; then the
// turn ends. If the server did in a turn all that it was asked for in it, a caller would wait for the work of every
// other, and a new connection for as many such turns as there are connections before it. So a turn serves requests for a
// short time only. Requests beyond that wait for its end, and those for which there is no time then either wait on, and
// callers take turns: keys by their organization, strangers by their address.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { headerReader, readPresented } from '../core/bearer.ts'
import { Rounds } from '../fairness/rounds.ts'
import { networkOf } from '../fairness/turns.ts'
import { atWorkTurn } from '../fairness/work-turns.ts'
import { noteArrival } from './arrival.ts'
import { findClientAddress } from './client-address.ts'
import type { Kit } from './route.ts'

/** How long a turn serves requests, in milliseconds, if it comes soon after the one before, and at most. */
const turnMs = 1
const longestTurnMs = 5

/** What serves a request. */
export type Handler = (incoming: IncomingMessage, outgoing: ServerResponse) => void

/** Whose turn a request takes: a name in each of several groups, the widest first. */
export type TurnNames = (incoming: IncomingMessage) => readonly string[]

interface Waiting {
  incoming: IncomingMessage
  outgoing: ServerResponse
}

/** Serves requests at once as long as the turn has time for them, and the rest of them in rounds. */
export class Admission {
  readonly #serve: Handler
  readonly #namesOf: TurnNames
  /** Those that came in this turn, in their order, if none waits from an earlier one. Most turns have time for them all. */
  readonly #arrived = new Rounds<Waiting>()
  readonly #waiting = new Rounds<Waiting>()
  /** When this turn stops serving; undefined if it has served none yet. */
  #endsAt: number | undefined

  constructor(serve: Handler, namesOf: TurnNames) {
    this.#serve = serve
    this.#namesOf = namesOf
  }

  /** Serves a request that came at a reading of the monotonic clock, now or in its turn. */
  admit(incoming: IncomingMessage, outgoing: ServerResponse, now: number): void {
    if (this.#endsAt === undefined) {
      this.#endsAt = now + turnMs
      atWorkTurn(this.#serveWaiting)
    }
    if (this.#size === 0 && now < this.#endsAt) {
      this.#serve(incoming, outgoing)
      return
    }
    noteArrival(incoming, now)
    if (this.#waiting.size === 0) this.#arrived.add({ incoming, outgoing }, [])
    else this.#waiting.add({ incoming, outgoing }, this.#namesOf(incoming))
  }

  get #size(): number {
    return this.#arrived.size + this.#waiting.size
  }

  readonly #serveWaiting = () => {
    if (this.#size === 0) {
      this.#endsAt = undefined
      return
    }
    // As long as everything else took since: requests have half of the time, beside all other work.
    const now = performance.now()
    const elsewhereMs = now - (this.#endsAt ?? now)
    this.#endsAt = now + Math.min(Math.max(turnMs, elsewhereMs), longestTurnMs)
    this.#serveNext()
  }

  readonly #serveNext = () => {
    const next = this.#arrived.take() ?? this.#waiting.take()
    // Nothing is begun for a client that has gone.
    if (next && !next.incoming.destroyed) this.#serve(next.incoming, next.outgoing)
    // After the ticks that the request has left behind, so that their time counts too.
    if (this.#size > 0 && performance.now() < (this.#endsAt ?? 0)) process.nextTick(this.#serveNext)
    else {
      this.#letArrivedTakeTurns()
      atWorkTurn(this.#serveWaiting)
    }
  }

  /** Asks whose those are for whom there was no time: to know that takes about as long as to judge a token. */
  #letArrivedTakeTurns(): void {
    for (let one = this.#arrived.take(); one !== undefined; one = this.#arrived.take())
      if (!one.incoming.destroyed) this.#waiting.add(one, this.#namesOf(one.incoming))
  }
}

/**
 * Tells whose turn a request takes: that of its organization and key if its token was found valid before, else that of
 * the network from which it comes. Strangers can make up tokens, and no number of them gets more turns than all callers.
 */
export function createTurnNames({
  authenticator,
  trustedProxies,
}: Pick<Kit, 'authenticator' | 'trustedProxies'>): TurnNames {
  return ({ rawHeaders, socket }) => {
    const header = headerReader(rawHeaders)
    const token = readPresented(header, 'user-name')
    const verdictFrom = (ip?: string) =>
      token === undefined ? undefined : authenticator.verifyCached(token, {}, 'heartbeat', { ip })
    let verdict = verdictFrom()
    const isValid = verdict?.valid === true
    const address = isValid ? '' : (findClientAddress(socket.remoteAddress, header, trustedProxies) ?? '')
    // Few keys are bound to addresses: for the others none is looked for.
    if (verdict?.code === 'ip_not_allowed') verdict = verdictFrom(address)
    if (verdict?.valid) return ['callers', verdict.organizationId, verdict.keyId]
    return ['strangers', networkOf(address), '']
  }
}
