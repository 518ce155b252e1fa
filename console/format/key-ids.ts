// The ids of keys where they stand among other texts. Pure.

// A UUIDv7 (RFC 9562, section 5.7); what operators call their users is seldom one.
const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

/** Whether a text is a key's id, and not the name that an operator gave a user. */
export function isKeyId(text: string): boolean {
  return pattern.test(text)
}

/** The end of an id that Latchkey made, by which it is told from others: its beginning is the time alone. */
export function shortKeyId(id: string): string {
  return `…${id.slice(-8)}`
}
