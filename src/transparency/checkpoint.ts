// Checkpoints, as https://c2sp.org/tlog-checkpoint has them: the size and the root of a log at an instant, in a note.
import { hashBytes } from './merkle.ts'
import { readNote } from './signed-note.ts'

/** How large a log was, and by what its content then is known. */
export interface Checkpoint {
  /** Names the log, for ever. */
  origin: string
  size: number
  root: Buffer
}

/** The text that is signed. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${root.toString('base64')}\n`
}

/** Parts the notes of a file in which they stand one behind the other. */
export function splitNotes(text: string): string[] {
  return text.split(/(?<=\n)(?=[^\n]+\n\d+\n[^\n]+\n\n)/)
}

/** Reads the checkpoint of a note; undefined if it is none. */
export function readCheckpoint(note: string): Checkpoint | undefined {
  const text = readNote(note)?.text ?? ''
  const [, origin, size, encoded] = /^([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]+=?)\n$/.exec(text) ?? []
  if (origin === undefined || encoded === undefined) return undefined
  const root = Buffer.from(encoded, 'base64')
  if (root.length !== hashBytes || root.toString('base64') !== encoded) return undefined
  return { origin, size: Number(size), root }
}
