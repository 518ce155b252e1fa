// Judges tokens by the client's verifier, under the names by which the server's routes ask the library.
import { LatchkeyClientError } from '../client/errors.ts'
import { TooMany } from '../client/verifier/failures.ts'
import type { MemoryVerifier } from '../client/verifier/verifier.ts'
import { LatchkeyError } from '../core/errors.ts'
import type { Purpose } from '../core/purpose.ts'
import type { RequestParts } from '../core/request-context.ts'
import type { Verdict, VerifyOptions, VerifyRequest } from '../core/shapes/verification.ts'
import type { Slices } from '../fairness/slices.ts'
import type { Asker } from '../fairness/turns.ts'
import type { Authenticator } from '../http/authenticator.ts'
import { type BatchJudge, verifyBatch } from './batch.ts'

/** What judges for a relay: its callers, and the tokens that they ask about, by the same memory. */
export class RelayJudge implements Authenticator, BatchJudge {
  readonly #verifier: MemoryVerifier
  readonly #slices: Slices

  constructor(verifier: MemoryVerifier, slices: Slices) {
    this.#verifier = verifier
    this.#slices = slices
  }

  /** A relay has no sessions: it takes tokens alone. */
  readonly sessions = { authenticate: async () => undefined }

  verifyCached(
    token: string,
    asked?: VerifyOptions,
    purpose?: Purpose,
    client?: RequestParts,
  ): Verdict | undefined {
    try {
      return this.#verifier.verifyCached(token, asked, purpose, client)
    } catch (error) {
      throw toRelayError(error)
    }
  }

  async verify(
    token: string,
    asked?: VerifyOptions,
    { keyId, ip, purpose = 'request' }: Asker & { purpose?: Purpose } = {},
  ): Promise<Verdict> {
    try {
      return await this.#verifier.verify(token, asked, { keyId, ip, purpose })
    } catch (error) {
      throw toRelayError(error)
    }
  }

  verifyBatch(
    requests: readonly VerifyRequest[],
    { organizationId }: Pick<VerifyOptions, 'organizationId'> = {},
    asker: Asker = {},
  ): Promise<Verdict[]> {
    return verifyBatch(this, this.#slices, requests, organizationId, asker)
  }

  /** Has memory learn what it can of a token, without judging it. Throws nothing: who judges it next is told. */
  async prepare(token: string, asker: Asker): Promise<void> {
    await this.#verifier.prepare(token, asker).catch(() => {})
  }
}

/** What somebody is told who asks a relay, for an error of the client that the relay is to its upstream. */
function toRelayError(error: unknown): unknown {
  if (!(error instanceof LatchkeyClientError)) return error
  const { code, message, errors, status } = error
  if (code === 'invalid_input' && status === undefined)
    return new LatchkeyError('invalid_input', message, errors ? { errors } : {})
  return new LatchkeyError('upstream_unavailable', describeAway(error), { cause: error })
}

/** Why the upstream gives nothing to judge by. It names nothing of the operator's, since strangers may ask. */
export function describeAway(error: LatchkeyClientError | undefined): string {
  if (error instanceof TooMany) return error.message
  const { code, status } = error ?? {}
  if (code === 'aborted') return 'The relay stops. Ask another one.'
  if (code === 'relay_loop') return 'The upstream of this relay is this relay itself, or waits for it.'
  if (code === 'unsupported_server') return 'The upstream is of a version that this relay cannot work with.'
  if (status === 401) return 'The upstream refuses the token of this relay.'
  if (status === 403) return 'The token of this relay may not verify: it needs latchkey:keys:verify.'
  if (code === 'unexpected_answer') return 'The upstream does not answer as a Latchkey server does.'
  return 'The upstream does not answer, and without it no token can be verified. Try again.'
}
