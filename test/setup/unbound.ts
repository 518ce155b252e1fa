// What is stored of a key that is neither suspended nor bound to a time or a place.

export const unbound = {
  suspendedAt: null,
  organizationSuspendedAt: null,
  notBefore: null,
  allowedIps: null,
  ancestors: null,
  decoyTries: null,
} as const
