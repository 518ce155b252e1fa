// CSV (RFC 4180) that a spreadsheet shows and never runs.

/**
 * Where a spreadsheet would begin a formula: after whitespace and quotes too, which it may take away. The signs are
 * those of OWASP's page on CSV injection, the full-width ones included, that some read as the plain ones.
 */
const formula = /^[\s'"]*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/

/**
 * Makes a text safe in a cell: if a spreadsheet could take it for a formula, puts an apostrophe before it. Taking
 * the apostrophe away if a formula follows gives every text back.
 */
export function neutralise(text: string): string {
  return formula.test(text) ? `'${text}` : text
}

/** Writes one record with its line break. Every cell is quoted, and every text neutralised; null is an empty one. */
export function csvRecord(cells: readonly (string | number | null)[]): string {
  return `${cells.map((cell) => `"${toCell(cell).replaceAll('"', '""')}"`).join(',')}\r\n`
}

/** A number that is below zero begins as a formula does, and is none. */
function toCell(cell: string | number | null): string {
  return typeof cell === 'number' ? String(cell) : neutralise(cell ?? '')
}
