// The records of another system's export, one by one: JSON lines, one JSON document, or CSV with a line of names (RFC 4180).
import { createReadStream } from 'node:fs'
import { CommandError, exitCodes } from '../kit/failures.ts'

/** A record, and where it stands. */
export interface ImportRecord {
  /** The number of its line, or of its place in a list; from 1 on. */
  at: number
  fields: Record<string, unknown>
}

/** One JSON document is read whole; JSON lines and CSV may be of any length. */
const longestDocument = 256 * 1024 * 1024
/** A line, or a record of CSV, is no longer than this. */
const longestRecord = 1024 * 1024

/** Reads the records of a file. Throws CommandError for a file that cannot be read, and for what is none of the three forms. */
export async function* readRecords(path: string): AsyncGenerator<ImportRecord> {
  const parts = readParts(path)
  let head = ''
  while (head.trim() === '') {
    const { done, value } = await parts.next()
    if (done) return
    head += value
  }
  const all = withHead(head.replace(/^\uFEFF/, ''), parts)
  const first = head.trimStart().replace(/^\uFEFF/, '')[0]
  if (first === '[') yield* fromDocument(await readWhole(path, all))
  else if (first === '{') yield* fromLines(path, all)
  else yield* fromCsv(path, all)
}

async function* readParts(path: string): AsyncGenerator<string, void> {
  try {
    yield* createReadStream(path, { encoding: 'utf8', highWaterMark: 256 * 1024 })
  } catch (error) {
    const { code = (error as Error).message } = error as NodeJS.ErrnoException
    throw new CommandError(exitCodes.usage, `${path} cannot be read: ${code}.`, error)
  }
}

async function* withHead(head: string, parts: AsyncIterable<string>): AsyncGenerator<string> {
  yield head
  yield* parts
}

async function readWhole(path: string, parts: AsyncIterable<string>): Promise<unknown> {
  let text = ''
  for await (const part of parts) {
    text += part
    if (text.length > longestDocument)
      throw wrongFile(path, 1, 'It is too long for one document: write JSON lines.')
  }
  try {
    return JSON.parse(text)
  } catch {
    throw wrongFile(path, 1, 'It is no JSON.')
  }
}

/** A list of records, or a page with them in `data`. */
function* fromDocument(document: unknown): Generator<ImportRecord> {
  for (const [i, record] of listIn(document).entries()) yield { at: i + 1, fields: fieldsOf(record) }
}

function listIn(document: unknown): unknown[] {
  if (Array.isArray(document)) return document
  const { data } = Object(document)
  return Array.isArray(data) ? data : [document]
}

function fieldsOf(record: unknown): Record<string, unknown> {
  return typeof record === 'object' && record !== null && !Array.isArray(record)
    ? (record as Record<string, unknown>)
    : {}
}

/** One record a line, or one page of records; a single document in several lines too. */
async function* fromLines(path: string, parts: AsyncIterable<string>): AsyncGenerator<ImportRecord> {
  let at = 0
  let document = ''
  for await (const line of linesOf(path, parts)) {
    at++
    if (line.trim() === '') continue
    const record = document === '' ? parse(line) : undefined
    if (record !== undefined) {
      for (const item of listIn(record)) yield { at, fields: fieldsOf(item) }
      continue
    }
    // A document that is written over several lines begins with a line that is none by itself.
    if (document === '' && at > 1) throw wrongFile(path, at, 'The line is no JSON.')
    document += `${line}\n`
    if (document.length > longestDocument) throw wrongFile(path, at, 'The line is no JSON.')
  }
  if (document === '') return
  const whole = parse(document)
  if (whole === undefined) throw wrongFile(path, 1, 'It is no JSON.')
  yield* fromDocument(whole)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

async function* linesOf(path: string, parts: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = ''
  for await (const part of parts) {
    const lines = (rest + part).split('\n')
    rest = lines.pop() as string
    if (rest.length > longestRecord) throw wrongFile(path, undefined, 'A line is too long.')
    yield* lines
  }
  if (rest !== '') yield rest
}

async function* fromCsv(path: string, parts: AsyncIterable<string>): AsyncGenerator<ImportRecord> {
  let names: string[] | undefined
  let at = 0
  for await (const cells of csvRecords(path, parts)) {
    at++
    if (names === undefined) {
      names = cells.map((name) => name.trim())
      continue
    }
    if (cells.length === 1 && cells[0] === '') continue
    if (cells.length !== names.length)
      throw wrongFile(
        path,
        at,
        `The record has ${cells.length} cells, and the first line names ${names.length}.`,
      )
    const fields = names.map((name, i) => [name, cells[i] === '' ? null : cells[i]])
    yield { at, fields: Object.fromEntries(fields) }
  }
}

/** The cells of each record. In quotes stands anything, a quote twice. */
async function* csvRecords(path: string, parts: AsyncIterable<string>): AsyncGenerator<string[]> {
  let cells: string[] = []
  let cell = ''
  let state: 'plain' | 'quoted' | 'after quote' = 'plain'
  let length = 0
  for await (const part of parts)
    for (const character of part) {
      if (++length > longestRecord) throw wrongFile(path, undefined, 'A record is too long.')
      if (state === 'quoted') {
        if (character === '"') state = 'after quote'
        else cell += character
        continue
      }
      if (character === '"') {
        if (state === 'after quote') cell += character
        state = 'quoted'
      } else if (character === ',') {
        cells.push(cell)
        cell = ''
        state = 'plain'
      } else if (character === '\n') {
        yield [...cells, cell.replace(/\r$/, '')]
        cells = []
        cell = ''
        state = 'plain'
        length = 0
      } else cell += character
    }
  if (state === 'quoted') throw wrongFile(path, undefined, 'A quote is not closed.')
  if (cells.length > 0 || cell !== '') yield [...cells, cell]
}

function wrongFile(path: string, at: number | undefined, what: string): CommandError {
  return new CommandError(exitCodes.usage, `${path}${at === undefined ? '' : `, ${at}`}: ${what}`)
}
