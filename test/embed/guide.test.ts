// What docs/guides/customer-page.md shows of the page: its HTML and its script under its policy, and the component for React.
import { execFile, spawn } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test, vi } from 'vitest'
import { browserNote, skipsBrowser } from '../console/browser.ts'
import { freePort } from '../console/person.ts'
import { onOneDatabase } from '../setup/databases.ts'
import { readBlocks } from '../setup/documents.ts'
import { makeFolder, repository } from '../setup/documents-run.ts'
import { askForSession } from '../setup/portal.ts'
import { makeKey, shown, useEmbedBrowser } from './browser.ts'

const blocks = readBlocks(join(repository, 'docs/guides/customer-page.md'))

/** The one block of a language; `begins` is how its text does, if there are several. */
function blockOf(language: string, begins = ''): string {
  const found = blocks.filter((block) => block.language === language && block.text.startsWith(begins))
  if (found.length !== 1) throw new Error(`The guide has ${found.length} blocks of ${language}.`)
  return found[0]?.text ?? ''
}

onOneDatabase('SQLite', `the page that the guide shows${browserNote}`, (makeDatabase) => {
  const browser = useEmbedBrowser()

  test.skipIf(skipsBrowser)(
    'shows the element and makes a key, and its policy stops nothing of that',
    async () => {
      const server = await browser.serve(await makeDatabase())
      const here = (text: string) => text.replaceAll('https://keys.example.com', server.url)
      const [name = '', policy = ''] = here(blockOf('text', 'content-security-policy')).trim().split(': ')
      const host = createServer(async ({ method, url }, response) => {
        if (method === 'POST' && url === '/latchkey-token') {
          response.setHeader('content-type', 'application/json')
          response.end((await askForSession(server, { kind: 'embed', origin })).text)
        } else if (url === '/keys.js') {
          response.setHeader('content-type', 'text/javascript')
          response.end(blockOf('js'))
        } else {
          response.setHeader('content-type', 'text/html').setHeader(name, policy)
          response.end(
            `<!doctype html><html lang="en"><title>Page</title>${here(blockOf('html', '<script'))}`,
          )
        }
      })
      await new Promise<void>((ready) => host.listen(0, '127.0.0.1', ready))
      onTestFinished(() => void host.close().closeAllConnections())
      const origin = `http://127.0.0.1:${(host.address() as AddressInfo).port}`
      const page = await browser.open(origin)
      await shown(page)
      await makeKey(page, 'Mailer')
      expect((await server.latchkey.keys.list({ organizationId: 'acme' })).items).toMatchObject([
        { name: 'Mailer' },
      ])
    },
  )

  test.skipIf(skipsBrowser)(
    'stands in the app that its files make, and so does the way to the link',
    async () => {
      const [port, appPort] = [await freePort(), await freePort()]
      const url = `http://localhost:${port}`
      const server = await browser.serve(await makeDatabase(), { port, publicUrl: url })
      const { key } = await server.latchkey.keys.create({
        ...{ organizationId: 'root', name: 'Backend of the app' },
        permissions: ['portal:write', 'keys:read', 'keys:write', 'usage:read']
          .map((one) => `latchkey:${one}`)
          .concat('emails:*'),
      })
      const folder = makeFolder()
      const write = (name: string, text: string) =>
        writeFileSync(
          join(folder, name),
          text.replaceAll('https://keys.example.com', url).replace('listen(3000', `listen(${appPort}`),
        )
      mkdirSync(join(folder, 'public'))
      write('public/settings.html', blockOf('html', '<script') + blockOf('html', '<form'))
      write('public/keys.js', blockOf('js'))
      for (const { file, text } of blocks) if (file === 'backend.ts' || file === 'start.ts') write(file, text)
      const origin = `http://localhost:${appPort}`
      const env = { PATH: process.env.PATH, ORIGIN: origin, LATCHKEY_URL: url, LATCHKEY_KEY: key }
      const app = spawn(process.execPath, ['start.ts'], { cwd: folder, env, stdio: 'ignore' })
      onTestFinished(() => void app.kill('SIGKILL'))
      await vi.waitFor(() => fetch(origin), 10_000)

      const page = await browser.open(`${origin}/sign-in`)
      // Cookies know no port, so the app gets those of the console too.
      await page.context().addCookies([{ name: 'other', value: '1', url }])
      await page.reload()
      await shown(page)
      await makeKey(page, 'Mailer')
      await page.getByRole('button', { name: 'Manage API keys' }).click()
      await page.getByRole('link', { name: /^Back to localhost/ }).waitFor()
      await page.getByRole('heading', { name: 'Mailer' }).waitFor()
    },
  )
})

test('the component that the guide shows for React has the types of latchkey/react', {
  timeout: 60_000,
}, async () => {
  const folder = makeFolder()
  symlinkSync(join(repository, 'node_modules/react'), join(folder, 'node_modules/react'))
  const compilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: true, jsx: 'react-jsx', lib: ['es2024', 'dom'] },
    ...{ module: 'esnext', moduleResolution: 'bundler', types: ['react'], target: 'es2024' },
  }
  const check = async (text: string): Promise<string> => {
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['page.tsx'] }))
    writeFileSync(join(folder, 'page.tsx'), text)
    const compiler = join(repository, 'node_modules/typescript/bin/tsc')
    return promisify(execFile)(process.execPath, [compiler, '-p', folder]).then(
      ({ stdout }) => stdout,
      ({ stdout }) => stdout,
    )
  }
  const shown = blockOf('tsx')
  expect(await check(shown)).toBe('')
  expect(await check(shown.replace('getToken={getToken}', 'getToken={() => 7}'))).toContain('page.tsx(')
})
