// Starts a worker that never comes to serve, and prints what the first process logs and throws.
import cluster from 'node:cluster'
import { pino } from 'pino'
import { createWorkers } from '../../src/cli/processes/workers.ts'

if (cluster.isPrimary) {
  const workers = createWorkers(pino({}, { write: (line: string) => process.stdout.write(line) }), 100)
  await workers.begin().catch((error: Error) => console.log(error.message))
  process.exit(0)
}
setInterval(() => {}, 1000)
