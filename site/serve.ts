// Serves the built site on this machine, as any server of files would.
import { createReadStream, existsSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize, sep } from 'node:path'
import { policy } from './policy.ts'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.md': 'text/markdown; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
}

/** Serves a folder on 127.0.0.1; gives the address, and a way to stop. */
export async function serve(folder: string, port: number): Promise<{ url: string; close(): void }> {
  const server = createServer((request, response) => {
    const path = fileFor(request.url ?? '/')
    const file = path ?? join(folder, '404.html')
    response.writeHead(path === undefined ? 404 : 200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': policy,
      'cache-control': 'no-store',
    })
    createReadStream(file)
      .on('error', () => response.destroy())
      .pipe(response)
  })
  await new Promise<void>((done, fail) => server.on('error', fail).listen(port, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  return { url, close: () => void server.close().closeAllConnections() }

  function fileFor(target: string): string | undefined {
    const { pathname } = new URL(target, 'http://127.0.0.1')
    const path = normalize(join(folder, decodeURIComponent(pathname)))
    if (!path.startsWith(folder + sep)) return undefined
    const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'index.html') : path
    return existsSync(file) ? file : undefined
  }
}
