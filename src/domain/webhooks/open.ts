// Ties webhooks together: their methods, the job that delivers, and both ways out.

import { type AttemptCounts, type AttemptOutcome, attemptOutcomes } from '../../core/backlog.ts'
import type { ActorOptions } from '../../core/call-options.ts'
import type { Webhooks } from '../../core/shapes/webhooks.ts'
import type { WebhookSettings } from '../../core/webhook-settings.ts'
import type { Egress } from '../../egress/requests.ts'
import type { JobKind } from '../../jobs/kinds.ts'
import type { Store } from '../../store/store.ts'
import type { Tx } from '../../store/tables.ts'
import { wakeWebhooks } from '../../store/webhooks.ts'
import type { Engine } from '../engine.ts'
import { deliveryJobKind } from './delivery.ts'
import { webhookMethods } from './methods.ts'
import { WebhookWays } from './ways.ts'

/** What webhooks work with beside the engine. */
interface WebhookOptions {
  settings: WebhookSettings
  /** Hosts to which nothing is sent: the database's. */
  databaseHosts: readonly string[]
  store: Pick<Store, 'read' | 'write' | 'dialect'>
  monotonic: () => number
  /** Has this process look for deliveries now. */
  wake(): void
}

/** Webhooks of an open Latchkey. */
export interface OpenWebhooks {
  methods: Webhooks<ActorOptions>
  /** The work of delivering for one of them. */
  job: JobKind
  /** Has deliveries looked at, in the transaction that seals events of some organizations. */
  onSealed(tx: Tx, organizationIds: readonly string[]): Promise<void>
  /** The way to what the operator names. */
  egress: Pick<Egress, 'get'>
  /** What came of the attempts of this process. */
  readonly attempts: AttemptCounts
  /** Closes the connections to receivers. */
  close(): void
}

/** Opens them. */
export function openWebhooks(
  engine: Engine,
  { settings, databaseHosts, store, monotonic, wake }: WebhookOptions,
): OpenWebhooks {
  const { keyring, now, at, commit } = engine
  const ways = new WebhookWays(settings, databaseHosts)
  const attempts = Object.fromEntries(attemptOutcomes.map((outcome) => [outcome, 0])) as Record<
    AttemptOutcome,
    number
  >
  const count = (outcome: AttemptOutcome) => {
    attempts[outcome]++
  }
  const sender = { ways, keyring, now, userAgent: 'Latchkey' }
  return {
    methods: webhookMethods(engine, { sender, allowedNetworks: settings.networks, wake }),
    job: deliveryJobKind({ ...sender, ...{ store, commit, monotonic, chance: Math.random, count } }),
    egress: ways.ofRoot,
    attempts,
    onSealed: (tx, organizationIds) => wakeWebhooks(tx, engine.store.dialect, organizationIds, now(), at()),
    close: () => ways.close(),
  }
}
