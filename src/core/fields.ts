// The fields that shapes are made of: each with its check and the sentence that refuses what is wrong.

import { z } from 'zod'
import { maxPermissionLength, maxPermissions } from './bounds.ts'
import { permissionPattern } from './permissions.ts'

const lastInstant = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

const instantError = { error: 'An instant in RFC 3339, such as 2030-01-31T12:00:00Z.' }

/** An instant given: a Date, or RFC 3339 with an offset. Always a Date afterwards. */
export const instantInput = z
  .union([z.date(instantError), z.iso.datetime({ offset: true, ...instantError })], instantError)
  .transform((value) => new Date(value))
  .refine((date) => date.getTime() >= 0 && date.getTime() <= lastInstant, 'An instant from 1970 to 9999.')
  .meta({ type: 'string', format: 'date-time', example: '2030-01-31T12:00:00.000Z' })

/** An instant told. */
export const instant = z
  .date()
  .meta({ type: 'string', format: 'date-time', example: '2026-01-31T12:00:00.000Z' })

/** Text for people: Unicode without control characters, counted in code points. */
export function text(longest: number) {
  return z
    .string({ error: `A text of 1 to ${longest} characters.` })
    .refine(
      (value) => value.trim() !== '' && [...value].length <= longest,
      `1 to ${longest} characters, not blank.`,
    )
    .refine(
      (value) => value.isWellFormed() && !/\p{Cc}/u.test(value),
      'No control characters or broken Unicode.',
    )
    .meta({ minLength: 1, maxLength: longest })
}

export const organizationIdSchema = z
  .string({ error: 'An organization id: a string.' })
  .regex(/^(?!\.{1,2}$)[A-Za-z0-9_.-]{1,128}$/, '1 to 128 of A-Z a-z 0-9 _ . - (and not "." or "..").')
  .meta({ example: 'acme' })

const permission = z
  .string({ error: 'A permission: a string such as emails:send.' })
  .max(maxPermissionLength, `At most ${maxPermissionLength} characters.`)
  .regex(permissionPattern, 'Segments of A-Z a-z 0-9 _ . / -, or *, between colons: emails:send, emails:*.')
  .meta({ example: 'emails:send' })

export const permissionsSchema = z
  .array(permission, { error: 'A list of permissions.' })
  .max(maxPermissions, `At most ${maxPermissions} permissions.`)
