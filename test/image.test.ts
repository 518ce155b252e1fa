// The image and compose.yaml: that they name what is there, and with TEST_LONG=1 (`npm run test:image`) that the image builds
// and runs, as root and with nothing but Debian's buildah and debootstrap.
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { parse } from 'yaml'
import { makeImageFiles } from '../build/image.ts'
import { secretVariables, variables } from '../src/core/variables.ts'
import { tokensIn, useCommand } from './setup/command.ts'
import { buildImage, childrenOf, startContainer, statusOf, type TestContainer } from './setup/containers.ts'
import { makePostgres } from './setup/databases.ts'
import { repository } from './setup/documents-run.ts'
import { missingPrograms, wants } from './setup/programs.ts'
import { casesIfLong } from './setup/rounds.ts'

const command = useCommand()
const read = (name: string) => readFileSync(join(repository, name), 'utf8')

/** The steps of the Dockerfile, by their words: lines that go on are one. */
const steps = read('Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => /^(\w+) +(.*)$/.exec(line)?.slice(1) as [string, string])
const step = (name: string) => steps.filter(([word]) => word === name).map(([, rest]) => rest)

const settings = [...variables, ...secretVariables.map((name) => `${name}_FILE`), 'PGPASSWORD']

test('the Dockerfile copies what is there, as a user who is not root, with settings that there are', async () => {
  const copied = step('COPY').flatMap((words) => words.split(' ').slice(0, -1))
  const named = copied.filter((path) => !path.startsWith('dist/'))
  expect(named.filter((path) => !existsSync(join(repository, path)))).toEqual([])
  expect(copied.map((path) => path.replace(/\$\{TARGETARCH\}/, 'amd64'))).toEqual([
    'dist/image/amd64/latchkey',
    'dist/image/amd64/licenses.md',
    'LICENSE',
  ])
  // Everything else stays outside of the build.
  expect(read('.dockerignore').split('\n').slice(1)).toEqual(['*', '!LICENSE', '!dist/image', ''])
  const set = step('ENV').flatMap((words) => words.split(' ').map((word) => word.split('=')[0]))
  expect(set).toEqual(['LATCHKEY_HOST', 'LATCHKEY_ROOT_KEY'])
  expect(set.filter((name) => !settings.includes(name as string))).toEqual([])
  expect(step('USER')).toEqual(['10001:10001'])
  expect(step('WORKDIR')).toEqual(step('VOLUME'))
  expect(step('EXPOSE')).toEqual(['7373'])
  // Commands as lists: a shell between would keep signals to itself.
  expect(JSON.parse(step('ENTRYPOINT')[0] as string)).toEqual(['tini', '--', 'latchkey'])
  const [, health = ''] = /CMD (.*)$/.exec(step('HEALTHCHECK')[0] as string) ?? []
  for (const words of [JSON.parse(health).slice(1), JSON.parse(step('CMD')[0] as string)])
    expect(await command.run([...words, '--help'])).toMatchObject({ code: 0 })
})

interface Service {
  image: string
  environment: Record<string, string>
  secrets: string[]
  tmpfs: string
  healthcheck?: object
}

const compose = parse(read('compose.yaml')) as {
  services: { latchkey: Service; postgres: Service }
  secrets: Record<string, { file: string }>
  volumes: Record<string, null>
}

test('compose.yaml has settings that there are, and secrets that are given', () => {
  const { latchkey, postgres } = compose.services
  expect(Object.keys(latchkey.environment).filter((name) => !settings.includes(name))).toEqual([])
  for (const { environment, secrets } of [latchkey, postgres]) {
    const files = Object.entries(environment).filter(([name]) => name.endsWith('_FILE'))
    expect(files.map(([, path]) => path)).toEqual(secrets.map((name) => `/run/secrets/${name}`))
    expect(secrets.filter((name) => !(name in compose.secrets))).toEqual([])
  }
  expect(read('.gitignore')).toContain('\nsecrets/\n')
  expect(Object.values(compose.secrets).every(({ file }) => file.startsWith('secrets/'))).toBe(true)
  expect(postgres.healthcheck).toBeDefined()
  // Nobody but this machine reaches it, and it has no power that it does not use.
  expect(latchkey).toMatchObject({
    ...{ ports: ['127.0.0.1:7373:7373'], read_only: true, cap_drop: ['ALL'] },
    ...{ security_opt: ['no-new-privileges:true'], stop_grace_period: '15s' },
  })
})

test('Latchkey starts with what compose.yaml says', async () => {
  await using database = await makePostgres('nothing')
  const { username, password, host, pathname } = new URL(database.url)
  const secrets = { postgres_password: password, sealing_keys: Buffer.alloc(32, 7).toString('base64') }
  const { environment } = compose.services.latchkey
  const env = Object.fromEntries(
    Object.entries(environment).map(([name, value]) => {
      const secret = secrets[basename(value) as keyof typeof secrets]
      if (secret === undefined) return [name, value.replace(/latchkey@.*/, `${username}@${host}${pathname}`)]
      const path = join(command.folder(), basename(value))
      writeFileSync(path, `${decodeURIComponent(secret)}\n`)
      return [name, path]
    }),
  )
  expect(Object.keys(env)).toHaveLength(3)
  const doctor = await command.run(['doctor', '--json'], { env: { ...env, LATCHKEY_PORT: '1' } })
  const { findings } = JSON.parse(doctor.stdout) as { findings: object[] }
  expect(findings).toContainEqual({
    subject: 'keyring',
    outcome: 'ok',
    detail: 'from LATCHKEY_SEALING_KEYS',
  })
  const server = await command.serve([], { env: { ...env, LATCHKEY_ROOT_KEY: 'none' } })
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200)
})

const programs = wants(missingPrograms(['buildah', 'debootstrap']))
const isRoot = process.getuid?.() === 0

describe.skipIf(programs.skip || !isRoot).each(casesIfLong(['trixie']))(
  `the image on %s${programs.note}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'latchkey-image-'))
    const containers = new Set<TestContainer>()
    let image: Awaited<ReturnType<typeof buildImage>>

    beforeAll(async () => {
      const context = join(folder, 'context')
      mkdirSync(context)
      for (const name of ['Dockerfile', '.dockerignore', 'LICENSE'])
        writeFileSync(join(context, name), read(name))
      await makeImageFiles(
        inject('builds').installed,
        join(context, 'dist/image'),
        process.arch as 'x64' | 'arm64',
      )
      image = await buildImage(context, folder)
    }, 600_000)
    afterAll(async () => {
      for (const { pid, ended } of containers) {
        try {
          process.kill(pid, 'SIGKILL')
        } catch {
          // It has ended.
        }
        await ended
      }
      await image.unmount()
      rmSync(folder, { recursive: true, force: true })
    })

    async function start() {
      const port = await freePort()
      const began = performance.now()
      const container = await startContainer(image, {
        volume: join(folder, 'volume'),
        env: { LATCHKEY_PORT: String(port) },
      })
      containers.add(container)
      const url = `http://127.0.0.1:${port}`
      const isUp = () =>
        fetch(`${url}/healthz`).then(
          ({ status }) => status,
          () => 0,
        )
      await expect.poll(isUp, { interval: 20, timeout: 60_000, message: container.stderr() }).toBe(200)
      return { ...container, url, upAfterMs: performance.now() - began }
    }

    test('runs as process 1 and as user 10001, on a root that it cannot write to; its volume outlives it', async () => {
      const { config, packedBytes } = image
      mkdirSync(join(folder, 'volume'))
      // What an engine does with a new volume: it has the owner of the folder that it hides.
      chownSync(join(folder, 'volume'), 10_001, 10_001)
      const began = performance.now()
      const first = await start()
      expect(statusOf(first.pid, 'NSpid').at(-1)).toBe('1')
      expect(statusOf(first.pid, 'Uid')).toEqual(Array(4).fill('10001'))
      expect(statusOf(first.pid, 'CapEff')).toEqual(['0000000000000000'])
      expect(statusOf(first.pid, 'NoNewPrivs')).toEqual(['1'])
      expect(await first.exec('touch', '/written')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('Read-only file system'),
      })
      const [kind, ...health] = config.Healthcheck.Test
      expect(kind).toBe('CMD')
      expect(await first.exec(...health)).toMatchObject({ code: 0, stdout: `${first.url}/healthz: ok\n` })

      // No token in what an engine keeps as the log; the operator gets one.
      expect(tokensIn(first.stdout() + first.stderr())).toEqual([])
      const [rootKey = ''] = tokensIn((await first.exec('latchkey', 'root-key')).stdout)
      const key = await createKey(first.url, rootKey)
      expect(await verify(first.url, rootKey, key)).toMatchObject({ valid: true })
      const verifiedAfterMs = performance.now() - began

      // What a shell leaves behind goes to process 1, which buries it.
      await first.exec('sh', '-c', '(sleep 0.1 &)')
      await expect.poll(() => childrenOf(first.pid).length).toBe(1)

      process.kill(first.pid, config.StopSignal as NodeJS.Signals)
      expect(await first.ended).toBe(0)
      expect(first.stderr()).toContain('"msg":"stopped"')

      const second = await start()
      expect(await verify(second.url, rootKey, key)).toMatchObject({ valid: true })
      process.kill(second.pid, 'SIGTERM')
      expect(await second.ended).toBe(0)
      const megabytes = Math.round(packedBytes / 1e6)
      process.stdout.write(
        `The image has ${megabytes} MB as an archive. It answered ${first.upAfterMs.toFixed(0)} ms after its start, and with ` +
          `its volume ${second.upAfterMs.toFixed(0)} ms; the first key was verified after ${verifiedAfterMs.toFixed(0)} ms.\n`,
      )
    })

    test('a stop at the first moment is no hang, and the health check of what does not answer fails', async () => {
      const container = await startContainer(image, {
        volume: join(folder, 'volume'),
        env: { LATCHKEY_PORT: String(await freePort()), LATCHKEY_DATABASE_URL: 'nothing' },
      })
      containers.add(container)
      expect(await container.ended).toBe(2)
      expect(container.stderr()).toContain('LATCHKEY_DATABASE_URL')
      const early = await startContainer(image, {
        volume: join(folder, 'volume'),
        env: { LATCHKEY_PORT: String(await freePort()) },
      })
      containers.add(early)
      await expect.poll(() => statusOf(early.pid, 'Name')).toEqual(['tini'])
      expect(await early.exec('latchkey', 'health')).toMatchObject({ code: 3 })
      process.kill(early.pid, 'SIGTERM')
      await early.ended
    })
  },
)

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((done) => server.once('listening', done))
  const address = server.address()
  await new Promise((done) => server.close(done))
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

async function createKey(url: string, rootKey: string): Promise<string> {
  const { key } = await post(`${url}/v1/keys`, rootKey, { name: 'CI', permissions: ['emails:send'] })
  return key as string
}

function verify(url: string, rootKey: string, key: string): Promise<Record<string, unknown>> {
  return post(`${url}/v1/keys/verify`, rootKey, { key, permissions: ['emails:send'] })
}

async function post(url: string, token: string, body: object): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  return (await answer.json()) as Record<string, unknown>
}
