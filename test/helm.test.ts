// The Helm chart: that it names settings and metrics that there are, and with TEST_LONG=1 (`npm run test:helm`) what helm makes
// of it: Kubernetes' own schemas take it, Prometheus reads its rules, and the program runs with what its containers say.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse, parseAllDocuments, stringify } from 'yaml'
import { secretVariables, variables } from '../src/core/variables.ts'
import { tokensIn, useCommand } from './setup/command.ts'
import { makePostgres } from './setup/databases.ts'
import { repository } from './setup/documents-run.ts'
import { missingPrograms } from './setup/programs.ts'
import { casesIfLong } from './setup/rounds.ts'

const run = promisify(execFile)
const command = useCommand()
const chart = join(repository, 'deploy/helm/latchkey')
const read = (name: string) => readFileSync(join(chart, name), 'utf8')
const schema = JSON.parse(read('values.schema.json'))
const values = parse(read('values.yaml')) as Record<string, object>

test('values.yaml fits its schema, once it names a secret', () => {
  const validate = new Ajv({ allErrors: true }).compile(schema)
  expect(validate(values)).toBe(false)
  const named = { ...values, secrets: { ...values.secrets, name: 'latchkey' } }
  expect([validate(named), validate.errors]).toEqual([true, null])
  expect(validate({ ...named, replica: 3 })).toBe(false)
  expect(Object.keys(schema.properties).sort()).toEqual([...Object.keys(values), 'global'].sort())
})

test('the settings that it takes are those that there are, but for what the chart sets by itself', () => {
  const [{ enum: taken }] = schema.properties.settings.propertyNames.anyOf
  const own = ['DATABASE_URL', 'HOST', 'PEPPERS', 'PORT', 'ROOT_KEY', 'SEALING_KEYS']
  // Of commands and relays.
  const others = ['KEY', 'PROFILE', 'UPSTREAM', 'URL']
  const asFile = ['GITLAB_TOKENS', 'OIDC_CLIENT_SECRET', 'SMTP_URL']
  const none = [...own, ...others, ...asFile]
  expect(taken).toEqual(variables.filter((name) => !none.includes(name.replace('LATCHKEY_', ''))))
})

test('a secret is no setting, which everybody reads who may look at pods, but the name of its file is', () => {
  const validate = new Ajv().compile(schema.properties.settings)
  const own = ['DATABASE_URL', 'KEY', 'PEPPERS', 'ROOT_KEY', 'SEALING_KEYS'].map((name) => `LATCHKEY_${name}`)
  const others = secretVariables.filter((name) => !own.includes(name))
  expect(others.length).toBeGreaterThan(3)
  for (const name of others) {
    expect([name, validate({ [name]: 'http://user:secret@192.0.2.7' })]).toEqual([name, false])
    expect([name, validate({ [`${name}_FILE`]: '/run/secrets/latchkey/it' })]).toEqual([name, true])
  }
  expect(validate({ OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'api-key=secret' })).toBe(false)
  expect(
    validate({ LATCHKEY_WEBHOOK_PROXY: 'http://192.0.2.7', PGHOST: 'db', OTEL_SERVICE_NAME: 'keys' }),
  ).toBe(true)
})

test.each([
  { image: { repository: 'registry.example.com/latch key' } },
  { image: { tag: '0.3.0: latest' } },
  { image: { pullSecrets: ['registry'] } },
  { secrets: { name: '*latchkey' } },
  { ingress: { enabled: true, host: 'https://keys.example.com' } },
  { ingress: { enabled: true, host: '*' } },
  { networkPolicy: { from: ['192.0.2.0/24'] } },
])('%o would be no object of Kubernetes', (given) => {
  const validate = new Ajv().compile(schema)
  expect(validate({ secrets: { name: 'latchkey' }, ...given })).toBe(false)
})

test('it installs the version that it lies beside', () => {
  const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))
  expect(parse(read('Chart.yaml'))).toMatchObject({ appVersion: version })
})

test('its alerts are on metrics that there are', () => {
  const named = read('templates/monitoring.yaml').match(/\blatchkey_\w+/g) ?? []
  const metrics = readFileSync(join(repository, 'docs/reference/metrics.md'), 'utf8')
  expect(named.length).toBeGreaterThan(5)
  expect(named.filter((name) => !metrics.includes(name))).toEqual([])
})

test('a pod is asked whether it lives, and gets requests only when it is ready; it has no power that it does not use', () => {
  const deployment = read('templates/deployment.yaml')
  const probes = [...deployment.matchAll(/(\w+)Probe:\s+httpGet:\s+path: (\S+)/g)]
  expect(Object.fromEntries(probes.map(([, name, path]) => [name, path]))).toEqual({
    ...{ startup: '/healthz', liveness: '/healthz', readiness: '/readyz' },
  })
  // It stops in ten seconds at most, and begins after the balancers know.
  const seconds = (name: RegExp) => Number(name.exec(deployment)?.[1])
  expect(seconds(/GracePeriodSeconds: (\d+)/)).toBeGreaterThan(seconds(/ seconds: (\d+)/) + 10)
  const helpers = read('templates/_helpers.tpl')
  const set = ['runAsNonRoot: true', 'readOnlyRootFilesystem: true', 'allowPrivilegeEscalation: false']
  expect([...set, 'defaultMode: 0440', '- ALL'].filter((line) => !helpers.includes(line))).toEqual([])
})

test('its README has every value, as values.yaml says', () => {
  const [before = ''] = read('README.md').split('| value |')
  const text = before + describeValues(read('values.yaml'))
  if (process.env.UPDATE_DOCS) writeFileSync(join(chart, 'README.md'), text)
  expect(read('README.md')).toBe(text)
})

/** A table of values: each with its default and the comment above it. */
function describeValues(text: string): string {
  const rows = ['| value | default | is |', '| --- | --- | --- |']
  const path: string[] = []
  let comment = ''
  for (const line of text.split('\n')) {
    const [, indent = '', name, value = ''] = /^( *)(\w+):(?: (.*))?$/.exec(line) ?? []
    const [, said] = /^ *# (.*)$/.exec(line) ?? []
    if (said !== undefined) comment += comment === '' ? said : ` ${said}`
    if (name === undefined) continue
    path.splice(indent.length / 2, path.length, name)
    if (value !== '' || comment !== '')
      rows.push(`| \`${path.join('.')}\` | ${value === '' ? '' : `\`${value}\``} | ${comment} |`)
    comment = ''
  }
  return `${rows.join('\n')}\n`
}

interface Rendered {
  kind: string
  spec: {
    replicas: number
    groups: object[]
    template: { spec: { containers: [Container] } }
  }
}

interface Container {
  args: [string]
  env: { name: string; value: string }[]
  volumeMounts: { name: string; mountPath: string }[]
  startupProbe: { httpGet: { path: string } }
  livenessProbe: { httpGet: { path: string } }
  readinessProbe: { httpGet: { path: string } }
}

const everything = {
  secrets: { name: 'latchkey', rootKey: true, peppers: true },
  settings: {
    LATCHKEY_PUBLIC_URL: 'https://keys.example.com',
    LATCHKEY_WORKERS: 2,
    LATCHKEY_CACHE_BYTES: 1_000_000_000,
  },
  ingress: { enabled: true, host: '*.example.com', className: 'nginx', tlsSecret: 'tls' },
  networkPolicy: { enabled: true, from: [{ namespaceSelector: {} }] },
  serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
  prometheusRule: { enabled: true, labels: { release: 'prometheus' } },
}
const kinds = {
  postgres: { secrets: { name: 'latchkey' } },
  sqlite: { database: { kind: 'sqlite' } },
  everything,
}

describe.each(casesIfLong(['v3.22.0']))('with helm %s', (version) => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-helm-'))
  const inFolder = (name: string) => join(folder, name)

  beforeAll(async () => {
    expect(missingPrograms(['go', 'python3'])).toEqual([])
    const env = { ...process.env, GOBIN: folder }
    await run('go', ['install', `helm.sh/helm/v3/cmd/helm@${version}`], { env, maxBuffer: 1e8 })
    for (const reader of ['rules', 'operator'])
      await run('go', ['build', '-o', inFolder(reader), '.'], { cwd: join(repository, 'test/helm', reader) })
    await run('python3', ['-m', 'venv', inFolder('python')])
    const packages = ['kubernetes-validate==1.37.0', 'setuptools']
    await run(inFolder('python/bin/pip'), ['install', '--quiet', ...packages], { maxBuffer: 1e8 })
  }, 900_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  async function render(given: object, kubernetes = '1.34'): Promise<{ path: string; objects: Rendered[] }> {
    const [file, path] = [inFolder('values.yaml'), inFolder('rendered.yaml')]
    writeFileSync(file, stringify(given))
    const options = ['--namespace', 'keys', '--kube-version', `${kubernetes}.0`, '--values', file]
    const { stdout } = await run(inFolder('helm'), ['template', 'latchkey', chart, ...options])
    writeFileSync(path, stdout)
    const objects = parseAllDocuments(stdout).map((document) => document.toJS() as Rendered | null)
    return { path, objects: objects.filter((object) => object !== null) }
  }
  const find = (objects: Rendered[], kind: string) =>
    objects.find((object) => object.kind === kind) as Rendered

  test('lint has no warning', async () => {
    for (const given of Object.values(kinds)) {
      const file = inFolder('lint.yaml')
      writeFileSync(file, stringify(given))
      await run(inFolder('helm'), ['lint', '--strict', chart, '--values', file])
    }
  })

  test('the schemas of Kubernetes 1.30 to 1.37 take what it makes', async () => {
    for (let minor = 30; minor <= 37; minor++)
      for (const given of Object.values(kinds)) {
        const { path } = await render(given, `1.${minor}`)
        const args = ['--kubernetes-version', `1.${minor}`, '--strict', path]
        const { stdout, stderr } = await run(inFolder('python/bin/kubernetes-validate'), args)
        expect(stdout + stderr).toContain(
          `passed for resource deployment/latchkey against version 1.${minor}`,
        )
      }
  })

  test('it makes the objects that values ask for, and no others', async () => {
    const made = async (given: object) => (await render(given)).objects.map(({ kind }) => kind).sort()
    const shared = ['Deployment', 'Service', 'ServiceAccount']
    expect(await made(kinds.sqlite)).toEqual([...shared, 'PersistentVolumeClaim'].sort())
    expect(await made(kinds.postgres)).toEqual([...shared, 'Job', 'PodDisruptionBudget'].sort())
    const more = ['Ingress', 'NetworkPolicy', 'PrometheusRule', 'ServiceMonitor']
    expect(await made(everything)).toEqual([...shared, 'Job', 'PodDisruptionBudget', ...more].sort())
    const replicas = find((await render({ ...kinds.sqlite, replicas: 3 })).objects, 'Deployment').spec
      .replicas
    expect(replicas).toBe(1)
  })

  test('Prometheus reads its alerts', async () => {
    const { spec } = find((await render(everything)).objects, 'PrometheusRule')
    writeFileSync(inFolder('rules.yaml'), stringify(spec))
    const { stdout } = await run(inFolder('rules'), [inFolder('rules.yaml')])
    expect(stdout).toBe('latchkey 7\n')
  })

  test('the Prometheus operator knows each field of what it makes for it', async () => {
    const { objects } = await render(everything)
    const readByOperator = async (object: object) => {
      writeFileSync(inFolder('object.yaml'), stringify(object))
      return (await run(inFolder('operator'), [inFolder('object.yaml')])).stdout
    }
    for (const kind of ['ServiceMonitor', 'PrometheusRule'])
      expect(await readByOperator(find(objects, kind))).toBe(`${kind}\n`)
    const { spec, ...rest } = find(objects, 'ServiceMonitor')
    const misspelt = { ...rest, spec: { ...spec, endpoint: [] } }
    await expect(readByOperator(misspelt)).rejects.toThrow('unknown field "endpoint"')
  })

  test.each([
    [{}, '/secrets/name'],
    [{ database: { kind: 'mysql' } }, '/database/kind'],
    [{ ...kinds.postgres, settings: { LATCHKEY_WORKER: 2 } }, 'LATCHKEY_WORKER'],
    [{ ...kinds.postgres, replica: 2 }, 'replica'],
    [{ ...kinds.postgres, ingress: { enabled: true } }, '/ingress/host'],
  ])('%o is refused, and %s is named', async (given, named) => {
    await expect(render(given)).rejects.toThrow(named)
  })

  test.each(['postgres', 'sqlite', 'everything'] as const)(
    '%s: the program runs with what its containers say',
    async (kind) => {
      const { objects } = await render(kinds[kind])
      await using database = await makePostgres('nothing')
      const rootKey = (await command.run(['token', 'new'])).stdout.trim()
      const secrets = join(folder, kind)
      mkdirSync(secrets)
      const ofSecret = {
        'database-url': database.url,
        'sealing-keys': Buffer.alloc(32, 7).toString('base64'),
        'root-key': rootKey,
        peppers: `old=${Buffer.alloc(32, 8).toString('base64')}`,
      }
      for (const [name, text] of Object.entries(ofSecret)) writeFileSync(join(secrets, name), text)
      const [container] = find(objects, 'Deployment').spec.template.spec.containers
      const places = Object.fromEntries(
        container.volumeMounts.map(({ name, mountPath }) => [name, mountPath]),
      )
      const envOf = ({ env }: Container) =>
        Object.fromEntries(
          env.map(({ name, value }) => [
            name,
            value.replace(`${places.secrets}/`, `${secrets}/`).replace(`${places.data}/`, `${secrets}/`),
          ]),
        )
      if (kind !== 'sqlite') {
        const [job] = find(objects, 'Job').spec.template.spec.containers
        expect(await command.run(job.args, { env: envOf(job) })).toMatchObject({
          code: 0,
          stdout: expect.stringContaining('is up to date'),
        })
      }
      expect(container.args).toEqual(['serve'])
      const server = await command.serve([], { env: envOf(container) })
      for (const { httpGet } of [container.startupProbe, container.livenessProbe, container.readinessProbe])
        expect((await fetch(server.url + httpGet.path)).status).toBe(200)
      expect(tokensIn(server.stdout() + server.stderr())).toEqual([])
      const { stdout } = await command.run(['doctor', '--json'], { env: envOf(container) })
      const { findings } = JSON.parse(stdout) as { findings: { subject: string; detail: string }[] }
      expect(findings.filter(({ subject }) => subject === 'settings')).toEqual([])
      if (kind !== 'sqlite')
        expect(findings).toContainEqual(expect.objectContaining({ detail: 'from LATCHKEY_SEALING_KEYS' }))
      const status = (
        await fetch(`${server.url}/v1/keys/self`, { headers: { authorization: `Bearer ${rootKey}` } })
      ).status
      expect(status).toBe(kind === 'everything' ? 200 : 401)
    },
  )
})
