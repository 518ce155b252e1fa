// Runs tests of the mutated copy again and again in one process, which its parent ends when a mutant never does.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { registerHooks } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { noteReached, turnOn } from './switch.ts'

/** Run these tests of a file with this mutant, 0 for none; or, without tests, survey all of them. */
export interface RunOrder {
  file: string
  mutant: number
  tests: readonly string[] | undefined
  /** After so long it has failed. */
  patienceMs: number
  /** In a survey: a regular expression for the names of tests to leave out. */
  leftOut?: string | undefined
}

/** What a survey tells of one test. */
export interface Surveyed {
  name: string
  milliseconds: number
  /** The mutants that it reaches. */
  reached: number[]
}

export interface RunReply {
  /** The first failure; undefined if there was none. */
  failed: string | undefined
  /** Of the test that failed, its name alone; undefined if it was none of them. */
  failedTest: string | undefined
  surveyed: Surveyed[]
  /** In a survey: the tests that fail without any mutant. */
  unfit: string[]
}

const [folder = '', postgresUrl = '', toldFile = ''] = process.argv.slice(2)
const harness = pathToFileURL(join(folder, 'test/mutate/harness.ts')).href
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'vitest' && context.parentURL !== harness
      ? { url: harness, shortCircuit: true }
      : next(specifier, context),
})
const { collect, provide, runSuite } = (await import(harness)) as typeof import('./harness.ts')
provide('postgresUrl', postgresUrl)

let loads = 0
let failRun: (error: unknown) => void = () => {}
// Vitest fails a run for these too.
process.on('uncaughtException', (error) => failRun(error))
process.on('unhandledRejection', (error) => failRun(error))

async function run({ file, mutant, tests, leftOut, patienceMs }: RunOrder): Promise<RunReply> {
  const isSurvey = tests === undefined
  const around = new Set<number>()
  noteReached(isSurvey ? around : undefined)
  // What threads and child processes reach, they write down.
  if (isSurvey) process.env.LATCHKEY_REACHED = toldFile
  else delete process.env.LATCHKEY_REACHED
  turnOn(mutant)
  const surveyed: Surveyed[] = []
  const leftOutNames = leftOut === undefined ? undefined : new RegExp(leftOut)
  const url = `${pathToFileURL(join(folder, file)).href}?${++loads}`
  const unfit: string[] = []
  let current = 'it does not load'
  const wanted = new Set(tests)
  const byAccident = new Promise<never>((_, reject) => {
    failRun = reject
  })
  let timer: NodeJS.Timeout | undefined
  const work = async () => {
    const { root } = await collect(url)
    timer = setTimeout(() => failRun(new Error('it does not end')), patienceMs)
    around.clear()
    current = 'around its tests'
    await runSuite(root, {
      isWanted: ({ name }) => (isSurvey ? !leftOutNames?.test(name) : wanted.has(name)),
      around: async ({ name }, runTest) => {
        current = name
        const reached = new Set<number>()
        if (isSurvey) noteReached(reached)
        const began = performance.now()
        if (!isSurvey) return runTest()
        let isFit = true
        await runTest().catch((error: unknown) => {
          isFit = false
          unfit.push(`${name}: ${says(error)}`)
        })
        for (const id of readTold()) reached.add(id)
        const milliseconds = performance.now() - began
        if (isFit) surveyed.push({ name, milliseconds, reached: [...reached] })
        noteReached(around)
      },
    })
    for (const id of readTold()) around.add(id)
  }
  try {
    await Promise.race([work(), byAccident])
    // What is reached before and after the tests of a file is reached by each of them.
    for (const each of surveyed) each.reached = [...new Set([...each.reached, ...around])]
    return { failed: undefined, failedTest: undefined, surveyed, unfit }
  } catch (error) {
    const failedTest = wanted.has(current) ? current : undefined
    const failed = `${current}: ${says(error)}`
    return { failed, failedTest, surveyed: [], unfit }
  } finally {
    clearTimeout(timer)
    turnOn(0)
  }
}

function says(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).slice(0, 300)
}

function readTold(): number[] {
  if (!existsSync(toldFile)) return []
  const text = readFileSync(toldFile, 'utf8')
  rmSync(toldFile)
  return text.split('\n').filter(Boolean).map(Number)
}

process.on('message', (order: RunOrder) => {
  void run(order).then((reply) => process.send?.(reply))
})
process.on('disconnect', () => process.exit())
// Loading takes longer than most tests, and is not to be taken for a mutant that goes round in circles.
await import(pathToFileURL(join(folder, 'test/setup/server.ts')).href).catch(() => {})
process.send?.('ready')
