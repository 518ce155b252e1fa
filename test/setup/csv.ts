// Reads CSV as RFC 4180 has it and no other: records end with CRLF, quotes are doubled within quotes.

/** The records of a file. Throws for anything that is not of the RFC. */
export function readCsv(text: string): string[][] {
  const records: string[][] = []
  let record: string[] = []
  const cell = /"((?:[^"]|"")*)"(,|\r\n)|([^",\r\n]*)(,|\r\n)/gy
  for (let at = 0; at < text.length; at = cell.lastIndex) {
    const [, quoted, endOfQuoted, plain = '', endOfPlain] = cell.exec(text) ?? fail(at)
    record.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'))
    if ((endOfQuoted ?? endOfPlain) === ',') continue
    records.push(record)
    record = []
  }
  if (record.length > 0) fail(text.length)
  return records
}

function fail(at: number): never {
  throw new Error(`Not CSV at character ${at}.`)
}
