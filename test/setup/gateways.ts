// Reverse proxies as real processes, by the configurations of examples/gateways, before a real upstream that
// tells what reached it.
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect, createServer as createSocketServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { repository } from './documents-run.ts'

/** How each is started in the folder of its configuration. */
export const gateways: Record<string, string[]> = {
  nginx: ['nginx', '-p', '.', '-c', 'nginx.conf', '-g', 'daemon off; pid nginx.pid;'],
  caddy: ['caddy', 'run', '--config', 'Caddyfile', '--adapter', 'caddyfile'],
  haproxy: ['haproxy', '-f', 'haproxy.cfg'],
}

export interface Gateway extends AsyncDisposable {
  url: string
  /** What it printed. */
  output: () => string
}

/** Starts a gateway by its configuration, with the addresses in it replaced. */
export async function startGateway(name: string, latchkeyUrl: string, apiUrl: string): Promise<Gateway> {
  const folder = mkdtempSync(join(tmpdir(), `latchkey-${name}-`))
  cpSync(join(repository, 'examples/gateways', name), folder, { recursive: true })
  const host = `127.0.0.1:${await findFreePort()}`
  for (const file of readdirSync(folder)) {
    const text = readFileSync(join(folder, file), 'utf8')
      .replaceAll('127.0.0.1:8080', host)
      .replaceAll('127.0.0.1:7373', new URL(latchkeyUrl).host)
      .replaceAll('127.0.0.1:3000', new URL(apiUrl).host)
    writeFileSync(join(folder, file), text)
  }
  const [program, ...args] = gateways[name] as [string, ...string[]]
  const child = spawn(program, args, {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  }
  let hasEnded = false
  const ended = new Promise<void>((done) => {
    child.once('close', () => {
      hasEnded = true
      done()
    })
  })
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  while (!(await accepts(host))) {
    if (hasEnded) throw new Error(`${name} ended: ${output}`)
    await new Promise((done) => setTimeout(done, 20))
  }
  return { url: `http://${host}`, output: () => output, [Symbol.asyncDispose]: stop }
}

/** What reached the upstream of one request. */
export interface Reached {
  method: string
  url: string
  /** As they came: names and values in turn. */
  rawHeaders: string[]
  body: string
}

/** Starts the API behind a gateway: it keeps what reaches it and answers 200. */
export async function startUpstream(): Promise<{ url: string; reached: Reached[] } & AsyncDisposable> {
  const reached: Reached[] = []
  const server = createServer({ maxHeaderSize: 65_536 }, async (request, response) => {
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    reached.push({
      method: request.method as string,
      url: request.url as string,
      rawHeaders: request.rawHeaders,
      body,
    })
    response.end('from the upstream')
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const close = async () => {
    server.close()
    server.closeAllConnections()
  }
  return { url: addressOf(server.address()), reached, [Symbol.asyncDispose]: close }
}

/** Starts what accepts connections and never says a word. */
export async function startSilence(): Promise<{ url: string } & AsyncDisposable> {
  const sockets = new Set<{ destroy(): void }>()
  const server = createSocketServer((socket) => sockets.add(socket.on('error', () => {})))
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const close = async () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { url: addressOf(server.address()), [Symbol.asyncDispose]: close }
}

/** Sends a request line and header lines as they are; gives the whole answer. */
export function sendLines(url: string, lines: string[], body = ''): Promise<string> {
  const { hostname, port, host } = new URL(url)
  return new Promise((done, fail) => {
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      answer += chunk
    })
    socket.once('error', fail).once('close', () => done(answer))
    const [first = '', ...fields] = lines
    const hasConnection = fields.some((field) => /^connection:/i.test(field))
    const connection = hasConnection ? [] : ['Connection: close']
    // Each character is one byte, so that any byte can be sent.
    socket.write(
      `${[first, `Host: ${host}`, ...connection, ...fields, '', ''].join('\r\n')}${body}`,
      'latin1',
    )
  })
}

async function findFreePort(): Promise<number> {
  const server = createSocketServer()
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  await new Promise((done) => server.close(done))
  return port
}

/** Tells whether somebody listens on an address, such as 127.0.0.1:8080. */
export function accepts(host: string): Promise<boolean> {
  const [name, port] = host.split(':') as [string, string]
  return new Promise((done) => {
    const socket = connect(Number(port), name)
    socket.once('connect', () => done(true)).once('error', () => done(false))
    socket.once('connect', () => socket.destroy())
  })
}

function addressOf(address: AddressInfo | string | null): string {
  return `http://127.0.0.1:${(address as AddressInfo).port}`
}
