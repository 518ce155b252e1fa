// The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): what a request is known by that is sent again.
import { readBearer } from '../core/bearer.ts'
import { refuseField } from '../core/errors.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import { parseToken } from '../core/token.ts'
import { readSessionValues } from './authenticate.ts'
import type { Exchange, ReadHeader } from './exchange.ts'
import type { Kit } from './route.ts'

const maxLength = 255

/**
 * Reads the key; undefined without the header. A text in quotes (RFC 9651, section 3.3.3) and the same text without them are one
 * key. Throws `invalid_input` for more than 255 characters, and for what is neither.
 */
function readIdempotencyKey(header: ReadHeader): string | undefined {
  const value = header('idempotency-key')
  if (value === undefined) return undefined
  const bare = value.trim()
  const key = /^"(?:[ !#-[\]-~]|\\["\\])*"$/.test(bare)
    ? bare.slice(1, -1).replace(/\\(.)/g, '$1')
    : /^[!#-[\]-~]+$/.test(bare)
      ? bare
      : ''
  if (key === '' || key.length > maxLength)
    refuseField(
      '',
      `Idempotency-Key: Must be 1 to ${maxLength} characters of ASCII. In quotes, if a space is among them.`,
    )
  return key
}

/**
 * What a request is known by that comes with the header; undefined without it. The path counts as it was sent, without its query.
 * Throws `invalid_input` for a header of another form.
 */
export function readIdempotentRequest(
  kit: Pick<Kit, 'trustedProxies'>,
  exchange: Exchange,
  { method, url, header }: { method: string; url: string; header: ReadHeader },
  body: unknown,
): IdempotentRequest | undefined {
  const key = readIdempotencyKey(header)
  if (key === undefined) return undefined
  const token = readBearer(header('authorization'))
  const secret =
    token === undefined
      ? readSessionValues(kit, header, exchange)?.value
      : exchange.portalSessionId === undefined
        ? parseToken(token)?.token
        : token
  // Who calls was admitted by one of them.
  if (secret === undefined) throw new TypeError('The caller is known by neither a token nor a session.')
  const [path] = url.split(/[?#]/)
  return { scope: JSON.stringify([method, path, key]), secret, body: JSON.stringify(body ?? null) }
}
