// Dates that many callers get: to make one takes as long as much of a verification.

/** A Date whose methods that would change it throw (ECMA-262, section 21.4.4). */
class SharedDate extends Date {}

for (const name of Object.getOwnPropertyNames(Date.prototype))
  if (name.startsWith('set')) Object.defineProperty(SharedDate.prototype, name, { value: refuse })
// In every other way it is a Date.
Object.defineProperty(SharedDate.prototype, 'constructor', { value: Date })

/** How many are kept: the last one of the instants that have a place in common. */
const places = 256
const instants = new Float64Array(places).fill(Number.NaN)
const dates: Date[] = new Array(places).fill(new SharedDate(Number.NaN))

/** The Date of an instant in milliseconds since 1970: the same for all who ask for it in a row. It cannot be changed. */
export function sharedDate(instant: number): Date {
  const place = instant & (places - 1)
  if (instants[place] === instant) return dates[place] as Date
  const date = Object.freeze(new SharedDate(instant))
  instants[place] = instant
  dates[place] = date
  return date
}

function refuse(): never {
  throw new TypeError('Others see this Date too. To change one, copy it: new Date(date).')
}
