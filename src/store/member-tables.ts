// The tables of people, as they lie in the database; see `tables.ts`.
import type { Generated } from 'kysely'

/** Who may act for an organization as a person, or could. */
export interface MembersTable {
  id: string
  organization_id: string
  /** Null once it is erased. */
  email: string | null
  /** The address without case: an organization has one member of it that is not removed. */
  email_folded: string | null
  /** 1 if somebody proved it, and 0 if not. */
  email_verified: number
  name: string | null
  role: string
  /** What gave it its role: `manual`, or `rule`. */
  role_source: string
  /** The provider by whose rule it is a member; null for one of no rule. */
  rule_provider: string | null
  created_at: number
  created_by: string | null
  created_by_type: string | null
  /** At most a minute too early. */
  last_seen_at: number | null
  suspended_at: number | null
  suspended_reason: string | null
  removed_at: number | null
  /** Another one after each edit; see `revisions.ts`. */
  revision: Generated<number>
}

/** A person, as a provider knows it. */
export interface IdentitiesTable {
  id: string
  provider: string
  issuer: string
  subject: string
  /** By what its owner knows it: an address, or the name of a passkey. */
  label: string
  created_at: number
  last_used_at: number | null
}

/** As which members an identity may act. */
export interface MemberIdentitiesTable {
  member_id: string
  identity_id: string
  organization_id: string
  created_at: number
}

/** Invitations to become a member, or to be one again. */
export interface InvitationsTable {
  id: string
  organization_id: string
  email: string
  email_folded: string
  name: string | null
  role: string
  /** SHA-256 of its secret, 32 bytes. */
  digest: Uint8Array
  /** 1 if it was sent by mail. */
  sent: number
  created_at: number
  created_by: string | null
  created_by_type: string | null
  expires_at: number
  accepted_at: number | null
  revoked_at: number | null
  /** The member that it has made, or that it resets. */
  member_id: string | null
}

/** Sessions of people. Whether one opens anything, the members say at which its identity stands. */
export interface MemberSessionsTable {
  id: string
  /** SHA-256 of the cookie's value, 32 bytes. */
  digest: Uint8Array
  /** SHA-256 of the value that the console's page holds, 32 bytes. */
  page_digest: Uint8Array
  identity_id: string
  created_at: number
  expires_at: number
  /** At most a minute too early: it is not written more often. */
  last_seen_at: number
  ip: string | null
  user_agent: string | null
  /** Until when its sign-in is fresh. */
  fresh_until: number
}

/** What of sign-ins was used, which is used once: states of providers, and challenges of passkeys. */
export interface SignInsUsedTable {
  /** SHA-256, 32 bytes. */
  digest: Uint8Array
  /** Until when it would open something if it was not used. */
  expires_at: number
}

/** Passkeys. Each is an identity, whose label and times are there. */
export interface PasskeysTable {
  /** As the authenticator calls it, in base64url. */
  id: string
  identity_id: string
  /** In COSE. */
  public_key: Uint8Array
  /** How often it was used, as its authenticator says; 0 for one that does not count. */
  counter: number
  /** How browsers reach its authenticator, a list as JSON. */
  transports: string
  /** 1 if others of its owner's devices have it too. */
  backed_up: number
}

export interface MemberTables {
  members: MembersTable
  identities: IdentitiesTable
  member_identities: MemberIdentitiesTable
  invitations: InvitationsTable
  member_sessions: MemberSessionsTable
  sign_ins_used: SignInsUsedTable
  passkeys: PasskeysTable
}
