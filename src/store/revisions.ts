// The revisions of what can be edited, by which an edit of something that others have edited is found out.

/**
 * The revision of a row after an edit at an instant (in milliseconds since 1970). It begins with the instant of creation and grows
 * with each edit, so that no two states of a row have the same one: not those of a row that was deleted and made again, nor
 * those before and after a backup was restored.
 */
export function nextRevision({ revision }: { revision: number }, now: number): number {
  return Math.max(revision + 1, now)
}
