// A verifier of the model in `limits-model.ts`: the real grants of a client, which draw through the processes of the model, over
// a network that loses, delays and repeats.
import type { Requester } from '../../src/client/request/request.ts'
import { VerifierGrants } from '../../src/client/verifier/grants.ts'
import { isSameAllowance } from '../../src/core/limits.ts'
import type { GrantsAnswer } from '../../src/core/shapes/grants.ts'
import type { Claim, Message, Outcome } from '../../src/verdict/claims.ts'
import type { DrawAnswer } from '../../src/verdict/counter.ts'
import type { CountedLimit, Holding } from '../../src/verdict/holding.ts'
import type { World } from './limits-model.ts'
import { Caller, type Costs } from './limits-model-caller.ts'
import { type Exchange, factsMs, type GrantsBody } from './limits-model-server.ts'

/** A verifier: it may be paused, cut off and killed. */
export class RemoteVerifier extends Caller {
  readonly #world: World
  readonly #home: number
  readonly #grants: VerifierGrants
  readonly #known = new Map<string, CountedLimit>()
  readonly #uptime: number
  #knownAt = Number.NEGATIVE_INFINITY
  /** How many entries of the log it has heard of. */
  #heard = 0
  /** How often it has heard of limits. */
  #learned = 0
  /** The process whose units it holds, by its name as a holder, and what the last answer was taken for. */
  #granter = ''
  #exchange: Exchange | undefined
  #isCutOff = false

  constructor(world: World, home: number) {
    super(world)
    this.#world = world
    this.#home = home
    this.#uptime = Math.floor(world.between(0, 1e6))
    const after = (delay: number, callback: () => void) => {
      world.at(delay, () => this.deliver(callback))
      return () => {}
    }
    // By a clock that runs slowly, a lease lasts longer than the one under which its units were lent.
    const pace = world.breakage === 'loan outlives lease' ? 0.2 : 1
    const monotonic = () => this.#uptime + world.time * pace
    const server = { url: '', send: (_: string, __: string, { body }: { body: object }) => this.#send(body) }
    this.#grants = new VerifierGrants(server as unknown as Requester, { monotonic, now: monotonic, after })
    this.#noteAll()
    this.#keepLearning()
  }

  cutOff(length: number): void {
    this.#isCutOff = true
    this.#world.at(length, () => {
      this.#isCutOff = false
    })
  }

  override call(
    costs: Costs,
    note: (outcome: Outcome | undefined, periods: Map<string, number>) => void,
  ): void {
    if (this.#world.time - this.#knownAt >= factsMs) {
      note(undefined, new Map())
      return
    }
    const { allotments } = this.#grants
    const claims = Object.entries(costs).map(([id, cost]): Claim => {
      return { limit: this.#known.get(id) as CountedLimit, cost }
    })
    const periods = () => new Map(claims.map(({ limit }) => [limit.counterId, this.#holdingOf(limit).period]))
    const outcome = allotments.take(claims, this.#uptime + this.#world.time)
    if (outcome === undefined) {
      allotments.wait(claims).then(
        (drawn) => note(drawn, periods()),
        () => note(undefined, new Map()),
      )
      return
    }
    if (outcome.taken) for (const { limit, cost } of claims) this.#noteSpent(this.#holdingOf(limit), cost)
    note(outcome, periods())
  }

  #holdingOf(limit: CountedLimit): Holding {
    return this.#grants.allotments.holdingOf(limit)
  }

  #noteSpent({ counterId, period }: Holding, units: number): void {
    this.#world.store.ledger.noteSpent(this.#granter, counterId, units, period)
  }

  /** Hears of limits as a verifier does: from a process, some time after that. Of units that are called back it hears then too, or only by answers. */
  #keepLearning(): void {
    const { store, breakage } = this.#world
    const isTold = breakage !== 'recall' && ++this.#learned % 3 !== 0
    const limits = [...store.limits.values()]
    const last = store.last
    const readAt = this.#world.time
    if (!this.#isCutOff)
      this.deliver(() => {
        this.#knownAt = readAt
        for (const change of store.log.slice(this.#heard, last))
          if (change !== 'limits' && isTold) this.#grants.allotments.recall(change)
        this.#heard = Math.max(this.#heard, last)
        for (const { counterId, allowance, epoch } of limits) {
          const known = this.#known.get(counterId)
          if (known?.epoch === epoch && isSameAllowance(known.allowance, allowance)) continue
          const name = counterId.split('/')[2] as string
          const whose = { scope: 'key', ownerId: 'key', organizationId: 'acme', name } as const
          this.#known.set(counterId, { counterId, ...whose, allowance, defaultCost: 1, epoch })
        }
      })
    if (!this.isDead) this.#world.at(this.#world.between(300, 1_800), () => this.#keepLearning())
  }

  /** Notes what calls take when messages are prepared and answered. */
  #noteAll(): void {
    const { allotments } = this.#grants
    const prepare = allotments.prepare.bind(allotments)
    const accept = allotments.accept.bind(allotments)
    let pending: Message | undefined
    allotments.prepare = () => {
      const holdings = [...this.#known.values()].map((limit) => this.#holdingOf(limit))
      const before = holdings.map(({ held }) => held)
      const message = prepare()
      if (message === pending && message !== undefined) return message
      pending = message
      for (const [i, holding] of holdings.entries()) {
        const asked = message?.counters.find((one) => one.holding === holding)
        this.#noteSpent(holding, (before[i] as number) - holding.held - (asked?.back ?? 0))
      }
      return message
    }
    allotments.accept = (message: Message, answers: readonly DrawAnswer[]) => {
      const before = message.counters.map(({ holding, unspent }, i) => {
        const { kept, granted, period } = answers[i] as DrawAnswer
        const unused = period === holding.period ? holding.unused : 0
        return { held: Math.max(0, holding.held - (unspent - kept)) + granted, unused }
      })
      const others = [...this.#known.values()]
        .map((limit) => this.#holdingOf(limit))
        .filter((holding) => message.counters.every((asked) => asked.holding !== holding))
        .map((holding) => ({ holding, held: holding.held }))
      const isCurrent = message === pending
      pending = undefined
      accept(message, answers)
      if (!isCurrent) return
      for (const { holding, held } of others) this.#noteSpent(holding, held - holding.held)
      const used = new Map<string, number>()
      for (const [i, { holding }] of message.counters.entries()) {
        const { held, unused } = before[i] as (typeof before)[number]
        this.#noteSpent(holding, held - holding.held)
        used.set(holding.counterId, (answers[i] as DrawAnswer).given - (holding.unused - unused))
      }
      this.#exchange?.settle(this.#world.store.ledger, used)
    }
  }

  /** Sends a message to its process, now and then to another one; it may be lost, or its answer, and it may come twice. */
  async #send(body: object): Promise<GrantsAnswer> {
    const world = this.#world
    const { promise, resolve, reject } = Promise.withResolvers<GrantsAnswer>()
    const travel = () => (world.isCalm || world.chance(0.95) ? world.between(0.1, 8) : world.between(8, 900))
    const isLost = () => this.#isCutOff || (!world.isCalm && world.chance(0.004))
    const slot = !world.isCalm && world.chance(0.001) ? Math.floor(world.random() * 3) : this.#home
    let isOver = false
    const fail = (code: string) =>
      this.deliver(() => {
        isOver = true
        reject(Object.assign(new Error(code), { code }))
      })
    world.at(1_600, () => fail('timed_out'))
    if (isLost()) return promise
    const serve = (hear: (answer: GrantsAnswer, exchange: Exchange) => void) => {
      const process = world.processAt(slot)
      process.deliver(() => {
        process.serve(structuredClone(body) as GrantsBody).then(
          ({ answer, exchange }) => hear(answer, exchange),
          () => {
            if (!isLost()) world.at(travel(), () => fail('store_unavailable'))
          },
        )
      })
    }
    if (!world.isCalm && world.chance(0.03)) world.at(world.between(1, 6_000), () => serve(() => {}))
    world.at(travel(), () =>
      serve((answer, exchange) => {
        if (isLost()) return
        world.at(travel(), () =>
          this.deliver(() => {
            if (isOver) return
            isOver = true
            this.#granter = answer.server
            this.#exchange = exchange
            const isHeard = world.breakage !== 'told by answers'
            resolve(structuredClone(isHeard ? answer : { ...answer, recalled: [] }))
          }),
        )
      }),
    )
    return promise
  }
}
