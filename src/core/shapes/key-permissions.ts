// What calls needed of the permissions of a key, and which permissions keys hold.
import { z } from 'zod'
import { instant } from '../fields.ts'

const neededSchema = z
  .strictObject({
    permission: z.string().meta({ description: 'A permission that the key holds.' }),
    calls: z.int().meta({ description: 'How many valid calls needed it.' }),
    lastUsedAt: instant.nullable().meta({ description: 'When the last one did; null if none did.' }),
  })
  .meta({
    id: 'NeededPermission',
    examples: [{ permission: 'emails:*', calls: 1200, lastUsedAt: new Date('2026-02-01T08:30:00Z') }],
  })

export const keyPermissionsSchema = z
  .strictObject({
    since: instant.meta({ description: 'When the first of the 90 days began, by UTC.' }),
    asOf: instant.meta({ description: "When it was read, by the database's clock." }),
    granted: z.array(neededSchema).meta({
      description:
        'What the key holds, and how many calls needed it: of several permissions that cover what a call required, the narrowest.',
    }),
    unused: z.array(z.string()).meta({ description: 'Those of them that no known call needed.' }),
    suggested: z.array(z.string()).meta({
      description:
        'The fewest permissions that would have admitted every known call. Where the key holds a wildcard, they are what was required under it, unless that is more than 16 permissions.',
    }),
    complete: z.boolean().meta({
      description:
        'Whether it is known of every call what it required. False if a day had too many kinds of calls to tell all of them apart: then what the others required may be among `unused`, and is not in `suggested`.',
    }),
  })
  .meta({
    id: 'KeyPermissions',
    examples: [
      {
        since: new Date('2025-11-04T00:00:00Z'),
        asOf: new Date('2026-02-01T08:30:05Z'),
        granted: [
          { permission: 'emails:*', calls: 1200, lastUsedAt: new Date('2026-02-01T08:30:00Z') },
          { permission: 'domains:write', calls: 0, lastUsedAt: null },
        ],
        unused: ['domains:write'],
        suggested: ['emails:send'],
        complete: true,
      },
    ],
  })

/** What calls of the last 90 days needed of the permissions of a key. */
export interface KeyPermissions extends z.infer<typeof keyPermissionsSchema> {}

/** A permission in use, and by how many keys. */
export const permissionUseSchema = z
  .strictObject({
    permission: z.string().meta({ description: 'A permission that keys hold.' }),
    keys: z.int().min(1).meta({ description: 'How many of them hold it.' }),
  })
  .meta({ id: 'PermissionUse', examples: [{ permission: 'emails:send', keys: 12 }] })

/** A permission that keys hold, and how many of them do. */
export interface PermissionUse extends z.infer<typeof permissionUseSchema> {}
