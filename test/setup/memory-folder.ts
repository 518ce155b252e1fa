// A folder for the databases of tests, which outlive no run.
import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'

/**
 * Where files lie in memory, if there is room: a database is made for each test, on PostgreSQL one of hundreds of files, and every
 * change waits for the disk that others keep busy.
 */
export function memoryFolder(): string {
  const folder = '/dev/shm'
  try {
    const { bavail, bsize } = statfsSync(folder)
    return bavail * bsize >= leastMemory ? folder : tmpdir()
  } catch {
    return tmpdir()
  }
}

const leastMemory = 4 * 1024 ** 3
