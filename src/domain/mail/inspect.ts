// What of the settings of mail can be tried without a letter: whether the mail server takes this process.
import type { Environment } from '../../core/given-settings.ts'
import { readMail } from '../../core/mail-settings.ts'
import { openTransport } from './mailer.ts'

/** What came of a try: nothing wrong, or why no letter would be taken. */
export interface InspectedMail {
  /** `<host>:<port>` of the mail server. */
  server: string
  failure: string | undefined
}

/**
 * Connects to the mail server, by TLS as the settings say, and signs in; sends nothing. Undefined if none is set up. Throws
 * `invalid_input` for settings that are wrong.
 */
export async function inspectMail(env: Environment): Promise<InspectedMail | undefined> {
  const settings = readMail({}, env)
  if (settings === undefined) return undefined
  const server = `${settings.host}:${settings.port}`
  const transport = await openTransport(settings)
  try {
    await transport.verify()
    return { server, failure: undefined }
  } catch (error) {
    return { server, failure: describe(error as Error) }
  } finally {
    transport.close()
  }
}

/** What the mail server itself says is left out: it may repeat what it was sent. */
function describe({ message, ...error }: Error & { code?: unknown; responseCode?: unknown }): string {
  const { code, responseCode } = error
  const answered = typeof responseCode === 'number' ? ` (SMTP ${responseCode})` : ''
  if (code === 'EAUTH') return `it refuses the user or the password${answered}.`
  if (code === 'ETLS') return `it does not go on over TLS${answered}.`
  return typeof responseCode === 'number' ? `it refuses the connection${answered}.` : message
}
