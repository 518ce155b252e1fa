// Reads a Markdown document's code blocks, and compares what a command printed with what the document says.
import { readFileSync } from 'node:fs'

/** A fenced block; `line` is where its fence opens, from 1. */
export interface Block {
  language: string
  /** The file that it is, of a block that is one: it is written for the blocks behind it, and not run. */
  file?: string | undefined
  text: string
  line: number
}

/** A block to run, with the block of output that follows it, if one does. */
export interface Step extends Block {
  expected: Block | undefined
}

const runnable = new Set(['sh', 'ts', 'sql'])
const output = new Set(['text', 'json'])

export function readBlocks(path: string): Block[] {
  const blocks: Block[] = []
  let open: Block | undefined
  for (const [i, line] of readFileSync(path, 'utf8').split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line)
    if (fence && open) {
      blocks.push(open)
      open = undefined
    } else if (fence) {
      const [language = '', file] = (fence[1] ?? '').split(' ')
      open = { language, file, text: '', line: i + 1 }
    } else if (open) open.text += `${line}\n`
  }
  if (open) throw new Error(`${path}:${open.line}: the block does not end.`)
  return blocks
}

/** Sorts blocks into those that run, each with its output, and those that only people read. */
export function sortBlocks(blocks: readonly Block[]): { steps: Step[]; unrun: Block[] } {
  const steps: Step[] = []
  const unrun: Block[] = []
  for (const [i, block] of blocks.entries()) {
    const before = blocks[i - 1]
    if (runnable.has(block.language) || block.file !== undefined) {
      const next = blocks[i + 1]
      steps.push({ ...block, expected: next && output.has(next.language) ? next : undefined })
    } else if (!(output.has(block.language) && before && runnable.has(before.language))) unrun.push(block)
  }
  return { steps, unrun }
}

// Nothing but what differs from run to run, each by its exact shape.
const shapes: readonly [name: string, pattern: RegExp][] = [
  ['token', /\b[a-z][a-z0-9_]*_[0-9A-Za-z]{65}\b/g],
  ['hint', /\b[a-z][a-z0-9_]*_[0-9A-Za-z]{16}…/g],
  ['kid', /(?<=\bkid"?[ :]+"?)[0-9A-Za-z]{16}\b/gi],
  ['id', /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g],
  ['instant', /\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{3})?(?:Z\b|(?=\s|$))/g],
  ['while', /(?<= {2}|\()(?:\d+ seconds? ago|now)(?=$| {2}|\))/gm],
  ['duration', /\b\d+(?:\.\d+)?(?= ?ms\b)|(?<="(?:milliseconds|duration_ms)": ?)\d+(?:\.\d+)?/g],
  ['sealing key', /^[\w-]{8}(?= +(?:seals|opens|lost) )/gm],
  ['session', /(?<="page_value": ?")[\w-]{43}(?=")/g],
  ['seconds', /(?<=;t=|\bretry-after: |Try again in )\d+\b/gi],
  // Of something that was just made: an instant in milliseconds.
  ['revision', /\b\d{13}\b/g],
  ['port', /(?<=\b127\.0\.0\.1:)\d{4,5}\b/g],
]

/**
 * Makes a masking for one document: values that differ from run to run become their kind and a number, one
 * number a value, so that a document that shows one id for two keys is found out. Instants, durations and
 * ports bear no number.
 */
export function makeMask(): (text: string) => string {
  const names = new Map<string, string>()
  const counts = new Map<string, number>()
  return (text) => {
    const numbered = (kind: string, value: string) => {
      if (!names.has(value)) {
        counts.set(kind, (counts.get(kind) ?? 0) + 1)
        names.set(value, `<${kind} ${counts.get(kind)}>`)
      }
      return names.get(value) as string
    }
    const masked = shapes.reduce(
      (rest, [kind, pattern]) =>
        rest.replace(pattern, (value) =>
          ['token', 'hint', 'kid', 'id'].includes(kind) ? numbered(kind, value) : `<${kind}>`,
        ),
      text,
    )
    // Columns are as wide as what they hold.
    return masked
      .replace(/(<\w+(?: \d+)?>) +/g, '$1 ')
      .replace(/ +$/gm, '')
      .trimEnd()
  }
}

/** Brings output into one form: JSON as data in the order of its fields, short lists on one line; other text as it is. */
export function normalize(language: string, text: string): string {
  if (language !== 'json') return text
  try {
    const pretty = JSON.stringify(JSON.parse(text), null, 2)
    return pretty.replace(/\[\n[^[\]{}]*\n *\]/g, (list) =>
      JSON.stringify(JSON.parse(list)).replaceAll('","', '", "'),
    )
  } catch {
    return `not JSON: ${text}`
  }
}
