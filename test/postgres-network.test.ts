// The way to a PostgreSQL: TLS with real certificates, the password file, a Unix socket, and which of several hosts.
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openLatchkey } from '../src/latchkey.ts'
import { createAcme } from './setup/acme.ts'
import { type CertificateFiles, makeAuthority, makeCertificate } from './setup/certificates.ts'
import { connectDirectly } from './setup/direct.ts'
import { findInstalledPostgres, freePort, type PostgresServer, startPostgres } from './setup/postgres.ts'
import { startStandby } from './setup/postgres-standby.ts'
import { missingPrograms, wants } from './setup/programs.ts'

const programs = findInstalledPostgres()
const need = wants([...(programs === undefined ? ['postgresql'] : []), ...missingPrograms(['openssl'])])

/** Opens and closes; gives what was said instead, or `opened`. */
async function attempt(database: string): Promise<string> {
  try {
    await using latchkey = await openLatchkey({ database, onWarning: () => {} })
    await latchkey.organizations.list()
    return 'opened'
  } catch (error) {
    const { message, cause } = error as Error
    return `${message} ${(cause as Error | undefined)?.message ?? ''}`
  }
}

describe.skipIf(need.skip)(`a PostgreSQL across a network${need.note}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-network-'))
  let postgres: PostgresServer
  let authority: CertificateFiles

  beforeAll(async () => {
    authority = makeAuthority(folder, 'authority')
    // The folder of the socket is the one of the data.
    postgres = await startPostgres(programs, ['unix_socket_directories=.'])
    // Made once: what is tried below is only the way there.
    expect(await attempt(postgres.url)).toBe('opened')
  })
  afterAll(async () => {
    await postgres.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  function via(host: string, parameters: string): string {
    return `${postgres.url.replace('127.0.0.1', host)}?${parameters}`
  }

  /** Lets the server speak TLS by a certificate from now on. */
  async function present({ certificate, key }: CertificateFiles): Promise<void> {
    const { uid, gid } = statSync(postgres.data)
    await using direct = await connectDirectly(postgres.url)
    for (const [path, setting] of [
      [certificate, 'ssl_cert_file'],
      [key, 'ssl_key_file'],
    ] as const) {
      const own = join(postgres.data, basename(path))
      copyFileSync(path, own)
      chmodSync(own, 0o600)
      if (process.getuid?.() === 0) chownSync(own, uid, gid)
      await direct.run(`alter system set ${setting} = '${own}'`)
    }
    await direct.run('alter system set ssl = on')
    await direct.run('select pg_reload_conf()')
    // The server reads it at its own time, and each new connection shows what it has read.
    const presented = async () => {
      await using fresh = await connectDirectly(postgres.url)
      return (await fresh.run("select current_setting('ssl_cert_file') as path"))[0]?.path
    }
    await expect.poll(presented, { timeout: 5_000 }).toBe(join(postgres.data, basename(certificate)))
  }

  function authorityOf(mode: string, { certificate } = authority): string {
    return `sslmode=${mode}&sslrootcert=${encodeURIComponent(certificate)}`
  }

  test('by TLS, verify-full believes the certificate of that host alone, and verify-ca of any', async () => {
    await present(makeCertificate(folder, 'by-name', authority, 'DNS:localhost'))
    expect(await attempt(via('localhost', authorityOf('verify-full')))).toBe('opened')
    expect(await attempt(via('127.0.0.1', authorityOf('verify-full')))).toMatch(/does not match|altnames/)
    expect(await attempt(via('127.0.0.1', authorityOf('verify-ca')))).toBe('opened')
    await present(makeCertificate(folder, 'by-address', authority, 'IP:127.0.0.1'))
    expect(await attempt(via('127.0.0.1', authorityOf('verify-full')))).toBe('opened')
    expect(await attempt(via('localhost', authorityOf('verify-full')))).toMatch(/does not match|altnames/)
  })

  test('by TLS, a certificate of a foreign authority is believed only if nobody asks for one', async () => {
    await present(makeCertificate(folder, 'good', authority, 'DNS:localhost'))
    const foreign = makeAuthority(folder, 'foreign')
    for (const mode of ['verify-full', 'verify-ca', 'require'])
      expect(await attempt(via('localhost', authorityOf(mode, foreign)))).toMatch(/certificate/)
    expect(await attempt(via('localhost', 'sslmode=verify-full'))).toMatch(/certificate/)
    expect(await attempt(via('localhost', 'sslmode=verify-full&sslrootcert=system'))).toMatch(/certificate/)
    expect(await attempt(via('localhost', 'sslmode=require'))).toBe('opened')
  })

  test('by TLS, an expired certificate is refused', async () => {
    await present(makeCertificate(folder, 'expired', authority, 'DNS:localhost', -1))
    for (const mode of ['verify-full', 'verify-ca'])
      expect(await attempt(via('localhost', authorityOf(mode)))).toMatch(/expired/)
  })

  test('the password comes from the password file, unless others may read that', async () => {
    const file = join(folder, 'pgpass')
    const { port } = new URL(postgres.url)
    const lines = ['# the first line that fits', 'elsewhere:*:*:*:wrong', `127.0.0.1:${port}:*:tester:tester`]
    writeFileSync(file, lines.join('\n'), { mode: 0o600 })
    const url = `${postgres.url.replace(':tester@', '@')}?passfile=${encodeURIComponent(file)}`
    expect(await attempt(url)).toBe('opened')
    chmodSync(file, 0o640)
    expect(await attempt(url)).toMatch(/password file .* chmod 600/)
    chmodSync(file, 0o600)
    writeFileSync(file, `127.0.0.1:${port}:*:tester:wrong`)
    expect(await attempt(url)).toMatch(/password authentication failed/)
  })

  test('a folder as host is that of a Unix socket, whose password is of localhost', async () => {
    const { port } = new URL(postgres.url)
    const socket = `host=${encodeURIComponent(postgres.data)}&port=${port}`
    expect(await attempt(`postgres://tester:tester@/postgres?${socket}`)).toBe('opened')
    const file = join(folder, 'pgpass-socket')
    writeFileSync(file, `localhost:${port}:postgres:tester:tester`, { mode: 0o600 })
    const passfile = `passfile=${encodeURIComponent(file)}`
    expect(await attempt(`postgres://tester@/postgres?${socket}&${passfile}`)).toBe('opened')
  })

  test('a hot standby is refused by itself, and passed over among several hosts', async () => {
    const standby = await startStandby(postgres, programs as string)
    onTestFinished(() => standby.stop())
    expect(await attempt(standby.url)).toMatch(/standby/)
    const ports = [await freePort(), new URL(standby.url).port, new URL(postgres.url).port]
    const hosts = ports.map((port) => `127.0.0.1:${port}`).join(',')
    const several = `postgres://tester:tester@${hosts}/postgres?target_session_attrs=read-write`
    await using latchkey = await openLatchkey({ database: several })
    await createAcme(latchkey)
    const { key } = await latchkey.keys.create({ organizationId: 'acme', name: 'CI' })
    expect((await latchkey.verify(key)).valid).toBe(true)
  })
})
