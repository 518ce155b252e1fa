// Runs the model of limits over many seeds: `node test/torture/limits.ts [seeds] [--from N] [--break RULE] [--verifiers N] [--all]`.
import { parseArgs } from 'node:util'
import { type Breakage, breakages, loanBreakages, simulate } from './limits-model.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    from: { type: 'string', default: '1' },
    break: { type: 'string' },
    verifiers: { type: 'string', default: '0' },
    all: { type: 'boolean', default: false },
  },
})
const first = Number(values.from)
const seeds = Number(positionals[0] ?? 2_000)
const rules: readonly string[] = [...breakages, ...loanBreakages]
if (values.break !== undefined && !rules.includes(values.break))
  throw new Error(`--break: one of ${rules.join(', ')}`)
const breakage = values.break as Breakage | undefined
const sum = { calls: 0, admitted: 0, refused: 0, failed: 0, evicted: 0, settled: 0, lost: 0 }
let violations = 0
for (let seed = first; seed < first + seeds; seed++) {
  const history = await simulate(seed, breakage, Number(values.verifiers))
  if (history.violation !== undefined) {
    violations++
    console.error(`Seed ${seed}: ${history.violation}`)
    if (!values.all) break
  }
  for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += history[name]
}
console.log(`${seeds} histories, ${violations} with a violation:`, sum)
process.exitCode = violations > 0 ? 1 : 0
