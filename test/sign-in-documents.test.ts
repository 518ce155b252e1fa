// What the documents say of providers is what a server takes.
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { parseProviders } from '../src/core/provider-settings.ts'
import { readBlocks } from './setup/documents.ts'

const page = join(resolve(import.meta.dirname, '..'), 'docs/operate/sign-in.md')
const files = readBlocks(page).filter(({ language }) => language === 'json')

test.each(files)('the file of providers at line $line of the page on sign-in is taken', ({ text, line }) => {
  const [provider] = parseProviders(text, `${page}:${line}`)
  expect(provider?.issuer).toMatch(/^https:/)
})
