// What is known of a secret and its key, as it was read: from the database, or from a server.

/** A secret with what its key has. Instants are milliseconds since 1970. */
export interface StoredSecret {
  kid: string
  /** SHA-256 of the whole token, 32 bytes. */
  digest: Uint8Array
  /** When the grace of a rotation ends or ended; null for the newest secret of a key. */
  graceEndsAt: number | null
  /** When somebody ended it for good; null for one that only time ends, or that nothing has ended yet. */
  endedAt: number | null
  keyId: string
  organizationId: string
  name: string
  /** A list of texts, as JSON. */
  permissions: string
  /** An object, as JSON. */
  metadata: string
  expiresAt: number | null
  revokedAt: number | null
  suspendedAt: number | null
  /** When its organization was suspended. */
  organizationSuspendedAt: number | null
  notBefore: number | null
  /** From where it may be used, as JSON; null for anywhere. See `addresses.ts`. */
  allowedIps: string | null
  /** The keys of which its key is a child; see `readAncestors`. Null if it is none. */
  ancestors: string | null
  /** How often its key was tried that was told of, if that is a decoy; null for any other. */
  decoyTries: number | null
  /** What it draws from, beside what its organization draws from; see `readDrawn`. Null if nothing. */
  limits: string | null
}
