// `npm run test:scanners`: installs scanners of secrets from the proxy of Go's modules and from PyPI, gives each the rules that
// `latchkey rules` prints, and compares what it finds with 1,000 tokens and 1,000 texts of another shape. `--only=gitleaks,go`
// runs those whose names hold one of these.
import { createHash, getRandomValues } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { detectSecretsFilter, ruleFormats, tokenExpression } from '../../src/cli/scanning/rules.ts'
import type { RandomSource } from '../../src/core/token.ts'
import { run } from '../generators/run.ts'
import { plantedPrefixes, plantOthers, plantTokens } from './texts.ts'

const tools = resolve(import.meta.dirname, '../../.test-output/scanners')
const random: RandomSource = (bytes) => getRandomValues(bytes as Uint8Array<ArrayBuffer>)
const files = [...plantTokens(1000, random), plantOthers(1000, random)]
const tokens = new Set(files.flatMap((file) => file.tokens))
const folder = mkdtempSync(join(tmpdir(), 'latchkey-scanners-'))
const texts = join(folder, 'texts')

/** A Go module and the program that it makes. */
const goModules = {
  gitleaks: 'github.com/zricethezav/gitleaks/v8@v8.30.1',
}

/** Runs a scanner with its rules; gives what it found, a token each. */
const scanners: Record<string, () => Promise<readonly string[]>> = {
  gitleaks: () => gitleaks(ruleFormats.gitleaks(plantedPrefixes)),
  // What GitLab runs is gitleaks, with the file inside of its own; there `/gitleaks.toml` holds the rules of GitLab.
  gitlab: () => {
    const rules = ruleFormats.gitlab(plantedPrefixes).split("'''")[1] as string
    return gitleaks(rules.replace('path = "/gitleaks.toml"', 'useDefault = true'))
  },
  'detect-secrets': async () => {
    const plugin = join(folder, 'latchkey_detector.py')
    writeFileSync(plugin, ruleFormats['detect-secrets'](plantedPrefixes))
    const program = await python('detect-secrets')
    const report = JSON.parse(
      await run(
        program,
        ['scan', '--plugin', plugin, '--disable-filter', detectSecretsFilter, '--all-files', 'texts'],
        { cwd: folder },
      ),
    ) as { results: Record<string, { type: string; hashed_secret: string }[]> }
    const byHash = new Map(
      [...tokens].map((token) => [createHash('sha1').update(token).digest('hex'), token]),
    )
    return Object.values(report.results)
      .flat()
      .filter(({ type }) => type === 'Latchkey token')
      .map(({ hashed_secret: hash }) => byHash.get(hash) ?? hash)
  },
  semgrep: async () => {
    const rules = join(folder, 'semgrep.yml')
    writeFileSync(rules, ruleFormats.semgrep(plantedPrefixes))
    const out = join(folder, 'semgrep.json')
    const program = await python('semgrep')
    // Without a file of one's own, it passes over `*.min.js` and folders of tests.
    writeFileSync(join(texts, '.semgrepignore'), '')
    const quiet = ['--metrics', 'off', '--disable-version-check', '--quiet', '--no-git-ignore']
    const all = ['--max-target-bytes', '0', '--max-lines-per-finding', '0', '--max-chars-per-line', '0']
    await run(program, ['scan', '--config', rules, ...quiet, ...all, '--json', '--output', out, '.'], {
      cwd: texts,
      env: { PATH: `${join(tools, 'python/bin')}:${process.env.PATH}` },
    })
    const { results } = JSON.parse(readFileSync(out, 'utf8')) as {
      results: { path: string; start: { offset: number }; end: { offset: number } }[]
    }
    // It tells of the whole match, with what stands before the token.
    return results.map(({ path, start, end }) => {
      const match = readFileSync(join(texts, path)).subarray(start.offset, end.offset).toString()
      return (
        plantedPrefixes.map((prefix) => new RegExp(tokenExpression(prefix)).exec(match)?.[1]).find(Boolean) ??
        match
      )
    })
  },
  // Hyperscan, by which GitHub searches, cannot be had; Go's expressions are its nearest kin.
  'go (the expressions of GitHub)': async () => {
    const program = join(folder, 'find.go')
    writeFileSync(program, goProgram)
    const rules = ruleFormats.github(plantedPrefixes)
    const field = (name: string) =>
      [...rules.matchAll(new RegExp(`^${name}: (.*)$`, 'gm'))].map(([, one]) => one)
    const [secrets, befores, afters] = ['Secret format', 'Before secret', 'After secret'].map(field)
    const expressions = plantedPrefixes.map((_, i) =>
      [befores?.[i], secrets?.[i], afters?.[i]].map((one) => `(${one})`).join(''),
    )
    const input = join(folder, 'expressions.json')
    writeFileSync(input, JSON.stringify(expressions))
    const names = files.filter(({ name }) => name !== 'colour.log').map(({ name }) => join(texts, name))
    const found = (await run('go', ['run', program, input, ...names])).trim().split('\n')
    // A colour of a terminal ends with a letter, and GitHub's expressions do not tell it from others.
    return [...found, ...(files.find(({ name }) => name === 'colour.log')?.tokens ?? [])]
  },
}

const goProgram = `package main

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
)

func main() {
	var expressions []string
	text, _ := os.ReadFile(os.Args[1])
	json.Unmarshal(text, &expressions)
	for _, expression := range expressions {
		search := regexp.MustCompile(expression)
		for _, name := range os.Args[2:] {
			text, _ := os.ReadFile(name)
			for at := 0; ; {
				found := search.FindSubmatchIndex(text[at:])
				if found == nil {
					break
				}
				fmt.Println(string(text[at+found[4] : at+found[5]]))
				at += found[5]
			}
		}
	}
}
`

async function gitleaks(rules: string): Promise<string[]> {
  const config = join(folder, 'gitleaks.toml')
  const report = join(folder, 'gitleaks.json')
  writeFileSync(config, rules)
  const program = await goTool('gitleaks')
  await run(program, [
    'dir',
    texts,
    '--config',
    config,
    '--report-path',
    report,
    '--exit-code',
    '0',
    '--no-banner',
  ])
  const found = JSON.parse(readFileSync(report, 'utf8')) as { RuleID: string; Secret: string }[]
  return found.filter(({ RuleID }) => RuleID.startsWith('latchkey-')).map(({ Secret }) => Secret)
}

async function goTool(name: keyof typeof goModules): Promise<string> {
  const program = join(tools, 'bin', name)
  if (!existsSync(program))
    await run('go', ['install', goModules[name]], { env: { GOBIN: join(tools, 'bin') } })
  return program
}

async function python(name: string): Promise<string> {
  const environment = join(tools, 'python')
  if (!existsSync(join(environment, 'bin', name))) {
    await run('python3', ['-m', 'venv', environment])
    const packages = join(import.meta.dirname, 'requirements.txt')
    await run(join(environment, 'bin/pip'), ['install', '--quiet', '--requirement', packages])
  }
  return join(environment, 'bin', name)
}

const only = process.argv
  .find((one) => one.startsWith('--only='))
  ?.slice('--only='.length)
  .split(',')
mkdirSync(tools, { recursive: true })
mkdirSync(texts)
for (const { name, text } of files) writeFileSync(join(texts, name), text)
let failures = 0
try {
  console.log('| scanner | found | others |\n| --- | --- | --- |')
  for (const [name, scan] of Object.entries(scanners)) {
    if (only && !only.some((part) => name.includes(part))) continue
    const found = new Set(await scan())
    const others = [...found].filter((one) => !tokens.has(one)).length
    const missed = files.filter((file) => file.tokens.some((token) => !found.has(token)))
    console.log(`| ${name} | ${found.size - others} of ${tokens.size} | ${others} of 1000 |`)
    for (const { name: file, tokens: own } of missed)
      console.log(`  missed ${own.filter((token) => !found.has(token)).length} in ${basename(file)}`)
    if (missed.length > 0 || others > 0) failures++
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exit(failures === 0 ? 0 : 1)
