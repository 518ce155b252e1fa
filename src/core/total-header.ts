// The header in which a list answers its total: an integer, with the parameter `more` if there may be more (RFC 9651).
import type { Total } from './shapes/page.ts'

export const totalHeader = 'latchkey-total-count'

/** Writes a total as the value of its header. */
export function writeTotal({ count, isMore }: Total): string {
  return isMore ? `${count};more` : String(count)
}

/** Reads it; undefined for anything else. */
export function readTotal(text: string | null): Total | undefined {
  const [, count, more] = /^(\d{1,15})(;more)?$/.exec(text ?? '') ?? []
  return count === undefined ? undefined : { count: Number(count), isMore: more !== undefined }
}
