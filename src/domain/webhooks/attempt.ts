// One attempt at one message: signed, sent once, and put into words.
import { rootOrganizationId } from '../../core/access.ts'
import type { AttemptOutcome } from '../../core/backlog.ts'
import type { WebhookTest } from '../../core/shapes/webhooks.ts'
import { type Answer, type Egress, EgressFailure } from '../../egress/requests.ts'
import type { WebhookRow } from '../../store/webhooks.ts'
import type { Keyring } from '../keyring.ts'
import type { Message } from './message.ts'
import type { PaceOutcome } from './pace.ts'
import { openSecrets, type Secrets } from './secrets.ts'
import { signatureHeaders } from './signature.ts'

/** Two ways out, which share no connection: the operator's own receivers may be where nobody else's may. */
export interface Ways {
  ofRoot: Pick<Egress, 'post'>
  ofOthers: Pick<Egress, 'post'>
}

/** What an attempt needs. */
export interface Sender {
  ways: Ways
  keyring: Keyring
  now: () => number
  userAgent: string
}

/** What an attempt came to. */
export interface Outcome extends PaceOutcome {
  kind: AttemptOutcome
  error: string | null
  answer: string | null
  durationMs: number
}

/** To whom messages go, with what signs them: made once for many. */
export interface Receiver {
  url: URL
  secrets: Secrets
  isOfRoot: boolean
}

/** The receiver of a webhook. Throws `keyring_missing`, `unsealable`. */
export function receiverOf(keyring: Keyring, webhook: WebhookRow): Receiver {
  return {
    url: new URL(webhook.url),
    secrets: openSecrets(keyring, webhook),
    isOfRoot: webhook.organization_id === rootOrganizationId,
  }
}

/** Sends a message. Throws the reason of the signal. */
export async function attempt(
  { ways, now, userAgent }: Sender,
  { url, secrets, isOfRoot }: Receiver,
  { id, body }: Message,
  signal?: AbortSignal,
): Promise<Outcome> {
  const at = now()
  const bytes = Buffer.from(body)
  const headers = {
    ...signatureHeaders({ id, body: bytes }, secrets.at(at), at),
    'content-type': 'application/json',
    'user-agent': userAgent,
  }
  const way = isOfRoot ? ways.ofRoot : ways.ofOthers
  try {
    return toOutcome(await way.post(url, headers, bytes, signal), isOfRoot)
  } catch (error) {
    if (!(error instanceof EgressFailure)) throw error
    const { kind, message, durationMs } = error
    const failed = { isDelivered: false, httpStatus: null, retryAfter: undefined, answer: null }
    return { kind, ...failed, error: message, durationMs: Math.round(durationMs) }
  }
}

/** An outcome as people see it; what the receiver said only if they may. */
export function describeOutcome(
  { httpStatus, error, answer, durationMs }: Omit<Outcome, 'kind' | 'isDelivered' | 'retryAfter'>,
  maySeeAnswer: boolean,
): Omit<WebhookTest, 'delivered'> {
  return { httpStatus, error, answer: maySeeAnswer ? answer : null, durationMs }
}

function toOutcome(
  { status, body, contentType, retryAfter, isProxied, durationMs }: Answer,
  isOfRoot: boolean,
): Outcome {
  const isDelivered = status >= 200 && status < 300
  // Where a proxy has led a customer's message nobody knows here: what was said there may be nobody's business.
  const isShown = isOfRoot || !isProxied
  return {
    kind: isDelivered ? 'delivered' : 'refused',
    isDelivered,
    httpStatus: status,
    retryAfter,
    error: isDelivered ? null : whyFailed(status),
    answer: isShown && isText(contentType) && body.length > 0 ? toText(body) : null,
    durationMs: Math.round(durationMs),
  }
}

function whyFailed(status: number): string {
  if (status >= 300 && status < 400)
    return `The receiver answered ${status}. Redirects are not followed: set the URL to which it leads.`
  return `The receiver answered ${status}.`
}

function isText(contentType: string | undefined): boolean {
  return /^(text\/[\w.+-]+|application\/([\w.-]+\+)?json)\s*(;|$)/i.test(contentType ?? '')
}

/** Text that can be shown and stored anywhere: PostgreSQL takes no zero byte, and a cut character is none. */
function toText(body: Buffer): string {
  return new TextDecoder().decode(body).replace(/(?![\n\t])\p{Cc}/gu, '\ufffd')
}
