// What the documents show runs on every Node.js that is promised, and a second time in the same folder; one that is too old
// says so. Installs each, and so only with TEST_LONG=1.
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, inject, test } from 'vitest'
import { tokensIn, useCommand } from './setup/command.ts'
import { readBlocks, sortBlocks } from './setup/documents.ts'
import { checkDocument, environmentOf } from './setup/documents-check.ts'
import { makeFolder, repository, runSteps } from './setup/documents-run.ts'
import { casesIfLong } from './setup/rounds.ts'

const run = promisify(execFile)
const command = useCommand()
const installed = mkdtempSync(join(tmpdir(), 'latchkey-node-'))
afterAll(() => rmSync(installed, { recursive: true, force: true }))

/** Installs a Node.js beside the others, unless it is there; gives its program. */
async function installNode(version: string): Promise<string> {
  const folder = join(installed, version)
  const program = join(folder, 'node_modules/node/bin/node')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ allowScripts: { node: true } }))
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', `node@${version}`], {
    cwd: folder,
  })
  return program
}

/** The oldest that package.json takes, and the newest of the line behind it. */
const promised = ['22.18.0', '24'] as const
const documents = [
  'README.md',
  'docs/guides/audit.md',
  'docs/guides/client.md',
  'docs/guides/keys.md',
  'docs/guides/library.md',
  'docs/guides/middleware.md',
  'docs/guides/organizations.md',
  'docs/guides/permissions.md',
  'docs/guides/sessions.md',
  'docs/guides/verification.md',
  'docs/reference/cli.md',
]

/** Node.js 22 says at every start that its SQLite is experimental: that is for whoever runs the program to silence. */
const quiet = '--disable-warning=ExperimentalWarning'

describe.each(casesIfLong(promised))('on Node.js %s', (version) => {
  test.each(documents)(
    '%s shows what its blocks print, and its programs run again',
    { timeout: 300_000 },
    async (path) => {
      const node = await installNode(version)
      const folder = makeFolder(node)
      const server = await command.serve(['--database', `sqlite:${join(folder, 'latchkey.db')}`], { node })
      const addresses = { '127.0.0.1:7373': new URL(server.url).host }
      const [rootKey = ''] = tokensIn(server.stdout())
      const environment = { ...environmentOf(path, { url: server.url, rootKey }), NODE_OPTIONS: quiet }
      await checkDocument(path, folder, environment, addresses)
      const programs = sortBlocks(readBlocks(join(repository, path))).steps.filter(
        ({ language }) => language === 'ts',
      )
      const again = await runSteps(programs, folder, environment)
      for (const { printed, succeeded } of again) expect(succeeded, printed).toBe(true)
    },
  )
})

test.each(casesIfLong(['20']))(
  'Node.js %s is too old: the command and an opening say so',
  { timeout: 300_000 },
  async (version) => {
    const node = await installNode(version)
    const build = inject('builds').installed
    const main = join(build, 'dist/cli/main.js')
    const library = join(build, 'dist/index.js')
    for (const args of [['serve'], ['keys', 'list'], ['--help'], []]) {
      const refused = await run(node, [main, ...args]).catch(
        (error: { code: number; stderr: string }) => error,
      )
      expect(refused).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(
          /^latchkey: Latchkey requires Node\.js 22\.18 or later, and this is 20\.\S+\. Install/,
        ),
      })
    }
    const open = `import { openLatchkey } from '${library}'
    await openLatchkey({ database: 'sqlite:a.db' }).catch(({ code, message }) => console.log(code, message))`
    const { stdout } = await run(node, ['--input-type=module', '--eval', open], { cwd: installed })
    expect(stdout).toMatch(
      /^store_unavailable The database sqlite:a\.db cannot be opened: Node\.js 20\.\S+ has no node:sqlite\. Use Node\.js 22\.18 or later\.$/m,
    )
  },
)
