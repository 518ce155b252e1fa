// A message that is sent to see whether it arrives: now, once, while its caller waits.
import { requirePermission, scopeOf } from '../../core/access.ts'
import { type Actor, holdsDatabase } from '../../core/actor.ts'
import { LatchkeyError } from '../../core/errors.ts'
import { newId } from '../../core/ids.ts'
import type { WebhookTest } from '../../core/shapes/webhooks.ts'
import { turnOf } from '../../fairness/caller-turn.ts'
import { actorOf, type CommandOptions, type Engine } from '../engine.ts'
import { attempt, describeOutcome, receiverOf, type Sender } from './attempt.ts'
import { testMessage } from './message.ts'
import { getWebhookRow, maySeeAnswers, writeWebhooks } from './rules.ts'

/** How many tests of an organization's webhooks may be under way in a process: each may take as long as an attempt. */
const maxAtOnce = 2

/** Sends tests. */
export class Tests {
  readonly #engine: Engine
  readonly #sender: Sender
  readonly #underWay = new Map<string, number>()

  constructor(engine: Engine, sender: Sender) {
    this.#engine = engine
    this.#sender = sender
  }

  /** Sends one. Throws `webhook_not_found`, `too_many_tests`, `keyring_missing`, `unsealable`. */
  async run(id: string, options: CommandOptions): Promise<WebhookTest> {
    const actor: Actor = actorOf(options)
    if (!holdsDatabase(actor)) requirePermission(actor, writeWebhooks)
    const { store, now } = this.#engine
    const webhook = await store.read((db) => getWebhookRow(db, id, scopeOf(actor)), turnOf(actor, options))
    const organizationId = webhook.organization_id
    const count = this.#underWay.get(organizationId) ?? 0
    if (count >= maxAtOnce)
      throw new LatchkeyError('too_many_tests', 'Other tests are under way. Try again when they have ended.')
    this.#underWay.set(organizationId, count + 1)
    try {
      const message = testMessage(newId(this.#engine), webhook.id, now())
      const outcome = await attempt(
        this.#sender,
        receiverOf(this.#engine.keyring, webhook),
        message,
        options.signal,
      )
      return { delivered: outcome.isDelivered, ...describeOutcome(outcome, maySeeAnswers(actor)) }
    } finally {
      const left = (this.#underWay.get(organizationId) ?? 1) - 1
      if (left === 0) this.#underWay.delete(organizationId)
      else this.#underWay.set(organizationId, left)
    }
  }
}
