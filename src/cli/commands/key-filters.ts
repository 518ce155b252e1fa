// What the filters of a list of keys are, for people.

/** The texts of the filters, the same wherever keys are meant by them. */
export const filterTexts = {
  status: 'active (the default, and all with --exposed), expired, suspended, revoked or all',
  organizationId: 'only keys of this organization',
  q: 'only keys whose name or description contains this text',
  tag: 'only keys with this tag (repeatable: all of them)',
  permission: 'only keys that hold exactly this permission',
  createdBy: 'only keys that this key, member or user created, by its id',
  creator: 'gone: only keys that a member has created who is removed',
  tokenSeenBy: 'only keys of whose valid tokens this member has seen one',
  prefix: 'only keys whose tokens begin with this prefix',
  kid: 'only the key that has or had the secret with this kid',
  hint: 'only the key that has or had the token with this hint',
  expiresBefore: 'only keys that expire before this',
  unusedSince: 'only keys that are older and were not used from then on',
  neverUsed: 'only keys that were never used',
  decoy: 'only decoys',
  exposed: 'only keys that are marked as leaked',
}
