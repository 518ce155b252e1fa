// Commands that list: one page, or with `--all` every page.
import { Option } from 'commander'
import { readAll } from '../../core/read-all.ts'
import type { Page, Total } from '../../core/shapes/page.ts'
import { type Connection, serverOrDatabase } from './connection.ts'
import { type DefinedCommand, type Definition, defineCommand, type ShapeInput } from './define-command.ts'
import type { Shape } from './fields.ts'
import { printNote } from './output.ts'
import { wideOption } from './table.ts'

/** What a list came to. */
interface Listed<Item> {
  items: Item[]
  more: boolean
  total: Total | undefined
}

interface ListDefinition<S extends Shape, Item>
  extends Omit<
    Definition<S, never, Listed<Item>, Connection>,
    'on' | 'arguments' | 'run' | 'print' | 'json'
  > {
  shape(): Promise<S>
  /** Reads one page. */
  read(connection: Connection, input: ShapeInput<S>): Promise<Page<Item>>
  /** What to say of an empty list. */
  none: string
  /** Prints items, for people; all columns if it is wide. */
  print(items: readonly Item[], isWide: boolean): void
  /** Prints items as `--csv` wants them, if it is one of the options. */
  printCsv?(items: readonly Item[]): Promise<void>
}

/** Defines a command that lists what a shape asks for. */
export function defineList<S extends Shape, Item extends object>(
  definition: ListDefinition<S, Item>,
): DefinedCommand {
  const { read, none, print, printCsv, options: more = [], ...rest } = definition
  return defineCommand<S, never, Listed<Item>, Connection>({
    ...rest,
    on: serverOrDatabase,
    options: [...more, new Option('--all', 'all results, page by page'), wideOption()],
    run: (connection, { input, options }) =>
      readPages((page) => read(connection, { ...input, ...page }), options.all === true),
    json: ({ items }) => items,
    print: async ({ items, more, total }, { options }) => {
      if (options.csv && printCsv) return printCsv(items)
      if (items.length === 0) return printNote(none)
      print(items, options.output === 'wide')
      if (total) printNote(describeTotal(total))
      if (more) printNote('There are more results. Add --all to list them.')
    },
  })
}

/** Reads one page, or with `all` every page, and tells whether there is more. */
async function readPages<Item>(
  readPage: (page: { limit?: number; after?: string }) => Promise<Page<Item>>,
  all: boolean,
): Promise<Listed<Item>> {
  if (!all) {
    const { items, next, total } = await readPage({})
    return { items, more: next !== undefined, total }
  }
  const items: Item[] = []
  for await (const item of readAll(readPage, { limit: 1000 })) items.push(item)
  return { items, more: false, total: undefined }
}

function describeTotal({ count, isMore }: Total): string {
  const number = new Intl.NumberFormat('en').format(count)
  if (isMore) return `More than ${number} results in all.`
  return count === 1 ? 'One result in all.' : `${number} results in all.`
}
