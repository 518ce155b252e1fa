// How many connections a process has files for: each takes one, and so do the database, the log and what listens.
import { readFileSync } from 'node:fs'

/** What else is open: databases' files and connections, sockets that listen, the log, pages of the console being read. */
const othersMost = 128

/**
 * How many connections the process may have open, of as many as it would: fewer if the system gives it no files for them
 * (`RLIMIT_NOFILE`, getrlimit(2)), and at least one.
 */
export function connectionsWithin(wanted: number): number {
  return Math.max(1, Math.min(wanted, readMostOpenFiles() - othersMost))
}

/** Infinity if the system does not tell. */
function readMostOpenFiles(): number {
  try {
    const limits = readFileSync('/proc/self/limits', 'utf8')
    const [, most] = /^Max open files +(\d+) /m.exec(limits) ?? []
    return most === undefined ? Number.POSITIVE_INFINITY : Number(most)
  } catch {
    return Number.POSITIVE_INFINITY
  }
}
