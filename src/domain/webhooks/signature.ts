// How a receiver knows that a message is ours: Standard Webhooks 1.0.0 (https://www.standardwebhooks.com), symmetric.
import { createHmac } from 'node:crypto'
import type { RandomSource } from '../../core/token.ts'

const prefix = 'whsec_'
const secretBytes = 32

/** A message, as it is signed. */
export interface SignedMessage {
  /** `webhook-id`. */
  id: string
  body: Uint8Array
}

/** Makes a secret: `whsec_`, and 32 random bytes in base64. */
export function newWebhookSecret(random: RandomSource): string {
  return prefix + Buffer.from(random(new Uint8Array(secretBytes))).toString('base64')
}

/** The headers of an attempt at an instant, in milliseconds since 1970: one signature for each secret that signs. */
export function signatureHeaders(
  { id, body }: SignedMessage,
  secrets: readonly string[],
  now: number,
): Record<string, string> {
  const timestamp = String(Math.floor(now / 1_000))
  const sign = (secret: string) =>
    `v1,${createHmac('sha256', Buffer.from(secret.slice(prefix.length), 'base64'))
      .update(`${id}.${timestamp}.`)
      .update(body)
      .digest('base64')}`
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map(sign).join(' '),
  }
}
