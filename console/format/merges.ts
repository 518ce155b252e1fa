// What was changed in a form, on top of what others changed while it was open: nothing that they took away comes back.
// Pure.

/** The list as it is now, without what the form took out of it, and with what the form added. */
export function mergeList(
  opened: readonly string[],
  edited: readonly string[],
  now: readonly string[],
): string[] {
  const removed = opened.filter((item) => !edited.includes(item))
  const added = edited.filter((item) => !opened.includes(item) && !now.includes(item))
  return [...now.filter((item) => !removed.includes(item)), ...added]
}

type Bound = readonly string[] | null

/** The same for a list that may be no bound at all, which is null; undefined for one of something that is made. */
export function mergeBound(opened: Bound | undefined, edited: Bound, now: Bound | undefined): Bound {
  return opened && edited && now ? mergeList(opened, edited, now) : edited
}

type Fields = Record<string, unknown>

/** The same for the fields of an object; one that both changed is as the form has it. */
export function mergeFields(opened: Fields, edited: Fields, now: Fields): Fields {
  const isSame = (name: string) =>
    Object.hasOwn(opened, name) === Object.hasOwn(edited, name) &&
    JSON.stringify(opened[name]) === JSON.stringify(edited[name])
  const kept = Object.entries(now).filter(([name]) => isSame(name) || Object.hasOwn(edited, name))
  const changed = Object.entries(edited).filter(([name]) => !isSame(name))
  return Object.fromEntries([...kept, ...changed])
}
