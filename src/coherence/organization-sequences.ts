// The numbers of organizations' last changes, for those of which somebody asks.
import type { ChangeRow } from '../store/changes.ts'

/** More than the streams that a process has open. */
const mostKnown = 10_000

/**
 * Holds the number of an organization's last change that a follower has acted on. The first question reads it from the
 * database; from then on each change tells the next one. What a change has told while a read was under way is newer than
 * what the read finds.
 */
export class OrganizationSequences {
  readonly #read: (organizationId: string) => Promise<number | undefined>
  /** The one that was asked for longest ago comes first. */
  readonly #known = new Map<string, number>()
  #reading = new Map<string, Promise<number | undefined>>()

  /** The function reads a number as it stands after what has been heard so far; undefined if it cannot tell. */
  constructor(read: (organizationId: string) => Promise<number | undefined>) {
    this.#read = read
  }

  /** The number; undefined until it is found. */
  get(organizationId: string): number | undefined {
    const value = this.#known.get(organizationId)
    if (value === undefined) return undefined
    this.#known.delete(organizationId)
    this.#known.set(organizationId, value)
    return value
  }

  /** Reads the number; undefined if the database cannot tell, or what was heard was forgotten meanwhile. */
  find(organizationId: string): Promise<number | undefined> {
    const underWay = this.#reading.get(organizationId)
    if (underWay) return underWay
    const reading = this.#reading
    const found = this.#read(organizationId)
      .then((value) => {
        if (value === undefined || reading !== this.#reading) return undefined
        const known = this.#known.get(organizationId) ?? value
        this.#set(organizationId, known)
        return known
      })
      .finally(() => reading.delete(organizationId))
    reading.set(organizationId, found)
    return found
  }

  /** Takes the numbers of changes that the follower has acted on. */
  hear(rows: readonly ChangeRow[]): void {
    for (const { organization_id: id, organization_sequence: value } of rows)
      if (id !== null && value !== null && (this.#known.has(id) || this.#reading.has(id)))
        this.#set(id, value)
  }

  /** Forgets all, also what is being read. */
  clear(): void {
    this.#known.clear()
    this.#reading = new Map()
  }

  #set(organizationId: string, value: number): void {
    this.#known.delete(organizationId)
    this.#known.set(organizationId, value)
    const [oldest] = this.#known.keys()
    if (this.#known.size > mostKnown && oldest !== undefined) this.#known.delete(oldest)
  }
}
