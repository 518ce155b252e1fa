// The walk of the guide on people, from an empty server to a customer's administrator who rotates a key: with a server as a process
// of its own, a provider, a mail server and three people's browsers. It presses what stands in bold in the guide, and nothing else.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { useCommand } from '../setup/command.ts'
import { type MailServer, partsOf, startMailServer } from '../setup/mail.ts'
import { startRealProvider, writeProviders } from '../setup/oidc.ts'
import { browserNote, skipsBrowser, useBrowser } from './browser.ts'
import { plugIn } from './chromium.ts'
import { freePort } from './person.ts'

const guide = readFileSync(join(import.meta.dirname, '../../docs/guides/people.md'), 'utf8')

/** A step of the guide: its heading, and what stands under it. */
interface Step {
  heading: string
  text: string
  /** What is pressed, in the order in which it stands there. */
  pressed: string[]
}

function stepsOfGuide(): Step[] {
  const [, walk = ''] =
    /\n## From an empty server to a customer's administrator\n([\s\S]*?)\n## /.exec(guide) ?? []
  return walk
    .split(/^### /m)
    .slice(1)
    .map((part) => {
      const [heading = '', ...lines] = part.split('\n')
      const text = lines.join('\n')
      return { heading, text, pressed: [...text.matchAll(/\*\*(.+?)\*\*/g)].map(([, label = '']) => label) }
    })
}

/** Does something between two presses; what it types in must stand in the text of the step. */
type Act = (step: Step) => Promise<void>

/** Presses what has a name, in the dialog if there is one. */
async function press(page: Page, name: string): Promise<void> {
  const dialog = page.getByRole('dialog')
  const within = (await dialog.count()) > 0 ? dialog : page.locator('body')
  const named = { name, exact: true }
  const found = within
    .getByRole('button', named)
    .or(within.getByRole('link', named))
    .or(within.getByRole('radio', named))
    .or(within.getByRole('checkbox', named))
  // Of a page's own links and those of the whole console, the page's own are meant; they come later.
  await found.last().click()
}

describe(`the walk of the guide on people${browserNote}`, () => {
  // In this order: its pages are left before the server ends.
  const command = useCommand()
  const browser = useBrowser()

  test.skipIf(skipsBrowser)(
    'leads from an empty server to an administrator who rotates a key, and the log names each person',
    async () => {
      const url = `http://localhost:${await freePort()}`
      const provider = await startRealProvider(['example'], url)
      provider.accounts = {
        ada: { email: 'ada@example.com', email_verified: true },
        carol: { email: 'carol@acme.example', email_verified: true },
      }
      await using mail = await startMailServer()
      const people = new Map<string, Page>()
      let current = undefined as unknown as Page
      const as =
        (name: string): Act =>
        async () => {
          current = people.get(name) as Page
          provider.subject = name
        }
      const type =
        (label: string | RegExp, value: string): Act =>
        async () => {
          // Not the column of a table of that name, which is there before the dialog is.
          const field = current.getByLabel(label, { exact: true }).and(current.locator('input, textarea'))
          await field.last().fill(value)
          if (label === 'Permissions') await field.last().press('Enter')
        }
      /** Types what the guide says. */
      const typeNamed =
        (label: string | RegExp, value: string): Act =>
        async (step) => {
          expect(step.text).toContain(`\`${value}\``)
          await type(label, value)(step)
        }
      let link = ''
      const readLink: Act = async () => {
        link = await current.getByText('/invitation#').innerText()
      }
      const openLink: Act = async () => {
        await current.goto(link)
      }
      const openMail =
        (address: string): Act =>
        async () => {
          await current.goto(linkIn(mail, address))
        }
      const signedIn =
        (name: string): Act =>
        async () => {
          await current.getByText('Signed in as').locator('..').getByText(name).waitFor()
        }
      let rootKey = ''

      const walk: Record<string, (string | Act)[]> = {
        '1. Say where the server is, and who sends mail': [
          async ({ text }) => {
            const settings: Record<string, string> = {
              LATCHKEY_PUBLIC_URL: url,
              LATCHKEY_OIDC_FILE: writeProviders({
                ...{ id: 'example', name: 'Example', issuer: provider.issuer },
                ...JSON.parse(
                  `{${/`("organizations": [^`]+)`/.exec(text)?.[1]}, ${/`("listed": [^`]+)`/.exec(text)?.[1]}}`,
                ),
              }),
              LATCHKEY_SMTP_URL: mail.url,
              LATCHKEY_SMTP_FROM: 'Latchkey <keys@example.com>',
            }
            // The server gets the variables that the guide names, and no others.
            expect([...text.matchAll(/export (LATCHKEY_\w+)=/g)].map(([, name]) => name)).toEqual(
              Object.keys(settings),
            )
            const env = { ...settings, LATCHKEY_PORT: new URL(url).port }
            const server = await command.serve(['--port', env.LATCHKEY_PORT], { env })
            rootKey = /^ {2}(re_\w+)$/m.exec(server.stdout())?.[1] ?? ''
            const doctor = await command.run(['doctor'], { env })
            expect(doctor).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ok +sign-in/m) })
            for (const name of ['ada', 'bob', 'carol']) {
              const page = await browser.open({ url }, { own: true })
              await plugIn(page, 'internal')
              people.set(name, page)
            }
          },
        ],
        '2. Sign in as yourself': [
          as('ada'),
          'Use the token of a key',
          async () => current.getByLabel('Token', { exact: true }).fill(rootKey),
          'Sign in',
          'sign in as yourself',
          type('Your address', 'ada@example.com'),
          typeNamed(/^Your name/, 'Ada Lovelace'),
          'Invite me',
          readLink,
          'I have stored the link',
          'Done',
          openLink,
          'Accept with Example',
          signedIn('Ada Lovelace'),
        ],
        "3. Make the customer's organization": [
          'Organizations',
          'New organization',
          typeNamed('Name', 'Acme'),
          typeNamed(/^Id/, 'acme'),
          'Create organization',
          async () => current.getByRole('heading', { level: 1, name: 'Acme' }).waitFor(),
          'Settings',
          'Edit what its members may grant',
          typeNamed('Permissions', 'emails:*'),
          'Save',
          async () => current.getByRole('dialog').waitFor({ state: 'detached' }),
        ],
        '4. Invite its first owner': [
          'Members',
          'Invite',
          type('Address', 'bob@acme.example'),
          'Owner',
          async () => {
            const sends = current.getByRole('checkbox', { name: 'Send the link by mail' })
            expect(await sends.isChecked()).toBe(true)
          },
          'Invite',
          async () => {
            await current.getByText('The invitation was sent').waitFor()
            expect(await current.content()).not.toContain('lki_')
          },
          as('bob'),
          openMail('bob@acme.example'),
          'Accept with a new passkey',
          signedIn('bob@acme.example'),
        ],
        '5. The owner invites an administrator': [
          'Settings',
          'Invite',
          type('Address', 'carol@acme.example'),
          typeNamed(/^Name/, 'Carol Shaw'),
          'Admin',
          'Invite',
          async () => current.getByText('The invitation was sent').waitFor(),
          as('carol'),
          openMail('carol@acme.example'),
          'Accept with Example',
          signedIn('Carol Shaw'),
        ],
        '6. The administrator makes a key and rotates it': [
          'Keys',
          'New key',
          typeNamed('Name', 'CI'),
          typeNamed('Permissions', 'emails:send'),
          'Create key',
          'I have stored the token',
          'Done',
          'Rotate',
          '24 hours',
          'Rotate',
          async () => {
            const token = await current.getByText(/^re_\w{60}/).innerText()
            const verified = await fetch(`${url}/v1/keys/verify`, {
              method: 'POST',
              headers: { authorization: `Bearer ${rootKey}`, 'content-type': 'application/json' },
              body: JSON.stringify({ key: token, permissions: ['emails:send'] }),
            })
            expect(await verified.json()).toMatchObject({ valid: true, organization_id: 'acme', name: 'CI' })
          },
          'I have stored the token',
          'Back to the key',
        ],
        '7. Read who did what': [
          as('ada'),
          'Activity',
          async ({ text }) => {
            const rows = [...text.matchAll(/^\| (?!what|---)(.+) \| (.+) \|$/gm)].map(([, what, by]) => ({
              what,
              by,
            }))
            const entries = current.getByRole('listitem').filter({ hasText: /#\d+/ })
            await expect.poll(() => entries.count()).toBe(rows.length)
            const told = async () =>
              (await entries.allInnerTexts()).map((entry, i) => {
                const what = rows[i]?.what ?? ''
                return {
                  what: entry.startsWith(what) ? what : entry,
                  by: /^by (.+?)(?: from .*)?$/m.exec(entry)?.[1],
                }
              })
            // Names of keys come later than the events.
            await expect.poll(told).toEqual(rows)
          },
        ],
      }
      const steps = stepsOfGuide()
      expect(steps.map(({ heading }) => heading)).toEqual(Object.keys(walk))
      for (const step of steps) {
        const way = walk[step.heading] ?? []
        expect(way.filter((move) => typeof move === 'string')).toEqual(step.pressed)
        for (const move of way) {
          if (typeof move === 'string') await press(current, move)
          else await move(step)
        }
      }
    },
    180_000,
  )
})

/** The link in the last letter to an address. */
function linkIn({ letters }: MailServer, address: string): string {
  const letter = letters.findLast(({ to }) => to.includes(address))
  const link = letter && /http:\/\/localhost:\d+\/invitation#lki_[\w-]+/.exec(partsOf(letter).text)?.[0]
  if (link === undefined) throw new Error(`No letter to ${address} has a link.`)
  return link
}
