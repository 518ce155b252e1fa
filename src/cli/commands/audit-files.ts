// The sealed log as a file: how it is written, and how it is verified, from a file or as it is read.
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Audit } from '../../core/shapes/audit.ts'
import type { Checkpoint, ReadCheckpointInput } from '../../core/shapes/checkpoints.ts'
import { Erasures } from '../../transparency/erasures.ts'
import {
  endOfLog,
  headOfLog,
  type KnownOfLog,
  LogFault,
  lineOfLog,
  type VerifiedLog,
  verifyLog,
} from '../../transparency/log-file.ts'
import { WrongPeaks } from '../../transparency/merkle.ts'
import { type KnownSigner, readVerifierKey } from '../../transparency/signed-note.ts'
import { CommandError, exitCodes } from '../kit/failures.ts'
import { print, printNote } from '../kit/output.ts'

type LogReader = Pick<Audit, 'readCheckpoint' | 'listAllSealed'>
type LiveLog = LogReader & Pick<Audit, 'listAllCheckpoints'>

const partLength = 64 * 1024

/** So often a log that is erased from while it is written goes on to another checkpoint. */
const maxCheckpoints = 5

/**
 * Writes a log up to a checkpoint, in parts as its pages come. If details are erased meanwhile, it goes on to a later checkpoint, so
 * that it has the event that says so. Tells of the checkpoint at its end.
 */
export async function* writeLog(
  audit: LogReader,
  input: ReadCheckpointInput,
  first: Checkpoint,
  onEnd: (checkpoint: Checkpoint) => void = () => {},
): AsyncGenerator<string, void> {
  const erasures = new Erasures()
  let checkpoint = first
  let written = 0
  let part = headOfLog(first.origin)
  for (let checkpoints = 1; ; checkpoints++) {
    if (checkpoint.size > written) {
      for await (const event of audit.listAllSealed({ ...input, after: String(written) })) {
        part += lineOfLog(event)
        written = event.sequence
        if (event.leaf !== null) erasures.event(written, JSON.parse(event.leaf), event.details ?? '')
        // What came after the checkpoint is for the next one.
        if (written === checkpoint.size) break
        if (part.length < partLength) continue
        yield part
        part = ''
      }
    }
    if (erasures.unnamed === undefined || checkpoints === maxCheckpoints) break
    const next = await audit.readCheckpoint(input)
    if (next.origin !== checkpoint.origin || next.size <= written) break
    checkpoint = next
  }
  onEnd(checkpoint)
  yield part + endOfLog(checkpoint.note)
}

/** Against what a log is held: files of checkpoints, and a public key. */
export interface VerifyOptions {
  checkpoint?: readonly string[]
  key?: readonly string[]
}

/** What an answer of `audit verify` holds. */
export type Verified = VerifiedLog | { fault: string; sequence: number | null }

/** Verifies a file, or what a log consists of now. What is wrong with it is an answer. Throws CommandError for what cannot be read. */
export async function verify(
  log: { file: string } | { audit: LiveLog; input: ReadCheckpointInput },
  options: VerifyOptions,
): Promise<Verified> {
  const known = await readKnown(options)
  // Before the log: those that are kept meanwhile are of one that is longer.
  if ('audit' in log) known.instance = await keptBy(log.audit, log.input)
  try {
    return await verifyLog('file' in log ? readLogFile(log.file) : readLog(log.audit, log.input), known)
  } catch (error) {
    if (error instanceof WrongPeaks)
      return { fault: 'The head of the log is not one of its size.', sequence: null }
    if (!(error instanceof LogFault)) throw error
    return { fault: error.message, sequence: error.sequence ?? null }
  }
}

/** Prints what a verification came to. */
export function printVerified(verified: Verified): void {
  if ('fault' in verified) {
    print(`Not what was sealed. ${verified.fault}`)
    return
  }
  const { origin, events, cut, erased, instance, checkpoints, isSignerChecked } = verified
  print(`${events === 1 ? '1 event' : `${events} events`} of ${origin}: as they were sealed.`)
  if (cut > 0) print(`Of the first ${cut} only the hashes are left: the log was cut.`)
  if (erased > 0) print(`The details of ${erased} were erased.`)
  if (instance > 0)
    print(
      `Agrees with ${instance === 1 ? 'the checkpoint' : `the ${instance} checkpoints`} that the instance has kept.`,
    )
  if (checkpoints.length > 0) print(`Goes on from what it was at ${inShort(checkpoints)}, as you kept it.`)
  else printNote('Without --checkpoint, nobody has shown that it was not written anew as a whole.')
  print(isSignerChecked ? 'The signatures are of the given key.' : 'Signer not checked: give its --key.')
}

function inShort(sizes: readonly number[]): string {
  if (sizes.length <= 5) return sizes.join(', ')
  return `${sizes.slice(0, 2).join(', ')}, … and ${sizes.at(-1)} (${sizes.length} checkpoints)`
}

async function keptBy(audit: LiveLog, input: ReadCheckpointInput): Promise<string[]> {
  const notes: string[] = []
  for await (const { note } of audit.listAllCheckpoints(input)) notes.push(note)
  return notes
}

async function readKnown({ checkpoint = [], key }: VerifyOptions): Promise<KnownOfLog> {
  // `audit signers` prints one a line.
  const signers = key?.flatMap((text) => text.trim().split(/\s+/)).map((text) => readVerifierKey(text))
  if (signers?.includes(undefined))
    throw new CommandError(
      exitCodes.usage,
      '--key: Must be a public key, as `latchkey audit signers` prints it.',
    )
  const checkpoints = await Promise.all(
    checkpoint.map((path) => readFile(path, 'utf8').catch((error: Error) => cannotRead(path, error))),
  )
  return { checkpoints, signers: signers as KnownSigner[] | undefined }
}

async function* readLogFile(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: 1024 * 1024 })
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) cannotRead(path, error)
    throw error
  }
}

async function* readLog(audit: LogReader, input: ReadCheckpointInput): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  const checkpoint = await audit.readCheckpoint(input)
  for await (const part of writeLog(audit, input, checkpoint)) yield encoder.encode(part)
}

function cannotRead(path: string, error: Error): never {
  const { code = error.message } = error as NodeJS.ErrnoException
  throw new CommandError(exitCodes.usage, `${path} cannot be read: ${code}.`, error)
}
