// The OpenTelemetry project's own collector takes what a server sends: built from the Go module proxy, which takes
// minutes, unless OTELCOL names one.
import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { readTelemetrySettings } from '../src/core/telemetry-settings.ts'
import { createAcme } from './setup/acme.ts'
import { makeSqlite } from './setup/databases.ts'
import { casesIfLong } from './setup/rounds.ts'
import { startTestServer } from './setup/server.ts'

const run = promisify(execFile)
const collector = 'go.opentelemetry.io/collector'
const version = 'v0.165.0'
const providers = 'v1.71.0'
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'

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

test.each(casesIfLong(['http/protobuf', 'http/json']))(
  'the OpenTelemetry collector takes spans and records in %s',
  async (protocol) => {
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
    try {
      await expect.poll(() => printed, { timeout: 20_000 }).toContain('Everything is ready')
      await using sqlite = makeSqlite()
      const telemetry = readTelemetrySettings({
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
        LATCHKEY_OTEL_VERDICTS: 'all',
      })
      const server = await startTestServer(sqlite.url, { telemetry })
      await createAcme(server.latchkey)
      const { id, key } = await server.latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
      const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01`, tracestate: 'vendor=a' }
      const body = { key, permissions: ['emails:send'], cost: 3 }
      await server.request('POST', '/v1/keys/verify', { token: server.rootKey, body, headers })
      await server.close()
      for (const line of [
        ...[`Trace ID       : ${traceId}`, 'Parent ID      : 00f067aa0ba902b7', 'TraceState     : vendor=a'],
        ...['Name           : POST /v1/keys/verify', 'Kind           : Server'],
        ...['-> http.response.status_code: Int(200)', '-> service.name: Str(latchkey)'],
        ...['EventName: latchkey.verdict', 'Body: Str(insufficient_permissions)', '-> latchkey.cost: Int(3)'],
        ...[`-> latchkey.key_id: Str(${id})`, '-> latchkey.permissions: Slice(["emails:send"])'],
        ...['-> latchkey.valid: Bool(false)'],
      ])
        await expect.poll(() => printed, { timeout: 10_000 }).toContain(line)
      expect(printed).not.toContain(key)
    } finally {
      child.kill()
      rmSync(folder, { recursive: true, force: true })
    }
  },
  900_000,
)
