// Changes that are made once for each Idempotency-Key, however often they are asked for.
//
// The transaction of such a change first claims its request, by a row that nobody else can insert, and writes the answer into that
// row at its end. So a request is done with its answer or not at all, and there is nothing to recover: a process that dies leaves
// neither. Only success is kept: what refuses a change takes the claim back with it.
//
// The answer may hold a token. It is sealed (AES-256-GCM) under a key that is derived (HKDF, RFC 5869) from the caller's own token,
// or its cookie's value, with a salt and the request's id. The database has none of them but the salt: it keeps digests. The row's
// other columns are the associated data, so an answer opens in its own row alone. What was asked for is compared by its HMAC under
// another part of the same key.
import { createCipheriv, createDecipheriv, createHmac, hash, hkdfSync, timingSafeEqual } from 'node:crypto'
import { type Actor, callerNameOf, holdsDatabase } from '../core/actor.ts'
import { keptAnswersMs, maxKeptAnswers } from '../core/bounds.ts'
import { LatchkeyError } from '../core/errors.ts'
import type { IdempotentRequest } from '../core/idempotency.ts'
import type { RandomSource } from '../core/token.ts'
import { fromWireAnswer, toWire } from '../core/wire.ts'
import type { StoreDialect } from '../store/backend.ts'
import {
  type AnsweredRow,
  answerRequests,
  type ClaimRow,
  claimRequests,
  deleteRequests,
  findRequests,
  pruneRequests,
} from '../store/idempotent-requests.ts'
import type { Tx } from '../store/tables.ts'

const algorithm = 'aes-256-gcm'
const saltBytes = 16
const nonceBytes = 12
const tagBytes = 16
/** Every so many claims, the callers of one are held to their bound. */
const claimsBetweenPrunings = 64

/** What a request gets that claims itself: nothing if it is the first, what was answered before, or a refusal. */
type Found = AnsweredRow | 'in progress' | undefined

/** The requests that this process is doing, and the way to their claims. */
export class Claims {
  readonly #dialect: StoreDialect
  readonly #random: RandomSource
  readonly #underWay = new Set<string>()
  #claimed = 0

  constructor(dialect: StoreDialect, random: RandomSource) {
    this.#dialect = dialect
    this.#random = random
  }

  /**
   * Runs the change of a request, which this process is not doing already: without one, any change. Throws
   * `idempotency_in_progress`.
   */
  async run<T>(
    actor: Actor,
    request: IdempotentRequest | undefined,
    change: (claim: Claim | undefined) => Promise<T>,
  ): Promise<T> {
    // Who holds the database has nothing to seal an answer under.
    if (request === undefined || holdsDatabase(actor)) return change(undefined)
    const claim = new Claim(callerNameOf(actor), request, this.#random)
    if (this.#underWay.has(claim.id)) throw inProgress()
    this.#underWay.add(claim.id)
    try {
      return await change(claim)
    } finally {
      this.#underWay.delete(claim.id)
    }
  }

  /** Claims requests, at an instant in milliseconds since 1970. Tells of each that is not its first what was found. */
  async claim(tx: Tx, claims: readonly Claim[], now: number): Promise<Map<Claim, Found>> {
    if (claims.length === 0) return new Map()
    const claimed = await this.#claim(tx, claims, now)
    const rest = claims.filter(({ id }) => !claimed.has(id))
    if (rest.length === 0) return new Map()
    const rows = await findRequests(
      tx,
      rest.map(({ id }) => id),
    )
    const found = new Map(rows.map((row) => [row.id, row]))
    const over = rest.filter(({ id }) => (found.get(id)?.kept_until ?? now + 1) <= now)
    if (over.length > 0) {
      await deleteRequests(
        tx,
        over.map(({ id }) => id),
      )
      for (const id of await this.#claim(tx, over, now)) claimed.add(id)
    }
    const taken = rest.filter(({ id }) => !claimed.has(id))
    return new Map(taken.map((claim) => [claim, found.get(claim.id) ?? 'in progress']))
  }

  #claim(tx: Tx, claims: readonly Claim[], now: number): Promise<Set<string>> {
    return claimRequests(
      tx,
      this.#dialect,
      claims.map((claim) => claim.rowUntil(now + keptAnswersMs)),
    )
  }

  /** The statements that end a transaction with claims: those that came to an answer, and those that came to nothing. */
  finish(
    tx: Tx,
    answered: readonly { claim: Claim; answer: object }[],
    refused: readonly Claim[],
    now: number,
  ): Promise<unknown>[] {
    const rows = answered.map(({ claim, answer }) => claim.seal(answer, now + keptAnswersMs))
    this.#claimed += rows.length
    const isTime = this.#claimed >= claimsBetweenPrunings
    if (isTime) this.#claimed = 0
    const callers = new Set(isTime ? rows.map((row) => row.key_id) : [])
    return [
      ...(rows.length > 0 ? [answerRequests(tx, rows)] : []),
      ...(refused.length > 0
        ? [
            deleteRequests(
              tx,
              refused.map(({ id }) => id),
            ),
          ]
        : []),
      ...[...callers].map((keyId) => pruneRequests(tx, this.#dialect, keyId, maxKeptAnswers)),
    ]
  }
}

/** The claim of one request by one caller. */
export class Claim {
  readonly id: string
  readonly #callerId: string
  readonly #request: IdempotentRequest
  readonly #random: RandomSource

  constructor(callerId: string, request: IdempotentRequest, random: RandomSource) {
    this.id = hash('sha256', JSON.stringify([callerId, request.scope]), 'base64url')
    this.#callerId = callerId
    this.#request = request
    this.#random = random
  }

  rowUntil(keptUntil: number): ClaimRow {
    return { id: this.id, key_id: this.#callerId, kept_until: keptUntil }
  }

  /** The row of the request with its answer. */
  seal(answer: object, keptUntil: number): AnsweredRow {
    const { id, name } = answer as { id?: string; name?: string }
    const salt = this.#random(new Uint8Array(saltBytes))
    const { sealing, comparing } = this.#derive(salt)
    const row = {
      ...this.rowUntil(keptUntil),
      made_id: id ?? name ?? '',
      salt,
      body_mac: this.#mac(comparing),
    }
    const nonce = this.#random(new Uint8Array(nonceBytes))
    const cipher = createCipheriv(algorithm, sealing, nonce).setAAD(associated(row))
    const text = JSON.stringify(toWire(answer))
    const sealed = [nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]
    return { ...row, answer: Buffer.concat(sealed) }
  }

  /**
   * Opens what was found: what the request was answered. Throws `idempotency_in_progress`; `idempotency_sealed` if another token or
   * session of the same key asked; `idempotency_key_reused` if it asked for something else.
   */
  open(found: AnsweredRow | 'in progress'): object {
    if (found === 'in progress') throw inProgress()
    const { sealing, comparing } = this.#derive(found.salt)
    const text = decipher(found, sealing)
    if (text === undefined)
      throw new LatchkeyError(
        'idempotency_sealed',
        `Another token or session of the same key sent this Idempotency-Key before, and made ${found.made_id}. Its answer opens for that one alone.`,
        { resourceId: found.made_id },
      )
    if (!timingSafeEqual(this.#mac(comparing), found.body_mac))
      throw new LatchkeyError(
        'idempotency_key_reused',
        'This Idempotency-Key came with another body before. Nothing was changed. Use another Idempotency-Key for another request.',
      )
    return fromWireAnswer(JSON.parse(text))
  }

  #derive(salt: Uint8Array): { sealing: Buffer; comparing: Buffer } {
    const key = hkdfSync('sha256', this.#request.secret, salt, `latchkey idempotency ${this.id}`, 64)
    return { sealing: Buffer.from(key, 0, 32), comparing: Buffer.from(key, 32) }
  }

  #mac(key: Buffer): Uint8Array {
    return createHmac('sha256', key).update(this.#request.body).digest()
  }
}

function decipher(row: AnsweredRow, key: Buffer): string | undefined {
  const { answer } = row
  try {
    const decipher = createDecipheriv(algorithm, key, answer.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    })
      .setAAD(associated(row))
      .setAuthTag(answer.subarray(-tagBytes))
    const text = decipher.update(answer.subarray(nonceBytes, -tagBytes))
    return Buffer.concat([text, decipher.final()]).toString()
  } catch {
    return undefined
  }
}

/** The rest of the row, which the answer belongs to. */
function associated({
  id,
  key_id,
  kept_until,
  made_id,
  salt,
  body_mac,
}: Omit<AnsweredRow, 'answer'>): Buffer {
  const bytes = [salt, body_mac].map((value) => Buffer.from(value).toString('base64url'))
  return Buffer.from(JSON.stringify([id, key_id, Number(kept_until), made_id, ...bytes]))
}

function inProgress(): LatchkeyError {
  return new LatchkeyError(
    'idempotency_in_progress',
    'A request with this Idempotency-Key is being done. Send it again to have its answer.',
    { retryAfterMs: 1_000 },
  )
}
