// A part of the page that could not be loaded: a browser asks for a file once, so that only loading the page anew helps.

import { connection } from './connection.ts'

const renewedAs = 'latchkey-renewed-at'
const onceWithinMs = 30_000

/**
 * Loads the page anew once Latchkey has answered: after a lost connection, or after an upgrade that took the files of an
 * open page away. Without an answer the browser would put its own error in the page's place. Not over and over: the
 * second time within a while it is left to the reader.
 */
export async function renewPage(): Promise<void> {
  if (!(await connection.ask())) return
  const renewedAt = Number(sessionStorage.getItem(renewedAs))
  if (Date.now() - renewedAt < onceWithinMs) return
  sessionStorage.setItem(renewedAs, String(Date.now()))
  location.reload()
}

/** The same when the reader asks for it, as often as they do. */
export async function renewPageNow(): Promise<void> {
  if (await connection.ask()) location.reload()
}
