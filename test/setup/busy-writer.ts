// A thread that holds the write lock of an SQLite database nearly all the time, as a process does that writes to a slow
// disk without a pause: ended from outside.
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

const heldMs = 10
const pauseMs = 0.4
const nobodyWakes = new Int32Array(new SharedArrayBuffer(4))

const db = new DatabaseSync(workerData as string, { timeout: 0 })
for (let rounds = 0; ; rounds++) {
  while (!db.isTransaction)
    try {
      db.exec('begin immediate')
    } catch {
      // Another has it for a moment: tried again at once, so that none can write twice in a row.
    }
  Atomics.wait(nobodyWakes, 0, 0, heldMs)
  db.exec('rollback')
  Atomics.wait(nobodyWakes, 0, 0, pauseMs)
  if (rounds === 0) parentPort?.postMessage('begun')
}
