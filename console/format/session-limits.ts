// How long a session lives, in words, as one that is there tells it. Pure.
import { lengthOf } from './times.ts'

interface Limits {
  created_at: string
  last_seen_at: string
  expires_at: string
  idle_expires_at: string
}

/** As long as the sentence will be, before there is a session to tell. */
export const limitsAsUsual = 'A session ends after 1 hour without use, and after 12 hours in any case.'

/** `A session ends after 1 hour without use, and after 12 hours in any case.` */
export function limitsOf({ created_at, last_seen_at, expires_at, idle_expires_at }: Limits): string {
  const longest = `after ${between(created_at, expires_at)} in any case`
  // Near its end, a session no longer tells how long it may be left alone.
  if (idle_expires_at === expires_at) return `A session ends ${longest}.`
  return `A session ends after ${between(last_seen_at, idle_expires_at)} without use, and ${longest}.`
}

function between(from: string, to: string): string {
  return lengthOf((Date.parse(to) - Date.parse(from)) / 1000)
}
