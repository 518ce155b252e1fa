// Finds out which tests reach which mutants, by one run of every test file without any fault.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { digestFiles, type NumberedMutant, repository } from './copy.ts'
import type { TestProcess } from './process.ts'
import type { RunReply } from './runner.ts'
import type { TestFile } from './targets.ts'

/** A test, how long it takes, and its file. */
export interface KnownTest {
  file: string
  name: string
  milliseconds: number
}

export interface Survey {
  /** By the number of a mutant: the tests that reach it. */
  reaching: ReadonlyMap<number, readonly KnownTest[]>
  /** By file, all tests that pass without a mutant. */
  tests: ReadonlyMap<string, readonly KnownTest[]>
  /** Tests that tell nothing, since they fail without any fault. */
  unfit: readonly string[]
}

const remembered = join(repository, '.test-output/survey.json')
const patienceMs = 240_000

/** Surveys test files, each anew only if the source or the tests have changed since. */
export async function surveyTests(
  files: readonly TestFile[],
  mutants: readonly NumberedMutant[],
  processes: readonly TestProcess[],
): Promise<Survey> {
  const places = mutants.map(({ file, start, end, becomes }) => [file, start, end, becomes])
  const numbering = createHash('sha256').update(JSON.stringify(places)).digest('base64url')
  const setting = `${digestFiles('src/', 'test/setup/')} ${numbering}`
  const known: Record<string, RunReply> = existsSync(remembered)
    ? JSON.parse(readFileSync(remembered, 'utf8'))
    : {}
  const replies = new Map<string, RunReply>()
  mkdirSync(dirname(remembered), { recursive: true })
  const left = [...files]
  const work = async (process: TestProcess) => {
    for (let entry = left.shift(); entry; entry = left.shift()) {
      const { file } = entry
      const order = { file, leftOut: entry.leftOut.source, mutant: 0, tests: undefined, patienceMs }
      const key = `${setting} ${entry.leftOut.source} ${digestFiles(file)}`
      const began = performance.now()
      if (known[key] === undefined) {
        let reply = await process.run(order)
        // Once more: on a busy machine a test may fail by itself.
        if (reply.failed || reply.unfit.length > 0) {
          process.replace()
          reply = await process.run(order)
        }
        known[key] = reply
        const seconds = ((performance.now() - began) / 1_000).toFixed(1)
        writeFileSync(remembered, JSON.stringify(known))
        console.log(
          `${file}: ${reply.failed ?? `${reply.surveyed.length} tests, ${reply.unfit.length} unfit`}, ${seconds} s`,
        )
      }
      replies.set(file, known[key])
    }
  }
  await Promise.all(processes.map(work))
  const fitting = Object.entries(known).filter(([key]) => key.startsWith(setting))
  writeFileSync(remembered, JSON.stringify(Object.fromEntries(fitting)))

  const reaching = new Map<number, KnownTest[]>()
  const unfit: string[] = []
  for (const [file, { failed, surveyed, unfit: unfitHere }] of replies) {
    if (failed !== undefined) unfit.push(`${file}: ${failed}`)
    unfit.push(...unfitHere.map((name) => `${file}: ${name}`))
    for (const { name, milliseconds, reached } of surveyed) {
      for (const id of reached) {
        const tests = reaching.get(id) ?? []
        reaching.set(id, tests)
        tests.push({ file, name, milliseconds })
      }
    }
  }
  const tests = new Map(
    [...replies].map(([file, { surveyed }]) => [
      file,
      surveyed.map(({ name, milliseconds }) => ({ file, name, milliseconds })),
    ]),
  )
  return { reaching, tests, unfit }
}
