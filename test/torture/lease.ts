// Runs the model of the lease over many seeds: `node test/torture/lease.ts [seeds] [--from N] [--break lease|clock|log|barrier|overtaken|pause|proof|identity]`.
import { parseArgs } from 'node:util'
import { type Breakage, simulate } from './lease-model.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { from: { type: 'string', default: '1' }, break: { type: 'string' } },
})
const first = Number(values.from)
const seeds = Number(positionals[0] ?? 10_000)
const breakage = values.break as Breakage | undefined
const sum = { verdicts: 0, valid: 0, revocations: 0, barriers: 0 }
for (let seed = first; seed < first + seeds; seed++) {
  const history = await simulate(seed, breakage)
  if (history.violation !== undefined) {
    console.error(`Seed ${seed}: ${history.violation}`)
    console.error(
      `Again: node test/torture/lease.ts 1 --from ${seed}${breakage ? ` --break ${breakage}` : ''}`,
    )
    process.exit(1)
  }
  for (const name of ['verdicts', 'valid', 'revocations', 'barriers'] as const) sum[name] += history[name]
}
console.log(`${seeds} histories, no violation:`, sum)
