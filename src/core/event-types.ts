// Which events somebody asks for: by name, all of a kind, or all.

/** Tells whether a list of `key.revoked`, `key.*` and `*` names an event. */
export function isOfTypes(action: string, types: readonly string[]): boolean {
  return types.some(
    (type) =>
      type === '*' || type === action || (type.endsWith('.*') && action.startsWith(type.slice(0, -1))),
  )
}
