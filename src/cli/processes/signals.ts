// Hears the signals that end a server, from the first moment of its process on: process 1 of a container never gets a
// signal that it does not listen for.
import cluster from 'node:cluster'
import { exitCodes } from '../kit/exit-codes.ts'

const stopSignals = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const
export type StopSignal = keyof typeof stopSignals

/** Ctrl-C under `npm start` comes twice at once, from the terminal and from npm. */
const echoMs = 250

/** What a process does when it is told to stop. */
export interface StopListener {
  /** The first signal: end in order. */
  stop(signal: StopSignal): void
  /** A later one: end at once, with this exit code. */
  stopAtOnce(signal: StopSignal, exitCode: number): void
}

// Until something has begun, there is nothing to end.
let listener: StopListener = {
  stop: () => process.exit(exitCodes.ok),
  stopAtOnce: (_, exitCode) => process.exit(exitCode),
}

/** Listens from now on. A worker leaves every signal to the primary, which stops all of them in order. */
export function hearStopSignals(): void {
  let firstAt: number | undefined
  for (const [signal, number] of Object.entries(stopSignals) as [StopSignal, number][]) {
    process.on(signal, () => {
      if (cluster.isWorker) return
      if (firstAt === undefined) {
        firstAt = performance.now()
        listener.stop(signal)
      } else if (performance.now() - firstAt > echoMs) listener.stopAtOnce(signal, 128 + number)
    })
  }
}

/** Hands the signals of {@link hearStopSignals} to the code that ends what has begun. */
export function onStopSignal(next: StopListener): void {
  listener = next
}
