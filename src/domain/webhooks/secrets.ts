// The secrets of webhooks: sealed in the database, opened for each attempt.
import type { WebhookRow } from '../../store/webhooks.ts'
import type { Keyring } from '../keyring.ts'

type Column = 'secret' | 'old_secret'

/** Seals a secret of a webhook. Throws `keyring_missing`. */
export function sealSecret(keyring: Keyring, id: string, column: Column, secret: string): string {
  return keyring.seal({ table: 'webhooks', row: id, column }, Buffer.from(secret))
}

/** Opens the newest secret of a webhook. Throws `keyring_missing`, `unsealable`. */
export function openSecret(keyring: Keyring, { id, secret }: Pick<WebhookRow, 'id' | 'secret'>): string {
  return open(keyring, id, 'secret', secret)
}

/** Opens those that sign at an instant, the newest first. Throws `keyring_missing`, `unsealable`. */
export function openSecrets(keyring: Keyring, webhook: WebhookRow, now: number): string[] {
  const { id, old_secret, old_secret_until } = webhook
  const isInGrace = old_secret !== null && old_secret_until !== null && old_secret_until > now
  const newest = openSecret(keyring, webhook)
  return isInGrace ? [newest, open(keyring, id, 'old_secret', old_secret)] : [newest]
}

function open(keyring: Keyring, row: string, column: Column, sealed: string): string {
  return keyring.unseal({ table: 'webhooks', row, column }, sealed).toString()
}
