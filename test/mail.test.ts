// Invitations by mail: by a real mail server, which takes letters, refuses them or hangs; the link is in the letter alone.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readMail } from '../src/core/mail-settings.ts'
import { openLatchkey } from '../src/index.ts'
import { createAcme } from './setup/acme.ts'
import { makeAuthority, makeCertificate } from './setup/certificates.ts'
import { useCommand } from './setup/command.ts'
import { makeSqlite, onOneDatabase } from './setup/databases.ts'
import { headersOf, type MailServer, partsOf, startMailServer } from './setup/mail.ts'
import { join, openWithPeople, personOf, publicUrl, secretOf } from './setup/people.ts'
import { codeOf } from './setup/refusal.ts'
import { startTestServer } from './setup/server.ts'
import { ask } from './setup/sessions.ts'

const from = { smtpFrom: 'Latchkey <keys@example.com>' }
const linkPattern = /https:\/\/keys\.example\.com\/invitation#lki_[A-Za-z0-9_-]{43}/g
const invited = { organizationId: 'acme', email: 'ada@example.com', role: 'admin', send: true } as const
const byPasskey = { provider: 'passkey', issuer: 'keys.example.com', email: null, emailVerified: false }

async function open(mail: Pick<MailServer, 'url'>, onWarning?: (text: string) => void) {
  const latchkey = await openWithPeople({
    ...{ database: makeSqlite().url, smtpUrl: mail.url, ...from },
    ...(onWarning && { onWarning }),
  })
  await createAcme(latchkey)
  return latchkey
}

function linkIn(source: string): string {
  const [link, ...others] = [...new Set(source.match(linkPattern))]
  expect(others).toEqual([])
  return link ?? ''
}

test('the link is in the letter, and in no answer and no list', async () => {
  await using mail = await startMailServer()
  await using latchkey = await open(mail)
  const made = await latchkey.invitations.create({ ...invited, name: 'Ada' })
  expect(made).toMatchObject({ sent: true, url: null, status: 'pending' })
  const [letter] = mail.letters
  expect(letter).toMatchObject({ from: 'keys@example.com', to: ['ada@example.com'] })
  const { text, html } = partsOf(letter as never)
  expect(text).toContain('Hello Ada,')
  expect(text).toContain('You are invited to be an admin of “Acme”.')
  expect(linkIn(text)).toBe(linkIn(html))
  // Nothing is loaded, and nothing else is linked.
  expect(html.match(/(?:src|href|url)[=(]/g)).toEqual(['href='])
  expect(await latchkey.invitations.get(made.id)).toEqual(made)
  const actions = (await latchkey.audit.list({})).items.map(({ action }) => action)
  expect(actions.slice(0, 2)).toEqual(['invitation.sent', 'invitation.created'])
  expect(JSON.stringify(await latchkey.audit.list({}))).not.toMatch(/lki_|ada@example/)
  const accepted = await latchkey.invitations.accept(new URL(linkIn(text)).hash.slice(1), {
    ...byPasskey,
    ...{ subject: 'handle', label: 'Laptop' },
  })
  // The letter is the proof of the address.
  expect(await latchkey.members.get(accepted.memberId)).toMatchObject({ emailVerified: true })
})

test('without a mail server nothing is made, and nothing said of one that was not asked for', async () => {
  await using latchkey = await openWithPeople({ database: makeSqlite().url })
  await createAcme(latchkey)
  expect(await codeOf(latchkey.invitations.create(invited))).toBe('mail_missing')
  expect((await latchkey.invitations.list({})).items).toEqual([])
  expect((await latchkey.invitations.create({ ...invited, send: false })).url).toMatch(linkPattern)
  const { caller } = await join(latchkey, 'acme', 'viewer')
  expect(await codeOf(latchkey.members.reset(caller.memberId, { send: true }))).toBe('mail_missing')
  expect((await latchkey.members.get(caller.memberId)).identities).toHaveLength(1)
})

test('a letter that is refused leaves the link with who invites, and the warning names no address', async () => {
  await using mail = await startMailServer({
    onRcptTo: ({ address }, _session, done) =>
      done(Object.assign(new Error(`No such user ${address}`), { responseCode: 550 })),
  })
  const warnings: string[] = []
  await using latchkey = await open(mail, (text) => warnings.push(text))
  const made = await latchkey.invitations.create(invited)
  expect(made).toMatchObject({ sent: false, status: 'pending' })
  expect(warnings).toEqual([`Mail was not sent by 127.0.0.1:${mail.port}: EENVELOPE, SMTP 550.`])
  await latchkey.invitations.create(invited)
  expect(warnings).toHaveLength(1)
  // Who has the link from an answer has not proved an address by it.
  const again = await latchkey.invitations.create(invited)
  const { memberId } = await latchkey.invitations.accept(secretOf(again), {
    ...byPasskey,
    ...{ subject: 'handle', label: 'Laptop' },
  })
  expect(await latchkey.members.get(memberId)).toMatchObject({ emailVerified: false })
})

test('a mail server that is away, or that says nothing, is given up in time and holds no lock', async () => {
  const sockets = new Set<Socket>()
  const silent = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const { port } = silent.address() as { port: number }
  await using latchkey = await open({ url: `smtp://127.0.0.1:${port}` }, () => {})
  const waiting = latchkey.invitations.create(invited)
  await expect.poll(() => sockets.size).toBe(1)
  // Meanwhile others change members of the organization.
  await latchkey.invitations.create({ ...invited, email: 'bob@example.com', send: false })
  const made = await waiting
  expect(made.sent).toBe(false)
  expect(made.url).toMatch(linkPattern)
  await expect.poll(() => sockets.size).toBe(0)
  await new Promise((resolve) => silent.close(resolve))
  expect(await latchkey.invitations.create({ ...invited, email: 'eve@example.com' })).toMatchObject({
    sent: false,
  })
}, 30_000)

test('a letter that is taken too late has the same link, which opens once', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  await using mail = await startMailServer({ before: () => promise })
  await using latchkey = await open(mail, () => {})
  const made = await latchkey.invitations.create(invited)
  expect(made.sent).toBe(false)
  resolve()
  await expect.poll(() => mail.letters.length).toBe(1)
  expect(linkIn(partsOf(mail.letters[0] as never).text)).toBe(made.url)
  expect(await latchkey.invitations.get(made.id)).toMatchObject({ sent: false })
  await latchkey.invitations.accept(secretOf(made), personOf('ada'))
  expect(await codeOf(latchkey.invitations.accept(secretOf(made), personOf('ada')))).toBe('invitation_ended')
}, 30_000)

test('no name makes a header, a line or a link', async () => {
  await using mail = await startMailServer()
  await using latchkey = await open(mail)
  const names = [
    'Ada "The Countess" <eve@evil.example>',
    'https://evil.example/prize',
    'Visit evil.example now',
    '\u202Egro.live\u202C Ada',
    `<img src="https://evil.example/x.png">`,
    'Ada, eve@evil.example',
    'Ada\u2028Bcc: eve@evil.example',
    'x'.repeat(200),
  ]
  await latchkey.organizations.update('acme', { name: 'Acme "\u202E\u2029Bcc: eve@evil.example" <b>' })
  for (const [i, name] of names.entries())
    await latchkey.invitations.create({ ...invited, email: `p${i}@example.com`, name })
  expect(mail.letters).toHaveLength(names.length)
  for (const [i, letter] of mail.letters.entries()) {
    const headers = headersOf(letter)
    expect(letter.to).toEqual([`p${i}@example.com`])
    expect(headers.to).toBe(`p${i}@example.com`)
    expect(Object.keys(headers).sort()).toEqual([
      ...['auto-submitted', 'content-type', 'date', 'from', 'message-id', 'mime-version', 'subject', 'to'],
    ])
    const { text, html } = partsOf(letter)
    expect(text.split('\n')[0]).toBe('Hello,')
    for (const shown of [text, html, headers.subject ?? ''])
      expect(shown).not.toMatch(/[\u202a-\u202e\u2028\u2029]/)
    expect(html).not.toMatch(/<img|<b>/)
  }
  // A name with a line break is refused where it is given.
  const split = latchkey.invitations.create({ ...invited, name: 'Ada\r\nBcc: eve@evil.example' })
  expect(await codeOf(split)).toBe('invalid_input')
  for (const email of [
    'ada@example.com\r\nRCPT TO:<eve@evil.example>',
    'ada@example.com>',
    '"a b"@example.com',
  ])
    expect(await codeOf(latchkey.invitations.create({ ...invited, email }))).toBe('invalid_input')
  expect(mail.letters).toHaveLength(names.length)
})

test('a renewal sends anew what was sent, and the link of before opens nothing', async () => {
  await using mail = await startMailServer()
  await using latchkey = await open(mail)
  const made = await latchkey.invitations.create(invited)
  expect(await latchkey.invitations.renew(made.id)).toMatchObject({ id: made.id, sent: true, url: null })
  const [first = '', second = ''] = mail.letters.map((letter) => linkIn(partsOf(letter).text))
  expect(first).not.toBe(second)
  expect(await codeOf(latchkey.invitations.accept(secretOf({ url: first }), personOf('ada')))).toBe(
    'invitation_ended',
  )
  await latchkey.invitations.accept(secretOf({ url: second }), personOf('ada'))
  const handed = await latchkey.invitations.create({ ...invited, email: 'bob@example.com', send: false })
  expect((await latchkey.invitations.renew(handed.id)).url).toMatch(linkPattern)
  expect(mail.letters).toHaveLength(2)
})

test('whoever is reset is told so at the address of before, with the link only if it goes by mail', async () => {
  await using mail = await startMailServer()
  await using latchkey = await open(mail)
  const owner = await join(latchkey, 'acme', 'owner')
  const ada = await join(latchkey, 'acme', 'admin', 'ada')
  const { memberId } = ada.caller
  const handed = await latchkey.members.reset(memberId, {}, { actor: owner.caller })
  expect(handed.url).toMatch(linkPattern)
  const sent = await latchkey.members.reset(memberId, { send: true }, { actor: owner.caller })
  expect(sent).toMatchObject({ sent: true, url: null, memberId })
  const [notice, invitation] = mail.letters.map((letter) => partsOf(letter).text)
  expect(mail.letters.map(({ to }) => to)).toEqual([['ada@example.com'], ['ada@example.com']])
  for (const told of [notice, invitation]) expect(told).toContain('taken away by owner-acme@example.com')
  expect(notice).not.toContain('lki_')
  await latchkey.invitations.accept(secretOf({ url: linkIn(invitation ?? '') }), personOf('ada'))
})

test('a reset of which nobody could be told by mail is told to the operator, each by the id of its member', async () => {
  await using mail = await startMailServer({
    onRcptTo: ({ address }, _session, done) =>
      done(Object.assign(new Error(`No such user ${address}`), { responseCode: 550 })),
  })
  const warnings: string[] = []
  await using latchkey = await open(mail, (text) => warnings.push(text))
  await join(latchkey, 'acme', 'owner')
  const members = [await join(latchkey, 'acme', 'admin', 'ada'), await join(latchkey, 'acme', 'admin', 'bob')]
  for (const { caller } of members)
    expect((await latchkey.members.reset(caller.memberId)).url).toMatch(linkPattern)
  const untold = members.map(
    ({ caller }) =>
      `The member ${caller.memberId} was reset, and was not told so by mail: tell the person yourself.`,
  )
  expect(warnings.filter((text) => text.includes('was reset'))).toEqual(untold)
  expect(warnings.join()).not.toMatch(/@example|lki_/)
})

test('nobody keeps back the notice of a reset by letters sent or refused before', async () => {
  await using mail = await startMailServer()
  await using latchkey = await open(mail)
  await join(latchkey, 'acme', 'owner')
  const eve = await join(latchkey, 'acme', 'admin', 'eve')
  const ada = await join(latchkey, 'acme', 'developer', 'ada')
  const write = (email: string, role: 'owner' | 'viewer' = 'viewer') =>
    codeOf(latchkey.invitations.create({ email, role, send: true }, { actor: eve.caller }))
  for (let i = 0; i < 7; i++) expect(await write('ada@example.com')).toBe('member_exists')
  for (let i = 0; i < 60; i++) expect(await write(`p${i}@example.com`, 'owner')).toBe('permission_escalation')
  const { url } = await latchkey.members.reset(ada.caller.memberId, {}, { actor: eve.caller })
  expect(url).toMatch(linkPattern)
  expect(mail.letters.map(({ to }) => to)).toEqual([['ada@example.com']])
  // What was refused has taken nothing from anybody.
  for (let i = 0; i < 6; i++) await latchkey.invitations.create({ ...invited, email: 'bob@example.com' })
  await latchkey.invitations.create({ ...invited, email: 'p1@example.com' })
  for (let i = 0; i < 6; i++) await latchkey.members.reset(ada.caller.memberId, {}, { actor: eve.caller })
  expect(mail.letters.filter(({ to }) => to[0] === 'ada@example.com')).toHaveLength(6)
})

test('an address gets few letters an hour, and an organization has few sent', async () => {
  await using mail = await startMailServer()
  await using latchkey = await open(mail)
  await latchkey.organizations.create({ id: 'globex', name: 'Globex' })
  for (let i = 0; i < 6; i++) await latchkey.invitations.create(invited)
  for (const organizationId of ['acme', 'globex'])
    expect(await codeOf(latchkey.invitations.create({ ...invited, organizationId }))).toBe('too_many_mails')
  for (let i = 0; i < 54; i++) {
    const made = await latchkey.invitations.create({ ...invited, email: `p${i}@example.com` })
    await latchkey.invitations.revoke(made.id)
  }
  expect(await codeOf(latchkey.invitations.create({ ...invited, email: 'q@example.com' }))).toBe(
    'too_many_mails',
  )
  const { sent } = await latchkey.invitations.create({
    ...invited,
    ...{ organizationId: 'globex', email: 'q@example.com' },
  })
  expect(sent).toBe(true)
}, 30_000)

test('away from the loopback a letter goes over TLS alone, to a server whose certificate is trusted', () => {
  const read = (smtpUrl: string) => readMail({ smtpUrl, ...from }, {})
  expect(read('smtp://mail.example.com')).toMatchObject({ port: 587, tls: 'starttls', account: undefined })
  expect(read('smtps://u:p%40ss@mail.example.com')).toMatchObject({
    ...{ port: 465, tls: 'implicit', account: { user: 'u', password: 'p@ss' } },
    from: { name: 'Latchkey', address: 'keys@example.com' },
  })
  expect(read('smtp://relay.internal:25?tls=none')).toMatchObject({ port: 25, tls: 'none' })
  expect(readMail({ smtpUrl: 'smtp://keys%40example.com:p@mail.example.com' }, {})?.from.address).toBe(
    'keys@example.com',
  )
  expect(readMail({}, {})).toBeUndefined()
  for (const wrong of [
    ...['mail.example.com', 'https://mail.example.com', 'smtp://', 'smtp://mail.example.com/x'],
    ...['smtp://secret@mail.example.com', 'smtp://u:secret@mail.example.com?tls=none'],
    ...['smtp://u:secret@mail.example.com?tls=off', 'smtp://u:%E0%A4%A@mail.example.com'],
    ...['smtps://mail.example.com?tls=none', 'smtp://mail.example.com#secret'],
  ])
    expect(() => read(wrong), wrong).toThrow(/^smtpUrl: (?!.*secret)/)
  for (const smtpFrom of ['keys', 'a@b.example, c@d.example', 'A <a@b.example> B', 'A\u0007 <a@b.example>'])
    expect(() => readMail({ smtpUrl: 'smtp://127.0.0.1', smtpFrom }, {}), smtpFrom).toThrow(/^smtpFrom/)
  expect(() => readMail({ smtpUrl: 'smtp://127.0.0.1' }, {})).toThrow(/LATCHKEY_SMTP_FROM/)
})

test('a certificate that nobody has signed, or of another name, gets no letter and no password', async () => {
  const folder = mkdtempSync(joinPath(tmpdir(), 'latchkey-mail-'))
  const authority = makeAuthority(folder, 'authority')
  const users: string[] = []
  await using mail = await startMailServer({
    certificate: makeCertificate(folder, 'server', authority, 'DNS:mail.example.com'),
    secure: true,
    onAuth: ({ username = '' }, _session, done) => {
      users.push(username)
      done(null, { user: username })
    },
  })
  await using latchkey = await open({ url: `smtps://u:p@127.0.0.1:${mail.port}` }, () => {})
  expect(await latchkey.invitations.create(invited)).toMatchObject({ sent: false })
  expect({ users, letters: mail.letters }).toEqual({ users: [], letters: [] })
})

describe('a server that begins without TLS', () => {
  const command = useCommand()
  // An address of this machine that does not say so: to the loopback itself mail goes without TLS.
  const away = '[::ffff:127.0.0.1]'

  async function invite(mail: MailServer, env: Record<string, string> = {}) {
    const { url: database, remove } = makeSqlite()
    onTestFinished(remove)
    {
      await using latchkey = await openLatchkey({ database })
      await createAcme(latchkey)
    }
    const args = ['members', 'invite', '--organization', 'acme', '--email', invited.email, '--role', 'admin']
    const { code, stdout, stderr } = await command.runProcess([...args, '--send', '--json'], {
      env: {
        ...{ LATCHKEY_DATABASE_URL: database, LATCHKEY_PUBLIC_URL: publicUrl },
        ...{ LATCHKEY_SMTP_URL: `smtp://latchkey:hunter2@${away}:${mail.port}` },
        ...{ LATCHKEY_SMTP_FROM: from.smtpFrom, ...env },
      },
    })
    expect(code, stderr).toBe(0)
    expect(stdout + stderr).not.toContain('hunter2')
    return JSON.parse(stdout) as { sent: boolean; url: string | null }
  }

  function makeFiles() {
    const folder = mkdtempSync(joinPath(tmpdir(), 'latchkey-mail-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const authority = makeAuthority(folder, 'authority')
    const certificate = makeCertificate(folder, 'server', authority, 'IP:::ffff:127.0.0.1')
    return { certificate, trusted: { NODE_EXTRA_CA_CERTS: authority.certificate } }
  }

  test('gets the password and the letter over TLS alone, by a certificate that is trusted', async () => {
    const { certificate, trusted } = makeFiles()
    await using mail = await startMailServer({ certificate })
    expect(await invite(mail)).toMatchObject({ sent: false, url: expect.stringMatching(linkPattern) })
    expect(mail.letters).toEqual([])
    expect(await invite(mail, trusted)).toMatchObject({ sent: true, url: null })
    expect(mail.letters).toMatchObject([{ to: [invited.email], secure: true, user: 'latchkey' }])
  })

  test('gets nothing if it does not go on over TLS', async () => {
    const users: unknown[] = []
    await using mail = await startMailServer({
      onAuth: ({ username }, _session, done) => {
        users.push(username)
        done(null, { user: username })
      },
    })
    expect(await invite(mail)).toMatchObject({ sent: false, url: expect.stringMatching(linkPattern) })
    expect({ users, letters: mail.letters }).toEqual({ users: [], letters: [] })
  })
})

onOneDatabase('PostgreSQL', 'mail over HTTP', (makeDatabase) => {
  test('asked again with its Idempotency-Key, it is sent once, and the link told to nobody', async () => {
    await using mail = await startMailServer()
    process.env.LATCHKEY_SMTP_URL = mail.url
    process.env.LATCHKEY_SMTP_FROM = 'keys@example.com'
    try {
      await using server = await startTestServer(await makeDatabase(), { publicUrl })
      await server.latchkey.organizations.create({ id: 'acme', name: 'Acme' })
      const { value, pageValue } = await join(server.latchkey, 'acme', 'owner')
      const headers = { cookie: `latchkey=${value}`, 'latchkey-session': pageValue, 'idempotency-key': '"1"' }
      const body = { email: 'ada@example.com', role: 'viewer', send: true }
      const first = await ask(server, 'POST', '/v1/invitations', headers, body)
      const again = await ask(server, 'POST', '/v1/invitations', headers, body)
      expect(first).toMatchObject({ status: 200, json: { sent: true, url: null } })
      expect(again.json).toEqual(first.json)
      expect(mail.letters).toHaveLength(1)
    } finally {
      delete process.env.LATCHKEY_SMTP_URL
      delete process.env.LATCHKEY_SMTP_FROM
    }
  })
})

test('a wrong setting ends the process at once', async () => {
  const opened = openLatchkey({ database: makeSqlite().url, smtpUrl: 'mail.example.com' })
  expect(await codeOf(opened)).toBe('invalid_input')
})
