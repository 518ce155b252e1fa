// The rules for other scanners: their expressions find every token wherever it stands, and nothing of another shape. The
// scanners themselves run in `npm run test:scanners`.
import { getRandomValues } from 'node:crypto'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse as parseYaml } from 'yaml'
import { tokenExpression } from '../src/cli/scanning/rules.ts'
import type { RandomSource } from '../src/core/token.ts'
import { plantedPrefixes, plantOthers, plantTokens } from './scanners/texts.ts'
import { useCommand } from './setup/command.ts'

const command = useCommand()
const random: RandomSource = (bytes) => getRandomValues(bytes as Uint8Array<ArrayBuffer>)
const options = plantedPrefixes.flatMap((prefix) => ['--prefix', prefix])
const planted = plantTokens(1000, random)
const others = plantOthers(1000, random)
const expressions = plantedPrefixes.map(tokenExpression)

function found(expressions: readonly string[], text: string): string[] {
  return expressions.flatMap((one) => [...text.matchAll(new RegExp(one, 'g'))].map(([, token = '']) => token))
}

async function rules(format: string): Promise<string> {
  const { stdout, stderr, code } = await command.run(['rules', '--format', format, ...options])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}

/** The texts in quotes that stand behind a name, without their escapes. */
function quoted(text: string, name: string): string[] {
  return [...text.matchAll(new RegExp(`^ *${name}[:=] *(".*")$|^ *${name} = (".*")$`, 'gm'))].map(
    ([, yaml, toml]) => JSON.parse(yaml ?? toml ?? '') as string,
  )
}

test('every token in files of every kind is found, once, and nothing that differs in shape', () => {
  for (const { name, text, tokens } of planted)
    expect(found(expressions, text).sort(), name).toEqual([...tokens].sort())
  expect(planted.flatMap(({ tokens }) => tokens)).toHaveLength(1000)
  expect(found(expressions, others.text)).toEqual([])
})

describe('each scanner gets these expressions in its own form', () => {
  test.each(['gitleaks', 'gitlab'])('%s', async (format) => {
    const text = await rules(format)
    expect(quoted(text, 'regex')).toEqual(expressions)
    for (const prefix of plantedPrefixes) {
      expect(text).toContain(`id = "latchkey-${prefix}"`)
      expect(text).toContain(`keywords = ["${prefix}_"]`)
    }
    expect(text).toContain(format === 'gitlab' ? 'path = "/gitleaks.toml"' : 'useDefault = true')
    // The literal string of GitLab's file ends at the first three quotes.
    expect(text.split("'''")).toHaveLength(format === 'gitlab' ? 3 : 1)
  })

  test('trufflehog', async () => {
    expect(parseYaml(await rules('trufflehog'))).toEqual({
      detectors: plantedPrefixes.map((prefix) => ({
        name: `latchkey-${prefix}`,
        keywords: [`${prefix}_`],
        regex: { token: tokenExpression(prefix) },
      })),
    })
  })

  test('semgrep', async () => {
    const { rules: made } = parseYaml(await rules('semgrep')) as { rules: Record<string, unknown>[] }
    expect(made.map((rule) => rule['pattern-regex'])).toEqual(expressions)
    expect(made.every(({ severity, languages }) => severity === 'ERROR' && `${languages}` === 'regex')).toBe(
      true,
    )
  })

  test('detect-secrets', async () => {
    const made = [...(await rules('detect-secrets')).matchAll(/re\.compile\(r'(.*)'\),$/gm)]
    expect(made.map(([, expression]) => expression)).toEqual(expressions)
  })

  test('github, whose fields together find the same', async () => {
    const text = await rules('github')
    const field = (name: string) =>
      [...text.matchAll(new RegExp(`^${name}: (.*)$`, 'gm'))].map(([, value]) => value)
    const [secrets, befores, afters] = ['Secret format', 'Before secret', 'After secret'].map(field)
    // JavaScript has neither `\A` nor `\z`; GitHub looks for what stands behind without taking it.
    const own = plantedPrefixes.map(
      (_, i) =>
        `(?:${befores?.[i]?.replace('\\A', '^')})(${secrets?.[i]})(?=${afters?.[i]?.replace('\\z', '$')})`,
    )
    for (const { name, text: file, tokens } of planted.filter(({ name }) => name !== 'colour.log'))
      expect(found(own, file).sort(), name).toEqual([...tokens].sort())
    expect(found(own, others.text)).toEqual([])
  })
})

test('without --prefix, the prefixes are those of new keys', async () => {
  const database = ['--database', `sqlite:${join(command.folder(), 'rules.db')}`]
  await command.run(['migrate', ...database])
  await command.run(['keys', 'set-prefixes', 're_live,re_test', ...database])
  const { stdout } = await command.run(['rules', '--format', 'github', ...database])
  expect(stdout.match(/^Secret format: .*$/gm)).toEqual([
    'Secret format: re_live_[0-9A-Za-z]{65}',
    'Secret format: re_test_[0-9A-Za-z]{65}',
  ])
})

test('a prefix that no token has, and a scanner that nobody knows, are refused', async () => {
  for (const wrong of [
    ['rules', '--format', 'gitleaks', '--prefix', 're_'],
    ['rules', '--format', 'gitleaks', '--prefix', `re"'`],
    ['rules', '--format', 'gitleaks', '--prefix', 'r'.repeat(25)],
    ['rules', '--format', 'grep', '--prefix', 're'],
    ['rules', '--prefix', 're'],
  ])
    expect(await command.run(wrong), wrong.join(' ')).toMatchObject({ code: 2, stdout: '' })
})
