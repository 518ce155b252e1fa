// Dates that many callers get: to make one takes as long as much of a verification.

// The methods of a Date that change it (ECMA-262, section 21.4.4).
const setters = Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith('set'))
const refusals = Object.fromEntries(setters.map((name) => [name, { value: refuse }]))
const shared = new Map<number, Date>()
const maxShared = 1_000

/** The Date of an instant in milliseconds since 1970: the same for all who ask. Its methods that would change it throw. */
export function sharedDate(instant: number): Date {
  const known = shared.get(instant)
  if (known !== undefined) return known
  if (shared.size >= maxShared) shared.clear()
  const date = Object.freeze(Object.defineProperties(new Date(instant), refusals))
  shared.set(instant, date)
  return date
}

function refuse(): never {
  throw new TypeError('Others see this Date too. To change one, copy it: new Date(date).')
}
