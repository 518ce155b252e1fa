// Writes a file all or nothing: beside its place until all is there, and then in its place.
import { randomUUID } from 'node:crypto'
import { type FileHandle, open, realpath, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { CommandError, exitCodes } from './failures.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Writes parts to a file, which is replaced once all are there; until then, and where one does not come, it stays as it was.
 * Who may read it, `mode` says, as far as the umask lets it. Throws CommandError for a place that no file can be written to, and what the parts throw.
 */
export async function writeWholeFile(
  path: string,
  parts: AsyncIterable<string>,
  mode = 0o666,
): Promise<void> {
  const place = await findPlace(path)
  const draft = join(dirname(place), `.${basename(place)}.${randomUUID().slice(0, 8)}.part`)
  const file = await open(draft, 'wx', mode).catch((error: Error) => {
    throw cannotWrite(path, error)
  })
  const stop = (signal: NodeJS.Signals) => void discard(file, draft).finally(() => endBy(signal))
  for (const signal of signals) process.once(signal, stop)
  try {
    for await (const part of parts)
      await file.write(part).catch((error: Error) => {
        throw cannotWrite(path, error)
      })
    await file.sync()
    await file.close()
    await rename(draft, place)
  } catch (error) {
    await discard(file, draft)
    throw error
  } finally {
    for (const signal of signals) process.off(signal, stop)
  }
}

/** Where the file is, behind links: what is a device or a folder stays one. */
async function findPlace(path: string): Promise<string> {
  try {
    const place = await realpath(path)
    if ((await stat(place)).isFile()) return place
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return path
    throw cannotWrite(path, error as Error)
  }
  throw new CommandError(
    exitCodes.usage,
    `--file: ${path} is no file. Leave --file out to write to standard output.`,
  )
}

function cannotWrite(path: string, error: Error): CommandError {
  return new CommandError(
    exitCodes.usage,
    `--file: ${path} cannot be written: ${(error as NodeJS.ErrnoException).code ?? error.message}. The file is as it was.`,
    error,
  )
}

async function discard(file: FileHandle, draft: string): Promise<void> {
  await file.close().catch(() => {})
  await unlink(draft).catch(() => {})
}

/** Ends as if the signal had not been heard: it is heard once. */
function endBy(signal: NodeJS.Signals): void {
  process.kill(process.pid, signal)
}
