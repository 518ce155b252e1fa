// Reads a list to its end, page by page.
import type { Page } from './shapes/page.ts'

/** Gives every item of a list as it is asked for; what one page costs is bounded by the list's own `limit`. */
export async function* readAll<Input extends object, Item>(
  readPage: (input: Input & { after?: string }) => Promise<Page<Item>>,
  input: Input,
): AsyncGenerator<Item, void> {
  let page: (Input & { after?: string }) | undefined = input
  while (page !== undefined) {
    const { items, next }: Page<Item> = await readPage(page)
    yield* items
    page = next === undefined ? undefined : { ...input, after: next }
  }
}
