// `npm run bench`: measures Latchkey beside floors and peers, and writes docs/reference/benchmarks.md, its chart and
// bench/results.json. Flags: `--quick` for tiny sizes, which only shows that everything runs (and writes into
// bench/quick/); `--large` for ten million keys too; `--only=http,calm` for some of the sections.
import { fork } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { startPostgres } from '../test/setup/postgres.ts'
import { drawChart } from './report/chart.ts'
import { describeMachine } from './report/machine.ts'
import { writeReport } from './report/markdown.ts'
import type { Findings } from './rounds.ts'
import { sections } from './sections/sections.ts'
import { readSettings, type Settings } from './settings.ts'

const flags = process.argv.slice(2)
const only = flags
  .find((flag) => flag.startsWith('--only='))
  ?.slice('--only='.length)
  .split(',')
const names = only ?? Object.keys(sections)
const wrong =
  names.find((name) => !(name in sections)) ?? flags.find((flag) => !/^--(quick|large|only=.+)$/.test(flag))
if (wrong !== undefined) {
  console.error(`Not a flag or a section: ${wrong}. Sections: ${Object.keys(sections).join(', ')}.`)
  process.exit(2)
}

const folder = mkdtempSync(join(tmpdir(), 'latchkey-bench-'))
const postgres = await startPostgres()
const settings = readSettings(flags, { postgresUrl: postgres.url, folder })
const machine = await describeMachine(postgres.url)
const findings = new Map<string, Findings>()
try {
  for (const name of names) {
    const start = performance.now()
    console.error(`${name}`)
    try {
      findings.set(name, await runSection(name, settings))
    } catch (error) {
      // What the others find in the minutes to come is not lost with it.
      console.error(`${name}: ${(error as Error).message}`)
      process.exitCode = 1
    }
    console.error(`${name} took ${Math.round((performance.now() - start) / 1000)} s`)
  }
} finally {
  await postgres.stop()
  rmSync(folder, { recursive: true, force: true })
}

// Only a whole run speaks for Latchkey; what a part of one or a quick one shows is for whoever ran it.
// In their own order, in whatever order they ran.
const found = Object.keys(sections).flatMap((name) => findings.get(name) ?? [])
const isWhole = found.length === Object.keys(sections).length && !settings.quick
const results = isWhole ? import.meta.dirname : join(import.meta.dirname, 'quick')
const docs = isWhole ? resolve(import.meta.dirname, '../docs') : results
const images = join(docs, 'images')
const reference = join(docs, 'reference')
for (const folder of [images, reference]) mkdirSync(folder, { recursive: true })
writeFileSync(join(results, 'results.json'), `${JSON.stringify({ machine, settings, found }, null, 2)}\n`)
writeFileSync(join(images, 'benchmarks.svg'), drawChart(found))
const report = writeReport(found, machine, settings)
writeFileSync(join(reference, 'benchmarks.md'), report)
console.log(report)

/** Runs a section in a process of its own, so that none inherits another's heap or compiled code. */
function runSection(name: string, settings: Settings): Promise<Findings> {
  return new Promise((done, fail) => {
    const child = fork(join(import.meta.dirname, 'run-section.ts'), [name, JSON.stringify(settings)])
    child.once('message', (findings) => done(findings as Findings))
    child.once('exit', (code) => fail(new Error(`The section ${name} ended with ${code}.`)))
  })
}
