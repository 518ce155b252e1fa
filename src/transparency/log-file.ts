// A sealed log as a file, and its verification: by nothing but the file, checkpoints that somebody kept, and the key that signs.
//
// The first line says what it is and names the log. Then there is a line for each event, with tabs between its fields:
//
//   number  hash of the leaf  leaf  salt of the details  details  salt of the origin  origin
//
// Of events at the beginning that were cut, number and hash are left.
//
// A text that was erased, or that its reader may not have, is empty, and so is its salt. Details that are empty are named by an event
// further on, `log.erased`: the `event_ids` of its changes are the ids of the events whose details it has erased. Behind an empty line stands the note of a
// checkpoint, which covers exactly what is above it.
import { type Checkpoint, readCheckpoint, splitNotes } from './checkpoint.ts'
import { type ErasureLeaf, Erasures } from './erasures.ts'
import { commitmentTo } from './leaf.ts'
import { GrowingTree, hashBytes, leafHash } from './merkle.ts'
import { isSignedBy, type KnownSigner, readNote } from './signed-note.ts'

/** An event of a log, with what its reader may have of it. */
export interface SealedLine {
  /** Its number in the log, from 1 on. */
  sequence: number
  /** Of the leaf, in base64. */
  hash: string
  /** Null if the log was cut behind it. */
  leaf: string | null
  detailsSalt: string | null
  details: string | null
  originSalt: string | null
  origin: string | null
}

const title = 'latchkey log v1'

/** The first line of a file. */
export function headOfLog(origin: string): string {
  return `${title}\t${origin}\n`
}

/** The line of an event. */
export function lineOfLog({
  sequence,
  hash,
  leaf,
  details,
  detailsSalt,
  origin,
  originSalt,
}: SealedLine): string {
  const fields = [
    sequence,
    hash,
    leaf ?? '',
    detailsSalt ?? '',
    details ?? '',
    originSalt ?? '',
    origin ?? '',
  ]
  return `${fields.join('\t')}\n`
}

/** What stands at the end of a file. */
export function endOfLog(note: string): string {
  return `\n${note}`
}

/** Against what a log is held. */
export interface KnownOfLog {
  /** Files of checkpoints that somebody kept, with one note or several: each must have one of this log. */
  checkpoints: readonly string[]
  /** Checkpoints that the instance itself has kept: their notes, whoever has signed them. */
  instance?: readonly string[] | undefined
  /** Of whom one must have signed each checkpoint, that of the file too; if absent, signatures are not checked. */
  signers?: readonly KnownSigner[] | undefined
}

/** A log that was found to be whole. */
export interface VerifiedLog {
  origin: string
  events: number
  /** Of how many at its beginning only the hashes are left. */
  cut: number
  /** How many have no details any more. */
  erased: number
  root: string
  isSignerChecked: boolean
  /** With how many checkpoints it agrees that the instance itself has kept. */
  instance: number
  /** The sizes of the kept checkpoints that it agrees with. */
  checkpoints: number[]
}

/** The first thing that is wrong with a log. */
export class LogFault extends Error {
  override readonly name = 'LogFault'
  /** The event at which it shows; undefined for one that shows in no single event. */
  readonly sequence: number | undefined

  constructor(message: string, sequence?: number) {
    super(sequence === undefined ? message : `Event ${sequence}: ${message}`)
    this.sequence = sequence
  }
}

/** Verifies a log line by line, in one pass and little memory. Every method throws LogFault. */
export class LogVerifier {
  readonly #signers: readonly KnownSigner[] | undefined
  readonly #files: readonly (readonly Checkpoint[])[]
  readonly #instance: readonly Checkpoint[]
  #kept: (Checkpoint & { isOfInstance: boolean })[] = []
  readonly #agreed: number[] = []
  #ofInstance = 0
  #lastAgreed = 0
  readonly #tree = new GrowingTree()
  #origin: string | undefined
  #organizationId: string | undefined
  readonly #erasures = new Erasures()
  #erased = 0
  #cut = 0

  constructor({ checkpoints, instance = [], signers }: KnownOfLog) {
    this.#signers = signers
    this.#files = checkpoints.map((file) =>
      splitNotes(file).map((note) => this.#readNote(note, 'A checkpoint that was kept')),
    )
    // What a key has signed that has ended since is no fault: it is nothing to those who know others.
    this.#instance = instance
      .filter((note) => this.#isSigned(note))
      .map((note) => this.#readNote(note, 'A checkpoint of the instance'))
  }

  /** Takes the first line. */
  begin(line: string): void {
    const [name, origin, ...rest] = line.split('\t')
    if (name !== title || origin === undefined || origin === '' || rest.length > 0)
      throw new LogFault('The file is no log of Latchkey of a form that this version knows.')
    this.#origin = origin
    this.#organizationId = origin.split('/').slice(3).join('/') || undefined
    const isOwn = (checkpoint: Checkpoint) => checkpoint.origin === origin
    const foreign = this.#files.find((file) => !file.some(isOwn))
    if (foreign) throw new LogFault(`A checkpoint that was kept is of another log: ${foreign[0]?.origin}.`)
    const kept = this.#files.flat().map((checkpoint) => ({ ...checkpoint, isOfInstance: false }))
    const ofInstance = this.#instance.map((checkpoint) => ({ ...checkpoint, isOfInstance: true }))
    this.#kept = [...kept, ...ofInstance].filter(isOwn).sort((a, b) => a.size - b.size)
    this.#agreeWithKept()
  }

  /** Takes the line of an event. */
  event(line: string): void {
    const sequence = this.#tree.size + 1
    const fail = (message: string): never => {
      throw new LogFault(message, sequence)
    }
    const fields = line.split('\t')
    if (fields.length !== 7) fail('Its line does not have the form of one.')
    const [number, hash, leaf, detailsSalt, details, originSalt, origin] = fields as [
      ...[string, string, string, string],
      ...[string, string, string],
    ]
    if (number !== String(sequence))
      fail(
        `The number ${sequence} is missing: the line has ${/^\d{1,16}$/.test(number) ? number : 'another text'}.`,
      )
    if (leaf === '') {
      this.#cutEvent(fields, sequence, fail)
      return
    }
    const own = leafHash(leaf)
    if (own.toString('base64') !== hash) fail('The leaf is not the one that was sealed.')
    const read = readLeaf(leaf) ?? fail('The leaf has no form that this version knows.')
    if (this.#organizationId !== undefined && read.organization_id !== this.#organizationId)
      fail('It is of another organization.')
    if (detailsSalt === '' && details === '') this.#erased++
    else if (commitmentTo(detailsSalt, details) !== read.details)
      fail('The details are not those that were sealed.')
    if (originSalt !== '' || origin !== '') {
      if (commitmentTo(originSalt, origin) !== read.origin) fail('The origin is not the one that was sealed.')
    }
    if (!this.#erasures.event(sequence, read, details)) fail('It does not say what was erased.')
    this.#tree.append(own)
    this.#agreeWithKept()
  }

  /** Takes the line of an event of which only the hash is left: they stand at the beginning alone. */
  #cutEvent(
    [, hash = '', ...others]: readonly string[],
    sequence: number,
    fail: (message: string) => never,
  ): void {
    if (this.#cut !== sequence - 1 || others.some((field) => field !== '')) fail('Its leaf is missing.')
    const own = Buffer.from(hash, 'base64')
    if (own.length !== hashBytes || own.toString('base64') !== hash) fail('The hash is none.')
    this.#cut++
    this.#tree.append(own)
    this.#agreeWithKept()
  }

  /** Takes what stands behind the empty line. */
  end(note: string): VerifiedLog {
    const { size } = this.#tree
    const [missing] = this.#kept
    if (missing)
      throw new LogFault(`The log ends with event ${size}, and a checkpoint covers ${missing.size}.`)
    const checkpoint = this.#readNote(note, 'The checkpoint of the file')
    if (checkpoint.origin !== this.#origin)
      throw new LogFault('The checkpoint of the file is of another log.')
    if (checkpoint.size !== size)
      throw new LogFault(`The log ends with event ${size}, and its checkpoint covers ${checkpoint.size}.`)
    this.#agree(checkpoint, 'The checkpoint of the file')
    const { unnamed } = this.#erasures
    if (unnamed !== undefined)
      throw new LogFault('It lacks its details, and no event says that they were erased.', unnamed)
    return {
      origin: checkpoint.origin,
      events: size,
      cut: this.#cut,
      erased: this.#erased,
      root: checkpoint.root.toString('base64'),
      isSignerChecked: this.#signers !== undefined,
      instance: this.#ofInstance,
      checkpoints: this.#agreed,
    }
  }

  #agreeWithKept(): void {
    for (let next = this.#kept[0]; next?.size === this.#tree.size; next = this.#kept[0]) {
      this.#kept.shift()
      this.#agree(next, next.isOfInstance ? 'A checkpoint of the instance' : 'A checkpoint that was kept')
      if (next.isOfInstance) this.#ofInstance++
      else this.#agreed.push(next.size)
    }
  }

  #agree({ size, root }: Checkpoint, what: string): void {
    if (!this.#tree.root.equals(root)) {
      const from = this.#lastAgreed + 1
      if (from > size)
        throw new LogFault(`${what} does not fit the events, and another one of this size does.`)
      throw new LogFault(
        `${what} does not fit: something from event ${from} to ${size} is not what it was.`,
        from,
      )
    }
    this.#lastAgreed = size
  }

  #isSigned(note: string): boolean {
    const read = readNote(note)
    return this.#signers?.some((signer) => read !== undefined && isSignedBy(read, signer)) ?? true
  }

  #readNote(note: string, what: string): Checkpoint {
    const checkpoint = readCheckpoint(note)
    if (checkpoint === undefined) throw new LogFault(`${what} is no checkpoint.`)
    if (!this.#isSigned(note)) throw new LogFault(`${what} is not signed by the given key.`)
    return checkpoint
  }
}

interface ReadLeaf extends ErasureLeaf {
  v: number
  organization_id: string
  details: string
  origin: string | null
}

function readLeaf(leaf: string): ReadLeaf | undefined {
  try {
    const read: ReadLeaf = JSON.parse(leaf)
    return read.v === 1 ? read : undefined
  } catch {
    return undefined
  }
}

/** Verifies a whole file, as it is read. Throws LogFault. */
export async function verifyLog(file: AsyncIterable<Uint8Array>, known: KnownOfLog): Promise<VerifiedLog> {
  const verifier = new LogVerifier(known)
  // What is no Unicode was not sealed.
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let state = 'begin' as 'begin' | 'events' | 'end'
  let rest = ''
  const decode = (bytes?: Uint8Array) => {
    try {
      return bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode()
    } catch {
      throw new LogFault('The file is not in UTF-8.')
    }
  }
  const take = (line: string) => {
    if (state === 'begin') {
      verifier.begin(line)
      state = 'events'
    } else if (line === '') state = 'end'
    else verifier.event(line)
  }
  for await (const bytes of file) {
    rest += decode(bytes)
    let from = 0
    while (state !== 'end') {
      const to = rest.indexOf('\n', from)
      if (to < 0) break
      take(rest.slice(from, to))
      from = to + 1
    }
    rest = rest.slice(from)
  }
  rest += decode()
  if (state !== 'end') throw new LogFault('The file breaks off: it has no checkpoint at its end.')
  return verifier.end(rest)
}
