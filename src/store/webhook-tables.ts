// The tables of webhooks as they lie in the database; see `tables.ts`, `webhooks.ts` and `deliveries.ts`.

/** To where events are sent. */
export interface WebhooksTable {
  id: string
  organization_id: string
  /** For one of the root organization: the organization whose events it sends; null for all. */
  source: string | null
  url: string
  /** JSON: a list of names and patterns. */
  events: string
  description: string | null
  /** Sealed. */
  secret: string
  old_secret: string | null
  old_secret_until: number | null
  created_by: string | null
  /** A `CreatorType`; null beside nobody, and in webhooks that an older program made. */
  created_by_type: string | null
  created_at: number
  revision: number
  disabled_at: number | null
  disabled_reason: string | null
}

/** How far each webhook has come: written by whoever delivers, so that no revision of the webhook changes. */
export interface WebhookStatesTable {
  webhook_id: string
  /** The number of the last event of its log that was tried. */
  cursor: number
  /** Events before this instant are passed over: those of before the webhook, unless they were asked for. */
  sends_since: number
  /** Counts the writes of this row: of two processes that deliver at once, one writes. */
  version: number
  /** How many attempts have failed in a row. */
  failures: number
  failing_since: number | null
  failed_at: number | null
  delivered_at: number | null
  /** Nothing is sent before. */
  paused_until: number | null
}

/** Events that were tried: those that wait to be tried again, and for a while those that do not. */
export interface WebhookDeliveriesTable {
  webhook_id: string
  /** The number of the event in the log of the webhook. */
  place: number
  /** Of the event. */
  id: string
  action: string
  /** `pending`, `delivered` or `failed`. */
  state: string
  attempts: number
  attempted_at: number | null
  next_at: number | null
  duration_ms: number | null
  http_status: number | null
  error: string | null
  answer: string | null
  /** The message as it is sent at each attempt; null when there is none to come. */
  payload: string | null
}

export interface WebhookTables {
  webhooks: WebhooksTable
  webhook_states: WebhookStatesTable
  webhook_deliveries: WebhookDeliveriesTable
}
