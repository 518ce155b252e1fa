// `latchkey doctor`: looks at the settings, the database and the machine, and says what is wrong and how to mend it. It changes
// nothing, and prints no part of a password or a token.
import { readFileSync, statfsSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, resolve } from 'node:path'
import { createClient } from '../../client/index.ts'
import {
  ownVariables,
  postgresEnvironment,
  readServeSettings,
  type ServeSettings,
  secretsOf,
  sqlitePath,
  unknownVariables,
  withoutPassword,
} from '../../config.ts'
import { packageVersion } from '../../server/version.ts'
import { serverOrDatabase } from '../kit/connection.ts'
import { defineCommand } from '../kit/define-command.ts'
import { exitCodes } from '../kit/failures.ts'
import { print } from '../kit/output.ts'
import type { Place, TargetOptions } from '../kit/place.ts'
import { findTarget, withToken } from '../kit/target.ts'
import { type Finding, failed } from './doctor-findings.ts'
import { lookAtMail, lookAtProviders } from './doctor-people.ts'

/** Clocks may differ by so much before an expiry is noticeably wrong. */
const maxAheadMs = 1_000
const leastFreeBytes = 1024 ** 3
const leastFiles = 4_096
const connectTimeoutMs = 2_000

/** What is named is looked at before it is opened. */
const unopened: Place<TargetOptions> = {
  options: serverOrDatabase.options,
  use: (given, work) => work(given),
}

export const doctorCommand = defineCommand({
  path: 'doctor',
  summary: 'look for what is wrong with settings, database, clocks and ports; changes nothing',
  on: unopened,
  examples: [
    'latchkey doctor',
    'latchkey doctor --database postgres://latchkey@db.internal/latchkey',
    'latchkey doctor --url https://keys.example.com',
  ],
  notes: 'It exits with 1 if something is wrong that Latchkey would not start with, or that loses data.',
  run: async (given) => ({ findings: await examine(given) }),
  print: ({ findings }) => {
    for (const { subject, outcome, detail, fix } of findings) {
      print(`${signs[outcome]}  ${subject.padEnd(12)}  ${detail}`)
      if (fix !== undefined) print(`${' '.repeat(23)}${fix}`)
    }
  },
  exitCode: ({ findings }) =>
    findings.some(({ outcome }) => outcome === 'failure') ? exitCodes.refused : exitCodes.ok,
})

const signs = { ok: 'ok     ', warning: 'WARNING', failure: 'FAILURE' } as const

async function examine(given: TargetOptions): Promise<Finding[]> {
  const first = [lookAtProgram(), ...lookAtVariables()]
  let settings: ServeSettings
  try {
    const { database } = given
    settings = readServeSettings(database === undefined ? {} : { database })
  } catch (error) {
    return [...first, failed('settings', error, 'Correct the variable, or unset it.')]
  }
  const target = await readServer(given)
  if (target !== undefined) return [...first, ...(await lookAtServer(target))]
  return [
    ...first,
    ...(await lookAtDatabase(settings)),
    ...lookAtKeyring(settings),
    await lookAtPort(settings),
    ...(await lookAtPartners(settings)),
    ...(await lookAtProviders(settings)),
    ...(await lookAtMail(settings)),
    ...lookAtFiles(),
  ]
}

function lookAtProgram(): Finding {
  return {
    subject: 'program',
    outcome: 'ok',
    detail: `Latchkey ${packageVersion()} on Node.js ${process.versions.node}`,
  }
}

function lookAtVariables(): Finding[] {
  return unknownVariables().map(([name, meant]) => ({
    subject: 'settings',
    outcome: 'warning',
    detail: `${name} is set, and no setting has that name.`,
    fix: meant === undefined ? `unset ${name}` : `Rename it to ${meant}.`,
  }))
}

/** The server that is named, with the key to call it; a failure if that is no token. */
async function readServer(
  given: TargetOptions,
): Promise<{ url: string; token: string } | Finding | undefined> {
  try {
    const target = findTarget(given)
    return 'url' in target ? await withToken(target) : undefined
  } catch (error) {
    return failed('server', error, 'Set LATCHKEY_KEY to the token of a key.')
  }
}

async function lookAtServer(target: { url: string; token: string } | Finding): Promise<Finding[]> {
  if ('subject' in target) return [target]
  const { url } = target
  const client = createClient(target)
  try {
    // First, since a client says best why it gets no answer.
    const key = await client.keys.self()
    const askedAt = Date.now()
    const response = await fetch(`${url}/readyz`, { redirect: 'manual', signal: AbortSignal.timeout(5_000) })
    const clock = Date.parse(response.headers.get('date') ?? '') + 500 - (askedAt + Date.now()) / 2
    return [
      response.ok
        ? { subject: 'server', outcome: 'ok', detail: `${url} is ready.` }
        : {
            subject: 'server',
            outcome: 'failure',
            detail: `${url} answers, and is not ready (${response.status}).`,
            fix: 'Run `latchkey doctor` on its machine, and read its log.',
          },
      ...lookAtClock(clock, 'The clock of the server'),
      { subject: 'key', outcome: 'ok', detail: `${key.name} (${key.hint}) of ${key.organizationId}` },
    ]
  } catch (error) {
    return [failed('server', error, 'Check LATCHKEY_URL and LATCHKEY_KEY.')]
  }
}

async function lookAtDatabase({ database }: ServeSettings): Promise<Finding[]> {
  const name = withoutPassword(database)
  const path = sqlitePath(database)
  const ofFile = path === undefined ? [] : lookAtFile(resolve(path))
  try {
    const { inspectDatabase } = await import('../../latchkey.ts')
    const { schema, aheadMs, isSealed } = await inspectDatabase(database, postgresEnvironment())
    const ofClock = lookAtClock(aheadMs, 'The clock of the database')
    return [lookAtSchema(name, schema), ...ofClock, ...ofFile, ...(isSealed ? lookForKeyring(path) : [])]
  } catch (error) {
    return [failed('database', error, 'Check --database or LATCHKEY_DATABASE_URL.'), ...ofFile]
  }
}

type Schema = Awaited<ReturnType<typeof import('../../latchkey.ts')['inspectDatabase']>>['schema']

function lookAtSchema(name: string, schema: Schema): Finding {
  const subject = 'database'
  if (schema === undefined)
    return {
      subject,
      outcome: 'warning',
      detail: `${name} has no Latchkey in it yet.`,
      fix: 'Run `latchkey serve` or `latchkey migrate`, which make it.',
    }
  const { version, supported, isFit } = schema
  if (!isFit)
    return {
      subject,
      outcome: 'failure',
      detail: `${name} has schema ${version}, and this Latchkey supports schemas up to ${supported}.`,
      fix: 'Upgrade Latchkey here to the version that migrated it.',
    }
  if (version < supported)
    return {
      subject,
      outcome: 'warning',
      detail: `${name} has schema ${version}. The next start migrates it to ${supported}.`,
      fix: 'Back it up first (docs/operate/backup.md), then run `latchkey migrate`.',
    }
  return { subject, outcome: 'ok', detail: `${name}, schema ${version}` }
}

function lookAtClock(aheadMs: number, what: string): Finding[] {
  if (!(Math.abs(aheadMs) >= maxAheadMs)) return []
  const seconds = (Math.abs(aheadMs) / 1000).toFixed(1)
  return [
    {
      subject: 'clocks',
      outcome: 'warning',
      detail: `${what} is ${seconds} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's, so keys expire at different times.`,
      fix: 'Let both be set by NTP: `timedatectl set-ntp true`.',
    },
  ]
}

/** What the file system says of an SQLite file and its folder. */
function lookAtFile(path: string): Finding[] {
  const findings: Finding[] = []
  const { mode = 0 } = statSync(path, { throwIfNoEntry: false }) ?? {}
  if ((mode & 0o077) !== 0)
    findings.push({
      subject: 'permissions',
      outcome: 'warning',
      detail: `Other users of this machine may open ${path}.`,
      fix: `chmod 600 ${quote(path)}`,
    })
  const folder = dirname(path)
  if (statSync(folder, { throwIfNoEntry: false }) === undefined) return findings
  const { bavail, bsize } = statfsSync(folder)
  if (bavail * bsize < leastFreeBytes)
    findings.push({
      subject: 'disk',
      outcome: 'warning',
      detail: `${Math.floor((bavail * bsize) / 1024 ** 2)} MiB are free in ${folder}. A full disk refuses every change.`,
      fix: 'Make room, or move the database while no server runs.',
    })
  return findings
}

/** Something is sealed in an SQLite file: by what? */
function lookForKeyring(path: string | undefined): Finding[] {
  const file = `${path}.keyring`
  if (secretsOf('SEALING_KEYS').length > 0 || statSync(file, { throwIfNoEntry: false })) return []
  return [
    {
      subject: 'keyring',
      outcome: 'failure',
      detail: `There is no ${file}, and the database has values that only its keys open.`,
      fix: 'Put it back from your copy before a server starts, which would make another one.',
    },
  ]
}

/** What signs reservations and seals secrets. */
function lookAtKeyring({ database }: ServeSettings): Finding[] {
  if (secretsOf('SEALING_KEYS').length > 0)
    return [{ subject: 'keyring', outcome: 'ok', detail: 'from LATCHKEY_SEALING_KEYS' }]
  const path = sqlitePath(database)
  if (path === undefined)
    return [
      {
        subject: 'keyring',
        outcome: 'warning',
        detail: 'There is none, so webhooks, reservations and creations that are repeated are refused.',
        fix: 'Run `latchkey keyring new --file keyring`, and set LATCHKEY_SEALING_KEYS to its keys everywhere.',
      },
    ]
  const file = `${path}.keyring`
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined || (found.mode & 0o077) === 0) return []
  return [
    {
      subject: 'permissions',
      outcome: 'failure',
      detail: `Other users of this machine may open ${file}, which opens all that is sealed.`,
      fix: `chmod 600 ${quote(file)}`,
    },
  ]
}

async function lookAtPort({ host, port }: ServeSettings): Promise<Finding> {
  const subject = 'port'
  const address = host.includes(':') ? `[${host}]` : host
  if (!(await isTaken(host, port))) return { subject, outcome: 'ok', detail: `${address}:${port} is free.` }
  const url = `http://${address}:${port}`
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(connectTimeoutMs) })
    const { status } = (await response.json()) as { status?: unknown }
    if (response.ok && status === 'ok')
      return { subject, outcome: 'ok', detail: `A Latchkey serves on ${url}.` }
  } catch {
    // Another program, or one that does not answer.
  }
  return {
    subject,
    outcome: 'failure',
    detail: `Another program has ${address}:${port}.`,
    fix: `Find it with \`ss -ltnp sport = :${port}\`, or choose another port with --port or LATCHKEY_PORT.`,
  }
}

/** Who may report leaked tokens, if anybody. */
async function lookAtPartners({ webhooks }: ServeSettings): Promise<Finding[]> {
  try {
    const { inspectPartners } = await import('../../latchkey.ts')
    const { github, gitlabTokens } = await inspectPartners(webhooks, ownVariables())
    const ofGithub = github === undefined ? [] : [toFinding(github)]
    if (gitlabTokens === 0) return ofGithub
    const detail = `${gitlabTokens === 1 ? 'A token is' : `${gitlabTokens} tokens are`} shared with it.`
    return [...ofGithub, { subject: 'GitLab', outcome: 'ok', detail }]
  } catch (error) {
    return [failed('settings', error, 'Correct the variable, or unset it.')]
  }
}

type InspectedGithub = NonNullable<
  Awaited<ReturnType<typeof import('../../latchkey.ts')['inspectPartners']>>['github']
>

function toFinding(found: InspectedGithub): Finding {
  const subject = 'GitHub'
  if ('keys' in found)
    return {
      subject,
      outcome: 'ok',
      detail: `${found.url} has ${found.keys === 1 ? 'a key that signs' : `${found.keys} keys that sign`} its reports.`,
    }
  return {
    subject,
    outcome: 'warning',
    detail: `The keys that sign its reports cannot be read from ${found.url}: ${found.failure}`,
    fix: 'Let this machine reach it, by LATCHKEY_WEBHOOK_PROXY if there is a proxy, or correct LATCHKEY_GITHUB_KEYS_URL.',
  }
}

function isTaken(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host, port, timeout: connectTimeoutMs })
    const end = (isThere: boolean) => {
      socket.destroy()
      done(isThere)
    }
    socket.on('connect', () => end(true))
    socket.on('timeout', () => end(true))
    socket.on('error', () => end(false))
  })
}

/** How many connections a process may have: each is a file to the system. */
function lookAtFiles(): Finding[] {
  let limits: string
  try {
    limits = readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return []
  }
  const most = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.POSITIVE_INFINITY)
  if (most >= leastFiles) return []
  return [
    {
      subject: 'open files',
      outcome: 'warning',
      detail: `A process may have ${most} files open here: as many connections, all together.`,
      fix: 'ulimit -n 65536, or LimitNOFILE=65536 in a systemd unit',
    },
  ]
}

function quote(path: string): string {
  return `'${path.replaceAll("'", String.raw`'\''`)}'`
}
