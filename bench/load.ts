// Asks a server as fast as it answers, on many connections, by `wrk` where the machine has it, else by `autocannon`.
import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { clientCore, finds, onCore, processorTimeOf, type ServerProcess } from './processes.ts'

export interface LoadRequest {
  method: 'GET' | 'POST'
  path: string
  headers?: Record<string, string>
  body?: string
}

export interface LoadResult {
  requests: number
  requestsPerSecond: number
  p50Ms: number
  p99Ms: number
}

/** What the load came from. */
export const loader = finds('wrk') ? 'wrk' : 'autocannon'

/** Sends the requests in turn, on 64 connections unless told, and throws where any is not answered with 200. */
export async function loadServer(
  url: string,
  requests: readonly LoadRequest[],
  seconds: number,
  connections = 64,
): Promise<LoadResult> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-load-'))
  try {
    const file = join(folder, 'requests')
    writeFileSync(file, loader === 'wrk' ? requests.map(writeLine).join('') : JSON.stringify(requests))
    const command =
      loader === 'wrk'
        ? [
            'wrk',
            '-t1',
            // A slow peer answers late, and answers all the same.
            '--timeout',
            '10s',
            `-c${connections}`,
            `-d${seconds}s`,
            '-s',
            join(import.meta.dirname, 'wrk.lua'),
            url,
            '--',
            file,
          ]
        : [
            process.execPath,
            join(import.meta.dirname, 'autocannon.ts'),
            url,
            file,
            String(seconds),
            String(connections),
          ]
    const { stdout } = await promisify(execFile)(...onCore(clientCore, command))
    const result: Record<string, number> = JSON.parse(/^RESULT (.*)$/m.exec(stdout)?.[1] ?? '{}')
    const { requests: answered = 0, microseconds = 0, p50 = 0, p99 = 0, refused, broken } = result
    if (answered === 0 || refused !== 0 || broken !== 0)
      throw new Error(`Not all requests to ${url} were answered: ${stdout}`)
    return {
      requests: answered,
      requestsPerSecond: (answered * 1e6) / microseconds,
      p50Ms: p50 / 1000,
      p99Ms: p99 / 1000,
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Sends the requests in turn to a server, and tells how much processor time each took it; NaN if that is unknown. */
export async function loadMeasured(
  { url, pid }: ServerProcess,
  requests: readonly LoadRequest[],
  seconds: number,
): Promise<LoadResult & { microseconds: number }> {
  const before = processorTimeOf(pid)
  const result = await loadServer(url, requests, seconds)
  const used = (processorTimeOf(pid) ?? Number.NaN) - (before ?? Number.NaN)
  return { ...result, microseconds: used / result.requests }
}

/** A line of the file that wrk.lua reads. */
function writeLine({ method, path, headers = {}, body = '' }: LoadRequest): string {
  const pairs = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  return `${[method, path, pairs.join('|'), body].join('\t')}\n`
}
