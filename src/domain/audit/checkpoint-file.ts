// The file to which this process appends the checkpoints of the log of all that it makes: for somebody to take away.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants

/** A file of checkpoints, one behind the other. Whatever becomes of it, nothing else stops. */
export class CheckpointFile {
  readonly #path: string
  readonly #warn: (message: string) => void

  constructor(path: string, warn: (message: string) => void) {
    this.#path = path
    this.#warn = warn
  }

  /** Says so now if nothing can be written to it. */
  async check(): Promise<void> {
    await this.#write('')
  }

  /** Appends the note of a checkpoint, whole or not at all. Says so if that fails. */
  async append(note: string): Promise<void> {
    await this.#write(note)
  }

  async #write(text: string): Promise<void> {
    try {
      // A pipe is not waited for: who opens one waits until somebody reads it.
      const file = await open(this.#path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o644)
      try {
        const { size } = await file.stat()
        if (text === '') return
        try {
          await file.appendFile(text)
          await file.datasync()
        } catch (error) {
          // What a full disk has taken of it would stand before the next one.
          await file.truncate(size).catch(() => {})
          throw error
        }
      } finally {
        await file.close()
      }
    } catch (error) {
      const { code = 'no code' } = error as NodeJS.ErrnoException
      this.#warn(
        `Cannot write checkpoints to ${this.#path}: ${code}. They are kept in the database alone, and nothing else depends on the file.`,
      )
    }
  }
}
