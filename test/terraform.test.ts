// The Terraform provider, of deploy/terraform, as far as that takes none of its modules: those are more than the rest of the suite
// downloads. `npm run test:terraform` has its own tests.
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readBlocks } from './setup/documents.ts'
import { repository } from './setup/documents-run.ts'

const folder = join(repository, 'deploy/terraform')
const read = (path: string) => readFileSync(join(repository, path), 'utf8')

test('the Terraform provider is formatted, and has the licence of the package', () => {
  expect(execFileSync('gofmt', ['-l', '.'], { cwd: folder, encoding: 'utf8' })).toBe('')
  expect(read('deploy/terraform/LICENSE')).toBe(read('LICENSE'))
})

test('the guide of Terraform builds the provider of this version', () => {
  const { version } = JSON.parse(read('package.json'))
  const line = `latchkey/${version}/linux_amd64/terraform-provider-latchkey_v${version} .`
  expect(read('docs/guides/terraform.md')).toContain(line)
})

test('what the guide of Terraform shows is of the example, or of the provider of somebody else', () => {
  const example = read('examples/terraform/main.tf')
  const blocks = readBlocks(join(repository, 'docs/guides/terraform.md')).filter(
    (one) => one.language === 'hcl',
  )
  expect(blocks.filter(({ text }) => !example.includes(text)).map(({ text }) => text)).toEqual([
    expect.stringMatching(/^resource "aws_secretsmanager_secret_version"/),
  ])
})

test('the guide of Terraform names every resource of the provider', () => {
  const guide = read('docs/guides/terraform.md')
  const sources = globSync('internal/provider/*.go', { cwd: folder, exclude: ['**/*_test.go'] })
  const names = sources.flatMap((name) => [
    ...readFileSync(join(folder, name), 'utf8').matchAll(/(?:TypeName = |name: )"(latchkey_\w+)"/g),
  ])
  expect(new Set(names.map(([, name]) => name)).size).toBe(8)
  expect(names.map(([, name = '']) => name).filter((name) => !guide.includes(name))).toEqual([])
})
