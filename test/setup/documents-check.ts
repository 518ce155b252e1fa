// Holds what a document shows to what its blocks print: the programs and commands of a Markdown file, run for real.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from 'vitest'
import { type Block, makeMask, normalize, readBlocks, sortBlocks } from './documents.ts'
import { repository, runSteps, type Shell } from './documents-run.ts'
import type { TestServer } from './server.ts'

/** What the guides share: the reference defines it once, in its first block. */
const [sharedByGuides] = readBlocks(join(repository, 'docs/reference/http.md'))

/** Where a document finds the server and its root key; some work on the database beside it. */
export function environmentOf(
  path: string,
  { url, rootKey }: Pick<TestServer, 'url' | 'rootKey'>,
): Record<string, string> {
  return path.startsWith('docs/operate/') || path === 'docs/reference/cli.md'
    ? { LATCHKEY_DATABASE_URL: 'sqlite:latchkey.db', LATCHKEY_KEY: rootKey }
    : { LATCHKEY_URL: url, LATCHKEY_KEY: rootKey }
}

/** Runs the blocks of a document in a folder, and compares what they print; with `UPDATE_DOCS`, writes that into it. */
export async function checkDocument(
  path: string,
  folder: string,
  environment: Record<string, string>,
  addresses: Record<string, string> = {},
  shell: Shell = 'bash',
): Promise<void> {
  const { steps } = sortBlocks(readBlocks(resolve(repository, path)))
  const firstInShell = steps.find(({ language }) => language === 'sh')
  if (path.startsWith('docs/guides/') && firstInShell && sharedByGuides)
    firstInShell.text = sharedByGuides.text + firstInShell.text
  const outcomes = await runSteps(
    steps.map((step) => ({ ...step, text: replaceAll(step.text, addresses) })),
    folder,
    environment,
    shell,
  )
  const shown = makeMask()
  const seen = makeMask()
  for (const [i, { expected, line }] of steps.entries()) {
    const { printed, succeeded } = outcomes[i] as (typeof outcomes)[number]
    const where = `${path}:${line}`
    if (expected === undefined) {
      expect(succeeded, `${where} failed:\n${printed}`).toBe(true)
    } else if (!process.env.UPDATE_DOCS) {
      const { language, text } = expected
      expect(seen(normalize(language, printed)), where).toBe(shown(normalize(language, text)))
    }
  }
  if (process.env.UPDATE_DOCS) {
    const printed = steps.flatMap(({ expected }, i) =>
      expected ? [[expected, outcomes[i]?.printed ?? ''] as const] : [],
    )
    rewrite(resolve(repository, path), printed, addresses)
  }
}

function replaceAll(text: string, replacements: Record<string, string>): string {
  return Object.entries(replacements).reduce((rest, [from, to]) => rest.replaceAll(from, to), text)
}

/**
 * Writes what was printed in place of what the document shows, from the end on so that line numbers hold. An address that
 * stood in for one of the document's becomes that one again.
 */
export function rewrite(
  path: string,
  shown: (readonly [Block, string])[],
  addresses: Record<string, string>,
): void {
  const documented = Object.fromEntries(Object.entries(addresses).map(([own, real]) => [real, own]))
  const lines = readFileSync(path, 'utf8').split('\n')
  for (const [block, printed] of shown.toReversed()) {
    const text = replaceAll(normalize(block.language, printed), documented)
    lines.splice(block.line, block.text.split('\n').length - 1, ...text.trimEnd().split('\n'))
  }
  writeFileSync(path, lines.join('\n'))
}
