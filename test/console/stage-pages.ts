// The addresses of all pages of the stage, and who sees pages of their own.
import type { Stage } from './stage.ts'
import type { People } from './stage-people.ts'

/** The addresses of all pages, no two of one kind in a row, where everybody is signed in as the operator. */
export const pages: Record<string, (stage: Stage) => string> = {
  overview: () => '/',
  keys: () => '/organizations/acme',
  usage: () => '/usage',
  organizations: () => '/organizations',
  'keys in every state': () => '/keys?status=all',
  'keys, none yet': () => '/organizations/umbrella-labs',
  'organizations, none found': () => '/organizations?q=nothing',
  'a new key': () => '/organizations/acme/new-key',
  'a key': ({ keyId }) => `/keys/${keyId}`,
  'a key whose token leaked': ({ leakedId }) => `/keys/${leakedId}`,
  'the usage of a key': ({ keyId }) => `/keys/${keyId}/usage`,
  'usage by key': () => '/usage?group=key&range=24h',
  activity: () => '/activity',
  'the limits of a key': ({ keyId }) => `/keys/${keyId}/limits`,
  'the permissions of a key': ({ keyId }) => `/keys/${keyId}/permissions`,
  'the activity of a key': ({ keyId }) => `/keys/${keyId}/activity`,
  'no key': () => '/keys/01a20711-2508-7000-8000-18883f1ab395',
  'a token to try': () => '/try',
  'keys that leaked': () => '/keys?exposed=true',
  account: () => '/account',
  members: () => '/organizations/acme/members',
  'a member': ({ people }) => `/members/${people.leaver.memberId}`,
  'the usage of an organization': () => '/organizations/acme/usage',
  'what nobody of the operator’s own is yet': () => '/settings/members?status=suspended',
  'the limits of an organization': () => '/organizations/acme/limits',
  'the activity of an organization': () => '/organizations/acme/activity',
  leaks: () => '/settings/leaks',
  'the settings of an organization': () => '/organizations/acme/settings',
  'the customer page of an organization': () => '/organizations/acme/customer-page',
  'sign-in': () => '/settings/sign-in',
  instance: () => '/settings/instance',
  plans: () => '/settings/plans',
  permissions: () => '/settings/permissions',
  policy: () => '/settings/policy',
  'the policy of an organization': () => '/organizations/acme/policy',
  webhooks: () => '/settings/webhooks',
  'a webhook': ({ webhookId }) => `/webhooks/${webhookId}`,
  'webhooks, none of theirs': () => '/settings/webhooks?organization=umbrella-labs',
  'no page': () => '/nowhere',
}

/** The pages that somebody sees as nobody else does, where they act for the organization. */
export const pagesOf: Partial<
  Record<keyof People, { organization: string; pages: Record<string, (stage: Stage) => string> }>
> = {
  operator: {
    organization: 'root',
    pages: {
      overview: () => '/',
      account: () => '/account',
      members: () => '/settings/members',
      'an own member': ({ people }) => `/members/${people.operator.memberId}`,
      'keys in every state': () => '/keys?status=all',
      activity: () => '/activity',
    },
  },
  owner: {
    organization: 'acme',
    pages: {
      overview: () => '/',
      keys: () => '/organizations/acme',
      usage: () => '/usage',
      'a new key': () => '/organizations/acme/new-key',
      'a key': ({ keyId }) => `/keys/${keyId}`,
      activity: () => '/activity',
      members: () => '/settings/members',
      'a member': ({ people }) => `/members/${people.developer.memberId}`,
      webhooks: () => '/settings/webhooks',
      'the limits of an organization': () => '/organizations/acme/limits',
      'the settings of an organization': () => '/organizations/acme/settings',
      account: () => '/account',
      'another’s organization': () => '/organizations/globex',
      'another’s key': ({ leakedId }) => `/keys/${leakedId}`,
    },
  },
  developer: {
    organization: 'acme',
    pages: {
      keys: () => '/organizations/acme',
      overview: () => '/',
      usage: () => '/usage',
      'a new key': () => '/organizations/acme/new-key',
      'a key': ({ keyId }) => `/keys/${keyId}`,
      'the limits of a key': ({ keyId }) => `/keys/${keyId}/limits`,
      account: () => '/account',
      'no right to see members': () => '/settings/members',
      'no right to see activity': () => '/activity',
      'no right to see webhooks': () => '/settings/webhooks',
    },
  },
  viewer: {
    organization: 'acme',
    pages: {
      keys: () => '/organizations/acme',
      'a new key': () => '/organizations/acme/new-key',
      'a key': ({ keyId }) => `/keys/${keyId}`,
      'the permissions of a key': ({ keyId }) => `/keys/${keyId}/permissions`,
    },
  },
  auditor: {
    organization: 'acme',
    pages: {
      activity: () => '/activity',
      keys: () => '/organizations/acme',
      'a key': ({ keyId }) => `/keys/${keyId}`,
      members: () => '/settings/members',
      'a member': ({ people }) => `/members/${people.leaver.memberId}`,
    },
  },
}
