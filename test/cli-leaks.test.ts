// `latchkey leak report`, as somebody types it at night: without a key, and with more than the token on the line.
import { expect, test } from 'vitest'
import { tokensIn, useCommand } from './setup/command.ts'
import { makeSqlite } from './setup/databases.ts'

const command = useCommand()

test('a report takes no key, and finds the token in whatever stands around it', async () => {
  const server = await command.serveInProcess(makeSqlite().url)
  const env = { LATCHKEY_URL: server.url, LATCHKEY_KEY: server.rootKey }
  await command.run(['orgs', 'create', 'acme', '--name', 'Acme'], { env })
  const make = async () => {
    const made = await command.run(['keys', 'create', '--organization', 'acme', '--name', 'CI'], { env })
    return made.stdout.trim()
  }
  const withoutKey = { LATCHKEY_URL: server.url }
  for (const around of [
    (token: string) => token,
    (token: string) => `"${token}",`,
    (token: string) => `EMAILS_KEY=${token} # of the old server`,
    (token: string) => `{"authorization":"Bearer ${token}"}`,
  ]) {
    const token = await make()
    const { code, stdout, stderr } = await command.run(['leak', 'report'], {
      env: withoutKey,
      input: around(token),
    })
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^Reported \d tokens?\.\n$/)])
    expect(tokensIn(stdout + stderr)).toEqual([])
    await expect
      .poll(async () => (await command.run(['keys', 'verify'], { env, input: token })).stdout)
      .toMatch(/revoked/)
  }
  // The same word twice is reported once.
  const told = await command.run(['leak', 'report', '--json'], { env: withoutKey, input: 'word word' })
  expect(JSON.parse(told.stdout)).toEqual({ reported: 1, other_form: 1 })
})

test('a report says that something in it is no token of Latchkey, and not what', async () => {
  const server = await command.serveInProcess(makeSqlite().url)
  const env = { LATCHKEY_URL: server.url }
  const cut = server.rootKey.slice(0, -1)
  const report = async (input: string, ...flags: string[]) => {
    const { code, stdout, stderr } = await command.run(['leak', 'report', ...flags], { env, input })
    return { code, text: stdout + stderr }
  }
  expect((await report(cut)).text).toMatch(/^Reported 1 token\.\nIt has not the form of a token/)
  const { text } = await report(`${cut} ${cut}x\nok`)
  expect(text).toContain('3 of them have not the form')
  expect(text).not.toContain(cut.slice(0, 12))
  const refused = await report('word', '--found-at', 'the wiki')
  expect(refused).toEqual({ code: 2, text: expect.stringMatching(/^latchkey: --found-at: Must be an http/) })
})
