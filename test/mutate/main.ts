// `npm run mutate`: puts one small fault after the other into the code that safety hangs on, and sees whether a test
// notices. `--only=verdict/evaluate,store/secrets` takes some files and the tests that hold them, `--sample=300 --seed=1` so many mutants spread over all of them,
// `--minutes=10` ends after so long; a later run goes on where this one ended.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { mulberry32 } from '../setup/chance.ts'
import { startPostgres } from '../setup/postgres.ts'
import { makeCopy, type NumberedMutant } from './copy.ts'
import { TestProcess } from './process.ts'
import { Results } from './results.ts'
import { surveyTests } from './survey.ts'
import { excuses } from './survivors.ts'
import { targets, testFiles } from './targets.ts'
import { type Notice, Trials } from './trial.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '600' },
    processes: { type: 'string', default: '2' },
  },
})
const deadline = performance.now() + Number(values.minutes) * 60_000
const known = targets.map(({ file }) => file)
const wanted = values.only?.split(',').map((name) => `src/${name}.ts`) ?? known
const unknown = wanted.filter((file) => !known.includes(file))
if (unknown.length > 0) throw new Error(`Not among those of test/mutate/targets.ts: ${unknown.join(', ')}.`)

const { folder, mutants } = makeCopy()
// A crash of this machine would be no loss: nothing waits for a disk.
const postgres = await startPostgres(undefined, ['fsync=off', 'synchronous_commit=off'])
const processes = Array.from(
  { length: Number(values.processes) },
  (_, i) => new TestProcess(folder, postgres.url, join(folder, `reached-${i}`)),
)
process.once('SIGINT', () => process.exit(130))
process.once('exit', () => {
  for (const each of processes) each.replace()
  rmSync(folder, { recursive: true, force: true })
})

const ofTargets = mutants.filter(({ file }) => wanted.includes(file))
const isExcused = (mutant: NumberedMutant) => excuses.some((excuse) => matches(excuse, mutant))
const idle = excuses.filter((excuse) => !mutants.some((mutant) => matches(excuse, mutant)))
for (const { file, line, becomes } of idle)
  console.log(`An excuse for nothing: ${file}: ${line} → ${becomes}`)
const chosen = sample(
  ofTargets.filter((mutant) => !isExcused(mutant)),
  Number(values.sample ?? mutants.length),
  Number(values.seed),
)

const results = new Results([...targets, ...testFiles].map(({ file }) => file))
// Of some files, the tests that hold them: to survey all takes as long as to try hundreds of mutants.
const holding = targets.filter(({ file }) => wanted.includes(file)).flatMap(({ tests }) => tests)
const surveyed = values.only ? testFiles.filter(({ file }) => holding.includes(file)) : testFiles
const survey = await surveyTests(surveyed, mutants, processes)
for (const each of survey.unfit) console.log(`Fails without a mutant: ${each}`)
// Those that need a process each come last, so that the others share one.
const left = chosen
  .filter((mutant) => results.find(mutant) === undefined)
  .sort((a, b) => Number(a.isOnce) - Number(b.isOnce))
console.log(`${ofTargets.length} mutants, ${chosen.length} chosen, ${left.length} to try.`)
await Promise.all(
  processes.map(async (testProcess) => {
    const trials = new Trials(testProcess)
    for (let mutant = next(); mutant; mutant = next()) {
      const { id, file, isOnce } = mutant
      const holders = targets.find((target) => target.file === file)?.tests ?? []
      const tests = isOnce
        ? holders.flatMap((holder) => survey.tests.get(holder) ?? [])
        : (survey.reaching.get(id) ?? [])
      note(await trials.try({ id, file, tests, holders, needsNewProcess: isOnce }))
    }
    note(await trials.settle())
  }),
)
report()
await postgres.stop()
process.exit(process.exitCode ?? 0)

function next(): NumberedMutant | undefined {
  if (performance.now() > deadline) return undefined
  if (left.length % 50 === 0 && left.length > 0) console.log(`${left.length} left`)
  return left.shift()
}

function note(outcomes: ReadonlyMap<number, Notice | undefined>): void {
  for (const [id, notice] of outcomes) {
    const mutant = mutants[id - 1] as NumberedMutant
    results.save(mutant, notice)
    const reached = survey.reaching.get(id)?.length ?? 0
    if (!notice) console.log(`${describe(mutant)} (${reached} tests reach it)`)
  }
}

function report(): void {
  const rows = wanted.map((file) => {
    const ofFile = chosen.filter((mutant) => mutant.file === file)
    const outcomes = ofFile.map((mutant) => results.find(mutant))
    return {
      file,
      mutants: ofTargets.filter((mutant) => mutant.file === file).length,
      excused: ofTargets.filter((mutant) => mutant.file === file && isExcused(mutant)).length,
      chosen: ofFile.length,
      killed: outcomes.filter((outcome) => outcome).length,
      survived: outcomes.filter((outcome) => outcome === null).length,
      left: outcomes.filter((outcome) => outcome === undefined).length,
    }
  })
  for (const mutant of chosen) if (results.find(mutant) === null) console.log(describe(mutant))
  console.table(rows)
  const killed = rows.reduce((sum, row) => sum + row.killed, 0)
  const survived = rows.reduce((sum, row) => sum + row.survived, 0)
  const tried = killed + survived
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`
  const bound =
    tried < ofTargets.length ? `, of all at least ${percent(lowerBound(killed, tried))} (95 % sure)` : ''
  console.log(`${killed} of ${tried} killed: ${percent(killed / tried)}${bound}.`)
  if (survived > 0 || idle.length > 0) process.exitCode = 1
}

function describe({ file, line, lineText, was, becomes }: NumberedMutant): string {
  const short = (text: string) => text.replace(/\s+/g, ' ').slice(0, 100)
  return `${file}:${line} lives: ${short(was)} → ${short(becomes) || 'nothing'}   | ${short(lineText)}`
}

function matches(
  excuse: (typeof excuses)[number],
  { file, lineText, was, becomes }: NumberedMutant,
): boolean {
  return excuse.file === file && excuse.line === lineText && excuse.was === was && excuse.becomes === becomes
}

/** So many of the mutants, at even distances in the order of files and lines, from a beginning by chance. */
function sample(all: readonly NumberedMutant[], count: number, seed: number): NumberedMutant[] {
  if (count >= all.length) return [...all]
  const distance = all.length / count
  const start = mulberry32(seed)() * distance
  return Array.from({ length: count }, (_, i) => all[Math.floor(start + i * distance)] as NumberedMutant)
}

/** The lower end of Wilson's interval at 95 %, one-sided (E. B. Wilson, JASA 22, 1927). */
function lowerBound(successes: number, trials: number): number {
  const z = 1.645
  const share = successes / trials
  const middle = share + z ** 2 / (2 * trials)
  const spread = z * Math.sqrt((share * (1 - share)) / trials + z ** 2 / (4 * trials ** 2))
  return (middle - spread) / (1 + z ** 2 / trials)
}
