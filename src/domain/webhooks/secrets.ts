// The secrets of webhooks: sealed in the database, opened for each round of attempts.
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

/** The secrets of a webhook that sign. */
export interface Secrets {
  /** Those that sign at an instant, the newest first. */
  at(now: number): string[]
}

/** Opens the secrets of a webhook, for many messages. Throws `keyring_missing`, `unsealable`. */
export function openSecrets(keyring: Keyring, webhook: WebhookRow): Secrets {
  const { id, old_secret, old_secret_until: until } = webhook
  const newest = openSecret(keyring, webhook)
  if (old_secret === null || until === null) return { at: () => [newest] }
  // One whose grace is over may be of a key that the keyring has no more.
  let old: string | undefined
  const openOld = () => {
    old ??= open(keyring, id, 'old_secret', old_secret)
    return old
  }
  return { at: (now) => (until > now ? [newest, openOld()] : [newest]) }
}

function open(keyring: Keyring, row: string, column: Column, sealed: string): string {
  return keyring.unseal({ table: 'webhooks', row, column }, sealed).toString()
}
