// Settings that are whole numbers.
import { type Given, refuse } from './given-settings.ts'

/** Throws `invalid_input`. */
export function readPort(given: Given | undefined): number {
  if (given === undefined) return 7373
  if (/^\d{1,5}$/.test(given.value) && Number(given.value) <= 65_535) return Number(given.value)
  refuse(`${given.from}: Must be a whole number from 0 to 65535. 0 chooses a free port.`)
}

const mostWorkers = 256

/** Throws `invalid_input`. */
export function readWorkers(given: Given | undefined): number {
  if (given === undefined) return 1
  const count = /^\d{1,3}$/.test(given.value) ? Number(given.value) : 0
  if (count >= 1 && count <= mostWorkers) return count
  refuse(
    `${given.from}: Must be a whole number of processes from 1 to ${mostWorkers}. One process per core is usual.`,
  )
}

const maxKeepAliveSeconds = 86_400

/** Throws `invalid_input`. */
export function readKeepAlive(given: Given | undefined): number {
  // Longer than proxies keep an idle connection (Google's 600 s, Envoy's hour): they must be the ones to close it.
  if (given === undefined) return 3_660_000
  const seconds = /^\d{1,5}$/.test(given.value) ? Number(given.value) : 0
  if (seconds >= 1 && seconds <= maxKeepAliveSeconds) return seconds * 1000
  refuse(`${given.from}: Must be a whole number of seconds from 1 to ${maxKeepAliveSeconds}.`)
}
