// A real Chromium, and what a person or a checker does with a page of the console in it.
import axe from 'axe-core'
import { type Browser, chromium, type Disposable, type Locator, type Page } from 'playwright-core'
import { missingPrograms } from '../setup/programs.ts'

/** A host at which a server of this machine can be reached as from another one. */
export const insecureHost = 'latchkey.test'

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A name that no browser takes for its own machine: what comes from there over plain HTTP is not secure to it.
  `--host-resolver-rules=MAP ${insecureHost} 127.0.0.1`,
]

/** The browser: Chromium without its own windows opens a page for a fifth of the work; Chromium where that is not there. */
const programs = ['chromium-headless-shell', 'chromium']
const missing = missingPrograms(programs)

/** What a browser wants of the machine; nothing where either program is there. */
export const missingBrowser = missing.length < programs.length ? [] : programs.slice(0, 1)

/** Starts a browser. */
export function launchBrowser(): Promise<Browser> {
  const program = programs.find((name) => !missing.includes(name)) ?? 'chromium'
  return chromium.launch({ executablePath: `/usr/bin/${program}`, args: flags })
}

let shared: Promise<Browser> | undefined

/** The browser that all tests of this process share: it ends with the process. */
export function sharedBrowser(): Promise<Browser> {
  shared ??= launchBrowser()
  return shared
}

/** Signs in by the form that is on the page. */
export async function signIn(page: Page, token: string): Promise<void> {
  const field = page.getByLabel('Token', { exact: true })
  // Where people sign in as themselves, the form comes after their ways.
  const opener = page.getByRole('button', { name: 'Use the token of a key' })
  await field.or(opener).waitFor()
  if (await opener.isVisible()) await opener.click()
  await field.fill(token)
  // Not the one for a passkey.
  const button = page.getByRole('button', { name: /^Sign(ing)? in\W*$/ })
  await button.click()
  await button.waitFor({ state: 'detached' })
}

/** Gives a page's browser an authenticator that says yes, built in or on a key. */
export async function plugIn(page: Page, transport: 'internal' | 'usb'): Promise<void> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('WebAuthn.enable')
  await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      ...{ protocol: 'ctap2', transport, hasResidentKey: true, hasUserVerification: true },
      ...{ isUserVerified: true, automaticPresenceSimulation: true },
    },
  })
}

/** The two values of a session, as `latchkey.sessions.startFor` gives them for a person. */
export interface BrowserSession {
  value: string
  pageValue: string
}

/**
 * Has the next document find nothing stored, or a session: of a token by which the browser is signed in over HTTP, as the form
 * does it, or one that is given. To be disposed of once that document has begun.
 */
export async function beginDocument(
  page: Page,
  url: string,
  as: string | BrowserSession | undefined,
): Promise<Disposable> {
  const pageValue = typeof as === 'string' ? await startSession(page, as) : as?.pageValue
  if (typeof as === 'object')
    await page
      .context()
      .addCookies([{ name: 'latchkey', value: as.value, url, httpOnly: true, sameSite: 'Strict' }])
  return page.addInitScript((value) => {
    // Frames have another origin.
    if (!location.protocol.startsWith('http')) return
    localStorage.clear()
    sessionStorage.clear()
    if (value !== undefined) localStorage.setItem('latchkey-session', value)
  }, pageValue)
}

/** Opens a session for a page's browser, which gets the cookie; gives the value of the page. */
async function startSession(page: Page, token: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}` }
  const answer = await page.context().request.post('/v1/sessions', { headers })
  if (!answer.ok()) throw new Error(`Nobody is signed in: ${await answer.text()}`)
  return (await answer.json()).page_value
}

/** What the browser sends for the session that is signed in, as headers. */
export async function sessionOf(page: Page): Promise<Record<string, string>> {
  const [cookie] = await page.context().cookies()
  const pageValue = await page.evaluate(() => localStorage.getItem('latchkey-session'))
  if (cookie === undefined || pageValue === null) throw new Error('Nobody is signed in.')
  return { cookie: `${cookie.name}=${cookie.value}`, 'latchkey-session': pageValue }
}

/** Makes a call by hand, as a script of the page could, with all that it has of the session; gives the status. */
export function callByHand(page: Page, method: string, path: string, body: object): Promise<number> {
  return page.evaluate(
    async ([method, path, body]) => {
      const pageValue = localStorage.getItem('latchkey-session') ?? ''
      const headers = { 'content-type': 'application/json', 'latchkey-session': pageValue }
      return (await fetch(path, { method, headers, body })).status
    },
    [method, path, JSON.stringify(body)] as const,
  )
}

/** Loads a page anew, and waits until what it shows is there. */
export async function go(page: Page, path: string): Promise<void> {
  await page.goto(path)
  await shown(page)
}

/**
 * Goes to another page of the console as its links do, without loading it anew, which is four times the work; waits until
 * what it shows is there. To what is another page's part of the same kind, such as another search, `go`.
 */
export async function visit(page: Page, path: string): Promise<void> {
  await page.evaluate(async (path) => {
    const router = (globalThis as unknown as { __TSR_ROUTER__: Router }).__TSR_ROUTER__
    await new Promise<void>((done) => {
      const stop = router.subscribe('onResolved', () => {
        stop()
        done()
      })
      router.history.push(path)
    })
  }, path)
  await shown(page)
}

/** What the console's router, which it leaves where its own tools look for it, is used for here. */
interface Router {
  subscribe(event: 'onResolved', listener: () => void): () => void
  history: { push(path: string): void }
}

async function shown(page: Page): Promise<void> {
  await page.waitForFunction(
    () => document.querySelector('h1') && !document.querySelector('[aria-busy="true"], .animate-pulse'),
  )
}

/** Why a control may not be used now, as it is told to who comes to it; undefined where it may. */
export function refusalOf(control: Locator): Promise<string | undefined> {
  return control.evaluate((element) => {
    if (element.getAttribute('aria-disabled') !== 'true') return undefined
    return document.getElementById(element.getAttribute('aria-describedby') ?? '')?.textContent ?? 'No reason'
  })
}

/** What stands beside a term in a list of facts. */
export function fact(within: Page | Locator, term: string): Locator {
  return within.locator(`dt:text-is("${term}") + dd`)
}

/** What whoever reads by ear is told of an element besides its name. */
export function descriptionOf(locator: Locator): Promise<string> {
  return locator.evaluate((element) => {
    const ids = element.getAttribute('aria-describedby')?.split(' ') ?? []
    return ids.map((id) => document.getElementById(id)?.textContent).join(' ')
  })
}

/** Whether the keyboard is there. */
export function isFocused(locator: Locator): Promise<boolean> {
  return locator.evaluate((element) => element === document.activeElement)
}

interface Violation {
  rule: string
  help: string
  /** The first few of them. */
  targets: string[]
  count: number
}

/**
 * What axe-core finds wrong on the page as it stands, or on some of its elements, by all rules or by those about
 * colours alone: nothing, if all is well.
 */
export async function findViolations(
  page: Page,
  { selector, coloursAlone = false }: { selector?: string | undefined; coloursAlone?: boolean } = {},
): Promise<Violation[]> {
  const isThere = await page.evaluate(() => 'axe' in globalThis)
  if (!isThere) await page.evaluate(axe.source)
  return page.evaluate(
    async ([selector, coloursAlone]) => {
      const context = selector === undefined ? document : [...document.querySelectorAll(selector)]
      const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(context, {
        // Of what is well, it need not tell each place. Films and sounds, which it would fetch, there are none.
        resultTypes: ['violations'],
        ...(coloursAlone && { runOnly: ['color-contrast', 'link-in-text-block'] }),
        preload: false,
      })
      return violations.map(({ id, help, nodes }) => ({
        rule: id,
        help,
        targets: nodes.slice(0, 4).map(({ target }) => target.join(' ')),
        count: nodes.length,
      }))
    },
    [selector, coloursAlone] as const,
  )
}
