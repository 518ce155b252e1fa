// `sqlite::memory:`: a database for a test, of which nothing is left when it is closed. Several threads read and write a database,
// so it is a file all the same, in a folder of its own that lies in memory if the system has such folders.
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** How somebody asks for such a database. */
const inMemory = 'sqlite::memory:'
/** Linux keeps what lies there in memory. */
const sharedMemory = '/dev/shm'

/** Where a database is, and how to remove it when it is closed. */
export interface DatabasePlace {
  url: string
  remove(): void
}

/** The folders that are there, for a program that ends without closing what it has opened. */
const folders = new Set<string>()

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  folders.delete(folder)
  if (folders.size === 0) process.off('exit', removeAll)
}

function removeAll(): void {
  for (const folder of folders) remove(folder)
}

/** Makes a place for a database that is to be in memory; any other one stays where it is. Throws what the file system says. */
export function placeDatabase(url: string): DatabasePlace {
  if (url !== inMemory) return { url, remove: () => {} }
  const folder = mkdtempSync(join(memoryFolder(), `latchkey-${process.pid}-`))
  if (folders.size === 0) process.once('exit', removeAll)
  folders.add(folder)
  return { url: `sqlite:${join(folder, 'latchkey.db')}`, remove: () => remove(folder) }
}

function memoryFolder(): string {
  try {
    accessSync(sharedMemory, constants.W_OK)
    return sharedMemory
  } catch {
    return tmpdir()
  }
}
