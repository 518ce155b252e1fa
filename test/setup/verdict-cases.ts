// The verdicts of the vectors: what is known of a token, what is asked, and the code that it must come to.
import tokens from '../vectors.json' with { type: 'json' }

/** The instant of all of them. */
export const now = Date.UTC(2026, 0, 31, 12)
const at = (milliseconds: number) => new Date(now + milliseconds).toISOString()
export const [{ token = '' } = {}, , { token: live = '' } = {}] = tokens
const foreign = 'sk_legacy_0123456789abcdef'
const [first, second, grandparent] = [1, 2, 3].map((n) => `0198f3a2-5c1b-7000-8000-00000000000${n}`)
/** The key of the token, and the one of which it may be a child. */
export const [keyId, parent] = [first, second]

/** Facts of a token that nothing bounds. */
export const plain = {
  key_id: keyId,
  organization_id: 'acme',
  name: 'CI',
  permissions: ['emails:send', 'domains:*'],
  expires_at: null,
  metadata: { plan: 'pro', seats: 3 },
  revoked_at: null,
  suspended_at: null,
  organization_suspended_at: null,
  not_before: null,
  allowed_ips: [] as string[],
  grace_ends_at: null,
  is_ended: false,
  limits: [] as object[],
  line: [] as string[],
  ancestors: [] as object[],
  plan: null,
}
/** What others have beside those. */
export type Secret = Partial<Record<keyof typeof plain, unknown>> & { kid?: string }

export interface Case {
  what: string
  secret: Secret | null
  token?: string
  question?: object
  code: string
}

const wanted = { permissions: ['emails:send'] }
const fromInside = { context: { ip: '10.1.2.3' } }
const ofParent = (reasons: string[], ips: string[] = []) => ({ id: parent, reasons, allowed_ips: ips })

export const cases: Case[] = [
  { what: 'nothing asked', secret: {}, code: 'valid' },
  {
    what: 'with secret-token: before it (RFC 8959)',
    secret: {},
    token: `secret-token:${token}`,
    code: 'valid',
  },
  { what: 'all permissions held', secret: {}, question: wanted, code: 'valid' },
  { what: 'one by its wildcard', secret: {}, question: { permissions: ['domains:read:dns'] }, code: 'valid' },
  {
    what: 'two missing, in the order asked',
    secret: {},
    question: { permissions: ['z:z', 'emails:send', 'a:a'] },
    code: 'insufficient_permissions',
  },
  { what: 'unknown', secret: null, code: 'not_found' },
  { what: 'a wrong check', secret: null, token: `${token.slice(0, -1)}E`, code: 'malformed' },
  { what: 'a short token of another system', secret: null, token: 'sk_0123456789ab', code: 'malformed' },
  { what: 'a line end behind it', secret: null, token: `${token}\n`, code: 'malformed' },
  {
    what: 'a letter that is not ASCII',
    secret: null,
    token: `${token.slice(0, -1)}\u0665`,
    code: 'malformed',
  },
  {
    what: 'the scheme twice before it',
    secret: null,
    token: `secret-token:secret-token:${token}`,
    code: 'malformed',
  },
  {
    what: 'a space in a token of another system',
    secret: null,
    token: 'sk_legacy 0123456789',
    code: 'malformed',
  },
  { what: 'a line end behind one of another system', secret: null, token: `${foreign}\n`, code: 'malformed' },
  {
    what: 'another alphabet in one',
    secret: null,
    token: 'sk_legacy_\u0661\u0662\u0663456789',
    code: 'malformed',
  },
  { what: 'the longest of another system', secret: null, token: 'x'.repeat(512), code: 'not_found' },
  { what: 'a longer one', secret: null, token: 'x'.repeat(513), code: 'malformed' },
  { what: 'an unknown token of another system', secret: null, token: foreign, code: 'not_found' },
  {
    what: 'a known token of another system',
    secret: { kid: '-aaaaaaaaaaaaaaa' },
    token: foreign,
    code: 'valid',
  },
  { what: 'the organization asked for', secret: {}, question: { organization_id: 'acme' }, code: 'valid' },
  { what: 'another organization', secret: {}, question: { organization_id: 'acm' }, code: 'not_found' },
  { what: 'its prefix', secret: {}, token: live, question: { prefix: 're_live' }, code: 'valid' },
  { what: 'another prefix', secret: {}, token: live, question: { prefix: 're' }, code: 'wrong_environment' },
  {
    what: 'another prefix of a revoked key',
    secret: { revoked_at: at(-1) },
    question: { prefix: 're_live' },
    code: 'wrong_environment',
  },
  { what: 'revoked', secret: { revoked_at: at(-1) }, code: 'revoked' },
  { what: 'revoked in the future by another clock', secret: { revoked_at: at(60_000) }, code: 'revoked' },
  { what: 'revoked and suspended', secret: { revoked_at: at(-1), suspended_at: at(-2) }, code: 'revoked' },
  { what: 'suspended', secret: { suspended_at: at(-1) }, code: 'suspended' },
  { what: 'with its organization', secret: { organization_suspended_at: at(-1) }, code: 'suspended' },
  { what: 'suspended and expired', secret: { suspended_at: at(-1), expires_at: at(-5) }, code: 'suspended' },
  { what: 'expires in a millisecond', secret: { expires_at: at(1) }, code: 'valid' },
  { what: 'expires now', secret: { expires_at: at(0) }, code: 'expired' },
  { what: 'begins in a millisecond', secret: { not_before: at(1) }, code: 'not_yet_valid' },
  { what: 'begins now', secret: { not_before: at(0) }, code: 'valid' },
  { what: 'over before it began', secret: { expires_at: at(-1), not_before: at(1) }, code: 'expired' },
  { what: 'its grace ends in a millisecond', secret: { grace_ends_at: at(1) }, code: 'valid' },
  { what: 'its grace ends now', secret: { grace_ends_at: at(0) }, code: 'rotated' },
  { what: 'ended before its grace', secret: { grace_ends_at: at(9_000), is_ended: true }, code: 'rotated' },
  { what: 'from inside', secret: { allowed_ips: ['10.0.0.0/8'] }, question: fromInside, code: 'valid' },
  {
    what: 'from outside',
    secret: { allowed_ips: ['10.2.0.0/16'] },
    question: fromInside,
    code: 'ip_not_allowed',
  },
  {
    what: 'from nowhere that is known',
    secret: { allowed_ips: ['0.0.0.0/0', '::/0'] },
    code: 'ip_not_allowed',
  },
  {
    what: 'from outside and with too little',
    secret: { allowed_ips: ['192.0.2.0/24'] },
    question: { permissions: ['z:z'], ...fromInside },
    code: 'ip_not_allowed',
  },
  {
    what: 'a child of a revoked key',
    secret: { revoked_at: at(-1), ancestors: [ofParent(['revoked'])] },
    code: 'revoked',
  },
  {
    what: 'a child whose parent is suspended, and its parent expired',
    secret: {
      suspended_at: at(-1),
      expires_at: at(-1),
      ancestors: [ofParent(['suspended']), { id: grandparent, reasons: ['expired'], allowed_ips: [] }],
    },
    code: 'suspended',
  },
  {
    what: 'a child of a key that was rotated',
    secret: { is_ended: true, ancestors: [ofParent(['rotated'])] },
    code: 'rotated',
  },
  {
    what: 'a child of a key that begins later',
    secret: { not_before: at(5), ancestors: [ofParent(['not_yet_valid'])] },
    code: 'not_yet_valid',
  },
  {
    what: 'a child from where its parent may not be used',
    secret: { allowed_ips: ['10.0.0.0/8'], ancestors: [ofParent([], ['10.2.0.0/16'])] },
    question: fromInside,
    code: 'ip_not_allowed',
  },
  {
    what: 'a child from where both may be used',
    secret: { ancestors: [ofParent([], ['10.0.0.0/8'])] },
    question: fromInside,
    code: 'valid',
  },
]
