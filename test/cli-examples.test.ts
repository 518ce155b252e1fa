// The examples in the help of every command: whoever copies one gets no 'unknown option'.
import { readdirSync, readFileSync } from 'node:fs'
import { Command } from 'commander'
import { expect, test } from 'vitest'
import type { DefinedCommand } from '../src/cli/kit/define-command.ts'

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
    const taken = command.options.map(({ long }) => long)
    for (const option of example.match(/(?<= )--[a-z][a-z-]*/g) ?? [])
      expect(taken, `${path}: ${option} in ${example}`).toContain(option)
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
