// The tables of what Latchkey tells by itself, as they lie in the database; see `tables.ts` and `event-causes.ts`.

/** What was told of: each once. */
export interface EventCausesTable {
  /** What it was, of which, and when; `domain/keys/notices.ts` and `domain/limits/reached.ts` write it. */
  cause: string
  /** Null for what may come about again at any time. */
  kept_until: number | null
}

/** How far was looked for what is to be told of. */
export interface EventMarksTable {
  /** What is looked for. */
  name: string
  /** When that began: of what was due before, nothing is told. */
  since: number
  /** What was due before is told of; at that instant, what has an id up to this one. */
  due_at: number
  id: string
}

export interface EventTables {
  event_causes: EventCausesTable
  event_marks: EventMarksTable
}
