// The fields that shapes are made of: each with its check and the sentence that refuses what is wrong.

import { z } from 'zod'
import { creatorTypes } from './actor.ts'
import { networkFault, readNetwork, writeNetwork } from './addresses.ts'
import {
  maxAllowedIps,
  maxDescriptionLength,
  maxOrganizationIdLength,
  maxPermissionLength,
  maxPermissions,
  maxTagLength,
  maxTags,
} from './bounds.ts'
import { isOrganizationId, organizationIdPattern } from './id-form.ts'
import { isGrantable, managementPermissions, permissionPattern } from './permissions.ts'
import { roles } from './roles.ts'
import { tagPattern } from './tags.ts'
import { longestPrefix, prefixPattern } from './token.ts'
import { isVisible } from './visible-text.ts'

const lastInstant = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

const instantFormat = 'Must be an instant in RFC 3339, such as 2030-01-31T12:00:00Z.'
const instantError = {
  // In a query, the + of an offset means a blank (URL Standard, section 5.1).
  error: ({ input }: { input: unknown }) =>
    typeof input === 'string' && /^\S+ \d\d:\d\d$/.test(input)
      ? `${instantFormat} Write the + of an offset as %2B in a URL.`
      : instantFormat,
}

/** An instant given: a Date, or RFC 3339 with an offset. Always a Date afterwards. */
export const instantInput = z
  .union([z.date(instantError), z.iso.datetime({ offset: true, ...instantError })], instantError)
  .transform((value) => new Date(value))
  .refine(
    (date) => date.getTime() >= 0 && date.getTime() <= lastInstant,
    'Must be an instant from 1970 to 9999.',
  )
  .meta({ type: 'string', format: 'date-time', example: '2030-01-31T12:00:00.000Z' })

/** An instant told. */
export const instant = z
  .date()
  .meta({ type: 'string', format: 'date-time', example: '2026-01-31T12:00:00.000Z' })

export const roleSchema = z.enum(roles, { error: `Must be one of ${roles.join(', ')}.` }).meta({
  description: 'What it is in its organization: a fixed list of permissions.',
})

/** An address, as the HTML standard has it in `input type=email`. ASCII alone: nothing else looks like it. */
const emailPattern = /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}$/
export const emailSchema = z
  .string({ error: 'Must be an e-mail address.' })
  .max(254, 'Must be an e-mail address of at most 254 characters.')
  .regex(emailPattern, 'Must be an e-mail address, such as ada@example.com.')

/** What kind of actor has made something, as it is told. */
export const creatorTypeSchema = z.enum(creatorTypes).nullable().meta({
  description: 'What created it: a `key`, a `member`, or a `user` of the operator. Null for the operator.',
})

/**
 * Text without control characters that is not blank, as the OpenAPI document has it. Generators write it into Go, Java and
 * Python, so it takes no lookahead, and code points in two digits.
 */
const textPattern = String.raw`^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$`

/** Text for people: Unicode without control characters, counted in code points. */
export function text(longest: number) {
  return checkedText(longest, () => undefined)
}

/** The same for what people are to see, such as a name: at least one of its characters draws something. */
export function visibleText(longest: number) {
  return checkedText(longest, (value) =>
    isVisible(value) ? undefined : 'Must have a character that can be seen.',
  )
}

function checkedText(longest: number, check: (value: string) => string | undefined) {
  return z
    .string({ error: `Must be a string of 1 to ${longest} characters.` })
    .superRefine((value, context) => {
      const message = boundsFault(value, longest) ?? check(value)
      if (message !== undefined) context.addIssue({ code: 'custom', message })
    })
    .meta({ minLength: 1, maxLength: longest, pattern: textPattern })
}

function boundsFault(value: string, longest: number): string | undefined {
  if (value.trim() === '' || [...value].length > longest) return `1 to ${longest} characters, not blank.`
  const isSound = value.isWellFormed() && !/\p{Cc}/u.test(value)
  return isSound ? undefined : 'Must not contain control characters or broken Unicode.'
}

export const organizationIdSchema = z
  .string({ error: 'Must be an organization id, which is a string.' })
  .refine(isOrganizationId, 'Must be 1 to 128 characters of A-Z a-z 0-9 _ . - and neither "." nor "..".')
  .meta({
    minLength: 1,
    maxLength: maxOrganizationIdLength,
    pattern: organizationIdPattern.source,
    example: 'acme',
  })

export const permissionSchema = z
  .string({ error: 'Must be a permission, such as emails:send.' })
  .max(maxPermissionLength, `Must have at most ${maxPermissionLength} characters.`)
  .regex(
    permissionPattern,
    'Must be segments of A-Z a-z 0-9 _ . / - or a *, separated by colons, such as emails:send or emails:*.',
  )
  .meta({ example: 'emails:send' })

export const permissionsSchema = z
  .array(permissionSchema, { error: 'Must be a list of permissions.' })
  .max(maxPermissions, `Must have at most ${maxPermissions} permissions.`)

/** Permissions to grant: of Latchkey's own, those that there are, or a pattern that covers one. Each once, in order. */
export const grantedPermissionsSchema = permissionsSchema
  .superRefine((permissions, context) => {
    for (const [i, permission] of permissions.entries()) {
      if (isGrantable(permission)) continue
      const message = `Latchkey has no such permission of its own. It has ${managementPermissions.join(', ')}.`
      context.addIssue({ code: 'custom', path: [i], message })
    }
  })
  .transform((permissions) => [...new Set(permissions)])

/** What tokens begin with. */
export const tokenPrefixSchema = z
  .string({ error: 'Must be a token prefix, such as re_live.' })
  .max(longestPrefix, `Must have at most ${longestPrefix} characters.`)
  .regex(
    prefixPattern,
    'Must be lower-case letters and digits with single _ between them, such as re or re_live.',
  )
  .meta({ example: 're' })

/** What the owner of a key says of it. */
export const descriptionSchema = text(maxDescriptionLength).nullable()

/** A word under which keys are found. */
export const tagSchema = z
  .string({ error: 'Must be a tag, such as team:billing.' })
  .max(maxTagLength, `Must have at most ${maxTagLength} characters.`)
  .regex(tagPattern, 'Must be lower-case letters, digits and _ . : - and begin with a letter or a digit.')
  .meta({ example: 'team:billing' })

/** Tags as they are given. They are a set: each once, sorted. */
export const tagsSchema = z
  .array(tagSchema, { error: 'Must be a list of tags.' })
  .max(maxTags, `Must have at most ${maxTags} tags.`)
  .transform((tags) => [...new Set(tags)].sort())

/** Addresses and networks, each once and in its one form. */
export const networksSchema = z
  .array(
    z
      .string({ error: 'Must be an address or a network, which is a string.' })
      .superRefine((value, context) => {
        const message = networkFault(value)
        if (message !== undefined) context.addIssue({ code: 'custom', message })
      })
      .meta({ example: '10.0.0.0/8' }),
    { error: 'Must be a list of addresses and networks.' },
  )
  .max(maxAllowedIps, `Must have at most ${maxAllowedIps} addresses and networks.`)
  .transform((list) => [
    ...new Set(
      list.flatMap((text) => {
        const network = readNetwork(text)
        return network === undefined ? [] : writeNetwork(network)
      }),
    ),
  ])
