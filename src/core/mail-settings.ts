// How mail leaves a process: the operator's mail server, and the address that mail comes from.
import { type Environment, type Given, pick, refuse } from './given-settings.ts'

/** What the options of the library say of it. */
export interface MailOptions {
  /**
   * The mail server, `smtp://<user>:<password>@<host>:587` or `smtps://…:465`: invitations can then be sent. The environment's
   * LATCHKEY_SMTP_URL if absent, else none.
   */
  smtpUrl?: string
  /** The address that mail comes from, `Latchkey <keys@example.com>`: LATCHKEY_SMTP_FROM if absent, else the user of the URL. */
  smtpFrom?: string
}

export interface MailSettings {
  host: string
  port: number
  /** `implicit` from the first byte, `starttls` before anything is said, or `none`. */
  tls: 'implicit' | 'starttls' | 'none'
  /** With what the process signs in to the mail server; undefined for one that asks nobody. */
  account: { user: string; password: string } | undefined
  from: { name: string; address: string }
}

/** Reads it: as given, else as LATCHKEY_SMTP_URL and LATCHKEY_SMTP_FROM say; undefined for none. Throws `invalid_input`. */
export function readMail({ smtpUrl, smtpFrom }: MailOptions, env: Environment): MailSettings | undefined {
  const given = pick('smtpUrl', smtpUrl, 'LATCHKEY_SMTP_URL', env)
  if (given === undefined) return undefined
  const server = readServer(given)
  const from = pick('smtpFrom', smtpFrom, 'LATCHKEY_SMTP_FROM', env)
  return { ...server, from: readFrom(from, server.account?.user) }
}

/** What is wrong is never shown: there may be a password in it. */
function readServer({ value, from }: Given): Omit<MailSettings, 'from'> {
  const url = URL.parse(value)
  const refuseUrl = (): never =>
    refuse(
      `${from}: Must be smtp://<user>:<password>@<host>:<port> or smtps://…, with special characters of the password as %XX.`,
    )
  if (
    !url ||
    !/^smtps?:$/.test(url.protocol) ||
    url.hostname === '' ||
    !/^\/?$/.test(url.pathname) ||
    url.hash
  )
    return refuseUrl()
  const [user, password] = [decode(url.username), decode(url.password)]
  if (user === undefined || password === undefined || (user === '') !== (password === '')) return refuseUrl()
  const isImplicit = url.protocol === 'smtps:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (url.search !== '' && (url.search !== '?tls=none' || isImplicit))
    refuse(`${from}: Takes nothing behind ? but tls=none, with smtp:// alone.`)
  const isPlain = !isImplicit && (url.search !== '' || isLoopback(host))
  if (isPlain && user !== '' && !isLoopback(host))
    refuse(`${from}: Without TLS a password is not sent. Leave out the user, or tls=none.`)
  return {
    host,
    port: url.port === '' ? (isImplicit ? 465 : 587) : Number(url.port),
    tls: isImplicit ? 'implicit' : isPlain ? 'none' : 'starttls',
    account: user === '' ? undefined : { user, password },
  }
}

/** Nobody listens between a machine and itself. */
function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host)
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

const addressPattern =
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,8}$/

function readFrom(given: Given | undefined, user: string | undefined): MailSettings['from'] {
  if (given === undefined) {
    if (user !== undefined && addressPattern.test(user)) return { name: 'Latchkey', address: user }
    refuse(
      'LATCHKEY_SMTP_FROM: Must be the address that mail comes from, such as Latchkey <keys@example.com>.',
    )
  }
  const [, quoted, bracketed] = /^([^<>]*)<([^<>]+)>$/.exec(given.value) ?? []
  const address = (bracketed ?? given.value).trim()
  const name = (quoted ?? 'Latchkey').trim().replace(/^"(.*)"$/, '$1')
  if (!addressPattern.test(address) || /[\p{Cc}"\\]/u.test(name))
    refuse(`${given.from}: Must be an address, such as keys@example.com or Latchkey <keys@example.com>.`)
  return { name, address }
}
