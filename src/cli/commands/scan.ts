// `latchkey scan`: finds tokens where they should not be, offline.
import { Option } from 'commander'
import { defineCommand } from '../kit/define-command.ts'
import { exitCodes } from '../kit/failures.ts'
import { collect } from '../kit/options.ts'
import { print, printJson, printNote, toJson, toPrintable } from '../kit/output.ts'
import { nothing } from '../kit/place.ts'
import { excluding } from '../scanning/exclusions.ts'
import { scanHistory } from '../scanning/history.ts'
import { askerOf, type ToldLeak, type ToldScan, tellScan } from '../scanning/known.ts'
import { toSarif } from '../scanning/sarif.ts'
import { type Scanned, Scanner } from '../scanning/scanner.ts'

export const scanCommand = defineCommand({
  path: 'scan',
  summary:
    'find tokens in files, folders and archives, or in standard input (-), offline unless --url asks which are live; exits 1 if there is one, 3 if something could not be read',
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
    new Option(
      '--url <address>',
      'ask this server which are live, with the key in LATCHKEY_KEY: it takes latchkey:keys:verify, and no token is sent',
    ),
  ],
  examples: [
    'latchkey scan .',
    'latchkey scan --history .',
    'latchkey scan - < change.diff',
    'latchkey scan --format sarif . > leaks.sarif',
    'latchkey scan --url https://keys.example.com .',
  ],
  notes:
    'Files that git ignores are scanned too. Only hints are printed, never a token. What is compressed in other ways than zip\nand gzip, encrypted, or written in Base64, is not looked into.',
  run: async (_, { args, options }) => {
    const ask = options.url === undefined ? undefined : await askerOf(options.url)
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
    return tellScan(scanner.scanned, ask)
  },
  print: (scanned, { options }) => {
    if (options.format === 'json') printJson(scanned)
    else if (options.format === 'sarif') print(toJson(toSarif(scanned)))
    // One text each: there may be more than a call takes arguments.
    else if (scanned.leaks.length > 0) print(scanned.leaks.map(describe).join('\n'))
    const unread = scanned.unread.map(({ path, reason }) => toPrintable(`latchkey: ${path}: ${reason}`))
    if (unread.length > 0) printNote(unread.join('\n'))
    if (options.format === 'text') printNote(summarize(scanned, options.url !== undefined))
  },
  exitCode: ({ leaks, unread }) =>
    leaks.length > 0 ? exitCodes.refused : unread.length > 0 ? exitCodes.unreachable : exitCodes.ok,
})

function describe({ path, line, column, hint, commit, ...leak }: ToldLeak): string {
  const known = leak.keyId ? `  ${leak.keyId}  ${leak.organizationId}  ${leak.name}` : ''
  const told = leak.status === undefined ? '' : `  ${leak.status}${known}`
  return toPrintable(`${path}:${line}:${column}  ${hint}${commit === null ? '' : `  ${commit}`}${told}`)
}

function summarize({ leaks, files, bytes, unread }: ToldScan, isAsked: boolean): string {
  const count = (of: readonly ToldLeak[]) => new Set(of.map(({ kid }) => kid)).size
  const opening = leaks.filter(({ status }) => status === 'live' || status === 'in_grace')
  const live = isAsked ? ` Live or in grace: ${count(opening)}.` : ''
  const left = unread.length === 0 ? '' : ` Not read: ${unread.length}.`
  return `Places: ${leaks.length}. Tokens: ${count(leaks)}.${live} Files: ${files}, ${describeSize(bytes)}.${left}`
}

/** `312 bytes`, `4.2 kB`, `63 MB`: rounded up, so that nothing is never 0. */
function describeSize(bytes: number): string {
  if (bytes < 1_000) return bytes === 1 ? '1 byte' : `${bytes} bytes`
  const [unit, name] = bytes < 1e6 ? [1e3, 'kB'] : bytes < 1e9 ? [1e6, 'MB'] : [1e9, 'GB']
  const count = bytes / unit
  return `${count < 10 ? Math.ceil(count * 10) / 10 : Math.ceil(count)} ${name}`
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
      process.stderr.write(`\r${files} files, ${describeSize(bytes)}, ${leaks.length} found\u001b[K`)
    },
    end: () => {
      if (isShown) process.stderr.write('\r\u001b[K')
    },
  }
}
