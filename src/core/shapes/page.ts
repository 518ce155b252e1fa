// Lists, page by page: what all of them take, and what a page is.
import { z } from 'zod'
import { maxPageItems } from '../bounds.ts'
import { visibleText } from '../fields.ts'
import type { CallOptions } from './calls.ts'

/** The fields that every list takes. */
export const pageFields = {
  limit: z
    .int({ error: 'Must be a whole number from 1 to 1000.' })
    .min(1, 'Must be at least 1.')
    .max(maxPageItems, 'Must be at most 1000.')
    .default(maxPageItems)
    .meta({ description: 'Maximum number of items; a page of large items has fewer.' }),
  after: z
    .string()
    .max(2048, 'Must be a cursor of a previous page.')
    .optional()
    .meta({ description: 'The cursor of the previous page.' }),
}

/** A name for people. */
export const nameSchema = visibleText(256).meta({
  description: 'A name for people. At least one of its characters can be seen.',
  example: 'CI',
})

/**
 * One page of a list; `next` is the cursor of the page after it, undefined at the end. A page may hold fewer than
 * `limit`, or none, before the end: if its items are large, or if a search has looked through much and found little.
 */
export interface Page<Item> {
  /** The items of this page, in the order of the list. */
  items: Item[]
  /** The cursor of the next page, to be given as `after`; undefined at the end. */
  next: string | undefined
  /** How long the whole list is; only on a first page for which it was asked. */
  total?: Total | undefined
}

/** How many items a list has, as far as they were counted. */
export interface Total {
  /** So many were counted, at most 10,000. */
  count: number
  /** Whether there may be more: there are more than 10,000, or counting on would have taken too long. */
  isMore: boolean
}

/** A list, read page by page or whole. */
export interface List<Input, Item, Options extends CallOptions> {
  /** One page: at most `limit` items, from the cursor `after` on. Throws `invalid_input`. */
  list(input?: Input, options?: Options): Promise<Page<Item>>
  /** Iterates over every item of a list, and reads a page when it is needed. */
  listAll(input?: Input, options?: Options): AsyncIterable<Item>
}
