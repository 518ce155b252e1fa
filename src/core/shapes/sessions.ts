// Sessions of browsers: what is told of them, and what can be done with them.
import { z } from 'zod'
import { instant } from '../fields.ts'
import type { CallOptions } from './calls.ts'

const sessionExample = {
  id: '0198f3a2-5c1b-7000-8000-1a2b3c4d5e6f',
  createdAt: new Date('2026-01-31T12:00:00Z'),
  lastSeenAt: new Date('2026-01-31T12:34:00Z'),
  expiresAt: new Date('2026-02-01T00:00:00Z'),
  idleExpiresAt: new Date('2026-01-31T13:34:00Z'),
  ip: '203.0.113.7',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
  current: true,
  freshUntil: new Date('2026-01-31T12:10:00Z'),
  provider: null,
}

export const sessionSchema = z
  .strictObject({
    id: z.guid().meta({ description: 'The id of the session, a UUID.' }),
    createdAt: instant.meta({ description: 'When the browser signed in.' }),
    lastSeenAt: instant.meta({ description: 'When it was last used, to the minute.' }),
    expiresAt: instant.meta({ description: 'When it ends in any case.' }),
    idleExpiresAt: instant.meta({ description: 'When it ends unless it is used before.' }),
    ip: z.string().nullable().meta({ description: 'The address from which it was opened.' }),
    userAgent: z.string().nullable().meta({ description: 'The User-Agent with which it was opened.' }),
    current: z.boolean().meta({ description: 'Whether this is the calling session.' }),
    freshUntil: instant.meta({
      description:
        'Until when its sign-in is fresh, as changes that outlive the session require. May be in the past.',
    }),
    provider: z.string().nullable().meta({
      description: 'What has proved who the person is; null for a session that a key has opened.',
    }),
  })
  .meta({ id: 'Session', examples: [sessionExample] })

/** A new session, in the only answer that ever holds the value of its page. */
export const startedSessionSchema = sessionSchema
  .extend({
    pageValue: z.string().meta({
      description:
        'Send it as `Latchkey-Session` with each request by the cookie: without it the cookie is not valid.',
    }),
  })
  .meta({
    id: 'StartedSession',
    examples: [
      {
        ...sessionExample,
        lastSeenAt: new Date('2026-01-31T12:00:00Z'),
        idleExpiresAt: new Date('2026-01-31T13:00:00Z'),
        pageValue: 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA',
      },
    ],
  })

/** A browser that is signed in with a key. */
export interface Session extends z.infer<typeof sessionSchema> {}

/** The values of one session, each 256 random bits as base64url. Only their digests are stored. */
export interface SessionValues {
  /** In a cookie that no script can read. */
  value: string
  /** In the storage of the console's page; it comes in `Latchkey-Session`. */
  pageValue: string
}

/** Whose sessions: those of the calling key. Only the process that holds the database names one. */
export const sessionOwnerSchema = z.strictObject({
  keyId: z
    .guid('Must be a key id, which is a UUID.')
    .optional()
    .meta({ description: 'The key whose sessions these are; the calling key itself if absent.' }),
})
/** A caller is no options, though it has a `keyId` too: it goes into `actor`. */
export type SessionOptions = CallOptions & z.input<typeof sessionOwnerSchema> & { type?: never }

/** What can be done with the sessions of a key, once they have begun. */
export interface Sessions<Options extends CallOptions = SessionOptions> {
  /** Lists the live sessions, newest first. */
  list(options?: Options): Promise<Session[]>
  /** Ends a session for good; `self` is the one that asks. */
  end(id: string, options?: Options): Promise<void>
}
