// Leaks: how tokens are reported that stand where they must not, and what is told of a key whose token does.
import { z } from 'zod'
import { maxReportedTokens, maxReportedUrl } from '../bounds.ts'
import { instant, organizationIdSchema } from '../fields.ts'
import { containsToken, kidPattern } from '../token.ts'
import type { CallOptions } from './calls.ts'

/** Who reports a leak: whoever shows the whole token, or a partner that searches public places. */
export const leakSources = ['possession', 'github', 'gitlab'] as const
/** Who reported a leak. */
export type LeakSource = (typeof leakSources)[number]

/** What a policy may say of leaks. */
export const leakActions = ['revoke', 'end_after', 'notify'] as const

/** What a report led to. */
const exposureActions = ['revoked', 'secret_ended', 'ends_later', 'notified', 'none'] as const
/** What a report led to: the key or the secret has ended, the secret ends later, its owner was told, or it had ended before. */
export type ExposureAction = (typeof exposureActions)[number]

const reported = `Must be a list of 1 to ${maxReportedTokens} tokens.`
const ofUrl = `Must be an http or https URL of at most ${maxReportedUrl} characters, without a token in it.`
export const reportLeaksSchema = z
  .strictObject({
    keys: z
      .array(z.string({ error: 'Must be a token, which is a string.' }), { error: reported })
      .min(1, reported)
      .max(maxReportedTokens, reported)
      .meta({ description: 'The tokens, each whole. To show a token is the proof that one may report it.' }),
    url: z
      .string({ error: ofUrl })
      .max(maxReportedUrl, ofUrl)
      .refine(isPlace, ofUrl)
      .optional()
      .meta({ description: 'Where they were found. Shown as text, and never opened.' }),
  })
  .meta({ id: 'ReportLeaks', examples: [{ keys: ['re_…'], url: 'https://example.com/paste/42' }] })

/** Tells whether a text may say where a token was found. */
function isPlace(text: string): boolean {
  const url = /^[\x21-\x7e]+$/.test(text) ? URL.parse(text) : null
  return (url?.protocol === 'https:' || url?.protocol === 'http:') && !containsToken(text)
}

/** Where a token was found, as it is kept: nothing of a place that is no URL, is too long or has a token in it. */
export function placeOf(text: unknown): string | null {
  return typeof text === 'string' && text.length <= maxReportedUrl && isPlace(text) ? text : null
}

const exposureExample = {
  at: new Date('2026-03-01T09:00:00Z'),
  kid: '4kTz9WqLm2Xc7RbN',
  hint: 're_4kTz9WqLm2Xc7RbN…',
  source: 'github',
  url: 'https://example.com/acme/app/.env',
  action: 'revoked',
  endsAt: null,
} as const
export const exposureSchema = z
  .strictObject({
    at: instant.meta({ description: 'When it was reported.' }),
    kid: z.string().meta({ description: 'The public id of the secret that was found.' }),
    hint: z.string().meta({ description: 'The prefix and the kid of its token, which are not secret.' }),
    source: z.enum(leakSources).meta({
      description: '`possession` for whoever showed the token; `github` or `gitlab` for their scanners.',
    }),
    url: z.string().nullable().meta({ description: 'Where it was found; null if nobody said.' }),
    action: z.enum(exposureActions).meta({
      description:
        'What was done at once: the key is `revoked`; an old token was ended (`secret_ended`); the token ends at `ends_at` (`ends_later`); nothing but to tell (`notified`); or `none`, since the token opened nothing any more.',
    }),
    endsAt: instant.nullable().meta({ description: 'When the token ends; null if that is not to come.' }),
  })
  .meta({ id: 'Exposure', examples: [exposureExample] })

/** That a token of a key was found where it must not stand, and what was done. */
export interface Exposure extends z.infer<typeof exposureSchema> {}
/** Tokens that were found where they must not stand. */
export interface ReportLeaksInput extends z.input<typeof reportLeaksSchema> {}

const ofTokens = `Must be a list of 1 to ${maxReportedTokens} items { kid, sha256 }.`
const ofDigest = 'Must be the SHA-256 of the whole token, in 64 small hexadecimal digits.'
const shownTokenSchema = z
  .strictObject(
    {
      kid: z
        .string({ error: 'Must be a kid, which is a string.' })
        .regex(kidPattern, 'Must be a kid, which is 16 letters and digits, the first of which may be -.')
        .meta({ description: 'The public id of its secret: the 16 characters behind the prefix.' }),
      sha256: z
        .string({ error: ofDigest })
        .regex(/^[0-9a-f]{64}$/, ofDigest)
        .meta({ description: 'The SHA-256 of the whole token, in hexadecimal digits.' }),
    },
    { error: 'Must be an object { kid, sha256 }.' },
  )
  .meta({ id: 'ShownToken', examples: [{ kid: '4kTz9WqLm2Xc7RbN', sha256: '0a'.repeat(32) }] })
export const findLeaksSchema = z
  .strictObject({
    tokens: z.array(shownTokenSchema, { error: ofTokens }).min(1, ofTokens).max(maxReportedTokens, ofTokens),
  })
  .meta({
    id: 'FindLeaks',
    examples: [{ tokens: [{ kid: '4kTz9WqLm2Xc7RbN', sha256: '0a'.repeat(32) }] }],
  })

/** What a token that was found is. */
const leakStatuses = ['live', 'in_grace', 'ended', 'unknown'] as const
/** What a token that was found is: the newest of a key that has not ended, one that ends soon, ended, or none that is known. */
export type LeakStatus = (typeof leakStatuses)[number]

const foundLeakExample = {
  kid: '4kTz9WqLm2Xc7RbN',
  status: 'live',
  keyId: '0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e',
  name: 'CI',
  organizationId: 'acme',
  hint: 're_4kTz9WqLm2Xc7RbN…',
} as const
const foundLeakSchema = z
  .strictObject({
    kid: z.string().meta({ description: 'The kid that was asked for.' }),
    status: z.enum(leakStatuses).meta({
      description:
        '`live`: the token of a key that is neither revoked nor expired, though it may be suspended, not valid yet or bound to addresses. `in_grace`: the same, but the token ends by itself. `ended`: it opens nothing any more. `unknown`: no token has this kid and this SHA-256, or none that the caller may see.',
    }),
    keyId: z
      .guid()
      .nullable()
      .meta({ description: 'The id of the key; null if unknown, like all that follows.' }),
    name: z.string().nullable().meta({ description: 'The name of the key.' }),
    organizationId: organizationIdSchema
      .nullable()
      .meta({ description: 'The organization that owns the key.' }),
    hint: z
      .string()
      .nullable()
      .meta({ description: 'The prefix and the kid of the token, which are not secret.' }),
  })
  .meta({ id: 'FoundLeak', examples: [foundLeakExample] })
export const foundLeaksSchema = z
  .strictObject({ tokens: z.array(foundLeakSchema).meta({ description: 'In the order of the question.' }) })
  .meta({ id: 'FoundLeaks', examples: [{ tokens: [foundLeakExample] }] })

/** What a token that was found is, and of which key. */
export interface FoundLeak extends z.infer<typeof foundLeakSchema> {}
/** What tokens that were found are, in the order in which they were asked for. */
export interface FoundLeaks extends z.infer<typeof foundLeaksSchema> {}
/** Tokens that were found, by what says nothing of their secrets. */
export interface FindLeaksInput extends z.input<typeof findLeaksSchema> {}

/** What can be done about leaks. */
export interface Leaks<Options extends CallOptions = CallOptions> {
  /**
   * Reports tokens that were found where they must not stand. Whoever shows a token may: nobody need sign in. It answers the same
   * for any token; what is one of ours is acted on a moment later. Throws `invalid_input`, `too_many_reports`.
   */
  report(input: ReportLeaksInput, options?: Options): Promise<void>
  /**
   * Tells which of up to 1,000 tokens that were found are live, by their kids and SHA-256: nobody need send a token. It is no use of
   * their keys. Tokens of other organizations are `unknown`, but to the root organization. Throws `invalid_input`.
   */
  find(input: FindLeaksInput, options?: Options): Promise<FoundLeaks>
}
