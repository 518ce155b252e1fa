// Sends mail by the operator's server: bounded in time, a few at once, and organizations in turns. Whether a letter was taken is an
// answer; nothing that the server says of it is logged, since that may have the address.
import { LatchkeyError } from '../../core/errors.ts'
import type { MailSettings } from '../../core/mail-settings.ts'
import { FairLine } from '../../fairness/fair-line.ts'
import { type Letter, lineOf } from './letters.ts'
import { MailLimit } from './mail-limit.ts'

/** So long a letter may take, its turn included, and so long each step to the mail server. */
const sendMs = 7_000
const stepMs = 5_000
const warnEveryMs = 60_000

interface MailerOptions {
  monotonic: () => number
  warn: (message: string) => void
}

type Transport = ReturnType<typeof import('nodemailer').createTransport>

/** Sends letters, as the operator has set it up. */
export class Mailer {
  readonly #settings: MailSettings
  readonly #options: MailerOptions
  readonly limit: MailLimit
  readonly #line = new FairLine({
    width: 4,
    widthOfOrganization: 2,
    widthOfKey: 2,
    maxWaiting: 256,
    maxWaitingOfKey: 64,
    patienceMs: sendMs,
  })
  #transport: Promise<Transport> | undefined
  #warnedAt = Number.NEGATIVE_INFINITY

  constructor(settings: MailSettings, options: MailerOptions) {
    this.#settings = settings
    this.#options = options
    this.limit = new MailLimit(options.monotonic)
  }

  /** Sends a letter for an organization; false if the mail server has not taken it in time. Never throws. */
  async send(organizationId: string, letter: Letter): Promise<boolean> {
    try {
      // Of all, its turn included.
      const signal = AbortSignal.timeout(sendMs)
      const turn = { organizationId, keyId: organizationId, signal }
      await this.#line.run(() => this.#send(letter, signal), turn)
      return true
    } catch (error) {
      this.#tell(error)
      return false
    }
  }

  async #send({ to, subject, text, html }: Letter, signal: AbortSignal): Promise<void> {
    this.#transport ??= openTransport(this.#settings)
    const transport = await this.#transport
    const message = {
      from: this.#settings.from,
      // An address alone, which has been checked: no header is made of what people call somebody.
      ...{ to: { name: '', address: to }, subject: lineOf(subject), text, html },
      headers: { 'Auto-Submitted': 'auto-generated' },
      ...{ xMailer: false as const, disableFileAccess: true, disableUrlAccess: true },
      signal,
    }
    await transport.sendMail(message)
  }

  /** Tells the operator of a member whose reset nobody has written to it: whoever did it shall say so in person. */
  tellUntold(memberId: string): void {
    this.#options.warn(
      `The member ${memberId} was reset, and was not told so by mail: tell the person yourself.`,
    )
  }

  #tell(error: unknown): void {
    const { monotonic, warn } = this.#options
    const now = monotonic()
    if (now - this.#warnedAt < warnEveryMs) return
    this.#warnedAt = now
    const { code, responseCode } = error as { code?: unknown; responseCode?: unknown }
    const why = error instanceof LatchkeyError ? 'too many letters are waiting' : describe(code, responseCode)
    warn(`Mail was not sent by ${this.#settings.host}:${this.#settings.port}: ${why}.`)
  }
}

/** Opens the way to a mail server. The package is loaded with the first letter: most processes send none. */
export async function openTransport({ host, port, tls, account }: MailSettings): Promise<Transport> {
  const { createTransport } = await import('nodemailer')
  return createTransport({
    ...{ host, port },
    ...{ secure: tls === 'implicit', requireTLS: tls === 'starttls', ignoreTLS: tls === 'none' },
    ...(account && { auth: { user: account.user, pass: account.password } }),
    ...{ dnsTimeout: stepMs, connectionTimeout: stepMs, greetingTimeout: stepMs, socketTimeout: sendMs },
  })
}

/** The codes alone: the words of the server may have the address of the person. */
function describe(code: unknown, responseCode: unknown): string {
  const name = typeof code === 'string' && /^[A-Z_]{1,40}$/.test(code) ? code : 'it failed'
  return typeof responseCode === 'number' ? `${name}, SMTP ${responseCode}` : name
}
