// What the server's routes under /v1/portal answer, as the element reads it.

/** How a page looks: as the reader's system does, or as one of the two. */
export type Scheme = 'auto' | 'light' | 'dark'

/** What a session is for, and what it may do. */
export interface Self {
  kind: 'link' | 'embed'
  organization: { id: string; name: string }
  user: { id: string; name: string | null }
  permissions: string[]
  /** What a new token may begin with; the first unless another is chosen. */
  prefixes: string[]
  /** Patterns of what keys may be granted. */
  grantable: string[]
  /** What the operator says of permissions that `grantable` covers. */
  catalogue: { name: string; description: string | null }[]
  return_url: string | null
  scheme: Scheme
  lang: string | null
  expires_at: string
}

export type KeyStatus = 'active' | 'pending' | 'suspended' | 'expired' | 'revoked'

/** A key as a customer sees it; instants are RFC 3339. */
export interface PortalKey {
  id: string
  name: string
  description: string | null
  /** The public beginning of its token. */
  hint: string
  status: KeyStatus
  permissions: string[]
  created_at: string
  created_by: { id: string; name: string | null } | null
  last_used_at: string | null
  expires_at: string | null
}

/** A key with its new token, which no other answer has. */
export interface KeyWithToken extends PortalKey {
  key: string
}

/** What a new key is to be. */
export interface NewKey {
  name: string
  description?: string
  permissions?: string[]
  prefix?: string
  expires_at?: string
}

/** The calls of a day: all of them, those that were valid, and those that were refused, by the verdict. */
export interface UsageRow {
  start: string
  calls: number
  valid: number
  refused: Record<string, number>
}

/** A field that was refused: where it stands in the input, and why. */
export interface FieldFault {
  path: string
  message: string
}
