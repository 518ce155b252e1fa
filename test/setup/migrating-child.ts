// A process that migrates a database, and is killed amid that: before the step of a number.
import { openLatchkey } from '../../src/latchkey.ts'
import { steps } from '../../src/store/migrations/migrations.ts'

const [, , database = '', before = ''] = process.argv
const end = () => {
  process.kill(process.pid, 'SIGKILL')
  return new Promise<void>(() => {})
}
;(steps as (() => Promise<void>)[]).splice(Number(before) - 1, 0, end)
await openLatchkey({ database })
