// The examples in the help of every command: whoever copies one gets no 'unknown option'.
import { globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { expect, test } from 'vitest'
import type { DefinedCommand } from '../src/cli/kit/define-command.ts'
import { samplesIn } from './setup/reference-samples.ts'

const folder = new URL('../src/cli/commands/', import.meta.url)

test('every option in an example is one that its command takes', async () => {
  const commands = new Map<string, Command>()
  for (const { path, addTo } of await loadCommands()) commands.set(path, await addTo(new Command(), true))
  expect([...commands.keys()]).toEqual(
    expect.arrayContaining(['keys create', 'webhooks create', 'audit verify', 'usage']),
  )
  for (const example of [...commands.values()].flatMap(examplesOf)) {
    // Of `usage` and `usage export`, the longer one is meant.
    const named = [...commands].filter(([path]) => `${example} `.includes(`latchkey ${path} `))
    const [path, command] = named.reduce((one, other) => (other[0].length > one[0].length ? other : one))
    expect(faultsOf(example, command, { isExample: true }), `${path}: ${example}`).toEqual([])
  }
})

test('docs/reference/cli.md has every command in its table, and no other', async () => {
  const text = readFileSync(new URL('../docs/reference/cli.md', import.meta.url), 'utf8')
  const named = [...text.matchAll(/^\| (`latchkey [^|]+) \|/gm)].flatMap(([, cell = '']) => {
    const [first = '', ...others] = [...cell.matchAll(/`(?:latchkey )?([^`]+)`/g)].map(([, words]) => words)
    // `list` behind `keys create` is `keys list`.
    const noun = first.split(' ').slice(0, -1)
    return [first, ...others.map((words = '') => (words.includes(' ') ? words : [...noun, words].join(' ')))]
  })
  // This one is made with the program that it tells of.
  const paths = new Set(['completion', ...(await loadCommands()).map(({ path }) => path)])
  expect(named.sort()).toEqual([...paths].sort())
})

test('every command and option that a document names is one', async () => {
  const commands = new Map<string, Command>()
  for (const { path, addTo } of await loadCommands()) commands.set(path, await addTo(new Command(), true))
  const root = fileURLToPath(new URL('..', import.meta.url))
  const lines = globSync(['*.md', 'docs/**/*.md'], { cwd: root }).flatMap((document) =>
    [
      ...readFileSync(join(root, document), 'utf8')
        .replaceAll('\\\n', ' ')
        .matchAll(/(?:^ *|[`$|(] ?|\bsudo -u latchkey |\$[A-Z_]+ )latchkey ([a-z].*?)(?=\$\(|[`|;&)\n])/gm),
    ].map(([, words = '']) => [document, words.trim()] as const),
  )
  expect(lines.length).toBeGreaterThan(200)
  const lost = lines.filter(([, line]) => {
    const paths = [...commands.keys()].filter((path) => `${line} `.startsWith(`${path} `))
    const command = commands.get(paths.reduce((one, other) => (other.length > one.length ? other : one), ''))
    if (!command) return !isNoOneCommand(line, [...commands.keys()])
    return faultsOf(line, command, { isExample: false }).length > 0
  })
  expect(lost).toEqual([])
})

test('the command that the reference page shows for a call is an example in its help', async () => {
  const examples = new Set<string>()
  for (const { addTo } of await loadCommands())
    for (const example of examplesOf(await addTo(new Command(), true)))
      examples.add(example.replace('  $ ', ''))
  const shown = samplesIn('latchkey').map(([, command]) => command)
  expect(shown.length).toBeGreaterThan(50)
  expect(shown.filter((command) => !examples.has(command))).toEqual([])
})

/**
 * The options of a line that its command does not take, or that lack the value that they want. A document may name an option
 * at the end of a line without one.
 */
function faultsOf(line: string, command: Command, { isExample }: { isExample: boolean }): string[] {
  const found = line.matchAll(/(?<= )(--[a-z][a-z-]*)(?: ([^ ]+))?/g)
  return [...found].flatMap(([whole, name = '', next]) => {
    if (name === '--help' || name === '--version') return []
    const option = command.options.find(({ long }) => long === name)
    const lacksValue = option?.required && (next === undefined ? isExample : next.startsWith('--'))
    return option === undefined || lacksValue ? [whole] : []
  })
}

/** A group, of which commands are listed behind it; the one made with the program; help; the name of a log. */
function isNoOneCommand(line: string, paths: readonly string[]): boolean {
  return (
    paths.some((path) => path.startsWith(`${line} `)) || /^(?:completion|help|log)\b|^[a-z]+ …/.test(line)
  )
}

async function loadCommands(): Promise<DefinedCommand[]> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.ts'))
  const modules: Record<string, unknown>[] = await Promise.all(
    files.map((name) => import(new URL(name, folder).href)),
  )
  return modules.flatMap((module) => Object.values(module).flat()).filter(isCommand)
}

function isCommand(value: unknown): value is DefinedCommand {
  return typeof value === 'object' && value !== null && 'addTo' in value
}

/** The lines of its help that begin with `$`. */
function examplesOf(command: Command): string[] {
  const help: string[] = []
  command.configureOutput({ writeOut: (text) => void help.push(text) }).outputHelp()
  return help
    .join('')
    .split('\n')
    .filter((line) => line.startsWith('  $ '))
}
