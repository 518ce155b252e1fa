// `latchkey health`: asks a server whether it answers, for what watches containers and has no curl.
import { Option } from 'commander'
import { readServeSettings } from '../../config.ts'
import { defineCommand } from '../kit/define-command.ts'
import { CommandError, exitCodes } from '../kit/failures.ts'
import { print } from '../kit/output.ts'
import { nothing } from '../kit/place.ts'

const timeoutMs = 4_000

export const healthCommand = defineCommand({
  path: 'health',
  summary: 'ask the server of this machine whether it answers; exits 3 if it does not',
  on: nothing,
  options: [
    new Option('--host <address>', 'where it listens (or LATCHKEY_HOST; default: 127.0.0.1)'),
    new Option('--port <port>', 'where it listens (or LATCHKEY_PORT; default: 7373)'),
    new Option('--ready', 'ask whether it could make a change durable now'),
  ],
  examples: ['latchkey health', 'latchkey health --ready'],
  run: async (_, { options }) => {
    const { host, port, ready } = options as { host?: string; port?: string; ready?: boolean }
    const settings = readServeSettings({
      ...(host !== undefined && { host }),
      ...(port !== undefined && { port }),
    })
    return ask(`http://${reachable(settings.host)}:${settings.port}/${ready ? 'readyz' : 'healthz'}`)
  },
  print: ({ url, status }) => print(`${url}: ${status}`),
})

/** A server that listens on every address of the machine is asked on its own. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

async function ask(url: string): Promise<{ url: string; status: string }> {
  let response: Response
  try {
    response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) })
  } catch (error) {
    throw new CommandError(exitCodes.unreachable, `${url} does not answer.`, error)
  }
  const { status } = (await response.json().catch(() => ({}))) as { status?: unknown }
  if (response.ok && typeof status === 'string') return { url, status }
  throw new CommandError(exitCodes.unreachable, `${url} answers ${response.status}.`)
}
