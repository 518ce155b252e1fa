// The documents tell the truth: their commands and code run for real and print what they say, their links lead
// somewhere. `UPDATE_DOCS=1 npx vitest run test/docs.test.ts` writes what was printed into them.
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { useCommand } from './setup/command.ts'
import { type Block, makeMask, readBlocks, sortBlocks } from './setup/documents.ts'
import { checkDocument, environmentOf, rewrite } from './setup/documents-check.ts'
import { brokenLinks } from './setup/documents-links.ts'
import { checkTypes, makeFolder, repository } from './setup/documents-run.ts'
import { findInstalledPostgres, startPostgres } from './setup/postgres.ts'
import { missingPrograms, wants } from './setup/programs.ts'

/** The blocks that no test runs, by language, for each document that has any: none slips in unnoticed. */
const unrun: Record<string, Record<string, number>> = {
  'ARCHITECTURE.md': { mermaid: 1, text: 1 },
  'CONTRIBUTING.md': { console: 3 },
  'README.md': { console: 3, text: 1 },
  'docs/explain/security.md': { text: 1 },
  // The programs for FastAPI and Django run in clients/python/tests/test_documents.py, those of the page in test/embed/guide.test.ts.
  'docs/guides/customer-page.md': { console: 3, html: 2, js: 1, python: 2, text: 1, tsx: 1 },
  // They run in clients-go.test.ts.
  'docs/guides/go.md': { console: 2, go: 8 },
  'docs/guides/leaks.md': { console: 3, ruby: 1, yaml: 1 },
  'docs/guides/sign-in.md': { console: 1, json: 1 },
  'docs/guides/middleware.md': { tsx: 2 },
  'docs/guides/permissions.md': { '': 1 },
  // They are of an example that `npm run test:terraform` applies.
  'docs/guides/terraform.md': { console: 1, hcl: 7 },
  // `test/clients-python.test.ts` runs its programs.
  'docs/guides/python.md': { console: 1, python: 6, text: 4 },
  // `npm run test:quickstarts` runs them; quickstarts.test.ts holds them to the files of examples/quickstarts.
  'docs/guides/quickstarts/README.md': { console: 1 },
  'docs/guides/quickstarts/bun.md': { console: 2, tsx: 1 },
  'docs/guides/quickstarts/deno.md': { console: 2, tsx: 1 },
  'docs/guides/quickstarts/elysia.md': { console: 2, tsx: 1 },
  'docs/guides/quickstarts/express.md': { console: 2, tsx: 1 },
  'docs/guides/quickstarts/fastify.md': { console: 2, tsx: 1 },
  'docs/guides/quickstarts/koa.md': { console: 2, tsx: 1 },
  'docs/guides/quickstarts/nestjs.md': { console: 2, tsx: 3 },
  'docs/guides/quickstarts/next.md': { console: 2, tsx: 5 },
  'docs/guides/quickstarts/nuxt.md': { console: 2, tsx: 4 },
  'docs/guides/quickstarts/react-router.md': { console: 2, tsx: 3 },
  'docs/guides/quickstarts/sveltekit.md': { console: 2, tsx: 2 },
  'docs/guides/quickstarts/trpc.md': { console: 2, tsx: 1 },
  'docs/guides/quickstarts/workers.md': { console: 2, tsx: 1 },
  'docs/guides/standards.md': { console: 1 },
  'docs/operate/backup.md': { console: 1 },
  'docs/operate/gateways.md': { console: 1 },
  'docs/operate/image.md': { console: 3 },
  'docs/operate/install.md': { console: 4, ini: 1 },
  'docs/operate/kubernetes.md': { console: 2 },
  'docs/guides/policies.md': { console: 1 },
  'docs/reference/http.md': { js: 1 },
  'docs/guides/people.md': { console: 4 },
  'docs/operate/keyring.md': { console: 1 },
  'docs/operate/monitoring.md': { console: 1, json: 1 },
  'docs/operate/postgresql.md': { console: 1 },
  'docs/operate/processes.md': { console: 1 },
  // provider-documents.test.ts reads each file of providers as a server does.
  'docs/operate/providers.md': { json: 5, yaml: 1 },
  'docs/operate/relay.md': { console: 2, nginx: 1, text: 1 },
  'docs/operate/reverse-proxy.md': { console: 1, nginx: 1 },
  // A prompt, and a keyring: test/cli-profiles.test.ts has both.
  'docs/reference/cli.md': { console: 1 },
  // test/embed has a page like it, under this policy.
  'docs/reference/embed.md': { console: 1, css: 1, html: 2, text: 1 },
  'docs/reference/errors.md': { json: 1 },
  'docs/reference/verifier-protocol.md': { json: 2, text: 2 },
}

const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: repository }).sort()
const onPostgres = 'docs/operate/postgresql.md'
/** Its links lead to the public address. */
const ofCustomers = 'docs/guides/customer-page.md'

test.each(documents)('every block of %s runs, or is counted as one that does not', (path) => {
  const { unrun: found } = sortBlocks(readBlocks(join(repository, path)))
  const counts: Record<string, number> = {}
  for (const { language } of found) counts[language] = (counts[language] ?? 0) + 1
  expect(counts).toEqual(unrun[path] ?? {})
})

const command = useCommand()

// Each runs dozens of processes: they get the time that takes on two cores beside other tests.
describe('what the documents show', { timeout: 180_000 }, () => {
  for (const path of documents) {
    const { steps } = sortBlocks(readBlocks(join(repository, path)))
    if (steps.length === 0 || path === onPostgres) continue
    const commands = steps.map(({ text }) => text).join('')
    const called = ['bash', 'curl', 'jq', 'sqlite3'].filter((name) => commands.match(`\\b${name}\\b`))
    const { skip, note } = wants(missingPrograms(called))
    test.skipIf(skip)(`${path} prints what it says, on a server with an empty database${note}`, async () => {
      const folder = makeFolder()
      if (steps.every(({ language, text }) => language === 'ts' && !text.includes('LATCHKEY_')))
        return checkDocument(path, folder, {})
      const options = path === ofCustomers ? { publicUrl: 'https://keys.example.com' } : {}
      const server = await command.serveInProcess(`sqlite:${join(folder, 'latchkey.db')}`, options)
      const addresses = { '127.0.0.1:7373': new URL(server.url).host }
      await checkDocument(path, folder, environmentOf(path, server), addresses)
    })
  }

  const others = wants(missingPrograms(['zsh', 'dash', 'curl', 'jq']))
  test.skipIf(others.skip).each(['zsh', 'dash'] as const)(
    `README.md prints in %s what it says${others.note}`,
    async (shell) => {
      const folder = makeFolder()
      const server = await command.serveInProcess(`sqlite:${join(folder, 'latchkey.db')}`)
      const addresses = { '127.0.0.1:7373': new URL(server.url).host }
      await checkDocument('README.md', folder, environmentOf('README.md', server), addresses, shell)
    },
  )

  const programs = findInstalledPostgres()
  const { skip, note } = wants(programs ? [] : ['postgresql'])
  test.skipIf(skip)(`${onPostgres} prints what it says${note}`, async () => {
    const postgres = await startPostgres(programs)
    onTestFinished(() => postgres.stop())
    const environment = { ADMIN_URL: postgres.url, PATH: `${programs}:${process.env.PATH}` }
    const addresses = { '127.0.0.1:5432': new URL(postgres.url).host }
    await checkDocument(onPostgres, makeFolder(), environment, addresses)
  })
})

test('the README shows what the first start prints', async () => {
  const server = await command.serve([])
  const path = join(repository, 'README.md')
  const blocks = readBlocks(path)
  const shown = blocks[blocks.findIndex(({ text }) => text.includes('npm start')) + 1]
  const addresses = { '127.0.0.1:7373': new URL(server.url).host }
  if (process.env.UPDATE_DOCS && shown) rewrite(path, [[shown, server.stdout()]], addresses)
  else expect(makeMask()(shown?.text ?? '')).toBe(makeMask()(server.stdout()))
})

describe('a document that lies is found out', () => {
  const lies: [string, string][] = [
    ['of what a command prints', '```sh\necho two\n```\n```text\nthree\n```\n'],
    ['of a command that fails', '```sh\nfalse\ntrue\n```\n'],
    ['of a command that ends the shell', '```sh\nexit 0\n```\n```sh\ntrue\n```\n'],
    ['of a field', '```sh\necho \'{"valid":true}\'\n```\n```json\n{ "valid": false }\n```\n'],
    [
      'of two ids that are one',
      '```sh\nid=019a0000-0000-7000-8000-00000000000a\necho $id $id\n```\n```text\n' +
        '019b0000-0000-7000-8000-000000000001 019b0000-0000-7000-8000-000000000002\n```\n',
    ],
    ['of what code prints', '```ts\nconsole.log(1)\n```\n```text\n2\n```\n'],
  ]
  test.each(lies)('%s', async (_, text) => {
    const folder = makeFolder()
    const path = join(folder, 'lie.md')
    writeFileSync(path, text)
    await expect(checkDocument(path, folder, {})).rejects.toThrow(/lie\.md/)
  })

  test('of a type', async () => {
    const folder = makeFolder()
    writePrograms(folder, 'lie', [
      { language: 'ts', text: "import { covers } from 'latchkey'\nconst no: number = covers([], 'a')\n" },
    ])
    expect(await checkTypes(folder)).toContain('block-lie-0.ts(2,7)')
  })

  test('and one that tells the truth is not', async () => {
    const folder = makeFolder()
    const path = join(folder, 'truth.md')
    writeFileSync(path, '```sh\necho \'{"a":1}\'\n```\nIs:\n```json\n{ "a": 1 }\n```\n```sh\ntrue\n```\n')
    await checkDocument(path, folder, {})
  })
})

test('UPDATE_DOCS writes what was printed under the addresses of the document, and leaves others alone', async () => {
  const folder = makeFolder()
  const path = join(folder, 'stale.md')
  const text = (printed: string) =>
    `\`\`\`sh\necho 127.0.0.1:5432/keys 127.0.0.1:7373 127.0.0.1:3000\n\`\`\`\n\`\`\`text\n${printed}\n\`\`\`\n`
  writeFileSync(path, text('stale'))
  vi.stubEnv('UPDATE_DOCS', '1')
  onTestFinished(() => void vi.unstubAllEnvs())
  const addresses = { '127.0.0.1:5432': '127.0.0.1:41234', '127.0.0.1:7373': '127.0.0.1:45678' }
  await checkDocument(path, folder, {}, addresses)
  expect(readFileSync(path, 'utf8')).toBe(text('127.0.0.1:5432/keys 127.0.0.1:7373 127.0.0.1:3000'))
})

test('the programs of all documents have the types that they say', { timeout: 60_000 }, async () => {
  const folder = makeFolder()
  const written = documents.map((path) =>
    writePrograms(folder, path.replaceAll(/\W/g, '-'), sortBlocks(readBlocks(join(repository, path))).steps),
  )
  expect(written.filter((programs) => programs > 0).length).toBeGreaterThan(5)
  expect(await checkTypes(folder)).toBe('')
})

test.each(documents)('the links and paths of %s lead somewhere', (path) => {
  expect(brokenLinks(join(repository, path))).toEqual([])
})

test('every file of the source that ARCHITECTURE.md names is there', () => {
  const names = readFileSync(join(repository, 'ARCHITECTURE.md'), 'utf8').matchAll(/`([\w/-]+\.tsx?)`/g)
  const known = globSync('{src,console,embed,test}/**/*.{ts,tsx}', { cwd: repository }).map(
    (path) => `/${path}`,
  )
  const named = [...new Set([...names].map((match) => match[1] as string))]
  expect(named.length).toBeGreaterThan(30)
  expect(named.filter((name) => !known.some((path) => path.endsWith(`/${name}`)))).toEqual([])
})

test('the index of the documents leads to every one of them', () => {
  const indexes = documents.filter((path) => path.startsWith('docs/') && path.endsWith('README.md'))
  const linked = indexes.flatMap((path) =>
    [...readFileSync(join(repository, path), 'utf8').matchAll(/\]\(([^)#\s]+)/g)].map((match) =>
      join(dirname(path), match[1] as string),
    ),
  )
  const lost = documents.filter((path) => path !== 'docs/README.md' && !linked.includes(path))
  expect(lost).toEqual([])
})

test('every test that SECURITY.md names is there', () => {
  const security = readFileSync(join(repository, 'SECURITY.md'), 'utf8')
  const named = [...security.matchAll(/`(test\/[\w./-]+)`: ([^|`]+?)(?:\. `| \|)/g)]
  expect(named.length).toBeGreaterThan(10)
  const lost = named.filter(([, path, name]) => {
    const tests = readFileSync(join(repository, path as string), 'utf8').replaceAll('’', "'")
    return !tests.includes(name as string)
  })
  expect(lost.map(([, path, name]) => `${path}: ${name}`)).toEqual([])
})

test('a link that leads nowhere, and a path that is not there, are found out', () => {
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-links-'))
  const links = '[b](b.md) [c](#top) [d](a.md#none) [e](https://example.com)'
  writeFileSync(join(folder, 'a.md'), `# Top\n${links} \`src/core/errors.ts\` \`test/none.test.ts\`\n`)
  expect(brokenLinks(join(folder, 'a.md'))).toEqual(['b.md', 'a.md#none', 'test/none.test.ts'])
  rmSync(folder, { recursive: true })
})

/** Writes a document's programs where {@link checkTypes} finds them; gives their number. */
function writePrograms(
  folder: string,
  name: string,
  steps: readonly Pick<Block, 'language' | 'text' | 'file'>[],
): number {
  const programs = steps.filter(({ language }) => language === 'ts')
  for (const [i, { text, file }] of programs.entries()) {
    writeFileSync(join(folder, `block-${name}-${i}.ts`), text)
    // Others import it by that name.
    if (file !== undefined) writeFileSync(join(folder, file), text)
  }
  return programs.length
}
