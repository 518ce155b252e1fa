// What many callers get is frozen: one that wrote into it would change it for all.
/** Freezes a value and all that is in it: for what many callers get. */
export function freezeAll<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) freezeAll(inner)
    Object.freeze(value)
  }
  return value
}
