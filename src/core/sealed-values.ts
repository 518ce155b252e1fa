// What is sealed in the database, by the keys that have sealed it.

/** A key by which something is sealed. */
export interface SealingKey {
  /** Tells it from others, and says nothing of it. */
  name: string
  /** How many values it has sealed that are still there. */
  values: number
}

/** What each key has sealed. */
export interface SealedValues {
  /** The keys of the keyring in their order: the first one seals. */
  keys: SealingKey[]
  /** Keys that the keyring does not have. What they have sealed nobody opens: calls that need it throw `unsealable`. */
  lost: SealingKey[]
}
