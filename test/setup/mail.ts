// A mail server for tests: it takes letters, or does not, as a test says.
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import type { CertificateFiles } from './certificates.ts'

export interface TakenLetter {
  from: string
  to: string[]
  /** As it came: headers and body. */
  source: string
  /** Whether it came over TLS. */
  secure: boolean
  user: string | undefined
}

export interface MailServer extends AsyncDisposable {
  port: number
  /** `smtp://` of this server, without TLS on the loopback. */
  url: string
  letters: TakenLetter[]
}

interface MailServerOptions extends SMTPServerOptions {
  certificate?: CertificateFiles
  /** Waits for it before a letter is taken. */
  before?: () => Promise<void>
}

/** Starts a mail server on 127.0.0.1. */
export async function startMailServer({
  certificate,
  before,
  ...options
}: MailServerOptions = {}): Promise<MailServer> {
  const letters: TakenLetter[] = []
  const server = new SMTPServer({
    authOptional: true,
    ...(certificate
      ? { cert: readFileSync(certificate.certificate), key: readFileSync(certificate.key) }
      : { disabledCommands: ['STARTTLS'] }),
    onAuth: ({ username }, _session, done) => done(null, { user: username }),
    onData: (stream, session, done) => {
      const take = async () => {
        const source = await text(stream)
        await before?.()
        const { mailFrom, rcptTo } = session.envelope
        letters.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          source,
          secure: session.secure,
          user: session.user as string | undefined,
        })
      }
      take().then(
        () => done(),
        (error: Error) => done(error),
      )
    },
    ...options,
  })
  // A client that ends the connection in the midst is no fault of the server.
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.server.address() as AddressInfo
  return {
    port,
    url: `smtp://127.0.0.1:${port}`,
    letters,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

/** The headers of a letter, unfolded, by their names in lower case. */
export function headersOf({ source }: TakenLetter): Record<string, string> {
  const head = source.slice(0, source.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ')
  return Object.fromEntries(
    head.split('\r\n').map((line) => {
      const at = line.indexOf(':')
      return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()]
    }),
  )
}

/** The text and the HTML of a letter, decoded. */
export function partsOf({ source }: TakenLetter): { text: string; html: string } {
  const boundary = /boundary="([^"]+)"/.exec(source)?.[1] ?? ''
  const [, plain = '', html = ''] = source.split(`--${boundary}`)
  return { text: decodePart(plain), html: decodePart(html) }
}

function decodePart(part: string): string {
  const at = part.indexOf('\r\n\r\n')
  const [head, body] = [part.slice(0, at), part.slice(at + 4)]
  if (/base64/i.test(head)) return Buffer.from(body, 'base64').toString()
  if (!/quoted-printable/i.test(head)) return body.replaceAll('\r\n', '\n')
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  return Buffer.from(bytes, 'latin1').toString().replaceAll('\r\n', '\n')
}
