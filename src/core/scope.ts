// Over which organizations somebody acts.

/** The id of one organization; undefined for all of them. */
export type Scope = string | undefined
