// Keys that come from another system with the tokens that it has made, and what is told of how those are found.
import { z } from 'zod'
import { maxImport } from '../bounds.ts'
import { foreignFault } from '../foreign-token.ts'
import { isReserved } from '../permissions.ts'
import { policyRules } from '../policy-rules.ts'
import {
  type HashEncoding,
  type HashScheme,
  hashEncodings,
  hashLengths,
  hashSchemes,
  partPattern,
  pepperNamePattern,
} from '../recipes.ts'
import { createKeySchema } from './key-changes.ts'

/** The bytes of a hash as it is written; undefined if it is none of its scheme. Only one spelling is taken. */
export function readHash(scheme: HashScheme, encoding: HashEncoding, value: string): Uint8Array | undefined {
  const length = hashLengths[scheme]
  if (encoding === 'hex')
    return /^[0-9a-fA-F]*$/.test(value) && value.length === 2 * length ? bytesOfHex(value) : undefined
  const bare = value.replace(/={1,2}$/, '')
  const alphabet = encoding === 'base64' ? /^[A-Za-z0-9+/]*$/ : /^[A-Za-z0-9_-]*$/
  if (!alphabet.test(bare) || bare.length !== Math.ceil((length * 4) / 3)) return undefined
  const text = atob(bare.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0))
}

function bytesOfHex(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length / 2)
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = (hexDigit(text.charCodeAt(2 * i)) << 4) | hexDigit(text.charCodeAt(2 * i + 1))
  return bytes
}

/** The value of a digit that is known to be one: the low bits of a letter count from 1. */
function hexDigit(code: number): number {
  return (code & 0xf) + (code > 0x39 ? 9 : 0)
}

const hashSchema = z
  .strictObject({
    scheme: z
      .enum(hashSchemes, { error: `Must be one of ${hashSchemes.join(', ')}.` })
      .meta({ description: 'How the other system has hashed the token.' }),
    encoding: z
      .enum(hashEncodings, { error: `Must be one of ${hashEncodings.join(', ')}.` })
      .meta({ description: 'How the hash is written here.' }),
    value: z
      .string({ error: 'Must be the hash, as a string.' })
      .max(256, 'Must have at most 256 characters.')
      .meta({ description: 'The hash.' }),
    of: z
      .string({ error: 'Must be token, or after: and a mark such as after:|.' })
      .regex(partPattern, 'Must be token, or after: and a mark of 1 to 8 characters, such as after:|.')
      .default('token')
      .meta({
        description: 'What is hashed: the whole token, or the part behind the first such mark: `after:|`.',
      }),
    pepper: z
      .string({ error: 'Must be the name of a pepper of the settings.' })
      .regex(pepperNamePattern, 'Must have letters, digits, _ and -, and at most 64 characters.')
      .optional()
      .meta({ description: 'For `hmac-sha256`: the name of its key in LATCHKEY_PEPPERS.' }),
  })
  .superRefine(({ scheme, encoding, value, pepper }, context) => {
    if (readHash(scheme, encoding, value) === undefined)
      context.addIssue({
        code: 'custom',
        path: ['value'],
        message: `Must be ${hashLengths[scheme]} bytes in ${encoding}.`,
      })
    if ((scheme === 'hmac-sha256') !== (pepper !== undefined))
      context.addIssue({
        code: 'custom',
        path: ['pepper'],
        message: 'hmac-sha256 needs a pepper, and nothing else takes one.',
      })
  })
  .meta({
    id: 'TokenHash',
    examples: [
      {
        scheme: 'sha256',
        encoding: 'hex',
        value: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
      },
    ],
  })

const token = z
  .string({ error: 'Must be the token, as a string.' })
  .superRefine((value, context) => {
    const message = foreignFault(value)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  })
  .meta({
    minLength: 16,
    maxLength: 512,
    description: 'The token. Latchkey keeps its SHA-256 alone.',
  })

// A token of another system has no prefix of Latchkey, and its key is no child of another.
const { organizationId, ...keyFields } = createKeySchema.omit({ prefix: true, parentId: true }).shape

export const importedKeySchema = z
  .strictObject({
    organizationId: organizationId.unwrap().meta({ description: 'The organization that owns the key.' }),
    ...keyFields,
    hint: z
      .string({ error: 'Must be a string of 1 to 32 visible characters.' })
      .regex(/^[\x21-\x7e]{1,32}$/, 'Must be 1 to 32 visible ASCII characters.')
      .optional()
      .meta({ description: 'What people are shown of the token, such as its first characters.' }),
    token: token.optional(),
    hash: hashSchema
      .optional()
      .meta({ description: 'The hash of the token that the other system keeps; instead of `token`.' }),
  })
  .refine(({ token, hash }) => (token === undefined) !== (hash === undefined), {
    error: 'Must have either token or hash.',
  })
  .superRefine(({ permissions }, context) => {
    for (const [i, permission] of permissions.entries())
      if (isReserved(permission))
        context.addIssue({
          code: 'custom',
          path: ['permissions', i],
          message: 'An imported key holds no permission of Latchkey itself.',
        })
  })
  .refine(
    ({ token, hint }) => !(token !== undefined && hint !== undefined && hint.length * 2 > token.length),
    {
      path: ['hint'],
      error: 'Must be at most half of the token.',
    },
  )
  .meta({
    id: 'ImportedKey',
    examples: [
      {
        organizationId: 'acme',
        name: 'CI',
        permissions: ['emails:send'],
        hint: 'sk_live_3Zg',
        hash: {
          scheme: 'sha256',
          encoding: 'hex',
          value: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
        },
      },
    ],
  })

/** How a list of keys is documented: each of them is checked by itself. */
export const importKeysSchema = z.array(importedKeySchema).min(1).max(maxImport)

export const importOutcomeSchema = z
  .strictObject({
    id: z
      .guid()
      .optional()
      .meta({ description: 'The id of the key that was made, or that has the token already.' }),
    code: z.string().optional().meta({
      description:
        'Absent for a key that was made. `exists`: a key of the organization has this token. `taken`: a key of another organization has it. Else the code of the error.',
    }),
    rule: z.enum(policyRules).optional().meta({ description: 'For `policy`: the rule that it would break.' }),
    errors: z
      .array(
        z.strictObject({
          path: z.string().meta({ description: 'Where the field stands in the item.' }),
          message: z.string().meta({ description: 'What it must be.' }),
        }),
      )
      .optional()
      .meta({ description: 'The fields at fault.' }),
  })
  .meta({ id: 'ImportOutcome', examples: [{ id: '0198f3a2-5c1b-7000-8000-3f6c1a2b4d5e' }] })

export const recipeUseSchema = z
  .strictObject({
    scheme: z.enum(hashSchemes).meta({ description: 'The hash.' }),
    of: z.string().meta({ description: 'What is hashed: `token`, or `after:` and a mark.' }),
    pepper: z.string().nullable().meta({ description: 'The name of its pepper; null without one.' }),
    isReady: z
      .boolean()
      .meta({ description: 'Whether the process that answers has the pepper, or needs none.' }),
    tokens: z.int().meta({
      description:
        'How many imported tokens are found by it that no rotation has ended, counted up to 10,001; at 0 its pepper is not needed any more.',
    }),
  })
  .meta({
    id: 'RecipeUse',
    examples: [{ scheme: 'hmac-sha256', of: 'token', pepper: 'kong', isReady: true, tokens: 12 }],
  })

/** A secret as it leaves: by what its token is found, and nothing that is a token. */
export interface ExportedSecret {
  /** The id of its key. */
  keyId: string
  /** Its public id. */
  kid: string
  /** What people are shown of its token. */
  hint: string
  /** How its token is hashed; of a token of Latchkey, the whole of it by SHA-256. */
  scheme: HashScheme
  /** What of the token is hashed: `token`, or `after:` and a mark. */
  of: string
  /** The name of the key of an HMAC; null without one. */
  pepper: string | null
  /** The hash, in hex. */
  digest: string
  /** When it was created. */
  createdAt: Date
  /** When its grace ends; null for the newest secret of a key. */
  expiresAt: Date | null
}

/** Which secrets are exported: those after the one with this kid. */
export interface ExportSecretsInput {
  /** The kid of the last secret of the page before. */
  after?: string | undefined
}

/** A key from another system: what it is to be, and its token or the hash of it that the other system keeps. */
export interface ImportedKey extends z.input<typeof importedKeySchema> {}
/** What became of one of them; see `importOutcomeSchema`. */
export interface ImportOutcome extends z.infer<typeof importOutcomeSchema> {}
/** A way in which imported tokens are found, and how many are. */
export interface RecipeUse extends z.infer<typeof recipeUseSchema> {}
