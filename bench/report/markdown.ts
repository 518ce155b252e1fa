// docs/reference/benchmarks.md, from what a run found.
import { type Bar, type Figure, type Findings, judgeBar } from '../rounds.ts'
import type { Settings } from '../settings.ts'
import type { Machine } from './machine.ts'
import { formatSpread } from './numbers.ts'

export function writeReport(found: readonly Findings[], machine: Machine, settings: Settings): string {
  const { rounds, quick } = settings
  return [
    '# Benchmarks',
    `Written by \`npm run bench\` on ${machine.day}: one run, in which the contestants took turns, ${rounds} rounds of them after one that does not count. Each number is the median of the rounds, with the least and the most; each ratio was taken within its round. Nothing here is asserted by a test: a bar is met or missed, and a missed one says so.`,
    ...(quick
      ? ['**A quick run, with tiny sizes: it shows that the benchmarks work, not how fast anything is.**']
      : []),
    '![Verifications a second, on a logarithmic scale](../images/benchmarks.svg)',
    '## Bars',
    table(['what', 'promised', 'reached', 'beside', ''], found.flatMap(({ bars }) => bars).map(barCells)),
    ...found.flatMap(writeSection),
    '## The machine',
    `${machine.hardware}; ${machine.system}.`,
    table(['part', 'version'], Object.entries(machine.versions)),
    '`@better-auth/api-key` and `better-auth` are a pair that npm installs without overriding what they ask of each other; the newest `better-auth` alone is not.',
    '## To repeat it',
    'With Node.js and the npm registry, and `redis-server` for one of the peers: `npm ci && npm run bench`. It installs the peers into `bench/` from their own lockfile, starts a PostgreSQL of its own, takes some twenty-five minutes and wants a quiet machine of two processors or more; `wrk` and `taskset` are used where they are found, else `autocannon` and the scheduler; what needs Redis is left out without a `redis-server`. `npm run bench -- --quick` takes some minutes and shows only that everything runs; `--only=http,calm` runs some sections; `--large` stores ten million keys too. The raw figures of a run go to `results.json` in `bench/`.',
    '## Beside Unkey',
    'Unkey, at commit fc99b6b, was measured beside Latchkey once and by hand: it needs MySQL, Redis and ClickHouse, which this program does not start. Each was measured as a whole system, by what it does per second of CPU time that all its processes spend. What was left out: everything but warm verification over HTTP and the delay of a revocation, so neither cold reads, creation, memory nor anything that only one of the two does.',
    table(
      ['what', 'Latchkey', 'Unkey'],
      [
        ['verifications per CPU second, 1,000 hot keys', '2.0–2.3', '1'],
        ['verifications per CPU second, 10,000 hot keys', '5–7', '1'],
        [
          'a revocation reaches a second instance',
          'never later than 2 s',
          'after 8.9 s; after 580 s if that instance was idle',
        ],
      ],
    ),
    '## What is not measured',
    'Client, server and database share one machine, and here its few processors: no network lies between them, and what a faster client or a database on a machine of its own would show is not here. The databases lie in the memory of the operating system; a cold disk is slower. A run lasts minutes, not days, so nothing is said of long-lived heaps, of vacuuming or of a disk that fills. PostgreSQL runs with its default settings. better-auth is the one peer that keeps keys: it is what most would take in TypeScript, and its verification does other work besides, such as counting uses in its table at once, where Latchkey writes them down in batches. How soon a revocation is seen elsewhere is not a benchmark but a guarantee, and tests hold it.',
  ]
    .join('\n\n')
    .concat('\n')
}

function writeSection({ title, figures, notes }: Findings): string[] {
  return [
    `## ${title}`,
    table(['what', 'median (least–most)', 'unit', 'beside'], figures.map(figureCells)),
    ...notes,
  ]
}

function barCells(bar: Bar): string[] {
  const { what, promised, values, unit, beside } = bar
  return [what, promised, `${formatSpread(values)} ${unit}`.trim(), beside, judgement(bar)]
}

function judgement(bar: Bar): string {
  const { isMet, roundsMet } = judgeBar(bar)
  const rounds = bar.values.length
  const isSure = roundsMet === (isMet ? rounds : 0)
  return `${isMet ? 'met' : '**missed**'}${isSure ? '' : `, met in ${roundsMet} of ${rounds} rounds`}`
}

function figureCells({ what, unit, values, beside }: Figure): string[] {
  return [what, formatSpread(values), unit, beside ? `${formatSpread(beside.ratios)} of ${beside.what}` : '']
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
