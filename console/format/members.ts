// How people are called where their ids stand. Pure.

/** What is known of a person who is or was a member. */
export interface Named {
  id: string
  name: string | null
  email: string | null
}

/** The end of an id that tells people apart who have no names any more. */
function endOf(id: string): string {
  return `(…${id.slice(-4)})`
}

/** A member by name, else by address; one that was erased has neither. */
export function memberName({ id, name, email }: Named): string {
  return name ?? email ?? `a former member ${endOf(id)}`
}

/** A member of whom nothing may be read, by the end of the id. */
export function unknownMember(id: string): string {
  return `a member ${endOf(id)}`
}
