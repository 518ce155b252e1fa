// The OpenTelemetry project's own collector, built from the Go module proxy, which takes minutes, unless OTELCOL names one.
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'vitest'

const run = promisify(execFile)
const collector = 'go.opentelemetry.io/collector'
const version = 'v0.165.0'
const providers = 'v1.71.0'

/** Builds a collector that prints what it takes. */
async function buildCollector(folder: string): Promise<string> {
  writeFileSync(
    join(folder, 'build.yaml'),
    `dist: {name: otelcol, output_path: ${folder}/out}
receivers: [{gomod: ${collector}/receiver/otlpreceiver ${version}}]
exporters: [{gomod: ${collector}/exporter/debugexporter ${version}}]
providers: [{gomod: ${collector}/confmap/provider/fileprovider ${providers}}, {gomod: ${collector}/confmap/provider/envprovider ${providers}}]
`,
  )
  const env = { ...process.env, GOBIN: folder }
  await run('go', ['install', `${collector}/cmd/builder@${version}`], { cwd: folder, env })
  await run(join(folder, 'builder'), ['--config', 'build.yaml'], { cwd: folder, env })
  return join(folder, 'out/otelcol')
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A collector that takes OTLP over HTTP, and prints what it takes. */
export interface OwnCollector extends AsyncDisposable {
  url: string
  printed(): string
}

/** Builds and starts a collector. */
export async function startOwnCollector(): Promise<OwnCollector> {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-otel-'))
  const port = await freePort()
  writeFileSync(
    join(folder, 'run.yaml'),
    `receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:${port}"}}}}
exporters: {debug: {verbosity: detailed}}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [debug]}
    logs: {receivers: [otlp], exporters: [debug]}
`,
  )
  const program = process.env.OTELCOL ?? (await buildCollector(folder))
  const child = spawn(program, ['--config', join(folder, 'run.yaml')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let printed = ''
  child.stderr.on('data', (part: Buffer) => {
    printed += part
  })
  await expect.poll(() => printed, { timeout: 20_000 }).toContain('Everything is ready')
  return {
    url: `http://127.0.0.1:${port}`,
    printed: () => printed,
    [Symbol.asyncDispose]: async () => {
      child.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
