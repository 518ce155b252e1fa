// Tables for people: as wide as the terminal at most, since a row that wraps is no row any more. Columns leave it, or
// shrink, in an order that each list gives; `-o wide` keeps them all, and so does output that goes to a file or a pipe.
import { styleText } from 'node:util'
import { Option } from 'commander'
import { pad, print, printNote, shorten, toPrintable, widthOf } from './output.ts'

/** A column of a table. */
export interface Column<Item> {
  heading: string
  value(item: Item): string
  /** Its place in the order in which columns leave a table that is too wide, from 1; absent for one that stays. */
  leaves?: number
  /** Numbers, which stand below each other by their last digit. */
  isNumber?: true
  /** Whether long values may be cut, down to {@link leastShrunk}; ids may not, since people copy them. */
  shrinks?: true
  color?(item: Item): 'green' | 'yellow' | 'red'
}

const maxCell = 48
const leastShrunk = 12
const gap = 2
/** What is drawn behind rows is neither too short to tell anything nor longer than it need be. */
const leastDrawn = 8
const mostDrawn = 50
/** The width of output that goes to no terminal. */
const usualWidth = 80

/** `-o wide`, which every list has. */
export function wideOption(): Option {
  return new Option('-o, --output <form>', 'wide: all columns, however narrow the terminal').choices(['wide'])
}

interface Printing<Item> {
  /** Whether all columns are printed, however narrow the terminal. */
  isWide?: boolean
  /** Draws something behind a row, as long as the rest of the terminal lets it be. */
  draw?(item: Item, width: number): string
}

/** Prints items as a table that fits the terminal, and says how many columns it left out. */
export function printTable<Item>(
  columns: readonly Column<Item>[],
  items: readonly Item[],
  { isWide = false, draw }: Printing<Item> = {},
): void {
  const { isTTY, columns: width } = process.stdout
  // A terminal that does not know its width says 0.
  const table = layOut(columns, items, (isTTY && !isWide && width) || Number.POSITIVE_INFINITY)
  // Honours NO_COLOR, FORCE_COLOR and what the stream is (no-color.org).
  const paint = (format: Parameters<typeof styleText>[0], text: string) =>
    styleText(format, text, { stream: process.stdout })
  const lengths = table.rows.map((cells) => cells.reduce((sum, { text }) => sum + widthOf(text), 0))
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0)
  const rest = Math.min(mostDrawn, (width || usualWidth) - longest - gap)
  const rows = table.rows.map((cells, i) => {
    const row = cells.map(({ text, color }) => (color ? paint(color, text) : text)).join('')
    const drawn = rest >= leastDrawn ? (draw?.(items[i] as Item, rest) ?? '') : ''
    return drawn === '' ? row : row + ' '.repeat(longest - (lengths[i] ?? 0) + gap) + drawn
  })
  // One text: a list may have more rows than a call has arguments.
  print([paint('bold', table.heading), ...rows].join('\n'))
  if (table.left > 0) {
    const what = table.left === 1 ? 'One column does' : `${table.left} columns do`
    printNote(`${what} not fit the terminal: see all with -o wide.`)
  }
}

interface Cell {
  text: string
  color: 'green' | 'yellow' | 'red' | undefined
}

/** A table as lines of at most `width` columns of the terminal, if its columns that stay allow it. */
export function layOut<Item>(
  columns: readonly Column<Item>[],
  items: readonly Item[],
  width: number,
): { heading: string; rows: Cell[][]; left: number } {
  const all = columns.map((column) => measure(column, items))
  let kept = all
  const leavers = all.filter(({ column }) => column.leaves !== undefined)
  leavers.sort((a, b) => (a.column.leaves ?? 0) - (b.column.leaves ?? 0))
  while (total(kept.map(leastWidth)) > width && leavers.length > 0) {
    const leaver = leavers.shift()
    kept = kept.filter((one) => one !== leaver)
  }
  const widths = shrink(kept, width)
  const line = (texts: readonly string[]) =>
    texts.map((text, i) => (i === texts.length - 1 ? text : pad(text, (widths[i] ?? 0) + gap)))
  const cut = (text: string, i: number) => (kept[i]?.column.shrinks ? shorten(text, widths[i] ?? 0) : text)
  return {
    heading: line(kept.map(({ column, width }) => align(column, column.heading, width)))
      .join('')
      .trimEnd(),
    rows: items.map((item, row) =>
      line(kept.map(({ cells }, i) => cut(cells[row] as string, i))).map((text, i) => ({
        text: i === kept.length - 1 ? text.trimEnd() : text,
        color: kept[i]?.column.color?.(item),
      })),
    ),
    left: all.length - kept.length,
  }
}

interface Measured<Item> {
  column: Column<Item>
  cells: string[]
  width: number
}

function measure<Item>(column: Column<Item>, items: readonly Item[]): Measured<Item> {
  const cells = items.map((item) => {
    const text = toPrintable(column.value(item))
    return column.shrinks ? shorten(text, maxCell) : text
  })
  const width = cells.reduce((widest, cell) => Math.max(widest, widthOf(cell)), widthOf(column.heading))
  return { column, cells: cells.map((text) => align(column, text, width)), width }
}

function align<Item>({ isNumber }: Column<Item>, text: string, width: number): string {
  return isNumber ? text.padStart(width) : text
}

function leastWidth<Item>({ column, width }: Measured<Item>): number {
  return column.shrinks ? Math.min(width, Math.max(leastShrunk, widthOf(column.heading))) : width
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + gap, -gap)
}

/** Takes what is too much from the widest of those that shrink, until all fits or none can give more. */
function shrink<Item>(kept: readonly Measured<Item>[], width: number): number[] {
  const widths = kept.map((one) => one.width)
  while (total(widths) > width) {
    const spare = kept.map((one, i) => (widths[i] ?? 0) - leastWidth(one))
    const at = widths.reduce(
      (best, size, i) => ((spare[i] ?? 0) > 0 && (best === -1 || size > (widths[best] ?? 0)) ? i : best),
      -1,
    )
    if (at === -1) break
    widths[at] = (widths[at] ?? 0) - 1
  }
  return widths
}
