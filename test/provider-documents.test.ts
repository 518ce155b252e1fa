// What the documents say of providers is what a server takes.
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { parseProviders } from '../src/core/provider-settings.ts'
import { readBlocks } from './setup/documents.ts'

const repository = resolve(import.meta.dirname, '..')
const files = ['docs/guides/sign-in.md', 'docs/operate/providers.md'].flatMap((page) =>
  readBlocks(join(repository, page))
    .filter(({ language }) => language === 'json')
    .map((block) => ({ page, ...block })),
)

test.each(files)('the file of providers at line $line of $page is taken', ({ page, text, line }) => {
  const [provider] = parseProviders(text, `${page}:${line}`)
  expect(provider?.issuer).toMatch(/^https:/)
})
