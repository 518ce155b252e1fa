// The catalogue of permissions: what the operator says of each that its API knows.
import { z } from 'zod'
import { maxCatalogue, maxGroupLength, maxMeaningLength } from '../bounds.ts'
import { permissionSchema, text } from '../fields.ts'
import { reservedNamespace } from '../permissions.ts'

const ownPermission = permissionSchema.refine(
  (name) => !name.startsWith(reservedNamespace),
  `Must not begin with ${reservedNamespace}, whose permissions are Latchkey's own.`,
)

const entry = z
  .strictObject(
    {
      name: ownPermission.meta({ description: 'The permission; a wildcard stands for all that it covers.' }),
      description: text(maxMeaningLength)
        .nullable()
        .default(null)
        .meta({ description: 'What it lets a key do, in the words of your API.' }),
      group: text(maxGroupLength)
        .nullable()
        .default(null)
        .meta({ description: 'Under which heading forms show it.' }),
    },
    { error: 'Must be an object with the name of a permission.' },
  )
  .meta({
    id: 'DescribedPermission',
    examples: [{ name: 'emails:send', description: 'Send emails', group: 'Emails' }],
  })

const names = z
  .array(permissionSchema, { error: 'Must be a list of permissions.' })
  .max(maxCatalogue, `Must have at most ${maxCatalogue} permissions.`)

export const describePermissionsSchema = z
  .strictObject({
    permissions: z
      .array(entry, { error: 'Must be a list of { name, description, group }.' })
      .max(maxCatalogue, `Must have at most ${maxCatalogue} permissions.`)
      .refine(
        (list) => new Set(list.map(({ name }) => name)).size === list.length,
        'Must not have a permission twice.',
      )
      .optional()
      .meta({ description: 'Those to add, or to describe anew.' }),
    remove: names
      .optional()
      .meta({ description: 'Those to remove. What the catalogue does not have is passed over.' }),
    replace: z
      .boolean({ error: 'Must be true or false.' })
      .optional()
      .meta({ description: 'Removes all that `permissions` does not name.' }),
  })
  .refine(
    ({ permissions, remove, replace }) => (permissions ?? remove) !== undefined || replace === true,
    'Must name at least one field to change.',
  )
  .refine(({ permissions = [], remove = [] }) => !permissions.some(({ name }) => remove.includes(name)), {
    path: ['remove'],
    error: 'Must not have a permission that is to be described.',
  })
  .meta({
    id: 'DescribePermissions',
    examples: [
      {
        permissions: [{ name: 'emails:send', description: 'Send emails', group: 'Emails' }],
        remove: ['mail'],
      },
    ],
    minProperties: 1,
  })

export const catalogueEntrySchema = z
  .strictObject({
    name: z.string().meta({ description: 'The permission; a wildcard stands for all that it covers.' }),
    description: z.string().nullable().meta({ description: 'What it lets a key do; null if nobody said.' }),
    group: z.string().nullable().meta({ description: 'Under which heading forms show it; null for none.' }),
  })
  .meta({
    id: 'CatalogueEntry',
    examples: [{ name: 'emails:send', description: 'Send emails', group: 'Emails' }],
  })

/** A permission that the operator has described. */
export interface CatalogueEntry extends z.infer<typeof catalogueEntrySchema> {}
/** What to change of the catalogue: what to describe, what to remove, and whether all else goes. */
export interface DescribePermissionsInput extends z.input<typeof describePermissionsSchema> {}
