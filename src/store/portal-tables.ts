// The tables of the customers' page, as they lie in the database; see `tables.ts`.

/** What the operator calls its users, by their own ids. */
export interface PortalUsersTable {
  organization_id: string
  id: string
  name: string
}

/** Sessions of such users. */
export interface PortalSessionsTable {
  id: string
  /** `link` or `embed`. */
  kind: string
  organization_id: string
  user_id: string
  /** A list as JSON. */
  permissions: string
  /** A list as JSON; null for all prefixes. */
  prefixes: string | null
  /** The only origin whose pages may show its token; null for a link, which is for pages of the server's own. */
  origin: string | null
  return_url: string | null
  scheme: string
  lang: string | null
  /** SHA-256 of the link's secret, 32 bytes; null for an embed, and once it was used. */
  link_digest: Uint8Array | null
  link_expires_at: number | null
  /** SHA-256 of its token, 32 bytes; null until the link is used. */
  digest: Uint8Array | null
  created_at: number
  created_by: string | null
  created_by_type: string | null
  /** The secret by which a key has made it; null if none did. */
  kid: string | null
  expires_at: number
  ended_at: number | null
}

export interface PortalTables {
  portal_users: PortalUsersTable
  portal_sessions: PortalSessionsTable
}
