// `latchkey scan`: finds tokens where they should not be, offline.
import { Option } from 'commander'
import { defineCommand } from '../kit/define-command.ts'
import { exitCodes } from '../kit/failures.ts'
import { collect } from '../kit/options.ts'
import { print, printJson, printNote, toPrintable } from '../kit/output.ts'
import { nothing } from '../kit/place.ts'
import { excluding } from '../scanning/exclusions.ts'
import { scanHistory } from '../scanning/history.ts'
import { toSarif } from '../scanning/sarif.ts'
import { type Leak, type Scanned, Scanner } from '../scanning/scanner.ts'

export const scanCommand = defineCommand({
  path: 'scan',
  summary:
    'find tokens in files, folders and archives, or in standard input (-), offline; exits 1 if there is one, 3 if something could not be read',
  on: nothing,
  arguments: { 'path...': 'files and folders; - for standard input' },
  options: [
    new Option(
      '--exclude <pattern>',
      'leave out what has this name or path, such as *.min.js (repeatable)',
    ).argParser(collect),
    new Option('--history', 'scan all that the git repositories at these paths hold, instead of their files'),
    new Option('--format <format>', 'how to print what was found')
      .choices(['text', 'json', 'sarif'])
      .default('text'),
  ],
  examples: [
    'latchkey scan .',
    'latchkey scan --history .',
    'latchkey scan - < change.diff',
    'latchkey scan --format sarif . > leaks.sarif',
  ],
  notes:
    'Files that git ignores are scanned too. Only hints are printed, never a token. What is compressed in other ways than zip\nand gzip, encrypted, or written in Base64, is not looked into.',
  run: async (_, { args, options }) => {
    const progress = showProgress(() => scanner.scanned)
    const scanner = new Scanner(excluding((options.exclude as string[] | undefined) ?? []), progress.step)
    try {
      // Commander gives all that a name with `...` takes.
      for (const path of args['path...'] as unknown as string[])
        if (path === '-') await scanner.scanStream('-', process.stdin)
        else if (options.history) await scanHistory(path, scanner)
        else scanner.scanPath(path)
    } finally {
      progress.end()
    }
    return scanner.scanned
  },
  print: (scanned, { options }) => {
    if (options.format === 'json') printJson(scanned)
    else if (options.format === 'sarif') print(JSON.stringify(toSarif(scanned), null, 2))
    else print(...scanned.leaks.map(describe))
    printNote(...scanned.unread.map(({ path, reason }) => toPrintable(`latchkey: ${path}: ${reason}`)))
    if (options.format === 'text') printNote(summarize(scanned))
  },
  exitCode: ({ leaks, unread }) =>
    leaks.length > 0 ? exitCodes.refused : unread.length > 0 ? exitCodes.unreachable : exitCodes.ok,
})

function describe({ path, line, column, hint, commit }: Leak): string {
  return toPrintable(`${path}:${line}:${column}  ${hint}${commit === null ? '' : `  ${commit}`}`)
}

function summarize({ leaks, files, bytes, unread }: Scanned): string {
  const kids = new Set(leaks.map(({ kid }) => kid)).size
  const left = unread.length === 0 ? '' : ` Not read: ${unread.length}.`
  return `Places: ${leaks.length}. Tokens: ${kids}. Files: ${files}, ${Math.ceil(bytes / 1e6)} MB.${left}`
}

const stepMs = 500

/** Tells a person at a terminal how far it is, on one line. */
function showProgress(scanned: () => Scanned): { step(): void; end(): void } {
  if (!process.stderr.isTTY) return { step: () => {}, end: () => {} }
  let told = performance.now()
  let isShown = false
  return {
    step: () => {
      const now = performance.now()
      if (now - told < stepMs) return
      told = now
      isShown = true
      const { files, bytes, leaks } = scanned()
      process.stderr.write(`\r${files} files, ${Math.ceil(bytes / 1e6)} MB, ${leaks.length} found\u001b[K`)
    },
    end: () => {
      if (isShown) process.stderr.write('\r\u001b[K')
    },
  }
}
