// `npm run mutate`: puts one small fault after the other into the code that safety hangs on, and sees whether a test
// notices. `--only=judge` takes one file, `--minutes=10` ends after so long; a later run goes on where this one ended.
import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { applyMutant, type Mutant, makeMutants } from './mutants.ts'
import type { RunOrder, RunReply } from './runner.ts'
import { survivors } from './survivors.ts'
import { type Target, targets } from './targets.ts'

const repository = resolve(import.meta.dirname, '../..')
const results = join(repository, '.test-output/mutants.json')
/** A mutant that runs for longer goes round in circles; that is noticed too. */
const patienceMs = 120_000

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    minutes: { type: 'string', default: '60' },
    again: { type: 'boolean' },
  },
})
const deadline = performance.now() + Number(values.minutes) * 60_000
const chosen = targets.filter(({ file }) => values.only === undefined || file === `src/${values.only}.ts`)
if (chosen.length === 0)
  throw new Error(`No such file: ${targets.map(({ file }) => file.slice(4, -3)).join(', ')}.`)

/** What became of each mutant: the test that noticed, or null. Under the digest of all that it depends on. */
const known: Record<string, string | null> = existsSync(results)
  ? JSON.parse(readFileSync(results, 'utf8'))
  : {}
const folder = copyRepository()
let runner: ChildProcess | undefined
process.once('SIGINT', () => process.exit(130))
process.once('exit', () => {
  runner?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const rows: {
  file: string
  mutants: number
  killed: number
  accepted: number
  survived: number
  left: number
}[] = []
for (const target of chosen) rows.push(await mutate(target))
console.table(rows)
const total = rows.reduce((sum, { mutants, accepted, left }) => sum + mutants - accepted - left, 0)
const killed = rows.reduce((sum, row) => sum + row.killed, 0)
console.log(`${killed} of ${total} killed: ${((100 * killed) / total).toFixed(1)} %.`)
process.exit(rows.some(({ survived }) => survived > 0) ? 1 : 0)

async function mutate({ file, tests }: Target): Promise<(typeof rows)[number]> {
  const path = join(repository, file)
  const source = readFileSync(path, 'utf8')
  const mutants = makeMutants(source)
  const row = { file, mutants: mutants.length, killed: 0, accepted: 0, survived: 0, left: 0 }
  const setting = [source, ...tests.map((test) => readFileSync(join(repository, test), 'utf8'))].join('\0')
  let isSound = false
  for (const mutant of mutants) {
    if (isAccepted(file, mutant)) {
      row.accepted++
      continue
    }
    const id = createHash('sha256')
      .update(JSON.stringify([setting, mutant]))
      .digest('base64url')
      .slice(0, 22)
    if (known[id] === undefined || (values.again && known[id] === null)) {
      if (performance.now() > deadline) {
        row.left++
        continue
      }
      if (!isSound) await checkSound(tests)
      isSound = true
      known[id] = await judge(file, applyMutant(source, mutant), tests)
      mkdirSync(join(repository, '.test-output'), { recursive: true })
      writeFileSync(results, JSON.stringify(known))
    }
    if (known[id] === null) {
      row.survived++
      console.log(
        `${file}:${mutant.line} lives: ${oneLine(mutant.was)} → ${oneLine(mutant.becomes) || 'nothing'}`,
      )
    } else row.killed++
  }
  writeFileSync(join(folder, file), source)
  if (runner) await run({ changed: join(folder, file), tests: [] })
  console.log(`${file}: ${row.killed} of ${row.mutants} killed`)
  return row
}

/** Throws where the tests fail without any fault: then they tell nothing. */
async function checkSound(tests: string[]): Promise<void> {
  const failed = await run({ changed: undefined, tests })
  if (failed) throw new Error(`Fails without a mutant: ${failed}`)
}

async function judge(file: string, mutated: string, tests: string[]): Promise<string | null> {
  writeFileSync(join(folder, file), mutated)
  return (await run({ changed: join(folder, file), tests })) ?? null
}

/** Runs tests on the copy; gives the one that failed. */
async function run(order: RunOrder): Promise<string | undefined> {
  runner ??= await startRunner()
  const child = runner
  const { promise, resolve: answer } = Promise.withResolvers<string | undefined>()
  const giveUp = (why: string) => {
    runner?.kill('SIGKILL')
    runner = undefined
    answer(why)
  }
  const timer = setTimeout(giveUp, patienceMs, 'it does not end')
  const crashed = () => giveUp('the test process crashed')
  child.once('exit', crashed)
  child.once('message', ({ failed }: RunReply) => answer(failed))
  child.send(order)
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    child.removeAllListeners('message').off('exit', crashed)
  }
}

async function startRunner(): Promise<ChildProcess> {
  const child = fork(join(folder, 'test/mutate/runner.ts'), [folder], {
    cwd: folder,
    silent: true,
    env: { ...process.env, LATCHKEY_TEST_RUNS: '60' },
  })
  for (const stream of [child.stdout, child.stderr]) stream?.resume()
  await once(child, 'message')
  return child
}

function isAccepted(file: string, { was, becomes }: Mutant): boolean {
  return survivors.some((each) => each.file === file && each.was === was && each.becomes === becomes)
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 100)
}

/** Copies what tests need, so that no fault ever stands in the source itself. */
function copyRepository(): string {
  const copy = mkdtempSync(join(tmpdir(), 'latchkey-mutants-'))
  for (const name of [
    'src',
    'test',
    'docs',
    'examples',
    'package.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'README.md',
  ])
    cpSync(join(repository, name), join(copy, name), { recursive: true })
  for (const name of ['node_modules', 'dist']) symlinkSync(join(repository, name), join(copy, name))
  return copy
}
